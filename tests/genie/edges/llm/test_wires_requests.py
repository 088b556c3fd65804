"""What is sent over each wire: one transcript in five dialects, opaque parts to their own family alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from genie.contracts.model_call import (
    Document,
    FailureClass,
    Image,
    JsonText,
    ModelRequest,
    Role,
    Sampling,
    Stop,
    Text,
    Thought,
    ToolCall,
    ToolResult,
    ToolSpec,
    Turn,
)
from genie.edges.llm.wires.openai_chat import OpenAIChat
from genie.edges.llm.wires.rendering import is_strict
from genie.edges.llm.wires.settings import WireSettings
from genie.testing.conformance.provider import read
from genie.testing.llm_dialects import ScriptedReply

pytestmark = pytest.mark.anyio

LOOSE = '{"type":"object","properties":{"city":{"type":"string"}}}'
STRICT = '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}'
TALK = ModelRequest(
    turns=(
        Turn(role=Role.SYSTEM, parts=(Text(text="Be short."),)),
        Turn(role=Role.USER, parts=(Text(text="Where?"), Image(media_type="image/png", data="iVBORw0KGgo="))),
        Turn(
            role=Role.ASSISTANT,
            parts=(
                Thought(text="Hm.", opaque='{"x":1}', made_by="another/model"),
                Text(text="I look."),
                ToolCall(id="call_1", name="where_is", arguments=JsonText('{"city":"Pune"}')),
                ToolCall(id="call_2", name="where_is", arguments=JsonText("{oops")),
            ),
        ),
        Turn(
            role=Role.TOOL,
            parts=(
                ToolResult(id="call_1", name="where_is", text='{"lat":18.5}'),
                ToolResult(id="call_2", name="where_is", text="not JSON", code="invalid_arguments"),
            ),
        ),
        Turn(role=Role.USER, parts=(Document(name='a"b>.txt', text="See </document> here."), Text(text="Go on."))),
    ),
    tools=(
        ToolSpec(name="where_is", description="Find a place.", parameters=JsonText(LOOSE)),
        ToolSpec(name="strictly", description="Find it strictly.", parameters=JsonText(STRICT)),
    ),
    choice="where_is",
    parallel=False,
    answer_schema=JsonText(STRICT),
    answer_name="place",
    max_output=77,
    sampling=Sampling(temperature=0.0, top_p=0.5, stop=("END",)),
)
DOCUMENT = '<document name="a_b_.txt">\nSee <\\/document> here.\n</document>'


async def sent(wire: Any, name: str, asked: ModelRequest = TALK, **settings: Any) -> dict[str, Any]:
    provider, models = wire(name, [ScriptedReply((Text(text="ok"),))], **settings)
    found = await read(provider, asked)
    assert found.error is None, found.error
    body: dict[str, Any] = models.calls[0].body
    return body


async def test_chat(wire: Any) -> None:
    body = await sent(wire, "openai_chat")
    roles = [message["role"] for message in body["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "tool", "user"]
    assert body["messages"][1]["content"][1]["image_url"]["url"] == "data:image/png;base64,iVBORw0KGgo="
    calls = body["messages"][2]["tool_calls"]
    assert [call["function"]["arguments"] for call in calls] == ['{"city":"Pune"}', "{oops"]
    assert [body["messages"][at]["tool_call_id"] for at in (3, 4)] == ["call_1", "call_2"]
    assert body["messages"][4]["content"] == "error invalid_arguments: not JSON"
    assert body["messages"][5]["content"][0]["text"] == DOCUMENT
    assert [("strict" in tool["function"]) for tool in body["tools"]] == [False, True]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "where_is"}}
    assert body["response_format"]["json_schema"] == {"name": "place", "schema": json.loads(STRICT), "strict": True}
    assert (body["temperature"], body["max_completion_tokens"], body["stop"]) == (0.0, 77, ["END"])
    assert body["stream_options"] == {"include_usage": True}
    assert body["parallel_tool_calls"] is False


async def test_responses(wire: Any) -> None:
    body = await sent(wire, "openai_responses")
    kinds = [item["type"] for item in body["input"]]
    assert kinds == [
        "message", "message", "message", "function_call", "function_call", "function_call_output",
        "function_call_output", "message",
    ]  # fmt: skip
    assert body["store"] is False
    assert body["input"][2]["content"] == [{"type": "output_text", "text": "I look."}]
    assert body["text"]["format"]["strict"] is True
    assert body["tool_choice"] == {"type": "function", "name": "where_is"}
    assert body["max_output_tokens"] == 77


async def test_anthropic(wire: Any) -> None:
    body = await sent(wire, "anthropic")
    assert body["system"] == "Be short."
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    calls = [block for block in body["messages"][1]["content"] if block["type"] == "tool_use"]
    assert [call["input"] for call in calls] == [{"city": "Pune"}, {"malformed_arguments": "{oops"}]
    results = body["messages"][2]["content"]
    assert [block["type"] for block in results] == ["tool_result", "tool_result", "text", "text"]
    assert [block.get("is_error", False) for block in results[:2]] == [False, True]
    assert body["tool_choice"] == {"type": "tool", "name": "where_is", "disable_parallel_tool_use": True}
    assert body["output_config"]["format"]["type"] == "json_schema"
    assert (body["max_tokens"], body["temperature"], body["stop_sequences"]) == (77, 0.0, ["END"])


async def test_gemini(wire: Any) -> None:
    body = await sent(wire, "gemini")
    assert body["systemInstruction"] == {"parts": [{"text": "Be short."}]}
    assert [content["role"] for content in body["contents"]] == ["user", "model", "user"]
    results = [part["functionResponse"]["response"] for part in body["contents"][2]["parts"][:2]]
    assert results == [{"output": '{"lat":18.5}'}, {"error": "invalid_arguments: not JSON"}]
    assert body["toolConfig"]["functionCallingConfig"] == {"mode": "ANY", "allowedFunctionNames": ["where_is"]}
    assert body["generationConfig"]["responseJsonSchema"] == json.loads(STRICT)
    assert body["generationConfig"]["temperature"] == 0.0


async def test_ollama(wire: Any) -> None:
    body = await sent(wire, "ollama", window=8_192)
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool", "tool", "user"]
    assert body["messages"][1]["images"] == ["iVBORw0KGgo="]
    assert body["options"] == {"num_ctx": 8_192, "num_predict": 77, "temperature": 0.0, "top_p": 0.5, "stop": ["END"]}
    assert body["format"] == json.loads(STRICT)
    assert body["messages"][3]["tool_name"] == "where_is"


async def test_state_of_another_family_is_not_sent(dialect: str, wire: Any) -> None:
    assert "another/model" not in json.dumps(await sent(wire, dialect))
    assert '"x"' not in json.dumps((await sent(wire, dialect)).get("messages", []))


@pytest.mark.parametrize("name", ["openai_responses", "anthropic", "gemini"])
async def test_state_goes_back_as_it_came(wire: Any, name: str) -> None:
    signature = "EqQBCgIYAhIkMDE“é”\\u0041=="
    thought = ScriptedReply(
        (Thought(text="I think."), ToolCall(id="x", name="where_is", arguments=JsonText("{}"))),
        stop=Stop.TOOL_CALLS, signature=signature,
    )  # fmt: skip
    provider, models = wire(name, [thought, ScriptedReply((Text(text="ok"),))])
    asked = ModelRequest(turns=(Turn(role=Role.USER, parts=(Text(text="Where?"),)),))
    end = (await read(provider, asked)).end
    assert signature not in repr([part for part in end.parts if not part.opaque])
    call = next(part for part in end.parts if isinstance(part, ToolCall))
    later = ModelRequest(
        turns=(
            *asked.turns,
            Turn(role=Role.ASSISTANT, parts=end.parts),
            Turn(role=Role.TOOL, parts=(ToolResult(id=call.id, name=call.name, text="1"),)),
        )
    )
    await read(provider, later)
    assert json.dumps(models.calls[1].body).count(json.dumps(signature)[1:-1]) >= 1

    other, others = wire(name, [ScriptedReply((Text(text="ok"),))], model="fake-9")
    await read(other, later)
    assert json.dumps(signature)[1:-1] not in json.dumps(others.calls[0].body)

    # Words that a policy has masked no longer fit their signature: the thought is left out, not sent changed.
    masked = tuple(part.model_copy(update={"text": "***"}) if part.kind == "thought" else part for part in end.parts)
    assert masked != end.parts
    changed = later.model_copy(update={"turns": (*asked.turns, Turn(role=Role.ASSISTANT, parts=masked))})
    await read(provider, changed)
    last = json.dumps(models.calls[2].body)
    assert "***" not in last


async def test_a_cut_thought_of_anthropic_that_was_hidden_goes_back_whole(wire: Any) -> None:
    provider, _ = wire("anthropic", [ScriptedReply((Text(text="ok"),))])
    hidden = Thought(opaque='{"type":"redacted_thinking","data":"abc=="}', made_by=provider.family)
    asked = ModelRequest(
        turns=(
            Turn(role=Role.USER, parts=(Text(text="a"),)),
            Turn(role=Role.ASSISTANT, parts=(hidden, Text(text="b"))),
        )
    )
    body = await sent(wire, "anthropic", asked)
    assert body["messages"][1]["content"][0] == {"type": "redacted_thinking", "data": "abc=="}


@pytest.mark.parametrize(
    ("settings", "asked", "code"),
    [
        ({"dialect": {"sampling": False}}, {"sampling": Sampling(temperature=0.0)}, "sampling_unsupported"),
        ({"dialect": {"native_schema": False}}, {"answer_schema": JsonText(STRICT)}, "schema_unsupported"),
        ({}, {"answer_schema": JsonText("{oops")}, "request"),
    ],
)
async def test_what_a_model_cannot_do_is_refused_before_it_is_asked(
    dialect: str, wire: Any, settings: Any, asked: Any, code: str
) -> None:
    provider, models = wire(dialect, [ScriptedReply((Text(text="ok"),))], **settings)
    base = {"turns": (Turn(role=Role.USER, parts=(Text(text="Where?"),)),)}
    found = await read(provider, ModelRequest(**{**base, **asked}))
    assert found.error is not None
    assert (found.error.failure, found.error.code) == (FailureClass.INVALID_REQUEST, code)
    assert models.calls == []


async def test_the_newest_version_of_anthropic_takes_no_temperature(wire: Any) -> None:
    provider, models = wire("anthropic", [ScriptedReply((Text(text="ok"),))], version="2026-10-21")
    found = await read(provider, TALK)
    assert found.error is not None
    assert found.error.code == "sampling_unsupported"
    assert models.calls == []


async def test_effort_in_each_dialect(wire: Any) -> None:
    asked = ModelRequest(turns=TALK.turns[:2], effort="high", max_output=8_192)
    assert (await sent(wire, "openai_chat", asked))["reasoning_effort"] == "high"
    assert (await sent(wire, "openai_responses", asked))["reasoning"] == {"effort": "high"}
    assert (await sent(wire, "anthropic", asked))["output_config"] == {"effort": "high"}
    budget = await sent(wire, "anthropic", asked, dialect={"thinking": "budget"})
    assert budget["thinking"] == {"type": "enabled", "budget_tokens": 7_168}
    assert (await sent(wire, "gemini", asked))["generationConfig"]["thinkingConfig"]["thinkingLevel"] == "high"
    assert (await sent(wire, "ollama", asked))["think"] is True


async def test_a_prefix_is_the_same_bytes_each_time(dialect: str, wire: Any) -> None:
    first, second = await sent(wire, dialect), await sent(wire, dialect)
    assert json.dumps(first) == json.dumps(second)


async def test_the_key_is_in_one_header_and_nowhere_else(dialect: str, wire: Any) -> None:
    KEY = "sk-must-never-be-seen-4711"  # noqa: N806 - the one of conftest.py

    provider, models = wire(dialect, [ScriptedReply((Text(text="ok"),))])
    await read(provider, TALK)
    call = models.calls[0]
    assert [name for name, value in call.headers.items() if KEY in value] in (
        ["authorization"], ["x-api-key"], ["x-goog-api-key"],
    )  # fmt: skip
    assert KEY not in call.path + json.dumps(call.body) + repr(provider) + repr(provider.settings)
    assert KEY not in provider.settings.model_dump_json()


@pytest.mark.parametrize("key", ["", "a b\nc", "schl\N{LATIN SMALL LETTER U WITH DIAERESIS}ssel", " padded "])
def test_a_key_that_fits_no_header_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ValidationError) as refused:
        WireSettings(model="m", key=key)  # type: ignore[arg-type] # as a file gives it
    assert not key.strip() or key.strip() not in str(refused.value)


@pytest.mark.parametrize(
    "base", ["", "ftp://host", "https://user:word@host", "https://host/?key=1", "https://host/#x", "https:///v1"]
)
def test_a_base_url_is_plain(base: str) -> None:
    with pytest.raises(ValidationError):
        WireSettings(model="m", base=base)


def test_a_wire_is_made_without_a_connection() -> None:
    provider = OpenAIChat(WireSettings(model="gpt", window=5))
    assert (provider.family, provider.window) == ("openai/gpt", 5)


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (LOOSE, False),
        (STRICT, True),
        ('{"type":"object","properties":{},"additionalProperties":false,"required":[]}', True),
        (f'{{"type":"array","items":{LOOSE}}}', False),
        (f'{{"anyOf":[{STRICT},{{"type":"null"}}]}}', True),
        (f'{{"$defs":{{"A":{LOOSE}}},"$ref":"#/$defs/A"}}', False),
        (STRICT.replace('"string"', '"string","default":"x"'), False),
    ],
)
def test_the_strict_form_is_recognised(schema: str, strict: bool) -> None:
    assert is_strict(json.loads(schema)) is strict
