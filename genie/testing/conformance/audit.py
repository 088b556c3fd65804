"""The suite of the ``Audit`` port: acts of governance that must be provable later."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.ports.audit import AuditRecord
from genie.testing.conformance.suite import Make, expect, run_checks, violated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genie.contracts.ports.audit import Audit


class AuditUnderTest(NamedTuple):
    """An open audit, and how the suite reads and disturbs it."""

    audit: Audit
    read: Callable[[], Sequence[AuditRecord]]
    """Returns the records kept so far, oldest first, without lines that the audit wrote for itself."""
    fail: Callable[[], None]
    """Makes the store refuse every write from now on."""


async def check_audit(make: Make[AuditUnderTest]) -> None:
    """Run every check of the port. Make one that admits no run after a failure, where that can be set.

    Raises:
        NonconformanceError: A check failed.
    """
    await run_checks("audit", make, CHECKS)


def _record(number: int) -> AuditRecord:
    return AuditRecord(
        at=1_700_000_000.0 + number, kind="verdict", subject="desk.question -> clerk", by="policy",
        reason=f"clearance {number}", run_id="r-1", message_id=None if number % 2 else f"m-{number}",
        detail={"verdict": "deny", "reasons": [{"policy": "clearance", "code": "restricted"}], "offset": number},
    )  # fmt: skip


async def keeps_records_in_order(made: AuditUnderTest) -> None:
    """Every record comes back once, in the order of recording."""
    for number in range(50):
        made.audit.record(_record(number))
    reasons = [record.reason for record in made.read()]
    expect(reasons == [f"clearance {number}" for number in range(50)], "every record once, in the order of recording")


async def keeps_records_unchanged(made: AuditUnderTest) -> None:
    """Every field comes back as it was."""
    records = (_record(1), _record(2))
    for record in records:
        made.audit.record(record)
    expect(tuple(made.read()) == records, "every field of a record as it was")


async def keeps_hostile_text_in_its_field(made: AuditUnderTest) -> None:
    """Line feeds, quotes and control characters stay inside their field."""
    text = 'x"}\n{"kind":"killed"}\r\u2028\x00,\\'
    made.audit.record(_record(1)._replace(subject=text, reason=text))
    found = made.read()
    expect(len(found) == 1, "one record, whatever its text holds")
    expect((found[0].subject, found[0].reason) == (text, text), "text that comes back as it was")


async def accepts_any_detail(made: AuditUnderTest) -> None:
    """A record whose detail is unusual is kept, and nothing is raised."""
    values = ({1, 2}, b"\xff", float("nan"), "\ud800", object(), "x" * 1_000_000)
    for value in values:
        try:
            made.audit.record(_record(1)._replace(detail={"value": value}))
        except Exception:  # noqa: BLE001 - the port says that nothing is raised
            violated(f"`record` never to raise; a detail of {type(value).__name__} raised")
    expect(len(made.read()) == len(values), "a record for each act, whatever its detail holds")


async def states_a_failure(made: AuditUnderTest) -> None:
    """When the store refuses, ``record`` does not raise, ``refusal`` says why, and earlier records stay."""
    made.audit.record(_record(1))
    expect(getattr(made.audit, "refusal", None) is None, "no refusal while it can write")
    made.fail()
    try:
        made.audit.record(_record(2))
    except Exception:  # noqa: BLE001 - the port says that nothing is raised
        violated("`record` not to raise when the store refuses")
    expect(getattr(made.audit, "refusal", None), "`refusal` to say why nothing can be recorded")
    expect([record.reason for record in made.read()] == ["clearance 1"], "earlier records to stay after a failure")


CHECKS = (
    keeps_records_in_order,
    keeps_records_unchanged,
    keeps_hostile_text_in_its_field,
    accepts_any_detail,
    states_a_failure,
)
