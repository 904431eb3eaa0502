"""A town reads its statements and disputes a line; the answer stays beside it."""

# ruff: noqa: F811 - fixtures come from beside the tests of statements

from domain.towns.accounts import TownRole
from tests.contract.http.test_http_statements import FIRST, issued, sold  # noqa: F401 - fixtures
from tests.support.http_scene import HttpScene
from tests.support.town import SIRETS, Browser, Town

REASON = "Le compteur a été déposé du 3 au 5 janvier."


def person_of(http: HttpScene, role: TownRole = TownRole.ACCOUNTANT) -> Browser:
    """Somebody of the town that was sold heat."""
    town = Town.__new__(Town)
    town.http = http
    listed = http.get("/v1/collectivities", "operator").json()["collectivities"]
    town.number = listed[0]["collectivity_id"]
    return town.person(f"{role.value.replace('_', '-')}@ville.fr", role)


def test_statements_are_listed_shown_with_both_indexes_and_sent_in_each_form(
    issued: HttpScene,
) -> None:
    person = person_of(issued)
    path = f"/town/statements/{FIRST}"

    listed, shown = person.read("/town/statements"), person.read(path)
    same = person.get(f"{path}/document?form=json")
    original = issued.get(f"/v1/statements/{FIRST}/document", "operator")

    assert FIRST in listed
    assert "January 2026" in listed
    assert ">1,000.000<" in shown
    assert "€95.10" in shown
    assert "95,10\N{NO-BREAK SPACE}€" in person.read(f"{path}?lang=fr")
    assert ">2,000.000<" in shown
    assert same.content == original.content
    assert person.get(f"{path}/document?form=csv").status_code == 200
    assert person.get(f"{path}/document?form=html").status_code == 200
    assert person.get(f"{path}/document?form=pdf").status_code == 404  # the worker makes it


def test_a_line_is_disputed_and_answered_once(issued: HttpScene) -> None:
    person = person_of(issued)
    path = f"/town/statements/{FIRST}"

    sent = person.send(path, f"{path}/dispute", line="1", reason=REASON)
    (told,) = issued.get("/v1/disputes?open_only=true", "operator").json()["disputes"]
    address = f"/v1/disputes/{told['dispute_id']}/answer"
    answered = issued.post(address, "operator", json={"answer": "Un avoir est émis."})
    again = issued.post(address, "operator", json={"answer": "Non."})
    page = person.read(path)

    assert sent.status_code == 303
    assert (told["number"], told["line"], told["reason"]) == (FIRST, 1, REASON)
    assert (answered.status_code, again.status_code) == (200, 404)
    assert REASON in page
    assert "Un avoir est émis." in page
    assert issued.get("/v1/disputes?open_only=true", "operator").json()["disputes"] == []
    assert issued.get("/v1/disputes", "buyer").status_code == 403


def test_what_cannot_be_disputed_is_said(issued: HttpScene) -> None:
    person = person_of(issued)
    path = f"/town/statements/{FIRST}"
    cases = (
        ({"line": "2", "reason": REASON}, "no such line"),
        ({"line": "0", "reason": REASON}, "no such line"),
        ({"line": "' OR 1", "reason": REASON}, "no such line"),
        ({"line": "1", "reason": "faux"}, "10 to 1000"),
        ({"line": "1", "reason": "x" * 1001}, "10 to 1000"),
    )
    for fields, said in cases:
        answer = person.send(path, f"{path}/dispute", **fields)
        assert answer.status_code == 422
        assert said in answer.text
        assert f">{fields['reason']}</textarea>" in answer.text  # to be mended, not typed anew


def test_an_adviser_looks_and_does_not_dispute(issued: HttpScene) -> None:
    person = person_of(issued, TownRole.ADVISER)
    path = f"/town/statements/{FIRST}"

    assert 'name="reason"' not in person.read(path)
    marie = person_of(issued)
    token_page = marie.get(path).text
    assert 'name="reason"' in token_page
    assert person.send("/town", f"{path}/dispute", line="1", reason=REASON).status_code == 422
    assert issued.get("/v1/disputes", "operator").json()["disputes"] == []


def test_another_towns_statements_are_nowhere(issued: HttpScene) -> None:
    neighbour = Town(issued, name="Autre", siret=SIRETS[1])
    neighbour.site("Lavoir")
    person = neighbour.person("paul@autre.fr")
    path = f"/town/statements/{FIRST}"

    assert FIRST not in person.read("/town/statements")
    assert person.get(path).status_code == 404
    assert person.get(f"{path}/document?form=json").status_code == 404
    assert person.send("/town", f"{path}/dispute", reason=REASON).status_code == 404
    assert Browser(issued).get(path).status_code == 303
