"""The drawing of a pipeline."""

from __future__ import annotations

from genie.contracts.agent import Binding, Join, agent
from genie.contracts.card import Caller, Risk, Tier
from genie.contracts.message import Payload
from genie.graph.mermaid import mermaid
from genie.graph.model import Graph


class Start(Payload, topic="drawing.start"):
    text: str = ""


class Part(Payload, topic="drawing.part"):
    text: str = ""


class Side(Payload, topic="drawing.side"):
    text: str = ""


class Whole(Payload, topic="drawing.whole"):
    part: Part | None = None


class End(Payload, topic="drawing.end"):
    text: str = ""


@agent(id="first", asks={Side: Part}, risk=Risk.HIGH, tier=Tier.BETA)
async def first(start: Start) -> Part:
    """First."""
    return Part()


@agent(id="helper.one", fallback="first", risk="low", tier="production")
async def helper(side: Side) -> Part:
    """Help."""
    return Part()


@agent(id="last", risk="low", tier="production")
async def last(whole: Whole) -> End:
    """Last."""
    return End()


def drawn(title: str = "", user: str = "ann") -> list[str]:
    agents = (first, helper, last)
    graph = Graph(
        bindings=tuple(Binding(agent=one, card=one.card) for one in agents),
        joins=(Join(id="both", into=Whole, parts={"part": Part}),),
        entry=Start,
        answer=End,
        caller=Caller(user=user),
    )
    return mermaid(graph, title).splitlines()


def test_every_part_and_every_way_of_a_message_is_drawn() -> None:
    assert drawn() == [
        "flowchart LR",
        '  n0(["ann"])',
        '  n1(["answer"])',
        '  n2["first<br/>risk high, beta"]:::high',
        '  n3["helper.one"]',
        '  n4["last"]',
        '  n5{"both"}',
        '  n0 -->|"drawing.start"| n2',
        '  n2 -->|"drawing.part"| n5',
        '  n3 -->|"drawing.part"| n5',
        '  n2 -->|"drawing.side"| n3',
        '  n5 -->|"drawing.whole"| n4',
        '  n4 -->|"drawing.end"| n1',
        '  n3 -.->|"drawing.part"| n2',
        "  n3 -.- n2",
        "  classDef high stroke:#c00,stroke-width:3px",
        "  classDef medium stroke:#c80,stroke-width:2px",
    ]


def test_text_of_people_cannot_break_the_drawing() -> None:
    lines = drawn(title='a "b"\\\n---', user='x"]; click n0 "javascript:1"')
    assert lines[:3] == ["---", 'title: "a \\"b\\"\\\\ ---"', "---"]
    assert '  n0(["x#34;#93;#59; click n0 #34;javascript:1#34;"])' in lines
