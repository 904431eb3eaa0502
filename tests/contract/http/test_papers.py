"""The papers an operator owes say what the running configuration says, and leave blanks visible."""

from domain.billing.retention import Keeping
from domain.disclosure import Disclosure
from tests.support.http_scene import HttpScene
from tests.support.town import Browser, Town


def test_the_accessibility_statement_is_there_for_everybody_in_both_languages(
    http: HttpScene,
) -> None:
    stranger = Browser(http)
    blank = stranger.read("/accessibility")
    http.services.disclosure = Disclosure(operator="Chaleur SAS", contact="aide@chaleur.fr")

    english, french = stranger.read("/accessibility"), stranger.read("/accessibility?lang=fr")

    assert "[to be filled in by the operator]" in blank
    assert "aide@chaleur.fr" in english
    assert "Défenseur des droits" in french
    assert "106 criteria" in english
    assert 'href="/accessibility"' in Browser(http).read("/town/sign-in")


def test_the_pack_names_who_where_and_how_long_as_configured(http: HttpScene) -> None:
    Town(http, name="Ville", contact="Mairie")
    blank = http.get("/v1/dpo-pack", "operator").text
    http.services.disclosure = Disclosure(
        operator="Chaleur SAS", hosting="Lyon, France", readings_whole_s=30 * 86_400.0
    )
    http.services.keeping = Keeping(inputs_kept_days=3.0, results_kept_days=40.0)

    answer = http.get("/v1/dpo-pack", "operator")

    assert answer.headers["content-type"].startswith("text/markdown")
    assert blank.count("[à compléter par l'exploitant]") >= 4
    assert "Ville (SIRET 21750001600019), 0 site(s), Mairie" in answer.text
    for said in ("Chaleur SAS", "Lyon, France", "30 jours", "3 jours après", "40 jours après"):
        assert said in answer.text
    assert "sans terme fixé" in blank
