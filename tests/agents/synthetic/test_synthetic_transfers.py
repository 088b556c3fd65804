"""Transfers of neighbours: each movement once, the ring whole, what nobody watches left out."""

from __future__ import annotations

import csv
import datetime
import io
from collections import Counter

import pytest

from genie.errors import InputError
from genie_finance.synthetic import COUNTRIES, Population

START = datetime.date(2025, 9, 1)


def population(seed: int = 2, size: int = 100) -> Population:
    return Population(seed, size, mix={"IN": 1}, start=START, months=3)


def rows(made: Population, number: int) -> list[dict[str, str]]:
    text = made.transfers_csv(made.customers[number]).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_neighbours_share_a_table_and_others_have_their_own() -> None:
    made = population()
    first = made.transfers_csv(made.customers[0])
    assert first == made.transfers_csv(made.customers[49]) == population(size=50).transfers_csv(made.customers[7])
    assert first != made.transfers_csv(made.customers[50])


def test_a_ring_stands_there_once_and_whole() -> None:
    made = population()
    ring = made.ring_of(made.customers[0])
    assert ring is not None
    inside = Counter(
        (row["timestamp"], row["sender"], row["recipient"], row["amount"]) for row in rows(made, 0)
        if row["sender"].startswith("customer-") and row["recipient"].startswith("customer-")
    )  # fmt: skip
    assert inside == Counter(
        (str(one.date), f"customer-{one.sender.number}", f"customer-{one.recipient.number}", f"{one.minor / 100:.2f}")
        for one in ring.transfers if one.step == "layering"
    )  # fmt: skip


def test_honest_movements_are_those_of_the_histories() -> None:
    made = population()
    least = COUNTRIES["IN"].threshold // 10
    ring = made.ring_of(made.customers[0])
    honest = next(one for one in made.customers if ring is None or one.number not in ring.members)
    found = sorted(
        (row for row in rows(made, 0) if honest.id in {row["sender"], row["recipient"]}),
        key=lambda row: int(row["transaction_id"].split("/")[1]),
    )
    told = [one for one in made.transactions(honest) if abs(one.minor) >= least]
    assert [row["transaction_id"] for row in found] == [one.id for one in told]
    for row, one in zip(found, told, strict=True):
        assert row["amount"] == str(abs(one.amount))
        assert row["recipient" if one.minor > 0 else "sender"] == honest.id
        assert (row["channel"] == "cash") is (one.rail in {"cash", "deposit"})


def test_ids_are_there_once_and_days_in_order() -> None:
    found = rows(population(), 60)
    assert len({row["transaction_id"] for row in found}) == len(found) > 200
    assert [row["timestamp"] for row in found] == sorted(row["timestamp"] for row in found)


def test_a_customer_of_another_population_is_refused() -> None:
    with pytest.raises(InputError):
        population().transfers_csv(population(seed=3).customers[3])
