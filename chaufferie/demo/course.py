"""What happens in a demonstration, as far as it has gone: jobs followed, water before and after."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaufferie.demo.jobs import DEMO_JOBS, PICTURE_NAME, DemoJob, request_of
from chaufferie.sdk.client import Client
from chaufferie.sdk.download import fetch_file
from chaufferie.sdk.fleet import Heat, SiteView
from chaufferie.sdk.job import Job
from domain.jobs.job import FINAL_STATES, JobState

_LOOK_EVERY_S = 0.4
#: Readings are sent every two seconds; one that began after the last job is waited for.
_LAST_READINGS_WITHIN_S = 6.0


@dataclass(slots=True, kw_only=True)
class Followed:
    """One job and what is known of it."""

    what: DemoJob
    job: Job
    document: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    picture: Path | None = None

    @property
    def state(self) -> JobState:
        """Where it stands."""
        return JobState(self.document.get("state", JobState.QUEUED))


@dataclass(slots=True, kw_only=True)
class Course:
    """Everything the display and the report show."""

    jobs: list[Followed] = field(default_factory=list)
    sites_before: Sequence[SiteView] = ()
    sites: Sequence[SiteView] = ()
    heat: Heat | None = None
    first_result_s: float | None = None  #: After the demonstration began.
    is_stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def has_succeeded(self) -> bool:
        """Whether every job did."""
        return bool(self.jobs) and all(item.state is JobState.SUCCEEDED for item in self.jobs)


Shown = Callable[[Course], None]


class Demonstration:
    """Submits, follows and collects; runs beside the supervisor, in a thread of its own."""

    def __init__(self, client: Client, course: Course, *, example: Path, began_s: float) -> None:
        """Use this client; ``began_s`` is on the clock of ``time.monotonic``."""
        self._client = client
        self._course = course
        self._example = example
        self._began_s = began_s

    def run(self, pictures: Path, show: Shown) -> None:
        """From the first submission to the last picture; returns early where stopped."""
        course = self._course
        course.sites_before = course.sites = self._client.sites()
        indexes_from_s = time.time()  # noqa: TID251 - the beginning of the period on the meters
        requests = [request_of(what, self._example) for what in DEMO_JOBS]
        jobs = self._client.submit_many(requests)
        course.jobs = [
            Followed(what=what, job=job) for what, job in zip(DEMO_JOBS, jobs, strict=True)
        ]
        while not course.is_stopped.is_set() and self._look():
            show(course)
            course.is_stopped.wait(_LOOK_EVERY_S)
        show(course)
        self._await_last_readings()
        if course.is_stopped.is_set():
            return
        course.heat = self._client.heat(from_s=indexes_from_s)
        for item in course.jobs:
            self._collect(item, pictures)

    def _look(self) -> bool:
        """Bring the course up to date; whether any job is still under way."""
        course = self._course
        course.sites = self._client.sites()
        for item in course.jobs:
            if item.state in FINAL_STATES:
                continue
            item.document = item.job.refresh()
            if not item.why and item.document.get("node"):
                item.why = self._why(item.job)
            if item.state is JobState.SUCCEEDED and course.first_result_s is None:
                course.first_result_s = time.monotonic() - self._began_s
        return any(item.state not in FINAL_STATES for item in course.jobs)

    @staticmethod
    def _why(job: Job) -> str:
        attempts = job.explain().attempts
        why = attempts[-1].get("why") if attempts else None
        return str(why["sentence"]) if why else ""

    def _await_last_readings(self) -> None:
        ended_s = time.monotonic()
        while time.monotonic() - ended_s < _LAST_READINGS_WITHIN_S:
            self._course.sites = self._client.sites()
            since_s = time.monotonic() - ended_s - 1.0
            ages = [site.reading_age_s for site in self._course.sites]
            if all(age is not None and age < since_s for age in ages):
                return
            if self._course.is_stopped.wait(_LOOK_EVERY_S):
                return

    def _collect(self, item: Followed, pictures: Path) -> None:
        for file in item.job.files():
            if file.path == PICTURE_NAME:
                folder = pictures / item.what.name
                item.picture = fetch_file(
                    self._client.transport, item.job.id, file, folder, overwrite=True
                )
