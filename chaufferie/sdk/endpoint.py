"""Where the server is and with what key: from the environment, else as `chaufferie up` left it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chaufferie.sdk.errors import NotConfiguredError

URL_VARIABLE = "CHAUFFERIE_URL"
TOKEN_VARIABLE = "CHAUFFERIE_TOKEN"  # noqa: S105 - its name, not a token
DATA_DIR_VARIABLE = "CHAUFFERIE_DATA_DIR"
#: Written by `chaufferie up` for this machine's user: ``{"url": ..., "token": ...}``, mode 0600.
CLIENT_FILE = "client.json"

_HOW_TO_START = (
    f"start one on this machine with `chaufferie up`; if it has another directory, set "
    f"{DATA_DIR_VARIABLE}; for a server elsewhere, {URL_VARIABLE} and {TOKEN_VARIABLE}."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A server and the key to use there."""

    url: str
    token: str = field(repr=False)


def default_data_dir(environment: Mapping[str, str] | None = None) -> Path:
    """The directory that `chaufferie up` uses when none is named."""
    variables = os.environ if environment is None else environment
    if named := variables.get(DATA_DIR_VARIABLE):
        return Path(named).expanduser()
    share = variables.get("XDG_DATA_HOME")
    return (Path(share) if share else Path.home() / ".local" / "share") / "chaufferie"


def find_endpoint(
    data_dir: Path | None = None, environment: Mapping[str, str] | None = None
) -> Endpoint:
    """The server to talk to; a named data directory goes before the environment.

    Raises ``NotConfiguredError`` where nothing says which.
    """
    variables = os.environ if environment is None else environment
    url = variables.get(URL_VARIABLE, "").strip()
    token = variables.get(TOKEN_VARIABLE, "").strip()
    if data_dir is None and url:
        if not token:
            raise NotConfiguredError(
                f"{URL_VARIABLE} is set and {TOKEN_VARIABLE} is not; set it to your key."
            )
        return Endpoint(url=url, token=token)
    return _read(data_dir or default_data_dir(variables))


def _read(data_dir: Path) -> Endpoint:
    path = data_dir / CLIENT_FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Endpoint(url=str(document["url"]), token=str(document["token"]))
    except FileNotFoundError:
        raise NotConfiguredError(
            f"No server is known ({path} is missing): {_HOW_TO_START}"
        ) from None
    except OSError as error:
        raise NotConfiguredError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise NotConfiguredError(f"{path} is damaged: remove it and {_HOW_TO_START}") from error
