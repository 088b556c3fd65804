"""Odd transfers: the catalogue's cases kept or corrected, journeys from outside, and what must always hold."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.contracts.fraud import FraudCheck, FraudVerdict
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.transfers import Transfer
from genie_finance.fraud.fraud_detector import detect

Make = Callable[..., Transfer]
MUMBAI = {"latitude": 19.076, "longitude": 72.8777}
DELHI = {"latitude": 28.6139, "longitude": 77.209}


def answered(*transfers: Transfer, **fields: object) -> FraudVerdict:
    found = detect(FraudCheck.model_validate({"transfers": transfers, **fields}))
    assert isinstance(found, FraudVerdict)
    return found


def patterns(verdict: FraudVerdict) -> list[str]:
    return sorted(one.pattern for one in verdict.signals)


def habit(transfer: Make, *, amount: int = 1_000) -> list[Transfer]:
    """Return twelve payments to one shop on one device, in daylight."""
    return [
        transfer(f"2026-01-{day:02}T12:00+05:30", "a", "shop", amount + day, category="food", device_id="phone")
        for day in range(1, 13)
    ]


# --- the catalogue's cases, kept or corrected ---


def test_five_payments_within_five_minutes_are_a_burst(transfer: Make) -> None:
    rows = [transfer(f"2026-01-05T10:0{minute}+05:30", "a", f"p{minute}", 100) for minute in range(5)]
    (signal,) = answered(*rows).signals
    assert (signal.pattern, signal.severity, len(signal.transaction_ids)) == ("velocity_burst", "high", 5)


def test_every_burst_counts_not_the_first_alone(transfer: Make) -> None:
    """Was: only the members of the first burst were flagged."""
    rows = [
        transfer(f"2026-01-0{day}T10:0{minute}+05:30", "a", f"p{minute}", 100)
        for day in (5, 6)
        for minute in range(5)
    ]  # fmt: skip
    assert patterns(answered(*rows)) == ["velocity_burst", "velocity_burst"]


def test_a_burst_that_goes_on_is_one(transfer: Make) -> None:
    rows = [transfer(f"2026-01-05T10:{minute:02}+05:30", "a", f"p{minute}", 100) for minute in range(60)]
    (signal,) = answered(*rows).signals
    assert signal.reason == "60 payments within five minutes of each other."


def test_batches_of_a_payroll_are_no_burst(transfer: Make) -> None:
    rows = [transfer("2026-01-05T10:00+05:30", "a", f"p{number}", 100, channel="neft") for number in range(9)]
    assert answered(*rows).signals == ()


def test_days_without_a_time_are_no_burst_and_no_midnight(transfer: Make) -> None:
    """Was: five payments of one day were a burst, and a rent of sixty thousand left after hours."""
    rows = [transfer("2026-01-05", "a", f"p{number}", 100) for number in range(5)]
    rows.append(transfer("2026-01-05", "a", "landlord", 60_000))
    verdict = answered(*rows)
    assert verdict.signals == ()
    assert {"velocity_burst", "after_hours_large_debit"} <= {one.check for one in verdict.unchecked}
    assert verdict.label == "undetermined"


def test_receipts_are_no_burst(transfer: Make) -> None:
    """Was: money coming in counted too."""
    rows = [transfer(f"2026-01-05T10:0{minute}+05:30", f"p{minute}", "a", 100) for minute in range(5)]
    assert answered(*rows).signals == ()


def test_mumbai_to_delhi_in_a_quarter_of_an_hour(transfer: Make) -> None:
    rows = [
        transfer("2026-01-05T10:00+05:30", "a", "x", 100, place=MUMBAI),
        transfer("2026-01-05T10:15+05:30", "a", "y", 100, place=DELHI),
    ]
    (signal,) = answered(*rows).signals
    assert signal.pattern == "impossible_travel"
    assert "1,148 km in 15 minutes" in signal.reason


def test_two_cities_at_the_same_minute_are_worse_not_better(transfer: Make) -> None:
    """Was: skipped, as no time lay between."""
    rows = [transfer("2026-01-05T10:00+05:30", "a", name, 100, place=at) for name, at in (("x", MUMBAI), ("y", DELHI))]
    assert patterns(answered(*rows)) == ["impossible_travel"]


def test_another_currency_hides_no_journey_and_no_burst(transfer: Make) -> None:
    """A card that pays rupees in Mumbai and dollars in New York an hour later is where journeys matter most."""
    home = transfer("2026-01-05T10:00:00", "a", "x", 500, place={"latitude": 19.076, "longitude": 72.8777})
    dollars = {"amount": "50", "currency": "USD"}
    away = transfer("2026-01-05T11:00:00", "a", "y", dollars, place={"latitude": 40.7128, "longitude": -74.006})
    assert "impossible_travel" in patterns(answered(home, away))
    mixed = [transfer(f"2026-01-05T10:0{at}:00", "a", "x", dollars if at % 2 else 100) for at in range(5)]
    assert "velocity_burst" in patterns(answered(*mixed))


def test_a_large_payment_at_half_past_two(transfer: Make) -> None:
    assert patterns(answered(transfer("2026-01-05T02:30+05:30", "a", "b", 75_000))) == ["after_hours_large_debit"]
    assert patterns(answered(transfer("2026-01-04T21:00+00:00", "a", "b", 75_000))) == ["after_hours_large_debit"]
    assert patterns(answered(transfer("2026-01-05T02:30", "a", "b", 75_000))) == ["after_hours_large_debit"]
    assert patterns(answered(transfer("2026-01-05T05:00+05:30", "a", "b", 75_000))) == []
    assert patterns(answered(transfer("2026-01-05T02:30+05:30", "a", "b", 49_999))) == []


@pytest.mark.parametrize(
    "category",
    ["crypto", "Gambling", "forex", "gift_cards", "prepaid_top", "transfer.crypto", "gambilng", "gift-card", "bettnig"],
)
def test_risky_purchases(transfer: Make, category: str) -> None:
    assert patterns(answered(transfer("2026-01-05T12:00+05:30", "a", "b", 10, category=category))) == [
        "high_risk_category"
    ]


# --- from outside ---


def test_nashville_to_los_angeles_takes_longer_than_three_hours(transfer: Make) -> None:
    """Rosetta Code's airports, 2,886 km apart: 962 km/h within three hours is too fast, 722 within four is not."""
    start, end = {"latitude": 36.12, "longitude": -86.67}, {"latitude": 33.94, "longitude": -118.40}
    for hour, expected in ((3, ["impossible_travel"]), (4, [])):
        rows = [
            transfer("2026-01-05T10:00+00:00", "a", "x", 100, place=start),
            transfer(f"2026-01-05T{10 + hour}:00+00:00", "a", "y", 100, place=end),
        ]
        assert patterns(answered(*rows)) == expected


