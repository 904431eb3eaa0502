"""Files of indexes, as somebody who read a meter hands them in."""

from collections.abc import Iterable, Sequence

from domain.calendar.paris import write_instant
from domain.fleet.reading import Reading
from metering.keeping.importing import OfMeter, Origin, look, take
from metering.readings.parsing import WrongFile, read_index_file
from tests.support.scene import Scene

ORIGIN = Origin(name="portal.csv", digest_sha256="0" * 64, actor="test")
HEAD = "meter;timestamp;index_kwh"


def index_file(items: Iterable[Reading], *, factor: int = 1) -> str:
    """What a portal shows of the heat meter of these readings."""
    lines = [
        f"{item.heat_meter_serial};{write_instant(item.taken_at_s)};"
        f"{item.heat_register_wh * factor / 1000:.3f}"
        for item in items
    ]
    return "\n".join([HEAD, *lines, ""])


def looked(scene: Scene, text: str) -> list[OfMeter] | WrongFile:
    """What would become of a file."""
    with scene.database.read() as connection:
        now_s = scene.database.now_s(connection)
        file = read_index_file(text.encode("utf-8"), None, now_s)
        return file if isinstance(file, WrongFile) else look(connection, file, now_s, None)


def taken(scene: Scene, text: str) -> int:
    """Take a file in; how many of its rows were new."""
    found = looked(scene, text)
    assert not isinstance(found, WrongFile), found
    with scene.store.transaction() as tx:
        return take(tx, found, ORIGIN)


def wrong_lines(scene: Scene, text: str) -> Sequence[tuple[int, str]]:
    """The lines that are wrong with a file."""
    found = looked(scene, text)
    assert isinstance(found, WrongFile), found
    return [(item.line, item.sentence) for item in found.lines]
