"""Attack: an output whose fields are of other types than its class declares, or that has more fields, made past it."""

from __future__ import annotations

import copy
import datetime
import decimal
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import AfterValidator, BaseModel, ValidationError, field_validator

from genie import Classification, Payload, PolicySet, Value, agent
from genie.contracts.shape import checker
from genie.errors import PayloadDefinitionError, RunStalled
from genie.policies.pii import Pii
from tests.genie.policies_for_tests import Question, running

CARD = "4111 1111 1111 1111"


class Row(Value):
    """A part of a payload."""

    text: str = ""
    number: int = 0


class Wide(Row):
    """A part with one field more."""

    more: str = ""


class Report(Payload, topic="attack.report"):
    """What the attacker sends."""

    text: str = ""
    number: int = 0
    at: datetime.datetime = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    price: decimal.Decimal = decimal.Decimal(1)
    rows: tuple[Row, ...] = ()
    totals: tuple[int, ...] = ()
    pair: tuple[str, int] | None = None
    names: frozenset[str] = frozenset()
    kind: Literal["a", "b"] = "a"
    maybe: Optional[str] = None  # noqa: UP045 - the other spelling is to be understood too


class Stamped(datetime.datetime):
    """A time that carries text beside."""


class Text(str):
    """A text that shows another one."""

    __slots__ = ()

    def __str__(self) -> str:
        return CARD

    def __format__(self, spec: str) -> str:
        return CARD


class Amount(decimal.Decimal):
    """A number that carries text beside."""


def constructed(**values: Any) -> Any:
    """Return what pydantic's own ``model_construct`` makes."""
    return BaseModel.model_construct.__func__(Report, **values)  # type: ignore[attr-defined]  # past our own


def assigned(name: str, value: object) -> Any:
    """Return a report with a value set in its dictionary."""
    report = Report()
    report.__dict__[name] = value
    return report


def bare(values: dict[str, Any]) -> Any:
    """Return a report that no constructor has seen."""
    report = Report.__new__(Report)
    object.__setattr__(report, "__dict__", values)
    return report


FORGED: dict[str, Any] = {
    "a list of rows": lambda: constructed(rows=[Row(text=CARD)]),
    "a dict": lambda: constructed(rows={"a": CARD}),
    "a string for rows": lambda: constructed(rows=CARD),
    "a tuple of strings for rows": lambda: constructed(rows=(CARD,)),
    "a list for a text": lambda: constructed(text=[CARD]),
    "None for a text": lambda: constructed(text=None),
    "text for a number": lambda: constructed(number=CARD),
    "text for a time": lambda: constructed(at=CARD),
    "text among totals": lambda: constructed(totals=(1, CARD)),
    "a list inside a tuple": lambda: constructed(totals=([CARD],)),
    "a longer pair": lambda: constructed(pair=("a", 1, CARD)),
    "text in the place of a pair's number": lambda: constructed(pair=("a", CARD)),
    "a set": lambda: constructed(names={CARD}),
    "a frozenset of tuples": lambda: constructed(names=frozenset({(CARD,)})),
    "a text of a class of its own": lambda: constructed(text=Text("clean")),
    "a time of a class of its own": lambda: Report(at=Stamped(2026, 1, 1, tzinfo=datetime.UTC)),
    "a number of a class of its own": lambda: constructed(price=Amount(1)),
    "a generator": lambda: constructed(rows=(Row(text=CARD) for _ in range(1))),
    "a function": lambda: constructed(text=lambda: CARD),
    "a row past its class": lambda: Report(rows=(BaseModel.model_copy(Row(), update={"text": [CARD]}),)),
    "a row with one field more": lambda: Report(rows=(BaseModel.model_copy(Row(), update={"more": CARD}),)),
    "a key more": lambda: BaseModel.model_copy(Report(), update={"more": CARD}),
    "a key less": lambda: bare({"text": ""}),
    "no keys": lambda: bare({}),
    "another key": lambda: bare({**dict(list(vars(Report()).items())[:-1]), "b": None}),
    "keys in another order": lambda: bare(dict(reversed(vars(Report()).items()))),
    "an assignment past the class": lambda: assigned("rows", [CARD]),
    "an attribute past the class": lambda: assigned("more", CARD),
    "a shallow copy, changed": lambda: (made := copy.copy(Report()), made.__dict__.update(number=CARD))[0],
}  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize("how", FORGED)
async def test_what_is_not_of_its_shape_is_denied_by_code_and_its_words_reach_nobody(how: str) -> None:
    came: list[Any] = []

    @agent("forger", clearance="restricted")
    async def forger(question: Question) -> Report:
        return FORGED[how]()  # type: ignore[no-any-return]  # the forgery

    @agent("reader", clearance="restricted")
    async def reader(report: Report) -> None:
        came.append(report)

    async with (
        running(forger, reader) as runtime,
        runtime.observe(Report, clearance=Classification.RESTRICTED) as tap,
    ):
        with pytest.raises(RunStalled) as stalled:
            await runtime.ask(Question(), Report)
        seen = await anext(tap)
    assert came == []
    assert seen.payload is None
    assert "payload_shape" in str(stalled.value) or "not match the declaration of its class" in str(stalled.value)
    assert "4111" not in f"{stalled.value}{seen}"


