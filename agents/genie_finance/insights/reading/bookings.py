"""Converts the bookings of formats with exact fields into transactions, unreadable entries and checked balances."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from genie.errors import InputError
from genie_finance.contracts.money import UNKNOWN_CURRENCY, Money, minor_units
from genie_finance.contracts.statements import Quarantined, Statement, StatementReading, Transaction
from genie_finance.insights.reading.choices import name_lines
from genie_finance.insights.reading.currencies import CODES
from genie_finance.insights.reading.dialect import MAX_CELL_CHARS, MAX_LINES
from genie_finance.insights.reading.identity import identity

if TYPE_CHECKING:
    import datetime
    from decimal import Decimal

    from genie_finance.contracts.statements import Form, StatementProfile
    from genie_finance.insights.reading.choices import Choices

_NO_REFERENCE = frozenset({"", "0", "NONREF", "NOTPROVIDED", "NONE", "N/A"})
_LONGEST_ACCOUNT = 64
_LONGEST_REFERENCE = 255


@dataclass(frozen=True, slots=True)
class Booking:
    """One booked movement as the file states it."""

    line: int
    date: datetime.date
    narration: str
    amount: Decimal
    """Signed amount: negative for outgoing money."""
    currency: str = ""
    """Currency of the booking; empty if it is the block's."""
    reference: str = ""
    rail: str | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance that a file states."""

    line: int
    amount: Decimal
    date: datetime.date | None = None


@dataclass(slots=True)
class Block:
    """One statement of one account; a file may hold several."""

    line: int
    account: str = ""
    currency: str = ""
    opening: Balance | None = None
    closing: Balance | None = None
    bookings: list[Booking] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)

    def refuse(self, line: int, reason: str) -> None:
        """Quarantine a booking that cannot be read."""
        self.quarantined.append(Quarantined(line=line, reason=reason))


def compose(
    name: str, form: Form, blocks: list[Block], profile: StatementProfile, choices: Choices
) -> StatementReading:
    """Return the content of the blocks of one file, in the file's order.

    Raises:
        InputError: There are no bookings, more than ``MAX_LINES``, or more than half of them cannot be read.
    """
    count = sum(len(block.bookings) + len(block.quarantined) for block in blocks)
    if count > MAX_LINES:
        raise InputError(
            name, f"contains {count:,} bookings; a statement may have {MAX_LINES:,}",
            "split it, or export a shorter period",
        )  # fmt: skip
    seen: Counter[str] = Counter()
    transactions: list[Transaction] = []
    quarantined: list[Quarantined] = []
    for block in blocks:
        transactions += _transactions(block, profile, choices, seen)
        quarantined += block.quarantined
    _refuse_mostly_bad(name, len(transactions), quarantined)
    _check_balances(blocks, choices)
    accounts = {transaction.account for transaction in transactions}
    return StatementReading(
        statement=Statement(account=accounts.pop() if len(accounts) == 1 else "", transactions=tuple(transactions)),
        form=form,
        assumptions=tuple(dict.fromkeys(choices.assumptions)),
        notices=tuple(choices.notices),
        quarantined=tuple(sorted(quarantined, key=lambda row: row.line)),
    )


def _refuse_mostly_bad(name: str, good: int, quarantined: list[Quarantined]) -> None:
    if len(quarantined) > good:
        first = quarantined[0]
        raise InputError(
            name, f"{len(quarantined)} of {good + len(quarantined)} bookings cannot be read; the first, line "
            f"{first.line}: {first.reason}", "export it again, or in another format",
        )  # fmt: skip
    if not good:
        raise InputError(name, "holds no transactions", "export a longer period")


def _transactions(block: Block, profile: StatementProfile, choices: Choices, seen: Counter[str]) -> list[Transaction]:
    account = profile.account or block.account[:_LONGEST_ACCOUNT]
    found = []
    read = []
    for booking in block.bookings:
        currency = (booking.currency or block.currency).upper() or _unnamed(profile, choices)
        if currency not in CODES and currency != UNKNOWN_CURRENCY:
            block.refuse(booking.line, "its currency is not an ISO 4217 code")
            continue
        if len(booking.narration) > MAX_CELL_CHARS:
            block.refuse(
                booking.line,
                f"has a text of {len(booking.narration):,} characters; a booking may have {MAX_CELL_CHARS:,}",
            )
            continue
        try:
            money = Money(minor=minor_units(booking.amount, currency), currency=currency)
        except ValueError:
            block.refuse(booking.line, f"has more digits after the point than {currency} has")
            continue
        read.append(booking)
        found.append(
            Transaction(
                id=identity(account, booking.date, booking.narration, money, seen),
                line=booking.line,
                account=account,
                date=booking.date,
                narration=booking.narration,
                amount=money,
                rail=booking.rail,
                reference=stated_reference(booking.reference),
            )
        )
    block.bookings = read
    return found


def stated_reference(text: str) -> str:
    """Return a reference, empty if the bank only says that there is none."""
    text = text.strip()[:_LONGEST_REFERENCE]
    return "" if text.upper() in _NO_REFERENCE else text


def _unnamed(profile: StatementProfile, choices: Choices) -> str:
    if profile.currency is not None:
        return profile.currency
    choices.assume(
        "currency", UNKNOWN_CURRENCY, "nothing in the file names a currency, so the amounts have none",
        "currency: EUR  # the ISO 4217 code of the account",
    )  # fmt: skip
    return UNKNOWN_CURRENCY


def _check_balances(blocks: list[Block], choices: Choices) -> None:
    """Report where the opening balance and movements do not add up to the closing one, or a statement is missing."""
    unchecked = []
    last: dict[str, Balance] = {}
    for block in blocks:
        before = last.get(block.account)
        if before and block.opening and before.amount != block.opening.amount:
            choices.notice(
                f"the opening balance in line {block.opening.line} is {block.opening.amount:,}, and the statement "
                f"before it closed with {before.amount:,}; a statement between them may be missing from the file"
            )
        if block.closing:
            last[block.account] = block.closing
        if block.opening is None and block.closing is not None and block.closing.date is not None:
            choices.notice(
                f"the balance of {block.closing.date} is {block.closing.amount:,} (line {block.closing.line}); the "
                "file states no opening balance, so its completeness cannot be checked"
            )
            continue
        if block.opening is None or block.closing is None:
            unchecked.append(block.line)
            continue
        if any(booking.currency not in {"", block.currency} for booking in block.bookings):
            choices.notice(
                f"the statement of line {block.line} contains movements in another currency than its own, so its "
                "balances are not checked"
            )
            continue
        movements = sum(booking.amount for booking in block.bookings)
        due = block.opening.amount + movements
        if due != block.closing.amount:
            unread = f", {len(block.quarantined)} of them not read" if block.quarantined else ""
            choices.notice(
                f"the statement of line {block.line} opens with {block.opening.amount:,} and closes with "
                f"{block.closing.amount:,}, but its movements{unread} come to {due:,}: {due - block.closing.amount:+,} "
                "too much. No amount was altered"
            )
    if unchecked:
        verb = "does" if len(unchecked) == 1 else "do"
        choices.notice(
            f"the statement of {name_lines(unchecked)} {verb} not state both an opening and a closing balance, so its "
            "completeness cannot be checked"
        )
