"""The attempts a node holds, and the cores and GPUs they occupy; no IO."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from domain import wire
from domain.files.job_files import ResultFile
from domain.fleet.gpus import ANY_KIND, pick
from domain.jobs.job import EndReason
from domain.jobs.job_spec import JobSpec
from domain.sbatch.patterns import ArrayPlace
from node_agent.executors.process import OutputPaths, Place
from node_agent.jobs.results import Found, Stamp

Key = tuple[int, int]


class Phase(StrEnum):
    """How far an attempt is on its node."""

    WAITING = "waiting"  #: Claimed; no core or no warden yet.
    STAGING = "staging"  #: Its inputs are being fetched.
    RUNNING = "running"  #: The warden has it.
    ENDING = "ending"  #: Its results are being handed over.
    ENDED = "ended"  #: Its completion is ready to be told.


@dataclass(slots=True)
class Held:
    """One attempt on this node."""

    key: Key
    claim: dict[str, Any]
    place: Place
    lease_until_boot_s: float
    phase: Phase = Phase.WAITING
    slots: tuple[int, ...] = ()
    devices: tuple[int, ...] = ()  #: Its GPUs, by their numbers on the node.
    outputs: OutputPaths | None = None
    sent_bytes: dict[str, int] = field(default_factory=dict)
    inputs: dict[str, tuple[int, int]] = field(default_factory=dict)
    stop_reason: EndReason | None = None
    completion: dict[str, Any] | None = None
    started_boot_s: float = 0.0
    found: Found | None = None  #: What was last found of its results.
    #: When what an option names is copied next, while it runs.
    next_copy_boot_s: dict[str, float] = field(default_factory=dict)
    listed: dict[str, ResultFile] = field(default_factory=dict)  #: The copy before, by path.
    address: str | None = None  #: Where a share listens for the node that runs the script.
    checkpoint: Found | None = None  #: What was last found of its checkpoint.
    saved: dict[str, Stamp] = field(default_factory=dict)  #: The checkpoint that was saved.
    _spec: JobSpec | None = None

    def shorten(self, time_limit_s: int) -> None:
        """Let it run no longer than so."""
        self.claim["spec"]["resources"]["time_limit_s"] = time_limit_s
        self._spec = None

    @property
    def spec(self) -> JobSpec:
        """What to run."""
        if self._spec is None:
            self._spec = wire.load_spec(self.claim["spec"])
        return self._spec

    @property
    def gang(self) -> dict[str, Any] | None:
        """Its place among several nodes, and what it must know for it; None where it has one."""
        found: dict[str, Any] | None = self.claim.get("gang")
        return found

    @property
    def is_share(self) -> bool:
        """Whether another node runs its script, and this one starts what that one asks for."""
        return self.gang is not None and int(self.gang["place"]) > 0

    @property
    def may_resume(self) -> bool:
        """Whether an attempt before it may have left a checkpoint."""
        return self.key[1] > 1 and self.spec.can_resume and not self.is_share

    @property
    def job_id(self) -> int:
        """The job's number; its instances share it."""
        return int(self.claim["job_id"])

    @property
    def array(self) -> ArrayPlace | None:
        """Where the instance stands in its array; None outside one."""
        index = self.claim.get("array_index")
        array = None if index is None else self.spec.array
        if index is None or array is None:
            return None
        return ArrayPlace(
            job_id=self.job_id,
            index=int(index),
            count=array.count,
            first=array.first,
            last=array.last,
            step=array.step,
        )


class Book:
    """Everything held, by key; hands out core slots and GPUs."""

    def __init__(self, cores: int, gpus: Sequence[str] = ()) -> None:
        """A node with this many cores, and GPUs of these models."""
        self.cores = cores
        self.gpus = tuple(gpus)
        self._free_devices = set(range(len(gpus)))
        self._free = list(range(cores))
        self._held: dict[Key, Held] = {}
        self._in_phase: dict[Phase, dict[Key, Held]] = {phase: {} for phase in Phase}

    def __contains__(self, key: object) -> bool:
        """Whether the attempt is held."""
        return key in self._held

    def __iter__(self) -> Iterator[Held]:
        """Everything held, oldest first."""
        return iter(list(self._held.values()))

    def of(self, key: Key) -> Held | None:
        """One attempt."""
        return self._held.get(key)

    def add(self, held: Held) -> None:
        """Hold an attempt."""
        self._held[held.key] = held
        self._in_phase[held.phase][held.key] = held

    def drop(self, key: Key) -> Held | None:
        """Hold it no more."""
        held = self._held.pop(key, None)
        if held is not None:
            del self._in_phase[held.phase][key]
            self.free(held)
        return held

    def move(self, held: Held, phase: Phase) -> None:
        """Note how far an attempt is."""
        del self._in_phase[held.phase][held.key]
        held.phase = phase
        self._in_phase[phase][held.key] = held

    def in_phase(self, *phases: Phase) -> list[Held]:
        """What is held in one of these phases, in the order in which it came there."""
        return [held for phase in phases for held in self._in_phase[phase].values()]

    def cores_needed(self, held: Held) -> int:
        """Cores the attempt takes here."""
        resources = held.claim["spec"]["resources"]
        return self.cores if resources["whole_node"] else int(resources["cores"])

    def gpus_needed(self, held: Held) -> tuple[int, str]:
        """GPUs the attempt takes here, and of which kind."""
        resources = held.claim["spec"]["resources"]
        if resources["whole_node"]:
            return len(self.gpus), ANY_KIND
        return int(resources.get("gpus", 0)), str(resources.get("gpu_kind", ANY_KIND))

    def allot(self, held: Held) -> bool:
        """Give the attempt its cores and GPUs, if they are free."""
        need = self.cores_needed(held)
        n_gpus, kind = self.gpus_needed(held)
        devices = pick(self.gpus, self._free_devices, kind, n_gpus) if n_gpus else ()
        if need > len(self._free) or len(devices) < n_gpus:
            return False
        self.take_devices(held, devices)
        held.slots = tuple(self._free[:need])
        del self._free[:need]
        return True

    def take_slots(self, held: Held, slots: tuple[int, ...]) -> None:
        """Give back to a re-adopted attempt the cores it runs on."""
        held.slots = slots
        self._free = [slot for slot in self._free if slot not in slots]

    def take_devices(self, held: Held, devices: Iterable[int]) -> None:
        """Let the attempt have these GPUs."""
        held.devices = tuple(devices)
        self._free_devices -= set(held.devices)

    def free(self, held: Held) -> None:
        """Take the attempt's cores and GPUs back."""
        self._free_devices |= set(held.devices) & set(range(len(self.gpus)))
        held.devices = ()
        self._free.extend(held.slots)
        self._free.sort()
        held.slots = ()

    def room_cores(self, ahead: int) -> int:
        """Cores for which more work may be claimed, counting some that will be free at once."""
        waiting = sum(self.cores_needed(held) for held in self.in_phase(Phase.WAITING))
        return max(0, len(self._free) + ahead - waiting)
