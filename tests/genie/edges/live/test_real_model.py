"""Pipelines with a small real model behind an OpenAI-compatible server of this machine, such as llama.cpp's.

Left out by default: the model is 98 MB, and its server is built from source. ``docs/testing.md`` says how to start it.
"""

from __future__ import annotations

import os
from pathlib import Path

import anyio
import pytest

from genie.config.loader import load
from genie.contracts.model_call import ModelDelta, ModelFailed, ModelReply, ModelRequest, Role, Text, Turn
from genie.edges.llm.assistant import AssistantAnswer
from genie.evaluation.running import run_suite
from genie.evaluation.suite import Suite, read_suite
from genie.runtime.runtime import Runtime

BASE = os.environ.get("GENIE_REAL_MODEL", "")
pytestmark = [
    pytest.mark.real_model, pytest.mark.anyio,
    pytest.mark.skipif(
        not BASE, reason="set GENIE_REAL_MODEL to the base URL of a server, such as http://127.0.0.1:8080/v1"
    ),
]  # fmt: skip


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def entry() -> str:
    """Return the entry of the model under ``models:``."""
    return (
        f"{{ wire: openai_chat, base: '{BASE}', http: true, networks: [127.0.0.0/8], model: local, internal: true, "
        "clearance: confidential, window: 2048, max_output: 64, first_token_s: 120, idle_s: 60, "
        "dialect: { max_tokens_field: max_tokens, usage_in_stream: false, parallel_tools: false } }"
    )


async def test_the_assistant_answers_with_a_real_model() -> None:
    pipeline = load("assistant", overrides={"models.desk": entry()})
    async with Runtime.from_pipeline(pipeline) as runtime:
        answer = await runtime.ask(pipeline.input.question(question="What is the capital of France?"), AssistantAnswer)
    assert answer.text.strip()
    assert answer.note == ""  # no scripted model wrote it
    assert answer.usage.output > 0


async def test_a_stream_that_is_left_frees_the_model() -> None:
    pipeline = load("model_proxy", overrides={"models.desk": entry()})
    question = ModelRequest(
        turns=(Turn(role=Role.USER, parts=(Text(text="Count from one to a hundred in words."),)),), max_output=64
    )
    async with Runtime.from_pipeline(pipeline) as runtime:
        async with runtime.stream(question, parts=ModelDelta, end=(ModelReply, ModelFailed), to="desk") as parts:
            async for part in parts:
                assert isinstance(part, ModelDelta)
                break
        with anyio.fail_after(60):
            reply = await runtime.ask(question, (ModelReply, ModelFailed), to="desk")
    assert isinstance(reply, ModelReply)


async def test_a_suite_runs_against_it_and_reports_what_it_finds() -> None:
    suite = read_suite(Path("assistant"))
    variant = suite.section.variants[0].model_copy(update={"id": "real", "set": {"models.desk": entry()}})
    outcome = await run_suite(Suite(suite.path, suite.section.model_copy(update={"variants": (variant,)})))
    assert len(outcome.variants[0].answers) == len(suite.section.questions)
    assert all(one.findings for one in outcome.variants[0].answers)
