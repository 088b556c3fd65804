"""``models:`` of a pipeline file: agents with cards, every key checked, no key of a provider in any file."""

import logging
from pathlib import Path

import pytest

from genie import Runtime
from genie.config.loader import parse
from genie.config.pipeline import Pipeline
from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.contracts.model_call import ModelDelta, ModelFailed, ModelReply, ModelRequest, Role, Text, Turn
from genie.edges.llm.assistant import AssistantAnswer, AssistantQuestion
from genie.errors import ConfigError, GenieError
from genie.testing import RecordingAudit

HEAD = """\
version: 1
id: t
agents: [assistant]
input: assistant.question
output: assistant.answer
policies: [clearance]
"""
DESK = "models:\n  desk: {wire: scripted, internal: true}\n"
KEY = "sk-planted-4711-abcdefghijklmnop"


class Secret(Payload, topic="tests.model_secret", classification="confidential"):
    text: str


class Told(Payload, topic="tests.model_told", classification="internal"):
    text: str


@agent(
    "revealing", risk="low", tier="production", clearance="confidential", declassifies={Told: "internal"},
    asks={ModelRequest: (ModelReply, ModelFailed, ModelDelta)},
)  # fmt: skip
async def revealing(secret: Secret, context: Context) -> Told:
    """Send what is confidential to a model."""
    turn = Turn(role=Role.USER, parts=(Text(text=secret.text),))
    await context.ask(ModelRequest(turns=(turn,)), ModelReply, to="desk")
    return Told(text="done")


def loaded(models: str, head: str = HEAD, **environ: str) -> Pipeline:
    return parse(head + models, environ=environ)


