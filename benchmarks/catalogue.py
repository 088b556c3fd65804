"""Cost of the catalogue: loading and listing all of it, bulk statements, simulated plans, a bank's transfers.

``python -m benchmarks.catalogue`` prints it; `make bench` prints it after governance. Times of questions are of the
processor, so that other work on the machine adds little; the fastest of the rounds counts.
"""

from __future__ import annotations

import datetime
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from benchmarks.figures import Figure, Limit, printed
from genie_finance.contracts.bulk import BulkAnalysis, BulkStatementRequest
from genie_finance.contracts.fraud import MuleCheck, MuleVerdict
from genie_finance.contracts.money import Money
from genie_finance.contracts.statements import StatementFile
from genie_finance.contracts.transfers import Transfer
from genie_finance.domain.monte_carlo import Market, simulate
from genie_finance.fraud.mule_detector import detect
from genie_finance.insights.bulk_statement_analyzer import consolidate

ROWS = 100_000
"""Of the statements, and transfers of the graph."""
BULK_LIMIT = Limit(5)
PATHS, MONTHS = 10_000, 360
SIMULATION_LIMIT = Limit(0.3)
GRAPH_LIMIT = Limit(5)
LOADED_LIMIT = Limit(120)
LISTED_LIMIT = Limit(300)
_LOAD_ALL = """
from genie.benchmark.memory import resident
from genie.config.plugins import Plugins
found = Plugins.installed()
for name in found.agents:
    found.agent(name)
print(resident())
"""
_LONGEST_S = 60.0
_SEED = 20_250_630
_FIRST = datetime.date(2023, 4, 1)
_ACCOUNTS = ("50100012345678", "50100087654321")
_DAYS = 730
_SHOPS = ("SWIGGY", "AMAZON", "BIG BAZAAR", "HPCL FUEL", "APOLLO PHARMACY", "SHARMA STORES", "LAKSHMI TEXTILES",
          "RAVI KIRANA", "METRO TRADERS", "NANDI HARDWARE")  # fmt: skip


def figures(rounds: int = 3, rows: int = ROWS) -> Iterator[Figure]:
    """Yield the duration of each question.

    Args:
        rounds: Number of rounds; the fastest counts.
        rows: Of the statements together, and transfers of the graph; the simulation is measured whole.

    Raises:
        ValueError: An answer is not the one that the data was made for; the time would measure something else.
    """
    loaded = subprocess.run(  # noqa: S603 - this interpreter, and code of this module
        [sys.executable, "-c", _LOAD_ALL], capture_output=True, text=True, check=True, timeout=_LONGEST_S
    )
    yield Figure("all agents loaded", int(loaded.stdout) / 1e6, "MB", limit=LOADED_LIMIT)
    yield Figure("genie agents", _listed(rounds), "ms", limit=LISTED_LIMIT)
    yield Figure(f"statements of {rows:,} rows, read and analysed", _bulk(rounds, rows), "s", limit=BULK_LIMIT)
    name = f"simulation, {PATHS:,} paths of {MONTHS} months"
    yield Figure(name, _simulation(rounds), "s", limit=SIMULATION_LIMIT)
    yield Figure(f"mules and rings among {rows:,} transfers", _graph(rounds, rows), "s", limit=GRAPH_LIMIT)


