"""Capital gains of a year: losses set off by law, and the remaining gains by rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from genie_finance.contracts.grounds import RuleEdition
from genie_finance.contracts.tax import GainKind, RealisedGain
from genie_finance.domain.rulebook import edition
from genie_finance.tax.tables import CAPITAL_GAINS

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Special:
    """Income with its own rate, in rupees."""

    kind: GainKind
    rate: Decimal
    amount: Decimal
    """All of it counts towards the total income."""
    taxed: Decimal
    """Part above the exemption of section 112A; at most ``amount``."""
    indexed: Decimal | None = None
    """Of land or buildings: the gain with indexed cost; below 0 where that is a loss."""
    indexed_rate: Decimal = ZERO

    def due(self, free: Decimal) -> Decimal:
        """Return the tax after an exempt part; the lower one if there is a choice (section 112(1))."""
        plain = (self.taxed - free) * self.rate
        return plain if self.indexed is None else min(plain, max(self.indexed - free, ZERO) * self.indexed_rate)

    def less(self, gone: Decimal) -> Special:
        """Return the gain reduced by an amount of income."""
        indexed = None if self.indexed is None else self.indexed - gone
        taxed = max(self.taxed - gone, ZERO)
        return Special(self.kind, self.rate, self.amount - gone, taxed, indexed, self.indexed_rate)

    def marginal(self) -> Decimal:
        """Return the tax saved by one rupee less."""
        return self.rate if self.indexed is None or self.due(ZERO) == self.taxed * self.rate else self.indexed_rate

    def useful(self) -> Decimal:
        """Return by how many rupees a reduction saves tax."""
        return self.amount if self.marginal() == self.rate else max(self.indexed or ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class Gains:
    """A year's gains after set-off; remaining losses are carried forward."""

    parts: tuple[Special, ...]
    short_loss: Decimal
    long_loss: Decimal
    editions: tuple[RuleEdition, ...]


def settle(realised: Iterable[RealisedGain]) -> Gains:
    """Return the year's gains after set-off.

    Long-term losses reduce only long-term gains, short-term losses any gain; those with the highest tax first, at equal
    tax the short-term ones. A loss also reduces a gain with indexed cost. The exemption, that of the year's last
    edition, also applies to the highest rate first. Source: Income-tax Act, 1961, sections 70, 74, 112(1) and 112A(2).

    Raises:
        InputError: No edition of the rates covers a sale.
    """
    rows = sorted(realised, key=lambda one: (one.on, one.kind, one.gain.minor))
    used: dict[str, RuleEdition] = {}
    sums: dict[tuple[GainKind, Decimal], Decimal] = {}
    parts: list[Special] = []
    losses = {"short": ZERO, "long": ZERO}
    exemption = ZERO
    for one in rows:
        found = edition(CAPITAL_GAINS, on=one.on)
        used[found.said.id] = found.said
        exemption = found.rules.exemption
        rate: Decimal = getattr(found.rules, one.kind)
        amount = one.gain.amount
        if amount < ZERO:
            losses["short" if one.kind == "short_listed" else "long"] -= amount
        elif one.indexed_gain is not None and found.rules.land_indexed is not None:
            indexed = one.indexed_gain.amount
            parts.append(Special(one.kind, rate, amount, amount, indexed, found.rules.land_indexed))
        elif amount:
            sums[one.kind, rate] = sums.get((one.kind, rate), ZERO) + amount
    parts += [Special(kind, rate, amount, amount) for (kind, rate), amount in sums.items()]
    parts, losses["long"] = _set_off(parts, losses["long"], short=False)
    parts, losses["short"] = _set_off(parts, losses["short"], short=True)
    left = tuple(part for part in _exempted(parts, exemption) if part.amount)
    return Gains(left, losses["short"], losses["long"], tuple(used.values()))


def _costliest_first(part: Special) -> tuple[Decimal, bool, str, Decimal, Decimal]:
    return (-part.marginal(), part.kind != "short_listed", part.kind, -part.amount, part.indexed or ZERO)


def _set_off(parts: list[Special], loss: Decimal, *, short: bool) -> tuple[list[Special], Decimal]:
    """Return the gains after a loss and the rest of the loss, set off first where it saves tax."""
    for saving in (True, False):
        kept = []
        for part in sorted(parts, key=_costliest_first):
            reach = part.useful() if saving else part.amount
            gone = min(reach, loss) if short or part.kind != "short_listed" else ZERO
            loss -= gone
            kept.append(part.less(gone))
        parts = kept
    return parts, loss


def _exempted(parts: list[Special], exemption: Decimal) -> list[Special]:
    found = []
    for part in sorted(parts, key=_costliest_first):
        gone = min(part.taxed, exemption) if part.kind == "long_listed" else ZERO
        exemption -= gone
        found.append(Special(part.kind, part.rate, part.amount, part.taxed - gone, part.indexed, part.indexed_rate))
    return found
