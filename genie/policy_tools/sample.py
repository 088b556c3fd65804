"""A message in a file, made complete so that policies can judge it."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, JsonValue

from genie.config.sections import Level, Section, TopicName
from genie.config.source_map import SourceMap, suggestion
from genie.config.validation import validated
from genie.config.yaml import load_bytes
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.headers import Headers
from genie.contracts.message import Payload, stamp, topic_of
from genie.errors import ConfigError, InputError
from genie.graph.model import Problem, name_of
from genie.journal.sample import Sample, card_of, kinds_of

if TYPE_CHECKING:
    from genie.contracts.message import Path
    from genie.policy.policy import PipelineContext, PolicySet

Name = Annotated[str, Field(min_length=1, max_length=200)]


class HeadersSection(Section):
    """Headers of a message: on whose behalf it is sent."""

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
    """A message as people write it, for `genie policy explain` and the examples of rules."""

    topic: TopicName
    payload: dict[str, JsonValue] = Field(default_factory=dict)
    sender: Name | None = None
    recipient: Name | None = None
    headers: HeadersSection = HeadersSection()
    label: Level | None = None


def parse_sample(content: bytes, name: str, context: PipelineContext, policies: PolicySet) -> Sample:
    """Return the message in a YAML or JSON text.

    Args:
        content: The text.
        name: Name of the file, for errors; the suffix ``.json`` selects JSON.
        context: Known topics and agents.
        policies: Their inspectors look at the payload.

    Raises:
        InputError: The text is not JSON.
        ConfigError: The text is not a valid message; one line a problem.
    """
    if FilePath(name).suffix == ".json":
        try:
            document = SourceMap(name, json.loads(content), {(): 1})
        except (ValueError, RecursionError):
            raise InputError(name, "is not JSON") from None
    else:
        document = load_bytes(content, name=name, environ={})
    made, problems = sample_at(document, (), context, policies)
    if made is None:
        ordered = sorted(problems, key=lambda problem: document.order(problem.path))
        raise ConfigError(tuple(f"{document.where(problem.path)}: {problem.text}" for problem in ordered))
    return made


def sample_at(
    document: SourceMap, path: Path, context: PipelineContext, policies: PolicySet
) -> tuple[Sample | None, tuple[Problem, ...]]:
    """Return the message at a path of a document; None and the problems when it is not valid."""
    checked = validated(MessageSection, document, path)
    if checked.value is None:
        return None, checked.problems
    section: MessageSection = checked.value
    kind, problem = _kind(section.topic, (*path, "topic"), context)
    if kind is None:
        return None, (problem,) if problem else ()
    payload = validated(kind, document, (*path, "payload"))
    headers = section.headers.made()
    problems = list(payload.problems)
    default = Caller(user=headers.user or "local", roles=headers.roles, tenant=headers.tenant)
    sender = _card(section.sender, (*path, "sender"), context, default, problems)
    recipient = _card(section.recipient, (*path, "recipient"), context, default, problems)
    if problems or payload.value is None or sender is None or recipient is None:
        return None, tuple(problems)
    recipients: tuple[AgentCard, ...] = (recipient,)
    if section.recipient is None:
        recipients = tuple(card for card in context.cards if kind in card.consumes) or (default.card(),)
    declared = Classification.parse(section.label) if section.label else Classification.PUBLIC
    label = max(topic_of(kind).classification, headers.classification, declared)
    found = policies.inspectors.inspect(payload.value)
    message = stamp(1, payload.value, sender.id, section.recipient, None, 0, 0, headers, label, found)
    return Sample(message, sender, recipients), ()


def _kind(name: str, path: Path, context: PipelineContext) -> tuple[type[Payload] | None, Problem | None]:
    found = kinds_of(name, context)
    if len(found) == 1:
        return found[0], None
    if found:
        versions = ", ".join(name_of(kind) for kind in found)
        return None, Problem(path, f"topic {name!r} has several payload classes; use one of {versions}")
    known = sorted(name_of(kind) for kind in context.kinds)
    return None, Problem(path, f"no agent uses topic {name[:80]!r}{suggestion(name, known)}")


def _card(
    name: str | None, path: Path, context: PipelineContext, default: Caller, problems: list[Problem]
) -> AgentCard | None:
    if name is None:
        return default.card()
    found = card_of(name, context.cards, default)
    if found is None:
        known = sorted(card.id for card in context.cards)
        problems.append(Problem(path, f"there is no agent {name[:80]!r}{suggestion(name, known)}"))
    return found
