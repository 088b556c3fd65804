"""Every block of README and docs that can be run is run.

``python`` blocks of a page run in order in one namespace; an ``output`` block after one is what it prints. ``console``
blocks: each ``$ genie …`` is run and ends with 0, or with the code in a comment ``# exit N``; the lines below it appear
in what it prints, in that order. ``yaml`` blocks that list agents are loaded and checked as pipelines.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
import types
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One fenced block of a page."""

    kind: str
    text: str
    line: int
    """Line of the page on which its content starts, from 1."""


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    return [Block(found[1], found[2], text.count("\n", 0, found.start(2)) + 1) for found in _FENCE.finditer(text)]


def pages_with(*kinds: str) -> list[Path]:
    return [page for page in PAGES if any(block.kind in kinds for block in blocks(page))]


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", pages_with("python"), ids=named)
def test_python_blocks_run_and_print_what_is_shown(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = types.ModuleType(f"page_{page.stem}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").symlink_to(ROOT / "config")
    printed = ""
    for block in blocks(page):
        if block.kind == "python":
            code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(code, module.__dict__)  # noqa: S102 - the page's own code
            printed = out.getvalue()
        elif block.kind == "output":
            assert printed == block.text, f"{named(page)}:{block.line}"


SLOW = {"docs/agents/fraud.md", "docs/benchmark.md", "docs/simulation.md"}
"""Pages whose commands measure for seconds, or simulate many seeds or customers."""


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] if named(page) in SLOW else [], id=named(page))
        for page in pages_with("console")
    ],
)
def test_commands_end_and_print_as_shown(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from genie.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").symlink_to(ROOT / "config")
    for block in blocks(page):
        if block.kind == "console":
            for command, code, lines in commands(block.text):
                result = CliRunner().invoke(main, shlex.split(command))
                where = f"{named(page)}:{block.line}: genie {command}\n{result.output}"
                assert result.exit_code == code, where
                rest = result.output
                for line in lines:
                    assert line in rest, where
                    rest = rest.split(line, 1)[1]


def commands(text: str) -> list[tuple[str, int, list[str]]]:
    """Return the words after ``genie``, the exit code, and the lines shown below, of each command of a block."""
    found: list[tuple[str, int, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            command, _, comment = line.removeprefix("$ ").partition("  # ")
            code = re.search(r"exit (\d+)", comment)
            name, _, words = command.strip().partition(" ")
            found.append((words if name == "genie" else "", int(code[1]) if code else 0, []))
        elif found and line.strip() not in {"", "..."}:
            found[-1][2].append(line)
    return [one for one in found if one[0]]


@pytest.mark.parametrize("page", pages_with("yaml"), ids=named)
def test_pipelines_shown_can_run(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from genie.config.loader import parse

    monkeypatch.chdir(ROOT)
    for block in blocks(page):
        if block.kind == "yaml" and re.search(r"^agents:", block.text, re.MULTILINE):
            assert parse(block.text, name=f"{named(page)}:{block.line}").bindings


@pytest.mark.parametrize("page", pages_with("yaml"), ids=named)
def test_rules_shown_can_be_loaded_and_their_examples_pass(
    page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from genie.cli import main

    monkeypatch.chdir(tmp_path)
    for block in blocks(page):
        if block.kind == "yaml" and re.search(r"^rules:", block.text, re.MULTILINE):
            (tmp_path / "shown.yaml").write_text(block.text)
            done = CliRunner().invoke(main, ["policy", "test", "shown.yaml"])
            assert done.exit_code == 0, f"{named(page)}:{block.line}: {done.output}{done.stderr}"


def test_links_lead_somewhere() -> None:
    dead = [
        f"{named(page)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
        if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists()
    ]
    assert dead == []


_MADE = frozenset({"genie/config/bundled", "config/test_models.py", "config/schemas"})
"""What a build, or a reader's own project, has there."""


def test_every_path_named_exists() -> None:
    path = re.compile(r"(?<![\w/.])(?:agents|benchmarks|config|docs|genie|tests|tools|\.ci)(?:/[\w.*-]+)+")
    pages = [*PAGES, *sorted((ROOT / "tests").rglob("README.md"))]
    missing = [
        f"{page.relative_to(ROOT)}: {named_there}"
        for page in pages
        for code in re.findall(r"`([^`\n]+)`", page.read_text())
        for named_there in (one.rstrip("/.") for one in path.findall(code))
        if named_there not in _MADE and not any(ROOT.glob(named_there))
    ]
    assert missing == []


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site make them from the words."""
    text = _FENCE.sub("", page.read_text())
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", title)).strip().lower().replace(" ", "-")
        for title in headings
    }


def test_anchors_are_headings() -> None:
    dead = [
        f"{named(page)}: {target}#{anchor}"
        for page in PAGES
        for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text())
        if not re.match(r"[a-z]+:", target) and anchor not in anchors((page.parent / target) if target else page)
    ]
    assert dead == []
