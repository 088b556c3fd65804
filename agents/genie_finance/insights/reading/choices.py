"""The reader's choices and notices for one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from genie_finance.contracts.statements import Assumption, Unproven, UnprovenCode

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 5

_OF_AMOUNTS: Final[dict[str, UnprovenCode]] = {
    "positive_is": "statement.sign_assumed",
    "debit_column": "statement.debit_column_assumed",
    "amount_column": "statement.amount_column_assumed",
    "decimal_mark": "statement.decimal_mark_assumed",
}
"""Fields of the profile that affect every amount. They are assumptions only where no balance proves them."""


class Choices:
    """Collects assumptions and notices of one reading, in the order in which they were made.

    Args:
        file: Name of the file that is read, where it is one among several.
    """

    def __init__(self, file: str = "") -> None:
        self.file = file
        self.assumptions: list[Assumption] = []
        self.notices: list[str] = []

    def assume(self, field: str, chosen: str, why: str, settle_with: str = "", *, file: str = "") -> None:
        """Record a choice that the file does not determine; by default its profile line is ``field: chosen``."""
        self.assumptions.append(
            Assumption(field=field, chosen=chosen, why=why, settle_with=settle_with or f"{field}: {chosen}", file=file)
        )

    @property
    def unproven(self) -> tuple[Unproven, ...]:
        """Return the assumptions that affect the amounts."""
        return tuple(
            Unproven(code=_OF_AMOUNTS[one.field], why=one.why, settle_with=one.settle_with, file=one.file)
            for one in self.assumptions
            if one.field in _OF_AMOUNTS
        )

    def take(self, other: Choices) -> None:
        """Keep what another collected."""
        self.assumptions += other.assumptions
        self.notices += other.notices

    def notice(self, text: str) -> None:
        """Record a notice for the reader of the report."""
        self.notices.append(text)


def name_lines(lines: Sequence[int]) -> str:
    """Return ``"line 3"``, ``"lines 3, 4 and 7"`` or ``"lines 3, 4, 5, 6, 7 and 12 more"``."""
    shown = [str(line) for line in lines[:_SHOWN]]
    if len(lines) > _SHOWN:
        return f"lines {', '.join(shown)} and {len(lines) - _SHOWN} more"
    if len(shown) == 1:
        return f"line {shown[0]}"
    return f"lines {', '.join(shown[:-1])} and {shown[-1]}"
