"""The ledger: books the drafts that an account can pay, with the balance after each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from genie_finance.synthetic.draft import Draft, Need, Payee

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie_finance.synthetic.country import Country
    from genie_finance.synthetic.customer import Customer

_YEAR = 365 * 10_000
"""Divisor of interest: days of a year times 10,000, since rates are in hundredths of a percent."""
_CUSHION = 2
"""Balance in months of income above which money goes to savings."""


class Booked(NamedTuple):
    """A draft that was booked, with the amount and the balance after it in minor units."""

    draft: Draft
    minor: int
    balance: int


class Ledger:
    """One account with an overdraft limit, and the owner's savings beside it.

    The balance never falls below ``-customer.overdraft``, regardless of the drafts. Interest is computed on the
    balances at the end of each day, at the country's yearly rates, rounded down to minor units. A refund is booked only
    after the payment with the same mark.

    Args:
        customer: Owner of the account.
        country: Source of rates and texts.
        savings: The owner's other savings, in minor units.
        fee: Fee of a returned payment, in minor units.
    """

    def __init__(self, customer: Customer, country: Country, *, savings: int, fee: int) -> None:
        words = country.words
        self._balance = customer.opening
        self._floor = -customer.overdraft
        self._tight = -customer.overdraft // 2
        self._savings = savings
        self._fee = fee
        self._round = country.pay * 10
        self._cushion = customer.income * _CUSHION
        self._rates = country.debit_rate, country.credit_rate
        self._topup = Payee(words["topup"], "transfer.savings", "transfer")
        self._bank = {
            "fees.bank": Payee(words["returned"], "fees.bank", "bank"),
            "debt.interest": Payee(words["debit_interest"], "debt.interest", "bank"),
            "income.interest": Payee(words["credit_interest"], "income.interest", "bank"),
        }
        self._passing = 0
        self._marks: set[str] = set()
        self._day = customer.since.toordinal()
        self._owed = self._earned = 0
        self.booked: list[Booked] = []

    def book(self, drafts: Iterable[Draft]) -> list[Booked]:
        """Return the bookings of drafts, which must be sorted by day."""
        for draft in drafts:
            if draft.day != self._day:
                self._accrue(draft.day)
            if draft.need >= Need.SWEEP:
                if draft.need == Need.SWEEP:
                    self._sweep(draft)
                else:
                    self._interest(draft)
            elif draft.minor > 0:
                if draft.mark and draft.need != Need.RING and draft.mark not in self._marks:
                    continue  # a payment that was never made is not refunded
                self._put(draft, draft.minor)
                if draft.need == Need.RING:
                    self._passing += draft.minor
            else:
                self._pay(draft)
        return self.booked

    def _put(self, draft: Draft, minor: int) -> None:
        self._balance += minor
        if draft.mark:
            self._marks.add(draft.mark)
        self.booked.append(Booked(draft, minor, self._balance))

    def _pay(self, draft: Draft) -> None:
        if draft.need == Need.RING:
            self._passing += draft.minor
            self._put(draft, draft.minor)
            return
        floor = self._tight if draft.need == Need.SPEND else self._floor
        missing = floor + self._passing - self._balance - draft.minor
        if missing > 0 and draft.need != Need.SPEND:
            drawn = -(-missing // self._round) * self._round
            if drawn <= self._savings:
                self._savings -= drawn
                missing = 0
                self._put(draft._replace(payee=self._topup, note=self._topup.name, mark=""), drawn)
        if missing <= 0:
            self._put(draft, draft.minor)
        elif draft.need == Need.OWED and self._balance - self._fee >= self._floor + self._passing:
            self._charge(draft, "fees.bank", -self._fee)

    def _charge(self, draft: Draft, category: str, minor: int) -> None:
        payee = self._bank[category]
        self._put(draft._replace(payee=payee, note=payee.name, mark=""), minor)

    def _sweep(self, draft: Draft) -> None:
        beyond = (self._balance - self._passing - self._cushion) // self._round * self._round
        if beyond > 0:
            self._savings += beyond
            self._put(draft, -beyond)

    def _accrue(self, day: int) -> None:
        days = day - self._day
        if self._balance < 0:
            self._owed -= self._balance * days
        else:
            self._earned += self._balance * days
        self._day = day

    def _interest(self, draft: Draft) -> None:
        debit, credit = self._rates
        owed, earned = self._owed * debit // _YEAR, self._earned * credit // _YEAR
        if earned:
            self._charge(draft, "income.interest", earned)
        self._earned = 0
        if owed and self._balance - owed >= self._floor + self._passing:
            self._charge(draft, "debt.interest", -owed)
            self._owed = 0
