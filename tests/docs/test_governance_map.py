"""The governance map names tests that exist, and every policy has the page that the overview links to."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from genie.policies.index import POLICIES

ROOT = Path(__file__).parents[2]
MAP = (ROOT / "docs" / "governance-map.md").read_text()
ROWS = [line for line in MAP.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| risk |"))]
ELSEWHERE = {"rules": "rules.md"}
"""Policies whose page is not among those of the policies: the page on rules is about files first."""


def defined() -> set[str]:
    """Return the name of every test of the tree."""
    found = (re.findall(r"^ *(?:async )?def (test_\w+)\(", path.read_text(), re.MULTILINE)
             for path in (ROOT / "tests").rglob("test_*.py"))  # fmt: skip
    return {name for names in found for name in names}


def test_every_test_that_the_map_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", MAP))
    assert len(named) > 40
    assert named - defined() == set()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:30])
def test_a_row_proves_its_control_or_says_that_it_has_none(row: str) -> None:
    name, control, proof = (cell.strip() for cell in row.strip().removeprefix("|").removesuffix("|").split("|"))
    if name in {"recommendation", "function", "statement", "of"}:
        return
    assert control
    assert proof or "*not covered" in control or "nothing of Genie" in control, row


def test_the_frameworks_are_whole() -> None:
    for prefix, count in (("LLM", 10), ("ASI", 10)):
        numbers = [int(number) for number in re.findall(rf"^\| {prefix}(\d\d) ", MAP, re.MULTILINE)]
        assert numbers == list(range(1, count + 1))
    assert [int(number) for number in re.findall(r"^\| (\d+) ", MAP, re.MULTILINE)] == list(range(1, 27))
    assert re.findall(r"^\| ([A-Z]{3,}) \|", MAP, re.MULTILINE) == ["GOVERN", "MAP", "MEASURE", "MANAGE"]


SEMANTICS = (
    "one way", "account", "directed sends", "stalls", "order", "guarantee", "backpressure", "deadlines", "cancellation",
    "verdicts that age", "not admitted", "fallback", "observers", "failure", "when outputs leave",
    "what cannot be contained", "context variables", "isolation", "nobody there", "identity", "loops",
    "rates and budgets", "drain", "taps", "journal",
)  # fmt: skip
"""Every statement of the design on what happens to a message."""
GOVERNANCE = (
    "inspectors", "declared label", "found labels", "declassification", "what cannot be masked", "policies",
    "slow judges", "verdicts", "holds", "approvals", "edits", "people", "obligations", "fail closed", "caller",
    "evidence", "trail",
)  # fmt: skip
"""Every statement of the design on governance."""


@pytest.mark.parametrize(("section", "statements"), [("Semantics", SEMANTICS), ("Governance", GOVERNANCE)])
def test_every_statement_of_the_design_has_tests_that_name_it(section: str, statements: tuple[str, ...]) -> None:
    table = MAP.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    rows = {row.split("|")[1].strip(): row.split("|")[3] for row in table.splitlines() if row.startswith("| ")}
    rows.pop("statement")
    rows.pop("---")
    assert tuple(rows) == statements
    tests = defined()
    for statement, proof in rows.items():
        named = set(re.findall(r"`(test_\w+)`", proof))
        assert named, statement
        assert named <= tests, (statement, named - tests)


SENTENCES = {
    "one way": 2, "account": 7, "directed sends": 3, "stalls": 2, "order": 5, "guarantee": 3, "backpressure": 8,
    "deadlines": 3, "cancellation": 2, "verdicts that age": 4, "not admitted": 6, "fallback": 1, "observers": 3,
    "failure": 6, "when outputs leave": 6, "what cannot be contained": 2, "context variables": 1, "isolation": 2,
    "nobody there": 2, "identity": 2, "loops": 2, "rates and budgets": 4, "drain": 4, "taps": 4, "journal": 2,
    "inspectors": 3, "declared label": 2, "found labels": 3, "declassification": 1, "what cannot be masked": 3,
    "policies": 1, "slow judges": 2, "verdicts": 1, "holds": 8, "approvals": 3, "obligations": 2, "fail closed": 5,
    "caller": 1, "evidence": 1,
}  # fmt: skip
"""How many sentences of the design each row stands for; edits, people and the trail are of a later date than it."""


def test_every_sentence_of_the_design_has_tests_that_name_it() -> None:
    table = MAP.partition("\n## Sentence by sentence\n")[2]
    rows = [[cell.strip() for cell in row.split("|")[1:4]] for row in table.splitlines() if row.startswith("| ")][2:]
    assert Counter(of for of, _, _ in rows) == SENTENCES
    assert set(SENTENCES) == {*SEMANTICS, *GOVERNANCE} - {"edits", "people", "trail"}
    assert len({(of, sentence) for of, sentence, _ in rows}) == len(rows)
    tests = defined()
    for of, sentence, proof in rows:
        named = set(re.findall(r"`(test_\w+)`", proof))
        assert named, (of, sentence)
        assert named <= tests, (of, sentence, named - tests)


def test_every_attack_says_what_it_tries_and_is_in_the_threat_model() -> None:
    model = (ROOT / "docs" / "threat-model.md").read_text()
    for path in (ROOT / "tests" / "attacks").glob("test_*.py"):
        first = path.read_text().splitlines()[0]
        assert first.startswith('"""Attack: '), path.name
        assert f"`{path.stem}`" in model, path.name


def test_notices_and_policies_have_their_pages() -> None:
    overview = (ROOT / "docs" / "policies.md").read_text()
    for name in POLICIES:
        assert f"`{name}`" in overview
        address = ELSEWHERE.get(name, f"policies/{name}.md")
        assert f"({address})" in overview
        page = (ROOT / "docs" / address).read_text()
        assert "```" in page
        if name not in ELSEWHERE:
            assert POLICIES[name].partition(":")[0] in page
