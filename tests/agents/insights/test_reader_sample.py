"""The shipped sample: made by its script, read without a doubt, and free of anything that looks like personal data."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from stdnum import iban, luhn, verhoeff

from genie_finance.contracts.statements import StatementProfile
from genie_finance.insights.reader import read_statement

FOLDER = Path(__file__).parents[3] / "config" / "statements"
SAMPLE = (FOLDER / "sample.csv").read_bytes()
SAVINGS = (FOLDER / "sample-savings.ofx").read_bytes()


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("make_sample", FOLDER / "make_sample.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_the_script_writes_the_shipped_file_byte_for_byte(script: ModuleType) -> None:
    assert script.sample_csv() == SAMPLE
    assert script.sample_savings_ofx() == SAVINGS
    assert script.sample_csv(seed=1) != SAMPLE


def test_the_sample_leaves_nothing_to_choose_and_its_balance_chains() -> None:
    reading = read_statement("sample.csv", SAMPLE)
    assert (reading.assumptions, reading.notices, reading.quarantined) == ((), (), ())
    transactions = reading.statement.transactions
    assert len(transactions) == SAMPLE.count(b"\n") - 1
    assert sorted({t.date.strftime("%Y-%m") for t in transactions}) == [
        *(f"2025-{month}" for month in (11, 12)), *(f"2026-{month:02}" for month in range(1, 11)),
    ]  # fmt: skip
    assert (transactions[0].date.isoformat(), transactions[-1].date.isoformat()) == ("2025-11-01", "2026-10-31")
    for before, after in pairwise(transactions):
        assert before.balance is not None
        assert before.balance + after.amount == after.balance


def test_the_sample_holds_what_its_script_promises() -> None:
    transactions = read_statement("sample.csv", SAMPLE).statement.transactions

    def amounts(word: str) -> list[str]:
        return [str(t.amount.amount) for t in transactions if word in t.narration]

    assert amounts("NETFLIX") == ["-649.00"] * 8 + ["-799.00"] * 4
    assert len(amounts("CULT FITNESS")) == 5
    assert amounts("CROMA") == ["-4299.00", "4299.00"]
    assert amounts("LIFESTYLE STORES") == ["-3180.00", "-3180.00"]
    assert amounts("SHAKTI INTERIORS") == ["-125000.00"]
    assert amounts("OWN SAVINGS") == ["-40000.00"] * 12
    food: dict[str, int] = {}
    for t in transactions:
        if "SWIGGY" in t.narration or "ZOMATO" in t.narration:
            month = t.date.strftime("%Y-%m")
            food[month] = food.get(month, 0) - t.amount.minor
    latest = food.pop("2026-10")
    assert latest > 2 * max(food.values())


def test_the_savings_account_holds_what_its_script_promises() -> None:
    reading = read_statement("sample-savings.ofx", SAVINGS)
    found = reading.statement.transactions
    # 12 x 40,000.00, interest of 1,575.25 1,861.00 2,146.75 2,432.50, and 65,000.00 out.
    assert [str(t.amount.amount) for t in found].count("40000.00") == 12
    assert sum(t.amount.minor for t in found) == 480_000_00 + 8_015_50 - 65_000_00
    assert (len(found), reading.statement.account, {t.amount.currency for t in found}) == (17, "XX7730", {"INR"})
    assert (reading.assumptions, reading.quarantined) == ((), ())


@pytest.mark.parametrize("text", [SAMPLE.decode(), SAVINGS.decode()], ids=["sample", "savings"])
def test_nothing_in_the_sample_passes_for_personal_data(text: str) -> None:
    # Numbers as inspectors see them: digits with a space or a dash between them.
    numbers = {re.sub("[ -]", "", run) for run in re.findall(r"(?<![0-9])[0-9](?:[ -]?[0-9]){11,}(?![0-9])", text)}
    assert numbers or text != SAMPLE.decode()
    assert not [number for number in numbers if 13 <= len(number) <= 19 and luhn.is_valid(number)]
    assert not [number for number in numbers if len(number) == 12 and number[0] > "1" and verhoeff.is_valid(number)]
    assert not re.search(r"(?<![A-Z])[A-Z]{5}[0-9]{4}[A-Z](?![A-Z0-9])", text)
    assert not re.search(r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z]", text)
    assert not re.search(r"(?<![0-9])(?:\+?91[ -]?|0)?[6-9][0-9]{9}(?![0-9])", text)
    assert not re.search(r"[^\s,@]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}", text)
    assert not [word for word in re.findall(r"\b[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}\b", text) if iban.is_valid(word)]


def test_the_example_profile_is_valid_and_settles_its_statement() -> None:
    profile = StatementProfile.model_validate(yaml.safe_load((FOLDER / "example-profile.yaml").read_text()))
    content = (Path(__file__).parents[2] / "data" / "statements" / "danish_kroner_nordea_example.csv").read_bytes()
    reading = read_statement("nordea.csv", content, profile)
    assert reading.assumptions == ()
    assert {t.amount.currency for t in reading.statement.transactions} == {"DKK"}
    assert reading.statement.account == "household"