def test_stockholm_to_singapore_in_two_hours(transfer: Make) -> None:
    """The example of Curity's manual, impossible journey action: Sweden, and Singapore two hours later."""
    rows = [
        transfer("2026-01-05T10:00+00:00", "a", "x", 100, place={"latitude": 59.33, "longitude": 18.07}),
        transfer("2026-01-05T12:00+00:00", "a", "y", 100, place={"latitude": 1.35, "longitude": 103.82}),
    ]
    assert patterns(answered(*rows)) == ["impossible_travel"]


# --- habits ---


def test_a_new_payee_a_new_amount_and_a_new_device_add_up(transfer: Make) -> None:
    rows = habit(transfer)
    odd = transfer("2026-01-20T12:00+05:30", "a", "stranger", 90_000, category="people", device_id="other")
    verdict = answered(*rows, odd, candidates=(odd.transaction_id,))
    assert patterns(verdict) == ["amount_novelty", "new_payee_large", "unknown_device"]
    assert (verdict.examined, verdict.score, verdict.label) == (1, Decimal("0.9"), "high")


def test_more_of_the_same_is_low_and_says_so_only_when_all_is_known(transfer: Make) -> None:
    rows = habit(transfer)
    usual = transfer("2026-01-20T12:00+05:30", "a", "shop", 1_010, category="food", device_id="phone")
    assert answered(*rows, usual, candidates=(usual.transaction_id,)).label == "low"
    alone = answered(usual)
    assert alone.score == 0
    assert alone.label == "undetermined"
    assert {one.check for one in alone.unchecked} == {"amount_novelty", "new_payee_large", "unknown_device"}


def test_null_island_is_nowhere(transfer: Make) -> None:
    rows = [
        transfer("2026-01-05T10:00+05:30", "a", "x", 100, place=MUMBAI),
        transfer("2026-01-05T10:15+05:30", "a", "y", 100, place={"latitude": 0, "longitude": 0}),
    ]
    assert answered(*rows).signals == ()


def test_without_the_payment_nothing_is_said(transfer: Make) -> None:
    assert isinstance(detect(FraudCheck(transfers=())), InsufficientData)
    found = detect(FraudCheck(transfers=tuple(habit(transfer)), candidates=("other",)))
    assert isinstance(found, InsufficientData)
    assert found.missing[0].what == "transfer other"
    deposit = transfer("2026-01-05", None, "a", 10, channel="cash")
    assert isinstance(detect(FraudCheck(transfers=(deposit,))), InsufficientData)


# --- laws ---

_ROWS = st.lists(
    st.tuples(st.integers(0, 600), st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(1, 10**7)),
    min_size=1,
    max_size=30,
)


def _transfers(rows: list[tuple[int, str, str, int]]) -> list[Transfer]:
    return [
        Transfer.model_validate(
            {
                "transaction_id": f"t{at}", "timestamp": f"2026-01-05T{minute // 60:02}:{minute % 60:02}+05:30",
                "sender": sender, "recipient": recipient, "amount": {"minor": minor, "currency": "INR"},
                "channel": "upi",
            }
        )
        for at, (minute, sender, recipient, minor) in enumerate(rows)
    ]  # fmt: skip


@given(_ROWS, st.integers(0, 2**32))
def test_order_of_input_does_not_matter(rows: list[tuple[int, str, str, int]], seed: int) -> None:
    transfers = _transfers(rows)
    shuffled = list(transfers)
    random.Random(seed).shuffle(shuffled)
    assert answered(*transfers) == answered(*shuffled)


@given(_ROWS)
def test_senders_are_judged_each_alone(rows: list[tuple[int, str, str, int]]) -> None:
    transfers = _transfers(rows)
    together = answered(*transfers)
    apart = [
        signal
        for name in "ab"
        if (own := [one for one in transfers if one.sender == name])
        for signal in answered(*own).signals
    ]
    assert sorted(map(repr, together.signals)) == sorted(map(repr, apart))
