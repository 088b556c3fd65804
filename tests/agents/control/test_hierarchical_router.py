"""The router: clear questions go where they are answered, unclear ones come back, nothing is guessed."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie import Runtime
from genie_finance.contracts.control import RouteAnswer, RouteRequest, RouteScore
from genie_finance.contracts.treasury import ConvertCurrency
from genie_finance.control.hierarchical_router import chosen, hierarchical_router
from genie_finance.control.likeness import cosine, features, ranked, routes
from genie_finance.control.slots import fill
from genie_finance.research.financial_educator import financial_educator
from genie_finance.research.macro_research import macro_research
from genie_finance.research.rate_watcher import rate_watcher
from genie_finance.treasury.currency_converter import currency_converter

FAMILY = (hierarchical_router, financial_educator, rate_watcher, macro_research, currency_converter)

pytestmark = pytest.mark.anyio


async def told(text: str) -> RouteAnswer:
    async with Runtime(FAMILY) as runtime:
        return await runtime.ask(RouteRequest(text=text), RouteAnswer)


@pytest.mark.parametrize(
    ("text", "status", "route"),
    [
        ("What is a SIP?", "answered", "explain"),
        ("What is value at risk?", "answered", "explain"),
        ("convert money", "clarify", "convert_currency"),
        ("plan my advance tax", "needs_input", "tax_year"),
        ("which tax regime is cheaper for me?", "needs_input", "tax_year"),
        ("analyse my bank statement please", "needs_input", "statement"),
        ("what is our value at risk today", "needs_input", "treasury_pack"),
        ("where do interest rates stand in Japan", "no_answer", "policy_rates"),
        ("where do interest rates stand", "clarify", "policy_rates"),
        ("rate outlook for the US and the euro area", "clarify", "policy_rates"),
        ("lorem ipsum dolor", "clarify", None),
        ("?", "clarify", None),
    ],
)
async def test_where_a_sentence_goes(text: str, status: str, route: str | None) -> None:
    found = await told(text)
    assert (found.status, found.route) == (status, route)
    assert len(found.scores) == 3


async def test_two_routes_that_fit_alike_are_asked_about() -> None:
    """The reference sends cosines of .31 and .30 to the first of them: no least score and no margin."""
    scores = tuple(
        RouteScore(route=name, score=Decimal(score)) for name, score in (("tax", "0.31"), ("finance", "0.30"))
    )
    assert chosen(scores) is None
    close = tuple(one.model_copy(update={"score": one.score + Decimal("0.5")}) for one in scores)
    assert chosen(close) is None
    assert chosen((close[0].model_copy(update={"score": Decimal("0.9")}), close[1])) == "tax"


async def test_who_is_not_there_is_named() -> None:
    async with Runtime([hierarchical_router]) as runtime:
        found = await runtime.ask(RouteRequest(text="What is a SIP?"), RouteAnswer)
    assert found.status == "no_answer"
    assert "There is no answer" in found.text


async def test_a_conversion_is_read_from_the_sentence() -> None:
    question = fill("convert_currency", "please convert 1,250.50 usd to rupees").question
    assert isinstance(question, ConvertCurrency)
    assert (str(question.amount), question.to) == ("1,250.50 USD", "INR")
    for vague in ("convert 100 usd", "convert 1 or 2 usd to inr", "convert 1.005 usd to inr", "convert usd to inr"):
        assert fill("convert_currency", vague).question is None


@pytest.mark.parametrize(
    ("text", "amount", "to"),
    [
        ("convert 100k usd to inr", "100,000.00 USD", "INR"),
        ("5 lakh rupees in dollars", "500,000.00 INR", "USD"),
        ("1.5 lakh crore inr to usd", "1,500,000,000,000.00 INR", "USD"),
        ("convert 1.5 million usd to inr", "1,500,000.00 USD", "INR"),
        ("how many rupees for 100 dollars", "100.00 USD", "INR"),
        ("how many rupees is $100", "100.00 USD", "INR"),
        ("USD 100 in INR", "100.00 USD", "INR"),
        ("convert to inr 100 usd", "100.00 USD", "INR"),
        ("rs 5,00,000 to usd", "500,000.00 INR", "USD"),
        ("100 US dollars to Indian rupees", "100.00 USD", "INR"),
        ("100 canadian dollars to euros", "100.00 CAD", "EUR"),
        ("10 Hong Kong dollars in rupees", "10.00 HKD", "INR"),
        ("convert -100 usd to inr", "-100.00 USD", "INR"),
    ],
)
async def test_an_amount_is_read_with_its_size_its_currency_and_its_sign(text: str, amount: str, to: str) -> None:
    """`100k`, `5 lakh` and `rupees for 100 dollars` were taken for 100, 5, and 100 rupees."""
    question = fill("convert_currency", text).question
    assert isinstance(question, ConvertCurrency)
    assert (str(question.amount), question.to) == (amount, to)


@pytest.mark.parametrize(
    "text",
    ["convert 1,5 usd to inr", "100 taiwan dollars to inr", "100 pakistani rupees to usd", "A$100 to inr",
     "100 in usd or inr", "convert 5l inr to usd"],
)  # fmt: skip
async def test_an_amount_that_is_not_understood_is_asked_about(text: str) -> None:
    assert fill("convert_currency", text).question is None


async def test_a_label_is_never_lowered_on_the_way() -> None:
    """The reference relabels whatever it routes as internal; here the bus keeps the highest label that was read."""
    assert RouteRequest.model_config["frozen"]
    from genie.contracts.message import topic_of

    assert topic_of(RouteRequest).classification == topic_of(RouteAnswer).classification


@given(text=st.text(max_size=300))
def test_scores_lie_between_nothing_and_one_and_are_the_same_again(text: str) -> None:
    scores = ranked(text, routes())
    assert scores == ranked(text, tuple(reversed(routes())))
    assert all(0 <= one.score <= 1 for one in scores)
    assert len(scores) == len(routes())


@given(st.lists(st.sampled_from(["bond", "rate", "tax", "fund"]), min_size=1, max_size=6))
def test_a_cosine_is_symmetric_and_one_with_itself(parts: list[str]) -> None:
    one, other = features(" ".join(parts)), features("tax on a fund")
    assert math.isclose(cosine(one, other), cosine(other, one))
    assert math.isclose(cosine(one, one), 1.0)


def test_cosine_as_scipy_has_it() -> None:
    """scipy 1.17.1: one less ``spatial.distance.cosine`` of the same counts."""
    distance = pytest.importorskip("scipy.spatial.distance")
    one, other = features("convert 100 usd to inr"), features("how much is 250 eur in jpy converted")
    names = sorted({*one, *other})
    expected = 1 - distance.cosine([one[name] for name in names], [other[name] for name in names])
    assert cosine(one, other) == pytest.approx(expected)
