"""Files that a town gets by itself: planned by the operator, fetched by those they are for."""

from domain.towns.accounts import TownRole
from domain.towns.deliverables import DeliverableKind
from store.deliverables import deliverables
from store.deliverables.deliverables import Key
from tests.support.http_scene import HttpScene
from tests.support.town import Town

KEY = Key(collectivity_id=1, kind=DeliverableKind.READINGS, period=202601)
PATH = "/town/files/1/readings/202601/1?form="


def planned(http: HttpScene, **body: object) -> Town:
    town = Town(http)
    town.site("Piscine")
    town.site("École")
    address = f"/v1/collectivities/{town.number}/deliverables/readings"
    answer = http.put(address, "operator", json={"day": 5, **body})
    assert answer.status_code == 200, answer.text
    with http.store.transaction() as tx:
        assert deliverables.keep(tx, KEY, "source", b"meter;...", b"PK-made-up")
    return town


def test_a_person_it_is_for_finds_and_fetches_it(http: HttpScene) -> None:
    town = planned(http, roles=["energy_manager"])
    manager = town.person()
    accountant = town.person("paul@ville.fr", TownRole.ACCOUNTANT)
    partly = town.person("anne@ville.fr", site_ids=[1])

    page = manager.read("/town/files")
    fetched = manager.get(PATH + "csv")
    workbook = manager.get(PATH + "xlsx")

    assert "Indexes, hour by hour" in page
    assert fetched.content == b"meter;..."
    assert 'filename="readings-2026-01-v1.csv"' in fetched.headers["content-disposition"]
    assert workbook.content == b"PK-made-up"
    assert manager.get("/town/files/1/readings/202601/2").status_code == 404
    for other in (accountant, partly):
        assert "None was made yet." in other.read("/town/files")
        assert other.get(PATH + "csv").status_code == 404


def test_nobody_else_gets_it(http: HttpScene) -> None:
    planned(http)
    other = Town(http, "Autre", "21990012300007")
    other.site("Gymnase")

    assert other.person("zoe@autre.fr").get(PATH + "csv").status_code == 404
    assert http.get("/v1/collectivities/1/deliverables", "owner").status_code == 403


def test_a_plan_that_cannot_be_is_refused_in_a_sentence(http: HttpScene) -> None:
    town = planned(http)
    root = f"/v1/collectivities/{town.number}/deliverables"
    answers = [
        http.put(f"{root}/readings", "operator", json=body)
        for body in ({"day": 0}, {"day": 29}, {"day": 5, "roles": []}, {"day": "x"})
    ]
    unknown = http.put("/v1/collectivities/99/deliverables/readings", "operator", json={"day": 5})
    made = http.get(root, "operator").json()["made"]

    assert [item.status_code for item in answers] == [422] * 4
    assert unknown.status_code == 404
    assert [(item["period"], item["version"]) for item in made] == [("2026-01", 1)]
