"""A tool loop over Messages with the vendor's client."""

import json
import sys

import anthropic

client = anthropic.Anthropic(base_url=sys.argv[1].removesuffix("/v1"), api_key="x", max_retries=0)
messages = [{"role": "user", "content": "Say hello."}]
given = {
    "model": "fake-1", "max_tokens": 100,
    "tools": [{"name": "rate_of", "description": "A tool.", "input_schema": {"type": "object", "properties": {}}}],
}  # fmt: skip
whole = client.messages.create(messages=messages, **given)
found = [block for block in whole.content if block.type == "tool_use"]
messages.append({"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in whole.content]})
results = [{"type": "tool_result", "tool_use_id": block.id, "content": "1"} for block in found]
messages.append({"role": "user", "content": results})
with client.messages.stream(messages=messages, **given) as stream:
    text = "".join(stream.text_stream)
    last = stream.get_final_message()
try:
    client.messages.create(model="refuse", max_tokens=5, messages=messages[:1])
    refused = None
except anthropic.APIStatusError as error:
    refused = error.body["error"]["type"]
answer = {
    "calls": [[block.name, block.input] for block in found], "text": text, "input": last.usage.input_tokens,
    "output": last.usage.output_tokens, "stop": last.stop_reason,
}  # fmt: skip
print(json.dumps({"anthropic": answer, "refused": refused}))
