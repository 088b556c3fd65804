"""What is planted is what its label says, and rings move money that adds up."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict

import pytest

from genie_finance.synthetic import COUNTRIES, Label, Population, Transaction
from genie_finance.synthetic.rings import BLOCK

MADE = Population(11, 400, start=datetime.date(2025, 1, 1), months=12)


@pytest.fixture(scope="module")
def planted() -> dict[str, list[tuple[Label, tuple[Transaction, ...], list[Transaction]]]]:
    found: dict[str, list[tuple[Label, tuple[Transaction, ...], list[Transaction]]]] = defaultdict(list)
    for customer in MADE.customers:
        rows = MADE.transactions(customer)
        by_id = {row.id: row for row in rows}
        for label in MADE.truth(customer):
            found[label.kind].append((label, rows, [by_id[one] for one in label.transactions]))
    return found


@pytest.mark.slow
def test_every_kind_is_planted(planted) -> None:
    assert set(planted) == {"duplicate", "first_large_payee", "price_rise", "fraud", "mule"}
    assert min(len(found) for found in planted.values()) >= 5


def test_a_duplicate_is_the_same_charge_within_days(planted) -> None:
    for _, _, (first, again) in planted["duplicate"]:
        assert (first.payee, first.minor, first.category) == (again.payee, again.minor, again.category)
        assert first.minor < 0
        assert 0 <= (again.date - first.date).days <= 2


def test_a_price_rise_is_the_last_old_and_the_first_new_charge_of_one_contract(planted) -> None:
    for _, rows, (before, after) in planted["price_rise"]:
        assert before.payee == after.payee
        assert after.minor < before.minor < 0
        contract = [row for row in rows if row.payee == before.payee]
        assert contract[contract.index(before) + 1] == after


def test_a_first_large_payment_is_the_first_and_large(planted) -> None:
    for _, rows, (payment,) in planted["first_large_payee"]:
        assert next(row for row in rows if row.payee == payment.payee) == payment
        before = sorted(-row.minor for row in rows if row.minor < 0 and row.date < payment.date)
        assert -payment.minor > 5 * before[len(before) // 2]


def test_fraud_goes_out_and_never_more_comes_back(planted) -> None:
    for _, _, rows in planted["fraud"]:
        assert rows[0].minor < 0
        assert sum(row.minor for row in rows) < 0


def test_labels_of_a_mule_are_its_part_of_the_ring(planted) -> None:
    rings = {number: ring for ring in MADE.rings() for number in ring.members}
    seen = set()
    for _, _, rows in planted["mule"]:
        number = int(rows[0].id.partition("/")[0].removeprefix("customer-"))
        seen.add(number)
        moved: Counter[tuple[datetime.date, int]] = Counter()
        for transfer in rings[number].transfers:
            if transfer.recipient.number == number:
                moved[transfer.date, transfer.minor] += 1
            if transfer.sender.number == number:
                moved[transfer.date, -transfer.minor] += 1
        assert Counter((row.date, row.minor) for row in rows) == moved
    takes_part = {
        party.number for ring in MADE.rings() for one in ring.transfers for party in (one.sender, one.recipient)
    }
    assert seen == {number for number in takes_part if number is not None and number < 400}


def test_a_ring_layers_below_the_threshold_and_never_pays_out_more_than_came_in() -> None:
    rings = list(MADE.rings())
    assert len(rings) >= 2
    for ring in rings:
        held: Counter[int] = Counter()
        assert len({number // BLOCK for number in ring.members}) == 1
        assert {MADE.customer(number).country for number in ring.members} == {ring.country}
        assert ring.threshold == COUNTRIES[ring.country].threshold
        for one in ring.transfers:
            assert 0 < one.minor < ring.threshold
            ends = one.sender.number, one.recipient.number
            assert one.sender.number != one.recipient.number
            match one.step:
                case "placement":
                    assert ends[0] is None
                    assert ends[1] in ring.collectors
                case "layering":
                    assert ends[0] in ring.collectors
                    assert ends[1] in ring.layers
                case "exit":
                    assert ends[0] in ring.layers
                    assert ends[1] is None
            if ends[1] is not None:
                held[ends[1]] += one.minor
            if ends[0] is not None:
                held[ends[0]] -= one.minor
                assert held[ends[0]] >= 0
        assert [one.date for one in ring.transfers] == sorted(one.date for one in ring.transfers)


def test_rings_of_a_small_population_are_the_first_of_a_large_one() -> None:
    few = Population(11, 30, start=MADE.start, months=12)
    wanted = [ring for ring in MADE.rings() if min(ring.members) < 30]
    assert list(few.rings()) == wanted
