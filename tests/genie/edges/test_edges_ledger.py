"""The control file: whole or not at all, its owner's alone, and hostile content is an error and never a crash."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.contracts.ports.control import Act, ControlReport
from genie.edges.control.database import STALE_S, Ledger
from genie.errors import InputError

ROOT = Path(__file__).parents[3]
SHA = "a" * 64
SECRET = "the-payload-of-somebody"


def request(state: str = "pending", hold: str = "hold-1") -> dict[str, Any]:
    return {
        "id": hold, "state": state, "run_id": "r", "message_id": "m", "topic": "t.order", "sender": "caller:ann",
        "recipient": "bank", "requester": "ann", "reason": "four_eyes: asks", "label": "internal",
        "payload_sha256": SHA, "policy_set": "s", "opened": 1.0, "expires": 1e9,
        "needs": [{"policy": "four_eyes@1", "approvers": ["treasury"], "quorum": 2}],
        "lacking": ["four_eyes@1: 2 more of treasury"], "votes": [], "edits": [],
        "payload": {"text": SECRET} if state == "pending" else None, "masked": [], "withheld": None,
    }  # fmt: skip


def report(at: float = 100.0, **changes: Any) -> ControlReport:
    given: dict[str, Any] = {"requests": {}, "answers": {}, "acts": (), "agents": {"bank": ""}}
    return ControlReport(at, **{**given, **changes})


def pending(path: Path, process: str = "p-1") -> Ledger:
    ledger = Ledger(path, create=True)
    ledger.register(process, report(requests={"hold-1": request()}))
    return ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.db"


def test_it_is_its_owners_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        ledger = pending(path)
        modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
        ledger.close()
    finally:
        os.umask(before)
    assert "control.db-wal" in modes
    assert set(modes.values()) == {0o600}


def test_a_vote_is_read_once_and_its_answer_comes_back(path: Path) -> None:
    process, people = pending(path), Ledger(path, create=False)
    [asked] = people.requests(101.0)
    assert asked.payload == {"text": SECRET}
    number = people.vote(asked, by="ben", roles=("treasury",), approve=True, reason="fine", edit=None, at=101.0)
    assert people.answer(number) is None
    news, last = process.exchange("p-1", report(102.0), 0, beat=False)
    [vote] = news.votes
    assert (vote.number, vote.by, vote.roles, vote.approve) == (number, "ben", {"treasury"}, True)
    assert (vote.payload_sha256, vote.policies, vote.recipient) == (SHA, {"four_eyes@1"}, "bank")
    process.exchange("p-1", report(103.0, answers={number: (True, "1 more")}), last, beat=False)
    assert people.answer(number) == (True, "1 more")
    assert process.exchange("p-1", report(104.0), last, beat=False)[0].votes == ()
    assert process.exchange("p-2", report(104.0), last, beat=False)[0].votes == ()
    process.close()
    people.close()


def test_a_kill_lasts_until_it_is_lifted_or_its_term_is_over(path: Path) -> None:
    process, people = pending(path), Ledger(path, create=False)
    people.act(Act("killed", "agent", "bank", "eve", "leak"), 101.0)
    people.act(Act("killed", "all", "", "eve", "leak", until=200.0), 101.0)
    news, last = process.exchange("p-1", report(102.0), 0, beat=False)
    assert [(one.word, one.kind, one.name, one.by) for one in news.acts] == [
        ("killed", "agent", "bank", "eve"), ("killed", "all", "", "eve"),
    ]  # fmt: skip
    assert process.exchange("p-1", report(103.0), last, beat=False)[0].acts == ()
    process.close()  # it dies without goodbye
    again = Ledger(path, create=True)
    assert len(again.register("p-2", report(150.0))[0].acts) == 2
    assert len(again.register("p-3", report(250.0))[0].acts) == 1
    people.act(Act("revived", "agent", "bank", "eve", "mended"), 260.0)
    assert again.register("p-4", report(300.0))[0].acts == ()
    again.close()
    people.close()


def test_what_a_process_switches_itself_is_not_told_to_it_but_to_the_others(path: Path) -> None:
    ledger = pending(path)
    ledger.register("p-2", report())
    act = Act("killed", "tenant", "acme", "eve", "leak")
    assert ledger.exchange("p-1", report(acts=(act,)), 0, beat=False)[0].acts == ()
    assert ledger.exchange("p-2", report(), 0, beat=False)[0].acts == (act,)
    assert ledger.switches(101.0) == (act,)
    ledger.close()


def test_what_a_dead_process_left_is_stale_and_its_payload_is_removed(path: Path) -> None:
    process = pending(path)
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    rewritten(path, "UPDATE processes SET pid = ?", int(dead.stdout))
    people = Ledger(path, create=False)
    assert [one.state for one in people.processes(101.0)] == ["stale"]
    assert [one.state for one in people.requests(101.0)] == ["stale"]
    process.register("p-2", report(102.0))
    [asked] = people.requests(103.0)
    assert (asked.state, asked.payload) == ("stale", None)
    process.close()
    people.close()
    assert SECRET.encode() not in b"".join(one.read_bytes() for one in path.parent.iterdir())


def test_a_process_that_gives_no_sign_of_life_is_stale_and_one_that_says_goodbye_has_ended(path: Path) -> None:
    process = pending(path)
    assert [one.state for one in process.processes(100.0 + STALE_S)] == ["running"]
    assert [one.state for one in process.processes(101.0 + STALE_S)] == ["stale"]
    process.exchange("p-1", report(120.0), 0, beat=True)
    assert [one.state for one in process.processes(121.0)] == ["running"]
    process.leave("p-1", report(122.0, requests={"hold-1": request("denied")}))
    assert [one.state for one in process.processes(123.0)] == ["ended"]
    assert [one.state for one in process.requests(123.0)] == ["denied"]
    process.close()


def test_what_is_over_is_forgotten_after_a_month_and_a_kill_is_not(path: Path) -> None:
    """D37: retention was promised, and nothing was ever deleted."""
    process = pending(path)
    process.act(Act("killed", "agent", "bank", "eve", "leak"), 101.0)
    process.leave("p-1", report(102.0, requests={"hold-1": request("denied")}))
    later = 102.0 + 31 * 86_400
    assert len(process.register("p-2", report(later))[0].acts) == 1
    assert process.requests(later) == ()
    assert [one.id for one in process.processes(later)] == ["p-2"]
    process.close()


# --- what is no control file ---


def rewritten(path: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, values)
    connection.close()


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda path: path.write_bytes(b"no database" * 1_000), "is not a control file"),
        (lambda path: path.chmod(0o644), "may be read or changed by others"),
        (lambda path: path.chmod(0o602), "may be read or changed by others"),
        (lambda path: rewritten(path, "PRAGMA application_id=7"), "is not a control file"),
        (lambda path: rewritten(path, "PRAGMA user_version=9"), "version 9"),
        (lambda path: rewritten(path, "DROP TABLE votes"), "is not a control file"),
        (lambda path: rewritten(path, "ALTER TABLE votes ADD COLUMN x"), "is not a control file"),
        (
            lambda path: rewritten(path, "CREATE TRIGGER t AFTER INSERT ON votes BEGIN DELETE FROM switches; END"),
            "is not a control file",
        ),
        (lambda path: rewritten(path, "CREATE VIEW v AS SELECT 1"), "is not a control file"),
        (lambda path: path.write_bytes(path.read_bytes()[:4_096]), "is not a control file"),
    ],
)
def test_what_is_no_control_file_is_refused(path: Path, spoil, text: str, create: bool) -> None:
    pending(path).close()
    spoil(path)
    with pytest.raises(InputError, match=text):
        Ledger(path, create=create)


def test_a_missing_file_a_folder_and_an_unwritable_place_are_named(path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        Ledger(path, create=False)
    with pytest.raises(InputError, match="not a regular file"):
        Ledger(path.parent, create=False)
    with pytest.raises(InputError, match="cannot be created"):
        Ledger(path / "below" / "x.db", create=True)


def test_a_file_that_is_replaced_or_removed_is_noticed(path: Path) -> None:
    ledger = pending(path)
    path.rename(path.with_name("moved.db"))
    with pytest.raises(InputError, match="does not exist"):
        ledger.exchange("p-1", report(), 0, beat=True)
    pending(path).close()
    with pytest.raises(InputError, match="was replaced"):
        ledger.exchange("p-1", report(), 0, beat=True)
    ledger.close()


# --- what others may have written into it ---

HOSTILE = [
    "", "{", "[]", "null", '{"by": 1}', "[" * 100_000, "\x00", "9" * 5_000, b"\xff\xfe", 7, 1.5,
    json.dumps({"by": "x" * 300}), json.dumps({"word": "killed", "kind": "world"}),
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_rows_are_left_out_or_answered(path: Path, body: object) -> None:
    ledger = pending(path)
    rewritten(path, "INSERT INTO votes (request, at, body) VALUES ('hold-1', 1, ?)", body)
    rewritten(path, "INSERT INTO acts (process, at, body) VALUES (NULL, 1, ?)", body)
    rewritten(path, "INSERT INTO requests VALUES ('hold-2', 'p-1', 'pending', 1, 1, ?)", body)
    rewritten(path, "INSERT INTO processes VALUES ('p-9', ?, ?, ?, ?, NULL, ?)", body, body, body, body, body)
    news, last = ledger.exchange("p-1", report(101.0), 0, beat=True)
    assert news.votes == ()
    assert news.acts == ()
    assert last == 1
    assert ledger.answer(1) == (False, "the vote cannot be read")
    assert [one.id for one in ledger.requests(101.0)] == ["hold-1"]
    assert [one.id for one in ledger.processes(101.0)] == ["p-1"]
    ledger.register("p-2", report(200.0))
    ledger.close()


def test_a_switch_that_cannot_be_read_stops_the_start(path: Path) -> None:
    """Nobody can say what was killed, so nothing may run."""
    ledger = pending(path)
    rewritten(path, "INSERT INTO switches VALUES ('agent', 'bank', 'killed', NULL, '{}')")
    with pytest.raises(InputError, match="holds a switch that cannot be read"):
        ledger.register("p-2", report())
    ledger.close()


def test_a_value_beyond_all_bounds_is_refused(path: Path) -> None:
    ledger = pending(path)
    rewritten(path, "UPDATE requests SET body = ?", "x" * (5 << 20))
    with pytest.raises(InputError, match=r"control\.db"):
        ledger.requests(101.0)
    ledger.close()


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 40_000), st.binary(min_size=1, max_size=64)), min_size=1, max_size=8))
def test_a_damaged_file_is_an_error_and_never_a_crash(tmp_path_factory, changes) -> None:
    path = tmp_path_factory.mktemp("damaged") / "control.db"
    pending(path).close()
    content = bytearray(path.read_bytes())
    for at, piece in changes:
        content[at : at + len(piece)] = piece
    path.write_bytes(bytes(content))
    said, kept = "", False
    try:
        with contextlib.closing(Ledger(path, create=False)) as ledger:
            for look in (ledger.requests, ledger.processes, ledger.switches):
                look(101.0)
            ledger.register("p-2", report(102.0))
            ledger.exchange("p-2", report(103.0), 0, beat=True)
            kept = "p-2" in [process.id for process in ledger.processes(104.0)]
    except InputError as refused:
        said = str(refused)
    assert kept != ("control.db" in said)


def test_a_vote_with_an_endless_name_is_refused_and_long_words_of_an_act_are_cut(path: Path) -> None:
    ledger = pending(path)
    [asked] = ledger.requests(101.0)
    for by, roles in (("x" * 300, ()), ("ben", ("x" * 300,)), ("ben", ("",))):
        with pytest.raises(InputError, match="that no vote may have"):
            ledger.vote(asked, by=by, roles=roles, approve=True, reason="r", edit=None, at=1.0)
    act = Act("killed", "tenant", "t" * 1_000, "", "r" * 9_000)
    ledger.exchange("p-1", report(acts=(act,)), 0, beat=False)
    [kept] = ledger.switches(101.0)
    assert (kept.name, kept.by, len(kept.reason)) == (act.name, "operator", 4_000)
    ledger.close()


# --- several at once ---

VOTER = """
import sys
from pathlib import Path
from genie.edges.control.database import Ledger
ledger = Ledger(Path(sys.argv[1]), create=False)
[asked] = ledger.requests(101.0)
for number in range(50):
    ledger.vote(asked, by=sys.argv[2], roles=(), approve=True, reason=str(number), edit=None, at=101.0)
