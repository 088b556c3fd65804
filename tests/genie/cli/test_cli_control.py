"""Approving, killing and looking from another shell: a real process that runs, and commands beside it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from genie.cli.options.control import now
from genie.contracts.card import Caller
from genie.edges.identity.jwt import issue
from genie.edges.identity.keys import generate, private_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]
HOLDING = "policies: [hold_answers]\ncontrol: {path: control.db, interval_s: 0.05}\nlimits: {hold_s: 300}\n"
RUN = "from genie.cli import main; main()"
BEN = ("--as", "ben", "--reason", "fine", "--wait", "30")


@contextlib.contextmanager
def started(toys: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{toys}"},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(look: Callable[[], Any], process: subprocess.Popen[str]) -> Any:
    """Return what ``look`` finds, once it finds something, as long as the process runs."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        assert process.poll() is None, process.communicate()
    raise AssertionError("nothing came")


@pytest.fixture
def listed(genie):
    def look(*words: str) -> list[dict[str, Any]]:
        result = genie("approvals", "list", "--json", *words, "--control", "control.db")
        return json.loads(result.stdout) if result.exit_code == 0 else []

    return look


def test_another_shell_lists_shows_and_approves(toys, pipeline, genie, listed) -> None:
    path = pipeline("parrot", more=HOLDING)
    with started(toys, "run", path, "--json", "--as", "ann", "--question", "a secret") as process:
        [waiting] = until(listed, process)
        assert stat.S_IMODE(Path("control.db").stat().st_mode) == 0o600
        assert (waiting["topic"], waiting["requester"], waiting["recipient"]) == ("toys.reply", "ann", "caller:ann")
        assert waiting["payload"]["text"] == "a secret"
        shown = genie("approvals", "show", "hold-", "--pipeline", path)
        assert shown.exit_code == 0
        for word in ("toys.reply", "hold_answers: a person decides", "a secret", waiting["payload_sha256"]):
            assert word in shown.stdout
        told = genie("status", "--control", "control.db")
        assert "running" in told.stdout
        assert "1 approval pending" in told.stdout
        own = genie("approvals", "approve", waiting["id"], "--as", "ann", "--reason", "mine", "--control", "control.db")
        assert own.exit_code == 2
        assert "senders cannot decide on their own messages" in own.stderr
        other = genie("approvals", "approve", "hold-", *BEN, "--hash", "0" * 64, "--control", "control.db")
        assert other.exit_code == 2
        assert "not the one of --hash" in other.stderr
        assert process.poll() is None
        mine = ("--hash", waiting["payload_sha256"], "--control", "control.db")
        done = genie("approvals", "approve", "hold-", *BEN, *mine)
        assert (done.exit_code, done.stdout) == (0, "approved\n")
        out, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert "waits for a decision" in errors
        assert json.loads(out)["report"]["text"] == "a secret"
    again = genie("approvals", "deny", waiting["id"], *BEN, "--control", "control.db")
    assert again.exit_code == 2
    assert "is approved" in again.stderr
    assert "no approval is pending" in genie("approvals", "list", "--control", "control.db").stdout
    [over] = listed("--all")
    assert (over["state"], over["payload"], over["votes"][0]["by"]) == ("approved", None, "ben")


def test_a_no_ends_denied_and_an_edit_is_delivered(toys, pipeline, genie, listed, tmp_path) -> None:
    path = pipeline("parrot", more=HOLDING)
    with started(toys, "run", path, "--json", "--as", "ann") as process:
        until(listed, process)
        assert genie("approvals", "deny", "hold-", *BEN, "--control", "control.db").stdout == "denied\n"
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 4
        assert "denied by ben: fine" in json.loads(out)["notices"][0]
    edit = tmp_path / "edit.json"
    with started(toys, "run", path, "--json", "--as", "ann") as process:
        [waiting] = until(listed, process)
        wrong = (("{", "is not valid JSON"), ("[]", "is not a JSON object"), ('{"text": 5}', "text should be text"))
        for content, text in wrong:
            edit.write_text(content)
            refused = genie("approvals", "approve", "hold-", *BEN, "--edit", str(edit), "--control", "control.db")
            assert refused.exit_code == 2
            assert text in refused.stderr
        edit.write_text(json.dumps({**waiting["payload"], "text": "edited"}))
        done = genie("approvals", "approve", waiting["id"], *BEN, "--edit", str(edit), "--control", "control.db")
        assert done.exit_code == 0, done.stderr
        own = genie("approvals", "approve", waiting["id"], *BEN, "--control", "control.db")
        assert own.exit_code == 2
        assert "has edited it" in own.stderr
        carla = ("--as", "carla", "--reason", "fine", "--wait", "30")
        assert genie("approvals", "approve", waiting["id"], *carla, "--control", "control.db").exit_code == 0
        out, _ = process.communicate(timeout=60)
        assert json.loads(out)["report"]["text"] == "edited"


