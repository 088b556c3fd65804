"""Renders a pipeline as a Mermaid flowchart: agents as boxes, joins as diamonds, topics on the arrows."""

from __future__ import annotations

from collections.abc import Iterable

from genie.contracts.card import AgentCard, Risk, Tier
from genie.contracts.gather import Each
from genie.graph.model import CALLER, Graph, name_of
from genie.graph.reachability import PayloadType

_ANSWER = "(answer)"


def mermaid(graph: Graph, title: str = "") -> str:
    """Return the text of a Mermaid flowchart, ending in a line break.

    Solid arrows are deliveries, dashed arrows are answers to the agent that asked, and a dotted line without a topic
    leads to a fallback. A box shows risk and tier unless they are low and production.
    """
    ids = {name: f"n{place}" for place, name in enumerate((CALLER, _ANSWER, *graph.edges))}
    lines = ["---", f"title: {_quoted(title)}", "---"] if title else []
    lines += ["flowchart LR", f'  {ids[CALLER]}(["{_text(graph.caller.user)}"])', f'  {ids[_ANSWER]}(["answer"])']
    lines += [f'  {ids[card.id]}["{_label(card)}"]{_style(card)}' for card in graph.cards]
    lines += [f'  {ids[join.id]}{{"{_text(join.id)}"}}' for join in graph.joins]
    lines += [f'  {ids[giver]} -->|"{_topics(kinds)}"| {ids[taker]}' for giver, taker, kinds in _deliveries(graph)]
    lines += [f'  {ids[giver]} -.->|"{_topics(kinds)}"| {ids[asker]}' for giver, asker, kinds in _answers(graph)]
    lines += [
        f"  {ids[card.id]} -.- {ids[card.fallback]}" for card in graph.cards if card.fallback in ids and card.fallback
    ]
    lines += ["  classDef high stroke:#c00,stroke-width:3px", "  classDef medium stroke:#c80,stroke-width:2px"]
    return "\n".join(lines) + "\n"


Arrow = tuple[str, str, tuple[PayloadType, ...]]


def _deliveries(graph: Graph) -> list[Arrow]:
    arrows: dict[tuple[str, str], list[PayloadType]] = {}
    for kind, givers in graph.givers.items():
        for giver in givers:
            for taker in graph.takers.get(kind, ()):
                arrows.setdefault((giver, taker), []).append(kind)
    for giver in graph.givers.get(graph.answer, ()):
        arrows.setdefault((giver, _ANSWER), []).append(graph.answer)
    return [(giver, taker, tuple(kinds)) for (giver, taker), kinds in arrows.items()]


def _answers(graph: Graph) -> list[Arrow]:
    """Return (giver, asker, answers) for every agent or join that a question reaches and that sends an answer."""
    arrows: dict[tuple[str, str], list[PayloadType]] = {}
    for card in graph.cards:
        for question, parts in card.asks.items():
            follows = graph.following.get(question, frozenset()) | {question}
            for part in parts:
                kind = part.payload if isinstance(part, Each) else part
                for giver in graph.givers.get(kind, ()):
                    if giver in graph.edges and any(giver in graph.takers.get(taken, ()) for taken in follows):
                        arrows.setdefault((giver, card.id), []).append(kind)
    return [(giver, asker, tuple(dict.fromkeys(kinds))) for (giver, asker), kinds in arrows.items()]


def _label(card: AgentCard) -> str:
    hints = [f"risk {card.risk}"] if card.risk is not Risk.LOW else []
    hints += [card.tier] if card.tier is not Tier.PRODUCTION else []
    return _text(card.id) + (f"<br/>{_text(', '.join(hints))}" if hints else "")


def _style(card: AgentCard) -> str:
    return "" if card.risk is Risk.LOW else f":::{card.risk}"


def _topics(kinds: Iterable[PayloadType]) -> str:
    return "<br/>".join(_text(name_of(kind)) for kind in kinds)


def _text(text: str) -> str:
    """Return text for a quoted label; characters with a meaning in Mermaid or HTML become entities."""
    return "".join(char if char.isalnum() or char in " ._-@,:/" else f"#{ord(char)};" for char in text)


def _quoted(text: str) -> str:
    """Return text as a YAML string in double quotes, for the diagram's front matter."""
    kept = "".join(char if char.isprintable() else " " for char in text)
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"') + '"'
