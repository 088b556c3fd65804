"""Exposure of a portfolio: concentration by holding, issuer, sector and asset class, and drift from targets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from genie_finance.contracts.investing import ASSET_CLASSES, AssetClass
from genie_finance.contracts.markets import Concentration, Drift, Holding, TargetWeight
from genie_finance.contracts.numbers import rounded
from genie_finance.investing.amounts import money

_ZERO = Decimal(0)


class Held(NamedTuple):
    """A holding with its value in major units."""

    holding: Holding
    value: Decimal


def concentrations(held: Sequence[Held], cash: Decimal) -> tuple[Concentration, ...]:
    """Return concentration by holding, issuer, sector and asset class; cash is an asset class, not a holding.

    A holding without an issuer or sector counts as its own, which understates concentration, and is in
    ``unknown_weight``.
    """
    marks: tuple[tuple[str, Callable[[Holding], str | None]], ...] = (
        ("holding", lambda one: one.symbol),
        ("issuer", lambda one: one.issuer),
        ("sector", lambda one: one.sector),
        ("asset", lambda one: one.asset),
    )
    found = []
    for name, mark in marks:
        parts: dict[tuple[bool, str], Decimal] = defaultdict(Decimal)
        unknown = _ZERO
        for one in held:
            label = mark(one.holding)
            parts[label is not None, label or one.holding.symbol] += one.value
            unknown += _ZERO if label is not None else one.value
        if name == "asset" and cash:
            parts[True, "cash"] += cash
        total = sum(parts.values(), _ZERO)
        if total > 0:
            found.append(_concentration(name, parts, unknown, total))
    return tuple(found)


def _concentration(
    name: str, parts: dict[tuple[bool, str], Decimal], unknown: Decimal, total: Decimal
) -> Concentration:
    herfindahl = sum(((value / total) ** 2 for value in parts.values()), _ZERO)
    largest = min(parts, key=lambda part: (-parts[part], part[1]))
    return Concentration.model_validate(
        {
            "by": name,
            "herfindahl": rounded(herfindahl, 6),
            "effective_number": rounded(1 / herfindahl, 4),
            "largest": largest[1],
            "largest_weight": rounded(parts[largest] / total, 6),
            "unknown_weight": rounded(unknown / total, 6),
        }
    )


def drifts(held: Sequence[Held], cash: Decimal, targets: Sequence[TargetWeight], currency: str) -> tuple[Drift, ...]:
    """Return the asset classes with a target or holdings, compared with their targets; none without targets."""
    if not targets:
        return ()
    wanted = {one.asset: one.weight for one in targets}
    worth: dict[AssetClass, Decimal] = dict.fromkeys(ASSET_CLASSES, _ZERO)
    for one in held:
        worth[one.holding.asset] += one.value
    worth["cash"] += cash
    total = sum(worth.values(), _ZERO)
    if not total:
        return ()
    return tuple(
        Drift(
            asset=asset,
            weight=rounded(worth[asset] / total, 6),
            target=wanted.get(asset, _ZERO),
            drift=rounded(worth[asset] / total - wanted.get(asset, _ZERO), 6),
            delta=money(total * wanted.get(asset, _ZERO) - worth[asset], currency),
        )
        for asset in ASSET_CLASSES
        if asset in wanted or worth[asset]
    )
