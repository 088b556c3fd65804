"""Every recipe of the cookbook is a file that runs, and prints what its page shows."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cookbook.md").read_text("utf-8")
RECIPES = sorted((ROOT / "docs" / "cookbook").glob("*.py"))


def section(recipe: Path) -> str:
    [found] = [part for part in PAGE.split("\n## ") if f"(cookbook/{recipe.name})" in part]
    return found


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_prints_what_its_page_shows(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        runpy.run_path(str(recipe), run_name="__main__")
    [shown] = re.findall(r"```text\n(.*?)```", section(recipe), re.DOTALL)
    assert out.getvalue() == shown


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_says_what_it_is_for_and_is_short(recipe: Path) -> None:
    source = recipe.read_text("utf-8")
    title, task = (ast.get_docstring(ast.parse(source)) or "").split(": ", 1)
    assert section(recipe).startswith(f"{title}\n")
    assert task[0].upper() + task[1:] in section(recipe)
    assert len(source.splitlines()) < 80


def test_there_are_eleven() -> None:
    assert len(RECIPES) == 11