def test_what_honest_code_makes_has_its_shape() -> None:
    whole = Report(
        text="a", number=True, rows=(Row(text="a"), Wide(more="b")), totals=(1, 2), pair=("a", 1),
        names=frozenset("ab"), kind="b", maybe="c",
    )  # fmt: skip
    look = checker(Report)
    for report in (
        whole, Report(), whole.model_copy(update={"text": "b", "maybe": None}), Report.model_construct(number=3),
        copy.copy(whole), copy.deepcopy(whole), Report.model_validate(whole.model_dump()),
        Report.model_validate_json(whole.model_dump_json()),
    ):  # fmt: skip
        assert look(report)


def test_an_update_of_a_copy_is_validated() -> None:
    for update in ({"more": CARD}, {"number": CARD}, {"rows": CARD}):
        with pytest.raises(ValidationError):
            Report().model_copy(update=update)
        with pytest.raises(ValidationError):
            Report.model_construct(**update)


class Sorted(Payload, topic="attack.sorted"):
    """Its validator answers with a list, as ``sorted`` does: a slip of honest code."""

    names: Annotated[tuple[str, ...], AfterValidator(sorted)] = ()


class Padded(Payload, topic="attack.padded"):
    """Its validator answers with text for a number."""

    number: int = 0

    @field_validator("number", mode="after")
    @classmethod
    def pad(cls, number: int) -> Any:
        return f"{CARD} {number}"


class Late(Payload, topic="attack.late"):
    """It is changed after its validation."""

    text: str = ""

    def model_post_init(self, context: Any, /) -> None:
        object.__setattr__(self, "text", [CARD])


class Larger(Payload, topic="attack.larger"):
    """Its constructor adds what no field declares."""

    text: str = ""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.__dict__["more"] = CARD


@pytest.mark.parametrize("kind", [Sorted, Padded, Late, Larger])
def test_a_class_whose_own_code_breaks_its_shape_is_not_inspected_as_clean(kind: type[Payload]) -> None:
    inspection = PolicySet((Pii(),)).inspectors.inspect(kind())
    assert inspection.failed == "payload_shape"
    compiled = PolicySet((Pii(),)).inspectors.compiled(kind)
    assert compiled(kind()).failed == "payload_shape"


@pytest.mark.parametrize("hook", ["__getattribute__", "__getattr__", "__setattr__", "__class__", "__dict__"])
def test_a_class_that_shows_another_value_than_it_holds_is_refused(hook: str) -> None:
    with pytest.raises(PayloadDefinitionError):
        type("Two", (Payload,), {"__module__": __name__, hook: lambda self, name: CARD})
