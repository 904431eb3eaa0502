"""Whose certificates are believed, and why a line was not safe enough, in plain words."""

import ssl
from pathlib import Path

import httpx2

from domain.refusal import Refused

#: What OpenSSL found (X509_V_ERR_...), in words.
_FLAWS = {
    9: "is not valid yet",
    10: "has expired",
    18: "is signed by itself alone",
    62: "is not for this name",
    64: "is not for this address",
}
#: No way leads from the certificate to an authority that we know.
_UNKNOWN = frozenset({2, 19, 20, 21, 27})
_NOBODY_KNOWN = (
    "its certificate comes from an authority that is not known here; name it in CHAUFFERIE_CA_FILE"
)


def trust(ca_file: Path | None) -> ssl.SSLContext | Refused:
    """How a server must show who it is: by an authority of the system, or of the operator's file.

    Mail and webhooks need one each: the HTTP client writes its protocol into what it is given,
    and a relay may turn away whoever says that he speaks HTTP.
    """
    context = httpx2.create_ssl_context()
    try:
        if ca_file is not None:
            context.load_verify_locations(cafile=ca_file)
    except OSError as error:  # what is no certificate is an SSLError, which is one too
        # Tenants read this in the list of their webhooks: it names no path of the machine.
        why = error.strerror or "nothing of that kind"
        return Refused(
            code="settings.ca_file",
            sentence=f"CHAUFFERIE_CA_FILE cannot be read ({why}); name a file with the "
            "certificates of your authority in PEM.",
        )
    return context


def why_unsafe(error: BaseException) -> str | None:
    """What was wrong with the certificate or the line; None where it failed for another reason."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, ssl.SSLError):
        found = found.__cause__ or found.__context__
    match found:
        case None:
            return None
        case ssl.SSLCertVerificationError(verify_code=code) if code in _UNKNOWN:
            return _NOBODY_KNOWN
        case ssl.SSLCertVerificationError(verify_code=code, verify_message=said):
            return f"its certificate {_FLAWS.get(code) or f'is not accepted: {said}'}"
        case _:
            return f"no safe line came about ({found.reason or 'it ended too soon'})"
