"""The real application over a real store, spoken to over HTTP by people, programs and one node."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx2
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from api.app import create_app
from api.billing.operator_file import OperatorFile
from api.services import Services
from api.town.passwords import Passwords
from domain.access import Role
from domain.billing.retention import Keeping
from domain.fleet.node import SiteSpec
from domain.refusal import Refused
from scheduler.placement.policies.baselines import ColdestTank
from scheduler.service import SchedulerService
from store.access.keys import KeyRequest, add_key, add_tenant, revoke_key
from store.files.local_content import LocalContentStore
from store.files.outputs import LocalOutputStore
from store.fleet import nodes
from store.notices.noting import note_changes
from store.transaction import Store
from tests.support.builders import node_spec, reading
from tests.support.clock import ClockedDatabase, SetClock
from tests.support.wakeups import SilentWakeups

HOST = "http://chaufferie.test"
BOOT_ID = "boot-1"
_LIFE_S = 3600.0


class HttpScene:
    """One test's world, seen from outside."""

    def __init__(
        self,
        url: str,
        directory: Path,
        keeping: Keeping | None = None,
        operator_file: OperatorFile | None = None,
    ) -> None:
        self.clock = SetClock()
        self.database = ClockedDatabase(url, self.clock)
        self.store = Store(self.database, SilentWakeups(), note_changes)
        self.content = LocalContentStore(directory)
        self.services = Services(
            store=self.store,
            content=self.content,
            outputs=LocalOutputStore(directory),
            keeping=keeping or Keeping(),
            operator_file=operator_file,
        )
        self.app = create_app(self.services)
        self.app.state.passwords = Passwords(PasswordHasher(1, 64, 1))
        self.client = TestClient(self.app, base_url=HOST, raise_server_exceptions=False)
        self.scheduler = SchedulerService(
            store=self.store,
            policy=ColdestTank(),
            seats=self.services.operator_file.licences.seats(),
        )
        self.tokens = {
            "operator": self.key(Role.OPERATOR, tenant="operator"),
            "owner": self.key(Role.TENANT, tenant="lab"),
            "stranger": self.key(Role.TENANT, tenant="another lab"),
        }
        self._seq = 0

    def key(self, role: Role, *, tenant: str | None = None, **fields: Any) -> str:  # noqa: ANN401
        """A new key's token."""
        with self.store.transaction() as tx:
            tenant_id = None if tenant is None else add_tenant(tx, tenant, "test")
            request = KeyRequest(name=role.value, role=role, tenant_id=tenant_id, **fields)
            made = add_key(tx, request, "test")
        assert not isinstance(made, Refused)
        return made.token

    def revoked_key(self) -> str:
        """The token of an operator's key that was revoked."""
        with self.store.transaction() as tx:
            tenant_id = add_tenant(tx, "operator", "test")
            request = KeyRequest(name="old", role=Role.OPERATOR, tenant_id=tenant_id)
            made = add_key(tx, request, "test")
            assert not isinstance(made, Refused)
            revoke_key(tx, made.key_id, "test")
        return made.token

    def expired_key(self) -> str:
        """The token of an operator's key whose time is over."""
        token = self.key(Role.OPERATOR, tenant="operator", life_s=_LIFE_S)
        self.clock.advance(_LIFE_S + 1.0)
        return token

    def site(self, name: str = "Pool Nord") -> int:
        with self.store.transaction() as tx:
            site_id = nodes.add_site(tx, SiteSpec(name=name, storage_wh_per_k=500.0), "test")
        assert isinstance(site_id, int)
        return site_id

    def node(self, site_id: int, name: str = "boiler", **fields: Any) -> int:  # noqa: ANN401
        """A node of this site that is up; its key is remembered under its name."""
        with self.store.transaction() as tx:
            nodes.add_enrolment(
                tx, token=name, site_id=site_id, node_name=name, ttl_s=60.0, actor="test"
            )
        spec = asdict(node_spec(**fields))
        answer = self.client.post("/v1/agent/enrol", json={"token": name, "spec": spec}).json()
        self.tokens[name] = answer["token"]
        assert self.put("/v1/agent/spec", name, json=spec).status_code == 200
        return int(answer["node_id"])

    def read_instruments(self, node_id: int, name: str = "boiler", **fields: Any) -> None:  # noqa: ANN401
        """The node sends one reading, taken now."""
        self._seq += 1
        taken = {"taken_at_s": self.clock.now_s, **fields}
        body = [asdict(reading(node_id, self._seq, **taken))]
        answer = self.post("/v1/agent/readings", name, json=body).json()
        assert answer == {"stored": 1, "repeated": 0, "refused": []}

    def warm_node(self, name: str = "boiler", **fields: Any) -> int:  # noqa: ANN401
        """A node with a site of its own and a fresh reading."""
        node_id = self.node(self.site(f"site of {name}"), name)
        self.read_instruments(node_id, name, **fields)
        return node_id

    def submit(self, who: str = "owner", key: str | None = None, **body: Any) -> int:  # noqa: ANN401
        """An accepted job's number."""
        answer = self.send_job(who, key, **body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["job_id"])

    def send_job(
        self,
        who: str = "owner",
        key: str | None = None,
        **body: Any,  # noqa: ANN401
    ) -> httpx2.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.post("/v1/jobs", who, json=body or {"command": ["/bin/true"]}, headers=headers)

    def start(self, name: str = "boiler") -> list[tuple[int, int]]:
        """The scheduler decides and the node claims; what it claimed."""
        self.scheduler.turn()
        return [(pair[0], pair[1]) for pair in self._exchange(name)]

    def finish(
        self,
        key: tuple[int, int],
        name: str = "boiler",
        files: Sequence[Mapping[str, Any]] = (),
        **fields: Any,  # noqa: ANN401
    ) -> None:
        """The node reports that a program ended well, unless told otherwise."""
        end = {"reason": "completed", "exit_code": 0, "wall_s": 1.0, "cpu_s": 0.5, **fields}
        completion = {"key": key, "boot_id": BOOT_ID, "files": list(files), **end}
        self._exchange(name, [completion], holding=[key])

    def send_result(self, key: tuple[int, int], data: bytes, name: str = "boiler") -> str:
        """The node sends what this attempt of its left; the content's digest."""
        sha256 = hashlib.sha256(data).hexdigest()
        address = f"/v1/agent/attempts/{key[0]}/{key[1]}/files/{sha256}"
        answer = self.put(address, name, content=data)
        assert answer.status_code == 201, answer.text
        return sha256

    def _exchange(
        self,
        name: str,
        ended: Sequence[Mapping[str, Any]] = (),
        holding: Sequence[tuple[int, int]] = (),
    ) -> list[list[int]]:
        body = {
            "boot_id": BOOT_ID,
            "completions": list(ended),
            "holding": list(holding),
            "free_cores": 8,
            "total_cores": 8,
        }
        answer = self.post("/v1/agent/exchange", name, json=body).json()
        assert all(result == "accepted" for result in answer["results"])
        for item in answer["claimed"]:
            self.tokens[f"job {item['job_id']}"] = item["token"]
        return [item["key"] for item in answer["claimed"]]

    def get(self, path: str, who: str | None = "owner", **arguments: Any) -> httpx2.Response:  # noqa: ANN401
        return self.call("GET", path, who, **arguments)

    def post(self, path: str, who: str | None = "owner", **arguments: Any) -> httpx2.Response:  # noqa: ANN401
        return self.call("POST", path, who, **arguments)

    def put(self, path: str, who: str | None = "owner", **arguments: Any) -> httpx2.Response:  # noqa: ANN401
        return self.call("PUT", path, who, **arguments)

    def call(
        self,
        method: str,
        path: str,
        who: str | None,
        *,
        headers: Mapping[str, str] | None = None,
        **arguments: Any,  # noqa: ANN401
    ) -> httpx2.Response:
        """A request as one of the people of this scene; None = without a key."""
        sent = dict(headers or {})
        if who is not None:
            sent["Authorization"] = f"Bearer {self.tokens[who]}"
        answer: httpx2.Response = self.client.request(method, path, headers=sent, **arguments)
        return answer

    def close(self) -> None:
        self.client.close()
        self.services.close()
        self.database.close()
