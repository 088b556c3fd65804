"""``models:`` of a pipeline file: each entry becomes an agent that answers requests to a model.

Every key is checked. A key of a provider comes from the environment alone, so no file holds one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from genie.backend.clock import Clock
from genie.config.source_map import suggestion
from genie.config.validation import validated
from genie.contracts.agent import Binding
from genie.contracts.loop_call import AnswerGiven, AnswerJudged
from genie.contracts.model_call import ModelDelta, ModelFailed, ModelReply, ModelRequest, ModelRestarted
from genie.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from genie.config.resolver import Resolver
    from genie.contracts.message import Payload
    from genie.graph.model import KeyPath

UNUSED: frozenset[type[Payload]] = frozenset(
    (ModelDelta, ModelRestarted, ModelFailed, ModelReply, AnswerGiven, AnswerJudged)
)
"""Topics of models, and of loops over them, that may lack a consumer."""


def asking(bindings: Iterable[Binding]) -> tuple[tuple[str, ...], ...]:
    """Return the models whose summaries another model writes, as an implicitly declared cycle.

    Judging by its classes, such a model could ask itself. In fact it asks a model that asks none, which the edge
    checks.
    """
    ids = tuple(one.card.id for one in bindings if ModelRequest in one.card.consumes and ModelRequest in one.card.asks)
    return (ids,) if ids else ()


def bind_models(resolver: Resolver, entries: Mapping[str, Any]) -> frozenset[type[Payload]]:
    """Check the entries and bind their agents; problems are added at their lines.

    Returns:
        The topics of the agents that may lack a consumer.
    """
    try:
        edge = resolver.plugins.edge("models")
    except KeyError:
        resolver.note(("models",), "the edge 'models' is not installed")
        return UNUSED
    except DefinitionError as error:
        resolver.note(("models",), str(error))
        return UNUSED
    made: Any = edge()
    checked: dict[str, Any] = {}
    before = len(resolver.problems)
    for name, entry in entries.items():
        path: KeyPath = ("models", name)
        wire = entry.get("wire")
        if wire not in made.wires:
            known = sorted(made.wires)
            said = f"model {name!r} needs a `wire`: {', '.join(known)}" if wire is None else f"unknown wire {wire!r}"
            resolver.note((*path, "wire") if wire is not None else path, said + suggestion(str(wire), known))
            continue
        if "key" in entry and resolver.document.source((*path, "key")) is None:
            resolver.note((*path, "key"), "a file must not contain a key; take it from the environment: ${NAME}")
            continue
        found = validated(made.entry_class(wire), resolver.document, path)
        resolver.problems += found.problems
        if found.value is not None:
            checked[name] = found.value
    if len(resolver.problems) == before:
        for place, text in made.problems(checked, Clock(time.monotonic).wall().date()):
            resolver.note(("models", *place), text)
    if len(resolver.problems) > before:
        resolver.complete = False
        return UNUSED
    taken = {binding.card.id for binding in resolver.bindings}
    for agent in made.agents(checked):
        name = agent.card.id
        if name in taken:
            resolver.note(("models", name), f"an agent has the id {name!r} already")
        resolver.positions.append(("models", name))
        resolver.bindings.append(Binding(agent=agent, card=agent.card))
    return UNUSED
