"""Links the numbers of an answer to the tool results that they came from; a number without a source is refused."""

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
"""Maximum number of values from results that are compared."""
MOST_LINKS = 2_000
MOST_TOLD = 8
MOST_DIGITS = 60
"""Maximum power of ten of a number."""
GOAL = "goal"
_NUMBER = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})|(?P<sign>(?<![\w)])[-\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d])?"
    # Blanks separate thousands, as commas do; a decimal comma, or a comma elsewhere, has more than one reading.
    r"(?P<digits>\d{1,3}(?:[ \u2000-\u200a\u205f]\d{3})+(?![\d,.]?\d)|\d[\d,_\u00a0\u202f']*(?:\.\d+)?)"
    r"(?P<power>[eE][+-]?\d+)?(?P<percent>\s?%|\s?(?i:per\s?cent|percent)\b)?"
    r"(?P<scale>\s?(?i:hundreds?|lakhs?|lacs?|crores?|thousands?|millions?|billions?|trillions?|mln|mn|bn|tn|trn|cr|k|m|"
    r"bps|basis points?|per\s?mille)\b|\s?\u2030)?"
)
_SCALES = {
    "hundred": 2, "lakh": 5, "lac": 5, "crore": 7, "cr": 7, "thousand": 3, "k": 3, "million": 6, "mln": 6, "mn": 6,
    "m": 6, "billion": 9, "bn": 9, "trillion": 12, "tn": 12, "trn": 12, "bp": -4, "basis point": -4, "per mille": -3,
    "permille": -3, "\u2030": -3,
}  # fmt: skip
_RANGE = re.compile(r"\s?(?:[-\u2010-\u2015\u2212]|to|or)\s?")
"""Separator of the ends of a range; the scale or percent sign of its end also applies to its beginning."""
_GROUPS = re.compile(r"\d{1,3}(?:([,_\u00a0\u202f' \u2000-\u200a\u205f])(?:\d{2,3}\1)*\d{3})?(?:\.\d+)?|\d+(?:\.\d+)?")
_SPELLED = re.compile(
    r"\b(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|"
    r"twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|(?:hundred|thousand|lakh|lac|crore|million|billion|"
    r"trillion|dozen)s?|doubled?|tripled?|quadrupled?|twice|thrice|half|halves|halved|thirds|"
    r"(?:a|one) (?:third|quarter|fifth|tenth))\b|[\u00bc-\u00be\u2150-\u218b]",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"(?:^|[._])(?:percent(?:age)?|pct)(?:[._]|$)", re.IGNORECASE)
"""Matches the name of a result field whose number is a percentage, not a fraction."""
_MARKER = re.compile(r"(?m)^\s{0,8}(\d{1,3})[.)]\s")
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


