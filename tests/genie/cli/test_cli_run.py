"""`genie run`: what it prints, what it ends with, and what it leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Genie = Callable[..., Result]
Pipeline = Callable[..., str]

CONTRACT = [
    "run_id", "pipeline", "status", "elapsed_ms", "report", "assumptions", "notices", "missing", "quarantined",
    "messages", "agents",
]  # fmt: skip
COUNTS = [
    "accepted", "handled", "denied", "expired", "cancelled", "dead_lettered", "in_flight", "redacted", "unrouted",
    "late",
]  # fmt: skip


def test_a_complete_run_prints_the_contract_and_nothing_else(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("run", pipeline("parrot"), "--json", "--question", "how much?")
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert list(printed) == CONTRACT
    assert list(printed["messages"]) == COUNTS
    assert (printed["pipeline"], printed["status"]) == ("toys", "complete")
    assert printed["report"] == {"text": "how much?"}
    assert printed["agents"]["parrot"]["handled"] == 1
    assert set(printed["agents"]["parrot"]) == {"handled", "failed", "p50_ms"}
    counts = printed["messages"]
    settled = ("handled", "denied", "expired", "cancelled", "dead_lettered", "in_flight")
    assert counts["accepted"] == sum(counts[name] for name in settled)
    assert counts["in_flight"] == 0
    assert result.stderr == ""


def test_a_missing_part_makes_it_partial(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("run", pipeline("gapped"), "--json")
    printed = json.loads(result.stdout)
    assert result.exit_code == 3
    assert printed["status"] == "partial"
    assert printed["missing"] == [{"agent": "sleeper", "reason": "late"}]
    assert printed["notices"] == ["a notice"]
    assert printed["report"] == {"text": "hello"}


def test_an_agent_that_fails_beside_an_answer_is_named(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("run", pipeline("parrot", "beside", more="unused: [toys.side]"), "--json")
    printed = json.loads(result.stdout)
    assert result.exit_code == 3
    assert printed["missing"] == [{"agent": "beside", "reason": "dead_lettered(KeyError)"}]
    assert printed["agents"]["beside"]["failed"] == 1


def test_no_answer_is_a_failure_that_says_why(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("run", pipeline("broken"), "--json")
    printed = json.loads(result.stdout)
    assert result.exit_code == 4
    assert (printed["status"], printed["report"]) == ("failed", None)
    assert printed["missing"] == [{"agent": "broken", "reason": "dead_lettered(ZeroDivisionError)"}]


def test_an_answer_above_the_callers_clearance_is_denied(genie: Genie, pipeline: Pipeline) -> None:
    more = "policies: [clearance]\ncaller: {clearance: restricted}"
    path = pipeline("secretive", output="toys.secret", more=more)
    assert genie("run", path, "--json").exit_code == 0
    result = genie("run", path, "--json", "--clearance", "confidential", "--question", "the-secret")
    printed = json.loads(result.stdout)
    assert (result.exit_code, printed["status"]) == (4, "denied")
    assert "the-secret" not in result.output
    assert any("clearance" in part["reason"] for part in printed["missing"])


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (
            "{consent: {topics: {toys.question: [insights]}}}",
            ("--consent", "insights", "--consent", "credit@2999-01-01T00:00Z"),
        ),
        ("{residency: {here: IN}}", ("--region", "IN")),
    ],
)
def test_region_and_consents_are_said_on_the_command_line(
    genie: Genie, pipeline: Pipeline, policy: str, words: tuple[str, ...]
) -> None:
    path = pipeline("parrot", more=f"policies: [{policy}]")
    assert genie("run", path, "--json").exit_code == 4
    assert genie("run", path, "--json", *words).exit_code == 0


def test_a_consent_that_is_none_is_refused(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("run", pipeline("parrot"), "--consent", "credit@soon")
    assert result.exit_code == 2
    assert "--consent: 'credit@soon' is not a valid consent" in result.stderr


def test_what_a_budget_or_a_rate_denied_is_named(genie: Genie, pipeline: Pipeline) -> None:
    more = "unused: [toys.side]\nbudgets:\n  - {id: small, messages: 1}"
    printed = json.loads(genie("run", pipeline("parrot", "beside", more=more), "--json").stdout)
    assert printed["status"] == "partial"
    reason = "denied(budget small: 1 messages in one run are used up or reserved)"
    assert printed["missing"] == [{"agent": "beside", "reason": reason}]
    more = "budgets:\n  - {id: paid, cost: 1, agents: [parrot]}\n  - {id: few, messages: 1, topics: [toys.question]}"
    more += "\nrates:\n  - {id: rare, per_s: 0.001, agents: [parrot]}\nunused: [toys.side]"
    result = genie("run", pipeline("beside", "parrot", more=more), "--json")
    printed = json.loads(result.stdout)
    assert (result.exit_code, printed["status"]) == (4, "denied")
    reason = "denied(budget few: 1 messages in one run are used up or reserved)"
    assert {"agent": "parrot", "reason": reason} in printed["missing"]
    assert "budget few" in printed["notices"][0]


def test_what_a_person_must_decide_ends_as_held(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("run", pipeline("parrot", more="policies: [hold_answers]"), "--json")
    printed = json.loads(result.stdout)
    assert (result.exit_code, printed["status"], printed["report"]) == (5, "held", None)
    assert any("waits for" in notice for notice in printed["notices"])
    shown = genie("run", pipeline("parrot", more="policies: [hold_answers]")).stdout
    assert shown.index("text: ") < shown.index("Because")  # what waits is shown, as far as who asked may see it


def test_an_interrupt_cancels_the_run(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("run", pipeline("interrupted"), "--json")
    assert result.exit_code == 130
    assert result.stdout == ""
    assert "interrupted: run " in result.stderr
    assert "1 cancelled" in result.stderr
    assert "Traceback" not in result.output


def test_an_input_that_an_agent_refuses_is_bad_input(genie: Genie, pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "photo.csv").write_bytes(b"\x89PNG")
    result = genie("run", pipeline("picky"), "--input", "photo.csv", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "photo.csv: is a photograph; export a list\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--input", "nowhere.csv"), "nowhere.csv: there is no such file"),
        (("--input", "."), ".: "),
        (("--input", "empty.csv"), "empty.csv: is empty"),
        (("--input", "huge.csv"), "huge.csv: is larger than 20,000,000 bytes"),
        (("--profile", "profile.yaml"), "--profile FILE: is not an option of this pipeline"),
        (("--set", "agents"), "--set agents: write it as key=value"),
        (("--journal", "no/such/folder.jsonl"), "no/such/folder.jsonl: cannot be written"),
    ],
)
def test_bad_input_is_one_clear_line(
    genie: Genie, pipeline: Pipeline, tmp_path: Path, words: tuple[str, ...], line: str
) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    with (tmp_path / "huge.csv").open("wb") as huge:
        huge.truncate(200 << 20)  # a hole: nothing of it is on the disk
    result = genie("run", pipeline("parrot"), "--json", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code"), [(("--nonsense",), 2), (("--clearance", "cosmic"), 2), (("nowhere.yaml",), 2)]
)
def test_wrong_usage(genie: Genie, pipeline: Pipeline, words: tuple[str, ...], code: int) -> None:
    path = () if words[0].endswith(".yaml") else (pipeline("parrot"),)
    result = genie("run", *path, *words)
    assert result.exit_code == code
    assert "Traceback" not in result.output


def test_a_mistake_in_the_pipeline_names_its_line(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("run", pipeline("parot"))
    assert result.exit_code == 2
    assert "toys.yaml:4: " in result.stderr
    assert "did you mean 'parrot'" in result.stderr


def test_an_answer_of_any_kind_can_be_read(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("run", pipeline("gapped"), "--question", "hello\x1b[2Jthere")
    assert result.exit_code == 3
    assert "\x1b" not in result.stdout
    assert "hello�[2Jthere" in result.stdout
    assert "sleeper: late" in result.stdout
    assert "partial in" in result.stdout


def test_quiet_prints_the_report_alone(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("run", pipeline("parrot"), "--quiet")
    assert "text: hello" in result.stdout
    assert "complete in" not in result.stdout
    assert result.stderr == ""


def test_warnings_are_told_but_not_under_json(genie: Genie, pipeline: Pipeline) -> None:
    warned = pipeline("parrot")
    text = Path(warned).read_text().replace("{from: input}", "{from: input, default: nowhere.csv}")
    Path(warned).write_text(text)  # a default file that is not there
    assert "warning: " in genie("run", warned, "--input", __file__).stderr
    assert genie("run", warned, "--input", __file__, "--json").stderr == ""


# --- the journal ---

CARD = "4111 1111 1111 1111"


def journal_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_journal_tells_headers_findings_and_outcomes(genie: Genie, pipeline: Pipeline, tmp_path: Path) -> None:
    more = "policies: [clearance, pii]\ncaller: {user: ann, roles: [auditor], tenant: north, clearance: internal}"
    genie("run", pipeline("parrot", more=more), "--question", f"card {CARD}", "--journal", "run.jsonl", "--json")
    lines = journal_of(tmp_path / "run.jsonl")
    accepted = [line for line in lines if line["kind"] == "accepted"]
    assert [line["number"] for line in lines] == list(range(len(lines)))
    assert accepted[0]["headers"]["user"] == "ann"  # type: ignore[index]  # JSON of a known form
    assert accepted[0]["headers"]["roles"] == ["auditor"]  # type: ignore[index]  # JSON of a known form
    assert accepted[0]["findings"][0]["kind"] == "pii.card"  # type: ignore[index]  # JSON of a known form
    assert "handled" in {line["kind"] for line in lines}


def test_the_journal_tells_verdicts_with_their_evidence(genie: Genie, pipeline: Pipeline, tmp_path: Path) -> None:
    path = pipeline("parrot", more="policies: [clearance, pii]")
    genie("run", path, "--question", f"card {CARD}", "--journal", "run.jsonl", "--json", "--clearance", "internal")
    judged = [line for line in journal_of(tmp_path / "run.jsonl") if line["kind"] == "judged"]
    assert judged
    assert all(line["reason"] == "redact" for line in judged)
    assert all(CARD not in json.dumps(line["detail"]) for line in judged)


def test_the_journal_shows_a_reader_no_more_than_the_reader_may_see(
    genie: Genie, pipeline: Pipeline, tmp_path: Path
) -> None:
    path = pipeline("parrot", more="policies: [clearance, pii]")
    genie("run", path, "--question", f"card {CARD}", "--journal", "low.jsonl", "--json", "--clearance", "internal")
    genie("run", path, "--question", f"card {CARD}", "--journal", "high.jsonl", "--json", "--clearance", "restricted")
    assert CARD not in (tmp_path / "low.jsonl").read_text()
    assert "[card]" in (tmp_path / "low.jsonl").read_text()
    assert CARD in (tmp_path / "high.jsonl").read_text()


def test_the_journal_withholds_what_the_reader_is_denied(genie: Genie, pipeline: Pipeline, tmp_path: Path) -> None:
    more = "policies: [clearance]\ncaller: {clearance: restricted}"
    path = pipeline("secretive", output="toys.secret", more=more)
    genie("run", path, "--question", "the-secret", "--journal", "run.jsonl", "--clearance", "internal", "--json")
    lines = journal_of(tmp_path / "run.jsonl")
    secret = next(line for line in lines if line["topic"] == "toys.secret" and line["kind"] == "accepted")
    assert secret["payload"] is None
    assert str(secret["withheld"]).startswith("deny(")


def test_an_interrupted_run_still_leaves_its_journal(genie: Genie, pipeline: Pipeline, tmp_path: Path) -> None:
    assert genie("run", pipeline("interrupted"), "--journal", "run.jsonl").exit_code == 130
    assert any(line["kind"] == "cancelled" for line in journal_of(tmp_path / "run.jsonl"))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


# --- notices ---

NOTICED = "policies: [{disclosure: {topics: {toys.reply: Made by a machine; check it.}}}]"


def test_a_notice_stands_first_in_the_json_and_above_what_is_printed(genie: Genie, pipeline: Pipeline) -> None:
    path = pipeline("parrot", more=NOTICED)
    assert json.loads(genie("run", path, "--json").stdout)["notices"] == ["Made by a machine; check it."]
    assert genie("run", path).output.startswith("Notice: Made by a machine; check it.")


def test_a_notice_is_on_the_page(genie: Genie, pipeline: Pipeline, tmp_path: Path) -> None:
    genie("run", pipeline("parrot", more=NOTICED), "--html", "page.html")
    assert "Made by a machine; check it." in (tmp_path / "page.html").read_text()


def test_ask_sets_notices_beside_the_reply(genie: Genie, pipeline: Pipeline) -> None:
    path = pipeline("parrot", more=NOTICED)
    reply = json.loads(genie("ask", "toys.question", "--pipeline", path).stdout)
    assert reply["notices"] == ["Made by a machine; check it."]
    assert reply["payload"]["text"] == "hello"
