"""The meaning of an amount's sign, and a check against the running balance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie_finance.insights.reading.balance import Chain, follow
from genie_finance.insights.reading.choices import Choices, name_lines
from genie_finance.insights.reading.vocabulary import is_of_books, says_incoming, says_payment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from genie_finance.contracts.statements import StatementProfile
    from genie_finance.insights.reading.rows import Entry, Read
    from genie_finance.insights.reading.vocabulary import Mark

_SAMPLE = 2_000
_ALIKE_PERCENT = 75
"""Least share of signs that agree with the marks of a column of marks, unless all contradict them."""
_FACTOR: dict[Mark, int] = {"debit": -1, "credit": 1}


def signed_amounts(read: Read, profile: StatementProfile, choices: Choices) -> list[Decimal | None]:
    """Return the amount of each entry, negative where money went out; None where the row does not show it.

    Separate columns determine it. In a single column, the debit/credit mark decides unless the amounts are signed; then
    the sign decides, and the marks, the balance or the profile give its meaning.
    """
    entries = read.entries
    if all(entry.side for entry in entries):
        return _by_balance(read, _paired(read, profile, choices), choices)
    written = [_written(entry) for entry in entries]
    marks: list[Mark | None] = [entry.mark or entry.amount.mark for entry in entries]
    told_by_sign = read.marks_are_kinds and any(entry.amount.sign < 0 for entry in entries)
    if profile.positive_is is None and any(marks) and not told_by_sign:
        if _marks_alone(entries, marks):
            alone = [entry.number * _FACTOR[mark] if mark else None for entry, mark in zip(entries, marks, strict=True)]
            return _by_balance(read, alone, choices)
        if _marks_decide(entries, marks):
            marked = _by_balance(read, _marked(read, marks, choices), choices)
            if read.of_accounts and not chain(read, marked).proves:
                choices.assume(
                    "positive_is", "debit",
                    "the header is that of a book of accounts, in which a debit of a bank account is money coming in, "
                    "and no balance proves it",
                    "positive_is: debit  # or credit",
                )  # fmt: skip
                return [None if amount is None else -amount for amount in marked]
            if _comes_in_as_debit(entries, marks) and not chain(read, marked).proves:
                choices.assume(
                    "positive_is", "credit",
                    "texts of incoming money, such as salaries, occur only beside debit marks, as in bookkeeping, and "
                    "no balance proves what a debit is; it is taken as outgoing money",
                )  # fmt: skip
            return marked
    return _signed(read, written, marks, profile, choices)


def _owed(read: Read, amounts: list[Decimal | None], choices: Choices) -> list[Decimal | None]:
    """Return debits and credits of unnamed columns, swapped if texts show that the balance is a debt.

    The balance of a card is the debt, which rises with each purchase.
    """
    incoming = _incoming(read, amounts)
    if (incoming != {-1} and (incoming or _paid(read, amounts) >= 0)) or not chain(read, amounts).proves:
        return amounts
    choices.assume(
        "debit_column", "debit",
        "rows whose texts are payments or refunds lower the balance, so it is taken as a debt, as on card statements; "
        "no header says so",
        "debit_column: NAME  # and credit_column: NAME",
    )  # fmt: skip
    return [None if amount is None else -amount for amount in amounts]


def _incoming(read: Read, amounts: Sequence[Decimal | None]) -> set[int]:
    """Return the signs of amounts whose texts describe incoming money."""
    pairs = [(entry, amount) for entry, amount in zip(read.entries[:_SAMPLE], amounts, strict=False) if amount]
    return {1 if amount > 0 else -1 for entry, amount in pairs if says_incoming(entry.narration)}


def _paid(read: Read, amounts: Sequence[Decimal | None]) -> int:
    """Return the common sign of amounts described as payments if few amounts have it, else 0."""
    pairs = [(entry, amount) for entry, amount in zip(read.entries[:_SAMPLE], amounts, strict=False) if amount]
    told = [amount > 0 for entry, amount in pairs if says_payment(entry.narration)]
    few = sum((amount > 0) == told[0] for _, amount in pairs) if told else 0
    if not told or len(set(told)) > 1 or few * 3 > len(pairs) or len(told) * 2 <= few:
        return 0
    return 1 if told[0] else -1


def _by_balance(read: Read, amounts: list[Decimal | None], choices: Choices) -> list[Decimal | None]:
    """Return the amounts, negated if the running balance contradicts every debit and credit."""
    if not read.balance_signs and not any(entry.balance is not None for entry in read.entries):
        return amounts
    if chain(read, amounts, _SAMPLE).fits:
        by_place = not read.sides_named and all(entry.side for entry in read.entries)
        if read.of_accounts and _owes(read):
            return _mirrored(read, amounts, choices)
        return _owed(read, amounts, choices) if by_place else amounts
    turned = [None if amount is None else -amount for amount in amounts]
    as_turned = chain(read, turned)
    if not (as_turned.fits > 1 and not as_turned.breaks):
        return amounts
    if read.of_card:
        choices.notice("the running balance rises with each debit, so it is the money owed on a card")
        return amounts
    owed = _owed(read, turned, choices)
    if owed is not turned:
        return owed
    why = "the running balance contradicts every debit and credit; the balance is followed"
    if _incoming(read, turned) == {1}:
        choices.notice(why)
    else:
        choices.assume("debit_column", "credit", why, "debit_column: NAME  # and credit_column: NAME")
    return turned


def _owes(read: Read) -> bool:
    """True if most balances are negative, like balances marked as debits in bookkeeping."""
    known = [balance for _, balance in read.balances if balance]
    return sum(balance < 0 for balance in known) * 2 > len(known)


def _mirrored(read: Read, amounts: list[Decimal | None], choices: Choices) -> list[Decimal | None]:
    """Return negated amounts and balances: in bookkeeping, a debit balance is money in the bank."""
    choices.assume(
        "debit_column", "credit",
        "the table is in bookkeeping form, in which debits and a debit balance are money in the bank; an overdrawn "
        "account looks the same",
        "debit_column: NAME  # and credit_column: NAME",
    )  # fmt: skip
    read.balances[:] = [(at, None if balance is None else -balance) for at, balance in read.balances]
    read.entries[:] = [
        entry if entry.balance is None else entry._replace(balance=-entry.balance) for entry in read.entries
    ]
    return [None if amount is None else -amount for amount in amounts]


def _marks_alone(entries: Sequence[Entry], marks: Sequence[Mark | None]) -> bool:
    """True if each mark occurs with one sign only, and the two with different signs: the sign then repeats the mark."""
    seen = {(mark, entry.amount.sign < 0) for entry, mark in zip(entries, marks, strict=True) if entry.number}
    return (
        len(seen) == 2
        and len({mark for mark, _ in seen}) == 2
        and len({sign for _, sign in seen}) == 2
        and (all(mark for mark, _ in seen))
    )


def _written(entry: Entry) -> Decimal:
    return -entry.number if entry.amount.sign < 0 else entry.number


def _paired(read: Read, profile: StatementProfile, choices: Choices) -> list[Decimal | None]:
    """Return amounts of separate columns; a sign that most amounts of a column have is ignored."""
    entries = read.entries
    usual: dict[Mark, int] = {}
    mixed = False
    for side in _FACTOR:
        column = [entry for entry in entries if entry.side == side]
        negative = sum(entry.amount.sign < 0 for entry in column)
        usual[side] = -1 if negative * 2 > len(column) else 1
        mixed = mixed or 0 < negative < len(column)
    amounts: list[Decimal | None] = [
        _written(entry) * usual[entry.side] * _FACTOR[entry.side] if entry.side else None for entry in entries
    ]
    open_ = profile.debit_column is None and not chain(read, amounts).proves
    against = _comes_in_as_debit(entries, [entry.side for entry in entries])
    if open_ and not mixed and read.of_accounts:
        choices.assume(
            "debit_column", "credit",
            "the table is that of a book of accounts, in which a debit of a bank account is money coming in, and no "
            "balance proves it",
            "debit_column: NAME  # and credit_column: NAME",
        )  # fmt: skip
        return [None if amount is None else -amount for amount in amounts]
    if open_ and not mixed and against and not read.sides_named:
        choices.assume(
            "debit_column", "credit",
            "texts of incoming money, such as payments and salaries, occur in the first of two unnamed columns, so it "
            "is taken as incoming money; no balance proves it",
            "debit_column: NUMBER  # and credit_column: NUMBER",
        )  # fmt: skip
        return [None if amount is None else -amount for amount in amounts]
    if open_ and not mixed and against:
        choices.assume(
            "debit_column", "debit",
            "texts of incoming money, such as salaries, occur only beside debits, as in bookkeeping, and no balance "
            "proves what a debit is; it is taken as outgoing money",
            "debit_column: NAME  # and credit_column: NAME",
        )  # fmt: skip
    if mixed and open_:
        choices.assume(
            "debit_column", "debit",
            "a column of debits or credits contains both signs and no balance proves what the rarer one means; it is "
            "taken as a reversal",
            "debit_column: NAME  # and credit_column: NAME, if the rarer sign is a reversal",
        )  # fmt: skip
    return amounts


def say_either_way(read: Read, amounts: Sequence[Decimal | None], names: Sequence[str], choices: Choices) -> None:
    """Report that neither a balance nor a text proves which amounts are debits.

    Args:
        read: The rows.
        amounts: The assumed amounts.
        names: Headers of the two columns; words such as ``Withdrawal`` or ``Paid in`` are clear enough.
        choices: Receives the notice.
    """
    sides = {entry.side for entry in read.entries[:_SAMPLE] if says_incoming(entry.narration)}
    if sides or not any(is_of_books(name) for name in names) or chain(read, amounts).proves:
        return
    choices.notice("no balance proves that a debit is outgoing money, as in statements; in bookkeeping it is incoming")


def say_against_order(read: Read, amounts: Sequence[Decimal | None], choices: Choices) -> None:
    """Report that the balance puts credits before debits in a file without a header, unless texts say so as well.

    A balance that is owed on a card rises with its debits, which stand first.
    """
    if _incoming(read, amounts) != {1} and not any(one.field == "debit_column" for one in choices.assumptions):
        choices.assume(
            "debit_column", "debit",
            "the balance rises with the first of two columns that no header names, so it is taken for credits; on a "
            "card whose balance is the money owed it holds debits",
            "debit_column: NUMBER  # and credit_column: NUMBER",
        )  # fmt: skip


def _comes_in_as_debit(entries: Sequence[Entry], sides_: Sequence[Mark | None]) -> bool:
    """True if texts of incoming money are beside debits, and none beside credits."""
    pairs = zip(entries[:_SAMPLE], sides_[:_SAMPLE], strict=True)
    sides = {side for entry, side in pairs if says_incoming(entry.narration)}
    return sides == {"debit"}


def _marks_decide(entries: Sequence[Entry], marks: Sequence[Mark | None]) -> bool:
    """True if amounts are unsigned beside their marks: most debits are not negative."""
    debits = [entry for entry, mark in zip(entries, marks, strict=True) if mark == "debit"]
    negative = sum(entry.amount.sign < 0 for entry in entries)
    if not debits:
        return negative == 0
    return sum(entry.amount.sign < 0 for entry in debits) * 2 < len(debits) and negative * 2 < len(entries)


def _marked(read: Read, marks: Sequence[Mark | None], choices: Choices) -> list[Decimal | None]:
    entries = read.entries
    by_suffix = read.blank_marks or not any(entry.mark for entry in entries)
    unmarked: Mark | None = None
    if by_suffix and not all(marks) and len({mark for mark in marks if mark}) == 1:
        # A card statement writes "CR" behind payments alone, an account "DR" behind an overdraft's interest alone.
        unmarked = "debit" if "credit" in marks else "credit"
        choices.assume(
            "positive_is", unmarked,
            f"only {'credits' if unmarked == 'debit' else 'debits'} have a mark; an amount without one is taken as a "
            f"{unmarked}",
        )  # fmt: skip
    reversed_lines = [e.line for e, mark in zip(entries, marks, strict=True) if mark and e.amount.sign < 0]
    if reversed_lines:
        choices.notice(
            f"{name_lines(reversed_lines)}: a negative amount beside a debit or credit mark is read as its reversal"
        )
    sides = [mark or unmarked for mark in marks]
    return [_written(e) * _FACTOR[side] if side else None for e, side in zip(entries, sides, strict=True)]


def _signed(
    read: Read,
    written: list[Decimal],
    marks: Sequence[Mark | None],
    profile: StatementProfile,
    choices: Choices,
) -> list[Decimal | None]:
    factor = 1
    if profile.positive_is is not None:
        factor = _FACTOR[profile.positive_is]
    else:
        agreeing = sum((w > 0) == (mark == "credit") for w, mark in zip(written, marks, strict=True) if mark and w)
        marked = sum(bool(mark and w) for w, mark in zip(written, marks, strict=True))
        if marked and agreeing * 100 >= _ALIKE_PERCENT * marked:
            factor = 1
        elif marked and not agreeing and not read.marks_are_kinds:
            factor = -1
        else:
            factor = _factor_by_balance(read, written, choices)
    amounts: list[Decimal | None] = [number * factor for number in written]
    against = [
        entry.line for entry, amount, mark in zip(read.entries, amounts, marks, strict=True)
        if mark and amount and (amount > 0) != (mark == "credit")
    ]  # fmt: skip
    if against:
        sides = [(mark, (amount or 0) > 0) for amount, mark in zip(amounts, marks, strict=True) if amount and mark]
        one_sided = any(
            all(positive != (mark == "credit") for mark, positive in sides if mark == side)
            for side in {mark for mark, _ in sides}
        )
        if one_sided and profile.positive_is is None and not chain(read, amounts).proves:
            choices.assume(
                "positive_is", "credit" if factor > 0 else "debit",
                "every amount of one debit or credit mark has a contradicting sign, and no balance proves either",
            )  # fmt: skip
        choices.notice(
            f"{name_lines(against)}: the sign of the amount contradicts the debit or credit mark; the sign is used"
        )
    return amounts


def _factor_by_balance(read: Read, written: list[Decimal], choices: Choices) -> int:
    chains = {factor: chain(read, [number * factor for number in written]) for factor in (1, -1)}
    if chains[1].fits != chains[-1].fits:
        best = 1 if chains[1].fits > chains[-1].fits else -1
        if chains[best].proves and (best == 1 or read.newest_first is not None):
            return best
        if chains[best].proves:
            choices.assume(
                "positive_is", "debit",
                "the running balance follows from the negated amounts, or is the balance before each row; the dates do "
                "not show the order of the rows",
            )  # fmt: skip
            return best
    negative = sum(number < 0 for number in written)
    seen = f"{negative} of {len(written)} amounts are negative" if negative else "no amount has a minus"
    if _reads_like_card(read.entries) or (read.of_card and negative * 2 < len(written)):
        by = (
            "the header is that of a card statement"
            if read.of_card
            else ("among them payments and refunds by their text")
        )
        choices.assume(
            "positive_is", "debit",
            f"{seen}, {by}, so a minus is taken as incoming money, as on card statements; nothing proves it",
        )  # fmt: skip
        return -1
    choices.assume(
        "positive_is", "credit",
        f"{seen}, and nothing proves what that means; a minus is taken as outgoing money, an amount without one as "
        "incoming money (a card statement may mean the opposite)",
    )  # fmt: skip
    return 1


def _reads_like_card(entries: Sequence[Entry]) -> bool:
    """True if texts of incoming money, or of payments, are beside a minus, and most amounts have none."""
    sample = entries[:_SAMPLE]
    paid = [entry for entry in sample if entry.amount.sign < 0]
    if 0 < len(paid) * 3 <= len(sample):
        told = sum(says_payment(entry.narration) for entry in paid)
        if told * 2 > len(paid) and told == sum(says_payment(entry.narration) for entry in sample):
            return True
    incoming = [entry.amount.sign < 0 for entry in sample if says_incoming(entry.narration)]
    against = sum(incoming)
    return against * 2 > len(incoming) and sum(entry.amount.sign < 0 for entry in sample) * 2 < len(sample)


def chain(read: Read, amounts: Sequence[Decimal | None], rows: int | None = None) -> Chain:
    """Return how the balances of all rows, or of the first ones, follow from the amounts of the entries."""
    balances = list(enumerate(read.balances[:rows]))
    if len({entry.currency for entry in read.entries}) == 1:
        return _follow(read, amounts, balances)
    # An export of several currencies has a balance of each: a step leads from a row to the next of the same currency.
    grouped: dict[str, list[tuple[int, tuple[int | None, Decimal | None]]]] = {}
    for row, (position, balance) in balances:
        currency = "" if position is None else read.entries[position].currency
        grouped.setdefault(currency, []).append((row, (position, balance)))
    chains = [_follow(read, amounts, group) for group in grouped.values()]
    together = _follow(read, amounts, balances)
    apart = Chain(sum(one.steps for one in chains), tuple(sorted(row for one in chains for row in one.breaks)))
    return apart if apart.fits > together.fits else together


def _follow(
    read: Read,
    amounts: Sequence[Decimal | None],
    balances: Sequence[tuple[int, tuple[int | None, Decimal | None]]],
) -> Chain:
    movements = [None if position is None else amounts[position] for _, (position, _) in balances]
    found = follow(movements, [balance for _, (_, balance) in balances], newest_first=read.newest_first)
    return Chain(found.steps, tuple(balances[at][0] for at in found.breaks))


def with_balances_after(read: Read, profile: StatementProfile, choices: Choices) -> None:
    """Convert balances before each row into balances after it.

    In the reverse of the date order, a balance before the row follows from the negated amounts; read as a balance after
    the row, it would turn every debit into a credit.
    """
    newest_first = read.newest_first
    if newest_first is None or profile.positive_is is not None or not any(one is not None for _, one in read.balances):
        return
    plain = signed_amounts(read, profile, Choices())
    if chain(read, plain, _SAMPLE).proves:
        return
    for amounts in (plain, [None if amount is None else -amount for amount in plain]):
        moved = [None if at is None or (amount := amounts[at]) is None else -amount for at, _ in read.balances]
        before = follow(moved, [balance for _, balance in read.balances], newest_first=not newest_first)
        if before.fits > 1 and not before.breaks:
            for row, (at, balance) in enumerate(read.balances):
                if at is not None and balance is not None and (amount := amounts[at]) is not None:
                    read.balances[row] = (at, balance + amount)
                    read.entries[at] = read.entries[at]._replace(balance=balance + amount)
            choices.notice("the file has the balance before each row; it is converted to the balance after it")
            return


def check_balance(read: Read, amounts: Sequence[Decimal | None], where: str, choices: Choices) -> None:
    """Report where the running balance does not follow from the amounts; it never changes one."""
    found = chain(read, amounts)
    if not found.breaks:
        return
    positions = [read.balances[row][0] for row in found.breaks]
    lines = [read.entries[position].line for position in positions if position is not None]
    at = f" ({name_lines(lines)})" if lines else ""
    choices.notice(
        f"the running balance in {where} does not follow from the amounts in {len(found.breaks)} of {found.steps} steps"
        f"{at}; rows may be missing from the file. No amount was altered"
    )
