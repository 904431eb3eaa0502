"""No module, class or function grows past what a reader holds: the linter has no such rule."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import ROOT, python_files

MODULE_LINES = 400
TEST_MODULE_LINES = 500
CLASS_LINES = 250
FUNCTION_LINES = 60


def _too_long(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                limit = FUNCTION_LINES
            case ast.ClassDef():
                limit = CLASS_LINES
            case _:
                continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > limit:
            yield f"{node.name} (line {node.lineno}) has {lines} lines, at most {limit}"


def _offences(path: Path) -> Iterator[str]:
    text = (ROOT / path).read_text()
    lines = len(text.splitlines())
    limit = TEST_MODULE_LINES if path.parts[0] == "tests" else MODULE_LINES
    if lines > limit:
        yield f"{path} has {lines} lines, at most {limit}: it is two subjects"
    yield from (f"{path}: {offence}" for offence in _too_long(ast.parse(text)))


def test_nothing_is_longer_than_a_reader_holds_at_once() -> None:
    offences = [offence for path in python_files() for offence in _offences(path)]

    assert not offences, "\n".join(offences)


def test_a_long_function_is_seen() -> None:
    body = "\n".join("    pass" for _ in range(FUNCTION_LINES))

    assert list(_too_long(ast.parse(f"def long():\n{body}")))
    assert not list(_too_long(ast.parse("def short():\n    pass")))
