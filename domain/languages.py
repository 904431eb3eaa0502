"""The languages in which documents are written."""

from enum import StrEnum


class Language(StrEnum):
    """A language of statements; French first."""

    FRENCH = "fr"
    ENGLISH = "en"
