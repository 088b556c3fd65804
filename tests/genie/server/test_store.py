"""What the server keeps: encrypted by tenant, bound to its place, and gone when a tenant is shredded."""

from __future__ import annotations

import base64
import sqlite3
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner

from genie.cli import main
from genie.errors import LogError
from genie.journal.rings import FileKeyRing
from genie.server.store import Store, store_at

pytestmark = pytest.mark.anyio
WORDS = "the words of a payload"


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return str(request.param)


class Clock:
    def __init__(self) -> None:
        self.at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


def make(folder: Path, clock: Clock | None = None, keys: str | None = None) -> Store:
    return store_at(str(folder / "store.db"), keys or str(folder / "ring.json"), clock or Clock())


def change(folder: Path, sql: str) -> None:
    with sqlite3.connect(folder / "store.db") as database:
        database.execute(sql)
    database.close()


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


async def test_rows_come_back_after_a_restart_until_they_end(tmp_path: Path) -> None:
    clock = Clock()
    store = make(tmp_path, clock)
    await store.open()
    for number in range(3):
        clock.at += 1
        await store.put("run", f"r{number}", "north", {"text": WORDS, "n": number}, clock.at + 100)
    assert await store.add(None, [("passkey", "p", {"n": 1}, 2e6)])
    assert not await store.add(None, [("passkey", "p", {"n": 2}, 2e6)])
    await store.close()
    again = make(tmp_path, clock)
    await again.open()
    assert [one.body["n"] for one in await again.latest("run", "north", 2)] == [1, 2]
    assert await again.latest("run", "south", 9) == []
    assert await again.get("run", "r1", "south") is None
    found = await again.present("passkey", "p")
    assert found is not None
    assert (found.tenant, found.body) == (None, {"n": 1})
    assert await again.tenants() == [None, "north"]
    await again.remove("passkey", "p", None)
    assert await again.present("passkey", "p") is None
    clock.at += 101
    assert await again.latest("run", "north", 9) == []
    await again.put("run", "r9", "north", {}, clock.at + 1)
    await again.close()
    with sqlite3.connect(tmp_path / "store.db") as database:
        assert database.execute("SELECT count(*) FROM kept").fetchone() == (1,)  # what is over was removed
    database.close()


async def test_nothing_that_was_said_is_readable_in_the_files(tmp_path: Path) -> None:
    store = make(tmp_path)
    await store.open()
    await store.put("run", "r1", "north", {"text": WORDS}, 2e6)
    await store.close()
    assert (tmp_path / "store.db").stat().st_mode & 0o077 == 0
    assert WORDS.encode() not in bytes_of(tmp_path)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE kept SET id = 'r2' WHERE id = 'r1'", "UPDATE kept SET kind = 'session', id = 'r2' WHERE id = 'r1'",
        "UPDATE kept SET body = (SELECT body FROM kept WHERE id = 'other'), id = 'r2' WHERE id = 'r1'",
        "UPDATE kept SET body = zeroblob(64), id = 'r2' WHERE id = 'r1'",
    ],
)  # fmt: skip
async def test_a_row_that_was_moved_or_changed_is_not_believed(tmp_path: Path, sql: str) -> None:
    store = make(tmp_path)
    await store.open()
    await store.put("run", "r1", "north", {"text": WORDS}, 2e6)
    await store.put("run", "other", "north", {"text": "other"}, 2e6)
    await store.close()
    change(tmp_path, sql)
    again = make(tmp_path)
    await again.open()
    with pytest.raises(LogError) as refused:
        await again.get("session" if "session" in sql else "run", "r2", "north")
    assert refused.value.state == "damaged"
    await again.close()


async def test_a_row_given_to_another_tenant_is_not_readable_there(tmp_path: Path) -> None:
    store = make(tmp_path)
    await store.open()
    await store.put("run", "r1", "north", {"text": WORDS}, 2e6)
    await store.put("run", "r2", "south", {"text": "other"}, 2e6)
    await store.close()
    change(tmp_path, "UPDATE kept SET tenant = '=south' WHERE id = 'r1'")
    again = make(tmp_path)
    await again.open()
    with pytest.raises(LogError):
        await again.get("run", "r1", "south")
    await again.close()


