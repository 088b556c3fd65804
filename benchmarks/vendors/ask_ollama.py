"""A tool loop over /api/chat with the vendor's client."""

import json
import sys

import ollama

client = ollama.Client(host=sys.argv[1])
tool = {"type": "function", "function": {"name": "rate_of", "description": "A tool.", "parameters": {"type": "object"}}}
messages = [{"role": "user", "content": "Say hello."}]
whole = client.chat(model="fake-1", messages=messages, tools=[tool])
messages.append(whole.message)
messages += [{"role": "tool", "tool_name": call.function.name, "content": "1"} for call in whole.message.tool_calls]
text, last = "", None
for chunk in client.chat(model="fake-1", messages=messages, tools=[tool], stream=True):
    text += chunk.message.content or ""
    last = chunk
try:
    client.chat(model="refuse", messages=messages[:1])
    refused = None
except ollama.ResponseError as error:
    refused = error.status_code
answer = {
    "calls": [[call.function.name, dict(call.function.arguments)] for call in whole.message.tool_calls], "text": text,
    "input": last.prompt_eval_count, "output": last.eval_count, "stop": last.done_reason,
}  # fmt: skip
print(json.dumps({"ollama": answer, "refused": refused}))
