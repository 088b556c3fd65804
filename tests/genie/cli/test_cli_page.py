"""`--html`: a page beside the report of a run or a benchmark, whole or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Genie = Callable[..., Result]


def charts(page: str) -> dict[str, dict[str, object]]:
    read: dict[str, dict[str, object]] = json.loads(
        re.findall(r'<script type="application/json" id="charts">(.*?)</script>', page)[0]
    )
    return read


def seen(page: str) -> str:
    """Return the page without its data, scripts and style."""
    return re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)


def test_a_run_writes_its_page_beside_its_report(genie: Genie, pipeline: Callable[..., str], installed: Path) -> None:
    result = genie("run", pipeline("gapped"), "--html", "page.html", "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["report"]["text"] == "hello"
    page = (installed / "page.html").read_text()
    assert "A pipeline of toys" in page
    assert "sleeper: late" in page
    assert sorted(path.name for path in installed.iterdir()) == ["page.html", "toys.yaml"]


def test_a_page_and_a_journal_are_written_in_one_run(
    genie: Genie, pipeline: Callable[..., str], installed: Path
) -> None:
    words = ("run", pipeline("parrot"), "--question", "hello", "--quiet")
    assert genie(*words, "--journal", "alone.jsonl").exit_code == 0
    assert genie(*words, "--html", "page.html", "--journal", "beside.jsonl").exit_code == 0

    def kinds(name: str) -> list[str]:
        return [json.loads(line)["kind"] for line in (installed / name).read_text().splitlines()]

    assert (installed / "page.html").is_file()
    assert kinds("beside.jsonl") == kinds("alone.jsonl")
    assert kinds("alone.jsonl")


def test_a_held_answer_has_a_page(genie: Genie, pipeline: Callable[..., str], installed: Path) -> None:
    result = genie("run", pipeline("parrot", more="policies: [hold_answers]\n"), "--html", "page.html")
    assert result.exit_code == 5
    page = seen((installed / "page.html").read_text())
    assert "<dt>Held</dt><dd>1</dd>" in page
    assert "a person decides" in page
    assert "approve(id)" not in page
    assert page.count('role="note"') == 1


@pytest.mark.parametrize(
    ("agents", "words", "code", "line"),
    [
        (("picky",), ("--html", "page.html"), 2, "is a photograph"),
        (("parrot",), ("--html", "nowhere/page.html"), 2, "nowhere/page.html: cannot be written"),
        (("parrot",), ("--html", "."), 2, ".: is a folder"),
        (("parrot",), ("--html", "page.html", "--journal", "page.html"), 2, "is named by --journal and by --html"),
        (("interrupted",), ("--html", "page.html"), 130, "interrupted"),
    ],
)
def test_what_fails_leaves_no_page(
    genie: Genie, pipeline: Callable[..., str], installed: Path, agents: tuple[str, ...], words: tuple[str, ...],
    code: int, line: str,
) -> None:  # fmt: skip
    (installed / "input.txt").write_text("hello")
    before = pipeline(*agents)
    result = genie("run", before, "--input", "input.txt", *words)
    assert result.exit_code == code, result.output
    assert line in result.stderr
    assert "Traceback" not in result.output
    assert sorted(path.name for path in installed.iterdir()) == ["input.txt", "toys.yaml"]


def test_a_page_that_was_there_stays_when_a_run_fails(
    genie: Genie, pipeline: Callable[..., str], installed: Path
) -> None:
    (installed / "page.html").write_text("the last one")
    (installed / "input.txt").write_text("hello")
    assert genie("run", pipeline("picky"), "--input", "input.txt", "--html", "page.html").exit_code == 2
    assert (installed / "page.html").read_text() == "the last one"


@pytest.mark.slow
@pytest.mark.usefixtures("own_garbage")
def test_a_benchmark_writes_its_page(genie: Genie, installed: Path) -> None:
    result = genie("bench", "fanout", "--fanout", "2", "--requests", "50", "--html", "page.html", "--json")
    assert result.exit_code == 0, result.output
    assert charts((installed / "page.html").read_text())["ratio"]["ratio"] == [json.loads(result.stdout)[0]["ratio"]]


@pytest.mark.usefixtures("own_garbage")
def test_a_benchmark_whose_page_has_no_place_is_not_run(genie: Genie, installed: Path) -> None:
    result = genie("bench", "fanout", "--html", "nowhere/page.html")
    assert result.exit_code == 2
    assert "nowhere/page.html: cannot be written" in result.stderr
