"""Terms: found in a question, by whole words, in either script; what is not there is said not to be."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from genie_finance.contracts.research import ExplainFinance
from genie_finance.research.financial_educator import explain, glossary, words


def term(question: str) -> str | None:
    return explain(ExplainFinance(question=question)).term


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("SIP", "SIP"),
        ("What is a SIP?", "SIP"),  # the reference has no entry for this
        ("explain compund intrest", "Compound interest"),
        ("how does the standing deposit facility work", "SDF"),
        ("reverse repo rate", "Reverse repo"),  # the longer name, not the repo rate within it
        ("what does value-at-risk say", "VaR"),
        ("रेपो दर क्या है", "Repo rate"),
    ],
)
def test_a_term_is_found_in_a_question(question: str, expected: str) -> None:
    assert term(question) == expected


def test_the_systematic_investment_plan_is_explained_from_its_entry() -> None:
    found = explain(ExplainFinance(question="SIP"))
    assert "systematic investment plan" in found.text
    assert found.citations[0].text == found.text
    assert "XIRR" in explain(ExplainFinance(question="SIP", audience="expert")).text


@pytest.mark.parametrize("question", ["gossip", "the premiums of temiperature", "prudent", "?", "12"])
def test_no_term_is_found_inside_another_word(question: str) -> None:
    found = explain(ExplainFinance(question=question))
    assert found.term != "SIP"
    assert found.term != "EMI"


def test_what_is_not_there_is_said_and_the_nearest_offered_in_the_same_order() -> None:
    one, other = (explain(ExplainFinance(question="mutul found xyz")) for _ in range(2))
    assert one == other
    unknown = explain(ExplainFinance(question="qqqq zzzz"))
    assert (unknown.found, unknown.term, unknown.citations) == (False, None, ())


def test_two_terms_in_a_question_are_both_cited() -> None:
    found = explain(ExplainFinance(question="difference between PPF and NPS"))
    assert {one.term for one in found.citations} == {"PPF", "NPS"}


def test_the_glossary_has_each_name_once_and_no_limits_that_the_law_changes() -> None:
    names = [name for entry in glossary() for name in set(entry.names())]
    assert sorted(names) == sorted(set(names))
    assert len(glossary()) >= 100
    assert not [entry.term for entry in glossary() if "₹" in entry.plain or "lakh" in entry.plain]


@given(text=st.text(min_size=1, max_size=200))
def test_any_text_gets_an_answer_that_rests_on_an_entry_or_none(text: str) -> None:
    found = explain(ExplainFinance(question=text))
    assert found.found == bool(found.citations)
    assert found.text


@given(entry=st.sampled_from(glossary()))
def test_every_name_leads_to_its_entry(entry: object) -> None:
    for name in entry.names():  # type: ignore[attr-defined]  # an entry; hypothesis types it loosely
        assert term(f"please explain {name}") == entry.term  # type: ignore[attr-defined]  # likewise
    assert words("  A--b_c ") == "a b c"


@pytest.mark.parametrize("asked", ["liqidity coverage ratio", "mutul fund", "anuity", "qqqq"])
def test_likeness_is_that_of_rapidfuzz(asked: str) -> None:
    """rapidfuzz 3.14, fuzz.ratio over 100, the most of all names: from 0.86 on the term is taken to be meant."""
    found = explain(ExplainFinance(question=asked))
    best = max((fuzz.ratio(asked, other) / 100, entry.term) for entry in glossary() for other in entry.names())
    assert found.found == (best[0] >= 0.86)
    if found.found:
        assert (found.term, found.citations[0].score) == (best[1], Decimal(f"{best[0]:.2f}"))
