"""Parcels: what is encode arrives as it left, and nothing malformed gets further than an error."""

from __future__ import annotations

import datetime
import decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.message import Payload, Value
from genie.edges.executors.codec import LENGTH, CodecError, decode, decode_frame, encode, encode_frame
from tests.genie.plain_for_tests import Figures, Sealed
from tests.genie.policies_for_tests import Answer


class Line(Value):
    amount: decimal.Decimal
    day: datetime.date


class Sheet(Payload, topic="parcel.sheet"):
    lines: tuple[Line, ...] = ()
    words: frozenset[str] = frozenset()
    content: bytes = b""
    either: int | str | None = None
    ratio: float = 0.0


LINES = st.builds(Line, amount=st.decimals(allow_nan=False, allow_infinity=False), day=st.dates())
SHEETS = st.builds(
    Sheet,
    lines=st.lists(LINES, max_size=5).map(tuple),
    words=st.frozensets(st.text(max_size=20), max_size=5),
    content=st.binary(max_size=20),
    either=st.integers() | st.text(max_size=5) | st.none(),
    ratio=st.floats(),
)


@given(SHEETS)
def test_a_payload_arrives_as_it_left_or_is_not_sent(sheet: Sheet) -> None:
    try:
        content = encode(sheet)
    except CodecError:
        return
    assert decode(Sheet, content) == sheet


@given(st.lists(LINES, max_size=5).map(tuple), st.text(max_size=50), st.floats(allow_nan=False, allow_infinity=False))
def test_ordinary_payloads_are_always_sent(lines: tuple[Line, ...], word: str, ratio: float) -> None:
    try:
        word.encode()
    except UnicodeEncodeError:
        return  # half of a surrogate pair is no text in UTF-8
    sheet = Sheet(lines=lines, words=frozenset((word,)), either=word, ratio=ratio)
    assert decode(Sheet, encode(sheet)) == sheet


def test_what_would_not_come_back_the_same_is_refused() -> None:
    for payload in (Figures(ratio=float("nan")), Figures(ratio=1.0, content=b"\xff"), Sealed()):
        with pytest.raises(CodecError):
            encode(payload)


def test_a_refusal_names_the_place_and_quotes_nothing() -> None:
    with pytest.raises(CodecError) as caught:
        decode(Answer, b'{"text": 4711}')
    assert "t.answer@1" in str(caught.value)
    assert "(text: string_type)" in str(caught.value)
    assert "4711" not in str(caught.value)


@given(st.lists(st.binary(max_size=30), max_size=4))
def test_what_is_framed_can_be_opened(contents: list[bytes]) -> None:
    parcel = encode_frame({"end": "many"}, contents)
    (length,) = LENGTH.unpack_from(parcel)
    assert length == len(parcel) - LENGTH.size
    header, found = decode_frame(parcel[LENGTH.size :])
    assert (header["end"], found) == ("many", contents)


@given(st.binary(max_size=60) | st.binary(max_size=40).map(lambda body: LENGTH.pack(len(body)) + body))
def test_garbage_is_refused(parcel: bytes) -> None:
    with pytest.raises(CodecError):
        decode_frame(parcel)


@pytest.mark.parametrize(
    "head", [b'{"lengths": [-1]}', b'{"lengths": [true]}', b'{"lengths": 3}', b"[]", b'{"lengths": ["1"]}', b"[" * 9999]
)
def test_headers_that_lie_are_refused(head: bytes) -> None:
    with pytest.raises(CodecError):
        decode_frame(LENGTH.pack(len(head)) + head)
