"""Programs and versions as jobs ask for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fleet.profiles import ProfileWish, parse_profile, version_key, wish_in_words, wish_tag
from domain.jobs.requirements import in_words, meets, tags_of


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("openfoam", "openfoam"),
        ("OpenFOAM/2312", "openfoam/2312"),
        ("openfoam/2312+", "openfoam/2312+"),
        ("openfoam>=2312", "openfoam/2312+"),
        ("openfoam==2312", "openfoam/2312"),
        (" gromacs/2023.3 ", "gromacs/2023.3"),
    ],
)
def test_every_spelling_is_stored_as_one(text: str, stored: str) -> None:
    wish = parse_profile(text)
    assert str(wish) == stored
    assert parse_profile(stored) == wish


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/2312",
        "openfoam/",
        "openfoam>2312",
        "openfoam>=",
        "openfoam>=2312+",
        "a b",
        "2312",
        "é",
    ],
)
def test_what_asks_for_no_program_is_none(text: str) -> None:
    assert parse_profile(text) is None


@pytest.mark.parametrize(
    ("wish", "version", "does"),
    [
        ("gromacs", "", True),
        ("gromacs/2023", "2023.3", True),
        ("gromacs/2023", "20231", False),
        ("gromacs/2023.3", "2023", False),
        ("gromacs/2023+", "2023", True),
        ("gromacs/2023+", "2024.1", True),
        ("gromacs/2023+", "2022.9", False),
        ("gromacs/2023", "", False),
        ("gromacs/2023+", "", False),
    ],
)
def test_a_version_does_or_does_not(wish: str, version: str, *, does: bool) -> None:
    asked = parse_profile(wish)
    assert asked is not None
    assert asked.is_met_by("gromacs", version) is does
    assert not asked.is_met_by("lammps", version)


def test_versions_are_ordered_by_their_numbers() -> None:
    told = ["2.9", "2.10", "2.10.1", "2.2rc1", "v2312", "1"]
    assert sorted(told, key=version_key) == ["v2312", "1", "2.2rc1", "2.9", "2.10", "2.10.1"]


def test_a_node_answers_by_its_programs() -> None:
    tags = tags_of("n", (), (), ("openfoam/2212", "openfoam/2312", "python"))
    assert meets(tags, (wish_tag("openfoam"), wish_tag("openfoam/2312+"), wish_tag("python")))
    assert not meets(tags, (wish_tag("openfoam/2400+"),))
    assert not meets(tags, (wish_tag("python/3+"),))
    assert in_words((wish_tag("openfoam/2312+"), "avx2")) == "(openfoam 2312 or later) and avx2"
    assert wish_in_words(wish_tag("python")) == "the program python"


@given(text=st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    found = parse_profile(text)
    assert found is None or parse_profile(str(found)) == found
    assert found is None or isinstance(found, ProfileWish)
    version_key(text)