async def test_a_shredded_tenant_leaves_nothing_readable_and_others_stay(tmp_path: Path) -> None:
    store = make(tmp_path)
    await store.open()
    for tenant in ("north", "south"):
        await store.put("run", f"secret-run-of-{tenant}", tenant, {"text": WORDS}, 2e6)
    await store.close()
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "store.db").write_bytes((tmp_path / "store.db").read_bytes())
    await store.open()
    assert await store.shred("north") is True
    await store.close()
    found = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b"secret-run-of-north" not in found
    assert b"secret-run-of-south" in found
    again = make(tmp_path)
    await again.open()
    assert await again.latest("run", "north", 9) == []
    assert len(await again.latest("run", "south", 9)) == 1
    await again.put("run", "new", "north", {"text": "new"}, 2e6)  # what comes later has new keys
    assert len(await again.latest("run", "north", 9)) == 1
    await again.close()
    old = make(copy, keys=str(tmp_path / "ring.json"))  # a copy from before, with the ring of now
    await old.open()
    assert await old.latest("run", "north", 9) == []
    assert len(await old.latest("run", "south", 9)) == 1
    await old.close()


async def test_a_rotated_key_still_reads_and_an_old_ring_alone_does_not_after_a_rewrap(tmp_path: Path) -> None:
    store = make(tmp_path)
    await store.open()
    await store.put("run", "r1", "north", {"text": WORDS}, 2e6)
    old_ring = (tmp_path / "ring.json").read_bytes()
    FileKeyRing(tmp_path / "ring.json").rotate()
    await store.put("run", "r2", "north", {"text": WORDS}, 2e6)
    assert await store.rewrap("north") == 1
    await store.close()
    again = make(tmp_path)
    await again.open()
    assert len(await again.latest("run", "north", 9)) == 2
    await again.close()
    (tmp_path / "old.json").write_bytes(old_ring)
    (tmp_path / "old.json").chmod(0o600)
    stale = make(tmp_path, keys=str(tmp_path / "old.json"))
    await stale.open()
    with pytest.raises(LogError) as refused:
        await stale.get("run", "r1", "north")
    assert refused.value.state == "keys"
    await stale.close()


async def test_keys_of_the_environment_remove_rows_and_say_that_copies_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENIE_TEST_KEYS", base64.b64encode(bytes(range(32))).decode())
    store = make(tmp_path, keys="env:GENIE_TEST_KEYS")
    await store.open()
    await store.put("run", "r1", "north", {"text": WORDS}, 2e6)
    assert await store.shred("north") is False
    assert await store.latest("run", "north", 9) == []
    await store.close()


async def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "store.db") as database:
        database.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER)")
        database.execute("CREATE TABLE batches (number INTEGER)")
    database.close()
    with pytest.raises(LogError) as refused:
        await make(tmp_path).open()
    assert refused.value.state == "format"
    with pytest.raises(LogError) as closed:
        await make(tmp_path).get("run", "r1", None)
    assert closed.value.state == "closed"


def test_the_commands_rewrap_and_shred_what_is_there(tmp_path: Path) -> None:
    async def fill() -> None:
        store = make(tmp_path)
        await store.open()
        await store.put("run", "r1", "north", {"text": WORDS}, 9e9)
        await store.close()

    def genie(act: str) -> str:
        options = ["--keys", str(tmp_path / "ring.json"), "--tenant", "north"]
        done = CliRunner().invoke(main, ["store", act, str(tmp_path / "store.db"), *options])
        assert done.exit_code == 0, done.output
        return done.stdout

    anyio.run(fill)
    before = (tmp_path / "ring.json").read_bytes()
    assert genie("rewrap").startswith("1 ")
    assert (tmp_path / "ring.json").read_bytes() != before
    genie("shred")
    assert genie("rewrap").startswith("0 ")
    missing = CliRunner().invoke(main, ["store", "shred", str(tmp_path / "no.db"), "--keys", "x", "--tenant", "north"])
    assert missing.exit_code == 2
