"""`genie runs`: a run can be looked at from its journal, and the page of a run ends with the run itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Genie = Callable[..., Result]
CARD = "4539 1488 0343 6467"


def seen(page: str) -> str:
    return re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)


def test_the_page_of_a_run_and_its_journal_tell_the_same_run(
    genie: Genie, pipeline: Callable[..., str], installed: Path
) -> None:
    words = ("run", pipeline("parrot", more="policies: [clearance, pii]\n"), "--question", f"card {CARD}", "--quiet")
    genie(*words, "--html", "page.html", "--journal", "run.jsonl")
    shown = genie("runs", "show", "run.jsonl", "--html", "again.html")
    assert shown.exit_code == 0, shown.output
    pages = [seen((installed / name).read_text()) for name in ("page.html", "again.html")]
    start = "<h2>The run, delivery by delivery</h2>"
    first, second = (page[page.index(start) : page.index("</main>")] for page in pages)
    told, judges = second.split("<section><h2>Judged by</h2>")
    assert first.split() == told.split(), "a page and a journal tell the same"
    assert "clearance@1" in judges
    assert "<svg" in first
    assert 'id="timeline"' in first
    for verdict in ("redact", "allow"):
        assert verdict in first
        assert verdict in shown.stdout
    assert CARD not in first, "masked for who asked"
    assert CARD not in shown.stdout


def test_one_of_several_runs_is_named(genie: Genie, pipeline: Callable[..., str], installed: Path) -> None:
    for number in (1, 2):
        genie("run", pipeline("parrot"), "--question", "hello", "--quiet", "--journal", f"{number}.jsonl")
    both = installed / "both.jsonl"
    both.write_text("".join((installed / f"{number}.jsonl").read_text() for number in (1, 2)))
    runs = list(dict.fromkeys(json.loads(one)["run_id"] for one in both.read_text().splitlines()))
    ids = [one for one in runs if one]
    assert [one.split()[0] for one in genie("runs", "list", "both.jsonl").stdout.splitlines()] == ids
    ambiguous = genie("runs", "show", "both.jsonl")
    assert ambiguous.exit_code == 2
    assert "--run" in ambiguous.stderr
    assert genie("runs", "show", "both.jsonl", "--run", ids[1]).exit_code == 0
    assert genie("runs", "show", "both.jsonl", "--run", "none").exit_code == 2


def test_what_is_no_journal_is_refused(genie: Genie, installed: Path) -> None:
    (installed / "text.jsonl").write_text("hello\n")
    (installed / "empty.jsonl").write_text("")
    (installed / "bytes.jsonl").write_bytes(b"\xff\xfe")
    for name, code in (("text.jsonl", 2), ("empty.jsonl", 5), ("bytes.jsonl", 2), ("gone.jsonl", 2)):
        for words in (("runs", "show", name), ("runs", "list", name)):
            result = genie(*words)
            assert result.exit_code in {code, 0 if words[1] == "list" and code == 5 else code}, (words, result.output)
            assert "Traceback" not in result.output
