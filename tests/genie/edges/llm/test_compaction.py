"""Compaction: whatever the transcript and the limit, the result fits, is a transcript, and keeps what it must keep."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.contracts.classification import Classification
from genie.contracts.json_text import JsonText
from genie.contracts.model_call import (
    FailureClass,
    ModelFailed,
    ModelReply,
    ModelRequest,
    Role,
    Text,
    Thought,
    ToolCall,
    ToolResult,
    ToolSpec,
    Trust,
    Turn,
)
from genie.edges.llm.binding import provider_class
from genie.edges.llm.compaction import CompactionError, Written, compacted
from genie.edges.llm.settings import CompactionSection
from genie.edges.llm.tokens import estimate
from genie.edges.llm.transcript import for_family
from genie.edges.llm.wires.index import WIRES
from genie.runtime.runtime import Runtime
from tests.genie.edges.llm.models_for_tests import model, text_of

OPTIONS = CompactionSection(tail_tokens=300)
LABELS = st.sampled_from(tuple(Classification))
WORDS = st.integers(1, 400).map(lambda count: "word " * count)


@st.composite
def transcripts(draw) -> ModelRequest:
    turns = [Turn(role=Role.SYSTEM, parts=(Text(text="be brief"),))]
    number = 0
    for at in range(draw(st.integers(1, 14))):
        turns.append(
            Turn(
                role=Role.USER, parts=(Text(text=f"user {at} {draw(WORDS)}"),), label=draw(LABELS),
                trust=draw(st.sampled_from(tuple(Trust))), pinned=draw(st.integers(0, 9)) == 0,
            )
        )  # fmt: skip
        calls, results = [], []
        for _ in range(draw(st.integers(0, 3))):
            number += 1
            name = draw(st.sampled_from(("look", "add")))
            arguments = JsonText(json.dumps({"for": draw(st.integers(0, 2))}))
            calls.append(ToolCall(id=f"c{number}", name=name, arguments=arguments))
            results.append(ToolResult(id=f"c{number}", name=name, text=f"result {draw(WORDS)}"))
        turns.append(Turn(role=Role.ASSISTANT, parts=(Text(text=f"answer {at}"), *calls), label=draw(LABELS)))
        turns += [Turn(role=Role.TOOL, parts=(result,), label=draw(LABELS)) for result in results]
    tools = (ToolSpec(name="look", description="looks", parameters=JsonText("{}")),)
    return ModelRequest(turns=tuple(turns), tools=tools)


def calls_of(request: ModelRequest) -> list[str]:
    return [part.id for turn in request.turns for part in turn.parts if isinstance(part, ToolCall)]


def results_of(request: ModelRequest) -> list[str]:
    return [part.id for turn in request.turns for part in turn.parts if isinstance(part, ToolResult)]


WRITTEN = st.none() | st.builds(Written, st.integers(0, 20), WORDS)


@given(transcripts(), st.integers(200, 6_000), WRITTEN)
def test_the_result_fits_and_is_a_transcript(request_, limit, written):
    try:
        made = compacted(request_, limit, OPTIONS, written).request
    except CompactionError:
        return
    assert estimate(made) <= limit
    assert made == compacted(request_, limit, OPTIONS, written).request  # equal bytes
    assert calls_of(made) == results_of(made)  # each call with its result, in the order of both
    spoken = [turn for turn in made.turns if turn.role is not Role.SYSTEM]
    assert spoken[0].role is Role.USER
    # what must stay: system, goal, the last words of the user, pinned turns
    users = [turn for turn in request_.turns if turn.role is Role.USER]
    for turn in (request_.turns[0], users[0], users[-1], *(one for one in request_.turns if one.pinned)):
        assert turn in made.turns
    assert made.tools == request_.tools


@given(transcripts(), st.integers(200, 6_000), WRITTEN)
def test_no_label_and_no_distrust_is_lost(request_, limit, written):
    try:
        result = compacted(request_, limit, OPTIONS, written)
    except CompactionError:
        return
    kept = set(result.request.turns)
    report = next((turn for turn in result.request.turns if turn.source == "compaction"), None)
    if report is None:
        return
    assert len(result.replaced) > 0
    assert report.label == max(turn.label for turn in result.reported)
    trusted = all(turn.trust is Trust.TRUSTED for turn in result.reported)
    assert report.trust is Trust.UNTRUSTED or trusted
    gone = [turn for turn in request_.turns if turn not in kept and turn.role in {Role.USER, Role.ASSISTANT}]
    texts = [part.text for turn in gone for part in turn.parts if isinstance(part, Text)]
    if texts:
        assert report.label >= min(turn.label for turn in gone)
    assert max(turn.label for turn in result.request.turns) >= report.label


@pytest.mark.parametrize("wire", sorted(WIRES))
@settings(max_examples=20)
@given(request_=transcripts(), limit=st.integers(400, 6_000))
def test_every_wire_takes_the_result(wire, request_, limit):
    try:
        made = compacted(request_, limit, OPTIONS).request
    except CompactionError:
        return
    kind = provider_class(wire)
    body = json.dumps(kind(kind.Settings(model="m")).body(made))
    assert "be brief" in body


def test_an_open_call_stays():
    call = ToolCall(id="c1", name="look", arguments=JsonText("{}"))
    turns = [Turn(role=Role.USER, parts=(Text(text="word " * 200),)) for _ in range(8)]
    turns.insert(4, Turn(role=Role.ASSISTANT, parts=(call,)))
    made = compacted(ModelRequest(turns=tuple(turns)), 1_000, OPTIONS).request
    assert calls_of(made) == ["c1"]


def test_results_without_a_call_are_left_out():
    stray = Turn(role=Role.TOOL, parts=(ToolResult(id="c9", name="look", text="x"),))
    user = Turn(role=Role.USER, parts=(Text(text="hi"),))
    assert compacted(ModelRequest(turns=(user, stray)), 500, OPTIONS).request.turns == (user,)


def test_a_repeated_call_is_kept_once_and_old_results_become_references():
    turns = [Turn(role=Role.USER, parts=(Text(text="goal"),)), Turn(role=Role.USER, parts=(Text(text="more"),))]
    for number in range(4):
        call = ToolCall(id=f"c{number}", name="look", arguments=JsonText("{}"))
        turns.append(Turn(role=Role.ASSISTANT, parts=(call,)))
        turns.append(Turn(role=Role.TOOL, parts=(ToolResult(id=f"c{number}", name="look", text="line\n" * 200),)))
    turns.append(Turn(role=Role.USER, parts=(Text(text="word " * 290),)))
    made = compacted(ModelRequest(turns=tuple(turns)), 2_000, OPTIONS).request
    assert calls_of(made) == ["c3"]
    (result,) = [part for turn in made.turns for part in turn.parts if isinstance(part, ToolResult)]
    assert "left out: 1000 characters" in result.text


def test_a_masked_thought_is_dropped_and_a_whole_one_goes_back():
    whole = Thought(text="hm", opaque="{}", made_by="a/b")
    masked = Thought(text="the [card] of", opaque="{}", made_by="a/b")
    turn = Turn(role=Role.ASSISTANT, parts=(whole, masked, Text(text="well")))
    asked = ModelRequest(turns=(Turn(role=Role.USER, parts=(Text(text="hi"),)), turn))
    assert for_family(asked, "a/b").turns[1].parts == (whole, Text(text="well"))
    assert for_family(asked, "c/d").turns[1].parts == (Text(text="well"),)


@given(transcripts())
def test_a_longer_conversation_has_the_shorter_one_as_its_prefix(request_):
    family = "a/b"
    longer = request_.model_copy(
        update={"turns": (*request_.turns, Turn(role=Role.USER, parts=(Text(text="and now"),)))}
    )
    short, long = for_family(request_, family), for_family(longer, family)
    assert long.turns[: len(short.turns)] == short.turns
    assert long.tools == short.tools


@pytest.mark.anyio
async def test_a_model_gets_what_fits_its_window():
    desk = model(window=1_000, max_output=200)
    turns = tuple(Turn(role=Role.USER, parts=(Text(text=f"{at} " + "word " * 80),)) for at in range(20))
    async with Runtime([desk]) as runtime:
        reply = await runtime.ask(ModelRequest(turns=turns, max_output=200), ModelReply, to="desk")
        failed = await runtime.ask(
            ModelRequest(turns=(Turn(role=Role.USER, parts=(Text(text="word " * 5_000),)),)), ModelFailed, to="desk"
        )
    assert text_of(reply) == "the answer"
    assert estimate(desk.provider.requests[0]) < 800
    assert failed.failure is FailureClass.CONTEXT_TOO_LONG
    assert desk.provider.calls == 1
