"""A statement as a PDF that readers for the blind understand (PDF/UA), with its own figures in it.

WeasyPrint draws it and pypdf reads it; both come with the extra ``statements``, and WeasyPrint
needs Pango of the operating system. Where they are missing, everything else goes on without them.
"""

import logging
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from domain.languages import Language
from domain.refusal import Refused
from metering.papers.page import page
from metering.papers.words import words_of
from metering.statements.canonical import canonical

ATTACHMENT = "statement.json"
VARIANT = "pdf/ua-1"
#: A PDF of a thousand meters has some 2 MB; what is attached to it is read whole [bytes].
_MOST_ATTACHMENTS = 20
NO_WRITER = Refused(
    code="pdf.unavailable",
    sentence=(
        "PDFs cannot be made here: install the extra with `pip install 'chaufferie[statements]'` "
        "and Pango (on Debian and Ubuntu: apt install libpango-1.0-0 libpangoft2-1.0-0); page, "
        "CSV and JSON work without."
    ),
)
_NO_READER = Refused(
    code="pdf.unavailable",
    sentence=(
        "A PDF cannot be read here: install the extra with `pip install 'chaufferie[statements]'`, "
        f"or save the attachment {ATTACHMENT} from a PDF viewer and verify that."
    ),
)


def write_pdf(document: Mapping[str, Any], language: Language) -> bytes | Refused:
    """The PDF of a statement; its canonical JSON is attached to it."""
    try:
        # A second's worth of imports, and absent on many machines.
        from weasyprint import HTML, Attachment  # noqa: PLC0415
    except (ImportError, OSError):  # the package is missing, or Pango
        return NO_WRITER
    attached = Attachment(
        file_obj=BytesIO(canonical(document)),
        name=ATTACHMENT,
        description=words_of(language)["proof"]["attachment"],
        relationship="Source",
    )
    made: bytes = HTML(string=page(document, language), url_fetcher=fetch_nothing).write_pdf(
        pdf_variant=VARIANT, attachments=[attached]
    )
    return made


def attached_json(pdf: bytes) -> bytes | Refused:
    """The canonical JSON in a PDF of ours."""
    return attachment_of(pdf, ATTACHMENT)


def attachment_of(pdf: bytes, name: str) -> bytes | Refused:
    """The one attachment of this name."""
    try:
        from pypdf import PdfReader  # noqa: PLC0415 - an extra
        from pypdf.errors import PyPdfError  # noqa: PLC0415 - likewise
    except ImportError:
        return _NO_READER
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it grumbles at damaged files
    try:
        named = PdfReader(BytesIO(pdf)).attachments.get(name, [])
        found = list(named)[:_MOST_ATTACHMENTS]
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return _refused(f"the PDF is damaged ({error})")
    if len(found) != 1:
        return _refused(f"it has {len(found)} attachments named {name}, and must have one")
    return found[0]


def fetch_nothing(url: str, *_: object, **__: object) -> Any:  # noqa: ANN401 - never returns
    """A statement needs nothing from anywhere."""
    raise ValueError(f"a statement refers to {url}")


def _refused(why: str) -> Refused:
    return Refused(code="statement.form", sentence=f"This is no statement of this program: {why}.")
