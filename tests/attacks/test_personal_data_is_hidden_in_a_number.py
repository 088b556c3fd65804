"""Attack: personal data in a field that is not a string: an int, a Decimal, or a tuple of them. It is denied."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.message import Payload, Value, stamp
from genie.policies.pii import Pii
from genie.policy.inspection import Inspectors
from genie.policy.policy import PolicySet
from tests.genie.detectors.generated import aadhaar, card

INSPECTORS = Inspectors(Pii().inspectors)


class Numbers(Payload, topic="attack.numbers"):
    title: str = ""
    note: str = ""
    card: int = 0
    aadhaar: int | None = None
    exact: Decimal = Decimal(0)
    column: tuple[int, ...] = ()
    mobile: tuple[Decimal, ...] = ()
    order_id: int = 0
    amount_minor: int = 0
    small: int = 0


class Row(Value):
    number: int
    share: Decimal = Decimal("0.5")


class Table(Payload, topic="attack.table"):
    rows: tuple[Row, ...]
    cells: tuple[tuple[int | str, ...], ...] = ()


def found(payload: Payload) -> list[tuple[str, tuple[str | int, ...], bool]]:
    inspections = (INSPECTORS.inspect(payload), INSPECTORS.compiled(type(payload))(payload))
    assert inspections[0].findings == inspections[1].findings
    return [(finding.kind, finding.path, finding.maskable) for finding in inspections[0].findings]


@pytest.mark.parametrize("seed", range(10))
def test_numbers_of_people_are_found_in_number_fields(seed: int) -> None:
    chance = random.Random(seed)
    digits = int(card(chance, size=16))

    assert found(Numbers(card=digits)) == [("pii.card", ("card",), False)]
    assert found(Numbers(card=-digits)) == [("pii.card", ("card",), False)]
    assert found(Numbers(exact=Decimal(digits))) == [("pii.card", ("exact",), False)]
    assert found(Numbers(exact=Decimal(digits).scaleb(-2).scaleb(2))) == [("pii.card", ("exact",), False)]
    assert found(Numbers(column=(1, digits, 3))) == [("pii.card", ("column", 1), False)]
    assert found(Numbers(aadhaar=int(aadhaar(chance)))) == [("pii.aadhaar", ("aadhaar",), False)]
    assert found(Numbers(mobile=(Decimal(9876543210),))) == [("pii.phone", ("mobile", 0), False)]
    assert found(Table(rows=(Row(number=5), Row(number=digits)))) == [("pii.card", ("rows", 1, "number"), False)]
    assert found(Table(rows=(), cells=((1, "x", digits),))) == [("pii.card", ("cells", 0, 2), False)]


def test_references_amounts_and_small_or_strange_numbers_are_left_alone() -> None:
    digits = int(card(random.Random(1), size=16))
    left_alone = (
        Numbers(order_id=digits), Numbers(amount_minor=digits), Numbers(small=99_999_999),
        Numbers(exact=Decimal("0.4111111111111111")), Numbers(exact=Decimal("1E+30")), Numbers(exact=Decimal("1E-30")),
        Numbers(card=10**400), Numbers.model_construct(exact=Decimal(10) ** 60),
    )  # fmt: skip

    assert [found(payload) for payload in left_alone] == [[]] * len(left_alone)


def test_who_may_not_see_it_does_not_get_the_message() -> None:
    policies = PolicySet((Pii(),))
    payload = Numbers(card=int(card(random.Random(2), size=16)))
    message = stamp(
        1,
        payload,
        "s",
        None,
        None,
        0,
        0,
        Caller().headers(),
        Classification.PUBLIC,
        policies.inspectors.inspect(payload),
    )

    decision = policies.evaluator(Numbers, AgentCard(id="reader")).judge(message, AgentCard(id="s"))

    assert decision is not None
    assert (decision.verdict, decision.code) == ("deny", "pii:pii")
