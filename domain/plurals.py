"""Numbers with what they count, as people say them."""


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """``1 file``, ``2 files``, ``1 thing does``, ``2 things do``."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"
