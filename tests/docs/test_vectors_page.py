"""The page on outside vectors has a row for each agent of the catalogue, and names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

from genie_finance.index import AGENTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/agents/vectors.md").read_text()
ROWS = re.findall(r"^\| `(\w+)` \| (.+?) \| (.*?) ?\| (.+) \|$", PAGE, re.MULTILINE)


def test_every_agent_has_one_row_in_the_order_of_the_index() -> None:
    assert [row[0] for row in ROWS] == list(AGENTS)


_SOURCE = re.compile(
    r"[\w-]+(?:\.[\w-]+)*\.(?:com|in|org|gov|de|se|io|ai|dev|info|si)\b|scipy|numpy|pyxirr|rapidfuzz|stdnum"
)
_ELSEWHERE = {"identity_verifier"}
"""What its tests share with those of another agent."""


def test_a_source_of_the_page_is_named_where_the_vectors_are() -> None:
    unnamed = []
    for agent, _, source, tests in ROWS:
        paths = re.findall(r"`([\w/]+\.py)`", f"{source} {tests}")
        text = "".join(
            (ROOT / "tests" / place / path).read_text()
            for place in (".", "agents")
            for path in paths
            if (ROOT / "tests" / place / path).is_file()
        ).lower()
        named = [one for one in _SOURCE.findall(source) if one.lower() in text]
        if _SOURCE.search(source) and not named and agent not in _ELSEWHERE:
            unnamed.append(agent)
    assert unnamed == []


def test_vectors_have_a_source_and_rows_name_tests_that_exist() -> None:
    for agent, vectors, source, tests in ROWS:
        assert vectors.startswith("none") is (not source.strip()), agent
        for path in re.findall(r"`([\w/]+\.py)`", tests):
            assert any((ROOT / "tests" / place / path).is_file() for place in (".", "agents")), path
