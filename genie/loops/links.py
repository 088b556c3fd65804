"""Numbers of an answer are linked to the tool results they came from; a number without one refuses the answer."""

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
"""Numbers of all results that are looked at."""
MOST_LINKS = 2_000
MOST_TOLD = 8
MOST_DIGITS = 60
"""Power of ten of a number at most."""
GOAL = "goal"
_NUMBER = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})|(?P<sign>(?<![\w)])[-\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d])?"
    # Blanks part thousands as commas do; a decimal comma, or a comma elsewhere, leaves more than one reading.
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
"""Between the ends of a range: what is said of its end is said of its beginning."""
_GROUPS = re.compile(r"\d{1,3}(?:([,_\u00a0\u202f' \u2000-\u200a\u205f])(?:\d{2,3}\1)*\d{3})?(?:\.\d+)?|\d+(?:\.\d+)?")
_SPELLED = re.compile(
    r"\b(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|"
    r"twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|(?:hundred|thousand|lakh|lac|crore|million|billion|"
    r"trillion|dozen)s?|doubled?|tripled?|quadrupled?|twice|thrice|half|halves|halved|thirds|"
    r"(?:a|one) (?:third|quarter|fifth|tenth))\b|[\u00bc-\u00be\u2150-\u218b]",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"(?:^|[._])(?:percent(?:age)?|pct)(?:[._]|$)", re.IGNORECASE)
"""In the name of a result whose number is a percentage, not a fraction."""
_MARKER = re.compile(r"(?m)^\s{0,8}(\d{1,3})[.)]\s")
_FINEST = 2
"""Decimals that a number may be written with though its source has fewer, as amounts are."""


class Leaf(NamedTuple):
    """A number or a date of a result."""

    value: Decimal | str
    call: str
    path: str

    @property
    def percent(self) -> bool:
        """Its name says that it is a percentage."""
        return _PERCENT.search(self.path.rpartition(".")[2]) is not None

    def fits(self, kind: str) -> bool:
        """Return False where a number is written as a percentage and this is a fraction, or the other way round."""
        if kind == "fraction":
            return not self.percent
        return kind != "percent" or self.percent or self.call == GOAL or abs(Decimal(self.value)) >= 1


class Number(NamedTuple):
    """A number or a date, as an answer writes it."""

    text: str
    start: int
    value: Decimal | str | None
    """None for one that people read in different ways."""
    places: int = 0
    """Decimals, beside its scale."""
    percent: bool = False
    power: int = 0
    """Of the scale behind it."""

    def meanings(self) -> Iterator[tuple[Decimal | str, int, str]]:
        """Yield what it may mean, with how many decimals, and as what: ``percent``, ``fraction``, or neither."""
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
        """Of equal ones the first, and the first that says whether it is a percentage as no other before it."""
        self.finer: list[Leaf] = []
        """Numbers with more than two decimals, which an answer may round to two or more."""
        self.count = 0

    def add(self, leaf: Leaf) -> None:
        """Take one."""
        self.count += 1
        if self.count > MOST_LEAVES:
            return
        known = self.exact.setdefault(leaf.value, [])
        if all(one.percent is not leaf.percent or _places(one.value) < _places(leaf.value) for one in known):
            known.append(leaf)
        if _places(leaf.value) > _FINEST:
            self.finer.append(leaf)

    def find(self, number: Number) -> Leaf | None:
        """Return where a number comes from: the same number, or one that it is rounded from to two or more places."""
        for value, places, kind in number.meanings():
            scaled = number.power or kind == "fraction"
            for leaf in self.exact.get(value, ()):
                if leaf.fits(kind) and (scaled or number.places <= max(_FINEST, _places(leaf.value))):
                    return leaf
            if places < _FINEST or isinstance(value, str):
                continue
            step = Decimal(1).scaleb(-places)
            for leaf in self.finer:
                exact = Decimal(leaf.value)  # of a number alone
                fits = _places(exact) > places and abs(exact) < Decimal(10) ** 20 and leaf.fits(kind)
                if fits and exact.quantize(step, rounding=ROUND_HALF_UP) == value:
                    return leaf
        return None


def _places(value: Decimal | str) -> int:
    exponent = 0 if isinstance(value, str) else value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def linked_numbers(text: str, calls: Sequence[tuple[ToolCall, ToolResult]], goal: str) -> Checked:
    """Link each number of an answer to a successful tool result, or to the goal; refuse what has no link.

    A number is the same number, or a result with more decimals rounded to two or more. ``8.5 %`` is also 0.085 unless
    the result's name says percent, ``1.2 lakh`` is 120,000, and so is ``1.2`` in ``1.2 to 5 lakh``. What people read in
    different ways, such as ``1,5`` or ``5.000``, is no number of a result. A number in words is refused unless the goal
    has the same word: nobody can link it.
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
            told=f"These numbers of your answer are in no tool result: {shown}. Use numbers of tool results alone, "
            "written as they are, and call a tool where you need another.",
        )
    words = {match[0].lower() for match in _SPELLED.finditer(_NUMBER.sub(" ", plain))}
    words -= {match[0].lower() for match in _SPELLED.finditer(goal)}
    if words:
        return Checked(code=SPELLED, told="Write numbers in digits, as tool results have them, not in words.")
    return Checked(links=tuple(links))


def numbers_in(text: str) -> set[Decimal | str]:
    """Return the numbers and dates of a text, each as what it says by itself; numbers of lines are left out.

    One that people read in different ways is there as its text, which equals no number.
    """
    return {next((value for value, _, _ in number.meanings()), number.text) for number in numbers(text)}


def leaf_numbers(text: str) -> set[Decimal | str]:
    """Return everything that the numbers and dates of a text may mean."""
    return {value for number in numbers(text, lines=True) for value, _, _ in number.meanings()}


def numbers(text: str, *, lines: bool = False) -> list[Number]:
    """Return the numbers and dates of a text; those that count its lines, from 1 on, only with ``lines``."""
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
    for at in range(len(found) - 1, 0, -1):  # from the end, so that a range of ranges has one scale
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
    """Return a text with digits of every script as 0 to 9, and what nobody sees as ``_``; its length stays the same."""
    if text.isascii():
        return text
    return "".join(map(_as_ascii, text))


def _as_ascii(letter: str) -> str:
    digit = unicodedata.digit(letter, None)
    if digit is not None:
        return str(digit)
    return "_" if unicodedata.category(letter) == "Cf" else letter


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
    """Return what a text is, where it is a date or a number as a whole; words around a number are nobody's figure."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return text
    if re.fullmatch(r"-?\d{1,40}(?:\.\d{1,40})?", text):
        return Decimal(text)
    dated = re.match(r"\d{4}-\d{2}-\d{2}(?=T)", text)
    return dated[0] if dated else None