class Number(NamedTuple):
    """A number or a date, as an answer writes it."""

    text: str
    start: int
    value: Decimal | str | None
    """None for a number with several readings."""
    places: int = 0
    """Number of decimals before its scale is applied."""
    percent: bool = False
    power: int = 0
    """Power of ten of the scale word after it."""

    def meanings(self) -> Iterator[tuple[Decimal | str, int, str]]:
        """Yield each possible value with its number of decimals and its kind: ``percent``, ``fraction``, or neither."""
        if isinstance(self.value, Decimal):
            value = self.value.scaleb(self.power)
            places = max(self.places - self.power, 0)
            yield value or Decimal(0), places, "percent" if self.percent or self.power < 0 else ""
            if self.percent:
                yield value.scaleb(-2) or Decimal(0), places + 2, "fraction"
        elif self.value is not None:
            yield self.value, 0, ""


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
    does ``1.2`` in ``1.2 to 5 lakh``. A number with several readings, such as ``1,5`` or ``5.000``, matches nothing. A
    number in words cannot be linked, so it is refused unless the goal contains the same word.
    """
    plain = _ascii(text)
    if len(plain) > MOST_ANSWER:
        return Checked(code=TOO_LONG, told="Your answer is too long.")
    source = Source()
    for call, result in calls:
        if not result.code:
            for leaf in leaves(result.text, call.id):
                source.add(leaf)
    for number in numbers(goal, lines=True):
        for value, _, _ in number.meanings():
            source.add(Leaf(value, GOAL, ""))
    links: list[Link] = []
    wrong: list[str] = []
    for number in numbers(text):
        origin = source.find(number)
        if origin is None or len(links) >= MOST_LINKS:
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
    words = {match[0].lower() for match in _SPELLED.finditer(_NUMBER.sub(" ", plain))}
    words -= {match[0].lower() for match in _SPELLED.finditer(goal)}
    if words:
        return Checked(code=SPELLED, told="Write numbers in digits, as in tool results, not in words.")
    return Checked(links=tuple(links))


def numbers_in(text: str) -> set[Decimal | str]:
    """Return the numbers and dates of a text, each with its first meaning; line numbers of lists are ignored.

    A number with several readings is returned as its text, which equals no number.
    """
    return {next((value for value, _, _ in number.meanings()), number.text) for number in numbers(text)}


def leaf_numbers(text: str) -> set[Decimal | str]:
    """Return every possible value of the numbers and dates of a text."""
    return {value for number in numbers(text, lines=True) for value, _, _ in number.meanings()}


def numbers(text: str, *, lines: bool = False) -> list[Number]:
    """Return the numbers and dates of a text; line numbers of a list (1, 2, 3 ...) only with ``lines``."""
    plain = _ascii(text)
    counts, following = set[int](), "1"
    for match in () if lines else _MARKER.finditer(plain):
        if match[1] in {"1", following}:
            counts.add(match.start(1))
            following = str(int(match[1]) + 1)
    found: list[Number] = []
    ends: list[int] = []
    for match in _NUMBER.finditer(plain):
        if match.start() in counts and not (match["scale"] or match["percent"]):
            continue
        found.append(_number(match))
        ends.append(match.end())
    for at in range(len(found) - 1, 0, -1):  # from the end, so that all numbers of a chain of ranges get one scale
        first, last = found[at - 1], found[at]
        bare = not (first.power or first.percent) and (last.power or last.percent)
        if bare and _RANGE.fullmatch(plain[ends[at - 1] : last.start]):
            found[at - 1] = first._replace(power=last.power, percent=last.percent)
    return found


def _number(found: re.Match[str]) -> Number:
    text, start = found[0].strip(), found.start()
    if found["date"]:
        return Number(text, start, found["date"])
    written = found["digits"].rstrip(",_'\u00a0\u202f")
    if _GROUPS.fullmatch(written) is None:
        return Number(text, start, None)
    digits = re.sub(r"[,_\s']", "", written)
    power = 0
    if found["scale"]:
        scale = " ".join(found["scale"].lower().split())
        power = _SCALES[scale if scale in _SCALES else scale.removesuffix("s")]
    try:
        value = Decimal(digits + (found["power"] or ""))
    except InvalidOperation:
        return Number(text, start, None)
    if abs(value.adjusted()) > MOST_DIGITS:
        return Number(text, start, None)
    value = -value if found["sign"] else value
    return Number(text, start, value, len(digits.partition(".")[2]), bool(found["percent"]), power)


def _ascii(text: str) -> str:
    """Return a text with the digits of all scripts as 0 to 9, and invisible characters as ``_``; same length."""
    if text.isascii():
        return text
    return "".join(map(_as_ascii, text))


def _as_ascii(letter: str) -> str:
    digit = unicodedata.digit(letter, None)
    if digit is not None:
        return str(digit)
    return "_" if unicodedata.category(letter) == "Cf" else letter


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
        elif isinstance(item, str) and len(item) <= 64:
            found = _whole(item)
            if found is not None:
                yield Leaf(found, call, path)


def _whole(text: str) -> Decimal | str | None:
    """Return the value of a text that is only a date or a number; None for any other text."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return text
    if re.fullmatch(r"-?\d{1,40}(?:\.\d{1,40})?", text):
        return Decimal(text)
    dated = re.match(r"\d{4}-\d{2}-\d{2}(?=T)", text)
    return dated[0] if dated else None
