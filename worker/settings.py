"""The worker's settings, read once from the environment (``CHAUFFERIE_...``)."""

from dataclasses import fields
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.billing.retention import DEFAULT_INPUTS_KEPT_DAYS, Keeping
from domain.disclosure import (
    ACCOUNT_NOTICE_DAYS,
    DEFAULT_ACCOUNTS_KEPT_DAYS,
    DEFAULT_READINGS_WHOLE_S,
)
from domain.notices.rules import NoticeWords
from domain.refusal import Refused
from domain.towns.alerts import DEFAULT_NO_HEAT_FRAC
from domain.units import DAY_S


class WorkerSettings(BaseSettings):
    """Where the store and the broker are, and how long things are kept."""

    model_config = SettingsConfigDict(env_prefix="CHAUFFERIE_")

    data_dir: Path = Field(description="Where the embedded database and the wake-up sockets are.")
    database_url: str | None = Field(default=None, description="Default: SQLite in data_dir.")
    redis_url: str | None = Field(default=None, description="Broker; the worker needs one.")
    retention_every_s: float = Field(default=3600.0, gt=0, description="Between two rounds.")
    statements_every_s: float = Field(
        default=600.0, gt=0, description="Between two looks for months to draft and PDFs to make."
    )
    readings_whole_s: float = Field(
        default=DEFAULT_READINGS_WHOLE_S, gt=0, description="Readings of this age are thinned."
    )
    log_kept_s: float = Field(
        default=7 * DAY_S, gt=0, description="Events of older engine runs are kept this long."
    )
    sent_kept_s: float = Field(default=DAY_S, gt=0, description="Sent messages, likewise.")
    registers_kept_s: float = Field(
        default=400 * DAY_S,
        gt=0,
        description="Rows of closed months are kept this long; their digests and lines for ever.",
    )
    ledger_every_s: float = Field(default=600.0, gt=0, description="Between two looks.")
    heat_shared_every_s: float = Field(
        default=3600.0, gt=0, description="Heat is shared among jobs for times of this length."
    )
    ledger_grace_s: float = Field(
        default=2 * DAY_S, ge=0, description="A month is closed so long after its end."
    )
    sweeps_kept_s: float = Field(
        default=7 * DAY_S, gt=0, description="Sweeps whose command died are kept this long."
    )
    inputs_kept_days: float = Field(
        default=DEFAULT_INPUTS_KEPT_DAYS, gt=0, description="As the API announces it."
    )
    results_kept_days: float | None = Field(
        default=None, gt=0, description="As the API announces it; default: for ever."
    )
    accounts_kept_days: float = Field(
        default=DEFAULT_ACCOUNTS_KEPT_DAYS,
        ge=ACCOUNT_NOTICE_DAYS,
        description="Accounts of towns' people, after the last sign-in, as the API announces it.",
    )
    uploads_kept_s: float = Field(
        default=7 * DAY_S, gt=0, description="Uploads that were not completed, likewise."
    )

    notices_every_s: float = Field(default=5.0, gt=0, description="Between two looks for notices.")
    alerts_every_s: float = Field(
        default=300.0, gt=0, description="Between two looks for what collectivities are told."
    )
    no_heat_frac: float = Field(
        default=DEFAULT_NO_HEAT_FRAC,
        gt=0,
        lt=1,
        description="Less than this share of the heat that was wanted counts as none.",
    )
    no_heat_after_s: float = Field(
        default=3 * 3600.0, ge=600.0, description="Told when it has lasted so long."
    )
    meter_silent_after_s: float = Field(default=DAY_S, gt=0, description="Likewise.")
    alert_mails_apart_s: float = Field(
        default=3600.0, gt=0, description="Somebody of a collectivity gets one mail in this time."
    )
    public_url: str | None = Field(
        default=None, description="Under which address mails find the pages."
    )
    erasures_every_s: float = Field(
        default=60.0, gt=0, description="Between two looks for erasures that were left unfinished."
    )
    notices_kept_s: float = Field(
        default=7 * DAY_S, gt=0, description="Notices that were sent or given up, likewise."
    )
    mail_relay: str | None = Field(default=None, description="smtp://HOST; default: no mail.")
    mail_from: str | None = Field(default=None, description="Whom mail is from.")
    mail_domains: str | None = Field(default=None, description="As the API knows them.")
    mail_password_file: Path | None = Field(
        default=None, description="Holds the password of the relay's user."
    )
    ca_file: Path | None = Field(
        default=None,
        description="Authorities in PEM that are believed besides the system's.",
    )
    webhook_hosts: str = Field(default="", description="As the API knows them.")
    webhook_private_hosts: str = Field(default="", description="As the API knows them.")

    def notice_words(self) -> NoticeWords:
        """What may leave the house."""
        return NoticeWords(**{item.name: getattr(self, item.name) for item in fields(NoticeWords)})

    def keeping(self) -> Keeping:
        """How long tenants' files are kept."""
        return Keeping(
            inputs_kept_days=self.inputs_kept_days, results_kept_days=self.results_kept_days
        )


def read_settings() -> WorkerSettings | Refused:
    """The settings, a broker among them; or which variables are missing or wrong."""
    try:
        settings = WorkerSettings()
    except ValidationError as error:
        names = ", ".join(f"CHAUFFERIE_{str(item['loc'][0]).upper()}" for item in error.errors())
        return Refused(code="settings.wrong", sentence=f"Set {names} and start again.")
    if settings.redis_url is None:
        return Refused(
            code="settings.broker",
            sentence="The worker needs a broker: set CHAUFFERIE_REDIS_URL and start again.",
        )
    return settings
