"""The assistant answers with figures of the catalogue's agents alone, and each of them says where it came from."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.card import Caller
from genie.contracts.loop_call import LoopAnswer, StopReason, Task
from genie.contracts.model_call import ModelRequest, ToolCall, ToolResult
from genie.errors import InputError
from genie.loops.assistant import assistant, catalogue_tools
from genie.loops.links import linked_numbers
from genie.policies.index import default_set
from genie.policy.policy import Environment
from genie.runtime.runtime import Runtime
from genie_finance.investing.dividend_planner import dividend_planner
from genie_finance.lending.loan_advisor import loan_advisor
from genie_finance.payments.payment_submitter import payment_submitter
from tests.genie.tools_for_tests import call_of, last_results, model, wants

LOAN = json.dumps(
    {
        "principal": {"amount": "1000000", "currency": "INR"}, "annual_rate_percent": "8.5", "term_months": 120,
        "purpose": "personal", "monthly_income": {"amount": "90000", "currency": "INR"},
        "existing_obligations": {"amount": "0", "currency": "INR"}, "borrower_age": 40, "as_of": "2026-04-01",
        "fees": None, "property_value": None,
    }
)  # fmt: skip


def results(*texts: str, code: str = "") -> list[tuple[ToolCall, ToolResult]]:
    made = [call_of("tool", "{}", f"c{number}") for number in range(len(texts))]
    return [
        (call, ToolResult(id=call.id, name="tool", text=text, code=code))
        for call, text in zip(made, texts, strict=True)
    ]


@pytest.mark.anyio
async def test_an_answer_with_figures_of_the_tools_is_linked() -> None:
    found: list[dict[str, object]] = []

    def answer(request: ModelRequest) -> str:
        (result,) = last_results(request)
        assert result.code == "", result.text
        value = json.loads(result.text)
        found.append(value)
        return f"The instalment is ₹{Decimal(str(_figure(value))):,} a month for a loan of 10 lakh."

    agents = (
        model(wants(("loan_advisor", LOAN)), answer),
        assistant(model="model", agents=[loan_advisor]),
        loan_advisor,
    )
    policies = default_set(Environment("development"))
    async with Runtime(agents, policies=policies, caller=Caller(user="ann")) as runtime:
        got = await runtime.ask(Task(goal="What would a loan of 1,000,000 cost?"), LoopAnswer, to="finance_assistant")
    assert (got.stop, got.detail) == (StopReason.ANSWERED, "")
    assert [link.text for link in got.links][1] == "10 lakh"
    assert got.links[0].call == got.calls[0].id
    assert got.links[0].path


def _figure(value: object) -> object:
    """The first amount of a result that is not in the question."""
    if isinstance(value, dict):
        for part in value.values():
            if (inner := _figure(part)) is not None:
                return inner
    if isinstance(value, list):
        return next((inner for part in value if (inner := _figure(part)) is not None), None)
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    return value if not isinstance(value, bool) and number > 1_000 and number != Decimal(1_000_000) else None


@pytest.mark.anyio
async def test_an_invented_figure_is_refused_after_one_more_try() -> None:
    told = []

    def again(request: ModelRequest) -> str:
        told.append(request.turns[-1].parts[0].text)  # type: ignore[union-attr]  # a text
        return "It is 54321."

    agents = (
        model(wants(("loan_advisor", LOAN)), "It costs 12345 a month.", again),
        assistant(model="model", agents=[loan_advisor]), loan_advisor,
    )  # fmt: skip
    async with Runtime(agents, caller=Caller(user="ann")) as runtime:
        got = await runtime.ask(Task(goal="What does it cost?"), LoopAnswer, to="finance_assistant")
    assert (got.stop, got.detail, got.links) == (StopReason.REFUSED, "unlinked_number", ())
    assert "12345" in told[0]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("It is 1,234.50.", ""),
        ("It is ₹1234.5 a month.", ""),
        ("It is 0.33.", ""),
        ("It is 8.5 % a year.", ""),
        ("It is 8.5% a year, due on 2026-04-01.", ""),
        ("1. The first\n2. The second is 7.", ""),
        ("A loss of -50.", ""),
        ("A gain of 50.", "unlinked_number"),
        ("It is 1.2 lakh.", ""),
        ("It is \u0967,\u0968\u0969\u096a.\u096b\u0966.", ""),
        ("No figure at all.", ""),
        ("It is 1234.", "unlinked_number"),
        ("It is 1235.", "unlinked_number"),
        ("It is 0.3.", "unlinked_number"),
        ("It is 85 %.", "unlinked_number"),
        ("It is 12.", "unlinked_number"),
        ("It is 1,234.50 k.", "unlinked_number"),
        ("Due on 2026-04-02.", "unlinked_number"),
        ("It is \uff11\uff12\uff13.", "unlinked_number"),
        ("It doubles to a hundred.", "spelled_number"),
        ("It is twelve.", "spelled_number"),
        ("It is 99 in the words of a tool.", "unlinked_number"),
    ],
)
def test_what_is_a_link(answer: str, code: str) -> None:
    text = json.dumps(
        {
            "monthly": "1234.50", "ratio": 0.333333, "rate": "0.085", "due": "2026-04-01T00:00:00Z",
            "rows": [{"n": 7}, -50], "big": 120000, "told": "about 99 of them",
        }
    )  # fmt: skip
    assert linked_numbers(answer, results(text), "goal").code == code


def test_a_failed_call_links_nothing_and_the_goal_does() -> None:
    assert linked_numbers("It is 7.", results('{"n":7}', code="timeout"), "x").code == "unlinked_number"
    (link,) = linked_numbers("It is 7.", [], "take 7").links
    assert (link.call, link.start) == ("goal", 6)


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_a_number_is_linked_where_it_is_there_and_nowhere_else(one: int, other: int) -> None:
    found = linked_numbers(f"It is {other:,}.", results(json.dumps({"a": [one]})), "")
    assert (found.code == "") == (one == other)


def test_an_agent_that_reaches_outside_is_no_plain_tool() -> None:
    assert [tool.effect for tool in catalogue_tools([dividend_planner])] == ["read"]
    with pytest.raises(InputError):
        catalogue_tools([payment_submitter])
