"""Kinds of an organisation's own: pattern, checksum, words, label and action; bad patterns are refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from stdnum import verhoeff
from stdnum.iso7064 import mod_11_2, mod_97_10

from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.message import Payload, stamp
from genie.policies.pii import Pii, PiiSettings
from genie.policy.inspection import Inspectors
from genie.policy.policy import PolicySet, mask


class Note(Payload, topic="custom.note", classification="public"):
    text: str


def settings(**kinds: Any) -> PiiSettings:
    return PiiSettings.model_validate({"custom": kinds})


def found(text: str, **kinds: Any) -> list[tuple[str, str]]:
    findings = Inspectors(Pii(settings(**kinds)).inspectors).inspect(Note(text=text)).findings
    return [(finding.kind, text[finding.start : finding.end]) for finding in findings]


STAFF = {"pattern": "EMP-[0-9]{6}"}


def test_a_kind_is_found_by_its_pattern_where_it_stands_alone() -> None:
    assert found("for EMP-123456, not XEMP-123456 or EMP-1234567", staff=STAFF) == [("pii.staff", "EMP-123456")]
    assert found("\uff25MP-123456", staff=STAFF) == [("pii.staff", "\uff25MP-123456")]


def test_the_group_of_a_pattern_is_the_value() -> None:
    assert found("policy no: AB 12345 ok", policy={"pattern": "policy no: ([A-Z]{2} [0-9]{5})"}) == [
        ("pii.policy", "AB 12345")
    ]


@pytest.mark.parametrize(
    ("checksum", "body", "digit"),
    [
        ("verhoeff", "1234567", verhoeff.calc_check_digit("1234567")),
        ("mod_11_2", "1234567", mod_11_2.calc_check_digit("1234567")),
        ("mod_97_10", "1234567", mod_97_10.calc_check_digits("1234567")),
    ],
)
def test_a_checksum_decides(checksum: str, body: str, digit: str) -> None:
    kind = {"pattern": "[0-9]{3} ?[0-9]{4}-?[0-9X]{1,2}", "checksum": checksum}
    right = f"{body[:3]} {body[3:]}-{digit}"
    wrong = f"{body[:3]} {body[3:6]}{(int(body[6]) + 1) % 10}-{digit}"

    assert found(f"no {right}.", own=kind) == [("pii.own", right)]
    assert found(f"no {wrong}.", own=kind) == []


def test_words_must_stand_before() -> None:
    kind = {"pattern": "[0-9]{8}", "words": ["Member", "Mitglied"]}

    assert found("MEMBER no. 12345678", member=kind) == [("pii.member", "12345678")]
    assert found("pieces 12345678", member=kind) == []
    assert found(f"member {'.' * 60} 12345678", member=kind) == []


def test_a_kind_wins_over_those_that_ship() -> None:
    assert found("4111111111111111", token={"pattern": "41{15}"}) == [("pii.token", "4111111111111111")]


def test_label_and_action_are_its_own() -> None:
    policies = PolicySet((
        Pii(settings(staff=STAFF | {"label": "internal"}, badge={"pattern": "B-[0-9]{4}", "action": "deny"})),
    ))  # fmt: skip

    def judged(text: str, clearance: Classification) -> str:
        payload, card = Note(text=text), AgentCard(id="reader", clearance=clearance)
        message = stamp(
            1, payload, "s", None, None, 0, 0, Caller().headers(), Classification.PUBLIC,
            policies.inspectors.inspect(payload),
        )  # fmt: skip
        decision = policies.evaluator(Note, card).judge(message, card)
        return "allow" if decision is None else decision.verdict if decision.verdict == "deny" else mask(
            message, decision.paths
        ).text  # fmt: skip

    assert judged("EMP-123456", Classification.PUBLIC) == "[staff]"
    assert judged("EMP-123456", Classification.INTERNAL) == "allow"
    assert judged("B-1234", Classification.INTERNAL) == "deny"


@pytest.mark.parametrize(
    "kind",
    [
        {"pattern": "("}, {"pattern": "a*"}, {"pattern": "(a)(b)"}, {"pattern": "(?=a)b"}, {"pattern": r"(a)\1"},
        {"pattern": "(((a{100}){100}){100})"}, {"pattern": "x" * 501}, {"pattern": "x", "checksum": "crc"},
    ],
    ids=lambda kind: str(kind["pattern"])[:20],
)  # fmt: skip
def test_a_pattern_that_is_not_usable_is_refused(kind: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        settings(own=kind)


@pytest.mark.parametrize("name", ["card", "Staff", "a b"])
def test_a_name_that_is_taken_or_malformed_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        settings(**{name: STAFF})


def test_a_pattern_that_would_hang_elsewhere_is_searched_at_once() -> None:
    assert found("a" * 30_000, evil={"pattern": "(?:a+)+b"}) == []
