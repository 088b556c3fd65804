"""Clients that speak OpenAI's Responses: the same calls in their dialect, with events that fit together."""

from __future__ import annotations

from typing import Any

import pytest

from genie.contracts.model_call import Stop, Text, Thought, ToolCall, Usage
from genie.contracts.ports.provider import WireDelta, WireEnd
from genie.testing.providers import Rule, calls, says
from tests.genie.server.proxy.proxy_for_tests import Answer, desk, models, stuck

pytestmark = pytest.mark.anyio
RESPONSES = "/v1/responses"
USED = Usage(input=1_000_000, output=3, cache_read=10, reasoning=2)
SEAL = '{"sealed":1}'
PARTS = (
    Thought(text="let me see", opaque=SEAL, made_by="scripted/scripted"),
    Text(text="I look it up."),
    ToolCall(id="call_1", name="add", arguments='{"a":1}'),
)
SCRIPT = (
    WireDelta(0, "thought", "let me "), WireDelta(0, "thought", "see"), WireDelta(1, "text", "I look "),
    WireDelta(1, "text", "it up."), WireDelta(2, "call", '{"a":1}'), WireEnd(PARTS, Stop.TOOL_CALLS, USED, "scripted"),
)  # fmt: skip
TOOL = {"type": "function", "name": "add", "description": "Add.", "parameters": {"type": "object", "properties": {}}}


def asked(given: Any = "what is a bus?", **more: Any) -> dict[str, Any]:
    return {"model": "desk", "input": given, **more}


def law(answer: Answer) -> dict[str, Any]:
    """Return the whole response of a stream, whose events follow each other as a client builds on it."""
    events = answer.events
    assert [one["sequence_number"] for one in events] == list(range(len(events)))
    assert [one["type"] for one in events[:2]] == ["response.created", "response.in_progress"]
    items: dict[int, dict[str, Any]] = {}
    words: dict[int, str] = {}
    for one in events[2:-1]:
        at, name = one["output_index"], one["type"]
        if name == "response.output_item.added":
            assert at == len(items)
            items[at], words[at] = one["item"], ""
        elif name.endswith(".delta"):
            assert one["item_id"] == items[at]["id"]
            words[at] += one["delta"]
        elif name in {"response.output_text.done", "response.reasoning_summary_text.done"}:
            assert one["text"] == words[at]
        elif name == "response.output_item.done":
            items[at] = one["item"]
    response: dict[str, Any] = events[-1]["response"]
    assert response["output"] == list(items.values())
    assert events[-1]["type"] == f"response.{response['status']}"
    return response


async def test_a_whole_reply_has_the_shape_of_the_dialect() -> None:
    async with desk(models(Rule("", says("a bus", usage=USED)))) as at:
        found = (await at.post(RESPONSES, at.key(), asked(instructions="Be short."))).json
        assert (found["object"], found["status"], found["store"]) == ("response", "completed", False)
        (item,) = found["output"]
        assert (item["role"], item["content"][0]["text"]) == ("assistant", "a bus")
        assert found["usage"] == {
            "input_tokens": 1_000_000, "input_tokens_details": {"cached_tokens": 10}, "output_tokens": 3,
            "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 1_000_003,
        }  # fmt: skip
        provider: Any = at.proxy.models["desk"].provider
        assert [turn.role for turn in provider.requests[-1].turns] == ["system", "user"]


async def test_a_stream_is_built_of_items_that_fit_its_end() -> None:
    async with desk(models(Rule("", SCRIPT))) as at:
        found = await at.post(RESPONSES, at.key(), asked(stream=True, tools=[TOOL]))
        assert found.headers["content-type"].startswith("text/event-stream")
        thought, message, call = law(found)["output"]
        assert thought["summary"] == [{"type": "summary_text", "text": "let me see"}]
        assert thought["encrypted_content"]
        assert message["content"][0]["text"] == "I look it up."
        assert (call["call_id"], call["name"], call["arguments"]) == ("call_1", "add", '{"a":1}')


