"""Compaction: shortens a transcript to fit a window, as a pure function of its turns.

The transcript is a list of atoms: a user's turn, or an assistant's turn with every result of its calls. An atom is
kept, replaced or dropped as a whole, so that a call is never separated from its result.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.classification import Classification
from genie.contracts.model_call import ModelRequest, Role, Text, ToolCall, ToolResult, Trust, Turn
from genie.edges.llm.tokens import beside_turns, of_turns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie.edges.llm.settings import CompactionSection

LONG_RESULT = 240
"""Characters above which an old tool result is replaced by a reference."""
FIRST_LINE = 120
"""Characters of a first line that are kept."""
REPORT = 4_000
"""Maximum characters of a report."""
HEADING = "Report on earlier turns that were left out:"


class CompactionError(Exception):
    """A transcript does not fit, even after everything optional was left out.

    Args:
        pinned: Tokens of the turns that must stay.
        limit: Tokens available.
    """

    def __init__(self, pinned: int, limit: int) -> None:
        super().__init__(f"the turns that must stay have {pinned} tokens; there is room for {limit}")
        self.pinned = pinned
        self.limit = limit


class Compacted(NamedTuple):
    """Result of the compaction of a request."""

    request: ModelRequest
    replaced: tuple[str, ...]
    """SHA-256 of every turn that was replaced or left out, in order."""
    reported: tuple[Turn, ...] = ()
    """Number of turns that a report replaces."""


class Written(NamedTuple):
    """A summary that a model has written."""

    turns: int
    """Number of turns that it covers, from the first of those left out."""
    text: str


class _Atom:
    __slots__ = ("pinned", "tokens", "turns")

    def __init__(self, turns: list[Turn]) -> None:
        self.turns = turns
        self.pinned = any(turn.pinned for turn in turns)
        self.tokens = of_turns(turns)

    @property
    def role(self) -> Role:
        return self.turns[0].role

    def calls(self) -> list[ToolCall]:
        return [part for part in self.turns[0].parts if isinstance(part, ToolCall)]

    def results(self) -> dict[str, ToolResult]:
        return {part.id: part for turn in self.turns for part in turn.parts if isinstance(part, ToolResult)}


def compacted(
    request: ModelRequest, limit: int, options: CompactionSection, written: Written | None = None
) -> Compacted:
    """Return a request that fits.

    Args:
        request: The request with all its turns.
        limit: Maximum tokens of the request, by our own estimate.
        options: How much of the beginning and of the end is kept.
        written: A summary that the report begins with, if it fits.

    Raises:
        CompactionError: Even the turns that must stay do not fit.
    """
    room = limit - beside_turns(request)
    atoms = _atoms(request.turns)
    _pin(atoms, options.keep_first)
    tail = _tail(atoms, options.tail_tokens)
    atoms = [atom if at >= tail else _short(atom) for at, atom in enumerate(atoms)]
    tail_atoms = atoms[tail:]
    atoms = _without_repeats(atoms)
    reported: tuple[Turn, ...] = ()
    if _tokens(atoms) > room:
        atoms, reported = _reported(atoms, tail_atoms, room, written)
    if _tokens(atoms) > room:
        raise CompactionError(round(_tokens(atoms)), round(room))
    turns = tuple(turn for atom in atoms for turn in atom.turns)
    kept = set(map(id, turns))
    gone = tuple(_digest(turn) for turn in request.turns if id(turn) not in kept)
    return Compacted(request.model_copy(update={"turns": turns}), gone, reported)


def _tokens(atoms: Iterable[_Atom]) -> float:
    return sum(atom.tokens for atom in atoms)


def _digest(turn: Turn) -> str:
    return hashlib.sha256(turn.model_dump_json().encode()).hexdigest()


def _atoms(turns: Iterable[Turn]) -> list[_Atom]:
    """Group turns; results without their call are left out, because no provider accepts them."""
    groups: list[list[Turn]] = []
    called: set[str] = set()
    for turn in turns:
        if turn.role is Role.TOOL:
            results = [part for part in turn.parts if isinstance(part, ToolResult)]
            if groups and results and all(part.id in called for part in results):
                groups[-1].append(turn)
            continue
        groups.append([turn])
        called = {part.id for part in turn.parts if isinstance(part, ToolCall)}
    return [_Atom(group) for group in groups]


def _pin(atoms: list[_Atom], keep_first: int) -> None:
    """Mark the turns that must stay: system, goal, the beginning, calls without results, and the user's last turn."""
    spoken = [atom for atom in atoms if atom.role is not Role.SYSTEM]
    users = [atom for atom in spoken if atom.role is Role.USER]
    for atom in (*(one for one in atoms if one.role is Role.SYSTEM), *users[:1], *users[-1:], *spoken[:keep_first]):
        atom.pinned = True
    for atom in spoken:
        results = atom.results()
        if any(call.id not in results for call in atom.calls()):
            atom.pinned = True


