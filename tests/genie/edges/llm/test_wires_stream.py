"""Events are the same wherever the bytes are cut and however the lines end, and every limit has a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.edges.llm.wires import stream
from genie.edges.llm.wires.stream import Event, EventSplitter, LineSplitter, StreamTooLargeError

SENT = (
    "\N{BOM}: a comment\nevent: first\ndata: {\"a\": \"é€😀\"}\n\n"
    "data: one\ndata:two\ndata:\n\n:\n\nevent: unheard\n\nid: 7\nretry: 10\nfoo\ndata:  spaced\n\n"
)  # fmt: skip
WANTED = [
    Event(b"first", '{"a": "é€😀"}'.encode()),
    Event(b"", b"one\ntwo\n"),
    Event(b"", b" spaced"),
]


def fed(splitter: EventSplitter | LineSplitter, data: bytes, cuts: list[int]) -> list[Event]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [data[begin:end] for begin, end in zip(places, places[1:], strict=False)]
    return [event for piece in pieces for event in splitter.feed(piece)]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_events_are_the_same_byte_by_byte(ending: str) -> None:
    data = SENT.replace("\n", ending).encode()
    splitter = EventSplitter()
    assert fed(splitter, data, list(range(len(data)))) == WANTED
    assert not splitter.unfinished


@given(st.lists(st.integers(0, 10_000), max_size=12), st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=30))
def test_events_are_the_same_for_any_cuts_and_line_ends(cuts: list[int], endings: list[str]) -> None:
    lines = SENT.split("\n")
    # A lone CR before an empty line that ends with LF would be one line end, CRLF.
    ends = [one if one != "\r" else "\r\n" for one in endings]
    data = "".join(line + ends[at % len(ends)] for at, line in enumerate(lines[:-1])).encode()
    assert fed(EventSplitter(), data, cuts) == WANTED


@given(st.lists(st.integers(0, 10_000), max_size=12))
def test_lines_are_the_same_for_any_cuts(cuts: list[int]) -> None:
    data = '{"a":"é"}\r\n\n{"b":1}\n'.encode()
    assert fed(LineSplitter(), data, cuts) == [Event(b"", '{"a":"é"}'.encode()), Event(b"", b'{"b":1}')]


def test_an_event_that_was_not_ended_is_dropped_and_reported() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"data: half\n") == []
    assert splitter.unfinished
    half = LineSplitter()
    assert half.feed(b'{"a"') == []
    assert half.unfinished


def test_comments_are_signs_of_life() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b": ping\n\n") == []
    assert splitter.beats == 2
    splitter.feed(b"data: half a line")
    assert splitter.beats == 2


@pytest.mark.parametrize("splitter", [EventSplitter, LineSplitter])
def test_a_line_of_ten_megabytes_is_refused_before_it_is_kept(splitter: type[EventSplitter]) -> None:
    kept = splitter()
    with pytest.raises(StreamTooLargeError) as refused:
        for _ in range(160):
            kept.feed(b"x" * 65_536)
    assert refused.value.args == ("line",)
    whole = splitter()
    with pytest.raises(StreamTooLargeError):
        whole.feed(b"x" * (stream.MOST_OF_EVENT + 1) + b"\n")


def test_an_event_of_many_lines_and_a_stream_have_limits() -> None:
    splitter = EventSplitter()
    with pytest.raises(StreamTooLargeError) as refused:
        for _ in range(20):
            splitter.feed(b"data: " + b"x" * 100_000 + b"\n")
    assert refused.value.args == ("event",)
    endless = EventSplitter()
    with pytest.raises(StreamTooLargeError) as refused:
        for _ in range(stream.MOST_OF_STREAM // 1_000_000 + 1):
            endless.feed((b":" + b"x" * 999 + b"\n") * 1_000)
    assert refused.value.args == ("stream",)
