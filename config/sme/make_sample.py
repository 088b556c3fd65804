#!/usr/bin/env python3
"""Write ``current.csv`` and ``collection.csv``: twelve months of an invented workshop's two accounts at Indian banks.

Every name, number and amount is made up. The same seed writes the same bytes.
"""

from __future__ import annotations

import calendar
import csv
import datetime
import io
import random
from pathlib import Path
from typing import NamedTuple

SEED = 20260201
FIRST, MONTHS = datetime.date(2025, 2, 1), 12
BUYERS = ("MALHAR AUTO COMPONENTS", "DECCAN PUMPS PVT LTD", "KAVERI TRACTORS", "SINHAGAD SWITCHGEAR")
SUPPLIERS = ("KONKAN STEEL TRADERS", "PUNE TOOL ROOM", "ALLOY HOUSE")
SEASON = (96, 108, 92, 98, 100, 97, 101, 104, 112, 106, 94, 99)
"""Percent of the usual sales by month, from February."""


class Entry(NamedTuple):
    """One booking."""

    day: datetime.date
    text: str
    reference: str
    paise: int
    """Negative: money went out."""


def accounts(seed: int = SEED) -> tuple[list[Entry], list[Entry]]:
    """Return the bookings of the current account and of the one that collects small receipts."""
    random_ = random.Random(seed)  # noqa: S311 - a sample, not a secret
    current: list[Entry] = []
    collection: list[Entry] = []

    def reference() -> str:
        return f"{random_.randrange(10**11, 10**12)}"

    def rupees(usual: int, percent: int) -> int:
        return int(usual * percent / 100 * random_.uniform(0.94, 1.06)) * 100

    for number in range(MONTHS):
        years, month = divmod(FIRST.month - 1 + number, 12)
        year, month = FIRST.year + years, month + 1
        last = calendar.monthrange(year, month)[1]

        def on(day: int, year: int = year, month: int = month, last: int = last) -> datetime.date:
            return datetime.date(year, month, min(day, last))

        season = SEASON[number]
        for at, buyer in enumerate(BUYERS):
            current.append(Entry(on(4 + 6 * at), f"RTGS CR-UTIBN-{buyer}-INV", reference(), rupees(360_000, season)))
        for at in range(3):
            text = f"UPI-WALK IN SALES {at + 1}-SHOP"
            collection.append(Entry(on(6 + 9 * at), text, reference(), rupees(66_000, season)))
        moved = reference()
        current.append(Entry(on(27), "IMPS-FROM OWN COLLECTION A/C", moved, 150_000_00))
        collection.append(Entry(on(27), "IMPS-TO OWN CURRENT A/C", moved, -150_000_00))
        for at, supplier in enumerate(SUPPLIERS):
            current.append(Entry(on(8 + 7 * at), f"NEFT DR-ICIC-{supplier}-PO", reference(), -rupees(235_000, season)))
        current += [
            Entry(on(1), "NEFT DR-SALARIES SHOP FLOOR", reference(), -285_000_00),
            Entry(on(2), "NEFT DR-MIDC PLOT RENT BHOSARI", reference(), -62_000_00),
            Entry(on(5), "NACH DR-BHARAT FINCORP MACHINE LOAN EMI 0091", reference(), -48_600_00),
            Entry(on(12), "BILLDESK-MAHADISCOM ELECTRICITY", reference(), -rupees(54_000, season)),
            Entry(on(20), "GST PAYMENT CBIC", reference(), -rupees(118_000, season)),
            Entry(on(31), "ACCOUNT MAINTENANCE CHARGES", reference(), -295_00),
        ]
        if number == 6:
            current += [
                Entry(on(23), "CHQ PAID 000418 ALLOY HOUSE", "000418", -41_300_00),
                Entry(on(24), "I/W CHQ RETURN 000418 FUNDS INSUFFICIENT", "000418", 41_300_00),
                Entry(on(24), "CHQ RETURN CHARGES", "000418", -590_00),
            ]
    return sorted(current), sorted(collection)


def _written(entries: list[Entry], opening: int, header: tuple[str, ...]) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    balance = opening
    for entry in entries:
        balance += entry.paise
        amount = f"{abs(entry.paise) / 100:.2f}"
        out, into = (amount, "") if entry.paise < 0 else ("", amount)
        writer.writerow((entry.day, entry.text, entry.reference, out, into, f"{balance / 100:.2f}"))
    return file.getvalue().encode()


def samples(seed: int = SEED) -> dict[str, bytes]:
    """Return the files by name."""
    current, collection = accounts(seed)
    amounts = ("Withdrawal Amt. (INR)", "Deposit Amt. (INR)", "Closing Balance (INR)")
    return {
        "current.csv": _written(current, 640_000_00, ("Date", "Narration", "Chq./Ref.No.", *amounts)),
        "collection.csv": _written(
            collection,
            85_000_00,
            ("Txn Date", "Description", "Ref No.", "Debit (INR)", "Credit (INR)", "Balance (INR)"),
        ),
    }


if __name__ == "__main__":
    for name, content in samples().items():
        (Path(__file__).parent / name).write_bytes(content)
