"""Policy files: named by pipelines, mixed with policies of their own, and refused with file, line and a cure."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from genie.config.loader import load
from genie.config.pipeline import Pipeline
from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.contracts.classification import Classification
from genie.contracts.headers import Headers
from genie.contracts.message import Inspection, Payload, stamp
from genie.errors import ConfigError
from genie.policies.index import POLICIES


class Pay(Payload, topic="files.pay"):
    amount: int = 1
    note: str = ""
    country: str | None = None


class Paid(Payload, topic="files.paid"):
    amount: int = 1


@agent("payer", capabilities=("pay.out",), risk="low", tier="production")
async def payer(pay: Pay) -> Paid:
    """Pay."""
    return Paid()


CATALOGUE = Plugins(agents={"payer": payer}, policies=POLICIES)


def pipeline(tmp_path: Path, policies: str, environment: str = "staging", **files: str) -> Pipeline:
    for name, content in files.items():
        (tmp_path / f"{name}.yaml").write_text(textwrap.dedent(content))
    path = tmp_path / "pipe.yaml"
    path.write_text(
        f"version: 1\nid: pipe\nenvironment: {environment}\nagents: [payer]\npolicies: {policies}\n"
        "input: files.pay\noutput: files.paid\n"
    )
    return load(path, environ={"LIMIT": "5"}, plugins=CATALOGUE)


def refused(tmp_path: Path, policies: str, **files: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        pipeline(tmp_path, policies, **files)
    return [line.replace(f"{tmp_path}/", "") for line in raised.value.problems]


RULE = """
    version: 1
    id: mine
    rules:
      - name: big
        when: {{topic: {topic}, {when}}}
        then: {then}
        because: big ones wait
    """


def rule(when: str = "payload.amount: {gt: 5}", topic: str = "files.pay", then: str = "hold") -> str:
    return RULE.format(when=when, topic=topic, then=then)


def test_policies_are_a_file_or_a_list_that_names_some(tmp_path: Path) -> None:
    base = "version: 1\nid: base\npolicies:\n  - clearance\n  - payload_size: {max_bytes: 10}\n"
    alone = pipeline(tmp_path, "base.yaml", base=base)
    assert [policy.name for policy in alone.policies.policies] == ["clearance", "payload_size"]
    assert alone.warnings == ()
    mixed = pipeline(tmp_path, "[base.yaml, injection, ./mine.yaml]", mine=rule())
    assert [policy.name for policy in mixed.policies.policies] == ["clearance", "payload_size", "injection", "rules"]
    assert [path.name for path in mixed.policy_source.files] == ["base.yaml", "mine.yaml"]
    assert mixed.policy_source.load().sha256 == mixed.policies.sha256


def test_rules_of_several_files_and_of_the_pipeline_are_one_policy(tmp_path: Path) -> None:
    inline = "{rules: {rules: [{name: b, when: {sender: payer}, then: deny, because: x}]}}"
    found = pipeline(tmp_path, f"[one.yaml, {inline}]", one=rule())
    assert [one.name for one in found.policies.policies[0].settings.rules] == ["big", "b"]  # type: ignore[attr-defined]  # of rules
    lines = refused(tmp_path, "[one.yaml, two.yaml]", one=rule(), two=rule("payload.amount: {gt: 9}"))
    assert lines == ["two.yaml:5: two rules are called 'big'; give this one another name"]


def test_shadow_mode_is_of_a_policy_or_of_a_rule(tmp_path: Path) -> None:
    text = "version: 1\nid: s\npolicies: [{injection: {mode: shadow, action: deny}}, {clearance: {mode: enforce}}]\n"
    found = pipeline(tmp_path, "s.yaml", s=text)
    assert found.policies.shadow == {"injection"}
    assert found.policies.policies[0].settings.action == "deny"  # type: ignore[attr-defined]  # of injection
    inline = "{rules: {mode: shadow, rules: [{name: b, when: {sender: payer}, then: deny, because: x}]}}"
    both = pipeline(tmp_path, f"[one.yaml, {inline}]", one=rule())
    assert [one.mode for one in both.policies.policies[0].settings.rules] == ["enforce", "shadow"]  # type: ignore[attr-defined]  # as above
    assert refused(tmp_path, "s.yaml", s=text.replace("shadow,", "shadwo,")) == [
        "s.yaml:3: mode should be enforce or shadow, not 'shadwo'; did you mean 'shadow'?"
    ]


def test_one_policy_may_stand_in_two_files_if_it_says_the_same(tmp_path: Path) -> None:
    one = "version: 1\nid: one\npolicies: [{payload_size: {max_bytes: 9}}]\n"
    found = pipeline(tmp_path, "[one.yaml, two.yaml]", one=one, two=one)
    assert [policy.name for policy in found.policies.policies] == ["payload_size"]
    lines = refused(tmp_path, "[one.yaml, two.yaml]", one=one, two=one.replace("9", "8"))
    assert lines == ["two.yaml:3: policy 'payload_size' is listed twice; the first is at one.yaml:3"]


def test_a_file_for_another_environment_is_a_warning(tmp_path: Path) -> None:
    text = "version: 1\nid: prod\nenvironments: {production: strict}\npolicies: [clearance]\n"
    assert pipeline(tmp_path, "p.yaml", "production", p=text).warnings == ()
    (warning,) = pipeline(tmp_path, "p.yaml", "staging", p=text).warnings
    assert warning.endswith("pipe.yaml:5: policy file 'prod' is meant for production, not for staging")


AGAIN = "\n      - {name: again, when: {topic: files.pay, payload.amount: {gt: 5}}, then: hold, because: x}"
WRONG = [
    (rule("payload.amuont: {gt: 5}"), "6: files.pay has no field 'amuont'; did you mean 'amount'?"),
    (rule("payload.amount: {gtt: 5}"), "6: unknown operator 'gtt' of payload.amount; did you mean 'gt'?"),
    (rule("payload.amount: {gt: five}"), "6: payload.amount should be a number, not 'five'"),
    (rule("payload.note: {gt: a}"), "6: payload.note is text and cannot be asked 'gt'"),
    (rule("payload.note: {matches: '('}"), "6: payload.note matches has an invalid RE2 pattern"),
    (rule("payload.amount: [1, 2]"), "6: payload.amount has a list as its test; write in: [...] or not_in: [...]"),
    (rule("tenant: acme"), "6: unknown subject 'tenant'; did you mean 'headers.tenant'?"),
    (rule("sender: pyaer"), "6: no agent here is called 'pyaer'; did you mean 'payer'?"),
    (rule("sender.capability: pay.in"), "6: no agent here has the capability 'pay.in'; did you mean 'pay.out'?"),
    (rule("findings.pii: {gt: 0}"), "6: no policy of the pipeline looks for 'pii'"),
    (rule(topic="files.pays"), "6: no topic here matches 'files.pays'; did you mean 'files.pay'?"),
    (rule("recipient.risk: high"), "6: rule 'big' can never apply: this pipeline sends no topic to such a recipient"),
    (rule("payload.amount: {gt: 5, lt: 5}"), "6: rule 'big' can never apply: payload.amount cannot be gt 5 and lt 5"),
    (rule("payload.note: {eq: a, in: [b]}"), "6: rule 'big' can never apply: payload.note cannot be eq a and in [b]"),
    (rule("environment: production"), "6: rule 'big' can never apply"),
    (rule(then="{redact: [payload.amount]}"), "7: payload.amount cannot be masked"),
    (rule(then="{redact: [payload.notes]}"), "7: files.pay has no field 'notes'; did you mean 'note'? (for files.pay)"),
    (rule(then="denyy"), "7: rules.big.then should be"),
    (rule().replace("because", "becuase"), "unknown key 'becuase'"),
    (rule().rstrip() + AGAIN,
     "9: rule 'again' has no effect: rule 'big' above has the same condition"),
    ("version: 1\nid: x\npolicies: [clearence]\n", "3: unknown policy 'clearence'; did you mean 'clearance'?"),
    ("version: 1\nid: x\npolicies: [{pii: {acton: mask}}]\n", "unknown key 'acton'"),
    ("version: 1\nid: x\nrule: []\n", "3: unknown key 'rule'; did you mean 'rules'?"),
    ("[]", "1: a policy file is a mapping"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), WRONG, ids=[told[:50] for _, told in WRONG])
def test_what_is_wrong_in_a_file_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    lines = refused(tmp_path, "mine.yaml", mine=text)
    assert any(line.startswith("mine.yaml:") and told in line for line in lines), lines
    assert not any(line.startswith("pipe.yaml") for line in lines)


def test_a_file_that_is_not_there_is_told_with_its_name(tmp_path: Path) -> None:
    lines = refused(tmp_path, "[mnie.yaml]", mine=rule())
    assert lines == ["mnie.yaml: there is no such file; did you mean 'mine.yaml'?"]


def test_what_the_environment_gave_is_not_shown(tmp_path: Path) -> None:
    (line,) = refused(tmp_path, "m.yaml", m="version: 1\nid: x\npolicies: [{payload_size: {max_bytes: '${LIMIT}'}}]\n")
    assert "${LIMIT}" in line


CONTROLS = "version: 1\nid: x\npolicies:\n  - pii: {action: deny}\n  - payload_size: {max_bytes: 10}\n"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("pii:", "pi:"), ("action", "acton"), ("deny", "dney"), ("max_bytes: 10", "max_bytes: ten"),
        ("id: x", "id: x\nretention_days: 30"),
    ],
)  # fmt: skip
def test_a_misspelt_control_is_refused_and_never_off(tmp_path: Path, right: str, wrong: str) -> None:
    """Defect D26: a typo in the policy file turned a control off, and some keys were read and ignored."""
    assert pipeline(tmp_path, "c.yaml", c=CONTROLS)
    assert any(line.startswith("c.yaml:") for line in refused(tmp_path, "c.yaml", c=CONTROLS.replace(right, wrong)))


def test_what_the_environment_gives_stands_in_no_reason(tmp_path: Path) -> None:
    assert refused(tmp_path, "mine.yaml", mine=rule().replace("big ones wait", "more than ${LIMIT}")) == [
        "mine.yaml:8: because of a rule is logged, so it cannot come from the environment"
    ]
    found = pipeline(tmp_path, "mine.yaml", mine=rule("payload.country: '${LIMIT}'"))
    message = stamp(1, Pay(), "a", None, None, 0, 0, Headers(), Classification.INTERNAL, Inspection(0))
    decision = found.policies.evaluator(Pay, payer.card).judge(message, payer.card)
    assert decision is not None
    assert decision.reasons[0].code == "undecided"
    assert "payload.country" in decision.summary
    assert "5" not in decision.summary
