"""Sets of patterns find what each pattern finds by itself, in texts of every length."""

from __future__ import annotations

import re

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.detectors.injection.prefilter import shipped
from genie.policies.pii import Pii
from genie.policies.secrets import Secrets
from genie.policy.pattern_sets import SHORT, PatternSets, TokenPattern

LONG_TOKEN = re.compile(r"[A-Za-z0-9+/_\-]{16}")
SHIPPED = tuple(
    dict.fromkeys(
        pattern for inspector in (*Pii().inspectors, *Secrets().inspectors, shipped()) for pattern in inspector.patterns
    )
)
TOKENS = [pattern for pattern in SHIPPED if isinstance(pattern, TokenPattern)]
MADE = (
    r"card",
    r"[0-9]{4}",
    TokenPattern(r"[a-f0-9]{16}"),
    r"(?i)x{3,}y",
    TokenPattern(r"(?:[A-Z][a-z0-9]{3}){4}"),
    "-",
)
TEXTS = st.lists(
    st.sampled_from(("card", "1234", "deadbeef", "0" * 16, "Abc1", "xXxy", "-", " ", "\x1f", "é", "+/_")), max_size=12
).map("".join)


def alone(pattern: str, text: str) -> bool:
    return re2.search(str(pattern), text) is not None


@given(TEXTS)
def test_a_set_finds_what_each_pattern_finds_by_itself(text: str) -> None:
    expected = [number for number, pattern in enumerate(MADE) if alone(pattern, text)]
    sets, data = PatternSets(MADE), text.encode()
    assert sets.hits(data) == expected
    if sets.is_clean(data) or (len(data) <= SHORT and sets.match(data) == sets.clean):
        assert expected == []


@pytest.mark.parametrize("pattern", TOKENS, ids=range(len(TOKENS)))
def test_every_match_of_a_token_pattern_holds_a_long_token(pattern: str) -> None:
    @settings(max_examples=50)
    @given(st.from_regex(re.compile(str(pattern), re.ASCII), fullmatch=True))
    def holds(text: str) -> None:
        assert LONG_TOKEN.search(text)

    holds()


def test_the_counts_of_the_shipped_patterns_that_multiply_most_are_of_tokens() -> None:
    assert {r"[0-9A-Fa-f]{16}", r"[A-Za-z0-9]{24,}", r"(?i)[a-z]{18,}"} <= set(TOKENS)


def test_a_pattern_that_does_not_compile_is_refused() -> None:
    with pytest.raises(ValueError, match="failed"):
        PatternSets(["a", "(b"])
