"""The tax on a total income in one regime: slabs, special rates, rebate, surcharge, their reliefs, cess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from genie_finance.tax.gains import Special
from genie_finance.tax.tables import IncomeTaxRules, RegimeRules, Step

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Base:
    """Taxable income after deductions, in rupees."""

    ordinary: Decimal
    """Income at slab rates, without dividends."""
    dividends: Decimal
    """Also taxed at slab rates, with a lower surcharge."""
    gains: tuple[Special, ...] = ()

    @property
    def normal(self) -> Decimal:
        """Income at the slabs' rates."""
        return self.ordinary + self.dividends

    @property
    def total(self) -> Decimal:
        """Total income."""
        return self.normal + sum((part.amount for part in self.gains), ZERO)

    def less(self, amount: Decimal) -> Base:
        """Return the base without some income: ordinary first, then dividends, then gains at the highest rate."""
        ordinary = min(self.ordinary, amount)
        dividends = min(self.dividends, amount - ordinary)
        rest, parts = amount - ordinary - dividends, []
        for part in self.gains:
            gone = min(part.amount, rest)
            rest -= gone
            parts.append(part.less(gone))
        return Base(self.ordinary - ordinary, self.dividends - dividends, tuple(parts))


@dataclass(frozen=True, slots=True)
class Person:
    """The person whose age and residence determine slabs and rebate."""

    age: int
    resident: bool


@dataclass(frozen=True, slots=True)
class Liability:
    """A tax by its steps, in rupees; all except ``tax`` unrounded."""

    total_income: Decimal
    slab_tax: Decimal
    special_tax: Decimal
    rebate: Decimal
    surcharge: Decimal
    """After its marginal relief."""
    surcharge_relief: Decimal
    cess: Decimal
    tax: Decimal
    """Rounded to ten rupees (sections 288A and 288B; section 516 of the Act of 2025)."""


def liability(base: Base, rules: IncomeTaxRules, regime: RegimeRules, person: Person) -> Liability:
    """Return the tax on a base with a rounded total income.

    Order of the law: slabs and special rates, rebate with its marginal relief, surcharge with its marginal relief, cess
    on the sum.
    """
    engine = _Engine(rules, regime, person)
    slab, special, rebate = engine.tax(base)
    surcharge = engine.surcharge(base)
    relief = max(slab + special - rebate + surcharge - engine.bound(base), ZERO)
    cess = (slab + special - rebate + surcharge - relief) * rules.cess
    due = slab + special - rebate + surcharge - relief + cess
    return Liability(
        total_income=base.total,
        slab_tax=slab,
        special_tax=special,
        rebate=rebate,
        surcharge=surcharge - relief,
        surcharge_relief=relief,
        cess=cess,
        tax=rounded(due, rules.rounding),
    )


def rounded(amount: Decimal, to: Decimal) -> Decimal:
    """Return an amount without paise, rounded half up to a multiple."""
    return (amount.quantize(Decimal(1), rounding=ROUND_DOWN) / to).quantize(Decimal(1), rounding=ROUND_HALF_UP) * to


def slab_tax(income: Decimal, slabs: Sequence[Step]) -> Decimal:
    """Return the tax on an income by slabs."""
    tops = [*(step.above for step in slabs[1:]), income]
    return sum(
        (
            (min(income, top) - step.above) * step.rate
            for step, top in zip(slabs, tops, strict=True)
            if income > step.above
        ),
        ZERO,
    )


@dataclass(frozen=True, slots=True)
class _Engine:
    rules: IncomeTaxRules
    regime: RegimeRules
    person: Person

    def slabs(self) -> Sequence[Step]:
        """Return the slabs of the person's age; non-residents have those of the youngest age."""
        age = self.person.age if self.person.resident else 0
        return max((band for band in self.regime.bands if band.from_age <= age), key=lambda band: band.from_age).slabs

    def tax(self, base: Base) -> tuple[Decimal, Decimal, Decimal]:
        """Return the tax at the slabs' rates, that at special rates, and the rebate."""
        slabs = self.slabs()
        slab = slab_tax(base.normal, slabs)
        # A resident's gains first use up what the basic exemption has left (sections 111A, 112 and 112A, provisos).
        nil = slabs[1].above if self.person.resident and not slabs[0].rate else ZERO
        room, special, reached = max(nil - base.normal, ZERO), ZERO, slab
        for part in base.gains:
            free = min(room, part.taxed, part.useful())
            room -= free
            due = part.due(free)
            special += due
            reached += due if part.kind != "long_listed" and self.regime.rebate.special_rates else ZERO
        return slab, special, self.rebate(base.total, slab + special, reached)

    def rebate(self, total: Decimal, tax: Decimal, reached: Decimal) -> Decimal:
        """Return the rebate, at most the tax that it applies to."""
        rebate = self.regime.rebate
        if not self.person.resident:
            return ZERO
        if total <= rebate.income_up_to:
            return min(reached, rebate.most)
        if rebate.marginal_relief:
            return min(reached, max(tax - (total - rebate.income_up_to), ZERO))
        return ZERO

    def measure(self, base: Base, step: Step) -> Decimal:
        """Return the income that a step of the surcharge applies to; the highest steps exclude dividends and gains."""
        return base.ordinary if step.rate > self.rules.special_surcharge_cap else base.total

    def crossed(self, base: Base) -> list[Step]:
        return [step for step in self.regime.surcharge if self.measure(base, step) > step.above]

    def surcharge(self, base: Base) -> Decimal:
        """Return the surcharge before its marginal relief."""
        rate = max((step.rate for step in self.crossed(base)), default=ZERO)
        slab, special, rebate = self.tax(base)
        capped = min(rate, self.rules.special_surcharge_cap)
        on_dividends = slab * base.dividends / base.normal if base.normal else ZERO
        return (slab - rebate - on_dividends) * rate + (on_dividends + special) * capped

    def bound(self, base: Base) -> Decimal:
        """Return the maximum of tax and surcharge: for each step crossed, those at the step plus the excess."""
        slab, special, rebate = self.tax(base)
        most = slab + special - rebate + self.surcharge(base)
        for step in self.crossed(base):
            excess = self.measure(base, step) - step.above
            most = min(most, self.bound(base.less(excess)) + excess)
        return most
