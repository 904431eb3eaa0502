"""Files of recipes: what is wrong is said with file, line, field and what was expected."""

from pathlib import Path

import pytest

from node_agent.profiles.reading import OWN_FOLDER, Mistake, read_recipe, read_recipes
from node_agent.profiles.recipe import Recipe

GOOD = """name = "solver"
title = "A solver"

[detect]
programs = ["solver"]
version_command = ["{program}", "-v"]
version_pattern = 'v(\\d+)'

[environment]
THREADS = "{cores}"

[run]
input = "*.inp"
command = ["{program}", "{input}"]
launcher = ["mpirun", "-n", "{ntasks}"]
"""


def read(tmp_path: Path, text: str) -> Recipe | Mistake:
    path = tmp_path / "solver.toml"
    path.write_text(text)
    return read_recipe(path)


def test_the_products_own_recipes_are_sound() -> None:
    recipes, mistakes = read_recipes(OWN_FOLDER)
    assert mistakes == []
    names = {"calculix", "freefem", "gromacs", "lammps", "openfoam", "python"}
    assert {recipe.name for recipe in recipes} == names
    assert all(recipe.title and recipe.licence and recipe.notes for recipe in recipes)


def test_a_good_recipe_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD)
    assert isinstance(found, Recipe)
    assert (found.name, found.programs) == ("solver", ("solver",))
    assert found.environment == {"THREADS": "{cores}"}


def test_a_recipe_says_what_its_program_asks_licence_servers_for(tmp_path: Path) -> None:
    more = '[licence_servers]\nsiemens = ["CDLMD_LICENSE_FILE", "LM_LICENSE_FILE"]\n'
    more += '[licences]\nccmppower = "per job"\nhpcdomains = "per core"\n'

    found = read(tmp_path, GOOD + more)

    assert isinstance(found, Recipe)
    assert found.licence_servers == {"siemens": ("CDLMD_LICENSE_FILE", "LM_LICENSE_FILE")}
    assert found.licences == {"ccmppower": "per job", "hpcdomains": "per core"}


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "expected"),
    [
        ('name = "solver"', "name = 3", 1, "name", "expected a text in quotes"),
        ('name = "solver"', 'name = "A B"', 1, "name", "lower-case letters"),
        ('name = "solver"\n', "", 1, "name", "missing"),
        ('["solver"]', '"solver"', 5, "detect.programs", "a list of words"),
        ('["solver"]', '["/usr/bin/solver"]', 5, "detect.programs", "without a folder"),
        ('programs = ["solver"]\n', "", 4, "detect.programs", "missing"),
        ("'v(\\d+)'", "'v(\\d+'", 7, "detect.version_pattern", "unterminated"),
        ("'v(\\d+)'", "'v\\d+'", 7, "detect.version_pattern", "one group"),
        ('version_command = ["{program}", "-v"]\n', "", 4, "detect.version_command", "beside"),
        ('"{program}", "-v"', '"{input}"', 6, "detect.version_command", "{input} is unknown here"),
        ('THREADS = "{cores}"', '"A B" = "1"', 10, "environment.A B", "a variable's name"),
        ('THREADS = "{cores}"', "THREADS = 1", 10, "environment.THREADS", "a text in quotes"),
        ('input = "*.inp"', 'input = "a/*.inp"', 13, "run.input", "a file's name"),
        ('input = "*.inp"\n', "", 12, "run.input", "for {input} in command"),
        ("launcher = [", "most_tasks = 0\nlauncher = [", 15, "run.most_tasks", "at least 1"),
        ("launcher = [", "most_tasks = 1\nlauncher = [", 16, "run.launcher", "expected nothing"),
        ("launcher = [", "launchers = [", 15, "run.launchers", "expected one of command, input"),
        ("[run]", "[rnu]", 12, "rnu", "expected one of"),
        ("[environment]", "[environment", 9, "", "expected TOML"),
        ('title = "A solver"', f'title = "{"x" * 300}"', 2, "title", "at most 200"),
        ("[run]", '[licences]\n"a b" = "per job"\n[run]', 13, "licences.a b", "expected a name"),
        ("[run]", '[licences]\na = "per year"\n[run]', 13, "licences.a", 'or "per core"'),
        ("[run]", "[licences]\na = []\n[run]", 13, "licences.a", '"per job"'),
        ("[run]", '[licence_servers]\na = "A"\n[run]', 13, "licence_servers.a", "a list of words"),
        ("[run]", '[licence_servers]\na = ["1"]\n[run]', 13, "licence_servers.a", "of variables"),
    ],
)
def test_a_mistake_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, line: int, field: str, expected: str
) -> None:
    assert old in GOOD
    found = read(tmp_path, GOOD.replace(old, new))
    assert isinstance(found, Mistake), found
    assert (found.line, found.field) == (line, field)
    assert expected in found.expected
    assert str(found).startswith(f"{tmp_path}/solver.toml, line {line}: ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "name",
        "detect = 1",
        "detect = []",
        "environment = 3",
        "licences = 3",
        'licence_servers = ["a"]',
        'name = "x"\nrun = "x"\n[detect]\nprograms = ["p"]',
        'name = "x"\n[detect]\nprograms = []',
        'name = "x"\n[[detect]]\nprograms = ["p"]',
        "a = " + "[" * 5000,
        "#" * 200_000,
        'name = "x"\n[detect]\nprograms = [["p"]]',
        'name = "x"\n[detect]\nprograms = ["p"]\nfolders = ["opt"]',
        'name = "x"\n[detect]\nprograms = ["p"]\nsettings_file = "etc/rc"',
    ],
)
def test_no_file_breaks_the_reader(tmp_path: Path, text: str) -> None:
    assert isinstance(read(tmp_path, text), Mistake)


def test_a_file_that_is_wrong_is_left_out_and_an_operators_replaces_ours(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("nonsense")
    (tmp_path / "b.toml").write_text('name = "python"\n[detect]\nprograms = ["mypython"]\n')
    (tmp_path / "c.toml").mkdir()
    (tmp_path / "d.txt").write_text("no recipe")
    recipes, mistakes = read_recipes(OWN_FOLDER, tmp_path)
    (python,) = [recipe for recipe in recipes if recipe.name == "python"]
    assert python.programs == ("mypython",)
    assert [mistake.file.name for mistake in mistakes] == ["a.toml", "c.toml"]
    assert read_recipes(tmp_path / "nowhere") == ([], [])
