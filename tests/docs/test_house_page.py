"""The house names every package, and its table and the glossary find what they say."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "house.md").read_text()
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
QUESTIONS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.split("## Where is it implemented?")[1].split("\n## ")[0].splitlines()
    if line.startswith("| ") and "`" in line
]


def _symbols(path: Path) -> set[str]:
    """Return the functions and classes of a file, and the methods of its classes as ``Class.method``."""
    found: set[str] = set()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.ClassDef, *functions)):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{part.name}" for part in node.body if isinstance(part, functions)}
    return found


def test_every_package_is_named() -> None:
    packages = {path.parent.name for path in (ROOT / "genie").glob("*/__init__.py")}
    assert {name for name in packages if f"`genie.{name}`" not in PAGE} == set()


def test_the_layers_are_those_that_the_linter_holds() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract["id"] == "layers")
    held = [{name.strip() for name in layer.split("|")} for layer in layers["layers"] if layer != "__main__"]
    table = PAGE.split("## Layers")[1].split("Four plug-in packages")[0]
    shown = [set(re.findall(r"`genie\.(\w+)`", line)) for line in table.splitlines() if "`genie." in line]
    assert shown == held
    wings = set(re.findall(r"`genie\.(\w+)`", PAGE.split("Four plug-in packages")[1].split("\n\n")[0]))
    assert wings == set(layers["exhaustive_ignores"])


@pytest.mark.parametrize("row", QUESTIONS, ids=lambda row: row[0])
def test_a_question_is_answered_by_an_existing_symbol(row: list[str]) -> None:
    _, where, symbols = row
    paths = [ROOT / name for name in re.findall(r"`([\w./]+)`", where) if "/" in name]
    assert [path for path in paths if not path.exists()] == []
    there = set().union(*(_symbols(path) for path in paths if path.suffix == ".py"))
    assert set(re.findall(r"`([\w.]+)`", symbols)) <= there


def test_the_table_has_the_questions_of_a_newcomer() -> None:
    assert len(QUESTIONS) >= 17


ENTRIES = re.findall(r"^\| ([^|]+) \| .+ \| `([\w./]+)`(?: `([\w.]+)`)? \|$", GLOSSARY, re.MULTILINE)


@pytest.mark.parametrize(("word", "name", "symbol"), ENTRIES, ids=str)
def test_a_word_of_the_glossary_is_defined_where_it_says(word: str, name: str, symbol: str) -> None:
    assert (ROOT / name).is_file()
    assert not symbol or symbol in _symbols(ROOT / name)


def test_the_glossary_has_one_meaning_for_each_word() -> None:
    words = [one.strip() for word, _, _ in ENTRIES for one in word.split(",")]
    assert len(words) == len(set(words)) >= 60
    rows = [line for line in GLOSSARY.splitlines() if line.startswith("| ") and not re.match(r"\| (word|---)", line)]
    assert len(rows) == len(ENTRIES)