def test_without_a_terminal_it_waits_until_the_hold_expires_or_ends_at_once(pipeline, genie) -> None:
    more = HOLDING.replace("300", "0.3")
    result = genie("run", pipeline("parrot", more=more), "--json")
    assert result.exit_code == 4
    assert "expired(hold)" in json.loads(result.stdout)["notices"][0]
    assert "denied" not in json.loads(result.stdout)["notices"][0]
    result = genie("run", pipeline("parrot", more="policies: [hold_answers]\n"), "--json")
    assert (result.exit_code, json.loads(result.stdout)["status"]) == (5, "held")
    result = genie("run", pipeline("parrot", more="policies: [hold_answers]\nlimits: {hold_s: 0.3}\n"), "--json",
                   "--control", "other.db")  # fmt: skip
    assert result.exit_code == 4
    assert Path("other.db").exists()


def test_a_killed_process_leaves_stale_approvals_and_its_kills(toys, pipeline, genie, listed) -> None:
    path = pipeline("parrot", more=HOLDING)
    with started(toys, "run", path, "--as", "ann") as process:
        until(listed, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert [one["state"] for one in listed()] == ["stale"]
    assert "stale" in genie("approvals", "list", "--control", "control.db").stdout
    late = genie("approvals", "approve", "hold-", *BEN, "--control", "control.db")
    assert late.exit_code == 2
    assert "the process that asked is gone" in late.stderr
    assert "stale" in genie("status", "--control", "control.db").stdout


def test_a_kill_from_another_shell_stops_what_runs_and_what_starts_later(toys, pipeline, genie, listed) -> None:
    path = pipeline("parrot", more=HOLDING)
    with started(toys, "run", path, "--json", "--as", "ann") as process:
        until(listed, process)
        wrong = genie("kill", "agent", "parot", "--control", "control.db")
        assert wrong.exit_code == 2
        assert "did you mean 'parrot'" in wrong.stderr
        killed = genie("kill", "all", "--as", "eve", "--reason", "leak", "--control", "control.db")
        assert killed.exit_code == 0
        assert killed.stdout == "everything is killed; 1 running process affected\n"
        process.communicate(timeout=60)
        assert process.returncode == 4
    told = genie("status", "--control", "control.db").stdout
    assert "everything is killed by eve: leak" in told
    refused = genie("run", path, "--json")
    assert refused.exit_code == 4
    assert "everything is killed" in json.loads(refused.stdout)["notices"][0]
    assert "no running process" in genie("revive", "all", "--control", "control.db").stdout
    assert genie("kill", "agent", "parrot", "--for", "2h", "--pipeline", path).exit_code == 0
    refused = genie("run", path, "--json")
    assert "denied(killed)" in json.loads(refused.stdout)["notices"][0]
    off = json.loads(genie("status", "--json", "--control", "control.db").stdout)["switches"]
    assert [(one["word"], one["kind"], one["name"], one["until"] is not None) for one in off] == [
        ("killed", "agent", "parrot", True)
    ]
    for words in (("revive", "agent", "parrot"), ("pause", "parrot"), ("resume", "parrot"), ("kill", "tenant", "t")):
        assert genie(*words, "--control", "control.db").exit_code == 0
    short = path.replace("toys.yaml", "short.yaml")
    Path(short).write_text(Path(path).read_text().replace("300", "0.2"))
    assert "expired(hold)" in genie("run", short, "--json").stdout  # not killed any more
    assert "tenant 't' is killed" in genie("run", short, "--json", "--tenant", "t").stdout


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("approvals", "list"), "in the memory of the running process"),
        (("kill", "all"), "pass --control FILE, or a --pipeline FILE with `control:`"),
        (("status", "--control", "none.db"), "none.db: does not exist"),
        (("revive", "all", "--control", "none.db"), "none.db: does not exist"),
        (("pause", "x", "--pipeline", "toys.yaml"), "has no `control:`"),
        (("kill", "all", "x", "--control", "made.db"), "takes no name"),
        (("kill", "agent", "--control", "made.db"), "needs a name"),
        (("kill", "agent", "x", "--for", "soon", "--control", "made.db"), "write 90s, 15m, 2h or 1d"),
        (("approvals", "show", "hold-1", "--control", "made.db"), "is not in this control file"),
        (("approvals", "approve", "hold-1", "--as", "", "--reason", "x", "--control", "made.db"), "say who you are"),
        (("approvals", "approve", "hold-1", "--as", "ben", "--reason", " ", "--control", "made.db"), "say why"),
        (("approvals", "approve", "hold-1", "--reason", "x", "--control", "made.db"), "--as"),
        (("run", "toys.yaml", "--control", "toys.yaml"), "may be read or changed by others"),
    ],
)
def test_what_cannot_be_done_is_said_and_ends_with_2(pipeline, genie, words, text) -> None:
    pipeline("parrot")
    Path("toys.yaml").chmod(0o644)
    assert genie("run", "toys.yaml", "--quiet", "--control", "made.db").exit_code == 0
    result = genie(*words)
    assert result.exit_code == 2, result.output
    assert text in result.stderr
    assert "Traceback" not in result.output