@pytest.mark.parametrize("stream", [False, True])
async def test_items_go_back_as_they_came(stream: bool) -> None:
    script = (Rule(lambda request: request.turns[-1].role == "tool", "the sum is 3"), Rule("", SCRIPT))
    async with desk(models(*script)) as at:
        key = at.key()
        talk: list[Any] = [{"role": "user", "content": [{"type": "input_text", "text": "add"}]}]
        first = await at.post(RESPONSES, key, asked(talk, stream=stream, tools=[TOOL]))
        talk += law(first)["output"] if stream else first.json["output"]
        talk.append({"type": "function_call_output", "call_id": "call_1", "output": "3"})
        second = await at.post(RESPONSES, key, asked(talk, tools=[TOOL]))
        assert second.json["output"][0]["content"][0]["text"] == "the sum is 3"
        provider: Any = at.proxy.models["desk"].provider
        user, assistant, results = provider.requests[-1].turns
        assert (user.role, assistant.parts, results.role) == ("user", PARTS, "tool")
        assert [(one.id, one.name, one.text) for one in results.parts] == [("call_1", "add", "3")]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"previous_response_id": "resp_1"}, "unsupported"),
        ({"conversation": "c"}, "unsupported"),
        ({"background": True}, "unsupported"),
        ({"truncation": "auto"}, "unsupported"),
        ({"tools": [{"type": "web_search"}]}, "invalid"),
        ({"input": []}, "invalid"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "invalid"),
        ({"input": [{"role": "user", "content": [
            {"type": "input_image", "image_url": "http://169.254.169.254/x"}]}]}, "unsupported"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]}, "unsupported"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "invalid"),
        ({"max_output_tokens": 0}, "invalid"),
        ({"model": "nobody"}, "model_not_found"),
    ],
)  # fmt: skip
async def test_what_is_not_done_is_refused_by_name_before_it_costs(more: dict[str, Any], code: str) -> None:
    async with desk(models(Rule("", "never"))) as at:
        found = await at.post(RESPONSES, at.key(), {**asked(), **more})
        assert (found.headers["x-genie-code"], found.json["error"]["code"]) == (code, f"genie_{code}")
        assert not at.proxy.spend.all()


async def test_a_reply_beyond_its_bound_is_cut_by_an_error_that_clients_raise() -> None:
    async with desk(stuck(1_000)) as at:
        found = await at.post(RESPONSES, at.key(budget={"tokens": 200}), asked(stream=True))
        last = found.events[-1]
        assert (last["type"], last["code"], last["error"]["code"]) == (
            "error", "genie_budget_exceeded", "genie_budget_exceeded",
        )  # fmt: skip
        assert [one["sequence_number"] for one in found.events] == list(range(len(found.events)))


async def test_a_stop_at_the_limit_is_incomplete() -> None:
    async with desk(models(Rule("", says("a bus", stop=Stop.LENGTH)))) as at:
        response = law(await at.post(RESPONSES, at.key(), asked(stream=True)))
        assert (response["status"], response["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})


async def test_a_schema_and_a_picture_reach_the_model() -> None:
    async with desk(models(Rule("", '{"a": 1}'))) as at:
        picture = {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}
        form = {"type": "json_schema", "name": "answer_of", "schema": {"type": "object"}, "strict": True}
        talk = [{"role": "user", "content": [picture, {"type": "input_text", "text": "what is it?"}]}]
        assert (await at.post(RESPONSES, at.key(), asked(talk, text={"format": form}))).status == 200
        provider: Any = at.proxy.models["desk"].provider
        request = provider.requests[-1]
        assert [part.kind for part in request.turns[0].parts] == ["image", "text"]
        assert (request.answer_name, request.answer_schema) == ("answer_of", '{"type":"object"}')


async def test_tokens_are_counted_without_a_call() -> None:
    async with desk(models(Rule("", calls(("add", "{}"))))) as at:
        found = await at.post(f"{RESPONSES}/input_tokens", at.key(), asked())
        assert (found.json["object"], found.json["input_tokens"] > 0) == ("response.input_tokens", True)
        assert not at.proxy.spend.all()
