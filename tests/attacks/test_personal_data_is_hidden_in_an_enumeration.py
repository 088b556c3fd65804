"""Attack: an enumeration that makes a member of any value carries a card number past the inspectors."""

from __future__ import annotations

import enum
from typing import Any

import pytest

from genie import Payload, agent
from genie.contracts.message import Value
from genie.errors import RunStalled
from genie.policies.pii import Pii
from genie.policy.policy import PolicySet
from tests.genie.policies_for_tests import Answer, running

pytestmark = pytest.mark.anyio
CARD = "4111 1111 1111 1111"


class Status(enum.StrEnum):
    """Takes what it does not know as it is, as clients of services often do."""

    PAID = "paid"

    @classmethod
    def _missing_(cls, value: object) -> Any:
        made = str.__new__(cls, value)
        made._name_, made._value_ = "OTHER", str(value)
        return made


class Marks(enum.IntFlag):
    """Keeps every bit that it is given."""

    URGENT = 1
    OPEN = 2


class Alias(enum.Enum):
    """Finds a declared member by another name."""

    YES = "yes"

    @classmethod
    def _missing_(cls, value: object) -> Any:
        return cls.YES if str(value).lower() == "yes" else None


class Row(Value):
    status: Status


class Paid(Payload, topic="attack.paid"):
    status: Status = Status.PAID
    maybe: Status | None = None
    many: tuple[Status, ...] = ()
    rows: tuple[Row, ...] = ()
    marks: Marks = Marks.URGENT
    alias: Alias = Alias.YES


SENT: dict[str, dict[str, Any]] = {
    "a field": {"status": CARD},
    "an optional field": {"maybe": CARD},
    "a tuple": {"many": ("paid", CARD)},
    "a value": {"rows": ({"status": CARD},)},
    "flags": {"marks": 4111111111111111},
}


@agent("reader", clearance="public")
async def reader(paid: Paid) -> Answer:
    return Answer(text=f"{paid.status} {paid.maybe} {paid.many} {paid.rows} {paid.marks}")


@pytest.mark.parametrize("how", SENT)
async def test_a_member_that_the_class_does_not_declare_is_denied(how: str) -> None:
    async with running(reader, policies=PolicySet((Pii(),))) as runtime:
        run = runtime.start(Paid(**SENT[how]), Answer)
        with pytest.raises(RunStalled):
            await run.result()
        assert [one.reason.code for one in run.failures() if one.reason] == ["engine:payload_shape"]


async def test_declared_members_flags_of_them_and_aliases_are_delivered() -> None:
    async with running(reader, policies=PolicySet((Pii(),))) as runtime:
        sent = Paid(status="paid", many=("paid",), rows=(Row(status=Status.PAID),), marks=3, alias="YES")
        assert "paid" in (await runtime.ask(sent, Answer)).text
