"""`genie journal`, retention, legal holds and shredding: what goes, what stays, and what can still be read."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from genie import Caller, Runtime, agent
from genie.cli import main
from genie.errors import InputError, LogError
from genie.journal import upkeep
from genie.journal.bodies import body_of, checked, packed
from genie.journal.history import History
from genie.journal.lines import line_of
from genie.journal.places import ring_at
from genie.journal.rings import EnvironmentKeyRing, FileKeyRing
from genie.journal.sealing import Sealer
from genie.journal.shredding import shred
from genie.journal.sqlite import SqliteDatabase, SqliteLog
from genie.journal.upkeep import Retention, account, owned, prune
from tests.durability.modes import Asked, Chatter, Said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from genie.contracts.ports.keys import KeyRing

pytestmark = pytest.mark.anyio
SECRET = 987_654_321
DAY = 86_400.0


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return str(request.param)


@agent("answerer", publishes=(Chatter,))
async def answerer(asked: Asked) -> Said:
    return Said(number=asked.number)


class Wall:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


async def ask(log: SqliteLog, *tenants: str, open_too: bool = False) -> list[str]:
    """Run one question for each tenant; return the ids of the runs."""
    runs: list[str] = []
    async with Runtime([answerer], log=log) as runtime:
        for tenant in tenants:
            caller = Caller(user=f"user-of-{tenant}", tenant=tenant)
            run = runtime.start(Asked(number=SECRET), Said, caller=caller)
            runs.append(run.id)
            await run.result()
            await run.settled()
        if open_too:
            runs += [runtime.start(Asked(number=SECRET), Said, caller=Caller(tenant=one)).id for one in tenants]
    return runs


def genie(*words: object) -> Result:
    return CliRunner().invoke(main, ["journal", *map(str, words)])


def told(*words: object, code: int = 0) -> Any:
    result = genie(*words, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def runs_in(path: Path) -> set[int]:
    database = SqliteDatabase(path)
    database.connect(create=False)
    found = account(database)
    database.close()
    assert not found.wrong
    return set(found.runs)


# --- what it holds ---


async def test_info_and_verify_tell_what_a_log_holds(tmp_path: Path) -> None:
    path = tmp_path / "log"
    await ask(SqliteLog(path), "a", "b", open_too=True)
    found = told("info", path)
    assert (found["runs"], found["open_runs"], found["tenants"], found["owner"]) == (4, 2, 2, None)
    assert (found["accepted"], found["in_flight"], found["outcomes"]) == (4, 2, {"handled": 2})
    assert genie("info", path).exit_code == 0
    checked = told("verify", path)
    assert (checked["whole"], checked["accepted"], checked["in_flight"]) == (True, 4, 2)
    assert "whole" in genie("verify", path).stdout


async def test_verify_names_each_damaged_batch(tmp_path: Path) -> None:
    path = tmp_path / "log"
    await ask(SqliteLog(path), "a", "b", "c")
    with sqlite3.connect(path) as other:
        number, body = other.execute("SELECT number, body FROM batches ORDER BY number DESC").fetchone()
        other.execute("UPDATE batches SET body = ? WHERE number = ?", (body[:-1] + bytes([body[-1] ^ 1]), number))
    found = told("verify", path, code=1)
    assert ("damaged", number) in [(one["code"], one["batch"]) for one in found["problems"]]
    assert genie("verify", path).exit_code == 1
    assert genie("export", path).exit_code == 1
    assert genie("prune", path, "--older", "1s").exit_code == 2  # nothing is removed from what cannot be read


@pytest.mark.parametrize("words", [("info",), ("verify",), ("export",), ("vacuum",), ("prune", "--older", "1d")])
def test_what_is_no_log_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "text").write_text("no log " * 1000)
    (tmp_path / "empty").touch()
    for name in ("absent", "text", "empty"):
        result = genie(words[0], tmp_path / name, *words[1:])
        assert result.exit_code == 2, result.output
        assert name in result.stderr
        assert not (tmp_path / "absent").exists()


async def test_a_log_in_use_is_read_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = SqliteLog(path)
    await log.open()
    assert told("info", path)["owner"].startswith(f"process {os.getpid()} on ")
    result = genie("prune", path, "--older", "1d")
    assert (result.exit_code, "in_use" in result.stderr) == (2, True)
    assert genie("takeover", path).exit_code == 0
    with pytest.raises(LogError) as refused:
        await log.append([{"kind": "run", "run": 1}])
    assert refused.value.state == "fenced"
    await log.close()
    assert genie("prune", path, "--older", "1d").exit_code == 0


async def test_export_leaves_payloads_and_persons_out_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "log"
    await ask(SqliteLog(path), "acme")
    plain = genie("export", path).stdout
    assert str(SECRET) not in plain
    assert "user-of-acme" not in plain
    assert {"run", "message", "ended", "closed"} <= {json.loads(line)["kind"] for line in plain.splitlines()}
    whole = genie("export", path, "--payloads", "--output", tmp_path / "out.jsonl")
    assert whole.exit_code == 0
    assert str(SECRET) in (tmp_path / "out.jsonl").read_text()


# --- retention ---


async def test_what_is_too_old_goes_and_holds_win(tmp_path: Path) -> None:
    path, wall = tmp_path / "log", Wall()
    old = await ask(SqliteLog(path, wall=wall), "a", "b", "c", open_too=True)
    wall.at += 10 * DAY
    await ask(SqliteLog(path, wall=wall), "a")
    before = runs_in(path)
    for words in (("--tenant", "b"), ("--run", old[2])):
        assert genie("hold", path, *words, "--reason", "case 7").exit_code == 0
    assert genie("hold", path, "--run", "another-1", "--reason", "case 7").exit_code == 2
    # The clock of the command is the system's, so everything is older than a day, by years.
    found = told("prune", path, "--older", "1d")
    assert (found["runs"], found["held"]) == (4, 3)  # b's two runs and the named one stay
    assert len(runs_in(path)) == len(before) - 4
    assert genie("release", path, "--tenant", "b").exit_code == 0
    assert genie("release", path, "--tenant", "b").exit_code == 2
    assert told("prune", path, "--older", "1d")["held"] == 1


async def test_a_pruned_log_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "log"
    runs = await ask(SqliteLog(path), "a", "b", open_too=True)
    told("prune", path, "--larger", "1k")
    assert genie("vacuum", path).exit_code == 0
    async with Runtime([answerer], log=SqliteLog(path)) as runtime:
        assert (await runtime.run(runs[-1]).result()).number == SECRET  # type: ignore[attr-defined]  # a Said
        assert runtime.start(Asked(number=1), Said).id not in runs
        await runtime.drain(5)
    assert told("verify", path)["whole"]


async def test_the_size_bounds_a_log_from_its_oldest_runs(tmp_path: Path) -> None:
    path = tmp_path / "log"
    await ask(SqliteLog(path), *["t"] * 40)
    before = runs_in(path)
    log = SqliteLog(path, retention=Retention(bytes=2_000))
    await log.open()
    await log.close()
    left = runs_in(path)
    assert left < before
    assert max(before) in left
    assert told("info", path)["in_flight"] == 0


async def test_the_age_bounds_a_log_when_it_is_opened(tmp_path: Path) -> None:
    path, wall = tmp_path / "log", Wall()
    await ask(SqliteLog(path, wall=wall), "a")
    wall.at += 31 * DAY
    await ask(SqliteLog(path, wall=wall, retention=Retention(days=30)), "a")
    assert len(runs_in(path)) == 1


async def test_a_removal_that_is_interrupted_anywhere_is_completed_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "PAGE", 3)
    path, wall = tmp_path / "log", Wall()
    await ask(SqliteLog(path, wall=wall), *["t"] * 8, open_too=True)
    ended, most = False, 0
    while not ended:
        most += 1
        copy = tmp_path / f"copy{most}"
        shutil.copy(path, copy)
        database, left = SqliteDatabase(copy), iter(range(most))
        owned(database, wall)

        def check(left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise LogError(place="log", state="fenced", problem="another process took over", remedy="end this one")

        with contextlib.suppress(LogError):
            prune(database, Retention(bytes=1), now=wall.at, check=check)
            ended = True
        database.close()
        assert told("verify", copy)["in_flight"] == 8
        async with Runtime([answerer], log=SqliteLog(copy, retention=Retention(days=1_000_000))) as runtime:
            await runtime.drain(5)
        assert told("verify", copy)["in_flight"] == 0
    assert most > 4


# --- encryption ---


def ring(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[KeyRing, str]:
    if kind == "file":
        return FileKeyRing(tmp_path / "keys.json"), str(tmp_path / "keys.json")
    monkeypatch.setenv("GENIE_TEST_KEYS", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=")
    return EnvironmentKeyRing("GENIE_TEST_KEYS"), "env:GENIE_TEST_KEYS"


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.name.startswith("log"))


@pytest.mark.parametrize("kind", ["file", "environment"])
async def test_payloads_and_persons_are_encrypted_and_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    keys, place = ring(kind, tmp_path, monkeypatch)
    path = tmp_path / "log"
    runs = await ask(SqliteLog(path, keys=keys), "acme", open_too=True)
    records = genie("export", path).stdout
    assert "user-of-acme" not in records
    assert str(SECRET) not in records
    assert str(SECRET) in genie("export", path, "--payloads", "--keys", place).stdout
    assert genie("export", path, "--payloads").exit_code == 2
    with pytest.raises(LogError) as refused:
        await SqliteLog(path).open()
    assert refused.value.state == "keys"
    async with Runtime([answerer], log=SqliteLog(path, keys=ring_at(place))) as runtime:
        assert (await runtime.run(runs[1]).result()).number == SECRET  # type: ignore[attr-defined]  # a Said


async def test_a_shredded_tenant_cannot_be_read_and_the_account_balances(tmp_path: Path) -> None:
    path, copy = tmp_path / "log", tmp_path / "copy"
    keys = FileKeyRing(tmp_path / "keys.json")
    runs = await ask(SqliteLog(path, keys=keys), "acme", "other", open_too=True)
    copy.write_bytes(path.read_bytes())
    assert genie("hold", path, "--tenant", "acme", "--reason", "case 7").exit_code == 0
    held = genie("shred", path, "--tenant", "acme", "--keys", tmp_path / "keys.json")
    assert (held.exit_code, "(held)" in held.stderr) == (2, True)
    assert genie("release", path, "--tenant", "acme").exit_code == 0
    found = told("shred", path, "--tenant", "acme", "--keys", tmp_path / "keys.json")
    assert found == {"runs": 2, "ended": 1, "keys": 1, "everywhere": True}
    for place in (path, copy):  # the copy was made before; its keys are gone too
        records = [
            json.loads(line)
            for line in genie("export", place, "--payloads", "--keys", tmp_path / "keys.json").stdout.splitlines()
        ]
        assert {one["kind"] for one in records if one.get("run") in {1, 3}} <= {"ended", "closed"}
        payloads = [one for one in records if one["kind"] == "message"]
        assert payloads
        assert all(json.loads(one["payload"])["number"] == SECRET for one in payloads)
        assert "user-of-acme" not in json.dumps(records)
    after = told("verify", path)
    assert after["whole"]
    assert after["accepted"] == sum(after["outcomes"].values()) + after["in_flight"] == 4
    assert after["outcomes"] == {"handled": 2, "cancelled": 1}
    async with Runtime([answerer], log=SqliteLog(path, keys=keys)) as runtime:
        assert (await runtime.run(runs[3]).result()).number == SECRET  # type: ignore[attr-defined]  # a Said
        with pytest.raises(InputError, match="not in flight"):
            runtime.run(runs[2])
        # The tenant may come back: what is new is kept under a new key.
        assert (await runtime.ask(Asked(number=7), Said, caller=Caller(tenant="acme"))).number == 7
    assert told("verify", path)["whole"]


async def test_the_answer_of_a_key_goes_with_its_tenant(tmp_path: Path) -> None:
    path, place = tmp_path / "log", tmp_path / "keys.json"
    handled: list[int] = []

    @agent("answerer")
    async def counted(asked: Asked) -> Said:
        handled.append(asked.number)
        return Said(number=SECRET)

    async def both() -> None:
        async with Runtime([counted], log=SqliteLog(path, keys=FileKeyRing(place))) as runtime:
            for number, tenant in enumerate(("acme", "other")):
                caller = Caller(user=f"user-of-{tenant}", tenant=tenant)
                await runtime.ask(Asked(number=number), Said, caller=caller, key="again")

    await both()
    assert handled == [0, 1]
    told("shred", path, "--tenant", "acme", "--keys", place)
    left = genie("export", path, "--payloads", "--keys", place).stdout
    assert ("user-of-acme" in left, "user-of-other" in left) == (False, True)
    await both()  # what is gone answers nobody; what is not, does
    assert handled == [0, 1, 0]


def test_what_outlives_a_run_is_of_its_own_tenant(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "log")
    database.connect()
    keys = FileKeyRing(tmp_path / "keys.json")
    records = [
        {"kind": "run", "run": 1, "caller": None, "standing": True},
        *(
            {"kind": "letter", "run": 1, "id": f"p-{n}@a", "payload": "{}", "caller": {"tenant": tenant, "user": "u"}}
            for n, tenant in enumerate(("acme", "other"))
        ),
    ]
    body = body_of([line_of(one) for one in records], 1, Sealer(database, keys, lambda: 1.0))
    shred(database, keys, "acme", now=1.0, check=lambda: None)
    sealer = Sealer(database, keys, lambda: 1.0)
    sealer.load()
    left = sealer.opened(*checked("log", 1, *body))
    assert [one.get("caller") for one in left] == [None, {"tenant": "other", "user": "u"}]
    database.close()


async def test_what_is_not_encrypted_cannot_be_shredded(tmp_path: Path) -> None:
    await ask(SqliteLog(tmp_path / "log"), "acme")
    result = genie("shred", tmp_path / "log", "--tenant", "acme", "--keys", tmp_path / "keys.json")
    assert (result.exit_code, "(keys)" in result.stderr) == (2, True)


async def test_an_environment_says_that_copies_stay_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, place = ring("environment", tmp_path, monkeypatch)
    await ask(SqliteLog(tmp_path / "log", keys=keys), "acme")
    assert told("shred", tmp_path / "log", "--tenant", "acme", "--keys", place)["everywhere"] is False
    assert str(SECRET) not in genie("export", tmp_path / "log", "--payloads", "--keys", place).stdout


async def test_keys_are_changed_and_old_records_stay_readable(tmp_path: Path) -> None:
    path, place = tmp_path / "log", tmp_path / "keys.json"
    await ask(SqliteLog(path, keys=FileKeyRing(place)), "acme")
    before = place.read_bytes()
    assert genie("rewrap", path, "--keys", place).exit_code == 0
    assert place.read_bytes() != before
    assert place.stat().st_mode & 0o077 == 0
    assert str(SECRET) in genie("export", path, "--payloads", "--keys", place).stdout
    whole = json.loads(place.read_text())
    del whole["tenants"]["acme"]["keys"]["1"]  # the old key is needed no longer
    place.write_text(json.dumps(whole))
    assert str(SECRET) in genie("export", path, "--payloads", "--keys", place).stdout


@pytest.mark.parametrize("moved", ["swapped", "renamed"])
async def test_a_part_that_was_moved_does_not_decrypt(tmp_path: Path, moved: str) -> None:
    database = SqliteDatabase(tmp_path / "log")
    database.connect()
    sealer = Sealer(database, FileKeyRing(tmp_path / "keys.json"), lambda: 1.0)
    records = [{"kind": "run", "run": run, "caller": {"tenant": "acme", "user": f"u{run}"}} for run in (1, 2)]
    body = body_of([line_of(one) for one in records], 1, sealer)
    clear, sealed = checked("log", 1, *body)
    assert [one["caller"]["user"] for one in sealer.opened(clear, sealed)] == ["u1", "u2"]
    if moved == "swapped":
        length = clear[0]["sealed"][2]
        sealed = sealed[length:] + sealed[:length]
    else:
        clear[0]["run"] = 7
    again, parts = checked("log", 1, *packed(clear, sealed))
    with pytest.raises(LogError) as refused:
        sealer.opened(again, parts)
    assert refused.value.state == "damaged"
    database.close()


async def test_a_wrong_or_open_ring_is_named_and_quotes_no_key(tmp_path: Path) -> None:
    path, place = tmp_path / "log", tmp_path / "keys.json"
    await ask(SqliteLog(path, keys=FileKeyRing(place)), "acme")
    key = json.loads(place.read_text())["tenants"]["acme"]["keys"]["1"]
    others = tmp_path / "others.json"
    FileKeyRing(others).wrap("acme", bytes(32))
    states = []
    for keys in (FileKeyRing(others), FileKeyRing(tmp_path / "none.json")):
        with pytest.raises(LogError) as refused:
            await SqliteLog(path, keys=keys).open()
        states.append(refused.value.state)
        assert key not in str(refused.value)
    place.chmod(0o644)
    with pytest.raises(LogError, match="chmod 600"):
        await SqliteLog(path, keys=FileKeyRing(place)).open()
    assert states == ["keys", "keys"]


async def test_a_resumed_run_of_an_encrypted_log_is_whole(tmp_path: Path) -> None:
    from tests.durability.world import Answer, Question, World

    keys = FileKeyRing(tmp_path / "keys.json")
    async with World(log=SqliteLog(tmp_path / "log", keys=keys)).runtime() as runtime:
        run = runtime.start(Question(size=3), Answer).id
    async with World(log=SqliteLog(tmp_path / "log", keys=keys)).runtime() as runtime:
        assert (await runtime.run(run).result()).total == (4 + 30 + 300) * 1000 + 1
    log = SqliteLog(tmp_path / "log", keys=keys)
    History(await log.open())
    await log.close()
