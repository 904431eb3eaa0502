"""Names and numbers as people and programs give them to the API."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field, StringConstraints

_LONGEST_NAME = 200
_LONGEST_TEXT = 500
#: No database holds a larger number.
LARGEST = 2**63 - 1
#: The same for a number of tries, an exit code.
LARGEST_SMALL = 2**31 - 1
#: A digit more than any disk of ours has.
LARGEST_FILE_BYTES = 1 << 50
NO_NUL = r"^[^\x00]*$"
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f]+$"
PLAIN_TEXT = r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]+$"
SHA256 = r"^[0-9a-f]{64}$"
CASE_NAME = r"^[0-9]{1,18}\.([0-9]{1,18}|file)\.-?[0-9]{1,19}$"
STATEMENT_NUMBER = r"^[A-Z0-9_-]+$"
MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
CONTRACT_REFERENCE = r"^[A-Za-z0-9._-]+$"

#: No program takes a NUL in an argument, and no database a NUL in a text.
Text = Annotated[str, StringConstraints(pattern=NO_NUL)]
#: Of a tenant, a project, a user, a key: one line of text that nothing has to escape.
Name = Annotated[
    str,
    StringConstraints(
        pattern=ONE_LINE,
        strip_whitespace=True,
        min_length=1,
        max_length=_LONGEST_NAME,
    ),
]
#: What citizens are told: a line or two of plain text.
Said = Annotated[
    str,
    StringConstraints(
        pattern=PLAIN_TEXT,
        strip_whitespace=True,
        min_length=1,
        max_length=_LONGEST_TEXT,
    ),
]
#: The digest of a file or a photo.
Sha256 = Annotated[str, StringConstraints(pattern=SHA256)]
#: The number of something, in a body.
Id = Annotated[int, Field(ge=1, le=LARGEST)]
#: The number of something, in a path.
Number = Annotated[int, Path(ge=1, le=LARGEST)]
#: The same in a query, where it may be left out.
AskedNumber = Annotated[int | None, Query(ge=1, le=LARGEST)]
#: A name in a query, of whatever was stored under it.
AskedName = Annotated[str | None, Query(max_length=8192, pattern=NO_NUL)]
#: An instant in a query [Unix s].
AskedInstant = Annotated[float | None, Query(ge=0, allow_inf_nan=False)]
#: Of an upload that was begun, in a path.
UploadId = Annotated[str, Path(max_length=_LONGEST_NAME, pattern=NO_NUL)]
