"""`genie runs` over a log: what is shown of a run, to whom, and how a run that a stopped process left is ended."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from click.testing import CliRunner, Result

from genie import Payload, Runtime, agent
from genie.cli import main
from genie.errors import RunCancelledError
from genie.journal.facts import kinds_of
from genie.journal.log_samples import LogSamples
from genie.journal.past import chosen, listed, past_run
from genie.journal.rings import FileKeyRing
from genie.journal.sealing import Sealer
from genie.journal.shredding import shred
from genie.journal.sqlite import SqliteDatabase, SqliteLog
from genie.journal.story import Eyes, lines_of_run
from genie.journal.upkeep import account, owned
from genie.policy.policy import PipelineContext
from genie.reports.run_record import RunRecord
from genie.reports.run_story import course
from tests.durability.shop import ANN, CARD, POLICIES, Order, Receipt, World

if TYPE_CHECKING:
    from pathlib import Path

    from genie import Caller
    from genie.contracts.agent import FunctionAgent
    from genie.journal.past import PastRun

pytestmark = pytest.mark.anyio
NOW = 2_000_000_000.0


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return str(request.param)


def genie(*words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["runs", *map(str, words)])
    assert result.exit_code == code, result.output
    return result


def read(path: Path, ring: FileKeyRing | None = None) -> PastRun:
    database = SqliteDatabase(path)
    database.connect(create=False)
    try:
        sealer = None
        if ring is not None:
            sealer = Sealer(database, ring, lambda: NOW)
            sealer.load()
        return past_run(database, chosen(database, None), sealer)
    finally:
        database.close()


def eyes(reader: Caller) -> Eyes:
    cards = [one.card for one in World().agents()]
    return Eyes(POLICIES, reader.card(), {card.id: card for card in cards}, kinds_of(cards))


def record_of(run: PastRun, seen_by: Eyes | None) -> RunRecord:
    record = RunRecord(run_id=run.id)
    for line in lines_of_run(run, seen_by):
        record.add(line)
    return record


async def test_a_run_of_a_log_shows_its_deliveries_their_verdicts_and_their_waits(tmp_path: Path) -> None:
    world = World()
    world.failures = 1
    ids = await world.order(tmp_path / "log")
    record = record_of(read(tmp_path / "log"), eyes(ANN))
    found = {(one.topic, one.recipient): one for one in record.deliveries.values()}
    assert record.run_id == ids[0]
    assert found["shop.noted", "clerk"].verdict == "redact"
    assert found["shop.noted", "clerk"].masked == ("text",)
    assert found["shop.price_asked", "price"].steps == ["retrying"]
    assert found["shop.order", "desk"].steps == ["effect"]
    assert found["shop.receipt", "caller:ann"].outcome == "answered"
    assert {one.outcome for one in record.deliveries.values()} == {"handled", "answered"}
    for one in record.deliveries.values():  # no time is lost, and none is counted twice
        assert one.ended is not None
        ends = [span.end for span in one.spans]
        assert [span.start for span in one.spans] == ([one.at, *ends[:-1]] if ends else [])
        assert ends[-1:] == ([one.ended] if ends else [])
    assert record.policies is not None, "judged by the policies that the reader has named"


class Asked(Payload, topic="past.asked"):
    text: str


class Answered(Payload, topic="past.answered"):
    text: str


async def test_a_run_names_the_versions_of_the_cards_of_the_agents_that_it_reached(tmp_path: Path) -> None:
    def echo(version: str) -> FunctionAgent:
        @agent("echo", version=version)
        async def answer(asked: Asked) -> Answered:
            return Answered(text=asked.text)

        return answer

    @agent("idle", version="9")
    async def idle(order: Order) -> None:
        raise AssertionError(order)

    path = tmp_path / "log"
    async with Runtime([echo("1"), idle], log=SqliteLog(path)) as runtime:
        await runtime.ask(Asked(text="a"), Answered)
        await runtime.replace(echo("2"))
        await runtime.ask(Asked(text="b"), Answered)
    async with Runtime([echo("3"), idle], log=SqliteLog(path)) as runtime:
        await runtime.ask(Asked(text="c"), Answered)
    database = SqliteDatabase(path)
    database.connect(create=False)
    try:
        runs = [past_run(database, one.number) for one in listed(database)]
    finally:
        database.close()
    assert [record_of(run, None).agents for run in runs] == [("echo@1",), ("echo@2",), ("echo@3",)]


async def test_the_tree_of_a_run_has_each_delivery_under_its_cause(tmp_path: Path) -> None:
    await World().order(tmp_path / "log")
    drawn = course(record_of(read(tmp_path / "log"), None))
    names = [(one.name, one.depth) for one in drawn.branches]
    stock = [("shop.stock_asked → stock", 1), ("shop.stock → desk", 2)]
    price = [("shop.price_asked → price", 1), ("shop.price → desk", 2)]
    rest = [("shop.noted → clerk", 1), ("shop.receipt → caller:ann", 1)]
    asked = {names[1]: names[1:5]}  # trio starts tasks in any order
    assert asked in ({stock[0]: [*stock, *price]}, {price[0]: [*price, *stock]})
    assert (names[0], names[5:]) == (("shop.order → desk", 0), rest)
    assert all(0 <= span.start <= span.end <= drawn.until for one in drawn.branches for span in one.spans)


async def test_payloads_are_masked_for_their_reader_and_withheld_without_policies(tmp_path: Path) -> None:
    await World().order(tmp_path / "log")
    run = read(tmp_path / "log")
    nobody = type(ANN)()
    for reader, shown in ((eyes(ANN), True), (eyes(nobody), False), (None, False)):
        lines = json.dumps(list(lines_of_run(run, reader)))
        assert (CARD in lines) is shown
    withheld = {one.withheld for one in record_of(run, None).sent.values()}
    assert len(withheld) == 1
    assert "--pipeline" in withheld.pop()


async def test_an_encrypted_run_is_shown_without_its_secrets_and_says_why(tmp_path: Path) -> None:
    ring = FileKeyRing(tmp_path / "ring")
    async with World().runtime(SqliteLog(tmp_path / "log", keys=ring)) as runtime:
        run = runtime.start(Order(item="tea", note=f"card {CARD}"), Receipt)
        await run.result()
        await run.settled()
    with_keys, without = read(tmp_path / "log", ring), read(tmp_path / "log")
    assert (with_keys.unread, without.unread) == ("", "encrypted")
    assert "tea" in json.dumps(list(lines_of_run(with_keys, eyes(ANN))))
    told = json.dumps(list(lines_of_run(without, eyes(ANN))))
    assert not any(secret in told for secret in ("tea", CARD, "ann"))
    assert len(record_of(without, None).deliveries) == len(record_of(with_keys, None).deliveries)
    database = SqliteDatabase(tmp_path / "log")
    lease = owned(database, lambda: NOW)
    shred(database, ring, "acme", now=NOW, check=lease.check)
    lease.give_back()
    database.close()
    assert read(tmp_path / "log", ring).unread == "shredded"


async def test_policies_judge_the_messages_of_a_log_whole_or_say_why_not(tmp_path: Path) -> None:
    ring = FileKeyRing(tmp_path / "ring")
    await World().order(tmp_path / "plain")
    async with World().runtime(SqliteLog(tmp_path / "sealed", keys=ring)) as runtime:
        await runtime.ask(Order(item="tea", note=f"card {CARD}"), Receipt)
    cards = [one.card for one in World().agents()]
    context = PipelineContext(tuple(kinds_of(cards).values()), tuple(cards))
    for name, keys, count in (("plain", None, 7), ("sealed", ring, 7), ("sealed", None, 0)):
        database = SqliteDatabase(tmp_path / name)
        database.connect(create=False)
        sealer = None if keys is None else Sealer(database, keys, lambda: NOW)
        if sealer is not None:
            sealer.load()
        found = LogSamples(database, context, sealer)
        seen = dict(found.samples())
        assert len(seen) == count
        assert sum(found.skipped.values()) == (0 if count else 7)
        asked = {one.message.payload.__topic__.name: [card.id for card in one.recipients] for one in seen.values()}
        if count:
            assert (asked["shop.order"], asked["shop.stock"], asked["shop.receipt"]) == (
                ["desk"], ["desk"], ["caller:ann"],
            )  # fmt: skip
        database.close()


async def test_the_command_lists_and_shows_runs_of_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    ids = await World().order(path, 2)
    assert [one["id"] for one in json.loads(genie("list", path, "--json").stdout)] == ids
    assert [line.split()[0] for line in genie("list", path).stdout.splitlines()] == ids
    assert genie("show", path, code=2).exit_code == 2, "there are two"
    for words in (("tree",), ("timeline",), ("show", "--html", str(tmp_path / "page.html"))):
        shown = genie(words[0], path, "--run", ids[1], *words[1:]).stdout
        assert "shop.price_asked" in shown
        assert CARD not in shown
    page = re.sub(r"<(script|style)\b.*?</\1>", "", (tmp_path / "page.html").read_text(), flags=re.DOTALL)
    assert 'class="course"' in page
    assert CARD not in page
    genie("show", path, "--run", "nobody", code=2)
    genie("show", tmp_path / "absent", code=2)


# --- ending what a stopped process left ---


async def left_open(path: Path, key: str | None = None) -> str:
    """Leave a run whose clerk never ends in a log; return its id."""
    world = World()
    world.wait_s = 3_600.0
    async with world.runtime(SqliteLog(path)) as runtime:
        return runtime.start(Order(item="tea"), Receipt, key=key).id


async def cancelled(path: Path, run: str, code: int = 0) -> Any:
    words = ("cancel", run, "--log", path, "--as", "eva", "--reason", "asked twice", "--json")
    result = await anyio.to_thread.run_sync(lambda: genie(*words, code=code))  # the command runs a loop of its own
    return json.loads(result.stdout) if code == 0 else result.stderr


async def test_a_run_that_a_stopped_process_left_is_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "log"
    run = await left_open(path)
    found = await cancelled(path, run)
    assert found["run"] == run
    assert f"{'-'.join(run.split('-')[:1])}-2@desk" in found["cancelled"]
    database = SqliteDatabase(path)
    database.connect(create=False)
    sums = account(database)
    database.close()
    assert (sums.wrong, sums.in_flight, sums.outcomes["cancelled"]) == (0, 0, len(found["cancelled"]))
    assert "not open" in await cancelled(path, run, code=2), "it is over"
    async with World().runtime(SqliteLog(path)) as runtime:
        assert not runtime.bus.runs.open_runs


async def test_the_key_of_a_cancelled_run_says_that_it_was_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "log"
    run = await left_open(path, key="order 7")
    await cancelled(path, run)
    async with World().runtime(SqliteLog(path)) as runtime:
        with pytest.raises(RunCancelledError) as told:
            await runtime.ask(Order(item="tea"), Receipt, key="order 7")
        assert told.value.run_id == run


async def test_a_run_of_a_process_that_lives_is_not_cancelled_from_outside(tmp_path: Path) -> None:
    path = tmp_path / "log"
    run = await left_open(path)
    other = SqliteLog(path)
    await other.open()
    assert "in_use" in await cancelled(path, run, code=2)
    await other.close()
