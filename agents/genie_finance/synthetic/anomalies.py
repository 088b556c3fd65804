"""Anomalies planted in ordinary histories for detectors to find, each with a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie_finance.synthetic.draft import Draft, Need, Payee
from genie_finance.synthetic.truth import Label, Planted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genie_finance.synthetic.diary import Diary
    from genie_finance.synthetic.transaction import Transaction

_PLANTED: dict[Planted, int] = {"duplicate": 18, "first_large_payee": 15, "fraud": 9}
"""Planned frequency of each anomaly per hundred histories; `price_rise` comes with contracts, `mule` with rings."""
_HISTORY = 75
"""Minimum days of history before a large first payment or a fraud."""
_DETAILS: dict[Planted, str] = {
    "duplicate": "the same charge twice within three days",
    "first_large_payee": "a large payment to a new payee",
    "price_rise": "a contract whose price rose",
    "fraud": "payments that the customer did not make, or was tricked into",
    "mule": "money of a fraud ring passing through",
}
_COUNT: dict[Planted, int] = {"duplicate": 2, "first_large_payee": 1, "price_rise": 2, "fraud": 1, "mule": 1}
"""Least number of movements of a planted anomaly; with fewer it does not count."""


def plant(diary: Diary) -> None:
    """Add anomalies to a history; files of a few months only get duplicates."""
    chance = diary.chance
    long_enough = diary.end - diary.start > _HISTORY + 30
    if chance.happens(_PLANTED["duplicate"]):
        _duplicate(diary)
    if long_enough and chance.happens(_PLANTED["first_large_payee"]):
        _large(diary)
    if long_enough and chance.happens(_PLANTED["fraud"]):
        _fraud(diary)


def _duplicate(diary: Diary) -> None:
    """Repeat a card payment above a minimum amount."""
    chance = diary.chance
    least = 30_00 * diary.country.price // 100
    charges = [
        draft for draft in diary.drafts
        if draft.payee.rail in {"card", "instant"} and draft.need == Need.SPEND and draft.minor < -least
        and not draft.mark and draft.day + 3 < diary.end and draft.payee.category != "people.payments"
    ]  # fmt: skip
    if charges:
        first = chance.pick(charges)
        mark = f"duplicate/{first.number}"
        diary.drafts[first.number] = first._replace(mark=mark, need=Need.PLANTED)
        day = first.day + chance.between(0, 2)
        diary.add(day, first.minor, first.payee, first.note, Need.PLANTED, mark)


def _large(diary: Diary) -> None:
    chance = diary.chance
    name = chance.pick(diary.country.shops["large"])
    amount = diary.customer.income * chance.between(70, 170) // 100 // 100 * 100
    day = chance.between(diary.start + _HISTORY, diary.end - 5)
    payee = Payee(name, "shopping.home", "transfer")
    diary.add(day, -amount, payee, diary.country.words["invoice"], Need.PLANTED, "first_large_payee/1")


def _fraud(diary: Diary) -> None:
    """Plant a stolen card (small tests first, partly refunded), or a payment that a fraudster induced."""
    chance, country = diary.chance, diary.country
    day = chance.between(diary.start + _HISTORY, diary.end - 20)
    mark = "fraud/1"
    if chance.happens(40):
        name = f"{chance.pick(country.given)} {chance.pick(country.families)}"
        amount = diary.customer.income * chance.between(40, 110) // 100 // 100 * 100
        payee = Payee(name, "people.payments", "instant")
        diary.add(day, -amount, payee, country.words["urgent"], Need.PLANTED, mark)
        return
    payee = Payee(chance.pick(country.shops["strange"]), "shopping.general", "card")
    diary.add(day, -diary.price(1_20, 40), payee, "", Need.PLANTED, mark)
    for count in range(chance.between(2, 5)):
        amount = diary.price(160_00, 60)
        diary.add(day + count // 2, -amount, payee, "", Need.PLANTED, f"{mark}")
        if chance.happens(50):
            back = day + chance.between(6, 18)
            diary.add(back, amount, payee, country.words["refund"], Need.PLANTED, f"{mark}")


def labels(booked: Sequence[Draft], transactions: Sequence[Transaction]) -> tuple[Label, ...]:
    """Return the planted anomalies that were booked, in the order of their first movement.

    Args:
        booked: The drafts that were booked.
        transactions: Their bookings, one for each draft.
    """
    found: dict[str, list[Transaction]] = {}
    for draft, transaction in zip(booked, transactions, strict=True):
        if draft.mark and not draft.mark.startswith("refund/"):
            found.setdefault(draft.mark, []).append(transaction)
    made = []
    for mark, rows in found.items():
        kind = _kind(mark)
        if len(rows) >= _COUNT[kind] and (kind != "price_rise" or rows[0].minor > rows[1].minor):
            made.append(Label(kind, tuple(row.id for row in rows), _DETAILS[kind]))
    return tuple(made)


def _kind(mark: str) -> Planted:
    name = mark.partition("/")[0]
    return next(kind for kind in _DETAILS if kind == name)
