"""A tool loop over Chat Completions and over Responses with the vendor's client."""

from __future__ import annotations

import json
import sys
from typing import Any

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key="x", max_retries=0)
tool = {"name": "rate_of", "description": "A tool.", "parameters": {"type": "object", "properties": {}}}


def chat() -> dict[str, Any]:
    messages = [{"role": "user", "content": "Say hello."}]
    given = {"model": "fake-1", "tools": [{"type": "function", "function": tool}]}
    whole = client.chat.completions.create(messages=messages, **given).choices[0].message
    messages.append(whole.model_dump(exclude_none=True))
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "1"} for call in whole.tool_calls]
    text, usage, stop = "", None, None
    options = {"include_usage": True}
    for chunk in client.chat.completions.create(messages=messages, stream=True, stream_options=options, **given):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            stop = choice.finish_reason or stop
        usage = chunk.usage or usage
    calls = [[call.function.name, json.loads(call.function.arguments)] for call in whole.tool_calls]
    return {"calls": calls, "text": text, "input": usage.prompt_tokens, "output": usage.completion_tokens, "stop": stop}


def responses() -> dict[str, Any]:
    talk = [{"role": "user", "content": "Say hello."}]
    given = {"model": "fake-1", "tools": [{"type": "function", "strict": False, **tool}]}
    whole = client.responses.create(input=talk, **given)
    found = [item for item in whole.output if item.type == "function_call"]
    talk += [item.model_dump(exclude_none=True) for item in found]
    talk += [{"type": "function_call_output", "call_id": item.call_id, "output": "1"} for item in found]
    text, last = "", None
    for event in client.responses.create(input=talk, stream=True, **given):
        if event.type == "response.output_text.delta":
            text += event.delta
        elif event.type == "response.completed":
            last = event.response
    calls = [[item.name, json.loads(item.arguments)] for item in found]
    usage = last.usage
    return {
        "calls": calls, "text": text, "input": usage.input_tokens, "output": usage.output_tokens, "stop": last.status,
    }  # fmt: skip


def refused() -> str | None:
    try:
        client.chat.completions.create(model="refuse", messages=[{"role": "user", "content": "x"}])
    except openai.RateLimitError as error:
        return error.code
    return None


print(json.dumps({"openai_chat": chat(), "openai_responses": responses(), "refused": refused()}))