def problems(models: str, head: str = HEAD, **environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as raised:
        loaded(models, head, **environ)
    return raised.value.problems


def card_of(pipeline: Pipeline, name: str):
    return next(binding.card for binding in pipeline.bindings if binding.card.id == name)


def test_an_entry_becomes_an_agent_with_a_card():
    text = """\
models:
  desk: {wire: anthropic, model: claude-x, key: "${DESK}", region: us, clearance: internal,
         price: {input: "4", output: "20"}, limits: {concurrency: 3}, fallback: [house]}
  house: {wire: scripted, clearance: restricted, internal: true}
"""
    pipeline = loaded(text, DESK=KEY)
    desk, house = card_of(pipeline, "desk"), card_of(pipeline, "house")
    assert (desk.region, desk.clearance, desk.egress, desk.fallback) == ("us", Classification.INTERNAL, True, "house")
    assert (desk.concurrency, house.egress, house.fallback) == (3, False, None)
    assert desk.estimate is not None
    assert KEY not in repr(pipeline)


@pytest.mark.parametrize(
    ("models", "line", "words"),
    [
        ("models:\n  desk: {wire: scripted, hurry: 1}\n", 8, "hurry"),
        ("models:\n  desk: {wire: telepathy}\n", 8, "telepathy"),
        ("models:\n  desk: {internal: true}\n", 8, "wire"),
        (
            "models:\n  desk: {wire: scripted, fallback: [huose]}\n  house: {wire: scripted}\n",
            8,
            "did you mean 'house'",
        ),
        ("models:\n  desk: {wire: scripted, fallback: [desk]}\n", 8, "only one model"),
        ("models:\n  desk:\n    wire: anthropic\n    model: m\n    price: nobody/nothing\n", 11, "no price"),
        ("models:\n  desk: {wire: scripted, window: 100, max_output: 100}\n", 8, "leaves no room"),
        ("models:\n  desk: {wire: scripted, limits: {concurrency: many}}\n", 8, "concurrency"),
        ("models:\n  assistant: {wire: scripted}\n", 8, "has the id"),
    ],
)
def test_what_is_wrong_is_said_at_its_line(models, line, words):
    found = problems(models)
    assert any(f":{line}: " in problem and words in problem for problem in found), found


def test_a_key_in_the_file_is_refused_and_not_shown():
    found = problems(f"models:\n  desk: {{wire: anthropic, model: m, key: {KEY}}}\n")
    assert any(":8: " in problem and "environment" in problem for problem in found)
    assert not any(KEY in problem for problem in found)


def test_a_bad_key_from_the_environment_is_not_shown():
    found = problems('models:\n  desk: {wire: anthropic, model: m, key: "${DESK}"}\n', DESK=f"{KEY}\n two")
    assert not any("planted" in problem for problem in found)


def test_a_model_that_may_not_read_what_reaches_it_is_refused_at_its_line():
    plugins = Plugins.installed()
    plugins = Plugins({**plugins.agents, "revealing": revealing}, plugins.policies, plugins.edges)
    head = HEAD.replace("assistant.question", "tests.model_secret").replace("assistant.answer", "tests.model_told")
    head = head.replace("[assistant]", "[revealing]")
    with pytest.raises(ConfigError) as raised:
        parse(head + "models:\n  desk: {wire: scripted, clearance: internal}\n", environ={}, plugins=plugins)
    assert any(":8: " in problem and "clearance" in problem for problem in raised.value.problems)
    parse(head + "models:\n  desk: {wire: scripted, clearance: confidential}\n", environ={}, plugins=plugins)


PLACED = (
    "policies: [clearance, {residency: {here: in, transfers: [{from: in, to: [eu], up_to: internal, basis: law}]}}]\n"
)
IN = "caller: {region: in, clearance: confidential}\n"


@pytest.mark.parametrize(
    ("region", "caller", "refused"),
    [
        ("in", IN, False),
        ("us", IN, True),
        ("eu", IN, True),
        (None, IN, True),
        ("us", "caller: {clearance: confidential}\n", False),
    ],
)
def test_a_model_in_a_region_that_what_reaches_it_may_not_go_to_is_refused_at_its_line(
    region: str | None, caller: str, refused: bool
):
    """A caller of no region has one only when it calls, so nothing can be said before."""
    plugins = Plugins.installed()
    plugins = Plugins({**plugins.agents, "revealing": revealing}, plugins.policies, plugins.edges)
    head = HEAD.replace("assistant.question", "tests.model_secret").replace("assistant.answer", "tests.model_told")
    head = head.replace("[assistant]", "[revealing]").replace("policies: [clearance]\n", PLACED) + caller
    placed = "" if region is None else f", region: {region}"
    text = f"{head}models:\n  desk: {{wire: scripted, clearance: confidential{placed}}}\n"
    if refused:
        with pytest.raises(ConfigError) as raised:
            parse(text, environ={}, plugins=plugins)
        assert any(":9: " in problem and "residency" in problem for problem in raised.value.problems)
    else:
        parse(text, environ={}, plugins=plugins)
    shadowed = text.replace("residency: {", "residency: {mode: shadow, ")
    parse(shadowed, environ={}, plugins=plugins)


@pytest.mark.anyio
async def test_a_pipeline_with_a_model_runs():
    pipeline = loaded(DESK)
    assert not pipeline.warnings
    async with Runtime.from_pipeline(pipeline) as runtime:
        answer = await runtime.ask(AssistantQuestion(text="hello"), AssistantAnswer)
    assert "hello" in answer.text
    assert "models:" in answer.note


@pytest.mark.anyio
async def test_a_key_is_in_nothing_that_a_run_writes(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    text = (
        f"audit: {{path: {tmp_path}/audit}}\n"
        'models:\n  desk: {wire: openai_chat, model: m, key: "${DESK}", base: "http://127.0.0.1:9/v1", http: true,'
        " networks: [127.0.0.0/8], attempts: 1}\n"
    )
    caplog.set_level(logging.DEBUG)
    audit = RecordingAudit()
    said: list[str] = []
    for debug in (False, True):
        async with Runtime.from_pipeline(loaded(text, DESK=KEY), debug=debug, audit=audit) as runtime:
            try:
                said.append(repr(await runtime.ask(AssistantQuestion(text="hello"), AssistantAnswer)))
            except GenieError as error:
                cause: BaseException | None = error
                while cause is not None:
                    said += [str(cause), repr(cause), repr(vars(cause))]
                    cause = cause.__cause__
            said += [repr(runtime), repr(runtime.cards()), repr(runtime.statistics()), repr(runtime.operations)]
    said += [record.getMessage() + repr(vars(record)) for record in caplog.records]
    said += [repr(vars(audit))] + [path.read_text("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    assert len(said) > 8
    assert not any(KEY in text or KEY[:12] in text for text in said)
