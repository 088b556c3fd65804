"""What comes back over each wire: whole, cut anywhere, broken, padded with the unknown, and counted."""

from __future__ import annotations

import json
import re
from typing import Any

import anyio
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genie.contracts.model_call import FailureClass, JsonText, ModelRequest, Stop, Text, Thought, ToolCall, Usage
from genie.contracts.ports.provider import WireDelta, WireEnd, WireRates, WireUsage
from genie.edges.llm.wires.index import WIRES
from genie.testing.conformance.provider import CALLING, GREETING, USAGE, read, request
from genie.testing.llm_dialects import SPEAKERS, ScriptedReply
from genie.testing.llm_server import Faulty, Raw, Refuse

pytestmark = pytest.mark.anyio

USED = Usage(input=1_000, output=70, cache_read=600, reasoning=20)
RICH = ScriptedReply(
    (Thought(text="I think, “therefore”."), *CALLING.parts), stop=Stop.TOOL_CALLS, usage=USED, model="fake-2"
)  # fmt: skip


def neutral(parts: Any) -> list[Any]:
    """Parts without what differs from one dialect to another: opaque state, and how JSON is written."""
    shown: list[Any] = []
    for part in parts:
        if isinstance(part, ToolCall):
            shown.append((part.id, part.name, json.loads(part.arguments)))
        else:
            shown.append((part.kind, part.text))
    return shown


async def test_one_script_is_one_reply_over_every_wire(wire: Any) -> None:
    found = {}
    for name in WIRES:
        provider, _ = wire(name, [RICH])
        found[name] = (await read(provider, request())).end
    assert len({json.dumps(neutral(end.parts)) for end in found.values()}) == 1
    assert {end.model for end in found.values()} == {"fake-2"}
    assert {end.stop for end in found.values()} == {Stop.TOOL_CALLS}


async def test_usage_is_the_providers_total(dialect: str, wire: Any) -> None:
    provider, _ = wire(dialect, [RICH])
    found = (await read(provider, request())).end.usage
    wanted = USED if dialect != "ollama" else Usage(input=1_000, output=70)  # it states no more
    assert found == wanted


counts, some = st.integers(0, 10**9), st.integers(1, 10**9)


@pytest.mark.parametrize("name", sorted(WIRES))
@given(
    uncached=some,
    read_=counts,
    written=counts,
    visible=some,
    thoughts=counts,
)
@settings(max_examples=40)
def test_usage_law(name: str, uncached: int, read_: int, written: int, visible: int, thoughts: int, wire: Any) -> None:
    if name in {"gemini", "ollama"}:
        written = 0  # these state none
    if name == "ollama":
        read_ = thoughts = 0
    usage = Usage(
        input=uncached + read_ + written, output=visible + thoughts, cache_read=read_, cache_write=written,
        reasoning=thoughts,
    )  # fmt: skip
    provider, _ = wire(name, [GREETING._replace(usage=usage)])

    async def run() -> None:
        assert (await read(provider, request())).end.usage == usage

    anyio.run(run)


async def test_later_usage_replaces_earlier(wire: Any) -> None:
    provider, _ = wire("anthropic", [GREETING])
    stated = [part.usage for part in (await read(provider, request())).parts if isinstance(part, WireUsage)]
    assert [usage.output for usage in stated] == [1, 7]
    assert {usage.input for usage in stated} == {12}


@pytest.mark.parametrize(
    "usage", [Usage(), Usage(input=5), Usage(output=5), Usage(input=0, output=7)], ids=["none", "in", "out", "no input"]
)
async def test_a_usage_of_nothing_is_unknown_not_free(dialect: str, wire: Any, usage: Usage) -> None:
    provider, _ = wire(dialect, [GREETING._replace(usage=usage)])
    assert (await read(provider, request())).end.usage is None


