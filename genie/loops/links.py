"""Links the numbers of an answer to the tool results that they came from; a number without a source is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.contracts.loop_call import Link
from genie.loops.react import Checked
from genie.loops.written_numbers import Number, forms_of, numbers, spelled

if TYPE_CHECKING:
    from genie.contracts.model_call import ToolCall, ToolResult

UNLINKED = "unlinked_number"
SPELLED = "spelled_number"
TOO_LONG = "answer_too_long"
MOST_ANSWER = 100_000
MOST_LEAVES = 50_000
"""Maximum number of values from results that are compared."""
MOST_LINKS = 2_000
MOST_TOLD = 8
GOAL = "goal"
_PERCENT = re.compile(r"(?:^|[._])(?:percent(?:age)?|pct)(?:[._]|$)", re.IGNORECASE)
"""Matches the name of a result field whose number is a percentage, not a fraction."""
LONGEST_NAME = 64
MOST_TEXT = 4_096
"""Maximum length of a text in a result that is searched."""
_NAME = re.compile(r"(?<![^\W_])(?=\d*[^\W\d_])(?=[^\W\d_]*\d)[^\W_]{3,32}(?![^\W_])")
_MONEY = re.compile(r"\s?(?:[A-Z]{3}|(?i:rs)\.?|[\u20b9$\u20ac\u00a3\u00a5])?\s?")
_FINEST = 2
"""Number of decimals that a number may always have, such as an amount, even if its source has fewer."""


class Leaf(NamedTuple):
    """A number or a date of a result."""

    value: Decimal | str
    call: str
    path: str

    @property
    def percent(self) -> bool:
        """True if its name indicates a percentage."""
        return _PERCENT.search(self.path.rpartition(".")[2]) is not None

    def fits(self, kind: str) -> bool:
        """Return False if a number is written as a percentage and this is a fraction, or vice versa."""
        if kind == "fraction":
            return not self.percent
        return kind != "percent" or self.percent or self.call == GOAL or abs(Decimal(self.value)) >= 1


class Source:
    """The numbers and dates that an answer may use."""

    def __init__(self) -> None:
        self.exact: dict[Decimal | str, list[Leaf]] = {}
        """Value -> sources; an equal value is added only if it differs in being a percentage, or has more decimals."""
        self.finer: list[Leaf] = []
        """Numbers with more than two decimals, which an answer may round to two or more."""
        self.count = 0

    def add(self, leaf: Leaf) -> None:
        """Add one, up to ``MOST_LEAVES``."""
        self.count += 1
        if self.count > MOST_LEAVES:
            return
        known = self.exact.setdefault(leaf.value, [])
        if all(one.percent is not leaf.percent or _places(one.value) < _places(leaf.value) for one in known):
            known.append(leaf)
        if _places(leaf.value) > _FINEST:
            self.finer.append(leaf)

    def named(self, text: str, number: Number) -> Leaf | None:
        """Return the source of the name that contains a number of a text: the same name in a result."""
        for name in _NAME.finditer(text, max(0, number.start - LONGEST_NAME), number.start + LONGEST_NAME):
            if name.start() <= number.start < name.end():
                return next(iter(self.exact.get(name[0].casefold(), ())), None)
        return None

    def find(self, number: Number) -> Leaf | None:
        """Return the source of a number: the same number, or one that rounds to it at two or more decimals."""
        for value, places, kind in number.meanings():
            scaled = number.power or kind == "fraction"
            for leaf in self.exact.get(value, ()):
                if leaf.fits(kind) and (scaled or number.places <= max(_FINEST, _places(leaf.value))):
                    return leaf
            if places < _FINEST or isinstance(value, str):
                continue
            step = Decimal(1).scaleb(-places)
            for leaf in self.finer:
                exact = Decimal(leaf.value)  # ``finer`` contains only numbers
                fits = _places(exact) > places and abs(exact) < Decimal(10) ** 20 and leaf.fits(kind)
                if fits and exact.quantize(step, rounding=ROUND_HALF_UP) == value:
                    return leaf
        return None


def _places(value: Decimal | str) -> int:
    exponent = 0 if isinstance(value, str) else value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def linked_numbers(text: str, calls: Sequence[tuple[ToolCall, ToolResult]], goal: str) -> Checked:
    """Link each number of an answer to a successful tool result, or to the goal; refuse one with any other number.

    A number matches an equal result, or a result with more decimals that rounds to it at two or more decimals.
    ``8.5 %`` also matches 0.085 unless the result's name indicates a percentage; ``1.2 lakh`` matches 120,000, and so
    does ``1.2`` in ``1.2 to 5 lakh``. A number alone in brackets matches its negative too. A date also matches without
    its day or its year. A number inside a name, such as ``XX1234``, matches the same name. A number with several
    readings, such as ``1,5`` or ``5.000``, matches nothing. A number in words cannot be linked, so it is refused unless
    the goal contains the same word.
    """
    if len(text) > MOST_ANSWER:
        return Checked(code=TOO_LONG, told="Your answer is too long.")
    source = Source()
    for call, result in calls:
        if not result.code:
            for leaf in leaves(result.text, call.id):
                source.add(leaf)
    for known in (*leaf_numbers(goal, most=MOST_LINKS), *_names(goal)):
        source.add(Leaf(known, GOAL, ""))
    links: list[Link] = []
    wrong: list[str] = []
    found = numbers(text, most=MOST_LINKS + 1)
    if len(found) > MOST_LINKS:
        return Checked(code=TOO_LONG, told="Your answer has too many numbers.")
    for number in found:
        origin = source.find(number) or source.named(text, number)
        if origin is None:
            wrong.append(number.text)
        else:
            links.append(Link(text=number.text[:64], start=number.start, call=origin.call, path=origin.path[:512]))
    if wrong:
        shown = ", ".join(wrong[:MOST_TOLD])
        return Checked(
            code=UNLINKED,
            told=f"These numbers of your answer are in no tool result: {shown}. Use only numbers of tool results, "
            "as they are written there, and call a tool if you need another number.",
        )
    if spelled(text) - spelled(goal):
        return Checked(code=SPELLED, told="Write numbers in digits, as in tool results, not in words.")
    return Checked(links=tuple(links))


def unknown_numbers(text: str, known: set[Decimal | str]) -> set[str]:
    """Return the numbers and dates of a text whose first meaning is not known; a year is known by its date.

    Line numbers of lists are ignored. A number with several readings is never known.
    """
    return {
        number.text
        for number in numbers(text)
        if next((value for value, _, _ in number.meanings()), None) not in known and number.year not in known
    }


def leaf_numbers(text: str, most: int | None = None) -> set[Decimal | str]:
    """Return every possible value of the numbers and dates of a text, of at most ``most`` numbers."""
    found = {value for number in numbers(text, lines=True, most=most) for value, _, _ in number.meanings()}
    return found.union(*(forms_of(value) for value in found if isinstance(value, str)))


def leaves(text: str, call: str) -> Iterator[Leaf]:
    """Yield the numbers and dates in the JSON of a result, with their paths."""
    try:
        value = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return
    stack: list[tuple[str, Any]] = [("", value)]
    seen = 0
    while stack and seen < MOST_LEAVES * 4:
        path, item = stack.pop()
        seen += 1
        if isinstance(item, dict):
            stack += [(f"{path}.{name}".lstrip("."), part) for name, part in reversed(item.items())]
        elif isinstance(item, list):
            stack += [(f"{path}.{index}".lstrip("."), part) for index, part in reversed(list(enumerate(item)))]
        elif isinstance(item, Decimal):
            yield Leaf(item, call, path)
        elif isinstance(item, str) and len(item) <= MOST_TEXT:
            for known in (*_whole(item), *_names(item)):
                yield Leaf(known, call, path)


def _names(text: str) -> set[str]:
    """Return the words of a text that contain both letters and digits, such as account numbers."""
    return {name[0].casefold() for name in _NAME.finditer(text)}


def _whole(text: str) -> tuple[Decimal | str, ...]:
    """Return the value of a text that is only a date, a number or an amount of money; nothing for any other text."""
    timed = re.match(r"\d{4}-\d{2}-\d{2}(?=T)", text)
    found = numbers(timed[0] if timed else text, lines=True)
    if len(found) != 1 or found[0].percent or found[0].bracketed:
        return ()
    (number,) = found
    if not timed and _MONEY.fullmatch(text.replace(number.text, "", 1)) is None:
        return ()
    value = next((value for value, _, _ in number.meanings()), None)
    return () if value is None else forms_of(value) if isinstance(value, str) else (value,)
