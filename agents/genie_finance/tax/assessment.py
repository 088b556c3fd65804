"""Computes the tax of a regime from a profile: deductions, total income, liability, lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from genie.errors import InputError
from genie_finance.contracts.grounds import Evidence, RuleEdition
from genie_finance.contracts.money import Money, rupees
from genie_finance.contracts.tax import Deductions, RealisedGain, Regime, RegimeTax, TaxLine, TaxProfile, year_start
from genie_finance.domain.rulebook import Edition, edition
from genie_finance.tax.gains import Gains, settle
from genie_finance.tax.liability import ZERO, Base, Liability, Person, liability, rounded
from genie_finance.tax.tables import DEDUCTIONS, INCOME_TAX, DeductionRules, IncomeTaxRules, Limit

METHOD = (
    "An estimate of an individual's tax. It leaves out agricultural income, losses of other heads and of earlier "
    "years, clubbing, relief for tax paid abroad, alternative minimum tax, and income at special rates other than the "
    "gains given."
)


def limit_of(limit: Limit, claimed: Deductions, profile: TaxProfile, rules: DeductionRules) -> Decimal | None:
    """Return the limit of a section for this person, None without a limit.

    A senior citizen is a resident (sections 80D and 80TTB).
    """
    own = profile.resident and profile.age >= rules.senior_age
    senior = claimed.parents_senior if limit.whose == "parents" else own
    return limit.senior if senior and limit.senior is not None else limit.most


def claim_of(limit: Limit, claimed: Deductions) -> Decimal:
    """Return the amount claimed under a section."""
    found: Money = getattr(claimed, limit.claim)
    return found.amount


def _contradicts(profile: TaxProfile, rules: DeductionRules) -> None:
    """Reject deductions that contradict the income; the employer's contribution is part of the salary."""
    claimed, salary = profile.deductions, profile.income.salary.amount
    if claimed is None:
        return
    most = salary * rules.most_employer_pension
    if claimed.employer_pension.amount > most:
        raise InputError(
            "deductions.employer_pension",
            f"{claimed.employer_pension} is above {rules.most_employer_pension:.0%} of a salary of {rupees(salary)}",
            "give the part within the limit, and include the whole contribution in the salary",
        )


def _indexed(gain: RealisedGain) -> str:
    return "" if gain.indexed_gain is None else f", {gain.indexed_gain} with indexation"