@pytest.mark.parametrize("bad", [-1, True, 1.5, "7", None, 10**30, [1]])
async def test_a_usage_that_is_none_is_unknown_not_free(dialect: str, wire: Any, bad: Any) -> None:
    names = {
        "openai_chat": "prompt_tokens", "openai_responses": "input_tokens", "anthropic": "input_tokens",
        "gemini": "candidatesTokenCount", "ollama": "eval_count",
    }  # fmt: skip
    stream = b"".join(SPEAKERS[dialect].stream(GREETING)).decode()
    stated = re.sub(rf'"{names[dialect]}":[0-9]+', f'"{names[dialect]}":{json.dumps(bad)}', stream)
    assert stated != stream
    provider, _ = wire(dialect, [Raw((stated.encode(),))])
    found = (await read(provider, request())).end.usage
    # Gemini leaves out a count of 0, and its total says what is missing.
    assert found == (USAGE if dialect == "gemini" and bad is None else None)


@pytest.mark.parametrize("name", sorted(WIRES))
@given(size=st.integers(1, 400))
@settings(max_examples=60)
def test_where_the_bytes_are_cut_changes_nothing(name: str, size: int, wire: Any) -> None:
    async def run() -> None:
        whole, _ = wire(name, [RICH])
        cut, _ = wire(name, [Faulty(RICH, sized=size)])
        assert (await read(cut, request())).parts == (await read(whole, request())).parts

    anyio.run(run)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(WIRES))
@given(cuts=st.lists(st.integers(0, 6_000), max_size=20))
@settings(max_examples=1_000)
def test_a_thousand_cuts(name: str, cuts: list[int], wire: Any) -> None:
    data = b"".join(SPEAKERS[name].stream(RICH._replace(noise=True)))
    places = [0, *sorted(cut % len(data) for cut in cuts), len(data)]
    pieces = tuple(data[begin:end] for begin, end in zip(places, places[1:], strict=False))

    async def run() -> None:
        provider, _ = wire(name, [Raw(pieces)])
        found = await read(provider, request())
        assert neutral(found.end.parts) == neutral(WHOLE[name])

    if name not in WHOLE:

        async def first() -> None:
            provider, _ = wire(name, [RICH])
            WHOLE[name] = (await read(provider, request())).end.parts

        anyio.run(first)
    anyio.run(run)


WHOLE: dict[str, Any] = {}


async def test_what_is_unknown_is_passed_over(dialect: str, wire: Any) -> None:
    provider, _ = wire(dialect, [RICH._replace(noise=True)])
    plain, _ = wire(dialect, [RICH])
    assert (await read(provider, request())).end.parts == (await read(plain, request())).end.parts


@pytest.mark.parametrize(
    ("name", "word"),
    [("openai_chat", '"stop"'), ("anthropic", '"end_turn"'), ("gemini", '"STOP"'), ("ollama", '"stop"')],
)
async def test_an_unknown_stop_reason_is_a_reply_that_was_cut_off(name: str, word: str, wire: Any) -> None:
    stream = b"".join(SPEAKERS[name].stream(GREETING)).replace(word.encode(), b'"new_reason"')
    provider, _ = wire(name, [Raw((stream,))])
    assert (await read(provider, request())).end.stop is Stop.LENGTH


async def test_a_stream_killed_at_any_event_is_never_a_success(dialect: str, wire: Any) -> None:
    events = len(SPEAKERS[dialect].stream(RICH))
    for kept in range(events):
        provider, models = wire(dialect, [Faulty(RICH, cut_after=kept)])
        found = await read(provider, request())
        assert found.error is not None, kept
        assert found.error.failure is FailureClass.TRUNCATED
        assert not any(isinstance(part, WireEnd) for part in found.parts)
        assert models.open == 0


