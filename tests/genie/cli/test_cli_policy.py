"""`genie policy`: explained, tested against examples, and compared over a journal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Genie = Callable[..., Result]
Pipeline = Callable[..., str]

CARD = "4111 1111 1111 1111"
FILE = """
version: 1
id: mine
policies:
  - clearance
  - pii
rules:
  - name: long_questions
    when: { topic: toys.question, payload.text: { contains: secret } }
    then: { hold: { approvers: [chief], quorum: 2, expires: 4h } }
    because: questions about secrets wait
    examples:
      - { given: { topic: toys.question, payload: { text: a secret } }, then: EXPECTED }
      - { given: { topic: toys.question, payload: { text: hello } }, then: allow }
  - name: nobody
    mode: shadow
    when: { topic: toys.question, headers.user: { in: [ann] } }
    then: deny
    because: ann asks too much
"""


@pytest.fixture
def file(installed: Path) -> str:
    (installed / "mine.yaml").write_text(FILE.replace("EXPECTED", "hold"))
    return "mine.yaml"


def message(folder: Path, name: str = "message.yaml", **given: Any) -> str:
    (folder / name).write_text(json.dumps({"topic": "toys.question", **given}))
    return name


def test_explain_names_every_policy_with_its_inputs_and_its_reason(genie: Genie, file: str, installed: Path) -> None:
    given = message(
        installed, payload={"text": f"a secret {CARD}"}, headers={"user": "ann"}, recipient="caller:ben",
    )  # fmt: skip
    result = genie("policy", "explain", file, given, "--json")
    assert result.exit_code == 0
    (one,) = json.loads(result.stdout)
    assert (one["verdict"], one["recipient"], one["headers"]["user"]) == ("hold", "caller:ben", "ann")
    said = {policy["policy"]: policy for policy in one["policies"]}
    assert {name: policy["verdict"] for name, policy in said.items()} == {
        "clearance": "redact", "pii": "redact", "rules/long_questions": "hold", "rules/nobody": "shadow_deny",
    }  # fmt: skip
    tests = said["rules/long_questions"]["inputs"]
    assert tests[1] == {"subject": "payload.text", "value": "28 characters", "result": "contains secret: holds"}
    people = genie("policy", "explain", file, given)
    assert "rules/long_questions@" in people.stdout
    assert "deny (shadow)" in people.stdout
    assert CARD not in result.stdout + people.stdout


def test_explain_takes_json_and_every_recipient(genie: Genie, pipeline: Pipeline, installed: Path) -> None:
    found = json.loads(genie("policy", "explain", pipeline("parrot"), message(installed, "m.json"), "--json").stdout)
    assert [one["recipient"] for one in found] == ["parrot"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"topic": "toys.questoin"}, "no agent uses topic 'toys.questoin'; did you mean 'toys.question'?"),
        ({"payload": {"txt": "x"}}, "unknown key 'txt' in payload; did you mean 'text'?"),
        ({"sender": "parot"}, "there is no agent 'parot'; did you mean 'parrot'?"),
        ({"label": "top"}, "label should be"),
    ],
)
def test_a_message_that_cannot_be_is_refused_with_its_line(
    genie: Genie, file: str, installed: Path, given: dict[str, Any], told: str
) -> None:
    result = genie("policy", "explain", file, message(installed, **given))
    assert result.exit_code == 2
    assert "message.yaml:1: " in result.stderr
    assert told in result.stderr
    assert genie("policy", "explain", file, "nowhere.yaml").exit_code == 2


def test_examples_pass_or_end_with_four(genie: Genie, file: str, installed: Path) -> None:
    passed = genie("policy", "test", file)
    assert passed.exit_code == 0
    assert "2 of 2 examples passed" in passed.stdout
    assert "rule nobody has no example" in passed.stdout
    (installed / file).write_text(FILE.replace("EXPECTED", "deny"))
    failed = genie("policy", "test", file, "--json")
    assert failed.exit_code == 4
    found = json.loads(failed.stdout)
    assert (found["passed"], found["failed"], found["without_examples"]) == (1, 1, ["nobody"])
    first = found["examples"][0]
    assert (first["rule"], first["where"], first["expected"]) == ("long_questions", "mine.yaml:13", "deny")
    assert (set(first["found"]), first["passed"]) == ({"hold"}, False)
    assert "FAIL long_questions: hold, not deny" in genie("policy", "test", file).stdout
    (installed / file).write_text(FILE.replace("EXPECTED", "hold").replace("text: a secret", "txt: a secret"))
    wrong = genie("policy", "test", file)
    assert wrong.exit_code == 2
    assert "mine.yaml:13: unknown key 'txt'" in wrong.stderr


def journal(genie: Genie, pipeline: Pipeline, *questions: str) -> str:
    lines: list[str] = []
    for question in questions:
        assert (
            genie("run", pipeline("parrot"), "--question", question, "--quiet", "--journal", "j.jsonl").exit_code == 0
        )
        lines.append(Path("j.jsonl").read_text())
    Path("all.jsonl").write_text("".join(lines))
    return "all.jsonl"


def test_diff_counts_what_each_rule_would_have_done(
    genie: Genie, pipeline: Pipeline, file: str, installed: Path
) -> None:
    kept = journal(genie, pipeline, "hello", "a secret", "another secret")
    (installed / "old.yaml").write_text("version: 1\nid: old\npolicies: [clearance, pii]\n")
    result = genie("policy", "diff", "old.yaml", file, "--journal", kept, "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (found["deliveries"], found["changed"], found["undecidable"]) == (6, 2, 0)
    (change,) = found["changes"]
    assert [change[name] for name in ("policy", "before", "after", "deliveries")] == [
        "rules/long_questions", "allow", "hold", 2,
    ]  # fmt: skip
    assert change["samples"][0].endswith("toys.question -> parrot")
    assert {"before": "allow", "after": "hold", "deliveries": 2} in found["verdicts"]
    same = json.loads(genie("policy", "diff", file, file, "--journal", kept, "--json").stdout)
    assert (same["changed"], same["changes"]) == (0, [])
    assert "rules/long_questions: allow -> hold" in genie("policy", "diff", "old.yaml", file, "--journal", kept).stdout


def test_a_rule_that_needs_what_is_masked_is_undecidable(
    genie: Genie, pipeline: Pipeline, file: str, installed: Path
) -> None:
    masking = pipeline("parrot", more="policies: [clearance, pii]\n")
    ran = genie("run", masking, "--question", f"a secret {CARD}", "--quiet", "--journal", "j.jsonl")
    assert ran.exit_code in {0, 3}
    first = json.loads(Path("j.jsonl").read_text().splitlines()[1])
    assert first["masked"] == [["text"]]
    assert CARD not in Path("j.jsonl").read_text()
    (installed / "old.yaml").write_text("version: 1\nid: old\npolicies: [clearance, pii]\n")
    result = genie("policy", "diff", "old.yaml", file, "--journal", "j.jsonl", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 3
    assert found["undecidable"] == 1
    assert [(one["policy"], one["after"]) for one in found["changes"]] == [("rules/long_questions", "undecidable")]
    explained = genie("policy", "explain", file, first["message_id"], "--journal", "j.jsonl", "--json")
    (one,) = json.loads(explained.stdout)
    said = {policy["policy"]: policy for policy in one["policies"]}
    assert one["verdict"] == "hidden"
    assert said["rules/long_questions"]["reason"] == "needs payload.text, which is masked here"
    assert said["pii"]["verdict"] == "allow"  # what was found then is known, and the parrot is cleared for it


@pytest.mark.parametrize(
    "content", ["", "nonsense\n", '{"kind": "accepted"}\n', "[1]\n", '{"kind": "accepted", "message_id": 5}\n']
)
def test_a_file_that_is_no_journal_is_refused_or_empty(genie: Genie, file: str, installed: Path, content: str) -> None:
    (installed / "odd.jsonl").write_text(content)
    result = genie("policy", "diff", file, file, "--journal", "odd.jsonl")
    assert result.exit_code == (5 if not content else 2)
    assert "Traceback" not in result.stderr
    missing = genie("policy", "explain", file, "m-1", "--journal", "odd.jsonl")
    assert missing.exit_code == 2
    assert genie("policy", "diff", file, file, "--journal", "nowhere.jsonl").exit_code == 2


def test_agents_that_are_not_known_are_left_out_and_counted(
    genie: Genie, pipeline: Pipeline, file: str, installed: Path
) -> None:
    kept = Path(journal(genie, pipeline, "hello"))
    kept.write_text(kept.read_text().replace('"recipient":"parrot"', '"recipient":"dodo"'))
    result = genie("policy", "diff", file, file, "--journal", "all.jsonl", "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["skipped"] == {"recipient dodo is not known here": 1}


def test_each_command_has_an_example_in_its_help(genie: Genie) -> None:
    for name in ("explain", "test", "diff"):
        assert f"genie policy {name} config/" in genie("policy", name, "--help").stdout


def test_diff_tells_which_model_calls_a_policy_would_have_denied(genie: Genie, tmp_path: Path) -> None:
    kept, new = tmp_path / "j.jsonl", tmp_path / "new.yaml"
    assert genie("run", "assistant", "--quiet", "--journal", str(kept)).exit_code == 0
    (tmp_path / "old.yaml").write_text("version: 1\nid: old\npolicies: [clearance]\n")
    rule = "{topic_roles: {topics: {model.request: [analyst]}, unlisted: open}}"
    new.write_text(f"version: 1\nid: new\npolicies: [clearance, {rule}]\n")
    pipeline = str(Path(__file__).parents[3] / "config" / "pipelines" / "assistant.yaml")
    result = genie(
        "policy", "diff", str(tmp_path / "old.yaml"), str(new), "--journal", str(kept), "--pipeline", pipeline,
        "--role", "user", "--json",
    )  # fmt: skip
    (change,) = json.loads(result.stdout)["changes"]
    assert (change["policy"], change["after"], change["deliveries"]) == ("topic_roles", "deny", 1)
    assert change["samples"][0].endswith("model.request -> desk")
