from datetime import UTC, datetime, timedelta

from tests.support.command_line import CommandLine


def _table(n_hours: int = 24) -> str:
    first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [
        f"{(first + timedelta(hours=hour)).isoformat()},{4 + hour / 10}" for hour in range(n_hours)
    ]
    return "\n".join(["time,outdoor_temp_c", *hours]) + "\n"


def test_a_forecast_from_a_table_is_told_and_shown(typed: CommandLine) -> None:
    typed.write("paris.csv", _table())

    told = typed.run("weather", "paris.csv", "--site", "site0")
    everywhere = typed.document("weather", "paris.csv")
    shown = typed.run("weather")
    held = typed.document("weather")["forecasts"]

    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("Forecast of 24 hours from ")
    assert told.stdout.endswith("for 1 site.\n")
    assert everywhere == {"hours": 24}
    assert "every site" in shown.stdout
    assert "6.3" in shown.stdout
    assert [(item["site_id"], len(item["outdoor_temp_c"])) for item in held] == [(None, 24)]


def test_mistakes_in_a_forecast_are_told_in_one_sentence(typed: CommandLine) -> None:
    typed.write("cold.csv", "time,outdoor_temp_c\n2026-01-31T08:00Z,cold\n")
    typed.write("past.json", '{"first_hour": "2020-01-31T08:00Z", "outdoor_temp_c": [1]}')
    typed.write("good.csv", _table())

    wrong, past = typed.run("weather", "cold.csv"), typed.run("weather", "past.json")
    missing, nowhere = (
        typed.run("weather", "none.csv"),
        typed.run("weather", "good.csv", "--site", "Atlantis"),
    )

    assert (wrong.returncode, past.returncode, missing.returncode, nowhere.returncode) == (
        2,
        1,
        1,
        3,
    )
    assert "cold.csv, line 2: outdoor_temp_c is 'cold'" in wrong.stderr
    assert "is over" in past.stderr
    assert "none.csv" in missing.stderr
    assert "no site 'Atlantis'" in nowhere.stderr
    assert {len(ran.stderr.splitlines()) for ran in (wrong, past, missing, nowhere)} == {1}
