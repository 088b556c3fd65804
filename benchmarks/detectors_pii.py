"""How long finding personal data and secrets takes, with the marks of injection beside them: fastest of many.

``python -m benchmarks.detectors_pii`` prints the rows; each has a limit in microseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from genie.governance.injection import Injection
from genie.governance.pii import Pii
from genie.governance.secrets import Secrets
from genie.message import Payload
from genie.policy import Inspectors

PROSE = (
    "The customer called the branch about last week's transfer. Rent for March was paid on 2024-03-05; the balance is "
    "12,450.75 INR after fees. Please review the statement and reply within five days. "
)
FOREIGN = "Die Überweisung wurde am 5. März geprüft; der Saldo beträgt 12.450,75 €. Bitte um Rückmeldung bis Montag. "
NARRATIONS = (
    "UPI/412345678901/Payment/groceries NEFT HDFCN52024011512345678 ACME IMPS/P2A/234123412346 ORD-2024-0012345 "
    "550e8400-e29b-41d4-a716-446655440000 10:42:07 1700000000123 v2.14.1 192.168.10.20 password reset requested "
)
FOUND = (
    "paid 4111 1111 1111 1111 for jane.doe@example.com, call +91 98765 43210, "
    "token=ghp_abcdefghijklmnopqrstuvwxyz0123456789 "
)

CLEAN = (
    ("prose, 1 KB", PROSE, 1_000, 40.0),
    ("prose, 10 KB", PROSE, 10_000, 120.0),
    ("other text, 1 KB", FOREIGN, 1_000, 150.0),
    ("other text, 10 KB", FOREIGN, 10_000, 600.0),
)
QUICK, SLOW = 2_000.0, 25_000.0
HARD = (
    ("narrations, 1 KB", NARRATIONS, 1_000, QUICK),
    ("narrations, 10 KB", NARRATIONS, 10_000, 5_000.0),
    ("findings, 1 KB", FOUND, 1_000, 5_000.0),
    *(
        (f"10 KB of {piece.strip()}", piece, 10_000, QUICK)
        for piece in (
            "4", "@", "-", "a@", "+1 ", "ABCPE1234 ", "password=", "eyJhbGciOi.", "sk-", "a://b:",
            "-----BEGIN PRIVATE KEY-----", "aadhaar 1 ", "passport no ", "a", "AB 12 34 56 ",
        )
    ),
    # What is found, or nearly, in every few characters: still in proportion to the length.
    *((f"10 KB of {piece.strip()}", piece, 10_000, SLOW)
      for piece in ("1 ", "4111 ", "DE89 ", "tel 1234567 ", "123-45-6789 ", "bearer a1b2c3d4e5f6a7b8 ")),
)  # fmt: skip


class Note(Payload, topic="bench.note"):
    """One string."""

    text: str


def rows(rounds: int = 30) -> list[tuple[str, float, float]]:
    """Return (name, microseconds, limit) of each measurement: the fastest of ``rounds``."""
    policies = (Pii(), Secrets(), Injection())
    inspect = Inspectors(one for policy in policies for one in policy.inspectors).compiled(Note)
    timed = []
    for name, piece, size, limit in (*CLEAN, *HARD):
        note = Note(text=(piece * (size // len(piece) + 1))[:size])
        timed.append((name, _fastest(lambda note=note: inspect(note), rounds), limit))  # type: ignore[misc]  # bound now
    return timed


def _fastest(work: Callable[[], object], rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best * 1e6


if __name__ == "__main__":
    for name, us, limit in rows():
        print(f"{name:24} {us:10.1f} us  {'ok' if us <= limit else f'above {limit:.0f}'}")
