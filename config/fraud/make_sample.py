# ruff: noqa: INP001 - a script beside the file that it writes, no module of a package
"""Write ``sample.csv``: three months of transfers between invented accounts of one Indian bank.

Everybody earns, pays rent, shops and sends friends small sums. Planted in it are rings, each of three collectors who
get cash and stolen money just below the threshold, three accounts that they pass it on to, which send it out of the
bank; one round trip through four accounts; and one card that is used in two cities at once. The file is the same, byte
for byte, whenever it is written.

Usage: ``python config/fraud/make_sample.py [FOLDER] [CUSTOMERS] [RINGS]``
"""

from __future__ import annotations

import csv
import datetime
import io
import random
import sys
from collections.abc import Iterator
from pathlib import Path

SEED = 20260105
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
MONTHS = 3
HEADER = (
    "transaction_id", "timestamp", "sender", "recipient", "amount", "channel", "category", "device_id", "latitude",
    "longitude",
)  # fmt: skip
CITIES = ((19.076, 72.8777), (28.6139, 77.209), (12.9716, 77.5946), (13.0827, 80.2707))
SHOPS = 40

Row = tuple[datetime.datetime, str, str, int, str, str, str, str, str]
"""When, sender, recipient, rupees, channel, category, device, latitude, longitude."""


def ledger(customers: int = 24, rings: int = 2) -> tuple[bytes, tuple[frozenset[str], ...]]:
    """Return a ledger as CSV, and the accounts of each ring in it."""
    source = random.Random(SEED)  # noqa: S311 - an invented ledger needs no secrecy
    rows: list[Row] = []
    for number in range(customers):
        rows += _life(source, number, customers)
    members = []
    for number in range(rings):
        ring = list(_ring(source, number))
        rows += ring
        members.append(frozenset(id_ for row in ring for id_ in row[1:3] if id_.startswith("M")))
    rows += _round_trip()
    rows += _two_cities()
    rows.sort()
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for at, (when, *rest) in enumerate(rows, 1):
        writer.writerow((f"T{at:06}", when.isoformat(timespec="minutes"), *rest))
    return out.getvalue().encode(), (*members, frozenset(("R1", "R2", "R3", "R4")))


def _life(source: random.Random, number: int, customers: int) -> Iterator[Row]:
    me, phone = f"C{number:05}", f"phone-{number:05}"
    wage, home = source.randrange(30_000, 140_000, 500), CITIES[number % len(CITIES)]
    landlord, employer = f"L{number // 6:05}", f"E{number // 20:05}"
    favourites = [f"S{source.randrange(SHOPS):03}" for _ in range(6)]
    friends = [f"C{source.randrange(customers):05}" for _ in range(4)]
    for month in range(MONTHS):
        first = _month(month)
        yield (first + datetime.timedelta(hours=9, minutes=number % 50), employer, me, wage, "neft", "income.salary",
               "", "", "")  # fmt: skip
        yield _out(first, source, 2, (me, landlord), wage * 3 // 10, ("imps", "housing.rent", phone))
        for _ in range(source.randint(16, 26)):
            shop = source.choice(favourites)
            spent = max(40, int(source.lognormvariate(6.4, 0.8)))
            row = _out(first, source, source.randint(1, 27), (me, shop), spent, ("card", "food.groceries", phone))
            yield (*row[:7], str(home[0]), str(home[1]))
        for _ in range(source.randint(2, 6)):
            friend = source.choice(friends)
            if friend != me:
                lent = source.randrange(100, 3_000, 50)
                yield _out(first, source, source.randint(1, 27), (me, friend), lent, ("upi", "people.payments", phone))


def _ring(source: random.Random, number: int) -> Iterator[Row]:
    collectors = [f"M{number:03}A{at}" for at in range(3)]
    layers = [f"M{number:03}B{at}" for at in range(3)]
    first = _month(number % MONTHS) + datetime.timedelta(days=6 + number % 7)
    held = dict.fromkeys(layers, 0)
    for place, mule in enumerate(collectors):
        for turn in range(3):
            when = first + datetime.timedelta(days=turn, hours=10 + place, minutes=source.randrange(60))
            amount = source.randrange(88, 99) * 10_000
            victim = "" if 0 in {turn, place} else f"X{number:03}{place}{turn}"
            yield (when, victim, mule, amount, "imps" if victim else "cash", "", "", "", "")
            passed, layer = amount * 94 // 100, layers[(place + turn) % 3]
            held[layer] += passed
            later = when + datetime.timedelta(hours=2, minutes=source.randrange(300))
            yield (later, mule, layer, passed, "imps", "people.payments", f"ring-{number}", "", "")
    for layer in layers:
        left, turn = held[layer] * 96 // 100, 0
        while left > 0:
            part = min(left, source.randrange(80, 97) * 10_000)
            when = first + datetime.timedelta(days=4, hours=11 + turn, minutes=source.randrange(60))
            target = "" if turn % 2 else f"Y{number:03}{turn}"
            yield (when, layer, target, part, "imps" if target else "cash", "", f"ring-{number}", "", "")
            left, turn = left - part, turn + 1


def _round_trip() -> Iterator[Row]:
    amounts = (640_000, 620_000, 605_000, 590_000)
    for at, amount in enumerate(amounts):
        when = _month(1) + datetime.timedelta(days=9 + at, hours=15)
        yield (when, f"R{at + 1}", f"R{(at + 1) % 4 + 1}", amount, "rtgs", "", "", "", "")


def _two_cities() -> Iterator[Row]:
    for minute, city in ((0, CITIES[0]), (20, CITIES[1])):
        when = _month(2) + datetime.timedelta(days=11, hours=13, minutes=minute)
        yield (when, "C00000", "S001", 4_800, "card", "shopping.electronics", "phone-00000", str(city[0]), str(city[1]))


def _month(number: int) -> datetime.datetime:
    return START.replace(month=START.month + number)


def _out(
    first: datetime.datetime, source: random.Random, day: int, parties: tuple[str, str], rupees: int,
    kind: tuple[str, str, str],
) -> Row:  # fmt: skip
    when = first + datetime.timedelta(days=day - 1, hours=source.randint(8, 21), minutes=source.randrange(60))
    return (when, *parties, rupees, *kind, "", "")


def main(arguments: list[str]) -> None:
    """Write the ledger into a folder, beside this script by default."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent
    content, _ = ledger(*map(int, arguments[1:3]))
    (folder / "sample.csv").write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1:])
