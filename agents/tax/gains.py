"""Capital gains of a year: losses set off as the law has it, and what is left by rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from agents.contracts.grounds import RuleEdition
from agents.contracts.tax import GainKind, RealisedGain
from agents.domain.rulebook import edition
from agents.tax.tables import CAPITAL_GAINS

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Special:
    """Income at a rate of its own, in rupees."""

    kind: GainKind
    rate: Decimal
    amount: Decimal
    """All of it counts towards the total income."""
    taxed: Decimal
    """What the exemption of section 112A leaves; at most ``amount``."""


@dataclass(frozen=True, slots=True)
class Gains:
    """A year's gains after set-off; losses that are left are carried forward."""

    parts: tuple[Special, ...]
    short_loss: Decimal
    long_loss: Decimal
    editions: tuple[RuleEdition, ...]


def settle(realised: Iterable[RealisedGain]) -> Gains:
    """Return the year's gains after set-off, in the order that costs least.

    Long-term losses reduce long-term gains alone, short-term losses any gain; each first those at the highest rate,
    short-term ones before long-term ones at the same. The exemption goes to the highest rate first as well, and is that
    of the year's last edition. Source: Income-tax Act, 1961, sections 70, 74 and 112A(2).

    Raises:
        InputError: No edition of the rates covers a sale.
    """
    rows = sorted(realised, key=lambda one: (one.on, one.kind, one.gain.minor))
    used: dict[str, RuleEdition] = {}
    pots: dict[tuple[GainKind, Decimal], Decimal] = {}
    losses = {"short": ZERO, "long": ZERO}
    exemption = ZERO
    for one in rows:
        found = edition(CAPITAL_GAINS, on=one.on)
        used[found.said.id] = found.said
        exemption = found.rules.exemption
        if one.gain.minor < 0:
            losses["short" if one.kind == "short_listed" else "long"] -= one.gain.amount
        elif one.gain.minor > 0:
            key: tuple[GainKind, Decimal] = (one.kind, getattr(found.rules, one.kind))
            pots[key] = pots.get(key, ZERO) + one.gain.amount
    order = sorted(pots, key=lambda key: (-key[1], key[0] != "short_listed", key[0]))
    losses["long"] = _take(pots, [key for key in order if key[0] != "short_listed"], losses["long"])
    losses["short"] = _take(pots, order, losses["short"])
    exempted = dict(pots)
    _take(exempted, [key for key in order if key[0] == "long_listed"], exemption)
    parts = tuple(Special(kind, rate, pots[kind, rate], exempted[kind, rate]) for kind, rate in order)
    return Gains(tuple(part for part in parts if part.amount), losses["short"], losses["long"], tuple(used.values()))


def _take(
    pots: dict[tuple[GainKind, Decimal], Decimal], order: Iterable[tuple[GainKind, Decimal]], of: Decimal
) -> Decimal:
    for key in order:
        part = min(pots[key], of)
        pots[key] -= part
        of -= part
    return of
