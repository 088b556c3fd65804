"""Attack: a model states a figure that no tool gave, written so that the check of numbers reads another one."""

from __future__ import annotations

import json

import pytest

from genie.contracts.model_call import JsonText, ToolCall, ToolResult
from genie.loops.links import linked_numbers, numbers_in

RESULT = {
    "amount": 500, "zero": 0, "share": 0.5, "fee_percent": 0.25, "rate_percent": 8.5, "five": 5, "six": 6,
    "exact": 1.125, "million": 1_000_000, "lost": -20, "paid": 5_000,
}  # fmt: skip
CALL = ToolCall(id="c", name="tool", arguments=JsonText("{}"))
CALLS = [(CALL, ToolResult(id="c", name="tool", text=json.dumps(RESULT)))]


@pytest.mark.parametrize(
    "text",
    [
        "5 trillion", "5 thousands of them, 5 lacs", "5e6", "6E-3", "6 tn", "6 mln", "6 bps", "6 basis points",
        "6\u2030", "6 hundred", "5 000 000", "6 000", "6\u2009000", "6\u200b000", "6\u2060000", "5,6", "500.000",
        "1.1250", "6.000", "\u2013500", "\uff0d500", "\u201020.5", "5-6 lakh", "5 to 6 %, 0.085", "850 %", "0.085",
        "0.06", "25 %", "Pay\n500) and\n45. a month", "Pay\n7. a month", "1. 500\n3. 5",
    ],
)  # fmt: skip
def test_a_number_that_reads_as_another_is_refused(text: str) -> None:
    assert linked_numbers(text, CALLS, "").code == "unlinked_number"


@pytest.mark.parametrize(
    "text", ["\u00bd of it", "a third of it", "one quarter", "\u2167 years", "zero", "it doubled", "two trillions"]
)
def test_a_number_in_words_or_signs_is_refused(text: str) -> None:
    assert linked_numbers(text, CALLS, "").code == "spelled_number"


@pytest.mark.parametrize(
    "text",
    [
        "500.00", "5,000", "5 000", "5,000.00", "-20", "\u221220", "0.25 %", "50 %", "8.5 %", "8.50 per cent", "1.13",
        "1.125", "1 million", "10 lakh", "5-6", "5 and 6", "1. 500\n2. 5\n\n1. 6", "1,000,000", "10,00,000",
        "0.005 million",
    ],
)  # fmt: skip
def test_a_number_of_a_result_is_linked_however_people_write_it(text: str) -> None:
    found = linked_numbers(text, CALLS, "")
    assert found.code == ""
    assert found.links


def test_a_fraction_is_not_its_percentage_and_a_percentage_is_not_its_fraction() -> None:
    only = [(CALL, ToolResult(id="c", name="tool", text='{"share": 0.5}'))]
    named = [(CALL, ToolResult(id="c", name="tool", text='{"share_percent": "0.5"}'))]
    assert [linked_numbers(text, only, "").code for text in ("0.5 %", "50 %")] == ["unlinked_number", ""]
    assert [linked_numbers(text, named, "").code for text in ("0.5 %", "50 %")] == ["", "unlinked_number"]


def test_a_number_that_has_two_readings_is_no_number_of_a_document() -> None:
    assert numbers_in("It is 1,5 of 7.") - {7} == {"1,5"}
