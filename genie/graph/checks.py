"""Checks of a pipeline before it runs; they return problems and warnings."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, get_args, get_origin

from genie.contracts.agent import FunctionAgent, Handlers
from genie.contracts.card import Tier
from genie.contracts.gather import Each
from genie.contracts.limits import Overflow
from genie.errors import did_you_mean
from genie.graph.labels import label_problems
from genie.graph.model import Graph, KeyPath, Problem, name_of
from genie.graph.reachability import PayloadType, components, cycle_in

EARLY = frozenset({Tier.SKETCH, Tier.PROTOTYPE})
"""Tiers that are not allowed in production."""


class Findings(NamedTuple):
    """The result of a check; a pipeline with problems must not run, one with warnings may."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def check(graph: Graph, *, complete: bool = True) -> Findings:
    """Return the problems and warnings of a pipeline.

    Args:
        graph: Agents by position; a problem's path starts with ``("agents", position)`` or ``("joins", position)``.
        complete: False if some agents could not be loaded; then only checks run that further agents cannot change.
    """
    problems = [problem for rule in _ALWAYS for problem in rule(graph)]
    if complete:
        problems += [problem for rule in _WHOLE for problem in rule(graph)]
    warnings = [problem for rule in _WARNINGS for problem in rule(graph)]
    return Findings(tuple(dict.fromkeys(problems)), tuple(dict.fromkeys(warnings)))


# --- problems that adding agents cannot solve ---


def _ids(graph: Graph) -> Iterator[Problem]:
    seen: dict[str, KeyPath] = {}
    named = [(card.id, ("agents", at)) for at, card in enumerate(graph.cards)]
    named += [(join.id, ("joins", at)) for at, join in enumerate(graph.joins)]
    for name, path in named:
        if name in seen:
            yield Problem((*path, "id"), f"two agents or joins have the id {name!r}; give this one another `id`")
        seen.setdefault(name, path)


def _bound(graph: Graph) -> Iterator[Problem]:
    owners: dict[int, str] = {}
    for at, binding in enumerate(graph.bindings):
        card, path = binding.card, ("agents", at)
        if card.settings is None and binding.settings is not None:
            yield Problem((*path, "settings"), f"agent {card.id!r} has no settings")
        elif card.settings is not None and not isinstance(binding.settings, card.settings):
            yield Problem((*path, "settings"), f"agent {card.id!r} needs `settings` ({card.settings.__name__})")
        if card.lacks is not None:
            yield Problem(path, f"agent {card.id!r} {card.lacks}")
        for port in card.ports:
            if port not in binding.ports:
                yield Problem(
                    (*path, "ports"), f"agent {card.id!r} needs port {port.__name__!r}; bind it under `ports`"
                )
        known = [port.__name__ for port in card.ports]
        for port in binding.ports:
            if port not in card.ports:
                hint = did_you_mean(port.__name__, known)
                yield Problem((*path, "ports"), f"agent {card.id!r} declares no port {port.__name__!r}{hint}")
        owner = owners.setdefault(id(binding.agent), card.id)
        if owner != card.id and not isinstance(binding.agent, FunctionAgent):
            yield Problem(path, f"agents {owner!r} and {card.id!r} are one object, so they would share its state")


def _tiers(graph: Graph) -> Iterator[Problem]:
    if graph.environment.name != "production":
        return
    for at, card in enumerate(graph.cards):
        if card.tier in EARLY:
            yield Problem(
                ("agents", at),
                f"agent {card.id!r} has tier {card.tier}, which is not allowed in production; use another agent",
            )


def _round(graph: Graph) -> Iterator[Problem]:
    """Yield the undeclared cycles, and declared cycles with unknown ids."""
    places = _places(graph)
    for component in components(graph.edges):
        ring = cycle_in(component, graph.edges)
        if not ring or any(set(component) <= set(declared) for declared in graph.cycles):
            continue
        members = ", ".join(sorted(component))
        shown = " -> ".join((*ring, ring[0]))
        yield Problem(
            places[ring[0]], f"messages form a cycle: {shown}; if that is intended, declare `cycles: [[{members}]]`"
        )
    for at, declared in enumerate(graph.cycles):
        for name in declared:
            if name not in graph.edges:
                yield Problem(
                    ("cycles", at),
                    f"no agent or join has the id {name!r} of this cycle{did_you_mean(name, graph.edges)}",
                )


