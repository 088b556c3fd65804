"""The vendors' own clients complete a tool loop against the scripted server, and the wires ask a foreign server.

`make bench-models` builds an environment for each of them; without it a test says so and is skipped.
"""

from __future__ import annotations

import json
import os
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.abc
import pytest

from genie.contracts.model_call import Text, ToolCall
from genie.edges.llm.wires.index import WIRES
from genie.testing.conformance.provider import CALLING, GREETING, read, request
from genie.testing.llm_dialects import BASES, SPEAKERS
from genie.testing.llm_server import Refuse, llm_server

if TYPE_CHECKING:
    from genie.testing.llm_server import ModelCall, Step

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ROOT = Path(__file__).parents[4]
BUILT = Path(os.environ.get("GENIE_VENDORS", ROOT / "build" / "models"))
VENDORS = {
    "openai": ("openai", "openai_chat", ("openai_chat", "openai_responses")),
    "anthropic": ("anthropic", "anthropic", ("anthropic",)),
    "google": ("google-genai", "gemini", ("gemini",)),
    "ollama": ("ollama", "ollama", ("ollama",)),
}
REFUSED = {
    "openai": "rate_limit_exceeded", "anthropic": "rate_limit_exceeded", "google": "RATE_LIMIT_EXCEEDED", "ollama": 429,
}  # fmt: skip
STOPS = {"stop", "completed", "end_turn", "STOP"}


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Run once: what is tested is another process."""
    backend: str = request.param
    return backend


def script(call: ModelCall) -> Step:
    if "refuse" in (call.body.get("model"), call.path.split("/")[-1].partition(":")[0]):
        return Refuse(429, json.dumps(SPEAKERS[call.dialect].error("rate_limit_exceeded", 429)).encode())
    results = ('"tool"', "tool_result", "functionResponse", "call_output")
    answered = any(word in json.dumps(call.body) for word in results)
    return GREETING if answered else CALLING


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_vendors_client_understands_the_server(vendor: str) -> None:
    package, first, dialects = VENDORS[vendor]
    python = BUILT / package / "bin" / "python"
    if not python.exists():
        pytest.skip(f"no environment with {package}; `make bench-models` builds it")

    async with llm_server(script) as models:
        command = [str(python), str(ROOT / "benchmarks" / "vendors" / f"ask_{vendor}.py"), models.base(first)]
        with anyio.fail_after(120):
            ran = await anyio.run_process(command, check=False)
    assert ran.returncode == 0, ran.stderr.decode()[-2_000:]
    found: dict[str, Any] = json.loads(ran.stdout)
    wanted = [[part.name, json.loads(part.arguments)] for part in CALLING.parts if isinstance(part, ToolCall)]
    said = GREETING.parts[0]
    assert isinstance(said, Text)
    for dialect in dialects:
        got = found[dialect]
        assert (got["calls"], got["text"]) == (wanted, said.text)
        assert (got["input"], got["output"]) == (12, 7)
        assert got["stop"] in STOPS
    assert found["refused"] == REFUSED[vendor]


FOREIGN = BUILT / "aimock" / "node_modules" / ".bin" / "aimock"
FIXTURES = {
    "fixtures": [
        {
            "match": {"userMessage": "the rate"},
            "response": {
                "toolCalls": [
                    {"name": "rate_of", "arguments": {"pair": "EURINR"}}, {"name": "clock", "arguments": {}},
                ]
            },
        },
        {"match": {"userMessage": "hello"}, "response": {"content": "Grüße, and enough words for several pieces."}},
    ]
}  # fmt: skip


@pytest.mark.parametrize("dialect", sorted(SPEAKERS))
async def test_a_wire_understands_a_foreign_server(dialect: str, tmp_path: Path) -> None:
    if not FOREIGN.exists():
        pytest.skip("aimock is not installed; `make bench-models` does it where there is npm")
    (tmp_path / "said.json").write_text(json.dumps(FIXTURES))
    command = [str(FOREIGN.with_name("llmock")), "-p", "0", "-f", str(tmp_path), "--chunk-size", "5"]
    async with await anyio.open_process(command) as server:
        try:
            with anyio.fail_after(60):
                base = await listening(server)
            module, _, cls = WIRES[dialect].partition(":")
            made = getattr(import_module(module), cls)
            settings = made.Settings(model="any", base=base + BASES[dialect], http=True, networks=("127.0.0.0/8",))
            provider = made(settings)
            spoken = (await read(provider, request(text="say hello"))).end
            called = (await read(provider, request(text="the rate please"))).end
            await provider.close()
        finally:
            server.terminate()
    words = [part.text for part in spoken.parts if isinstance(part, Text)]
    assert words == ["Grüße, and enough words for several pieces."]
    calls = [(part.name, json.loads(part.arguments)) for part in called.parts if isinstance(part, ToolCall)]
    assert calls == [("rate_of", {"pair": "EURINR"}), ("clock", {})]


async def listening(server: anyio.abc.Process) -> str:
    """Return the address that the server says it listens on."""
    assert server.stdout is not None
    said = ""
    while (found := re.search(r"http://127\.0\.0\.1:[0-9]+(?=\s)", said)) is None:
        said += (await server.stdout.receive()).decode()
    return found[0]
