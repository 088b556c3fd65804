"""Unknown is never better than known-bad: an agent that is told less never answers with a more favourable verdict.

Every agent whose answer has an order in ``genie_finance.contracts.verdicts`` is tested with every field of its inputs
removed, garbled or misspelt. Inputs: the shipped samples as the pipelines bring them, ``examples``, and one that is
made from the payload's schema, so that a new agent is tested from its first day.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Final

import anyio
import pytest

from genie.contracts.agent import Binding
from genie_finance.contracts.verdicts import CLEARS, NO_VERDICT, ORDERS, improved, unmade
from genie_finance.index import AGENTS
from tests.properties.allowances import MEANT, OPEN
from tests.properties.examples import EXAMPLES
from tests.properties.made import made
from tests.properties.recording import Base, recorded
from tests.properties.tampering import garbled, probed, tampered

if TYPE_CHECKING:
    from genie.contracts.agent import Agent
    from genie.contracts.message import Payload

PIPELINES: Final = ("claim", "investing", "invoice_to_cash", "kyc", "payment", "sme_loan", "tax_year", "treasury")
LARGE: Final = 50_000
"""Characters of a sample beyond which smaller ones stand for it."""


def agent_of(agent_id: str) -> Agent:
    module, _, attribute = AGENTS[agent_id].partition(":")
    found: Agent | type[Agent] = getattr(importlib.import_module(module), attribute)
    return found() if isinstance(found, type) else found


JUDGES: Final = tuple(
    agent_id for agent_id in AGENTS if any(kind in ORDERS for kind in agent_of(agent_id).card.produces)
)


@cache
def samples() -> tuple[Base, ...]:
    return tuple(base for name in PIPELINES for base in recorded(name))


@cache
def bases(agent_id: str) -> tuple[Base, ...]:
    agent = agent_of(agent_id)
    settings = None if agent.card.settings is None else agent.card.settings()
    binding = next((one.binding for one in samples() if one.binding.card.id == agent_id), None)
    own = binding or Binding(agent=agent, card=agent.card, settings=settings)
    kinds = agent.card.consumes
    small = [one for one in samples() if type(one.payload) in kinds and len(one.payload.model_dump_json()) < LARGE]
    found = [Base(own, one.payload, one.answers) for one in small]
    found += [Base(own, kind.model_validate(one)) for kind in kinds for one in EXAMPLES.get(kind, ())]
    found += [Base(own, one) for kind in kinds if (one := made(kind)) is not None]
    return tuple({one.payload.model_dump_json(): one for one in found}.values())


class Found:
    """What became better with less, by the field that was tampered with, and what was cleared unchecked."""

    def __init__(self) -> None:
        self.better: dict[str, list[str]] = {}
        self.unchecked: list[str] = []
        self.answers = 0
        self.refused = 0
        """Payloads that lack a field and are not read: then there is no verdict that could be better."""

    def look(self, before: Payload | None, after: Payload | None, path: str, how: str) -> None:
        if after is None:
            return
        self.answers += 1
        self.unchecked += [f"{path} {how}: {one}" for one in unmade(after)]
        scales = () if before is None else improved(before, after)
        if scales:
            self.better.setdefault(path, []).append(f"{how}: {', '.join(scales)}")


async def _less(agent_id: str) -> Found:
    found = Found()
    for base in bases(agent_id):
        before = await base.answer(base.payload)
        for one in tampered(base.payload):
            if before is None:
                continue
            if one.payload is None:
                found.refused += 1
            else:
                found.look(before, await base.answer(one.payload), one.path, one.how)
    return found


async def _otherwise(agent_id: str) -> Found:
    found = Found()
    for base in bases(agent_id):
        before = await base.answer(base.payload)
        for one in garbled(base.payload) if before is not None else ():
            found.look(before, None if one.payload is None else await base.answer(one.payload), one.path, one.how)
    return found


async def _bad(agent_id: str) -> Found:
    found = Found()
    for base in bases(agent_id):
        for others, without in probed(base.payload):
            less = [(one, await base.answer(one.payload)) for one in without if one.payload is not None]
            for other in others:
                before = None if other.payload is None else await base.answer(other.payload)
                for one, after in less:
                    found.look(before, after, one.path, f"{one.how}, was {other.how}")
    return found


@cache
def less(agent_id: str) -> Found:
    samples()
    return anyio.run(_less, agent_id)


@cache
def otherwise(agent_id: str) -> Found:
    samples()
    return anyio.run(_otherwise, agent_id)


@cache
def bad(agent_id: str) -> Found:
    samples()
    return anyio.run(_bad, agent_id)


def beyond(found: Found, agent_id: str) -> dict[str, list[str]]:
    known = {**MEANT.get(agent_id, {}), **OPEN.get(agent_id, {})}
    return {path: hows for path, hows in found.better.items() if path not in known}


def test_every_answer_of_the_catalogue_has_an_order_or_says_that_it_is_no_verdict() -> None:
    unordered = {
        f"{agent_id}: {kind.__name__}"
        for agent_id in AGENTS
        for kind in agent_of(agent_id).card.produces
        if (kind in ORDERS) == (kind in NO_VERDICT)
    }
    assert unordered == set()


@pytest.mark.parametrize("agent_id", JUDGES)
def test_every_judge_answers_a_whole_payload(agent_id: str) -> None:
    assert less(agent_id).answers + less(agent_id).refused > 0


@pytest.mark.parametrize("agent_id", JUDGES)
def test_no_verdict_is_better_for_a_field_that_is_removed_or_garbled(agent_id: str) -> None:
    assert beyond(less(agent_id), agent_id) == {}


@pytest.mark.slow
@pytest.mark.parametrize("agent_id", JUDGES)
def test_no_verdict_is_better_for_letters_days_numbers_and_currencies_that_cannot_be(agent_id: str) -> None:
    found = otherwise(agent_id)
    assert (beyond(found, agent_id), found.unchecked) == ({}, [])


@pytest.mark.slow
@pytest.mark.parametrize("agent_id", JUDGES)
def test_no_unknown_value_is_better_than_a_bad_one(agent_id: str) -> None:
    assert beyond(bad(agent_id), agent_id) == {}


@pytest.mark.parametrize("agent_id", JUDGES)
def test_nothing_is_said_to_be_in_order_that_was_not_checked(agent_id: str) -> None:
    assert less(agent_id).unchecked == []


@pytest.mark.slow
@pytest.mark.parametrize("agent_id", sorted(MEANT))
def test_every_exception_is_still_needed(agent_id: str) -> None:
    assert set(MEANT[agent_id]) - {*less(agent_id).better, *bad(agent_id).better} == set()


STILL_OPEN: Final = tuple(
    pytest.param(agent_id, path, id=f"{agent_id}-{path}", marks=pytest.mark.xfail(strict=True, reason=reason))
    for agent_id, fields in OPEN.items()
    for path, reason in fields.items()
)


@pytest.mark.slow
@pytest.mark.parametrize(("agent_id", "path"), STILL_OPEN)
def test_what_is_still_open(agent_id: str, path: str) -> None:
    assert path not in {*less(agent_id).better, *bad(agent_id).better}


def test_a_reason_that_clears_is_known() -> None:
    assert {"kyc.all_gates_passed", "screening.clear"} <= CLEARS
