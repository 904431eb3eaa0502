"""Puts the API together from its settings."""

import os
from pathlib import Path

from fastapi import FastAPI
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.app import create_app
from api.services import Services
from domain.access import Role
from domain.refusal import Refused
from store.files import LocalFileStore
from store.keys import KeyRequest, add_key, add_tenant
from store.opening import default_url, open_store
from store.schema import upgrade
from store.transaction import Store

FILES_FOLDER = "files"
OPERATOR_TENANT = "operator"


class ApiSettings(BaseSettings):
    """Read once, from the environment (``CHAUFFERIE_...``)."""

    model_config = SettingsConfigDict(env_prefix="CHAUFFERIE_")

    data_dir: Path = Field(description="Where files, the embedded database and sockets are.")
    database_url: str | None = Field(default=None, description="Default: SQLite in data_dir.")
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, description="Port to listen on.")


def open_from(settings: ApiSettings) -> Store:
    """The store these settings name."""
    return open_store(settings.database_url or default_url(settings.data_dir), settings.data_dir)


def build(settings: ApiSettings) -> FastAPI:
    """The application, woken by other programs."""
    store = open_from(settings)
    services = Services(store=store, files=LocalFileStore(settings.data_dir / FILES_FOLDER))
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
