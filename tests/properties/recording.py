"""What agents are given in the shipped pipelines with their shipped samples: the inputs that the laws start from."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio
from pydantic import ValidationError

from genie.config.loader import load
from genie.config.plugins import Plugins
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.message import Payload
from genie.errors import GenieError
from genie.runtime.runtime import Runtime
from genie.testing import FakeContext

if TYPE_CHECKING:
    from genie.contracts.agent import Binding
    from genie.contracts.context import Context
    from genie.contracts.message import Message

ROOT: Final = Path(__file__).parents[2]
NOW: Final = datetime.datetime(2026, 11, 20, 5, tzinfo=datetime.UTC)
PROFILES: Final[dict[str, tuple[str | None, ...]]] = {
    "claim": (None, "config/claim/large.yaml"),
    "kyc": (None, "config/kyc/exposed.yaml"),
    "payment": (None, "config/payments/large.yaml"),
}
"""Shipped samples of a pipeline beside its default, which is None."""


@dataclass(eq=False)
class Base:
    """An input that an agent had, and what it needs to be asked again."""

    binding: Binding
    payload: Payload
    answers: dict[type[Payload], Payload] = field(default_factory=dict)
    """What its questions to others were answered with."""

    async def answer(self, payload: Payload) -> Payload | None:
        """Return the agent's answer to a payload; None where it refuses."""
        context = FakeContext(answers=self.answers, ports=self.binding.ports, settings=self.binding.settings, at=NOW)
        try:
            found = await self.binding.agent.handle(_Mail(payload), context)  # type: ignore[arg-type]  # it has the one field that handlers read
        except (GenieError, ValidationError):  # it refuses, or the delivery fails: either way nothing is decided
            return None
        return found if isinstance(found, Payload) else None


@dataclass(frozen=True)
class _Mail:
    payload: Payload


class _Recording:
    def __init__(self, binding: Binding, into: list[Base]) -> None:
        self.card = replace(binding.card, executor="loop")
        self._binding, self._into = binding, into

    async def handle(self, message: Message[Any], context: Context) -> object:
        self._into.append(Base(self._binding, message.payload))
        return await self._binding.agent.handle(message, context)

    async def open(self) -> None:
        opened = getattr(self._binding.agent, "open", None)
        if opened is not None:
            await opened()


async def _played(name: str, profile: str | None) -> list[Base]:
    bases: list[Base] = []
    loaded = load(ROOT / "config" / "pipelines" / f"{name}.yaml", plugins=Plugins.installed(), environ={})
    recorders = [_Recording(one, bases) for one in loaded.bindings]
    bindings = tuple(
        replace(one, agent=recorder, card=recorder.card)
        for one, recorder in zip(loaded.bindings, recorders, strict=True)
    )
    question = loaded.input.question(profile=None if profile is None else str(ROOT / profile))
    async with Runtime(
        bindings, policies=(), caller=Caller(clearance=Classification.RESTRICTED), wall=NOW.timestamp()
    ) as runtime:
        async with runtime.observe(clearance=Classification.RESTRICTED) as seen:
            run = runtime.start(question, loaded.answer)
            try:
                await run.result()
            except GenieError:
                pass
            await run.settled()
        sent = [one.payload async for one in seen if one.payload is not None]
    answers = {type(one): one for one in sent}
    for base in bases:
        wanted = (kind for parts in base.binding.card.asks.values() for kind in parts if isinstance(kind, type))
        base.answers = {kind: answers[kind] for kind in wanted if kind in answers}
    return bases


def recorded(name: str) -> list[Base]:
    """Return every input of every agent of a shipped pipeline, over its shipped samples."""
    return [base for profile in PROFILES.get(name, (None,)) for base in anyio.run(_played, name, profile)]