"""


def test_processes_that_vote_at_once_lose_nothing(path: Path) -> None:
    ledger = pending(path)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    voters = [
        subprocess.Popen([sys.executable, "-c", VOTER, str(path), name], env=environment) for name in ("ben", "carla")
    ]
    assert [voter.wait(60) for voter in voters] == [0, 0]
    news, _ = ledger.exchange("p-1", report(102.0), 0, beat=True)
    assert len({vote.number for vote in news.votes}) == 100
    for name in ("ben", "carla"):
        assert [vote.reason for vote in news.votes if vote.by == name] == [str(number) for number in range(50)]
    ledger.close()


STARTER = """
import sys
from pathlib import Path
from genie.edges.control.database import Ledger
from genie.errors import InputError
print("ready", flush=True)
for name in sys.stdin:
    try:
        Ledger(Path(sys.argv[1], name.strip()), create=True).close()
    except InputError as refused:
        print(refused, flush=True)
    else:
        print("made", flush=True)
"""


@pytest.mark.slow
def test_processes_that_start_at_once_make_one_file(tmp_path: Path) -> None:
    """A hundred times, because the moment in which one process switches the file to its log is short."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    with contextlib.ExitStack() as stack:
        starters = [
            stack.enter_context(
                subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(4)
        ]
        assert {one.stdout.readline() for one in starters if one.stdout} == {"ready\n"}
        for number in range(100):
            for one in starters:
                assert one.stdin is not None
                one.stdin.write(f"{number}.db\n")
                one.stdin.flush()
            assert {one.stdout.readline() for one in starters if one.stdout} == {"made\n"}
        for one in starters:
            one.communicate(timeout=60)
    for path in tmp_path.glob("*.db"):
        Ledger(path, create=False).close()
