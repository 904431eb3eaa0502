"""Puts the API together from its settings."""

import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from fastapi import FastAPI
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.app import create_app
from api.billing.operator_file import OperatorFile
from api.services import Services
from domain.access import Role
from domain.billing.retention import DEFAULT_INPUTS_KEPT_DAYS, DEFAULT_STORED_GIB, Keeping
from domain.disclosure import (
    ACCOUNT_NOTICE_DAYS,
    DEFAULT_ACCOUNTS_KEPT_DAYS,
    DEFAULT_READINGS_WHOLE_S,
    Disclosure,
)
from domain.jobs.job import SchedulingType
from domain.notices.rules import NoticeRules, NoticeWords
from domain.refusal import Refused
from store.access.keys import KeyRequest, add_key, add_tenant
from store.access.tenants import OPERATOR_TENANT
from store.files.local_content import LocalContentStore
from store.files.outputs import LocalOutputStore
from store.opening import FILES_FOLDER, default_url, open_store
from store.schema import upgrade
from store.transaction import Store


class ApiSettings(BaseSettings):
    """Read once, from the environment (``CHAUFFERIE_...``)."""

    model_config = SettingsConfigDict(env_prefix="CHAUFFERIE_")

    data_dir: Path = Field(description="Where files, the embedded database and sockets are.")
    database_url: str | None = Field(default=None, description="Default: SQLite in data_dir.")
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, description="Port to listen on.")
    operator_file: Path | None = Field(
        default=None, description="Prices, factors, licences; default: operator.toml in data_dir."
    )
    partitions: str = Field(
        default="", description="Scheduling types of partitions and QOS: debug=ondemand,long=flex."
    )
    stored_gib_per_tenant: float = Field(
        default=DEFAULT_STORED_GIB, gt=0, description="Inputs and results of a tenant, at most."
    )
    inputs_kept_days: float = Field(
        default=DEFAULT_INPUTS_KEPT_DAYS, gt=0, description="After the last job that uses them."
    )
    results_kept_days: float | None = Field(
        default=None, gt=0, description="After the end of the job; default: for ever."
    )

    mail_relay: str | None = Field(default=None, description="smtp://HOST; default: no mail.")
    mail_from: str | None = Field(default=None, description="Whom mail is from.")
    mail_domains: str | None = Field(
        default=None, description="Whose mailboxes are written to; default: that of mail_from."
    )
    webhook_hosts: str = Field(default="", description="Where webhooks may go; default: nowhere.")
    webhook_private_hosts: str = Field(
        default="", description="Likewise, also where these are of the inner network."
    )

    def notice_words(self) -> NoticeWords:
        """What may leave the house."""
        return NoticeWords(**{item.name: getattr(self, item.name) for item in fields(NoticeWords)})

    operator_name: str | None = Field(default=None, description="Who answers for the boilers.")
    operator_contact: str | None = Field(default=None, description="How to reach the operator.")
    hosting: str | None = Field(
        default=None, description="Who hosts the servers, in which town and country."
    )
    public_url: str | None = Field(
        default=None, description="Under which address strangers reach the pages."
    )
    readings_whole_s: float = Field(
        default=DEFAULT_READINGS_WHOLE_S, gt=0, description="As the worker thins readings."
    )

    accounts_kept_days: float = Field(
        default=DEFAULT_ACCOUNTS_KEPT_DAYS,
        ge=ACCOUNT_NOTICE_DAYS,
        description="As the worker closes accounts of towns' people.",
    )

    def disclosure(self) -> Disclosure:
        """What the public is told of this installation."""
        return Disclosure(
            operator=self.operator_name,
            contact=self.operator_contact,
            hosting=self.hosting,
            public_url=self.public_url,
            readings_whole_s=self.readings_whole_s,
            accounts_kept_days=self.accounts_kept_days,
        )

    def keeping(self) -> Keeping:
        """How much of tenants' files is kept, and for how long."""
        return Keeping(
            stored_gib_per_tenant=self.stored_gib_per_tenant,
            inputs_kept_days=self.inputs_kept_days,
            results_kept_days=self.results_kept_days,
        )


def open_from(settings: ApiSettings) -> Store:
    """The store these settings name."""
    return open_store(settings.database_url or default_url(settings.data_dir), settings.data_dir)


def build(
    settings: ApiSettings,
    known_names: Mapping[str, SchedulingType],
    operator_file: OperatorFile,
    notice_rules: NoticeRules,
) -> FastAPI:
    """The application, woken by other programs."""
    store = open_from(settings)
    files = settings.data_dir / FILES_FOLDER
    services = Services(
        store=store,
        content=LocalContentStore(files),
        outputs=LocalOutputStore(files),
        keeping=settings.keeping(),
        known_names=known_names,
        operator_file=operator_file,
        disclosure=settings.disclosure(),
        notice_rules=notice_rules,
    )
    return create_app(services, store.wakeups.listen("api"))


def initialise(settings: ApiSettings, key_file: Path) -> Refused | None:
    """Migrate the store; write a first operator key to a private file, unless there is one."""
    store = open_from(settings)
    refused = upgrade(store.database)
    if refused is not None:
        return refused
    if key_file.exists():
        return None
    with store.transaction() as tx:
        tenant_id = add_tenant(tx, OPERATOR_TENANT, actor="init")
        request = KeyRequest(name="first operator", role=Role.OPERATOR, tenant_id=tenant_id)
        key = add_key(tx, request, actor="init")
        if isinstance(key, Refused):
            return key
        descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(key.token + "\n")
            file.flush()
            os.fsync(file.fileno())
    return None
