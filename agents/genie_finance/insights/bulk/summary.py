"""The consolidated cash flow: months, accounts, obligations, payers, and the assumptions."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from genie_finance.contracts.bulk import (
    MOST_LINKS,
    AccountSummary,
    BulkAnalysis,
    BulkMonth,
    CategoryTotal,
    Counterparty,
    CreditTurnover,
    Linked,
    NotIncome,
)
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.insights import Period
from genie_finance.contracts.money import UNKNOWN_CURRENCY, Money
from genie_finance.contracts.numbers import shown_percent
from genie_finance.contracts.statements import StatementReading, Transaction
from genie_finance.domain import categories, narrations
from genie_finance.domain.categories import Kind
from genie_finance.domain.counting import counted, verb
from genie_finance.domain.months import complete_months, covered_months, month_of
from genie_finance.domain.proceeds import Unearned, takes_back_pay, unearned
from genie_finance.insights.bulk.balances import DayEnds, day_ends
from genie_finance.insights.bulk.matching import Pair, duplicates, reversals, transfers
from genie_finance.insights.bulk.obligations import is_loan, obligations, owed
from genie_finance.insights.bulk.returns import returned

_MOST_NAMED = 5


class _Sums(NamedTuple):
    inflow: Counter[str]
    outflow: Counter[str]
    own_in: Counter[str]
    own_out: Counter[str]
    loans: Counter[str]
    moved: Counter[str]
    returns: Counter[str]
    by_category: Counter[str]
    category_count: Counter[str]


class Consolidation:
    """Compute the totals of one applicant's movements in one currency.

    Args:
        transactions: Of all accounts, categorised.
        currency: Currency to analyse; movements in others are left out.
        assumed: Some of the statements name no currency and are assumed to be in it.
        from_rows: They are rows of another system, which may contain a booking twice, unlike a bank's files.
    """

    def __init__(self, transactions: Sequence[Transaction], currency: str, *, assumed: bool, from_rows: bool) -> None:
        self._currency = currency
        self._all = [one for one in transactions if one.amount.currency == currency]
        self._others = sorted({one.amount.currency for one in transactions} - {currency})
        self._assumed = assumed
        gone: dict[int, object] = {}
        self._duplicates = duplicates(self._all) if from_rows else ()
        gone.update((pair.second, pair) for pair in self._duplicates)
        several = len({one.account for one in self._all}) > 1
        self._transfers = transfers(self._all, skip=gone) if several else ()
        for pair in self._transfers:
            gone[pair.first] = gone[pair.second] = pair
        self._returned = {at: whose for at, one in enumerate(self._all) if at not in gone and (whose := returned(one))}
        self._reversals = reversals(self._all, self._returned, skip=gone)
        for pair in self._reversals:
            gone[pair.first] = gone[pair.second] = pair
        self.counted = [one for at, one in enumerate(self._all) if at not in gone]
        """Movements included in the sums."""
        self.read = len(self._all)
        """Movements in the currency, matched ones included."""
        self._refunds = self._taken_back(gone)
        self._unearned = dict(self._not_earned())
        """Incoming movements that are not income, by id."""

    def _not_earned(self) -> Iterator[tuple[str, Unearned]]:
        read: dict[tuple[str, str | None], Unearned | None] = {}  # a statement has few shapes of narrations
        for one in self.counted:
            if one.amount.minor <= 0 or one.id in self._refunds:
                continue
            key = (narrations.shape(one.narration), one.category)
            if key not in read:
                read[key] = unearned(one.narration, one.category)
            kind = read[key]
            if kind is not None:
                yield one.id, kind

    def _taken_back(self, gone: Mapping[int, object]) -> dict[str, Transaction]:
        """Return refunds by id, each with the payment that it refunds wholly or in part."""
        links = {one.id for one in self.counted if one.nets_with and one.amount.minor > 0}
        if not links:
            return {}
        by_id = {one.id: one for at, one in enumerate(self._all) if at not in gone}
        found = {}
        for ref in links:
            one = by_id[ref]
            paid = by_id.get(one.nets_with or "")
            if paid is not None and paid.amount.minor < 0 and paid.account == one.account:
                found[ref] = paid
        return found

    def analysis(self, applicant_id: str, reading: StatementReading) -> BulkAnalysis:
        """Return the answer; there must be a movement to count."""
        days = [one.date for one in self._all]
        period = Period(start=min(days), end=max(days))
        booked = {month_of(day) for day in set(days)}
        months = covered_months(period.start, period.end, booked)
        complete = complete_months(period.start, period.end, booked)
        owing = owed(self.counted)
        sums = self._sums(owing)
        total_in, total_out, own = sums.inflow.total(), sums.outflow.total(), sums.own_in.total()
        accounts, ends = self._accounts()
        own_returns = [at for at, whose in self._returned.items() if whose == "own"]
        return BulkAnalysis(
            applicant_id=applicant_id,
            currency=self._currency,
            period=period,
            account_count=len(accounts),
            transaction_count_raw=len(self._all),
            transaction_count=len(self._all) - len(self._duplicates) - 2 * len(self._transfers),
            duration_months=len(months),
            total_credit=self._money(total_in),
            total_debit=self._money(total_out),
            net_cashflow=self._money(total_in - total_out),
            monthly_average_inflow=self._over(total_in, len(months)),
            monthly_average_outflow=self._over(total_out, len(months)),
            turnover=CreditTurnover(
                months=len(months),
                total=self._money(total_in - own),
                monthly_average=self._over(total_in - own, len(months)),
                complete_months=len(complete),
            ),
            accounts=accounts,
            months=tuple(self._month(name, sums, ends, complete=name in complete) for name in months),
            top_debit_categories=self._categories(sums),
            top_payers=self._payers(total_in),
            not_income=self._not_income(),
            obligations=obligations(owing, until=period.end),
            debit_count=sum(one.amount.minor < 0 for one in self.counted),
            return_count=len(own_returns),
            deposit_return_count=len(self._returned) - len(own_returns),
            duplicate_count=len(self._duplicates),
            transfer_count=len(self._transfers),
            refund_count=len(self._refunds) + len(self._reversals),
            links=self._links(),
            other_currencies=tuple(self._others),
            quarantined=reading.quarantined[:MOST_LINKS],
            quarantined_count=len(reading.quarantined),
            unproven=reading.unproven[:MOST_LINKS],
            unread=reading.unread,
            grounds=self._grounds(reading, len(complete)),
        )

    def _money(self, minor: int) -> Money:
        return Money(minor=minor, currency=self._currency)

    def _over(self, minor: int, count: int) -> Money:
        return self._money(int((Decimal(minor) / count).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)))

    def _sums(self, owing: Sequence[Transaction]) -> _Sums:
        sums = _Sums(*(Counter() for _ in _Sums._fields))
        loans = {one.id for one in owing if is_loan(one)}
        months: dict[datetime.date, str] = {}
        spent: Counter[str | None] = Counter()  # by the name in the movement, which is quicker to look up than a member
        count: Counter[str | None] = Counter()
        for one in self.counted:
            month = months.get(one.date) or months.setdefault(one.date, month_of(one.date))
            amount = one.amount.minor
            sums.moved[month] += 1
            paid = self._refunds.get(one.id)
            if paid is not None:
                sums.outflow[month_of(paid.date)] -= amount
                spent[paid.category] -= amount
            elif amount >= 0:
                sums.inflow[month] += amount
                if one.id in self._unearned:
                    sums.own_in[month] += amount
            else:
                if takes_back_pay(one.narration):
                    sums.own_in[month] -= amount
                sums.outflow[month] -= amount
                spent[one.category] -= amount
                count[one.category] += 1
                if categories.info(one.category).kind is Kind.TRANSFER:
                    sums.own_out[month] -= amount
                if one.id in loans:
                    sums.loans[month] -= amount
        for name, amount in spent.items():
            category = categories.info(name).category
            sums.by_category[category] += amount
            sums.category_count[category] += count[name]
        for at, whose in self._returned.items():
            sums.returns[month_of(self._all[at].date)] += whose == "own"
        return sums

    def _month(self, name: str, sums: _Sums, ends: Mapping[str, DayEnds] | None, *, complete: bool) -> BulkMonth:
        return BulkMonth(
            month=name,
            complete=complete,
            inflow=self._money(sums.inflow[name]),
            outflow=self._money(sums.outflow[name]),
            net=self._money(sums.inflow[name] - sums.outflow[name]),
            own_inflow=self._money(sums.own_in[name]),
            own_outflow=self._money(sums.own_out[name]),
            obligations=self._money(sums.loans[name]),
            transactions=sums.moved[name],
            returns=sums.returns[name],
            average_balance=self._balance(name, ends),
        )

    def _balance(self, month: str, ends: Mapping[str, DayEnds] | None) -> Money | None:
        if ends is None or any(month not in one.months for one in ends.values()):
            return None
        averages = (Decimal(one.months[month].total) / one.months[month].days for one in ends.values())
        return self._money(int(sum(averages, Decimal(0)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)))

    def _accounts(self) -> tuple[tuple[AccountSummary, ...], Mapping[str, DayEnds] | None]:
        rows: defaultdict[str, list[Transaction]] = defaultdict(list)
        for one in self._all:
            rows[one.account].append(one)
        found, ends = [], dict[str, DayEnds]()
        for name, held in sorted(rows.items()):
            end = day_ends(held)
            if end is not None:
                ends[name] = end
            amounts = [one.amount.minor for one in held]
            found.append(
                AccountSummary(
                    account_id=name,
                    transactions=len(held),
                    period=Period(start=min(one.date for one in held), end=max(one.date for one in held)),
                    credits=self._money(sum(amount for amount in amounts if amount > 0)),
                    debits=self._money(-sum(amount for amount in amounts if amount < 0)),
                    closing_balance=None if end is None else self._money(end.closing),
                    average_balance=None if end is None else self._over(end.total, end.days),
                    lowest_balance=None if end is None else self._money(end.lowest),
                    overdrawn_days=None if end is None else end.overdrawn,
                )
            )
        return tuple(found), ends if len(ends) == len(found) else None

    def _categories(self, sums: _Sums) -> tuple[CategoryTotal, ...]:
        total = sums.outflow.total()
        ranked = sorted(sums.by_category.items(), key=lambda item: (-item[1], item[0]))
        return tuple(
            CategoryTotal(
                category=str(name),
                total=self._money(amount),
                count=sums.category_count[name],
                share_percent=shown_percent(amount, total),
            )
            for name, amount in ranked[:_MOST_NAMED]
            if amount > 0
        )

    def _payers(self, total: int) -> tuple[Counterparty, ...]:
        amounts: Counter[str] = Counter()
        counts: Counter[str] = Counter()
        for one in self.counted:
            if one.amount.minor > 0 and one.merchant and one.id not in self._unearned and one.id not in self._refunds:
                amounts[one.merchant] += one.amount.minor
                counts[one.merchant] += 1
        ranked = sorted(amounts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_NAMED]
        return tuple(
            Counterparty(
                name=name, total=self._money(amount), count=counts[name], share_percent=shown_percent(amount, total)
            )
            for name, amount in ranked
        )

    def _not_income(self) -> tuple[NotIncome, ...]:
        totals: Counter[Unearned] = Counter()
        counts: Counter[Unearned] = Counter()
        for one in self.counted:
            kind = self._unearned.get(one.id)
            if kind is not None:
                totals[kind] += one.amount.minor
                counts[kind] += 1
        ranked = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
        return tuple(NotIncome(kind=kind, total=self._money(total), count=counts[kind]) for kind, total in ranked)

    def _links(self) -> tuple[Linked, ...]:
        found: list[Linked] = []
        for kind, pairs in (
            ("duplicate", self._duplicates),
            ("transfer", self._transfers),
            ("refund", self._reversals),
        ):
            found += [
                self._linked(kind, self._all[pair.first], self._all[pair.second], pair.why) for pair in _first(pairs)
            ]
        by_id = {one.id: one for one in self.counted if one.id in self._refunds}
        backed = sorted(self._refunds)[: MOST_LINKS - min(len(self._reversals), MOST_LINKS)]
        found += [self._linked("refund", self._refunds[ref], by_id[ref], "refund by the same payee") for ref in backed]
        return tuple(found)

    def _linked(self, kind: str, first: Transaction, second: Transaction, why: str) -> Linked:
        amount = self._money(abs(second.amount.minor))
        return Linked.model_validate(
            {"kind": kind, "first": first.id, "second": second.id, "amount": amount, "why": why}
        )

    def _grounds(self, reading: StatementReading, complete: int) -> Grounds:
        reasons = [
            Reason(
                code="bulk.months", text=f"{counted(complete, 'month')} {verb(complete, 'is', 'are')} fully covered."
            )
        ]
        for code, count, what in (
            ("bulk.duplicates", len(self._duplicates), "Rows that repeat a booking, counted once"),
            ("bulk.transfers", len(self._transfers), "Transfers between the accounts, netted"),
            ("bulk.refunds", len(self._refunds) + len(self._reversals), "Refunds and returns, netted"),
            ("bulk.returns", len(self._returned), "Cheques or mandates that came back unpaid"),
            ("bulk.not_income", len(self._unearned), "Credits that are not income, left out of the turnover"),
        ):
            if count:
                reasons.append(Reason(code=code, text=f"{what}: {count:,}."))
        caveats = [*dict.fromkeys(notice for notice in reading.notices[:_MOST_NAMED])]
        caveats += [f"{one.field} taken as {one.chosen}: {one.why}" for one in reading.assumptions[:_MOST_NAMED]]
        if self._assumed:
            caveats.append(f"Movements that name no currency are assumed to be in {self._currency}.")
        if self._others:
            others = (name if name != UNKNOWN_CURRENCY else "a currency that is not named" for name in self._others)
            caveats.append(f"Movements in {', '.join(others)} are left out.")
        if any(not (one.reference or one.balance) for one in (self._all[pair.second] for pair in self._duplicates)):
            caveats.append("Equal rows without reference and balance are counted as one booking.")
        if reading.quarantined or reading.unread:
            count = len(reading.quarantined)
            caveats.append(f"{count} rows and {len(reading.unread)} files could not be read and are missing here.")
        inputs = (
            Evidence(name="transactions", value=str(len(self._all))),
            Evidence(name="accounts", value=str(len({one.account for one in self._all}))),
        )
        return Grounds(
            reasons=tuple(reasons),
            inputs=inputs,
            editions=(),
            uncertainty="Sums are exact; own transfers, loans and returns are recognised by their texts.",
            caveats=tuple(caveats),
        )


def _first(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    return tuple(pairs)[:MOST_LINKS]