def _fastest(work: Callable[[], object], rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def _listed(rounds: int) -> float:
    """Return the milliseconds of the whole command."""
    best = float("inf")
    for _ in range(rounds + 1):  # one more warms the caches
        start = time.perf_counter()
        command = [sys.executable, "-m", "genie", "agents"]
        subprocess.run(command, capture_output=True, check=True, timeout=_LONGEST_S)  # noqa: S603 - as above
        best = min(best, time.perf_counter() - start)
    return best * 1e3


# --- statements ---


def _bulk(rounds: int, rows: int) -> float:
    request = BulkStatementRequest(applicant_id="bench", files=_statements(rows))
    found = consolidate(request)
    if not isinstance(found, BulkAnalysis) or found.transaction_count_raw != rows or found.quarantined_count:
        raise ValueError(f"the statements of {rows:,} rows were not read whole")
    if not found.transfer_count:
        raise ValueError("no transfer between the two accounts was found")
    return _fastest(lambda: consolidate(request), rounds)


def _statements(rows: int) -> tuple[StatementFile, ...]:
    """Return the statements of two accounts over two years: shops, wages, loans, and transfers between the two."""
    source = random.Random(_SEED)  # noqa: S311 - data to measure with, no secret
    listed = [[(_FIRST, "SALARY ACME INDUSTRIES", 60_000_00)], [(_FIRST, "CASH DEPOSIT BRANCH", 20_000_00)]]
    left = rows - 2
    while left > 0:
        day = _FIRST + datetime.timedelta(days=source.randrange(_DAYS))
        at, reference = source.randrange(2), source.randrange(10**11, 10**12)
        if left > 1 and source.random() < 0.01:
            amount = source.randrange(1_000_00, 50_000_00)
            listed[at].append((day, f"IMPS-{reference}-OWN ACCOUNT-TRANSFER", -amount))
            listed[1 - at].append((day, f"IMPS-{reference}-OWN ACCOUNT-RECEIVED", amount))
            left -= 2
            continue
        listed[at].append((day, *_movement(source, reference)))
        left -= 1
    return tuple(
        StatementFile(filename=f"{name}.csv", content=_csv(name, held))
        for name, held in zip(_ACCOUNTS, listed, strict=True)
    )


def _movement(source: random.Random, reference: int) -> tuple[str, int]:
    chance = source.random()
    if chance < 0.3:
        return f"NEFT CR-HDFC0000{source.randrange(100, 140)}-{source.choice(_SHOPS)}-{reference}", source.randrange(
            500_00, 90_000_00
        )
    if chance < 0.33:
        return "ACH D-BAJAJ FINANCE LOAN EMI", -11_250_00
    return f"UPI/{reference}/Payment/{source.choice(_SHOPS)}/{source.choice(('groceries', 'stock', 'fuel', 'rent'))}", (
        -source.randrange(20_00, 9_000_00)
    )


def _csv(account: str, movements: list[tuple[datetime.date, str, int]]) -> bytes:
    lines = ["Date,Account Number,Narration,Debit,Credit,Balance"]
    balance = 0
    for day, text, amount in sorted(movements, key=lambda one: one[0]):
        balance += amount
        size = f"{abs(amount) / 100:.2f}"
        debit, credit = (size, "") if amount < 0 else ("", size)
        lines.append(f"{day:%d/%m/%Y},{account},{text},{debit},{credit},{balance / 100:.2f}")
    return "\n".join(lines).encode()


# --- a simulated plan ---


def _simulation(rounds: int) -> float:
    market, shares = Market(growth=1.01, volatility=0.15), (1.0,) * MONTHS
    found = simulate(market, shares, paths=PATHS, seed=_SEED)
    if len(found.of_corpus) != PATHS or not (found.of_contributions > 0).all():
        raise ValueError("the simulation did not run whole")
    return _fastest(lambda: simulate(market, shares, paths=PATHS, seed=_SEED), rounds)


# --- a bank's transfers ---


def _graph(rounds: int, rows: int) -> float:
    check = MuleCheck(transfers=_transfers(rows))
    found = detect(check)
    if not isinstance(found, MuleVerdict) or not any(set(_RING) <= set(ring.account_ids) for ring in found.rings):
        raise ValueError(f"the ring among {rows:,} transfers was not found")
    return _fastest(lambda: detect(check), rounds)


_RING = ("ring-1", "ring-2", "ring-3")


def _transfers(rows: int) -> tuple[Transfer, ...]:
    """Return the transfers of four months among a fifth as many accounts; one of them is a round trip of three."""
    source = random.Random(_SEED)  # noqa: S311 - data to measure with, no secret
    start = datetime.datetime(2025, 3, 1, tzinfo=datetime.UTC)
    people = max(10, rows // 5)
    found = [
        _transfer(hour, start + datetime.timedelta(hours=hour), payer, payee, 90_000_00 - hour * 1_000_00)
        for hour, (payer, payee) in enumerate(zip(_RING, (*_RING[1:], _RING[0]), strict=True))
    ]
    for number in range(len(found), rows):
        payer, step = source.randrange(people), source.randrange(1, people)
        # Most payments are small, few large: three magnitudes, as many of each.
        amount = int(10 ** source.uniform(4, 7))
        when = start + datetime.timedelta(seconds=source.randrange(120 * 86_400))
        found.append(_transfer(number, when, f"acc-{payer}", f"acc-{(payer + step) % people}", amount))
    return tuple(found)


def _transfer(number: int, when: datetime.datetime, payer: str, payee: str, minor: int) -> Transfer:
    return Transfer(
        transaction_id=f"t-{number}",
        timestamp=when,
        sender=payer,
        recipient=payee,
        amount=Money(minor=minor, currency="INR"),
        channel="upi",
    )


if __name__ == "__main__":
    printed(figures())
