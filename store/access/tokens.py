"""What the store keeps in place of a secret."""

import hashlib


def token_hash(token: str) -> bytes:
    """What is stored of a secret that has 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
