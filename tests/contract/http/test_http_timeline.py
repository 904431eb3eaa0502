"""The moments of a job's life."""

from typing import Any

from tests.support.http_scene import HttpScene


def moments(http: HttpScene, ref: object, who: str = "owner") -> list[dict[str, Any]]:
    answer = http.get(f"/v1/jobs/{ref}/timeline", who)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["moments"]
    return found


def codes(http: HttpScene, ref: object) -> list[str]:
    return [moment["code"] for moment in moments(http, ref)]


def test_a_life_is_told_from_its_beginning_to_its_end(http: HttpScene) -> None:
    http.warm_node()
    job_id = http.submit(command=["/bin/false"], options=["--hold"])
    http.clock.advance(1.0)
    http.post(f"/v1/jobs/{job_id}/release", "owner")
    http.clock.advance(1.0)
    (key,) = http.start()
    http.clock.advance(5.0)
    http.finish(key, reason="program_failed", exit_code=3)

    told = moments(http, job_id)

    assert [moment["code"] for moment in told] == [
        "submitted",
        "release",
        "offered",
        "started",
        "program_failed",
    ]
    assert [moment["at_s"] for moment in told] == sorted(moment["at_s"] for moment in told)
    assert "held until it is released" in told[0]["sentence"]
    assert "by key" in told[1]["sentence"]
    assert (told[2]["node"], told[2]["attempt"]) == ("boiler", 1)
    assert "boiler" in told[2]["sentence"]
    assert "Exit code 3." in told[4]["sentence"]


def test_an_end_in_the_queue_is_told_too(http: HttpScene) -> None:
    job_id = http.submit()
    http.clock.advance(1.0)
    http.post(f"/v1/jobs/{job_id}/hold", "owner")
    http.clock.advance(1.0)
    http.post(f"/v1/jobs/{job_id}/cancel", "owner")

    assert codes(http, job_id) == ["submitted", "hold", "cancel", "cancelled"]


def test_each_try_is_told(http: HttpScene) -> None:
    http.warm_node()
    job_id = http.submit(command=["/bin/true"], options=["--max-attempts=2"])
    (first,) = http.start()
    http.clock.advance(1.0)
    http.finish(first, reason="program_failed", exit_code=1)
    http.clock.advance(600.0)

    told = moments(http, job_id)

    assert [(moment["code"], moment["attempt"]) for moment in told if moment["attempt"]] == [
        ("offered", 1),
        ("started", 1),
        ("program_failed", 1),
    ]


def test_an_element_knows_what_was_done_to_it_and_not_to_others(http: HttpScene) -> None:
    job_id = http.submit(command=["/bin/true"], options=["--array=0-9"])
    http.clock.advance(1.0)
    http.post(f"/v1/jobs/{job_id}_[0-4]/hold", "owner")
    http.clock.advance(1.0)
    http.post(f"/v1/jobs/{job_id}/cancel", "owner")

    assert codes(http, f"{job_id}_3") == ["submitted", "hold", "cancel", "cancelled"]
    assert codes(http, f"{job_id}_7") == ["submitted", "cancel", "cancelled"]
    whole = moments(http, job_id)
    assert [moment["code"] for moment in whole] == ["submitted", "hold", "cancel", "cancelled"]
    assert "[0-4]" in whole[1]["sentence"]
    assert "10 cancelled" in whole[-1]["sentence"]


def test_a_stranger_sees_no_life(http: HttpScene) -> None:
    job_id = http.submit()

    assert http.get(f"/v1/jobs/{job_id}/timeline", "stranger").status_code == 404
    assert http.get("/v1/jobs/999/timeline", "owner").status_code == 404