async def test_a_stream_that_ends_politely_and_too_early_is_truncated_too(dialect: str, wire: Any) -> None:
    stream = SPEAKERS[dialect].stream(RICH)
    for kept in range(len(stream) - 1):
        provider, _ = wire(dialect, [Raw(tuple(stream[:kept]))])
        found = await read(provider, request())
        assert found.error is not None, kept
        assert found.error.failure is FailureClass.TRUNCATED
    halves = stream[-1][: len(stream[-1]) // 2]
    provider, _ = wire(dialect, [Raw((*stream[:-1], halves))])
    found = await read(provider, request())
    assert found.error is not None
    assert found.error.failure is FailureClass.TRUNCATED


async def test_what_was_used_before_a_failure_is_told(wire: Any) -> None:
    provider, _ = wire("anthropic", [Faulty(RICH, cut_after=6)])
    found = await read(provider, request())
    assert found.error is not None
    assert found.error.usage is not None
    assert found.error.usage.input == 1_000


@pytest.mark.parametrize(
    "data",
    [
        b"{", b"[]", b"7", b'"text"', b"null", b"\xff\xfe", b'{"a":NaN', b"[" * 5_000,
        b'{"choices":7,"candidates":7,"message":7,"type":7,"error":7}',
        b'{"choices":[{"delta":{"content":7}}],"candidates":[{"content":{"parts":[{"text":7}]}}],'
        b'"message":{"content":7},"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":7}}',
        b'{"type":"response.output_text.delta","output_index":"x","delta":5}',
        b'{"type":"content_block_delta","index":1e999,"delta":{"type":"text_delta","text":"x"}}',
    ],
)  # fmt: skip
async def test_what_is_not_shaped_as_it_should_is_malformed(dialect: str, wire: Any, data: bytes) -> None:
    framed = data + b"\n" if dialect == "ollama" else b"data: " + data + b"\n\n"
    provider, models = wire(dialect, [Raw((framed,))])
    found = await read(provider, request())
    assert found.error is not None
    # An event that this dialect does not know is passed over, and then the stream has ended too early.
    assert found.error.failure in {FailureClass.MALFORMED, FailureClass.TRUNCATED, FailureClass.OVERLOADED}
    if data in {b"{", b"\xff\xfe", b"[]", b"7"}:
        assert found.error.failure is FailureClass.MALFORMED
    assert models.open == 0


@pytest.mark.parametrize(
    ("piece", "code"),
    [(b"x" * 65_536, "line_too_large"), (b"data: " + b"x" * 65_536 + b"\n", None)],
)
async def test_lines_without_end_are_cut_off(dialect: str, wire: Any, piece: bytes, code: str | None) -> None:
    provider, models = wire(dialect, [Raw((piece,), forever=True)])
    found = await read(provider, request())
    assert found.error is not None
    assert found.error.failure is FailureClass.MALFORMED
    assert code is None or found.error.code == code
    assert models.open == 0


async def test_text_without_end_is_cut_off(dialect: str, wire: Any) -> None:
    whole = SPEAKERS[dialect].stream(ScriptedReply((Text(text="x" * 400_000),), piece=400_000))
    words = next(event for event in whole if len(event) > 400_000)
    start = whole[: whole.index(words)]
    provider, _ = wire(dialect, [Raw((*start, *([words] * 20)))])
    found = await read(provider, request())
    assert found.error is not None
    assert (found.error.failure, found.error.code) == (FailureClass.MALFORMED, "part_too_large")


async def test_an_answer_that_is_no_stream_is_named(dialect: str, wire: Any) -> None:
    provider, _ = wire(dialect, [Raw((b"<html>gateway</html>",), kind="text/html")])
    found = await read(provider, request())
    assert found.error is not None
    assert (found.error.failure, found.error.code) == (FailureClass.MALFORMED, "content_type")
    error = json.dumps(SPEAKERS[dialect].error("rate_limit_exceeded", 429)).encode()
    provider, _ = wire(dialect, [Refuse(429, error, (("retry-after", "3"),))])
    found = await read(provider, request())
    assert found.error is not None
    assert (found.error.failure, found.error.retry_after_s) == (FailureClass.RATE_LIMITED, 3.0)


async def test_rates_come_first(dialect: str, wire: Any) -> None:
    provider, _ = wire(dialect, [Faulty(GREETING, headers=(("x-ratelimit-remaining-requests", "4"),))])
    first = (await read(provider, request())).parts[0]
    assert first == WireRates({"requests": 4}, {})


async def test_a_comment_is_a_sign_of_life_and_no_first_token(wire: Any) -> None:
    stream = SPEAKERS["anthropic"].stream(GREETING)

    def pinging(*, many: int) -> Any:
        return Faulty(GREETING, between_s=1.0), Raw((*stream[:4], *([b": ping\n\n"] * many), *stream[4:]))

    slow, _ = pinging(many=0)
    provider, _ = wire("anthropic", [slow])
    found = await read(provider, request(), first_token_s=100, idle_s=1.5)
    assert found.error is None  # an event each second
    provider, _ = wire("anthropic", [slow])
    found = await read(provider, request(), first_token_s=2.5, idle_s=1.5)
    assert found.error is not None  # message_start, ping and a block start are no words
    assert found.error.failure is FailureClass.TIMEOUT


async def test_drops_of_a_line_are_no_sign_of_life(wire: Any) -> None:
    provider, _ = wire("openai_chat", [Faulty(GREETING, sized=1, between_s=0.2)])
    found = await read(provider, request(), first_token_s=1_000, idle_s=5)
    assert found.error is not None
    assert found.error.failure is FailureClass.TIMEOUT


async def test_gemini_refuses_a_prompt_without_an_empty_answer(wire: Any) -> None:
    provider, _ = wire("gemini", [ScriptedReply((), stop=Stop.REFUSED)])
    end = (await read(provider, request())).end
    assert (end.parts, end.stop) == ((), Stop.REFUSED)


@pytest.mark.parametrize("reason", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"])
async def test_gemini_names_what_it_could_not_write(wire: Any, reason: str) -> None:
    event = {"candidates": [{"finishReason": reason}]}
    provider, _ = wire("gemini", [Raw((b"data: " + json.dumps(event).encode() + b"\n\n",))])
    found = await read(provider, request())
    assert found.error is not None
    assert (found.error.failure, found.error.code) == (FailureClass.MALFORMED, reason.lower())


async def test_words_of_a_refusal_are_told_from_an_answer(wire: Any) -> None:
    for name in ("openai_chat", "openai_responses", "anthropic"):
        provider, _ = wire(name, [GREETING._replace(stop=Stop.REFUSED)])
        end = (await read(provider, request())).end
        assert (end.parts, end.stop) == (GREETING.parts, Stop.REFUSED)


async def test_a_reply_from_another_region_is_refused_before_its_words(wire: Any) -> None:
    stream = b"".join(SPEAKERS["anthropic"].stream(GREETING)).replace(
        b'"cache_read_input_tokens"', b'"inference_geo":"us","cache_read_input_tokens"'
    )
    provider, models = wire("anthropic", [Raw((stream,))], inference_region="eu")
    found = await read(provider, request())
    assert found.error is not None
    assert (found.error.failure, found.error.code) == (FailureClass.FORBIDDEN, "inference_geo")
    assert not any(isinstance(part, WireDelta) for part in found.parts)
    assert models.calls[0].body["inference_geo"] == "eu"


def test_arguments_are_kept_as_the_model_wrote_them(wire: Any) -> None:
    broken = ScriptedReply(
        (ToolCall(id="x", name="clock", arguments=JsonText('{"at": tomorrow')),), stop=Stop.TOOL_CALLS
    )

    async def run() -> None:
        for name in ("openai_chat", "openai_responses"):
            provider, _ = wire(name, [broken])
            call = (await read(provider, ModelRequest(turns=request().turns))).end.parts[0]
            assert isinstance(call, ToolCall)
            assert call.arguments == '{"at": tomorrow'

    anyio.run(run)


def chunks(*bodies: Any) -> Raw:
    return Raw(tuple(b"data: " + json.dumps(body).encode() + b"\n\n" for body in bodies))


async def test_an_error_beside_a_choice_is_an_error(wire: Any) -> None:
    choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
    provider, _ = wire("openai_chat", [chunks({"choices": [choice], "error": {"code": "insufficient_quota"}})])
    found = await read(provider, request())
    assert found.error is not None
    assert found.error.failure is FailureClass.OUT_OF_MONEY


async def test_whole_calls_without_numbers_stay_apart(wire: Any) -> None:
    calls = [
        {"id": f"x{at}", "type": "function", "function": {"name": "clock", "arguments": f'{{"at":{at}}}'}}
        for at in range(2)
    ]
    first = {"choices": [{"index": 0, "delta": {"tool_calls": calls}, "finish_reason": "tool_calls"}]}
    provider, _ = wire("openai_chat", [chunks(first)], dialect={"done_marker": False})
    end = (await read(provider, request())).end
    assert [part.arguments for part in end.parts if isinstance(part, ToolCall)] == ['{"at":0}', '{"at":1}']


@pytest.mark.parametrize("name", sorted(WIRES))
@given(changes=st.lists(st.tuples(st.integers(0, 20_000), st.binary(max_size=3)), min_size=1, max_size=6))
@settings(max_examples=40)
def test_a_stream_with_wrong_bytes_is_a_reply_or_a_named_error(
    name: str, changes: list[tuple[int, bytes]], wire: Any
) -> None:
    data = bytearray(b"".join(SPEAKERS[name].stream(RICH)))
    for at, put in changes:
        begin = at % len(data)
        data[begin : begin + len(put) + 1] = put

    async def run() -> None:
        provider, models = wire(name, [Raw((bytes(data),))])
        found = await read(provider, request())  # anything but a ProviderError passes through it
        assert (found.error is None) == any(isinstance(part, WireEnd) for part in found.parts)
        assert models.open == 0

    anyio.run(run)


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


def spoiled(value: Any, at: list[int], put: Any) -> Any:
    """Return a JSON value with its n-th value replaced; ``at`` counts down to it."""
    at[0] -= 1
    if at[0] == 0:
        return put
    if isinstance(value, dict):
        return {name: spoiled(item, at, put) for name, item in value.items()}
    return [spoiled(item, at, put) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", sorted(WIRES))
@given(event=st.integers(0, 40), at=st.integers(1, 30), put=junk)
@example(event=3, at=3, put=float("inf"))
@example(event=2, at=3, put=float("inf"))
@settings(max_examples=60)
def test_any_value_may_be_of_any_type(name: str, event: int, at: int, put: Any, wire: Any) -> None:
    speaker = SPEAKERS[name]
    events = list(speaker.events(RICH._replace(usage=USED)))
    chosen = event % len(events)
    changed = spoiled(events[chosen], [at], put)
    events[chosen] = changed if isinstance(changed, dict) else {"type": put}
    ended = "\n" if name == "ollama" else "\n\n"
    begun = "" if name == "ollama" else "data: "
    bodies = (one if isinstance(one, str) else json.dumps(one) for one in events)
    stream = "".join(f"{begun}{body}{ended}" for body in bodies).encode()

    async def run() -> None:
        provider, _ = wire(name, [Raw((stream,))])
        found = await read(provider, request())
        assert (found.error is None) == any(isinstance(part, WireEnd) for part in found.parts)

    anyio.run(run)


async def test_words_that_a_provider_splits_over_texts_are_one_text(dialect: str, wire: Any) -> None:
    """Each text is looked into by itself, and readers join them: what is split over two would be found in neither."""
    split = ScriptedReply((Text(text="the card is 4111 1111 "), Text(text="1111 1111 of Asha")), usage=USAGE)
    provider, _ = wire(dialect, [split])
    found = await read(provider, request())
    assert found.end.parts == (Text(text="the card is 4111 1111 1111 1111 of Asha"),)
    assert {part.position for part in found.deltas} == {0}


async def test_calls_without_a_number_and_a_name_are_kept_apart(wire: Any) -> None:
    def chunk(name: str | None, arguments: str) -> bytes:
        call = {"function": {"name": name, "arguments": arguments}}
        return f"data: {json.dumps({'choices': [{'delta': {'tool_calls': [call]}}]})}\n\n".encode()

    end = b'data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]}\n\ndata: [DONE]\n\n'
    pieces = (chunk("pay", '{"to":'), chunk(None, '"ann"}'), chunk("pay", '{"to":"ben"}'), end)
    provider, _ = wire("openai_chat", [Raw(pieces, kind="text/event-stream")])
    found = (await read(provider, request())).end.parts
    assert neutral(found) == [("call_1", "pay", {"to": "ann"}), ("call_2", "pay", {"to": "ben"})]
