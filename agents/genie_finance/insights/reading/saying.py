"""Notices about columns whose header does not match their content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from genie_finance.insights.reading.headers import date_rank, header_roles, is_plain_date, is_settlement
from genie_finance.insights.reading.naming import holds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from genie_finance.insights.reading.choices import Choices
    from genie_finance.insights.reading.facts import Facts
    from genie_finance.insights.reading.hypotheses import Hypothesis
    from genie_finance.insights.reading.table import Table

_SAMPLE = 300
_TIME = re.compile(r"[0-9]{1,2}[:.h][0-9]{2}.{0,12}|[0-9]{6}")


def say_other_date(table: Table, facts: Sequence[Facts], taken: int, named: Sequence[int], choices: Choices) -> None:
    """Report that the header names a better column of dates, which has no dates.

    Of two with the same rank, the first would have been used.

    Args:
        table: The table.
        facts: Content of its columns.
        taken: The column that is used.
        named: Columns that the header calls dates and that contain dates.
        choices: Receives the notice.
    """
    names = table.header.cells[: len(facts)] if table.header else ()
    other = table.name(taken)
    for column, name in enumerate(names):
        roles = header_roles(name)
        nearer = (date_rank(name), column) < (date_rank(names[taken]), taken)
        better = "date" in roles and (nearer or facts[taken].constant)
        unnamed = "date" in roles and (taken not in named or any(facts[column].values))
        if column == taken or not (better or unnamed) or any(map(_TIME.fullmatch, facts[column].values)):
            continue
        if not holds("date", facts[column]):
            choices.assume(
                "date_column", str(taken + 1),
                f"{table.name(column)} is called a date but is mostly none; {other} is used",
            )  # fmt: skip
            return


def say_rival_date(
    table: Table, facts: Sequence[Facts], taken: int, value_dates: Sequence[int], choices: Choices
) -> None:
    """Report that another column has different dates, and no header says which are the booking dates.

    Args:
        table: The table.
        facts: Content of its columns.
        taken: The column that is used.
        value_dates: Columns that the header calls value dates.
        choices: Receives the notice.
    """
    names = table.header.cells if table.header else ()
    settled = is_settlement(names[taken])  # of a card the day of booking, of a broker another one beside its date
    if date_rank(names[taken]) == 0 and not settled:
        return
    for column, fact in enumerate(facts):
        other = column != taken and column not in value_dates and holds("date", fact)
        if settled and not is_plain_date(names[column] if column < len(names) else ""):
            continue
        if not other or not fact.dense or fact.values == facts[taken].values:
            continue
        rows = [row.cells for row in table.rows[:_SAMPLE] if len(row.cells) > max(column, taken)]
        differ = sum(bool(row[column]) and row[column][:10] != row[taken][:10] for row in rows)
        if differ:
            choices.assume(
                "date_column", str(taken + 1),
                f"{table.name(taken)} and {table.name(column)} both contain dates, different in {differ} of "
                f"{len(rows)} rows; the first is used as the booking date",
            )  # fmt: skip
            return


def say_rival(table: Table, taken: Hypothesis, rival: Hypothesis, differ: int, choices: Choices) -> None:
    """Report that another reading of the columns results in other amounts, and how many rows differ."""
    column = next(c for c in (taken.amount, taken.debit, taken.credit) if c is not None)
    if rival.fee is not None:
        why = f"{table.name(rival.fee)} contains a fee, and no balance shows whether it must be subtracted"
    else:
        other = next(c for c in (rival.amount, rival.debit, rival.credit) if c is not None)
        why = (
            f"{table.name(column)} and {table.name(other)} both contain amounts, and no balance proves which is the "
            "movement"
        )
    choices.assume(
        "amount_column" if taken.amount is not None else "debit_column", str(column + 1),
        f"{why}; they differ in {differ} rows",
    )  # fmt: skip


def say_no_fee(table: Table, facts: Sequence[Facts], found: Mapping[str, int], choices: Choices) -> None:
    """Report a column called a fee that contains no fees: the amounts may lack fees."""
    for column, name in enumerate(table.header.cells[: len(facts)] if table.header else ()):
        held = facts[column].amounts or not facts[column].filled or column in found.values()
        if "fee" in header_roles(name) and not held:
            taken = next(found[role] for role in ("amount", "debit", "credit") if role in found)
            choices.assume(
                "amount_column", str(taken + 1),
                f"{table.name(column)} is called a fee but contains none, so the amounts may lack fees",
            )  # fmt: skip
            return
