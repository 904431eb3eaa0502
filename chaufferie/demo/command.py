"""``chaufferie demo``: everything started, real jobs run, a report, everything stopped."""

import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from chaufferie.demo.course import Course, Demonstration
from chaufferie.demo.display import Display
from chaufferie.demo.jobs import example_folder
from chaufferie.demo.report import report
from chaufferie.sdk.client import Client
from chaufferie.sdk.endpoint import default_data_dir
from chaufferie.sdk.errors import ChaufferieError
from chaufferie.up.command import INTERRUPTED, run_embedded
from chaufferie.up.embedded import CannotStartError, Embedded, Running
from chaufferie.up.steps import Steps

#: Everything runs on this machine: who does not answer soon was stopped.
_PATIENCE_S = 2.0
_NODES_READY_WITHIN_S = 30.0
_PICTURES_FOLDER = "demo-pictures"


def run_demo(data: Path | None, sites: int) -> int:
    """Run it in this directory, or in one that is removed afterwards; the exit code."""
    began_s = time.monotonic()
    example = example_folder()
    if example is None:
        sys.stderr.write(
            "The demonstration runs examples/lattice_boltzmann of a source checkout; "
            "run it from one, or start `chaufferie up`.\n"
        )
        return 1
    pictures = (data or default_data_dir()).expanduser().absolute() / _PICTURES_FOLDER

    async def work(embedded: Embedded, running: Running, steps: Steps) -> int:
        return await _demonstrate(
            embedded, running, steps, example=example, pictures=pictures, began_s=began_s
        )

    if data is not None:
        return run_embedded(data, 0, sites, work, INTERRUPTED)
    with tempfile.TemporaryDirectory(
        prefix="chaufferie-demo-", ignore_cleanup_errors=True
    ) as folder:
        return run_embedded(Path(folder), 0, sites, work, INTERRUPTED)


async def _demonstrate(
    embedded: Embedded,
    running: Running,
    steps: Steps,
    *,
    example: Path,
    pictures: Path,
    began_s: float,
) -> int:
    steps.step("waiting for every boiler's first reading")
    try:
        async with asyncio.timeout(_NODES_READY_WITHIN_S):
            await embedded.nodes_ready(running.token)
    except TimeoutError as error:
        raise CannotStartError(
            f"Not every node reports; the logs are in {embedded.layout.logs}."
        ) from error
    steps.done()
    course = Course()
    client = Client(running.url, running.token, patience_s=_PATIENCE_S)
    demonstration = Demonstration(client, course, example=example, began_s=began_s)
    display = Display(running)
    with display:
        try:
            await _in_thread(lambda: demonstration.run(pictures, display.show))
        except ChaufferieError as error:
            raise CannotStartError(str(error)) from error
        finally:
            course.is_stopped.set()
    report(display.console, course, running, pictures)
    return 0 if course.has_succeeded else 1


async def _in_thread(work: Callable[[], None]) -> None:
    """Wait for work that blocks. Cancelled meanwhile, it is left behind: nobody waits for it."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def tell(error: Exception | None) -> None:
        if not ended.done():
            if error is None:
                ended.set_result(None)
            else:
                ended.set_exception(error)

    def run() -> None:
        error: Exception | None = None
        try:
            work()
        except Exception as caught:  # noqa: BLE001 - raised again where it is waited for
            error = caught
        with suppress(RuntimeError):  # The loop may be closed by now.
            loop.call_soon_threadsafe(tell, error)

    threading.Thread(target=run, name="demonstration", daemon=True).start()
    await ended
