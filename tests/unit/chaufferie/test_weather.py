from pathlib import Path

import pytest

from chaufferie.sdk.errors import BadInputError
from chaufferie.sdk.weather import Forecast, read_forecast

FIRST_S = 1_769_842_800.0  # 2026-01-31T08:00+01:00


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_table_of_hours_is_read_whatever_else_it_says(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        "paris.csv",
        "time,wind,outdoor_temp_c\n"
        "2026-01-31T08:00+01:00,3,4.5\n"
        "2026-01-31T08:00:00Z,3,-1\n"
        f"{FIRST_S + 7200},3,0\n",
    )

    assert read_forecast(path) == Forecast(first_hour_s=FIRST_S, outdoor_temp_c=(4.5, -1.0, 0.0))


@pytest.mark.parametrize(
    "first", ['"first_hour": "2026-01-31T08:00+01:00"', f'"first_hour_s": {FIRST_S}']
)
def test_json_is_read_as_the_server_takes_it(tmp_path: Path, first: str) -> None:
    path = _file(tmp_path, "f.json", f'{{{first}, "outdoor_temp_c": [4, 3.5], "site_ids": [2]}}')

    assert read_forecast(path) == Forecast(
        first_hour_s=FIRST_S, outdoor_temp_c=(4.0, 3.5), site_ids=(2,)
    )


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "when,outdoor_temp_c\n1,2\n", "line 1: there is no column time"),
        ("a.csv", "time,outdoor_temp_c\n", "no hour"),
        ("a.csv", "", "line 1: there is no column outdoor_temp_c"),
        ("a.csv", "time,outdoor_temp_c\nnoon,2\n", "line 2: time is 'noon'"),
        ("a.csv", "time,outdoor_temp_c\n0,cold\n", "line 2: outdoor_temp_c is 'cold'"),
        ("a.csv", "time,outdoor_temp_c\n0\n", "line 2: outdoor_temp_c is None"),
        ("a.csv", "time,outdoor_temp_c\n0,1\n7200,1\n", "line 3: time must be one hour after"),
        ("a.csv", "time,outdoor_temp_c\n0,nan\n", "line 2: outdoor_temp_c is 'nan'"),
        ("a.json", "{", "Expecting"),
        ("a.json", "[]", "expected {"),
        ("a.json", '{"outdoor_temp_c": [1]}', "first_hour is None"),
        ("a.json", '{"first_hour_s": true, "outdoor_temp_c": [1]}', "first_hour is True"),
        ("a.json", '{"first_hour_s": 0, "outdoor_temp_c": 3}', "must be a list"),
        ("a.json", '{"first_hour_s": 0, "outdoor_temp_c": [1, null]}', "outdoor_temp_c[1] is None"),
        ("a.json", '{"first_hour_s": 0, "outdoor_temp_c": [1], "site_ids": ["a"]}', "site_ids"),
        ("a.json", '{"first_hour_s": 0, "outdoor_temp_c": [1], "wind": [1]}', "unknown field wind"),
    ],
)  # fmt: skip
def test_what_is_wrong_names_the_file_the_line_and_the_field(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    path = _file(tmp_path, name, text)

    with pytest.raises(BadInputError) as refused:
        read_forecast(path)

    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)
