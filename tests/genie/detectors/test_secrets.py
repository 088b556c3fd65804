"""The policy on secrets: what it finds, and what recipients below their label get."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.message import Payload
from genie.policies.secrets import KINDS, Secrets, SecretsSettings
from genie.policy.policy import PolicySet, mask

LOW = AgentCard(id="low", clearance=Classification.CONFIDENTIAL)
DEFAULTS = SecretsSettings()
HIGH = AgentCard(id="high", clearance=Classification.RESTRICTED)


class Ticket(Payload, topic="desk.ticket", classification="public"):
    text: str
    raw: bytes = b""


def judged(envelope, payload: Ticket, settings: SecretsSettings = DEFAULTS, card: AgentCard = LOW):
    policies = PolicySet((Secrets(settings),))
    message = envelope(payload, inspection=policies.inspectors.inspect(payload))
    return message, policies.evaluator(Ticket, card).judge(message, LOW)


def test_a_secret_is_masked_for_whom_it_is_above_and_the_rest_is_left(envelope) -> None:
    message, decision = judged(envelope, Ticket(text="use password=Hx7pQ2mz9! until noon"))

    assert decision.verdict == "redact"
    assert mask(message, decision.paths).text == "use password=[password] until noon"


def test_a_cleared_recipient_gets_it_as_it_is_unless_nobody_may(envelope) -> None:
    ticket = Ticket(text="token=ghp_" + "a1B2c3" * 6)

    assert judged(envelope, ticket, card=HIGH)[1] is None
    assert judged(envelope, ticket, SecretsSettings(everyone=True, action="deny"), HIGH)[1].verdict == "deny"


def test_actions_go_by_kind_and_topic(envelope) -> None:
    settings = SecretsSettings(actions={"private_key": "deny"}, topics={"desk.*": {"password": "hold"}})
    key = "-----BEGIN EC PRIVATE KEY-----\n" + "Ab3" * 20 + "\n-----END EC PRIVATE KEY-----"

    assert judged(envelope, Ticket(text=key), settings)[1].verdict == "deny"
    assert judged(envelope, Ticket(text="pwd: Hx7pQ2mz9!"), settings)[1].verdict == "hold"
    assert judged(envelope, Ticket(text="redis://:t0pS3cret@cache"), settings)[1].verdict == "redact"


def test_a_kind_that_everyone_may_see_is_left(envelope) -> None:
    settings = SecretsSettings(labels={"password": "public"})

    assert judged(envelope, Ticket(text="pwd: Hx7pQ2mz9!"), settings)[1] is None


def test_a_secret_in_bytes_is_denied(envelope) -> None:
    assert judged(envelope, Ticket(text="", raw=b"pwd: Hx7pQ2mz9!"))[1].verdict == "deny"


def test_a_reason_never_holds_the_secret(envelope) -> None:
    _, decision = judged(envelope, Ticket(text="password=Hx7pQ2mz9!"), SecretsSettings(action="deny"))

    assert "Hx7pQ2mz9" not in str(decision)
    assert "secrets.password at text" in decision.reasons[0].text


@pytest.mark.parametrize("wrong", [{"labels": {"passwort": "public"}}, {"action": "drop"}, {"aktion": "mask"}])
def test_unknown_kinds_actions_and_keys_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SecretsSettings.model_validate(wrong)


SECRETS = Secrets().inspectors[0]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in SECRETS.examine(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("AKIAIOSFODNN7EXAMPLE", ["AKIAIOSFODNN7EXAMPLE"]),  # documented, yet it has the whole form of a key
        ("PASSWORD=Hx7pQ2mz9!", ["Hx7pQ2mz9!"]),
        ("password=Hx7pQ2mz9&user=ann", ["Hx7pQ2mz9"]),
        ('{\\"password\\": \\"Hx7pQ2mz9!\\"}', ["Hx7pQ2mz9!"]),
        ("password = `Hx7pQ2mz9`", ["Hx7pQ2mz9"]),
        ("password\u200b=\u200bHx7pQ2mz9!", ["Hx7pQ2mz9!"]),
        ("password:\n  Hx7pQ2mz9!", ["Hx7pQ2mz9!"]),
        ("пароль password = Hx7pQ2mz9!", ["Hx7pQ2mz9!"]),
        ("BEARER\r\nq7Rt92kLpQ7w81Zx", ["q7Rt92kLpQ7w81Zx"]),
        ("https://a:h7Rk29Lm@x.example and https://b:k3Vn88Tq@y.example", ["h7Rk29Lm", "k3Vn88Tq"]),
        ("AKIAQYLPMN5HHHFPZAM2,AKIAQYLPMN5HHHFPZAM3", ["AKIAQYLPMN5HHHFPZAM2", "AKIAQYLPMN5HHHFPZAM3"]),
    ],
)
def test_secrets_are_found_with_their_span(text: str, parts: list[str]) -> None:
    assert found(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "X" * 16,
        "xAKIAQYLPMN5HHHFPZAM2",
        "AKIAQYLPMN5HHHFPZAM2x",
        "password=",
        "password=12345678",
        "password=passwordpassword",
        "eyJhbGciOiJIUzI1NiJ",
        "eyJub3QiOiJhIHRva2VuIn0.eyJzdWIiOiIxIn0.x",
        "Basic dGhpcyBpcyBhIHNlbnRlbmNl",
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
        "https://host:8443/a@b",
        "mailto:ann@example.com",
    ],
)
def test_what_only_looks_like_a_secret_is_not_found(text: str) -> None:
    assert found(text) == []


def test_a_block_without_an_end_is_masked_to_where_the_key_ends() -> None:
    body = "Ab3+/" * 20
    text = f"-----BEGIN RSA PRIVATE KEY-----\n{body}"

    assert found(text) == [text]


def test_only_the_kinds_asked_for_are_looked_for() -> None:
    kinds = {span.kind for span in Secrets().inspectors[0].examine("password=Hx7pQ2mz9! api_key=9f8e7d6c5b4a39281706")}

    assert kinds == {"secrets.password", "secrets.api_key"}
    assert set(KINDS) == set(SecretsSettings(labels=dict.fromkeys(KINDS, "public")).labels)
