"""A model writes the report on what compaction leaves out; without its answer the report is made by rules."""

from __future__ import annotations

from typing import Any

import pytest

from genie import Admission, Budget, Caller, Classification, Context, Payload, PolicySet, Runtime, agent
from genie.config.loader import load
from genie.contracts.model_call import (
    Document,
    FailureClass,
    ModelFailed,
    ModelReply,
    ModelRequest,
    Role,
    Stop,
    Text,
    Trust,
    Turn,
)
from genie.edges.llm.compaction import HEADING
from genie.errors import ConfigError
from genie.policies.clearance import Clearance
from genie.policies.pii import Pii
from genie.testing import denying
from genie.testing.providers import Rule, fails, says
from tests.genie.edges.llm.models_for_tests import model

pytestmark = pytest.mark.anyio
CARD = "4111 1111 1111 1111"
SUMMARY = "They planned a trip to Pune and agreed on May."


def long_talk(turns: int = 20, label: Classification = Classification.PUBLIC, words: str = "word " * 80) -> Any:
    return ModelRequest(
        turns=tuple(
            Turn(role=Role.USER, parts=(Text(text=f"{at} {words}"),), label=label if at == 5 else Classification.PUBLIC)
            for at in range(turns)
        ),
        max_output=200,
    )


def pair(*rules: Rule, **house: Any) -> tuple[Any, Any]:
    summary = {"model": "house", "max_output": 300, "within_s": 5}
    desk = model(window=1_000, max_output=200, compaction={"summary": summary, "tail_tokens": 200})
    return desk, model(*(rules or (Rule("", SUMMARY),)), id="house", **house)


def report_of(desk: Any) -> Turn:
    (turn,) = [turn for turn in desk.provider.requests[-1].turns if turn.source == "compaction"]
    return turn


def words_of(turn: Turn) -> str:
    (part,) = turn.parts
    assert isinstance(part, Text)
    return part.text


async def test_another_model_sums_up_what_is_left_out() -> None:
    desk, house = pair()
    async with Runtime([desk, house]) as runtime:
        await runtime.ask(long_talk(label=Classification.CONFIDENTIAL), ModelReply, to="desk")
    report, asked = report_of(desk), house.provider.requests[0]
    assert words_of(report) == f"{HEADING}\n{SUMMARY}"
    assert (report.trust, report.label) == (Trust.UNTRUSTED, Classification.CONFIDENTIAL)
    assert asked.turns[-1].label is Classification.CONFIDENTIAL
    assert (asked.max_output, asked.purpose) == (300, "compaction")
    (document,) = asked.turns[-1].parts
    assert isinstance(document, Document)
    assert "user: 5 word" in document.text


@pytest.mark.parametrize(
    "answer",
    [
        fails(FailureClass.OVERLOADED), fails(FailureClass.OUT_OF_MONEY), says("cut of", stop=Stop.LENGTH),
        says("no", stop=Stop.REFUSED), "  ", (9.0,),
    ],
    ids=["overloaded", "no money", "cut off", "refused", "empty", "silent"],
)  # fmt: skip
async def test_without_a_summary_the_report_is_made_by_rules(answer: Any) -> None:
    desk, house = pair(Rule("", answer), attempts=1, first_token_s=30)
    async with Runtime([desk, house]) as runtime:
        reply = await runtime.ask(long_talk(), ModelReply, to="desk")
    assert reply.stop is Stop.ANSWERED
    assert "- asked: " in words_of(report_of(desk))
    assert house.provider.calls == 1


async def test_a_summary_that_is_denied_or_not_budgeted_is_not_written() -> None:
    for options in (
        {"policies": denying("house", ModelRequest)},
        {"admission": Admission(budgets=(Budget(id="run", tokens=2_300),))},
    ):
        desk, house = pair()
        async with Runtime([desk, house], caller=Caller(user="ann"), **options) as runtime:
            await runtime.ask(long_talk(), ModelReply, to="desk")
        assert "- asked: " in words_of(report_of(desk))
        assert house.provider.calls == 0


async def test_the_transcript_is_judged_for_the_model_that_sums_it_up() -> None:
    desk, house = pair(clearance="internal", internal=False)
    caller = Caller(user="ann", clearance=Classification.RESTRICTED)
    async with Runtime([desk, house], policies=PolicySet((Clearance(), Pii())), caller=caller) as runtime:
        await runtime.ask(long_talk(words=f"my card is {CARD} " + "word " * 70), ModelReply, to="desk")
    assert CARD in desk.provider.requests[-1].model_dump_json()
    seen = house.provider.requests[0].model_dump_json()
    assert CARD not in seen
    assert "[card]" in seen


class Talk(Payload, topic="tests.talk"):
    lengths: tuple[int, ...]


class Talked(Payload, topic="tests.talked"):
    pass


@agent("talker", asks={ModelRequest: (ModelReply, ModelFailed)})
async def talker(talk: Talk, context: Context) -> Talked:
    for turns in talk.lengths:
        await context.ask(long_talk(turns), (ModelReply, ModelFailed), to="desk")
    return Talked()


async def test_a_summary_is_used_again_in_its_run_until_much_more_is_left_out() -> None:
    desk, house = pair()
    async with Runtime([desk, house, talker]) as runtime:
        await runtime.ask(Talk(lengths=(20, 20, 22)), Talked)
        assert house.provider.calls == 1
        assert words_of(report_of(desk)).startswith(f"{HEADING}\n{SUMMARY}\n- asked: ")
        await runtime.ask(Talk(lengths=(20,)), Talked)  # another run knows nothing of it
        assert house.provider.calls == 2
        await runtime.ask(Talk(lengths=(20, 40)), Talked)
        assert house.provider.calls == 4


async def test_a_summary_of_other_words_is_not_used() -> None:
    desk, house = pair()

    @agent("fickle", asks={ModelRequest: (ModelReply, ModelFailed)})
    async def fickle(talk: Talk, context: Context) -> Talked:
        for words in ("word " * 80, "other " * 80):
            await context.ask(long_talk(words=words), (ModelReply, ModelFailed), to="desk")
        return Talked()

    async with Runtime([desk, house, fickle]) as runtime:
        await runtime.ask(Talk(lengths=()), Talked)
    assert house.provider.calls == 2


FILE = """
version: 1
id: summed
agents: [assistant]
models:
  desk: {{wire: scripted, internal: true, compaction: {{summary: {{model: {writer}}}}}}}
  house: {{wire: scripted, internal: true{more}}}
input: assistant.question
output: assistant.answer
"""


@pytest.mark.parametrize(
    ("writer", "more"), [("hause", ""), ("desk", ""), ("house", ", compaction: {summary: {model: desk}}")]
)
def test_a_summary_is_written_by_another_model_of_the_file(tmp_path: Any, writer: str, more: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(FILE.format(writer=writer, more=more))
    with pytest.raises(ConfigError, match="summary"):
        load(path)
    path.write_text(FILE.format(writer="house", more=""))
    load(path)