def _fields(graph: Graph) -> Iterator[Problem]:
    """Yield joins whose parts do not fit the fields of their payload."""
    for at, join in enumerate(graph.joins):
        path: KeyPath = ("joins", at)
        fields = join.into.model_fields
        may_miss = join.partial == "publish" or join.need != "all"
        several = False
        for name, kind in join.parts.items():
            if name not in fields:
                text = f"{name_of(join.into)} has no field {name!r}{did_you_mean(name, fields)}"
                yield Problem((*path, "parts", name), f"join {join.id!r}: {text}")
                continue
            shape = _shape(fields[name].annotation, kind)
            several = several or shape == "each"
            if not shape:
                text = f"field {name!r} of {name_of(join.into)} cannot hold {name_of(kind)}"
                yield Problem((*path, "parts", name), f"join {join.id!r}: {text}")
            elif may_miss and fields[name].is_required():
                text = f"part {name!r} may be missing, so {name_of(join.into)}.{name} needs a default"
                yield Problem((*path, "parts", name), f"join {join.id!r}: {text}")
        lacking = [name for name, field in fields.items() if field.is_required() and name not in join.parts]
        if lacking:
            text = f"join {join.id!r}: no part fills {', '.join(lacking)} of {name_of(join.into)}"
            yield Problem((*path, "parts"), text)
        if isinstance(join.need, int) and not several and join.need > len(join.parts):
            yield Problem((*path, "need"), f"join {join.id!r} needs {join.need} of {len(join.parts)} parts")


def _shape(annotation: object, kind: PayloadType) -> str:
    """Return how a join's field holds a part: ``one``, ``each`` (a tuple of them), or empty if it cannot."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        return _shape(arguments[0], kind)
    if origin is tuple:
        return "each" if kind in arguments else ""
    if annotation is kind or kind in arguments:
        return "one"
    return next((shape for part in arguments if (shape := _shape(part, kind))), "")


# --- problems of a complete pipeline ---


def _given(graph: Graph) -> Iterator[Problem]:
    """Yield consumed topics that nothing produces."""
    known = {name_of(kind): kind for kind in graph.givers}
    for at, card in enumerate(graph.cards):
        missing = [kind for kind in card.consumes if kind not in graph.givers and kind not in graph.unused]
        for kind in missing:
            name = name_of(kind)
            hint = (
                f"; the topic {name!r} that is produced has another payload class"
                if name in known
                else did_you_mean(name, known)
            )
            yield Problem(
                ("agents", at),
                f"agent {card.id!r} consumes {name}, which nothing here produces{hint}; add an agent that does",
            )
        if not missing and not any(kind in graph.reachable for kind in card.consumes):
            taken = ", ".join(name_of(kind) for kind in card.consumes)
            why = f"{taken} cannot follow from {name_of(graph.entry)}" if taken else "it consumes nothing"
            yield Problem(("agents", at), f"agent {card.id!r} can never run: {why}")


def _taken(graph: Graph) -> Iterator[Problem]:
    """Yield produced topics that nothing consumes."""
    wanted = {graph.answer, *graph.takers, *graph.unused}
    for card in graph.cards:
        wanted.update(_payload(part) for parts in card.asks.values() for part in parts)
    for at, card in enumerate(graph.cards):
        for kind in dict.fromkeys((*card.produces, *card.publishes)):
            if kind not in wanted:
                yield Problem(
                    ("agents", at), f"agent {card.id!r} produces {name_of(kind)}, which nothing consumes; {_CURE}"
                )
    for at, join in enumerate(graph.joins):
        if join.into not in wanted:
            yield Problem(
                ("joins", at, "into"),
                f"join {join.id!r} produces {name_of(join.into)}, which nothing consumes; {_CURE}",
            )
    if graph.entry not in graph.takers:
        yield Problem(("input",), f"no agent consumes {name_of(graph.entry)}; add one that does")


_CURE = "add a consumer, make it the `output`, or list it under `unused`"


def _asked(graph: Graph) -> Iterator[Problem]:
    """Yield questions that cannot be answered, including the caller's."""
    for at, card in enumerate(graph.cards):
        for question, parts in card.asks.items():
            if question not in graph.takers:
                yield Problem(("agents", at), f"agent {card.id!r} asks {name_of(question)}, which no agent consumes")
                continue
            for part in parts:
                text = _unanswered(graph, question, part)
                if text:
                    yield Problem(("agents", at), f"agent {card.id!r} asks {name_of(question)}, {text}")
    if graph.entry in graph.takers and graph.answer not in graph.reachable - {graph.entry}:
        yield Problem(
            ("output",),
            f"{name_of(graph.answer)} cannot follow from {name_of(graph.entry)}; add the agents between them",
        )


def _unanswered(graph: Graph, question: PayloadType, part: PayloadType | Each[Any]) -> str:
    follows = graph.following.get(question, frozenset())
    if not isinstance(part, Each):
        return "" if part in follows else f"but {name_of(part)} cannot follow from it"
    source = question if part.of is None else part.of
    if source != question and source not in follows:
        return f"but {name_of(source)}, whose consumers should answer, cannot follow from it"
    if any(source in card.consumes and part.payload in card.produces for card in graph.cards):
        return ""
    return f"but no consumer of {name_of(source)} produces {name_of(part.payload)}"


