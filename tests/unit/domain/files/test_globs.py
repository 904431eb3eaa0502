"""Which files a pattern means."""

import pytest

from domain.files.globs import Selection, matches, parse_patterns


@pytest.mark.parametrize(
    ("pattern", "path", "is_meant"),
    [
        ("out/*.dat", "out/a.dat", True),
        ("out/*.dat", "out/deep/a.dat", False),
        ("out/*.dat", "a.dat", False),
        ("*.log", "a.log", True),
        ("*.log", "sub/a.log", False),
        ("**/*.log", "a.log", True),
        ("**/*.log", "x/y/a.log", True),
        ("out", "out/x/y", True),
        ("out", "outer/x", False),
        ("out/**", "out/x/y", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "a/x/y/c", False),
        ("step_[0-9][0-9]/u?", "step_07/ux", True),
        ("step_[0-9][0-9]/u?", "step_7/ux", False),
        ("**", "anything", True),
        ("A.dat", "a.dat", False),
        ("[", "[", True),
    ],
)
def test_a_pattern_means_these_and_no_others(pattern: str, path: str, *, is_meant: bool) -> None:
    assert matches(pattern, path) is is_meant


def test_without_patterns_everything_comes_back() -> None:
    assert Selection().takes("any/thing")


def test_what_is_excluded_stays_behind_even_if_it_is_wanted() -> None:
    selection = Selection(wanted=("out",), excluded=("out/tmp", "*.core"))

    assert selection.takes("out/a")
    assert not selection.takes("out/tmp/a")
    assert not selection.takes("b")
    assert not Selection(excluded=("*.core",)).takes("a.core")


def test_a_list_is_read_at_its_commas() -> None:
    assert parse_patterns("out/*.dat, *.log,fields/") == ("out/*.dat", "*.log", "fields")


@pytest.mark.parametrize(
    "text", ["", ",", "a,,b", "/etc/*", "../*", "a/../../b", "a\nb", "x" * 300, "a," * 64 + "a"]
)
def test_a_list_that_could_mean_nothing_inside_is_none(text: str) -> None:
    assert parse_patterns(text) is None


def test_a_hostile_pattern_costs_no_time() -> None:
    pattern = "/".join(["**", "*a*a*a*a*a*a*a*a*"] * 20)
    path = "/".join(["a" * 200] * 60)

    assert not matches(pattern + "/b", path)
