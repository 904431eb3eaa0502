"""A scene that is told anything, and remembers what it answered badly."""

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from domain.access import ROLE_SCOPES, Role, Scope
from scheduler.doctor import examine
from tests.support.http_scene import HttpScene

#: How many requests a test makes, the engines and callers together; `make fuzz` asks for more.
COUNT = int(os.environ.get("HOSTILE_REQUESTS", "240"))
_PROBLEM = "application/problem+json"
_CODE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_LONGEST_SENTENCE = 500
_SERVER_ERROR, _REFUSED, _NO_KEY = 500, 400, 401


class Told(NamedTuple):
    """An answer, from whichever client."""

    status: int
    kind: str  #: Its content type.
    body: bytes


class HostileScene(HttpScene):
    """People, a node, jobs in every state, and an account of what was answered."""

    def __init__(self, url: str, directory: Path) -> None:
        super().__init__(url, directory)
        self.statuses: Counter[int] = Counter()
        self.faults: dict[str, str] = {}
        self._people = {"operator": "operator", "owner": "lab", "stranger": "another lab"}
        node_id = self.warm_node()
        ended, running = self.submit(), self.submit()
        claimed = self.start()
        self.finish(claimed[0], files=())
        waiting = self.submit(command=["true"], options=["--hold", "-A", "mesh"])
        array = self.submit(command=["true"], options=["--array=0-3%2", "--begin=+1day"])
        after = self.submit(command=["true"], options=[f"--dependency=afterany:{waiting}"])
        jobs = [str(number) for number in (ended, running, waiting, array, after)]
        #: What paths may name beside what no one knows.
        self.known = {
            "job_id": [*jobs, f"{array}_1", f"{array}_[0-2]", f"{array}_[0-9]"],
            "instance_id": [str(number) for number, _ in claimed],
            "attempt": ["1"],
            "node_id": [str(node_id)],
            "site_id": ["1"],
            "tenant_id": ["1", "2", "3"],
            "upload_id": [self._upload()],
        }

    def _upload(self) -> str:
        headers = {"Upload-Length": "10", "Upload-Metadata": "sha256 " + "YWJhYmFiYWI=" * 8}
        answer = self.post("/v1/uploads", headers=headers)
        return str(answer.headers.get("location", "none")).rpartition("/")[2]

    def who_may(self, scope: Scope) -> str:
        """Somebody whose key has this scope."""
        if scope in ROLE_SCOPES[Role.NODE]:
            return "boiler"
        return "owner" if scope in ROLE_SCOPES[Role.TENANT] else "operator"

    def judge(self, route: str, shown: str, told: Told) -> None:
        """Count an answer, and keep what is wrong with it, once for each route."""
        self.statuses[told.status] += 1
        wrong = _wrong(told) if told.status >= _REFUSED else None
        if wrong is not None:
            self.faults.setdefault(f"{route}: {wrong}", shown)
        if told.status == _NO_KEY:
            self._renew_keys()

    def fail(self, error: Exception, route: str, shown: str) -> None:
        """A request that brought the server down: the framework raises it here too."""
        self.statuses[_SERVER_ERROR] += 1
        self.faults.setdefault(f"{route}: {type(error).__name__}: {str(error)[:200]}", shown)

    def _renew_keys(self) -> None:
        """Some requests close tenants and revoke keys; those who asked get new ones."""
        for who, tenant in self._people.items():
            role = Role.OPERATOR if who == "operator" else Role.TENANT
            self.tokens[who] = self.key(role, tenant=tenant)
        self.tokens["boiler"] = self.key(Role.NODE, node_id=int(self.known["node_id"][0]))
        self.services.forget_keys()

    def findings(self) -> list[str]:
        """What the scheduler and the doctor say of a store that took all this."""
        for _ in range(3):
            self.scheduler.turn()
            self.clock.advance(30.0)
        return [str(item) for item in examine(self.database) if item.offenders]


def _wrong(told: Told) -> str | None:
    """Why an answer that refuses is no answer for a person; None where it is one."""
    if told.status == _SERVER_ERROR:
        return "500"
    if not told.body:  # To a HEAD there is none.
        return None
    if told.kind != _PROBLEM:
        return f"{told.status} without a problem document"
    problem = json.loads(told.body)
    sentence, code = str(problem.get("title")), str(problem.get("code"))
    is_sentence = sentence.isprintable() and sentence.endswith((".", "?"))
    if not is_sentence or len(sentence) > _LONGEST_SENTENCE:
        return f"no plain sentence: {sentence[:_LONGEST_SENTENCE]!r}"
    return None if _CODE.fullmatch(code) else f"no stable code: {code!r}"
