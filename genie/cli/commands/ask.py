"""`genie ask`: one question to whoever answers its topic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
import click
from pydantic import ValidationError

from genie.cli.errors import guarded, stop
from genie.cli.files import read_payload
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
from genie.cli.options.identity import identified, identity_options
from genie.cli.options.roster import loadable
from genie.cli.terminal.json_text import as_wire, to_text
from genie.config.loader import load
from genie.config.plugins import Plugins
from genie.contracts.agent import Binding
from genie.contracts.card import Caller
from genie.contracts.gather import Each
from genie.contracts.message import Payload, topic_of
from genie.errors import InputError, RunError, RunHeld, UnknownTopicError
from genie.graph.reachability import follow
from genie.policies.index import default_set
from genie.policy.policy import Environment
from genie.runtime.report import FAILED, Status
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from genie.config.pipeline import Pipeline
    from genie.contracts.card import AgentCard
    from genie.contracts.gather import Expected


@click.command(epilog=manual(
    ("A question from a file of JSON, to whoever is installed", "genie ask insights.question question.json --as ann"),
    ("To the agents of a pipeline, under its policies",
     "genie ask insights.question question.json --pipeline config/pipelines/insights.yaml"),
    exits={**USUAL, 0: "answered", 4: "nobody could answer", 5: "held: a person must decide"},
))  # fmt: skip
@click.argument("topic", shell_complete=suggestions.topics)
@click.argument("payload", required=False, shell_complete=suggestions.files)
@click.option(
    "--pipeline",
    type=click.Path(),
    shell_complete=suggestions.pipelines,
    help="Ask the agents of this pipeline, under its policies.",
)
@click.option("--within", "within_s", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True,
              metavar="SECONDS", help="How long the answer may take.")  # fmt: skip
@identity_options
@guarded
def command(topic: str, payload: str | None, pipeline: str | None, within_s: float, **given: Any) -> None:
    """Ask one question of whoever answers TOPIC, and print the typed reply as JSON.

    PAYLOAD is a file of JSON, or - for standard input; without it every field has its default. Without --pipeline the
    installed agents are asked, under the policies that ship. Where notices must stand beside the reply, the object is
    {"notices": [...], "payload": reply}.
    """
    loaded = None if pipeline is None else load(pipeline)
    if loaded is None:
        caller = identified(Caller(), given)
    else:
        caller = identified(loaded.caller, given, signed=loaded.signed, audit=loaded.audit)
    runtime, cards = _asked(topic, loaded)
    kind, answers = _contract(topic, cards)
    question = _question(kind, payload)
    try:
        reply, notices = anyio.run(_reply, runtime, question, answers, within_s, caller)
    except RunHeld as held:
        stop(held, Status.HELD.exit_code)
    except RunError as error:
        stop(error, FAILED)
    wire = as_wire(reply)
    click.echo(to_text({"notices": list(notices), "payload": wire} if notices else wire))


def _asked(topic: str, pipeline: Pipeline | None) -> tuple[Runtime, tuple[AgentCard, ...]]:
    if pipeline is not None:
        return Runtime.from_pipeline(pipeline), pipeline.graph.cards
    bindings = _installed(topic)
    return Runtime(bindings, policies=default_set(Environment())), tuple(binding.card for binding in bindings)


def _installed(topic: str) -> tuple[Binding, ...]:
    """Return the installed agents that take the topic, those that these ask or publish to, and so on.

    Between a question that one of them asks and the answers that it expects, others may stand: they belong to it.
    """
    agents, problems = loadable(Plugins.installed())
    known = tuple(agents.values())
    wanted = {kind for agent in known for kind in agent.card.consumes if topic_of(kind).name == topic}
    if not wanted:
        if problems:  # one of those may be who takes it
            raise problems[0]
        names = sorted({topic_of(kind).name for agent in known for kind in agent.card.consumes})
        raise UnknownTopicError(topic=topic, known=tuple(names))
    follows = follow(agent.card for agent in known)
    ways: list[_Way] = []
    taken: dict[str, Binding] = {}
    grown = True
    while grown:
        before = len(taken)
        for agent in known:
            card = agent.card
            if card.id not in taken and (wanted & set(card.consumes) or any(way.leads_over(card) for way in ways)):
                taken[card.id] = Binding(agent=agent, card=card, settings=_settings(card))
                wanted |= {*card.asks, *card.publishes}
                ways += [_Way.between(kind, parts, follows) for kind, parts in card.asks.items()]
        grown = len(taken) > before
    return tuple(taken.values())


@dataclass(frozen=True)
class _Way:
    """From a question to the answers that are expected of it, over whatever stands between."""

    over: frozenset[type[Payload]]
    """The question, and all that follows from it and leads to an answer."""
    answers: frozenset[type[Payload]]

    @classmethod
    def between(
        cls,
        question: type[Payload],
        parts: Iterable[Expected],
        follows: Mapping[type[Payload], frozenset[type[Payload]]],
    ) -> _Way:
        answers = frozenset(part.payload if isinstance(part, Each) else part for part in parts)
        over = (kind for kind in follows.get(question, ()) if answers & follows.get(kind, frozenset()))
        return cls(frozenset({question, *over}), answers)

    def leads_over(self, card: AgentCard) -> bool:
        """Return True when an agent takes a step on this way."""
        sent = {*card.produces, *card.publishes}
        return bool(self.over & set(card.consumes)) and bool(sent & (self.over | self.answers))


def _settings(card: AgentCard) -> Any:
    remedy = "bind them in a pipeline and pass --pipeline"
    if card.ports:
        names = ", ".join(port.__name__ for port in card.ports)
        raise InputError(f"agent {card.id!r}", f"needs its ports bound ({names})", remedy)
    try:
        return None if card.settings is None else card.settings()
    except ValidationError:
        raise InputError(f"agent {card.id!r}", "has settings without defaults", remedy) from None


def _contract(topic: str, cards: Iterable[AgentCard]) -> tuple[type[Payload], tuple[type[Payload], ...]]:
    """Return the topic's payload class and what those that take it answer with."""
    cards = tuple(cards)
    kinds = {kind for card in cards for kind in card.consumes if topic_of(kind).name == topic}
    if not kinds:
        names = sorted({topic_of(kind).name for card in cards for kind in card.consumes})
        raise UnknownTopicError(topic=topic, known=tuple(names))
    kind = max(kinds, key=lambda one: topic_of(one).version)
    answers = dict.fromkeys(given for card in cards if kind in card.consumes for given in card.produces)
    if not answers:
        raise InputError(topic, "is taken, but nobody answers it", "publish it in a pipeline instead")
    return kind, tuple(answers)


def _question(kind: type[Payload], source: str | None) -> Payload:
    content = b"{}" if source is None else read_payload(source)
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(step) for step in one['loc']) or 'payload'}: {one['msg']}"
            for one in error.errors(include_input=False, include_url=False)
        ]
        shown = "; ".join(lines[:5]) + (f"; and {len(lines) - 5} more" if len(lines) > 5 else "")
        raise InputError(source or topic_of(kind).name, shown) from None


async def _reply(
    runtime: Runtime, question: Payload, answers: tuple[type[Payload], ...], within_s: float, caller: Caller
) -> tuple[Payload, tuple[str, ...]]:
    async with runtime:
        if len(answers) == 1:
            notices: list[str] = []
            reply = await runtime.ask(question, answers[0], within_s=within_s, caller=caller, notices=notices)
            return reply, tuple(notices)
        views = await runtime.gather(question, expect=answers, need="first", within_s=within_s, caller=caller)
        for answer in answers:
            found = views.get(answer)
            if found is not None:
                return found, views.notices
        return views[answers[0]], views.notices