def _tail(atoms: list[_Atom], most: int) -> int:
    """Return the start of the tail: the latest atom, and those before it while they fit."""
    start, tokens = len(atoms), 0.0
    while start > 0 and (tokens + atoms[start - 1].tokens <= most or start == len(atoms)):
        start -= 1
        tokens += atoms[start].tokens
    return start


def _short(atom: _Atom) -> _Atom:
    """Return an atom whose long results are replaced by references: size, hash and first line."""
    turns = []
    for turn in atom.turns:
        parts = tuple(
            part.model_copy(update={"text": _reference(part.text)})
            if isinstance(part, ToolResult) and len(part.text) > LONG_RESULT
            else part
            for part in turn.parts
        )
        turns.append(turn if parts == turn.parts else turn.model_copy(update={"parts": parts}))
    if all(new is old for new, old in zip(turns, atom.turns, strict=True)):
        return atom
    short = _Atom(turns)
    short.pinned = atom.pinned
    return short


def _reference(text: str) -> str:
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:12]
    return f"(left out: {len(text)} characters, {digest}) {_line(text)}"


def _line(text: str) -> str:
    return " ".join(text[: 4 * FIRST_LINE].split())[:FIRST_LINE]


def _without_repeats(atoms: list[_Atom]) -> list[_Atom]:
    """Leave out atoms whose calls were all repeated later with the same arguments."""
    seen: set[tuple[str, str]] = set()
    kept: list[_Atom] = []
    for atom in reversed(atoms):
        made = {(call.name, call.arguments) for call in atom.calls()}
        if made and made <= seen and not atom.pinned:
            continue
        seen |= made
        kept.append(atom)
    return kept[::-1]


def _reported(
    atoms: list[_Atom], tail: list[_Atom], room: float, written: Written | None
) -> tuple[list[_Atom], tuple[Turn, ...]]:
    """Replace atoms that are neither pinned nor in the tail by a report; shorten the tail if that is not enough."""
    staying = {id(atom) for atom in atoms if atom.pinned} | {id(atom) for atom in tail}
    order = [atom for atom in atoms if not atom.pinned and id(atom) in staying]
    while True:
        kept = [atom for atom in atoms if id(atom) in staying]
        gone = [atom for atom in atoms if id(atom) not in staying]
        left = room - _tokens(kept)
        report = _report(gone, left, written) if gone and left > 0 else None
        if left >= 0 or not order:
            break
        staying.discard(id(order.pop(0)))
    out: list[_Atom] = []
    for atom in atoms:
        if id(atom) in staying:
            out.append(atom)
        elif report is not None:
            out.append(report)
            report = None
    return out, tuple(turn for atom in gone for turn in atom.turns)


def _report(gone: list[_Atom], room: float, written: Written | None) -> _Atom | None:
    """Return a report on the dropped atoms, as one turn, keeping the latest facts; None if none fits."""
    turns = [turn for atom in gone for turn in atom.turns]
    label = max((turn.label for turn in turns), default=Classification.PUBLIC)
    untrusted = any(turn.trust is Trust.UNTRUSTED for turn in turns)
    heads: list[tuple[list[str], int, Trust]] = [([HEADING], 0, Trust.UNTRUSTED if untrusted else Trust.TRUSTED)]
    if written is not None:  # the text of a model never counts as instructions
        heads.insert(0, ([HEADING, written.text], written.turns, Trust.UNTRUSTED))
    for head, known, trust in heads:
        lines, at = [], 0
        for atom in gone:
            at += len(atom.turns)
            lines += _facts(atom) if at > known else []
        while lines or len(head) > 1:
            text = "\n".join((*head, *lines))
            if len(text) <= REPORT:
                turn = Turn(role=Role.USER, parts=(Text(text=text),), source="compaction", label=label, trust=trust)
                atom = _Atom([turn])
                if atom.tokens <= room:
                    return atom
            if not lines:
                break
            lines = lines[max(1, len(lines) // 8) :]
    return None


def _facts(atom: _Atom) -> list[str]:
    results = atom.results()
    said = [part.text for part in atom.turns[0].parts if isinstance(part, Text) and part.text.strip()]
    who = "asked" if atom.role is Role.USER else "answered"
    lines = [f"- {who}: {_line(text)}" for text in said]
    for call in atom.calls():
        result = results.get(call.id)
        outcome = "no result" if result is None else result.code or _line(result.text)
        lines.append(f"- {call.name}({_line(call.arguments)}): {outcome}")
    return lines
