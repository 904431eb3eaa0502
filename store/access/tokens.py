"""Secrets of browsers and programs, and what the store keeps in their place."""

import hashlib
import secrets

_SECRET_BYTES = 32


def new_secret() -> str:
    """256 random bits, written as headers, links and cookies can carry them."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def token_hash(token: str) -> bytes:
    """What is stored of a secret that has 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
