"""The models of a pipeline file, and the schema that editors get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import jsonschema
import pytest

from genie.config.schema import (
    LimitsSection,
    MailboxSection,
    RestartsSection,
    RetrySection,
    Section,
    policy_schema,
    schema,
)
from genie.contracts.limits import Mailbox, RestartBudget, Retry, RunLimits
from genie.rules.schema import RulesSettings


@pytest.mark.parametrize(
    ("rule", "section"),
    [(RunLimits, LimitsSection), (Retry, RetrySection), (Mailbox, MailboxSection), (RestartBudget, RestartsSection)],
)
def test_a_section_has_the_fields_and_defaults_of_the_rule_that_it_becomes(
    rule: type[RunLimits | Retry | Mailbox | RestartBudget], section: type[Section]
) -> None:
    assert {field.name: field.default for field in fields(rule)} == {
        name: info.default for name, info in section.model_fields.items()
    }


def test_the_schema_of_policy_files_knows_what_the_loader_takes() -> None:
    found = policy_schema(RulesSettings.model_json_schema())
    jsonschema.Draft202012Validator.check_schema(found)
    rule = {"name": "a", "when": {"topic": "x.y"}, "then": "deny", "because": "so"}
    policies = ["pii", {"pii": {"mode": "shadow"}}]
    good: Mapping[str, object] = {"version": 1, "id": "a", "policies": policies, "rules": [rule]}
    jsonschema.validate(good, found)
    for then in ("hold", {"deny": "code"}, {"hold": {"quorum": 2}}, {"redact": ["payload.note", "findings.pii"]}):
        jsonschema.validate({**good, "rules": [{**rule, "then": then}]}, found)
    for bad in ({**rule, "then": "allow"}, {**rule, "then": {"redact": ["note"]}}, {**rule, "wen": {}}, {"name": "a"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**good, "rules": [bad]}, found)


@pytest.mark.slow
def test_the_schema_knows_what_the_loader_takes() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    good: Mapping[str, object] = {
        "version": 1,
        "id": "desk",
        "agents": ["finder", {"id": "counter", "retry": {"attempts": 2}}],
        "joins": [{"id": "both", "into": "desk.both", "parts": {"facts": "desk.facts"}, "need": 1}],
        "policies": ["cap", {"cap": {"most": 1}}, {"cap": None}, "../policies/standard.yaml"],
        "input": "desk.ask",
        "output": "desk.reply",
    }
    jsonschema.validate(good, schema())
    jsonschema.validate({**good, "policies": "../policies/standard.yaml"}, schema())
    for key, bad in [("agents", [5]), ("policies", [{"a": {}, "b": {}}]), ("input", {}), ("agent", []), ("version", 2)]:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**good, key: bad}, schema())
