"""Attack: a reader of explanations and refusals looks for secrets that the environment gave to a policy file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from genie.config.source_map import SourceMap
from tests.genie.cli.conftest import genie, installed, pipeline, toys

__all__ = ("genie", "installed", "pipeline", "toys")

Genie = Callable[..., Result]

FILE = """
version: 1
id: mine
policies:
  - topic_roles: { topics: { toys.question: ["${ROLE}"] } }
rules:
  - name: tenants
    when: { topic: toys.question, headers.tenant: { not_in: ["${TENANT}", "${REGION}"] } }
    then: { hold: { approvers: ["${ROLE}"] } }
    because: other tenants wait
    examples:
      - { given: { topic: toys.question, payload: { text: x } }, then: deny }
  - name: words
    when: { topic: toys.question, payload.text: { contains: "${LONG}" } }
    then: deny
    because: forbidden
"""
VALUES = {"ROLE": "chief-of-x", "TENANT": "tenant-hunter2", "REGION": "QZ", "LONG": "s3cret-" * 40}


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_value_of_the_environment_is_in_an_explanation(
    genie: Genie, installed: Path, monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]
) -> None:
    for name, value in VALUES.items():
        monkeypatch.setenv(name, value)
    (installed / "mine.yaml").write_text(FILE)
    given = {"topic": "toys.question", "payload": {"text": "x"}, "headers": {"user": "ann", "tenant": "b"}}
    (installed / "message.json").write_text(json.dumps(given))

    results = [
        genie("policy", "explain", "mine.yaml", "message.json", *form),
        genie("policy", "test", "mine.yaml", *form),
    ]

    for result in results:
        told = result.stdout + result.stderr
        assert result.exit_code in {0, 1}, told
        assert not [value for value in VALUES.values() if value[:14] in told], told
    assert "${TENANT}" in results[0].stdout or not form


@pytest.mark.parametrize("then", ["{ deny: '${CODE}' }", "{ allow: { obligations: ['${CODE}'] } }"])
def test_a_code_or_a_notice_of_a_rule_cannot_come_from_the_environment(
    genie: Genie, installed: Path, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    monkeypatch.setenv("CODE", "hunter2")
    rule = f"rules:\n  - {{ name: r, when: {{ topic: toys.question }}, then: {then}, because: no }}\n"
    (installed / "mine.yaml").write_text(f"version: 1\nid: mine\n{rule}")

    result = genie("policy", "test", "mine.yaml")

    assert result.exit_code == 2
    assert "mine.yaml:4: " in result.stderr
    assert "hunter2" not in result.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("not 'QZ'", "not '${REGION}'"),
        ("QZX stays", "QZX stays"),
        ("is a-long-secret-va...", "is ${LONG}..."),
        ("a-long-secret-value-and-more", "${LONG}-and-more"),
        ("a-long-secret-value", "${LONG}"),
    ],
)
def test_values_are_hidden_short_and_cut_off(text: str, told: str) -> None:
    document = SourceMap(
        "f", {"r": "QZ", "l": "a-long-secret-value"}, {(): 1}, {("r",): "${REGION}", ("l",): "${LONG}"}
    )

    assert document.hide(text) == told


@pytest.mark.parametrize(
    "listed", ['["${SECRET}"]', '["policies/${SECRET}.yaml"]', '"${SECRET}.yaml"', '[{ "${SECRET}": {} }]'],
    ids=["name", "path", "file", "key"],
)  # fmt: skip
def test_what_names_a_policy_or_its_file_is_not_told(
    genie: Genie, installed: Path, pipeline: Callable[..., str], monkeypatch: pytest.MonkeyPatch, listed: str
) -> None:
    monkeypatch.setenv("SECRET", "s3cret-words")
    (installed / "mine.yaml").write_text(f"version: 1\nid: mine\npolicies: {listed}\n")
    (installed / "s3cret-words.yaml").write_text("version: 1\nid: x\npolicies: [nothing]\n")
    for path in (pipeline("parrot", more=f"policies: {listed}"), "mine.yaml"):
        result = genie("policy", "test", path)
        assert result.exit_code == 2, result.output
        assert "s3cret" not in result.stdout + result.stderr
