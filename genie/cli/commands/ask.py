"""`genie ask`: ask one question on a topic and print the reply."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
import click
from pydantic import ValidationError

from genie.cli.errors import guarded, run_async, stop
from genie.cli.files import read_payload
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
from genie.cli.options.identity import identified, identity_options
from genie.cli.options.roster import loadable
from genie.cli.options.telemetry import debug_option, debugged, log_options, logged
from genie.cli.signals import INTERRUPTED
from genie.cli.terminal.json_text import as_wire, to_text
from genie.cli.terminal.progress import progress
from genie.cli.usage import Finite
from genie.config.loader import load
from genie.config.plugins import Plugins
from genie.contracts.agent import Binding
from genie.contracts.card import Caller
from genie.contracts.gather import Each
from genie.contracts.message import Payload, topic_of
from genie.contracts.problems import place_in, problem_of
from genie.errors import GenieError, InputError, RunError, RunHeld, UnknownTopicError, did_you_mean
from genie.graph.reachability import follow
from genie.policies.index import default_set
from genie.policy.policy import Environment
from genie.runtime.report import FAILED, Status
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails

    from genie.cli.signals import Interrupts
    from genie.config.pipeline import Pipeline
    from genie.contracts.card import AgentCard
    from genie.contracts.gather import Expected

    _Reply = tuple[Payload, tuple[str, ...]]

_MOST_PROBLEMS = 5
"""Problems of a payload that are listed."""


@click.command(epilog=manual(
    ("Ask the installed agents, with a question in a JSON file", "genie ask insights.question question.json --as ann"),
    ("Ask the agents of a pipeline, under its policies",
     "genie ask insights.question question.json --pipeline config/pipelines/insights.yaml"),
    exits={**USUAL, 0: "answered", 4: "no answer", 5: "held: a person must decide"},
))  # fmt: skip
@click.argument("topic", shell_complete=suggestions.topics)
@click.argument("payload", required=False, shell_complete=suggestions.files)
@click.option(
    "--pipeline",
    type=click.Path(),
    shell_complete=suggestions.pipelines,
    help="Ask the agents of this pipeline, under its policies.",
)
@click.option("--within", "within_s", type=Finite(min=0, min_open=True), default=30.0, show_default=True,
              metavar="SECONDS", help="Time limit for the answer.")  # fmt: skip
@identity_options
@debug_option
@log_options
@guarded
def command(topic: str, payload: str | None, pipeline: str | None, within_s: float, **given: Any) -> None:
    """Ask the agents that consume TOPIC one question, and print the typed reply as JSON.

    PAYLOAD is a JSON file, or - for standard input; by default every field has its default value. Without --pipeline
    the installed agents are asked, under the default policies. A reply with required notices is printed as
    {"notices": [...], "payload": reply}.
    """
    logged(given)
    loaded = None if pipeline is None else debugged(load(pipeline), given)
    if loaded is None:
        caller = identified(Caller(), given)
    else:
        caller = identified(loaded.caller, given, signed=loaded.signed, audit=loaded.audit)
    runtime, cards = _asked(topic, loaded, debug=bool(given["debug"]))
    kind, answers = _contract(topic, cards)
    question = _question(kind, payload)
    try:
        with progress("asking"):
            found = run_async(functools.partial(_until_signal, runtime, question, answers, within_s, caller))
    except RunHeld as held:
        stop(held, Status.HELD.exit_code)
    except RunError as error:
        stop(error, FAILED)
    if found is None:
        stop("interrupted", INTERRUPTED)
    reply, notices = found
    wire = as_wire(reply)
    click.echo(to_text({"notices": list(notices), "payload": wire} if notices else wire))


def _asked(topic: str, pipeline: Pipeline | None, *, debug: bool) -> tuple[Runtime, tuple[AgentCard, ...]]:
    if pipeline is not None:
        return Runtime.from_pipeline(pipeline), pipeline.graph.cards
    bindings = _installed(topic)
    runtime = Runtime(bindings, policies=default_set(Environment()), debug=debug)
    return runtime, tuple(binding.card for binding in bindings)


def _installed(topic: str) -> tuple[Binding, ...]:
    """Return the installed agents that consume the topic, those that they ask or publish to, and so on.

    Agents between a question and its expected answers belong to the result.
    """
    agents, problems = loadable(Plugins.installed())
    known = tuple(agents.values())
    wanted = {kind for agent in known for kind in agent.card.consumes if topic_of(kind).name == topic}
    if not wanted:
        if problems:  # one of them may consume the topic
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
    """The topics between a question and its expected answers."""

    over: frozenset[type[Payload]]
    """The question, and every payload that follows from it and leads to an answer."""
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
        """Return True when an agent consumes and produces payloads on this way."""
        sent = {*card.produces, *card.publishes}
        return bool(self.over & set(card.consumes)) and bool(sent & (self.over | self.answers))


def _settings(card: AgentCard) -> Any:
    remedy = "bind them in a pipeline, and pass --pipeline"
    if card.ports:
        names = ", ".join(port.__name__ for port in card.ports)
        raise InputError(f"agent {card.id!r}", f"needs its ports bound ({names})", remedy)
    try:
        return None if card.settings is None else card.settings()
    except ValidationError:
        raise InputError(f"agent {card.id!r}", "has settings without defaults", remedy) from None


def _contract(topic: str, cards: Iterable[AgentCard]) -> tuple[type[Payload], tuple[type[Payload], ...]]:
    """Return the payload class of the topic and the answers of its consumers."""
    cards = tuple(cards)
    kinds = {kind for card in cards for kind in card.consumes if topic_of(kind).name == topic}
    if not kinds:
        names = sorted({topic_of(kind).name for card in cards for kind in card.consumes})
        raise UnknownTopicError(topic=topic, known=tuple(names))
    kind = max(kinds, key=lambda one: topic_of(one).version)
    answers = dict.fromkeys(given for card in cards if kind in card.consumes for given in card.produces)
    if not answers:
        raise InputError(topic, "has consumers, but no agent answers it", "publish it in a pipeline instead")
    return kind, tuple(answers)


def _question(kind: type[Payload], source: str | None) -> Payload:
    content = b"{}" if source is None else read_payload(source)
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        lines = [
            f"{place_in(one, 'the payload')} {problem_of(one)}{_near(kind, one)}" for one in details[:_MOST_PROBLEMS]
        ]
        more = [f"and {len(details) - len(lines)} more"] if len(details) > len(lines) else []
        raise InputError(source or topic_of(kind).name, "; ".join((*lines, *more))) from None


def _near(kind: type[Payload], detail: ErrorDetails) -> str:
    unknown = detail["type"] == "extra_forbidden" and len(detail["loc"]) == 1
    return did_you_mean(detail["loc"][0], kind.model_fields) if unknown else ""


async def _until_signal(
    runtime: Runtime,
    question: Payload,
    answers: tuple[type[Payload], ...],
    within_s: float,
    caller: Caller,
    heard: Interrupts | None,
) -> _Reply | None:
    """Return the reply, or None when a signal came first: the question is then cancelled."""
    ended: list[_Reply | GenieError] = []

    async def reply() -> None:
        try:
            ended.append(await _reply(runtime, question, answers, within_s, caller))
        except GenieError as error:  # a task group would wrap it
            ended.append(error)
        tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reply)
        if heard is not None:
            await heard.first()
            tasks.cancel_scope.cancel()
    if not ended:
        return None
    if isinstance(ended[0], GenieError):
        raise ended[0]
    return ended[0]


async def _reply(
    runtime: Runtime, question: Payload, answers: tuple[type[Payload], ...], within_s: float, caller: Caller
) -> _Reply:
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
