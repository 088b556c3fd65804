"""Streams: what a client gets that reads, reads slowly or not at all, and that an event is encoded once."""

from __future__ import annotations

import json

import pytest

from genie.server.problems import Problem
from genie.server.streams import BLOCKED_S, HEARTBEAT_S, MOST_STREAMS, Frames, SentEvents, Stream
from tests.genie.desk_for_tests import Desk, desk

pytestmark = pytest.mark.anyio


class Client:
    """Where a stream is written to; it reads when the test says so."""

    def __init__(self) -> None:
        self.full = False
        self.read: list[bytes] = []
        self.gone = False

    def push(self, parts: list[bytes]) -> None:
        self.read += parts

    def cut(self) -> None:
        self.gone = True

    def kinds(self) -> list[str]:
        return [json.loads(part)["event"] for part in self.read]


async def opened(at: Desk, text: str = "tea") -> tuple[Stream, Client]:
    """Return a stream of a run that is over, and its client."""
    key = at.key()
    run = at.server.hosted["desk"].runs[(await at.ask(key, "grant", text)).json()["id"]]
    client = Client()
    stream = Stream(run.ring, at.server.epoch, 0, who=run.principal, run=run)
    stream.form, stream.outlet = Frames, client
    return stream, client


async def test_a_client_that_reads_has_every_event_and_the_end() -> None:
    async with desk() as at:
        stream, client = await opened(at)
        assert not stream.step(0.0, good=True)
        assert client.kinds() == [*(fact[1] for fact in stream.ring.kept), "end"]
        assert client.kinds().count("answered") == 1
        assert (stream.outcome, stream.closed.is_set()) == ("end", True)


async def test_a_client_that_reads_slowly_is_told_that_it_is_behind() -> None:
    async with desk() as at:
        stream, client = await opened(at)
        client.full = True
        assert not stream.step(0.0, good=True)
        assert client.read == []
        stream.began = True  # its first events were written before
        stream.ring.drop(3)
        client.full = False
        stream.step(1.0, good=True)
        assert (client.kinds(), stream.outcome) == (["behind"], "behind")


async def test_a_client_that_does_not_read_is_cut_off_in_time() -> None:
    async with desk() as at:
        stream, client = await opened(at)
        client.full = True
        stream.step(10.0, good=True)
        stream.look(10.0 + BLOCKED_S)
        assert not client.gone
        stream.look(10.1 + BLOCKED_S)
        assert (client.gone, stream.outcome, client.read) == (True, "blocked", [])


async def test_a_client_that_hears_nothing_is_told_that_the_stream_is_open() -> None:
    async with desk() as at:
        stream, client = await opened(at)
        stream.look(HEARTBEAT_S - 0.1)
        assert client.read == []
        stream.look(HEARTBEAT_S)
        stream.look(HEARTBEAT_S + 1)
        assert client.kinds() == ["still_here"]


async def test_credentials_that_end_end_the_stream_before_another_event() -> None:
    async with desk() as at:
        stream, client = await opened(at)
        stream.step(0.0, good=False)
        assert client.kinds() == ["end"]


async def test_an_event_is_encoded_once_for_all_who_read_it() -> None:
    async with desk() as at:
        stream, _ = await opened(at)
        run = stream.run
        assert run is not None
        made: list[bytes] = []

        def once() -> bytes:
            made.append(b"event")
            return made[-1]

        for form in (SentEvents, Frames):
            assert [run.ring.shown(form, run.ring.last, once) for _ in range(2)] == [b"event"] * 2
        assert len(made) == 2, "once for each form"


async def test_streams_are_bounded() -> None:
    async with desk() as at:
        stream, _ = await opened(at)
        at.server.streams.admit(stream.who)
        at.server.streams.open.update(dict.fromkeys(range(MOST_STREAMS)))  # type: ignore[arg-type]  # only their number
        with pytest.raises(Problem) as refused:
            at.server.streams.admit(stream.who)
        assert refused.value.code == "overflow"
        at.server.streams.open.clear()
        assert not stream.closed.is_set()
