"""Attack: a model states a figure that no tool gave, written so that the check of numbers reads another one."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from genie.contracts.model_call import JsonText, ToolCall, ToolResult
from genie.loops.links import linked_numbers, unknown_numbers

RESULT = {
    "amount": 500, "zero": 0, "share": 0.5, "fee_percent": 0.25, "rate_percent": 8.5, "five": 5, "six": 6,
    "exact": 1.125, "million": 1_000_000, "lost": -20, "paid": 5_000, "due": "2026-03-31", "account": "XX1234",
    "price": "USD 1,25,000.50", "two": 2, "year": 2026,
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
        "minus 500", "-\u20b9500", "\u20b9(500)", "negative Rs 500", "500-", "500 Dr", "6 grand", "5 mil", "5 mio",
        "6 Mrd", "5 L", "5 arab", "5 MM", "5B", "5T", "5 b", "5 MUSD", "5a", "5\u2031", "0.5 pp", "0.5 pct",
        "0.25\uff05 of 25\uff05", "0.5 Prozent", "5\u4e07\u5143", "5 \u0932\u093e\u0916", "5\u0932\u093e\u0916",
        "5 \u043c\u043b\u043d", "6 Tausend", "5^6", "5**6", "5\u20446", "2 April 2026", "April 2026", "31 March 2025",
        "31/03/2025", "30.03.2026", "31 April 2026", "03/04/2026", "March 30", "XX1235", "1.26 lakh", "-20-",
    ],
)  # fmt: skip
def test_a_number_that_reads_as_another_is_refused(text: str) -> None:
    assert linked_numbers(text, CALLS, "").code == "unlinked_number"


@pytest.mark.parametrize(
    "text",
    [
        "\u00bd of it", "a third of it", "one quarter", "\u2167 years", "zero", "it doubled", "two trillions",
        "5\u00b2", "\u2464 months", "\u4e94\u767e", "f\u200bive", "\uff46\uff49\uff56\uff45", "nil", "tenfold",
        "one month", "\u0924\u0940\u0928 \u092e\u093e\u0939", "f\u00fcnfhundert", "cinq cents", "quinientos", "\u221e",
    ],
)  # fmt: skip
def test_a_number_in_words_or_signs_is_refused(text: str) -> None:
    assert linked_numbers(text, CALLS, "").code == "spelled_number"


@pytest.mark.parametrize(
    "text",
    [
        "500.00", "5,000", "5 000", "5,000.00", "-20", "\u221220", "0.25 %", "50 %", "8.5 %", "8.50 per cent", "1.13",
        "1.125", "1 million", "10 lakh", "5-6", "5 and 6", "1. 500\n2. 5\n\n1. 6", "1,000,000", "10,00,000",
        "0.005 million", "31 March 2026", "March 31, 2026", "31/03/2026", "31 Mar", "March 2026", "in 2026",
        "(20)", "(500)", "-\u20b920", "minus 20", "\u20b9(20)", "20 Dr", "account XX1234", "\u20b91,25,000.50", "10 L",
        "5x", "the 2nd", "5 m\u00b2",
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
    assert unknown_numbers("It is 1,5 of 7.", {Decimal(7)}) == {"1,5"}


def test_a_flood_of_numbers_is_refused_before_all_of_them_are_read() -> None:
    assert linked_numbers("500; " * 20_000, CALLS, "").code == "answer_too_long"
