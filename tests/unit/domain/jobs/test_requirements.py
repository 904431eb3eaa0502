"""What a job may ask of its node by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.requirements import (
    ConstraintMistake,
    in_words,
    meets,
    node_tag,
    parse_constraint,
    tags_of,
)

TAGS = tags_of("boiler-1", ("avx2", "x86_64", "Scratch"), ("a100-sxm4-40gb",))


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("avx2", ("avx2",)),
        ("AVX2", ("avx2",)),
        ("avx2&gpu", ("avx2", "gpu")),
        ("avx2,gpu", ("avx2", "gpu")),
        ("a100|v100", ("a100|v100",)),
        ("[a100|v100]", ("a100|v100",)),
        ("a&b|c", ("a|c", "b|c")),
        ("(a|b)&c", ("a|b", "c")),
        ("a|(b&c)", ("a|b", "a|c")),
        (" a & ( b | c ) ", ("a", "b|c")),
        ("a&a", ("a",)),
        ("v100-32g", ("v100-32g",)),
    ],
)
def test_a_constraint_is_a_list_of_clauses(text: str, clauses: tuple[str, ...]) -> None:
    assert parse_constraint(text) == clauses


@pytest.mark.parametrize(
    "text",
    ["", "a&", "&a", "a||b", "(a", "a)", "[a|b)", "a b", "!a", "node:x", "a=b", "é", "a" * 65],
)
def test_what_is_no_constraint_is_refused_with_an_example(text: str) -> None:
    found = parse_constraint(text)
    assert isinstance(found, ConstraintMistake)
    assert found.code == "bad_value"


def test_counts_and_unclear_order_are_refused_by_name() -> None:
    counted = parse_constraint("[rack1*2&rack2*4]")
    assert isinstance(counted, ConstraintMistake)
    assert counted.code == "counted_constraint"
    unclear = parse_constraint("a|b&c")
    assert isinstance(unclear, ConstraintMistake)
    assert unclear.code == "ambiguous_constraint"


def test_what_would_become_huge_is_refused() -> None:
    blown_up = "|".join(f"(a{n}&b{n})" for n in range(30))
    for text in (blown_up, "(" * 40 + "a" + ")" * 40, "&".join(f"f{n}" for n in range(200))):
        assert isinstance(parse_constraint(text), ConstraintMistake)


def test_a_node_answers_by_its_tags() -> None:
    assert meets(TAGS, ())
    assert meets(TAGS, ("avx2", "scratch"))
    assert meets(TAGS, ("gpu", "a100|v100"))
    assert meets(TAGS, (f"{node_tag('boiler-2')}|{node_tag('boiler-1')}",))
    assert not meets(TAGS, ("avx2", "avx512"))
    assert not meets(TAGS, ("boiler-1",))


def test_a_requirement_in_words() -> None:
    assert in_words(("avx2",)) == "avx2"
    assert in_words(("a100|v100", "avx2")) == "(a100 or v100) and avx2"
    assert in_words((node_tag("pool"),)) == "pool"


_LETTERS = st.sampled_from(["a", "b", "c"])
_EXPRESSIONS = st.recursive(
    _LETTERS,
    lambda inner: st.tuples(inner, st.sampled_from("&|"), inner).map(
        lambda one: f"({''.join(one)})"
    ),
    max_leaves=8,
)


@given(text=_EXPRESSIONS, held=st.sets(_LETTERS))
def test_clauses_say_what_the_expression_says(text: str, held: set[str]) -> None:
    clauses = parse_constraint(text)
    assert not isinstance(clauses, ConstraintMistake)
    truth = eval(text, {}, {name: name in held for name in "abc"})  # noqa: S307 - made above
    assert meets(held, clauses) == bool(truth)


@given(text=st.text(alphabet="ab&|,()[]*! \x00é", max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    found = parse_constraint(text)
    assert isinstance(found, tuple | ConstraintMistake)
