"""Stickers, what is published, and reports that there is no heat, on both databases."""

import pytest

from domain.towns.publication import Publication, PublishedFigures
from store.collectivities import publications
from store.collectivities.publications import REPORTS_AN_HOUR, REPORTS_KEPT_S, Sticker
from tests.support.scene import Scene


@pytest.fixture
def sticker(scene: Scene) -> Sticker:
    """The code of the one boiler there is."""
    scene.node("boiler")
    with scene.store.transaction() as tx:
        publications.make_stickers(tx, None, "test")
    with scene.database.read() as connection:
        (made,) = publications.stickers(connection)
    return made


def report(scene: Scene, sticker: Sticker, message: str = "") -> str | None:
    with scene.store.transaction() as tx:
        refused = publications.report_no_heat(tx, sticker, message)
    return None if refused is None else refused.code


def test_every_boiler_gets_one_code_that_cannot_be_guessed(scene: Scene, sticker: Sticker) -> None:
    other = scene.node("other")
    with scene.store.transaction() as tx:
        publications.make_stickers(tx, None, "test")
        publications.make_stickers(tx, [sticker.site_id], "test")

    with scene.database.read() as connection:
        codes = {item.node_id: item.code for item in publications.stickers(connection)}
    assert codes[sticker.node_id] == sticker.code
    assert set(codes) == {sticker.node_id, other}
    assert len(codes[other]) == 12
    assert codes[other] != sticker.code


def test_the_code_of_a_boiler_taken_away_still_answers_and_its_place_gets_a_new_one(
    scene: Scene, sticker: Sticker
) -> None:
    with scene.store.transaction() as tx:
        assert publications.remove_sticker(tx, sticker.code, "test")
        assert not publications.remove_sticker(tx, sticker.code, "test")
        publications.make_stickers(tx, None, "test")

    with scene.database.read() as connection:
        old = publications.find_sticker(connection, sticker.code)
        assert len(publications.stickers(connection)) == 2
        assert publications.find_sticker(connection, "nothing") is None
    assert old is not None
    assert old.removed_at_s == scene.clock.now_s


def test_nothing_is_published_until_somebody_says_so(scene: Scene, sticker: Sticker) -> None:
    wanted = Publication(figures=PublishedFigures.DAILY, purpose="Le bassin")
    with scene.database.read() as connection:
        before = publications.publication_of(connection, sticker.site_id)
    with scene.store.transaction() as tx:
        assert publications.publish(tx, sticker.site_id, Publication(), "test") is None
        assert publications.publish(tx, sticker.site_id, wanted, "test") is None
        nowhere = publications.publish(tx, 999, wanted, "test")

    with scene.database.read() as connection:
        assert publications.publication_of(connection, sticker.site_id) == wanted
    assert before.figures is PublishedFigures.NONE
    assert nowhere is not None


def test_reports_are_kept_answered_and_forgotten_after_a_year(
    scene: Scene, sticker: Sticker
) -> None:
    assert report(scene, sticker, "l'eau est froide") is None
    with scene.database.read() as connection:
        (told,) = publications.reports(connection, open_only=True)
        assert publications.reports(connection, []) == []
    with scene.store.transaction() as tx:
        assert publications.close_report(tx, told["report_id"], "pompe changée", "test")
        assert not publications.close_report(tx, told["report_id"], "again", "test")
    with scene.database.read() as connection:
        assert publications.reports(connection, open_only=True) == []
        (answered,) = publications.reports(connection, [sticker.site_id])
    scene.clock.advance(REPORTS_KEPT_S + 1.0)
    report(scene, sticker)

    assert (told["message"], answered["answer"]) == ("l'eau est froide", "pompe changée")
    with scene.database.read() as connection:
        assert [item["message"] for item in publications.reports(connection)] == [""]


def test_a_flood_of_reports_ends_and_another_hour_begins_anew(
    scene: Scene, sticker: Sticker
) -> None:
    answers = [report(scene, sticker) for _ in range(REPORTS_AN_HOUR + 2)]
    scene.clock.advance(3601.0)

    assert answers == [None] * REPORTS_AN_HOUR + ["report.enough"] * 2
    assert report(scene, sticker) is None
