"""Rings: accounts that pass on what they receive, and pass it to each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from agents.contracts.fraud import Ring
from agents.contracts.money import Money
from agents.fraud.circuits import Circuit, circuits
from agents.fraud.flows import Account, passed_on, regular_payers
from agents.fraud.moments import DAY_S, Booked

CURRENCY = "INR"
"""The family's floors are in it; money in another currency is not judged against them."""
LEAST_MINOR = 10_000_00
"""Receipts below it are pocket money: a cashback, a lunch that was shared."""
_TURNOVER_MINOR = 50_000_00
_WINDOW_S = 14 * DAY_S
_SHARE = 0.8
_FEWEST = 3


def transit(account: Account) -> bool:
    """Return whether an account is there to pass money on: four fifths of all it gets, within two weeks.

    What regular payers pay in, and receipts below ten thousand rupees, count among what it gets and not among what it
    passes on, so a wage or a shop's takings do not make one.
    """
    received = account.received_minor
    if account.currency != CURRENCY or received < _TURNOVER_MINOR or not account.outgoing:
        return False
    known = regular_payers(account)
    large = sum(
        one.transfer.amount.minor
        for one in account.incoming
        if one.transfer.amount.minor >= LEAST_MINOR and one.transfer.sender not in known
    )
    if large < _SHARE * received:
        return False
    passes = (
        one for one in passed_on(account, window_s=_WINDOW_S) if one.received.transfer.amount.minor >= LEAST_MINOR
    )
    return sum(one.minor for one in passes if one.share >= _SHARE) >= _SHARE * received


def rings_of(transfers: Sequence[Booked], accounts: Mapping[str, Account], shops: frozenset[str]) -> tuple[Ring, ...]:
    """Return rings, the largest amount first: at least three accounts joined by transfers, or a round trip.

    Args:
        transfers: In order of time.
        accounts: Those in rupees, by id.
        shops: Accounts of businesses: passing takings to a supplier makes no ring of them, a round trip does.
    """
    import networkx as nx  # noqa: PLC0415 - heavy, and needed by this question alone

    trips = circuits([one for one in transfers if one.transfer.amount.currency == CURRENCY], least_minor=LEAST_MINOR)
    members = {id_ for id_, account in accounts.items() if id_ not in shops and transit(account)}
    graph: nx.Graph[str] = nx.Graph()
    for one in transfers:
        sender, recipient = one.transfer.sender, one.transfer.recipient
        if sender in members and recipient in members and sender != recipient and _large(one):
            graph.add_edge(sender, recipient)
    for trip in trips:
        nx.add_cycle(graph, trip.accounts)
    groups = sorted(sorted(group) for group in nx.connected_components(graph) if len(group) >= _FEWEST)
    place = {account: at for at, group in enumerate(groups) for account in group}
    inside: list[list[Booked]] = [[] for _ in groups]
    for one in transfers:
        at = place.get(one.transfer.sender or "")
        if at is not None and at == place.get(one.transfer.recipient or "") and _large(one):
            inside[at].append(one)
    made = [_ring(group, inside[at], trips) for at, group in enumerate(groups)]
    made.sort(key=lambda ring: (-ring.amount.minor, ring.account_ids))
    return tuple(made)


def _large(one: Booked) -> bool:
    transfer = one.transfer
    return (
        transfer.amount.currency == CURRENCY
        and transfer.amount.minor >= LEAST_MINOR
        and transfer.channel not in {"card", "cash"}
    )


def _ring(group: Sequence[str], inside: Iterable[Booked], trips: Iterable[Circuit]) -> Ring:
    rows = list(inside)
    cycle = next((trip.accounts for trip in trips if trip.accounts[0] in group), ())
    amount = Money(minor=sum(one.transfer.amount.minor for one in rows), currency=CURRENCY)
    reason = f"{len(group)} accounts moved {amount} among themselves in {len(rows)} transfers"
    reason += f"; money came back to {cycle[0]} through {len(cycle) - 1} others." if cycle else " and passed it on."
    return Ring(
        ring_id=f"ring-{group[0]}", account_ids=tuple(group), transfers=len(rows), amount=amount, cycle=cycle,
        reason=reason,
    )  # fmt: skip
