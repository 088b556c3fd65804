"""The site of docs/: every page is in its navigation, every public name in its reference, and nothing is fetched."""

from __future__ import annotations

import html
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

import genie
from genie.config.yaml import load_file
from tools.docs_site import reference, unlinked, with_breaks, with_sources

ROOT = Path(__file__).parents[2]


def pages_of(nav: object) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    parts = nav if isinstance(nav, list) else list(nav.values())  # type: ignore[attr-defined]  # a mapping of YAML
    return [page for part in parts for page in pages_of(part)]


def test_every_page_is_in_the_navigation() -> None:
    nav = load_file(ROOT / "mkdocs.yml", environ={}).value["nav"]
    found = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert sorted(pages_of(nav)) == sorted({*found, "reference.md"})


def test_the_reference_has_every_public_name() -> None:
    page = reference()
    for name in genie.__all__:
        assert re.search(rf"^::: genie\.[\w.]+\.{name}$", page, re.MULTILINE), name


def test_a_recipe_is_shown_with_its_source() -> None:
    shown = with_sources("Ten. [The file](cookbook/join.py) prints:\n")
    assert "class File(Payload" in shown
    assert shown.endswith("It prints:\n")


@pytest.mark.parametrize(
    ("text", "depth", "shown"),
    [
        ("[contributing](../CONTRIBUTING.md)", 0, "contributing (`CONTRIBUTING.md`)"),
        ("[approvals](../approvals.md)", 1, "[approvals](../approvals.md)"),
        ("[approvals](approvals.md)", 0, "[approvals](approvals.md)"),
    ],
)
def test_a_link_that_leaves_the_pages_becomes_text(text: str, depth: int, shown: str) -> None:
    assert unlinked(text, depth=depth) == shown


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="mkdocs is installed by `make docs` alone")
def test_the_site_is_built_strictly_and_fetches_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    for page in tmp_path.rglob("*.html"):
        assert not re.search(r"<(script|link|img|iframe)\b[^>]*(src|href)=\"?(https?:)?//", page.read_text("utf-8"))


def test_code_in_a_table_breaks_at_its_joints_and_shows_its_bars() -> None:
    r"""Was: ``\|`` as it is written for GitHub, and names of files broken within a word."""
    page = "| a | `x \\| y` | `genie/bus/bus.py` |\n\n`a/b`\n\n```text\n| `a/b` |\n```"
    shown = with_breaks(page)
    table, _, rest = shown.partition("\n")
    assert table.count("|") == 4, "a bar of the code is no bar of the table"
    assert html.unescape(table) == "| a | <code>x | y</code> | <code>genie/<wbr>bus/<wbr>bus.py</code> |"
    assert rest == page.partition("\n")[2]
