"""How a webhook's receiver knows that a notice is ours, as Standard Webhooks 1.0.0 has it."""

import base64
import hmac
from collections.abc import Mapping


def signed_headers(*, name: str, at_s: int, body: bytes, secret: bytes) -> Mapping[str, str]:
    """The headers that vouch for a body; ``name`` is the same at every try.

    The signature is HMAC-SHA256 over ``NAME.TIME.BODY``, in base64 behind ``v1,``.
    """
    signed = f"{name}.{at_s}.".encode() + body
    digest = hmac.new(secret, signed, "sha256").digest()
    return {
        "webhook-id": name,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
