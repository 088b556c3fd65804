"""Links the numbers of an answer to the tool results that they came from.

An answer with an unlinked number is refused.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.contracts.loop_call import Link
from genie.loops.react import Checked

if TYPE_CHECKING:
    from genie.contracts.model_call import ToolCall, ToolResult

UNLINKED = "unlinked_number"
SPELLED = "spelled_number"
TOO_LONG = "answer_too_long"
MOST_ANSWER = 100_000
MOST_LEAVES = 50_000
"""Maximum number of result values that are considered."""
MOST_LINKS = 2_000
MOST_TOLD = 8
GOAL = "goal"
_NUMBER = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})|(?P<sign>(?<![\w)])[-\u2212])?(?P<digits>\d[\d,_\u00a0\u202f']*(?:\.\d+)?)"
    r"(?P<percent>\s?%|\s?(?i:per\s?cent|percent))?(?P<scale>\s?(?i:lakhs?|crores?|thousand|millions?|billions?|mn|bn|cr|k|m)\b)?"
)
_SCALES = {
    "lakh": 5, "lakhs": 5, "crore": 7, "crores": 7, "cr": 7, "thousand": 3, "k": 3, "million": 6, "millions": 6,
    "mn": 6, "m": 6, "billion": 9, "billions": 9, "bn": 9,
}  # fmt: skip
_SPELLED = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|"
    r"twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|lakh|crore|million|billion|dozen|"
    r"double|triple|twice|thrice|half)\b",
    re.IGNORECASE,
)
_MARKER = re.compile(r"(?m)^\s{0,8}\d{1,3}[.)]\s")


class Leaf(NamedTuple):
    """A number or a date of a result."""

    value: Decimal | str
    call: str
    path: str


class Source:
    """The numbers and dates that an answer may use."""

    def __init__(self) -> None:
        self.exact: dict[Decimal | str, Leaf] = {}
        self.finer: list[Leaf] = []
        """Numbers with more than two decimals, which an answer may round to two or more."""
        self.count = 0

    def add(self, leaf: Leaf) -> None:
        """Add a value; the first of equal values becomes the link."""
        self.count += 1
        if self.count > MOST_LEAVES:
            return
        self.exact.setdefault(leaf.value, leaf)
        if isinstance(leaf.value, Decimal) and _places(leaf.value) > 2:
            self.finer.append(leaf)

    def find(self, value: Decimal, places: int) -> Leaf | None:
        """Return the origin of a number: an equal number, or one that it is rounded from, to two or more decimals."""
        found = self.exact.get(value)
        if found is not None or places < 2:
            return found
        step = Decimal(1).scaleb(-places)
        for leaf in self.finer:
            exact = Decimal(leaf.value)  # only of a plain number
            fits = _places(exact) > places and abs(exact) < Decimal(10) ** 20
            if fits and exact.quantize(step, rounding=ROUND_HALF_UP) == value:
                return leaf
        return None


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def linked_numbers(text: str, calls: Sequence[tuple[ToolCall, ToolResult]], goal: str) -> Checked:
    """Link each number of an answer to a successful tool result, or to the goal; refuse numbers without a link.

    A number matches an equal number, or a result with more decimals, rounded to two or more. ``8.5 %`` also matches
    0.085, and ``1.2 lakh`` 120,000. A number in words is refused unless the goal has the same word, because it cannot
    be linked.
    """
    plain = _ascii(text)
    if len(plain) > MOST_ANSWER:
        return Checked(code=TOO_LONG, told="Your answer is too long.")
    source = Source()
    for call, result in calls:
        if not result.code:
            for leaf in leaves(result.text, call.id):
                source.add(leaf)
    for found in _NUMBER.finditer(_ascii(goal)):
        for value, _ in _values(found):
            source.add(Leaf(value, GOAL, ""))
    links: list[Link] = []
    wrong: list[str] = []
    markers = {match.end() for match in _MARKER.finditer(plain)}
    for found in _NUMBER.finditer(plain):
        if any(found.end() < end <= found.end() + 2 for end in markers) and not found["scale"]:
            continue  # the number of a list item, not of the answer
        origin = next((one for value, places in _values(found) if (one := _leaf(source, value, places))), None)
        if origin is None or len(links) >= MOST_LINKS:
            wrong.append(found[0].strip())
        else:
            links.append(
                Link(text=found[0].strip()[:64], start=found.start(), call=origin.call, path=origin.path[:512])
            )
    if wrong:
        shown = ", ".join(wrong[:MOST_TOLD])
        return Checked(
            code=UNLINKED,
            told=f"These numbers of your answer are in no tool result: {shown}. Use numbers of tool results alone, "
            "written as they are, and call a tool where you need another.",
        )
    words = {match[0].lower() for match in _SPELLED.finditer(_NUMBER.sub(" ", plain))}
    words -= {match[0].lower() for match in _SPELLED.finditer(goal)}
    if words:
        return Checked(code=SPELLED, told="Write numbers in digits, as tool results have them, not in words.")
    return Checked(links=tuple(links))


def numbers_in(text: str) -> set[Decimal | str]:
    """Return the numbers and dates of a text with their literal values; list numbers are left out."""
    plain = _ascii(text)
    markers = {match.end() for match in _MARKER.finditer(plain)}
    found = set()
    for match in _NUMBER.finditer(plain):
        if any(match.end() < end <= match.end() + 2 for end in markers):
            continue
        found |= {value for value, _ in list(_values(match))[:1]}
    return found


def leaf_numbers(text: str) -> set[Decimal | str]:
    """Return all possible values of the numbers and dates of a text."""
    return {value for match in _NUMBER.finditer(_ascii(text)) for value, _ in _values(match)}


def _leaf(source: Source, value: Decimal | str, places: int) -> Leaf | None:
    return source.exact.get(value) if isinstance(value, str) else source.find(value, places)


def _ascii(text: str) -> str:
    """Convert digits of every script to 0-9; the length of the text stays the same."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.digit(letter)) if unicodedata.digit(letter, None) is not None else letter for letter in text
    )


def _values(found: re.Match[str]) -> Iterator[tuple[Decimal | str, int]]:
    """Yield the possible values of a number, with its written number of decimals."""
    if found["date"]:
        yield found["date"], 0
        return
    digits = re.sub(r"[,_\u00a0\u202f']", "", found["digits"])
    try:
        value = Decimal(digits)
    except InvalidOperation:
        return
    places = len(digits.partition(".")[2])
    if found["scale"]:
        power = _SCALES[found["scale"].strip().lower()]
        value, places = value.scaleb(power), max(places - power, 0)
    if found["sign"]:
        value = -value
    value = value or Decimal(0)
    yield value, places
    if found["percent"]:
        yield value.scaleb(-2), places + 2


def leaves(text: str, call: str) -> Iterator[Leaf]:
    """Yield the numbers and dates of a result's JSON, with their paths."""
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
        elif isinstance(item, str) and len(item) <= 64:
            found = _whole(item)
            if found is not None:
                yield Leaf(found, call, path)


def _whole(text: str) -> Decimal | str | None:
    """Return the value of a text that is a date or a number as a whole; numbers inside sentences do not count."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return text
    if re.fullmatch(r"-?\d{1,40}(?:\.\d{1,40})?", text):
        return Decimal(text)
    dated = re.match(r"\d{4}-\d{2}-\d{2}(?=T)", text)
    return dated[0] if dated else None
