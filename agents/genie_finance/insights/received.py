"""Has the statements of a question read, the first step of every desk of the family."""

from __future__ import annotations

from genie.contracts.context import Context
from genie.contracts.gather import Gathered
from genie.contracts.message import Payload
from genie.errors import InputError
from genie_finance.contracts.statements import StatementReading, StatementReceived
from genie_finance.domain.asking import silence_of


async def read(
    context: Context, statements: StatementReceived, expect: tuple[type[Payload], ...], *, within_s: float
) -> tuple[StatementReading, Gathered]:
    """Return the reading of the statements, and what it reports.

    Raises:
        InputError: No statement could be read; the reason is the reader's.
    """
    came = await context.gather(statements, expect=expect, within_s=within_s)
    reading = came.get(StatementReading)
    if reading is None:
        raise InputError(statements.received()[0].filename, silence_of(came, StatementReading).reason)
    return reading, came
