"""The command that hands a file of a meter's indexes to the server."""

from pathlib import Path
from typing import Annotated, Any

import typer

from chaufferie.cli.heat_sales.meters import say_adjusted
from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.speech import remark, say, say_json
from chaufferie.sdk.errors import RefusedByServerError
from domain.plurals import counted


def import_readings(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file; UTF-8.")],
    serial: Annotated[
        str | None, typer.Option("--meter", metavar="SERIAL", help="Where no column names it.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Say what would become of it; change nothing.")
    ] = False,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Take in indexes that somebody read, or that a supplier before has: all of a file, or none.

    The first line names the columns: meter;timestamp;index_kwh (or index_wh, index_mwh, index_gj)
    and quality, which may be left out. Rows that are known already change nothing; those that
    contradict what the node told stand in quarantine.
    """
    with open_client(data) as client:
        try:
            answer = client.import_readings(file, meter=serial, check=check)
        except RefusedByServerError as error:
            for line, what in error.fields.items():
                remark(f"{file.name}, {line}: {what}.")
            error.fields = {}  # They are said; the sentence has the first again, and how many.
            raise
    if as_json:
        say_json(answer)
        return
    for item in answer["meters"]:
        _say_meter(item, is_taken=answer["is_taken"])
    if answer["left_out"]:
        remark(
            f"{counted(answer['left_out'], 'line')} left out: they say of themselves that they are "
            "rejected, estimated, derived or edited."
        )
    if not answer["is_taken"]:
        remark("Nothing was changed: that was --check.")


def _say_meter(item: dict[str, Any], *, is_taken: bool) -> None:
    period = f"{quantities.clock(item['first_at_s'])} to {quantities.clock(item['last_at_s'])}"
    known = item["rows"] - item["fresh"]
    verb = "taken in" if is_taken else "would be taken in"
    say(
        f"Meter {item['meter']}, {item['site']}: {counted(item['fresh'], 'new row')} {verb}, "
        f"{known} known before, {period}."
    )
    for case in item["quarantined"]:
        lines = ", ".join(map(str, case["lines"]))
        more = "" if case["lines_count"] == len(case["lines"]) else ", ..."
        remark(
            f"in quarantine: {counted(case['lines_count'], 'line')} ({lines}{more}): "
            f"{case['sentence']} (quarantine reject {case['case']})"
        )
    more_cases = item["quarantined_cases"] - len(item["quarantined"])
    if more_cases:
        remark(f"and {counted(more_cases, 'more case')}; `chaufferie quarantine list` has them.")
    say_adjusted(item)
