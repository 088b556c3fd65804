"""Text in pieces: what an inspector finds never lies across two of them, wherever its sender cut it."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie import Agent, Caller, Classification, Context, Payload, PolicySet, Runtime, agent
from genie.contracts.model_call import ModelDelta, ModelReply, ModelRestarted, Stop, Text, Usage
from genie.errors import RunStalled
from genie.execution.fragments import MOST_HELD, WINDOW, Fragments
from genie.policies.clearance import Clearance
from genie.policies.pii import Pii
from genie.policies.secrets import Secrets
from genie.policy.inspection import Inspectors

CARDS = ("4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111")
INSPECTORS = Inspectors((*Pii().inspectors, *Secrets().inspectors))
FILL = "the quick brown fox jumps over the lazy dog and "


def delta(text: str) -> ModelDelta:
    return ModelDelta(index=0, kind="text", text=text)


def pieces(texts: list[str]) -> list[tuple[str, str]]:
    """Return what leaves, as it is and as somebody reads it who may see no finding."""
    gate = Fragments(INSPECTORS)
    out = [piece for text in texts for piece in gate.take(delta(text), ModelDelta.__fragment__)] + gate.rest()
    shown = []
    for payload, inspection in out:
        text = payload.text
        for finding in sorted(inspection.findings, key=lambda one: -one.start):
            text = text[: finding.start] + "#" + text[finding.end :]
        shown.append((payload.text, text))
    return shown


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("before", [0, 3, 20])
def test_a_card_split_at_every_place_is_in_no_piece(card, before):
    text = f"{FILL * before}pay with card {card} today {FILL * 6}"
    start = text.index(card)
    for at in range(start, start + len(card) + 1):
        out = pieces([text[:at], text[at:]])
        assert "".join(raw for raw, _ in out) == text
        assert not any(set("0123456789") & set(shown) for _, shown in out)


@given(st.lists(st.integers(0, 600), max_size=40), st.integers(0, 12), st.integers(0, 12))
def test_a_card_cut_anywhere_any_number_of_times_is_in_no_piece(cuts, before, after):
    text = f"{FILL * before}my card is {CARDS[1]}, mail asha.rao@example.com now {FILL * after}"
    places = sorted({0, len(text), *(at for at in cuts if at < len(text))})
    out = pieces([text[a:b] for a, b in zip(places, places[1:], strict=False)])
    assert "".join(raw for raw, _ in out) == text
    shown = "".join(shown for _, shown in out)
    assert not set("0123456789@") & set(shown)


def test_plain_words_leave_before_the_end():
    gate = Fragments(INSPECTORS)
    out = [piece for _ in range(20) for piece in gate.take(delta(FILL), ModelDelta.__fragment__)]
    left = sum(len(payload.text) for payload, _ in out)
    assert 20 * len(FILL) - left <= WINDOW + 3 * len(FILL)


def test_what_can_nowhere_be_cut_is_held_within_bounds():
    gate = Fragments(INSPECTORS)
    for _ in range(200):
        assert gate.take(delta("9" * 1024), ModelDelta.__fragment__) == []
        assert sum(len(text.rest) for text in gate._texts.values()) <= MOST_HELD
    assert gate.rest() == []


def test_a_restart_drops_what_was_held_back():
    gate = Fragments(INSPECTORS)
    gate.take(delta("some words"), ModelDelta.__fragment__)
    gate.take(ModelRestarted(), ModelRestarted.__fragment__)
    assert gate.rest() == []


# --- over the bus ---


class Question(Payload, topic="tests.gated_question"):
    texts: tuple[str, ...]
    fails: bool = False


def reply(text: str) -> ModelReply:
    return ModelReply(parts=(Text(text=text),), stop=Stop.ANSWERED, usage=Usage(), model="m")


def streaming() -> Agent:
    @agent("model", risk="low", tier="production", clearance="restricted")
    async def model(question: Question) -> AsyncIterator[ModelDelta | ModelReply]:
        for text in question.texts:
            yield delta(text)
        if question.fails:
            raise ValueError
        yield reply("".join(question.texts))

    return model


def publishing() -> Agent:
    @agent("model", risk="low", tier="production", clearance="restricted", publishes=(ModelDelta,))
    async def model(question: Question, context: Context) -> ModelReply:
        for text in question.texts:
            await context.publish(delta(text))
        if question.fails:
            raise ValueError
        return reply("".join(question.texts))

    return model


SENT = FILL * 8 + "card 4111 1111 1111 1111 " + FILL * 8


@pytest.mark.anyio
@pytest.mark.parametrize("made", [streaming, publishing])
@pytest.mark.parametrize("at", range(SENT.index("4111"), SENT.index("4111") + 19, 3))
async def test_a_caller_of_low_clearance_never_gets_the_number(made, at):
    policies = PolicySet((Clearance(), Pii()))
    caller = Caller(clearance=Classification.INTERNAL)
    async with Runtime([made()], policies=policies, caller=caller) as runtime:
        question = Question(texts=(SENT[:at], SENT[at:]))
        got = [part async for part in runtime.stream(question, parts=ModelDelta, end=ModelReply)]
    text = "".join(part.text for part in got[:-1])
    assert "4111" not in text
    assert "1111" not in text
    assert "[card]" in text
    assert text == got[-1].parts[0].text
    assert len(got) > 2


@pytest.mark.anyio
@pytest.mark.parametrize("made", [streaming, publishing])
async def test_whoever_may_see_everything_gets_the_pieces_as_they_were_sent(made):
    caller = Caller(clearance=Classification.RESTRICTED)
    async with Runtime([made()], policies=PolicySet((Clearance(),)), caller=caller) as runtime:
        texts = ("ca", "rd 4111 11", "11 1111 1111")
        got = [part async for part in runtime.stream(Question(texts=texts), parts=ModelDelta, end=ModelReply)]
    assert [part.text for part in got[:-1]] == list(texts)


@pytest.mark.anyio
@pytest.mark.parametrize("made", [streaming, publishing])
async def test_an_observer_of_low_clearance_never_sees_the_number(made):
    policies = PolicySet((Clearance(), Pii()))
    caller = Caller(clearance=Classification.RESTRICTED)
    async with (
        Runtime([made()], policies=policies, caller=caller) as runtime,
        runtime.observe(ModelDelta, clearance=Classification.INTERNAL) as seen,
    ):
        await runtime.ask(Question(texts=(SENT[:400], SENT[400:])), ModelReply)
        text = ""
        while len(text) < len(SENT) - 13:
            text += (await anext(seen)).payload.text
    assert "1111" not in text
    assert "[card]" in text


@pytest.mark.anyio
@pytest.mark.parametrize("made", [streaming, publishing])
async def test_what_was_held_back_when_a_sender_fails_reaches_nobody(made):
    policies = PolicySet((Clearance(), Pii()))
    caller = Caller(clearance=Classification.INTERNAL)
    async with Runtime([made()], policies=policies, caller=caller) as runtime:
        stream = runtime.stream(Question(texts=("card 4111 1111 11",), fails=True), parts=ModelDelta, end=ModelReply)
        with pytest.raises(RunStalled, match=r"dead_lettered\(ValueError\)"):
            await anext(stream)