def _fallbacks(graph: Graph) -> Iterator[Problem]:
    cards = {card.id: card for card in graph.cards}
    for at, card in enumerate(graph.cards):
        if card.fallback is None:
            continue
        path: KeyPath = ("agents", at, "fallback")
        other = cards.get(card.fallback)
        if other is None:
            text = f"the fallback of agent {card.id!r} is {card.fallback!r}, but no agent has that id"
            yield Problem(path, f"{text}{did_you_mean(card.fallback, [name for name in cards if name != card.id])}")
            continue
        lacking = [name_of(kind) for kind in card.consumes if kind not in other.consumes]
        if lacking:
            text = f"the fallback of agent {card.id!r} is {other.id!r}, which does not consume {', '.join(lacking)}"
            yield Problem(path, text)
    edges = {card.id: (card.fallback,) for card in graph.cards if card.fallback in cards}
    for component in components(edges):
        ring = cycle_in(component, edges)
        if ring:
            shown = " -> ".join((*ring, ring[0]))
            yield Problem((*_places(graph)[ring[0]], "fallback"), f"fallbacks form a cycle: {shown}")


def _joins(graph: Graph) -> Iterator[Problem]:
    for at, join in enumerate(graph.joins):
        for name, kind in join.parts.items():
            if kind not in graph.reachable:
                given = f"cannot follow from {name_of(graph.entry)}" if kind in graph.givers else "nothing produces"
                text = f"join {join.id!r} waits for {name_of(kind)}, which {given}"
                yield Problem(("joins", at, "parts", name), text)


# --- warnings ---


def _stuck(graph: Graph) -> Iterator[Problem]:
    """Yield cycles of blocking mailboxes."""
    blocking = {card.id for card in graph.cards if card.mailbox.overflow is Overflow.BLOCK}
    edges = {
        node: tuple(target for target in targets if target in blocking)
        for node, targets in graph.edges.items()
        if node in blocking
    }
    for component in components(edges):
        ring = cycle_in(component, edges)
        if ring:
            shown = " -> ".join((*ring, ring[0]))
            text = f"the mailboxes of {shown} may block each other; let one of them shed or reject"
            yield Problem(_places(graph)[ring[0]], text)


def _keeping(graph: Graph) -> Iterator[Problem]:
    for at, binding in enumerate(graph.bindings):
        if _keeps_state(binding.agent):
            text = f"agent {binding.card.id!r} is an object with state, which labels and tenant isolation do not cover"
            yield Problem(("agents", at), text)


def _keeps_state(agent: object) -> bool:
    if isinstance(agent, FunctionAgent) or getattr(type(agent), "isolated", False):
        return False
    kept = set(getattr(agent, "__dict__", ())) - {"card"}
    opens = getattr(type(agent), "open", Handlers.open) is not Handlers.open
    return bool(kept) or opens


def _idle(graph: Graph) -> Iterator[Problem]:
    for at, declared in enumerate(graph.cycles):
        rings = (cycle_in(component, graph.edges) for component in components(graph.edges))
        if not any(ring and set(ring) <= set(declared) for ring in rings):
            yield Problem(("cycles", at), f"messages form no cycle among {', '.join(declared)}; remove the declaration")
    cards = {card.id: card for card in graph.cards}
    for at, card in enumerate(graph.cards):
        other = cards.get(card.fallback or "")
        lacking = [] if other is None else [name_of(kind) for kind in card.produces if kind not in other.produces]
        if lacking:
            text = (
                f"the fallback of agent {card.id!r} is {card.fallback!r}, which does not produce {', '.join(lacking)}"
            )
            yield Problem(("agents", at, "fallback"), text)


# --- shared by the rules ---


def _places(graph: Graph) -> dict[str, KeyPath]:
    places: dict[str, KeyPath] = {join.id: ("joins", at) for at, join in enumerate(graph.joins)}
    return places | {card.id: ("agents", at) for at, card in enumerate(graph.cards)}


def _payload(part: PayloadType | Each[Any]) -> PayloadType:
    return part.payload if isinstance(part, Each) else part


_Rule = Callable[[Graph], Iterator[Problem]]
_ALWAYS: tuple[_Rule, ...] = (_ids, _bound, _tiers, _round, label_problems, _fields)
_WHOLE: tuple[_Rule, ...] = (_given, _taken, _asked, _fallbacks, _joins)
_WARNINGS: tuple[_Rule, ...] = (_stuck, _keeping, _idle)
