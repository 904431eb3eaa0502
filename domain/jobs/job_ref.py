"""How a person names a job, an element of an array, or some of its elements."""

import re
from dataclasses import dataclass

from domain.jobs.array_spec import ArrayMistake, ArraySpec, parse_array

LONGEST_REF = 1000
_REF = re.compile(r"(\d{1,18})(?:_(\d{1,9}|\[[0-9,:\-]+\]|\*))?", re.ASCII)
_ALL = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRef:
    """``1234``, ``1234_7`` or ``1234_[0-9]``."""

    number: int
    elements: ArraySpec | None = None  #: None = all there is under the number.

    @property
    def index(self) -> int | None:
        """The index, where a single element is named by one."""
        if self.elements is None or self.elements.count != 1:
            return None
        return self.elements.first


def parse_job_ref(text: str) -> JobRef | None:
    """The job or elements that ``text`` names; None where it names none."""
    found = _REF.fullmatch(text) if len(text) <= LONGEST_REF else None
    if found is None or int(found[1]) == 0:
        return None
    if found[2] is None or found[2] == _ALL:
        return JobRef(number=int(found[1]))
    elements = parse_array(found[2])
    if isinstance(elements, ArrayMistake):
        return None
    return JobRef(number=int(found[1]), elements=elements)


def element_ref(job_id: int, array_index: int | None) -> str:
    """How an instance is shown: ``1234``, or ``1234_7`` in an array."""
    return str(job_id) if array_index is None else f"{job_id}_{array_index}"
