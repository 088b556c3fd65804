"""Finding the renderer of a payload: by entry point, by topic, and only when a payload is to be shown."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from typing import TYPE_CHECKING

from pydantic import ValidationError

from genie.contracts.message import Payload, topic_of
from genie.contracts.rendering import Notice, Report
from genie.errors import DefinitionError
from genie.reports.generic import fields_report, generic_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.contracts.rendering import Renderer

GROUP = "genie.renderers"
"""Entry points of this group are named by a topic; each value is ``module:Class`` of a ``Renderer``."""


def report_of(payload: Payload) -> Report:
    """Return the report of a payload: by the renderer of its topic, or else field by field.

    If a renderer fails, the fields are shown under a notice with the problem.
    """
    topic = topic_of(payload).name
    try:
        renderer = renderer_of(topic)
        return generic_report(payload) if renderer is None else _rendered(renderer, topic, payload)
    except DefinitionError as error:
        return dataclasses.replace(generic_report(payload), lead=(Notice(f"{error}. Its fields are shown instead."),))


def report_of_fields(topic: str, fields: Mapping[str, object]) -> Report:
    """Return the report of a payload that is known only by its JSON fields, as in a control file.

    The renderer of the topic is used if it names its payload class as ``kind`` and the fields are valid for it; a
    masked field may not be. Otherwise the fields are shown in order.
    """
    try:
        kind = getattr(renderer_of(topic), "kind", None)
        if isinstance(kind, type) and issubclass(kind, Payload):
            return report_of(kind.model_validate(fields))
    except (DefinitionError, ValidationError):
        pass  # the fields themselves are shown
    return fields_report(fields)


def _rendered(renderer: Renderer, topic: str, payload: Payload) -> Report:
    try:
        report = renderer.render(payload)
    except Exception as error:  # any error of a renderer is reported with its topic
        raise DefinitionError(_subject(topic), f"failed with {type(error).__name__}") from error
    if not isinstance(report, Report):
        raise DefinitionError(_subject(topic), f"returned {type(report).__name__} instead of a Report")
    return report


def renderer_of(topic: str) -> Renderer | None:
    """Return the renderer that an installed distribution offers for a topic; None without one.

    Raises:
        DefinitionError: The renderer cannot be loaded or made, states other topics, or is offered more than once.
    """
    found = tuple(importlib.metadata.entry_points(group=GROUP, name=topic))
    if not found:
        return None
    if len({point.value for point in found}) > 1:
        offers = " and ".join(sorted(point.value for point in found))
        raise DefinitionError(_subject(topic), f"is offered more than once ({offers}); uninstall all but one")
    try:
        renderer: Renderer = found[0].load()()
        topics = renderer.topics
    except Exception as error:  # any error of a module at import is reported with its topic
        raise DefinitionError(_subject(topic), f"cannot be loaded: {type(error).__name__}") from error
    if topic not in topics:
        raise DefinitionError(_subject(topic), f"{found[0].value} states other topics: {', '.join(topics) or 'none'}")
    return renderer


def _subject(topic: str) -> str:
    return f"renderer of {topic!r}"
