"""Recorded calls come back as they were and at their pace, and a call that was not recorded says where it differs."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from genie.contracts.model_call import FailureClass, JsonText, ModelRequest, Role, Text, ToolCall, ToolResult, Turn
from genie.edges.llm.cassette import CassetteError, CassetteMissError, CassetteProvider, Mode, canonical, key_of
from genie.testing.conformance import ProviderUnderTest, check_provider
from genie.testing.conformance.provider import CALLING, GREETING, read, request
from genie.testing.llm_server import Faulty, Refuse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

KEY = "sk-must-never-be-seen-4711"


async def test_a_cassette_keeps_the_law_while_it_records_and_when_it_replays(wire: Any, tmp_path: Path) -> None:
    made = {"record": 0, "replay": 0}

    @asynccontextmanager
    async def recording(play: Any) -> AsyncIterator[ProviderUnderTest]:
        made["record"] += 1
        inner, models = wire("anthropic", [play])
        yield ProviderUnderTest(
            CassetteProvider(tmp_path / f"{made['record']}.jsonl", Mode.RECORD, inner), lambda: models.open
        )

    @asynccontextmanager
    async def replaying(_play: Any) -> AsyncIterator[ProviderUnderTest]:
        made["replay"] += 1
        yield ProviderUnderTest(CassetteProvider(tmp_path / f"{made['replay']}.jsonl", Mode.REPLAY_ELSE_FAIL))

    await check_provider(recording)
    await check_provider(replaying)
    assert made["record"] == made["replay"] > 9


async def test_pieces_and_pauses_are_those_of_the_recording(wire: Any, tmp_path: Path) -> None:
    inner, _ = wire("openai_chat", [Faulty(CALLING, between_s=0.5)])
    begun = anyio.current_time()
    recorded = await read(CassetteProvider(tmp_path / "c", Mode.RECORD, inner), request())
    took = anyio.current_time() - begun
    assert took > 5
    for pace, wanted in ((True, took), (False, 0.0)):
        player = CassetteProvider(tmp_path / "c", Mode.REPLAY_ELSE_FAIL, pace=pace)
        begun = anyio.current_time()
        assert (await read(player, request())).parts == recorded.parts
        assert anyio.current_time() - begun == pytest.approx(wanted, abs=0.01)
    slow = CassetteProvider(tmp_path / "c", Mode.REPLAY_ELSE_FAIL)
    found = await read(slow, request(), first_token_s=0.1)
    assert found.error is not None
    assert found.error.failure is FailureClass.TIMEOUT


async def test_failures_are_replayed_too_and_in_their_order(wire: Any, tmp_path: Path) -> None:
    refused = Refuse(429, b'{"error":{"code":"rate_limit_exceeded"}}', (("retry-after", "3"),))
    inner, models = wire("openai_chat", [refused, GREETING])
    recorder = CassetteProvider(tmp_path / "c", Mode.RECORD, inner)
    await read(recorder, request())
    await read(recorder, request())
    player = CassetteProvider(tmp_path / "c", Mode.REPLAY_ELSE_FAIL)
    first, *others = [await read(player, request()) for _ in range(3)]
    assert first.error is not None
    assert (first.error.failure, first.error.retry_after_s) == (FailureClass.RATE_LIMITED, 3.0)
    assert [one.end.parts for one in others] == [GREETING.parts] * 2
    assert len(models.calls) == 2


async def test_a_miss_names_the_first_place_that_differs(wire: Any, tmp_path: Path) -> None:
    inner, models = wire("openai_chat", [GREETING])
    recorder = CassetteProvider(tmp_path / "c", Mode.RECORD, inner)
    await read(recorder, request())
    await read(recorder, request(text="Something else entirely."))
    player = CassetteProvider(tmp_path / "c", Mode.REPLAY_ELSE_FAIL)
    more = Turn(role=Role.ASSISTANT, parts=(Text(text="secret 4711"),))
    for asked, path in (
        (request(text="Say it."), "turns.0.parts.0.text"),
        (request(more), "turns.1"),
        (request().model_copy(update={"max_output": 5}), "max_output"),
        (request().model_copy(update={"tools": request().tools[:1]}), "tools.1"),
    ):
        found = await read(player, asked)
        assert isinstance(found.error, CassetteMissError)
        assert (found.error.path, found.error.failure) == (path, FailureClass.CASSETTE_MISS)
        assert "4711" not in repr(found.error)
    empty = CassetteProvider(tmp_path / "none", Mode.REPLAY_ELSE_FAIL)
    found = await read(empty, request())
    assert isinstance(found.error, CassetteMissError)
    assert found.error.path == ""
    assert len(models.calls) == 2


async def test_the_mode_says_who_is_asked(wire: Any, tmp_path: Path) -> None:
    inner, models = wire("openai_chat", [GREETING])
    for mode, asked in ((Mode.LIVE, 1), (Mode.REPLAY, 2), (Mode.REPLAY, 2), (Mode.RECORD, 3)):
        provider = CassetteProvider(tmp_path / "c", mode, inner)
        assert (await read(provider, request())).end.parts == GREETING.parts
        assert len(models.calls) == asked, mode
    with pytest.raises(ValueError, match="needs a model"):
        CassetteProvider(tmp_path / "c", Mode.RECORD)


async def test_a_cassette_holds_no_key(wire: Any, tmp_path: Path) -> None:
    for name in ("openai_chat", "anthropic", "gemini"):
        inner, models = wire(name, [GREETING])
        await read(CassetteProvider(tmp_path / "c", Mode.RECORD, inner), request())
        assert KEY in repr(models.calls[0].headers)
    assert KEY not in (tmp_path / "c").read_text()


def called(number: str, conversation: str) -> ModelRequest:
    call = ToolCall(id=number, name="clock", arguments=JsonText("{}"))
    result = ToolResult(id=number, name="clock", text="12:00")
    turns = (
        Turn(role=Role.ASSISTANT, parts=(call,)),
        Turn(role=Role.TOOL, parts=(result,)),
    )
    return request(*turns).model_copy(update={"conversation": conversation})


async def test_ids_and_conversations_make_no_other_call(wire: Any, tmp_path: Path) -> None:
    first, second = called("call_1", "a"), called("call_40", "b")
    assert key_of(canonical(first)) == key_of(canonical(second))
    inner, _ = wire("openai_chat", [CALLING])
    recorder = CassetteProvider(tmp_path / "c", Mode.RECORD, inner)
    await read(recorder, first)
    player = CassetteProvider(tmp_path / "c", Mode.REPLAY_ELSE_FAIL)
    end = (await read(player, second)).end
    assert [part.id for part in end.parts if isinstance(part, ToolCall)] == ["call_41", "call_42"]


@pytest.mark.parametrize("line", ["{", "[]", '{"format":2,"key":"","request":{},"steps":[]}', "\x00"])
def test_a_file_that_is_none_names_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "c").write_text(f"{line}\n")
    with pytest.raises(CassetteError, match="line 1"):
        CassetteProvider(tmp_path / "c", Mode.REPLAY_ELSE_FAIL)
