"""Payloads are immutable from their definition on, headers only narrow, envelopes never change."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, Field, PrivateAttr, ValidationError

from genie.backend.ids import IdSource
from genie.contracts.classification import Classification
from genie.contracts.headers import NO_HEADERS, Headers
from genie.contracts.message import Inspection, Payload, Value, masked_copy, stamp, topic_of
from genie.errors import ImmutableMessageError, PayloadDefinitionError


class Colour(enum.Enum):
    RED = "red"


class Inner(Value):
    text: str


IMMUTABLE = [
    str, bytes, int, float, bool, decimal.Decimal, datetime.date, datetime.datetime, datetime.timedelta, uuid.UUID,
    Colour, Inner, Literal["a", "b"], str | None, tuple[int, ...], tuple[str, Inner], frozenset[str],
    Annotated[str, Field(max_length=3)], tuple[tuple[Inner, ...], ...], Inner | None,
]  # fmt: skip
MUTABLE = [
    list[str], dict[str, int], set[int], Any, object, tuple[list[int], ...], frozenset[Any], list[str] | None,
    Annotated[list[str], Field(max_length=3)], type,
]  # fmt: skip


@pytest.mark.parametrize("annotation", IMMUTABLE, ids=str)
def test_a_field_may_be_of_what_cannot_change(annotation: Any) -> None:
    assert type("Fine", (Payload,), {"__annotations__": {"field": annotation}, "__module__": __name__})


@pytest.mark.parametrize("annotation", MUTABLE, ids=str)
def test_a_field_that_can_change_is_refused_with_its_name(annotation: Any) -> None:
    with pytest.raises(PayloadDefinitionError, match=r"Wrong\.field"):
        type("Wrong", (Payload,), {"__annotations__": {"field": annotation}, "__module__": __name__})


def test_a_payload_cannot_be_thawed_opened_or_given_private_state() -> None:
    with pytest.raises(PayloadDefinitionError, match="frozen"):

        class Thawed(Payload):
            model_config = ConfigDict(frozen=False)

    with pytest.raises(PayloadDefinitionError, match="extra"):

        class Opened(Payload):
            model_config = ConfigDict(extra="allow")

    with pytest.raises(PayloadDefinitionError, match="private"):

        class Private(Payload):
            _hidden: list[int] = PrivateAttr(default_factory=list)


def test_the_class_is_the_topic() -> None:
    class SpendingAnalysis(Payload):
        text: str

    class Named(Payload, topic="family.noun", version=3, classification="restricted", key="text"):
        text: str

    assert topic_of(SpendingAnalysis).name == "spending_analysis"
    assert topic_of(SpendingAnalysis).classification is Classification.INTERNAL
    named = topic_of(Named(text=""))
    assert (named.name, named.version, named.classification, named.key) == (
        "family.noun", 3, Classification.RESTRICTED, "text",
    )  # fmt: skip


def test_a_subclass_is_at_least_as_sensitive() -> None:
    class Secret(Payload, topic="page.secret", classification="restricted"):
        text: str

    class Looser(Secret, topic="page.looser", classification="public"):
        more: str

    assert topic_of(Looser).classification is Classification.RESTRICTED


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"topic": "Family.Noun"}, "family.noun"),
        ({"topic": "a..b"}, "family.noun"),
        ({"topic": "a\n"}, "family.noun"),
        ({"key": "nothing"}, "'nothing'"),
        ({"classification": "cosmic"}, "cosmic"),
        ({"classification": "Public"}, "Public"),
    ],
)
def test_a_wrong_class_keyword_is_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(PayloadDefinitionError, match=problem):
        type("Wrong", (Payload,), {"__annotations__": {"text": str}, "__module__": __name__}, **options)


def test_an_unknown_field_and_an_assignment_are_refused() -> None:
    class Plain(Payload, topic="page.plain"):
        text: str

    with pytest.raises(ValidationError):
        Plain.model_validate({"text": "", "more": 1})
    with pytest.raises(ValidationError):
        Plain(text="").text = "changed"  # type: ignore[misc]  # wrong on purpose


# --- headers ---

words = st.frozensets(st.sampled_from("abcd"))
levels = st.sampled_from(Classification)
headers = st.builds(
    Headers, tenant=st.sampled_from([None, "t", "u"]), roles=words, classification=levels, consent=words
)


@given(headers, words, levels, words)
def test_narrowing_never_widens(
    given_: Headers, roles: frozenset[str], level: Classification, consent: frozenset[str]
) -> None:
    narrow = given_.narrowed(roles=roles, classification=level, consent=consent)
    assert narrow.widened_beyond(given_) == ()
    assert narrow.roles <= given_.roles
    assert narrow.classification >= given_.classification


@given(headers, headers)
def test_widening_is_seen_exactly_when_something_is_wider(one: Headers, other: Headers) -> None:
    wider = one.widened_beyond(other)
    assert ("roles" in wider) == (not one.roles <= other.roles)
    assert ("consent" in wider) == (not one.consent <= other.consent)
    assert ("classification" in wider) == (one.classification < other.classification)
    assert ("tenant" in wider) == (one.tenant != other.tenant)


@pytest.mark.parametrize("wrong", ["", "PUBLIC", "secret", "0"])
def test_an_unknown_label_is_never_taken_for_public(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not a classification"):
        Classification.parse(wrong)


# --- the envelope ---


class _Lineage:
    id = correlation_id = "t-1"
    deadline = 5.0
    ids = IdSource("t")


class Note(Payload, topic="page.note"):
    text: str


def test_an_envelope_never_changes_and_never_shows_its_payload() -> None:
    message = stamp(
        10, Note(text="secret"), "sender", None, _Lineage(), 9, 1, NO_HEADERS, Classification.INTERNAL, Inspection(6)
    )
    assert (message.id, message.correlation_id, message.causation_id, message.deadline) == ("t-a", "t-1", "t-9", 5.0)
    for name in ("payload", "sender", "headers", "label", "anything"):
        with pytest.raises(ImmutableMessageError, match=name):
            setattr(message, name, None)
        with pytest.raises(ImmutableMessageError):
            delattr(message, name)
    assert "secret" not in repr(message)


def test_a_masked_copy_is_the_same_envelope_round_another_payload() -> None:
    message = stamp(
        10, Note(text="secret"), "sender", "to", _Lineage(), 0, 1, NO_HEADERS, Classification.INTERNAL, Inspection(6)
    )
    copy = masked_copy(message, Note(text="[masked]"))
    assert message.payload.text == "secret"
    assert copy.payload == Note(text="[masked]")
    assert (copy.id, copy.sender, copy.recipient, copy.causation_id) == ("t-a", "sender", "to", None)
