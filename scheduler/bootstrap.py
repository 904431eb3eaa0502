"""Puts the scheduler together from its settings; the only module that knows every part."""

import threading
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.refusal import Refused
from scheduler.adapters.celery_hints import CeleryHints
from scheduler.dispatch import HintDispatcher
from scheduler.operator_file.licences import read_licence_servers
from scheduler.operator_file.order import read_order
from scheduler.placement.policies.registry import policy_named
from scheduler.service import SchedulerService
from store.opening import default_url, open_store
from store.schema import check


class SchedulerSettings(BaseSettings):
    """Read once, from the environment (``CHAUFFERIE_...``)."""

    model_config = SettingsConfigDict(env_prefix="CHAUFFERIE_")

    data_dir: Path = Field(description="Where the embedded database and the wake-up sockets are.")
    database_url: str | None = Field(default=None, description="Default: SQLite in data_dir.")
    redis_url: str | None = Field(default=None, description="Broker of the hints; none = no hints.")
    policy: str = Field(
        default="chaufferie",
        description="The placement policy, by name; its settings may follow as NAME=VALUE.",
    )
    heat_patience: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="How patiently work waits for heat; 0 = not at all. Default: the policy's own.",
    )

    operator_file: Path | None = Field(
        default=None, description="Order of jobs, licences; default: operator.toml in data_dir."
    )

    @property
    def policy_text(self) -> str:
        """The policy with its settings, as it is logged and made again by a replay."""
        if self.heat_patience is None:
            return self.policy
        return f"{self.policy} patience={self.heat_patience!r}"


def read_settings() -> SchedulerSettings | Refused:
    """What the environment says, or which variables to set."""
    try:
        return SchedulerSettings()
    except ValidationError as error:
        wrong = "; ".join(
            f"CHAUFFERIE_{str(item['loc'][0]).upper()}: {item['msg'].lower()}"
            for item in error.errors()
        )
        return Refused(code="settings", sentence=f"Set these and start again: {wrong}.")


def run(settings: SchedulerSettings, stop: threading.Event) -> Refused | None:
    """Decide until told to stop; a refusal where the settings cannot be used."""
    policy = policy_named(settings.policy_text)
    if isinstance(policy, Refused):
        return policy
    order = read_order(settings.operator_file, settings.data_dir)
    if isinstance(order, Refused):
        return order
    licences = read_licence_servers(settings.operator_file, settings.data_dir)
    if isinstance(licences, Refused):
        return licences
    url = settings.database_url or default_url(settings.data_dir)
    store = open_store(url, settings.data_dir)
    refused = check(store.database)
    if refused is not None:
        return refused
    listener = store.wakeups.listen("scheduler")
    hints = None
    dispatching = None
    if settings.redis_url is not None:
        hints = threading.Event()
        dispatcher = HintDispatcher(store, CeleryHints(settings.redis_url), hints)
        dispatching = threading.Thread(target=dispatcher.run, args=(stop,), name="hints")
        dispatching.start()
    service = SchedulerService(
        store=store,
        policy=policy,
        policy_text=settings.policy_text,
        hints=hints,
        order=order,
        seats=licences.seats(),
    )
    try:
        service.run(listener, stop)
    finally:
        stop.set()
        if dispatching is not None:
            dispatching.join()
        listener.close()
        store.database.close()
    return None
