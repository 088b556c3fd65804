"""`genie audit` and `--audit`, `--identity`: trails of runs, what is found in them, and who may ask."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from genie.backend.clock import Clock
from genie.config.loader import load
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.ports.audit import AuditRecord
from genie.edges.audit.trail import AuditSettings, AuditTrail
from genie.edges.identity.jwt import issue
from genie.edges.identity.keys import generate, private_key
from genie.errors import RunStalled
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    Genie = Callable[..., Result]

MARKER = "zebra 4111 1111 1111 1111"
DENYING = """
policies:
  - clearance
caller: {user: ann, clearance: restricted}
"""
SIGNED = """
policies:
  - clearance
audit: {path: trail, key: keys/audit, anchor: heads.jsonl}
caller: {user: nobody, clearance: confidential, roles: [analyst], keys: keys/issuer.pub, issuer: login, audience: genie}
"""


@pytest.fixture
def keys(installed: Path) -> Path:
    folder = installed / "keys"
    folder.mkdir()
    for name in ("audit", "issuer"):
        generate(folder / name)
    return folder


def token(keys: Path, into: Path, caller: Caller, lifetime_s: float = 60.0, ago_s: float = 0.0) -> str:
    now = Clock(float).wall().timestamp() - ago_s
    into.write_text(
        issue(caller, private_key(keys / "issuer"), issuer="login", audience="genie", now=now, lifetime_s=lifetime_s)
    )
    return str(into)


def denied(genie: Genie, pipeline: Any) -> str:
    """Run a pipeline whose answer the caller may not see, with a trail; return the pipeline."""
    path: str = pipeline("secretive", output="toys.secret", more=DENYING)
    result = genie("run", path, "--audit", "trail", "--question", MARKER, "--json", "--clearance", "internal")
    assert result.exit_code == 4, result.output
    return path


def test_a_run_leaves_a_trail_that_is_intact(genie: Genie, pipeline: Any) -> None:
    denied(genie, pipeline)
    result = genie("audit", "verify", "trail")
    assert result.exit_code == 3  # nobody has looked at a signature
    assert result.output.startswith("chain intact, signatures not checked (--key): 3 records in 1 file")
    found = json.loads(genie("audit", "verify", "trail", "--json").output)
    assert found["intact"] is True
    assert found["signed"] is None


def test_what_the_caller_may_not_see_is_in_no_file_and_no_stream(genie: Genie, pipeline: Any, installed: Path) -> None:
    path: str = pipeline("secretive", output="toys.secret", more=DENYING)
    words = ("--audit", "trail", "--question", MARKER, "--html", "page.html", "--journal", "journal.jsonl")
    result = genie("run", path, *words, "--json", "--log-level", "debug", "--clearance", "public")
    assert result.exit_code == 4
    kept = {name: (installed / name).read_text() for name in ("page.html", "journal.jsonl")}
    kept["trail"] = "".join(one.read_text() for one in (installed / "trail").glob("*.jsonl"))
    shown = [json.loads(line) for line in kept["journal.jsonl"].splitlines()]
    assert all(one.get("payload") is None for one in shown if one["topic"] == "toys.secret")
    for name, text in {**kept, "output": result.output}.items():
        assert text
        assert "zebra" not in text, name


def test_an_edit_is_found_and_named(genie: Genie, pipeline: Any, installed: Path) -> None:
    denied(genie, pipeline)
    path = installed / "trail" / "audit-000001.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"verdict":"deny"', b'"verdict":"allow"'))
    result = genie("audit", "verify", "trail")
    assert result.exit_code == 1
    assert "audit-000001.jsonl:2: was changed: it does not match its hash (record 2)" in result.output
    found = json.loads(genie("audit", "verify", "trail", "--json").output)
    assert [(one["line"], one["seq"]) for one in found["breaks"]] == [(2, 2)]


def test_a_receipt_is_given_out_and_checked_without_the_trail(genie: Genie, pipeline: Any, installed: Path) -> None:
    assert genie("audit", "keygen", "key").exit_code == 0
    more = DENYING + "audit: {path: trail, key: key}\n"
    assert genie("run", pipeline("secretive", output="toys.secret", more=more), "--clearance", "public").exit_code == 4
    assert genie("audit", "verify", "trail", "--key", "key.pub").exit_code == 0
    line = genie("audit", "query", "trail", "--kind", "verdict", "--json").output.splitlines()[0]
    message = json.loads(line)["message"]
    made = genie("audit", "receipt", message, "trail", "--key", "key", "--output", "receipt.json")
    assert made.exit_code == 0, made.output
    checked = genie("audit", "verify-receipt", "receipt.json", "--key", "key.pub")
    assert checked.exit_code == 0
    assert ": 1 records" in checked.output
    Path("receipt.json").write_text(Path("receipt.json").read_text().replace('"deny"', '"allow"'))
    changed = genie("audit", "verify-receipt", "receipt.json", "--key", "key.pub", "--json")
    assert (changed.exit_code, json.loads(changed.output)["good"]) == (1, False)
    assert genie("audit", "receipt", "nothing", "trail", "--key", "key").exit_code == 2


def test_usage_ends_with_two(genie: Genie, installed: Path) -> None:
    (installed / "empty").mkdir()
    (installed / "other.txt").write_text("")
    for words in (("nothere",), ("empty",), ("other.txt",), ("empty", "--key", "nokey"), ()):
        result = genie("audit", "verify", *words)
        assert result.exit_code == 2, words
        assert "Traceback" not in result.output


def written(folder: Path) -> None:
    with AuditTrail(AuditSettings(path=folder), wall=lambda: 0.0) as trail:
        for number in range(4):
            detail = {"reasons": [{"policy": ("clearance", "pii")[number % 2], "code": "c"}]}
            trail.record(AuditRecord(number, "verdict", f"t -> a{number}", "policy", "", f"r{number}", None, detail))
        trail.record(AuditRecord(9, "killed", "clerk", "ann", "=HYPERLINK(1)", None, None, {}))
        for count, severity in ((10, "medium"), (100, "high")):
            detail = {
                "kind": "denied",
                "code": "c",
                "agent": "clerk",
                "count": count,
                "severity": severity,
                "state": "open",
            }
            trail.record(AuditRecord(10, "incident", "incident-1", "supervisor", severity, None, None, detail))


@pytest.mark.parametrize(
    ("words", "seqs"),
    [
        (("--kind", "verdict"), [2, 3, 4, 5]), (("--kind", "killed", "--kind", "head"), [6, 9]),
        (("--policy", "pii"), [3, 5]), (("--run", "r2"), [4]), (("--by", "ann"), [6]), (("--subject", "> a1"), [3]),
        (("--since", "1970-01-01T00:00:01", "--until", "1970-01-01T00:00:03+00:00"), [3, 4]),
    ],
)  # fmt: skip
def test_records_are_found(genie: Genie, installed: Path, words: tuple[str, ...], seqs: list[int]) -> None:
    written(installed / "trail")
    result = genie("audit", "query", "trail", "--json", *words)
    assert [json.loads(line)["seq"] for line in result.output.splitlines()] == seqs
    assert len(genie("audit", "query", "trail", *words).output.splitlines()) == len(seqs)


def test_an_export_is_json_lines_or_csv_that_no_spreadsheet_runs(genie: Genie, installed: Path) -> None:
    written(installed / "trail")
    lines = genie("audit", "export", "trail").output.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, 10))
    assert genie("audit", "export", "trail", "--format", "csv", "--output", "out.csv").exit_code == 0
    rows = list(csv.DictReader(io.StringIO((installed / "out.csv").read_text())))
    assert rows[5]["reason"] == "'=HYPERLINK(1)"
    assert rows[1]["at"] == "1970-01-01T00:00:00.000000+00:00"


def test_incidents_are_shown_as_they_were_last_told(genie: Genie, installed: Path) -> None:
    written(installed / "trail")
    (line,) = genie("audit", "incidents", "trail").output.splitlines()
    assert line.endswith("high open: denied (c) of clerk, 100 times")
    assert json.loads(genie("audit", "incidents", "trail", "--json").output)["count"] == 100


@pytest.mark.parametrize("words", [("--since", "yesterday"), ("--since", "2026-01-02", "--until", "2026-01-01")])
def test_times_that_are_none_are_usage(genie: Genie, installed: Path, words: tuple[str, ...]) -> None:
    written(installed / "trail")
    assert genie("audit", "query", "trail", *words).exit_code == 2


def test_keygen_writes_two_files_and_never_over_one(genie: Genie, installed: Path) -> None:
    assert genie("audit", "keygen", "k").exit_code == 0
    before = (installed / "k").read_bytes()
    result = genie("audit", "keygen", "k")
    assert result.exit_code == 2
    assert (installed / "k").read_bytes() == before
    assert before.decode().splitlines()[1] not in result.output


# --- the pipeline's own ---


def test_a_pipeline_says_where_its_audit_goes_and_nobody_leads_it_elsewhere(
    genie: Genie, pipeline: Any, keys: Path, installed: Path
) -> None:
    path = pipeline("parrot", more=SIGNED)
    given = token(keys, installed / "token", Caller(user="ann", roles=frozenset({"analyst"})))
    assert genie("run", path, "--identity", given, "--json").exit_code == 0
    proven = genie("audit", "verify", "trail", "--key", "keys/audit.pub", "--anchor", "heads.jsonl")
    assert proven.exit_code == 0, proven.output
    elsewhere = genie("run", path, "--identity", given, "--audit", "other")
    assert elsewhere.exit_code == 2
    assert "cannot replace the `audit:`" in elsewhere.output


def test_an_audit_section_is_strict(genie: Genie, pipeline: Any) -> None:
    path = pipeline("parrot", more="audit: {path: trail, fsink: always, sampling: 2, segment: {records: 0}}\n")
    result = genie("check", path)
    assert result.exit_code == 2
    assert "toys.yaml:12:" in result.output
    assert "did you mean 'fsync'?" in result.output
    path = pipeline("parrot", more="caller: {keys: issuer.pub}\n")
    assert "needs keys, issuer and audience; issuer, audience is missing" in genie("check", path).output


def test_a_trail_that_cannot_be_opened_ends_the_run_before_it_starts(
    genie: Genie, pipeline: Any, installed: Path
) -> None:
    path = pipeline("parrot", more="audit: {path: trail, key: nokey}\n")
    result = genie("run", path)
    assert result.exit_code == 2
    assert "does not exist" in result.output


# --- identity ---


def test_a_signed_identity_is_who_asks(genie: Genie, pipeline: Any, keys: Path, installed: Path) -> None:
    path = pipeline("parrot", more=SIGNED)
    given = token(keys, installed / "token", Caller(user="ann", clearance=Classification.INTERNAL))
    result = genie("run", path, "--identity", given, "--journal", "j.jsonl", "--json")
    assert result.exit_code == 0, result.output
    first = json.loads((installed / "j.jsonl").read_text().splitlines()[1])
    assert first["headers"]["user"] == "ann"
    again = genie("run", path, "--identity", "-", "--json", input=(installed / "token").read_bytes())
    assert again.exit_code == 0, again.output
    assert genie("ask", "toys.question", "--pipeline", path, "--identity", given).exit_code == 0


@pytest.mark.parametrize(
    ("caller", "options", "said"),
    [
        (Caller(user="eve", clearance=Classification.RESTRICTED), {}, "too_wide"),
        (Caller(user="eve", roles=frozenset({"admin"})), {}, "too_wide"),
        (Caller(user="eve"), {"ago_s": 600.0}, "expired"),
    ],
)  # fmt: skip
def test_a_refused_identity_is_one_line_and_written_down(
    genie: Genie, pipeline: Any, keys: Path, installed: Path, caller: Caller, options: dict[str, float], said: str
) -> None:
    path = pipeline("parrot", more=SIGNED)
    result = genie("run", path, "--identity", token(keys, installed / "token", caller, **options))
    assert result.exit_code == 4
    assert result.output.startswith(f"identity refused ({said}): ")
    assert len(result.output.splitlines()) == 1
    assert "eve" not in result.output
    (line,) = genie("audit", "query", "trail", "--kind", "identity_refused").output.splitlines()
    assert line.endswith(f"identity_refused caller by edge: {said}")
    assert "eve" not in genie("audit", "export", "trail").output


def test_where_identities_are_signed_nobodys_word_is_taken(
    genie: Genie, pipeline: Any, keys: Path, installed: Path
) -> None:
    path = pipeline("parrot", more=SIGNED)
    for words in ((), ("--as", "ceo"), ("--role", "admin", "--clearance", "restricted")):
        result = genie("run", path, *words)
        assert result.exit_code == 4
        assert result.output.startswith("identity refused (missing)")
    given = token(keys, installed / "token", Caller(user="ann"))
    result = genie("run", path, "--identity", given, "--as", "ceo")
    assert result.exit_code == 2
    assert "--as: cannot be used with --identity" in result.output
    assert genie("run", path, "--identity", "nothere").exit_code == 2


@pytest.mark.anyio
async def test_in_python_nobody_asks_with_the_rights_of_a_token_that_was_not_shown(pipeline: Any, keys: Path) -> None:
    loaded = load(pipeline("secretive", output="toys.secret", more=SIGNED.replace("confidential", "restricted")))
    async with Runtime.from_pipeline(loaded) as runtime:
        with pytest.raises(RunStalled, match="clearance"):
            await runtime.ask(loaded.input.question(), loaded.answer)
        assert await runtime.ask(loaded.input.question(), loaded.answer, caller=loaded.caller)


def test_a_token_where_none_is_taken_is_usage(genie: Genie, pipeline: Any) -> None:
    result = genie("run", pipeline("parrot"), "--identity", "token")
    assert result.exit_code == 2
    assert "is not accepted" in result.output
