"""The operator describes a town by the command line."""

from tests.support.command_line import CommandLine
from tests.support.pictures import png


def test_a_town_is_made_described_anew_and_given_a_site(typed: CommandLine) -> None:
    site = typed.document("sites")["sites"][0]["name"]
    logo = typed.folder / "logo.png"
    logo.write_bytes(png())

    added = typed.run("collectivities", "add", "Ville", "--siret", "217 500 016 00019")
    given = typed.run("collectivities", "give-site", "Ville", site, "--at", "48.85,2.35")
    changed = typed.run(
        "collectivities", "change", "Ville", "--colour", "#1a5e9a", "--logo", logo.name
    )
    shown = typed.document("collectivities", "show", "21750001600019")
    listed = typed.run("collectivities", "list").stdout
    told = typed.run("collectivities", "show", "Ville").stdout
    wrong_number = typed.run("collectivities", "add", "Autre", "--siret", "21750001600018")
    nobody = typed.run("collectivities", "show", "Nulle part")
    no_place = typed.run("collectivities", "give-site", "Ville", site, "--at", "Paris")
    taken = typed.run("collectivities", "take-site", "Ville", site)

    assert (added.returncode, given.returncode, changed.returncode) == (0, 0, 0), changed.stderr
    assert (shown["colour"], shown["has_logo"]) == ("#1a5e9a", True)
    assert [owned["name"] for owned in shown["sites"]] == [site]
    assert site in listed
    assert "48.85,2.35" in told
    assert wrong_number.returncode == 1
    assert "check digit" in wrong_number.stderr
    assert nobody.returncode == 3
    assert no_place.returncode == 2
    assert taken.returncode == 0
