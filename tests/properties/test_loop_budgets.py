"""Budgets of loops: in whatever order they are split, reserved and ended, children never spend more than there is."""

from __future__ import annotations

from decimal import Decimal, localcontext

from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.limits import EXACT
from genie.loops.budget import Amount, Cap, Share


@given(
    st.integers(1, 10_000), st.decimals(min_value=1, max_value=100, places=3), st.integers(1, 100),
    st.lists(st.tuples(st.sampled_from(["split", "reserve", "settle", "close"]), st.integers(0, 50), st.integers(1, 9)),
             max_size=80),
)  # fmt: skip
def test_no_interleaving_overspends(tokens: int, cost: Decimal, calls: int, acts: list[tuple[str, int, int]]) -> None:
    root = Share(Cap(tokens, cost, calls))
    shares = [root]
    open_: list[tuple[Share, int, Amount]] = []
    closed: set[int] = set()
    spent = Amount()
    for act, which, size in acts:
        share = shares[which % len(shares)]
        if act == "split" and len(shares) < 40 and id(share) not in closed:
            children = share.split([size, 1, 2][: which % 3 + 1])
            shares += children or ()
        elif act == "reserve":
            amount = Amount(size * 10, Decimal(size) / 7, 1)
            ticket = share.reserve(amount)
            assert ticket is None or id(share) not in closed
            if ticket is not None:
                open_.append((share, ticket, amount))
        elif act == "settle" and open_:
            owner, ticket, amount = open_.pop(which % len(open_))
            if id(owner) not in closed:
                used = Amount(amount.tokens // size, amount.cost / 2, amount.calls)
                owner.settle(ticket, used)
                spent = spent.plus(used)
        elif act == "close" and share is not root:
            share.close()
            closed.add(id(share))
            if share.parent is not None and share.parent is not root:
                share.close()
        committed = root.committed
        assert root.cap.covers(committed)
        assert all(one.cap.covers(one.committed) for one in shares)
    assert root.cap.covers(spent)


@given(st.decimals(min_value=0, max_value=10, places=9), st.lists(st.integers(1, 1_000), min_size=1, max_size=20))
def test_parts_are_never_more_than_the_whole(cost: Decimal, weights: list[int]) -> None:
    parts = Share(Cap(cost=cost)).split(weights)
    if parts is not None:
        with localcontext(EXACT):
            assert sum((part.cap.cost or Decimal(0) for part in parts), Decimal(0)) <= cost


def test_what_a_child_does_not_spend_comes_back() -> None:
    root = Share(Cap(tokens=100))
    children = root.split([1, 1])
    assert children is not None
    assert root.reserve(Amount(1)) is None
    ticket = children[0].reserve(Amount(40))
    assert ticket is not None
    children[0].settle(ticket, Amount(10))
    children[0].close()
    assert (root.spent.tokens, root.committed.tokens) == (10, 60)
    assert children[0].reserve(Amount(1)) is None
    assert root.reserve(Amount(40)) is not None
