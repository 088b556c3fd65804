"""A message that somebody wrote down, or that a journal kept: made whole enough to be judged."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, JsonValue

from genie.cli.files import read_payload
from genie.config.schema import Level, Section, TopicName
from genie.config.source_map import SourceMap, suggestion
from genie.config.validation import validated
from genie.config.yaml import load_bytes
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.headers import Headers
from genie.contracts.message import Message, Payload, stamp, topic_of
from genie.errors import ConfigError, InputError
from genie.graph.model import Problem, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie.contracts.message import Inspection, Path
    from genie.policy.policy import PolicySet, Scene

_CALLER = "caller:"
Name = Annotated[str, Field(min_length=1, max_length=200)]


class HeadersSection(Section):
    """Who a message is from, and for whom."""

    tenant: Name | None = None
    user: Name | None = "local"
    roles: frozenset[Name] = frozenset()
    classification: Level = "public"
    region: Name | None = None
    consent: frozenset[Name] = frozenset()

    def made(self) -> Headers:
        """Return the headers."""
        level = Classification.parse(self.classification)
        return Headers(**{**self.model_dump(), "classification": level})


class MessageSection(Section):
    """A message as it is written down, for `genie policy explain` and for the examples of rules."""

    topic: TopicName
    payload: dict[str, JsonValue] = Field(default_factory=dict)
    sender: Name | None = None
    recipient: Name | None = None
    headers: HeadersSection = HeadersSection()
    label: Level | None = None


@dataclass(frozen=True, slots=True)
class Specimen:
    """A message with the cards that it is judged by."""

    message: Message[Any]
    sender: AgentCard
    recipients: tuple[AgentCard, ...]
    hidden: frozenset[tuple[str, ...]] = frozenset()
    """Fields that are not as they were sent."""

    def inspected(self, policies: PolicySet) -> Message[Any]:
        """Return the message as the inspectors of a set see it; what is hidden keeps what was found then."""
        if () in self.hidden:
            return self.message
        found = policies.inspectors.inspect(self.message.payload)
        kept = [one for one in self.message.inspection.findings if self.hides(one.path)]
        seen = [one for one in found.findings if not self.hides(one.path)]
        label = max((one.label for one in (*kept, *seen)), default=Classification.PUBLIC)
        return _stamped(self.message, replace(found, findings=(*seen, *kept), label=label, masked={}))

    def hides(self, path: Path) -> bool:
        """Return True when the text at a path is not the one that was sent."""
        names = tuple(step for step in path if isinstance(step, str))
        return any(names[: len(one)] == one for one in self.hidden)


def _stamped(message: Message[Any], inspection: Inspection) -> Message[Any]:
    return stamp(
        message.number, message.payload, message.sender, message.recipient, None, 0, message.hops, message.headers,
        message.label, inspection,
    )  # fmt: skip


def read_specimen(path: str, scene: Scene, policies: PolicySet) -> Specimen:
    """Return the message that a YAML or JSON file holds; ``-`` is standard input.

    Raises:
        InputError: The file cannot be read.
        ConfigError: It is no message; one line a problem.
    """
    content = read_payload(path)
    name = "<stdin>" if path == "-" else path
    if FilePath(path).suffix == ".json":
        try:
            document = SourceMap(name, json.loads(content), {(): 1})
        except (ValueError, RecursionError):
            raise InputError(name, "is not JSON") from None
    else:
        document = load_bytes(content, name=name, environ={})
    made, problems = specimen_at(document, (), scene, policies)
    if made is None:
        ordered = sorted(problems, key=lambda problem: document.order(problem.path))
        raise ConfigError(tuple(f"{document.where(problem.path)}: {problem.text}" for problem in ordered))
    return made


def specimen_at(
    document: SourceMap, path: Path, scene: Scene, policies: PolicySet
) -> tuple[Specimen | None, tuple[Problem, ...]]:
    """Return the message at a place of a document, None with the problems that keep it from being one."""
    checked = validated(MessageSection, document, path)
    if checked.value is None:
        return None, checked.problems
    section: MessageSection = checked.value
    kind, problem = _kind(section.topic, (*path, "topic"), scene)
    if kind is None:
        return None, (problem,) if problem else ()
    payload = validated(kind, document, (*path, "payload"))
    headers = section.headers.made()
    problems = list(payload.problems)
    default = Caller(user=headers.user or "local", roles=headers.roles, tenant=headers.tenant)
    sender = _card(section.sender, (*path, "sender"), scene, default, problems)
    recipient = _card(section.recipient, (*path, "recipient"), scene, default, problems)
    if problems or payload.value is None or sender is None or recipient is None:
        return None, tuple(problems)
    recipients: tuple[AgentCard, ...] = (recipient,)
    if section.recipient is None:
        recipients = tuple(card for card in scene.cards if kind in card.consumes) or (default.card(),)
    declared = Classification.parse(section.label) if section.label else Classification.PUBLIC
    label = max(topic_of(kind).classification, headers.classification, declared)
    found = policies.inspectors.inspect(payload.value)
    message = stamp(1, payload.value, sender.id, section.recipient, None, 0, 0, headers, label, found)
    return Specimen(message, sender, recipients), ()


def _kind(name: str, path: Path, scene: Scene) -> tuple[type[Payload] | None, Problem | None]:
    found = kinds_of(name, scene)
    if len(found) == 1:
        return found[0], None
    if found:
        versions = ", ".join(name_of(kind) for kind in found)
        return None, Problem(path, f"topic {name!r} is of several payload classes; write one of {versions}")
    known = sorted(name_of(kind) for kind in scene.kinds)
    return None, Problem(path, f"no agent here knows a topic {name[:80]!r}{suggestion(name, known)}")


def kinds_of(name: str, scene: Scene) -> tuple[type[Payload], ...]:
    """Return the payload classes of a topic, the latest version first."""
    found = [kind for kind in scene.kinds if name in {topic_of(kind).name, name_of(kind)}]
    return tuple(sorted(found, key=lambda kind: -topic_of(kind).version))


def _card(name: str | None, path: Path, scene: Scene, default: Caller, problems: list[Problem]) -> AgentCard | None:
    if name is None:
        return default.card()
    found = card_of(name, scene.cards, default)
    if found is None:
        known = sorted(card.id for card in scene.cards)
        problems.append(Problem(path, f"no agent here is called {name[:80]!r}{suggestion(name, known)}"))
    return found


def card_of(name: str, cards: Iterable[AgentCard], caller: Caller) -> AgentCard | None:
    """Return the card of an agent or join, or of a caller; None where nobody is called that."""
    if name.startswith(_CALLER):
        return replace(caller, user=name.removeprefix(_CALLER)).card()
    return next((card for card in cards if card.id == name), None)
