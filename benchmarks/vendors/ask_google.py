"""A tool loop over generateContent with the vendor's client."""

import json
import sys

from google import genai
from google.genai import errors, types

options = types.HttpOptions(base_url=sys.argv[1].removesuffix("/v1beta"), api_version="v1beta")
client = genai.Client(api_key="x", http_options=options)
tool = types.Tool(function_declarations=[types.FunctionDeclaration(name="rate_of", description="A tool.")])
off = types.AutomaticFunctionCallingConfig(disable=True)
config = types.GenerateContentConfig(tools=[tool], automatic_function_calling=off)
contents = [types.Content(role="user", parts=[types.Part(text="Say hello.")])]
whole = client.models.generate_content(model="fake-1", contents=contents, config=config)
contents.append(whole.candidates[0].content)
answers = [types.Part.from_function_response(name=call.name, response={"output": 1}) for call in whole.function_calls]
contents.append(types.Content(role="user", parts=answers))
text, usage, stop = "", None, None
for chunk in client.models.generate_content_stream(model="fake-1", contents=contents, config=config):
    text += chunk.text or ""
    usage = chunk.usage_metadata or usage
    stop = chunk.candidates[0].finish_reason or stop
try:
    client.models.generate_content(model="refuse", contents="x")
    refused = None
except errors.APIError as error:
    refused = error.status
answer = {
    "calls": [[call.name, call.args] for call in whole.function_calls], "text": text,
    "input": usage.prompt_token_count, "output": usage.candidates_token_count, "stop": stop.value,
}  # fmt: skip
print(json.dumps({"gemini": answer, "refused": refused}))
