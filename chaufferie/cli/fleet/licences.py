"""The command that shows licences of simulation programs."""

from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.speech import say_json, say_table


def licences(*, as_json: AsJson = False, data: DataDir = None) -> None:
    """Show counted licences: seats there, in use by jobs, and wanted by those that wait."""
    with open_client(data) as client:
        document = client.transport.get("/v1/licences")
    if as_json:
        say_json(document)
        return
    say_table(
        ("LICENCE", "SERVER", "TOTAL", "USED", "FREE", "WAITING", "JOBS WAITING"),
        (
            (
                item["name"],
                item["server"],
                item["total"],
                item["used"],
                item["free"],
                item["waiting"],
                item["waiting_jobs"],
            )
            for item in document["licences"]
        ),
    )
