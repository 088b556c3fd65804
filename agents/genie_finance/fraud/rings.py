"""Rings: accounts that pass on their receipts to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from genie_finance.contracts.fraud import Ring
from genie_finance.contracts.money import Money
from genie_finance.fraud.circuits import circuits
from genie_finance.fraud.flows import Account, passed_on, wholesale
from genie_finance.fraud.moments import DAY_S, Booked

CURRENCY = "INR"
"""Currency of the minimum amounts; transfers in other currencies are not compared with them."""
LEAST_MINOR = 10_000_00
"""Receipts below this are ignored, such as cashback or a shared lunch."""
_WINDOW_S = 14 * DAY_S
_SHARE = 0.8
_FEWEST = 3


class _Carried(NamedTuple):
    """Receipts of which an account passed on at least four fifths, and the payments that passed them on."""

    came: frozenset[str]
    left: frozenset[str]


def _carried(account: Account) -> _Carried:
    """Return the transfers that an account passed on within two weeks, without small sums and card payments.

    Receipts from regular payers do not count, so a wage that pays the rent is not passed on.
    """
    large = wholesale(account, least_minor=LEAST_MINOR)
    passes = [one for one in passed_on(large, window_s=_WINDOW_S, regular=False) if one.share >= _SHARE]
    return _Carried(
        frozenset(one.received.transfer.transaction_id for one in passes),
        frozenset(row.transfer.transaction_id for one in passes for row in one.onward),
    )


def rings_of(transfers: Sequence[Booked], accounts: Mapping[str, Account], shops: frozenset[str]) -> tuple[Ring, ...]:
    """Return rings of three accounts or more, largest first: accounts that pass on each other's money, or a round trip.

    Two accounts are linked if the first passed on money to the second, which passed it on again.

    Args:
        transfers: In order of time.
        accounts: Accounts in rupees, by id.
        shops: Accounts of businesses: paying suppliers from takings does not make a ring, but a round trip does.
    """
    import networkx as nx  # noqa: PLC0415 - heavy, and needed by this question alone

    trips = circuits([one for one in transfers if one.transfer.amount.currency == CURRENCY], least_minor=LEAST_MINOR)
    carried = {
        id_: _carried(account)
        for id_, account in accounts.items()
        if id_ not in shops and account.incoming and account.outgoing
    }
    graph: nx.Graph[str] = nx.Graph()
    for one in transfers:
        start, end = carried.get(one.transfer.sender or ""), carried.get(one.transfer.recipient or "")
        id_ = one.transfer.transaction_id
        if start is not None and end is not None and id_ in start.left and id_ in end.came:
            graph.add_edge(one.transfer.sender, one.transfer.recipient)
    for trip in trips:
        nx.add_cycle(graph, trip.accounts)
    groups = sorted(sorted(group) for group in nx.connected_components(graph) if len(group) >= _FEWEST)
    place = {account: at for at, group in enumerate(groups) for account in group}
    inside: list[list[Booked]] = [[] for _ in groups]
    for one in transfers:
        at = place.get(one.transfer.sender or "")
        if at is not None and at == place.get(one.transfer.recipient or "") and _large(one):
            inside[at].append(one)
    ways = {place[trip.accounts[0]]: trip.accounts for trip in reversed(trips)}
    made = [_ring(group, inside[at], ways.get(at, ())) for at, group in enumerate(groups)]
    made.sort(key=lambda ring: (-ring.amount.minor, ring.account_ids))
    return tuple(made)


def _large(one: Booked) -> bool:
    transfer = one.transfer
    return (
        transfer.amount.currency == CURRENCY
        and transfer.amount.minor >= LEAST_MINOR
        and transfer.channel not in {"card", "cash"}
    )


def _ring(group: Sequence[str], rows: Sequence[Booked], cycle: tuple[str, ...]) -> Ring:
    amount = Money(minor=sum(one.transfer.amount.minor for one in rows), currency=CURRENCY)
    reason = f"{len(group)} accounts transferred {amount} among themselves in {len(rows)} transfers"
    reason += f"; money returned to {cycle[0]} through {len(cycle) - 1} others." if cycle else " and passed it on."
    return Ring(
        ring_id=f"ring-{group[0]}", account_ids=tuple(group), transfers=len(rows), amount=amount, cycle=cycle,
        reason=reason,
    )  # fmt: skip
