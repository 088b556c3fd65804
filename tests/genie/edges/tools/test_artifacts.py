"""What was cut of a result can be read in its run, piece by piece, and nowhere else."""

from __future__ import annotations

import gc
import hashlib
import json
from typing import Any

import pytest

from genie import Caller, Classification, Payload, PolicySet, Runtime, agent
from genie.contracts.loop_call import LoopAnswer, StopReason, Task
from genie.contracts.message import topic_of
from genie.edges.llm.compaction import compacted
from genie.edges.llm.settings import CompactionSection
from genie.edges.tools import artifacts as module
from genie.edges.tools.artifacts import ArtifactPiece, Artifacts, ArtifactStore
from genie.edges.tools.tool import tool, tools_of
from genie.edges.tools.toolbox import Toolbox
from genie.loops.react import React
from genie.policy.policy import ALLOW
from genie.testing import FunctionPolicy
from tests.genie.tools_for_tests import ask, last_results, model, wants

pytestmark = pytest.mark.anyio
WHOLE = "".join(f"line {number}\n" for number in range(10_000))


@tool("report", effect="read", trusted=True, most_result=1_000)
async def report(name: str) -> str:
    """Return a long text."""
    return f"{name}: {WHOLE}"


def reading(start: int = 0, characters: int = 30) -> Any:
    """A turn of the model that reads on where its last result was cut."""

    def turn(request: Any) -> Any:
        cut = json.loads(last_results(request)[0].text)
        asked = {"sha256": cut["sha256"], "start": start, "characters": characters}
        return wants(("read_artifact", json.dumps(asked)))(request)

    return turn


def looping(artifacts: Artifacts, *tools: Any, **options: Any) -> React:
    every = [one for made in (*tools, artifacts) for one in tools_of(made)]
    return React("loop", model="model", tools=Toolbox(every, artifacts=artifacts), **options)


async def test_a_model_reads_what_was_cut_of_a_result() -> None:
    seen: list[str] = []

    def answer(request: Any) -> str:
        seen.append(last_results(request)[0].text)
        return "done"

    artifacts = Artifacts()
    asked = model(wants(("report", '{"name":"may"}')), reading(50_000), answer)
    found = await ask((asked, looping(artifacts, report), report, artifacts))
    assert (found.stop, [one.code for one in found.calls]) == (StopReason.ANSWERED, ["", ""])
    whole = json.dumps({"value": f"may: {WHOLE}"}, separators=(",", ":"))
    assert json.loads(seen[0]) == {"text": whole[50_000:50_030], "start": 50_000, "of": len(whole)}


@pytest.mark.usefixtures("own_garbage")
async def test_a_result_of_another_run_or_tenant_is_not_found() -> None:
    digest = hashlib.sha256(json.dumps({"value": f"may: {WHOLE}"}, separators=(",", ":")).encode()).hexdigest()
    artifacts = Artifacts()
    steal = wants(("read_artifact", json.dumps({"sha256": digest})))
    asked = model(wants(("report", '{"name":"may"}')), "done", steal, "done", steal, "done")
    async with Runtime((asked, looping(artifacts, report), report, artifacts)) as runtime:
        for codes, tenant in ([""], "one"), (["not_found"], "one"), (["not_found"], "two"):
            found = await runtime.ask(Task(goal="go"), LoopAnswer, to="loop", caller=Caller(user="ann", tenant=tenant))
            assert [one.code for one in found.calls] == codes
        gc.collect()
        assert artifacts.runs == 0  # nothing is kept of a task that is over


def test_a_store_of_artifacts_is_bounded_and_forgets_the_oldest() -> None:
    store = ArtifactStore()
    texts = [f"{number} " + "x" * (module.MOST_KEPT // 4) for number in range(5)]
    for text in texts:
        store.keep(text)
    kept = [store.find(hashlib.sha256(text.encode()).hexdigest()) is not None for text in texts]
    assert kept == [False, False, True, True, True]
    for number in range(module.MOST_RESULTS + 1):
        store.keep(f"{number} " + "y" * module.LEAST)
    assert store.find(hashlib.sha256(texts[-1].encode()).hexdigest()) is None
    store.keep("short")
    assert store.find(hashlib.sha256(b"short").hexdigest()) is None
    store.keep("x" * (module.MOST_KEPT + 1))
    assert store.find(hashlib.sha256(b"x" * (module.MOST_KEPT + 1)).hexdigest()) is None


def test_what_compaction_leaves_out_is_found_by_the_digest_that_it_names() -> None:
    from genie.contracts.model_call import JsonText, ModelRequest, Role, Text, ToolCall, ToolResult, Turn

    text = "a long result " * 100
    store = ArtifactStore()
    store.keep(text)
    turns = [Turn(role=Role.USER, parts=(Text(text="go"),))]
    for number, words in ((1, text), (2, "short")):
        call = ToolCall(id=f"c{number}", name="t", arguments=JsonText(f'{{"n":{number}}}'))
        turns.append(Turn(role=Role.ASSISTANT, parts=(call,)))
        turns.append(Turn(role=Role.TOOL, parts=(ToolResult(id=f"c{number}", name="t", text=words),)))
    turns.append(Turn(role=Role.USER, parts=(Text(text="go on"),)))
    made = compacted(ModelRequest(turns=tuple(turns)), 10_000, CompactionSection(tail_tokens=0, keep_first=0)).request
    (left_out,) = [
        part.text for turn in made.turns for part in turn.parts
        if isinstance(part, ToolResult) and part.text.startswith("(left out")
    ]  # fmt: skip
    assert store.find(left_out.partition(", ")[2][:12]) == text


class Ledger(Payload, topic="tests.secret_ledger", classification="restricted"):
    text: str


class AskLedger(Payload, topic="tests.ask_ledger"):
    pass


async def test_a_piece_is_as_secret_as_the_result_that_it_comes_from() -> None:
    labels: dict[str, Classification] = {}

    def note(message: Any, _sender: Any) -> Any:
        labels[topic_of(message.payload).name] = message.label
        return ALLOW

    @agent("ledger", clearance="restricted")
    async def ledger(question: AskLedger) -> Ledger:
        """Return a long ledger."""
        return Ledger(text=WHOLE)

    artifacts = Artifacts()
    secret = [*tools_of(ledger, effect="read", most_result=1_000), *tools_of(artifacts)]
    box = React("loop", model="model", tools=Toolbox(secret, artifacts=artifacts), clearance="restricted")
    asked = model(wants(("ledger", "{}")), reading(0), "done")
    found = await ask(
        (asked, box, ledger, artifacts), policies=PolicySet((FunctionPolicy(lambda _route: note),)),
        caller=Caller(user="ann", clearance=Classification.RESTRICTED),
    )  # fmt: skip
    assert [one.code for one in found.calls] == ["", ""]
    assert labels[topic_of(ArtifactPiece).name] is Classification.RESTRICTED
