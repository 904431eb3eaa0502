"""Names and numbers as people give them to the API."""

from typing import Annotated

from fastapi import Path
from pydantic import StringConstraints

_LONGEST_NAME = 200

#: Of a tenant, a project, a user, a key: one line of text that nothing has to escape.
Name = Annotated[
    str,
    StringConstraints(
        pattern=r"^[^\x00-\x1f\x7f-\x9f]+$",
        strip_whitespace=True,
        min_length=1,
        max_length=_LONGEST_NAME,
    ),
]
#: A number in a path, no larger than the database holds.
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