def test_a_control_section_is_checked_like_the_rest(pipeline, genie) -> None:
    """D26: a misspelt key turned a control off silently."""
    for more, text in (
        ("control: {path: c.db, interval: 1}\n", "did you mean 'interval_s'"),
        ("control: {path: c.db, interval_s: 0}\n", "interval_s"),
        ("control: {path: c.db, clearance: secret}\n", "clearance"),
        ("control: {}\n", "path"),
        ("control: 7\n", "control"),
    ):
        result = genie("check", pipeline("parrot", more=more))
        assert result.exit_code == 2, more
        assert text in result.stderr
        assert "toys.yaml:" in result.stderr
    assert genie("check", pipeline("parrot", more="control: c.db\n")).exit_code == 0
    assert not Path("c.db").exists()  # checking starts nothing


SIGNED = "caller: {keys: issuer.pub, issuer: login, audience: genie, user: ann, roles: [treasury, operator]}\n"


def test_where_callers_are_signed_operators_are_too(toys, pipeline, genie, listed, tmp_path) -> None:
    """The command refuses at once where it knows the pipeline; the process refuses what the command cannot check."""
    generate(tmp_path / "issuer")
    at = now()

    def token(user: str, *roles: str) -> str:
        caller = Caller(user=user, roles=frozenset(roles))
        path = tmp_path / f"{user}.jwt"
        path.write_text(issue(caller, private_key(tmp_path / "issuer"), issuer="login", audience="genie", now=at))
        return str(path)

    path = pipeline("parrot", more=HOLDING + SIGNED)
    with started(toys, "run", path, "--json", "--identity", token("ann")) as process:
        [waiting] = until(listed, process)
        hold = waiting["id"]
        missing = genie("approvals", "approve", hold, *BEN, "--pipeline", path)
        assert (missing.exit_code, "requires a signed identity" in missing.stderr) == (4, True)
        assert genie("kill", "all", "--pipeline", path).exit_code == 4
        assert genie("kill", "all", "--pipeline", path, "--identity", token("eve")).exit_code == 4  # no role
        unsigned = genie("approvals", "approve", hold, *BEN, "--control", "control.db")
        assert unsigned.exit_code == 2
        assert "requires a signed identity" in unsigned.stderr
        both = genie("approvals", "approve", hold, *BEN, "--identity", token("ben"), "--control", "control.db")
        assert both.exit_code == 2
        own = ("--reason", "fine", "--wait", "30", "--pipeline", path, "--identity")
        assert "sent it" in genie("approvals", "approve", hold, *own, token("ann")).stderr
        done = genie("approvals", "approve", hold, *own, token("ben"))
        assert (done.exit_code, done.stdout) == (0, "approved\n")
        assert process.wait(timeout=60) == 0
    killed = genie("kill", "all", "--pipeline", path, "--identity", token("op", "operator"))
    assert killed.exit_code == 0
    assert "killed" in genie("status", "--control", "control.db").stdout
