"""Circuits: money that returns to its origin through other accounts, in similar amounts."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from genie_finance.fraud.moments import DAY_S, Booked

WINDOW_S = 14 * DAY_S
"""Maximum time from the first transfer to the last."""
SHARE = 0.8
"""Minimum share of each amount that the next step passes on; intermediaries keep the rest."""
MOST_STEPS = 6
_MOST_TRIED = 100
"""Maximum transfers tried from one start, which bounds the time for busy accounts; longer circuits are missed."""


class Circuit(NamedTuple):
    """Transfers, each from the recipient of the one before; the last goes back to the first sender."""

    steps: tuple[Booked, ...]

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts in the order of the transfers, the first sender once."""
        return tuple(one.transfer.sender or "" for one in self.steps)


@dataclass(frozen=True, slots=True)
class _Search:
    outgoing: dict[tuple[str, str], tuple[list[float], list[Booked]]]
    """By sender and currency: the latest moments of transfers in order, and the transfers."""

    def circuit(self, first: Booked) -> Circuit | None:
        """Return the first path back to the start, short ones before long ones."""
        home, currency = first.transfer.sender, first.transfer.amount.currency
        last_moment = first.start + WINDOW_S
        paths: list[tuple[Booked, ...]] = [(first,)]
        tried = 0
        for _ in range(MOST_STEPS - 1):
            longer: list[tuple[Booked, ...]] = []
            for path in paths:
                end = path[-1]
                moments, transfers = self.outgoing.get((end.transfer.recipient or "", currency), ((), ()))
                minor = end.transfer.amount.minor
                passed = {one.transfer.sender for one in path}
                for at in range(bisect_left(moments, end.start), len(moments)):
                    step = transfers[at]
                    tried += 1
                    if step.start > last_moment or tried > _MOST_TRIED:
                        break
                    if not SHARE * minor <= step.transfer.amount.minor <= minor:
                        continue
                    if step.transfer.recipient == home:
                        if len(path) > 1:  # straight back is a refund
                            return Circuit((*path, step))
                    elif step.transfer.recipient not in passed:
                        longer.append((*path, step))
            paths = longer
        return None


def circuits(transfers: Sequence[Booked], *, least_minor: int) -> tuple[Circuit, ...]:
    """Return round trips through at least two other accounts; each transfer is in at most one.

    Time never runs backwards along a circuit, each step carries between 80 and 100 percent of the previous amount, and
    the whole has at most six transfers within two weeks. From each start the shortest path back is taken, the earliest
    of these.

    Args:
        transfers: In order of time.
        least_minor: Smaller transfers are left out.
    """
    wanted = [one for one in transfers if _moves(one) and one.transfer.amount.minor >= least_minor]
    search = _Search(_by_sender(wanted))
    found, used = [], set[str]()
    for one in wanted:
        if one.transfer.transaction_id in used:
            continue
        circuit = search.circuit(one)
        if circuit is None or any(step.transfer.transaction_id in used for step in circuit.steps):
            continue
        used.update(step.transfer.transaction_id for step in circuit.steps)
        found.append(circuit)
    return tuple(found)


def _moves(one: Booked) -> bool:
    transfer = one.transfer
    return (
        transfer.sender is not None
        and transfer.recipient is not None
        and transfer.sender != transfer.recipient
        and transfer.channel not in {"cash", "card"}
    )


def _by_sender(transfers: Iterable[Booked]) -> dict[tuple[str, str], tuple[list[float], list[Booked]]]:
    found: defaultdict[tuple[str, str], list[Booked]] = defaultdict(list)
    for one in transfers:
        found[one.transfer.sender or "", one.transfer.amount.currency].append(one)
    for rows in found.values():
        rows.sort(key=lambda one: (one.end, one.transfer.transaction_id))
    return {key: ([one.end for one in rows], rows) for key, rows in found.items()}