@dataclass(frozen=True, slots=True)
class Assessment:
    """A profile with the editions of rules of its year; computes the tax of either regime."""

    profile: TaxProfile
    tax_rules: Edition[IncomeTaxRules]
    deduction_rules: Edition[DeductionRules]
    gains: Gains

    @classmethod
    def of(cls, profile: TaxProfile) -> Assessment:
        """Return the assessment of a profile.

        Raises:
            InputError: No edition of a table covers the tax year, or the deductions contradict the income.
        """
        start = year_start(profile.tax_year)
        deductions = edition(DEDUCTIONS, on=start)
        _contradicts(profile, deductions.rules)
        return cls(profile, edition(INCOME_TAX, on=start), deductions, settle(profile.income.gains))

    @property
    def gross(self) -> Decimal:
        """Income before any deduction, gains after set-off."""
        income = self.profile.income
        heads = (income.salary, income.house_property, income.business, income.dividends, income.other)
        return sum((head.amount for head in heads), ZERO) + sum((part.amount for part in self.gains.parts), ZERO)

    def editions(self, *, old: bool) -> tuple[RuleEdition, ...]:
        """Return the editions behind an answer; limits of deductions only if the old regime was computed."""
        return (self.tax_rules.said, *((self.deduction_rules.said,) if old else ()), *self.gains.editions)

    def inputs(self) -> tuple[Evidence, ...]:
        """Return the fields of the profile that were used."""
        profile = self.profile
        heads = ("salary", "house_property", "business", "dividends", "other")
        given = [Evidence(name=f"income.{head}", value=str(getattr(profile.income, head))) for head in heads]
        given += [
            Evidence(name=f"income.gains.{one.kind}", value=f"{one.on}: {one.gain}{_indexed(one)}")
            for one in profile.income.gains
        ]
        who = [
            ("tax_year", profile.tax_year),
            ("age", str(profile.age)),
            ("resident", "yes" if profile.resident else "no"),
        ]
        return (*(Evidence(name=name, value=value) for name, value in who), *given)

    def allowed(self, claimed: Deductions) -> Decimal:
        """Return the claimed deductions that the old regime allows, each up to its limit."""
        rules, total = self.deduction_rules.rules, ZERO
        for limit in rules.limits:
            most = limit_of(limit, claimed, self.profile, rules)
            claim = claim_of(limit, claimed)
            total += claim if most is None else min(claim, most)
        return total

    def tax(self, regime: Regime, *, claimed: Decimal = ZERO) -> Liability:
        """Return the tax of a regime.

        Args:
            regime: Which one.
            claimed: Deductions in rupees, within their limits; the new regime ignores them.
        """
        rules = self.tax_rules.rules
        chosen = rules.new if regime == "new" else rules.old
        person = Person(self.profile.age, self.profile.resident)
        return liability(self._base(regime, claimed), rules, chosen, person)

    def off_salary(self, regime: Regime) -> tuple[Decimal, Decimal]:
        """Return the standard deduction and the employer's pension contribution, which both regimes allow."""
        rules, salary = self.tax_rules.rules, self.profile.income.salary.amount
        standard = min((rules.new if regime == "new" else rules.old).standard_deduction, salary)
        claimed = self.profile.deductions
        return standard, min(claimed.employer_pension.amount, salary - standard) if claimed is not None else ZERO

    def _base(self, regime: Regime, claimed: Decimal) -> Base:
        income, rules = self.profile.income, self.tax_rules.rules
        ordinary = (
            income.salary.amount
            - sum(self.off_salary(regime), ZERO)
            + sum((head.amount for head in (income.house_property, income.business, income.other)), ZERO)
        )
        off = claimed if regime == "old" else ZERO
        left = max(ordinary - off, ZERO)
        dividends = max(income.dividends.amount - max(off - ordinary, ZERO), ZERO)
        base = Base(left, dividends, self.gains.parts)
        # Section 288A rounds the total; ordinary income absorbs the few rupees of difference if there is some.
        more = rounded(base.total, rules.rounding) - base.total
        return Base(left + more, dividends, self.gains.parts) if more > ZERO else base.less(-more)

    def regime_tax(self, regime: Regime, *, claimed: Decimal = ZERO) -> RegimeTax:
        """Return the tax of a regime as an answer states it."""
        found = self.tax(regime, claimed=claimed)
        return RegimeTax(regime=regime, total_income=rupees(found.total_income), tax=rupees(found.tax))

    def lines(self, regime: Regime, *, claimed: Decimal = ZERO) -> tuple[TaxLine, ...]:
        """Return the steps of a regime's tax, in the order of the law."""
        steps = self._steps(regime, claimed, self.tax(regime, claimed=claimed))
        return tuple(TaxLine(regime=regime, step=step, amount=rupees(amount)) for step, amount in steps)

    def _steps(self, regime: Regime, claimed: Decimal, found: Liability) -> Iterator[tuple[str, Decimal]]:
        yield "income before deductions", self.gross
        standard, employer = self.off_salary(regime)
        yield "standard deduction", -standard
        if employer:
            yield "employer's pension contribution", -employer
        if regime == "old":
            yield "deductions within their limits", -claimed
        yield "total income", found.total_income
        yield "tax by slabs", found.slab_tax
        if found.special_tax:
            yield "tax on gains at special rates", found.special_tax
        if found.rebate:
            yield "rebate", -found.rebate
        if found.surcharge or found.surcharge_relief:
            yield "surcharge before relief", found.surcharge + found.surcharge_relief
            yield "marginal relief", -found.surcharge_relief
        yield "health and education cess", found.cess
        yield "tax, rounded to ten rupees", found.tax
