import json
from typing import Any

import pytest

from domain.access import Role
from domain.events import WeatherForecast
from store.engine import event_log
from tests.support.http_scene import HttpScene

HOUR_S = 3600.0


def _body(http: HttpScene, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"first_hour_s": http.clock.now_s, "outdoor_temp_c": [4.5, 4.0, 3.5], **fields}


def test_a_forecast_is_kept_shown_and_told_to_the_engine(http: HttpScene) -> None:
    site_id = http.site()

    sent = http.post("/v1/weather", "operator", json=_body(http, site_ids=[site_id, site_id]))

    assert (sent.status_code, sent.json()) == (201, {"hours": 3})
    assert http.get("/v1/weather").json() == {
        "forecasts": [
            {
                "site_id": site_id,
                "first_hour_s": http.clock.now_s,
                "outdoor_temp_c": [4.5, 4.0, 3.5],
                "received_at_s": http.clock.now_s,
            }
        ]
    }
    with http.store.transaction() as tx:
        (logged,) = event_log.unconsumed(tx)
    assert logged.event == WeatherForecast(
        site_ids=(site_id,), first_hour_s=http.clock.now_s, outdoor_temp_c=(4.5, 4.0, 3.5)
    )


def test_a_forecast_without_sites_is_for_every_site(http: HttpScene) -> None:
    http.post("/v1/weather", "operator", json=_body(http))

    (shown,) = http.get("/v1/weather").json()["forecasts"]
    assert shown["site_id"] is None


def test_only_an_operator_may_tell_the_weather(http: HttpScene) -> None:
    assert http.post("/v1/weather", "owner", json=_body(http)).json()["code"] == "key.scope"
    assert http.get("/v1/weather").json() == {"forecasts": []}


def test_a_key_of_some_sites_does_not_see_the_forecasts_of_others(http: HttpScene) -> None:
    mine, other = http.site("mine"), http.site("other")
    for site_id in (mine, other):
        http.post("/v1/weather", "operator", json=_body(http, site_ids=[site_id]))
    http.tokens["local"] = http.key(Role.OPERATOR, tenant="operator", site_ids=(mine,))

    shown = http.get("/v1/weather", "local").json()["forecasts"]

    assert [item["site_id"] for item in shown] == [mine]


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"outdoor_temp_c": []}, 422, "outdoor_temp_c"),
        ({"outdoor_temp_c": [20.0, 290.0]}, 422, "outdoor_temp_c[1]"),
        ({"outdoor_temp_c": [20.0, None]}, 422, "outdoor_temp_c[1]"),
        ({"outdoor_temp_c": [0.0] * 385}, 422, "outdoor_temp_c"),
        ({"first_hour_s": 1.79e12}, 422, "Unix seconds"),
        ({"first_hour_s": 1000.0}, 422, "is over"),
        ({"site_ids": [77]}, 404, "77"),
        ({"wind": [1.0]}, 422, "wind"),
    ],
)
def test_what_cannot_be_a_forecast_is_refused_and_not_kept(
    http: HttpScene, fields: dict[str, Any], status: int, said: str
) -> None:
    answer = http.post("/v1/weather", "operator", json=_body(http, **fields))

    assert answer.status_code == status
    assert said in answer.json()["title"]
    assert http.get("/v1/weather").json() == {"forecasts": []}


def test_a_number_that_is_none_is_refused(http: HttpScene) -> None:
    text = json.dumps(_body(http, outdoor_temp_c=[float("nan")]))

    answer = http.post("/v1/weather", "operator", content=text)

    assert answer.status_code == 422


def test_a_forecast_that_began_an_hour_ago_still_tells_the_rest(http: HttpScene) -> None:
    body = _body(http, first_hour_s=http.clock.now_s - HOUR_S)

    assert http.post("/v1/weather", "operator", json=body).status_code == 201
