"""Numbers and dates as people write them, and what each of them may mean."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

MOST_DIGITS = 60
"""Maximum power of ten of a number."""
_MINUS = "-\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"
_CURRENCY = r"(?:[\u20b9$\u20ac\u00a3\u00a5]|\b(?i:rs|inr|usd|eur|gbp|aed|sgd|chf)\b\.?)"
# "may" is a month with a capital alone: "20 may be due".
_MONTH = (
    r"(?:May|MAY|(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?))\b\.?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = r"\d{1,2}(?i:st|nd|rd|th)?"
_DATE = (
    rf"\d{{4}}-\d{{2}}-\d{{2}}|(?<![\w.,]){_DAY}[ -](?i:of )?{_MONTH}(?:,?[ -]\d{{4}}\b)?|"
    rf"\b{_MONTH} {_DAY}\b(?![,.]?\d)(?:,? \d{{4}}\b)?|\b{_MONTH},? \d{{4}}\b|"
    r"(?<![\w.,])\d{1,2}(?P<mark>[/.-])\d{1,2}(?P=mark)\d{4}\b"
)
_SCALES: dict[str, int | None] = {
    "hundred": 2, "lakh": 5, "lac": 5, "lk": 5, "l": 5, "crore": 7, "cr": 7, "arab": 9, "kharab": 11, "thousand": 3,
    "grand": 3, "k": 3, "million": 6, "mln": 6, "mio": 6, "mn": 6, "mm": 6, "m": 6, "musd": 6, "meur": 6, "minr": 6,
    "billion": 9, "bn": 9, "b": 9,
    "mrd": 9, "trillion": 12, "tn": 12, "trn": 12, "bp": -4, "basis point": -4, "per mille": -3, "permille": -3,
    "\u2030": -3, "\u2031": -4,
    # Several readings: "mil" is a thousand or a million, "t" a thousand, a trillion or a ton, "billones" a trillion.
    "mil": None, "t": None, "bill\u00f3n": None, "billone": None, "gross": None,
    "tausend": 3, "tsd": 3, "millionen": 6, "milliarde": 9, "milliarden": 9, "mille": 3, "millier": 3, "milliard": 9,
    "millone": 6, "mill\u00f3n": 6, "\u0442\u044b\u0441": 3, "\u0442\u044b\u0441\u044f\u0447": 3,
    "\u043c\u043b\u043d": 6, "\u043c\u043b\u0440\u0434": 9,
    "\u0938\u094c": 2, "\u0939\u091c\u093c\u093e\u0930": 3, "\u0939\u091c\u093e\u0930": 3,
    "\u0939\u095b\u093e\u0930": 3, "\u0932\u093e\u0916": 5, "\u0915\u0930\u094b\u0921\u093c": 7,
    "\u0915\u0930\u094b\u095c": 7, "\u0905\u0930\u092c": 9, "\u0623\u0644\u0641": 3,
    "\u0645\u0644\u064a\u0648\u0646": 6, "\u0645\u0644\u064a\u0627\u0631": 9,
    "\u767e": 2, "\u5343": 3, "\u4e07": 4, "\u842c": 4, "\u4ebf": 8, "\u5104": 8, "\u5146": 12,
}  # fmt: skip
"""Word or sign after a number -> power of ten; None for several readings. The plural of a word may end in ``s``."""
_WORDS = "|".join(
    sorted((re.escape(word).replace(r"\ ", r"\s") for word in _SCALES if word[-1].isalpha()), key=len, reverse=True)
)
_PERCENT = (
    r"[%\u066a\ufe6a\uff05]|(?i:per\s?cent|percent(?:age\spoints?)?|pct|pp|p\.c\.|prozent|pour\scent|por\sciento|"
    r"\u092a\u094d\u0930\u0924\u093f\u0936\u0924)(?!\w)"
)
_NUMBER = re.compile(
    rf"(?P<date>{_DATE})|(?P<sign>(?<![\w)])[{_MINUS}])?"
    # Blanks separate thousands, as commas do; a decimal comma, or a comma elsewhere, has more than one reading.
    r"(?P<digits>\d{1,3}(?:[ \u2000-\u200a\u205f]\d{3})+(?![\d,.]?\d)|\d[\d,_\u00a0\u202f']*(?:\.\d+)?)"
    rf"(?P<power>[eE][+-]?\d+)?(?:\s?(?P<percent>{_PERCENT}))?"
    rf"(?:\s?(?P<scale>(?i:{_WORDS})(?i:s)?(?![^\W\d_\u3400-\u9fff])|[\u767e\u5343\u4e07\u842c\u4ebf\u5104\u5146"
    r"\u2030\u2031]))?"
)
_RANGE = re.compile(r"\s?(?:[-\u2010-\u2015\u2212]|to|or)\s?")
"""Separator of the ends of a range; the scale or percent sign of its end also applies to its beginning."""
_GROUPS = re.compile(r"\d{1,3}(?:([,_\u00a0\u202f' \u2000-\u200a\u205f])(?:\d{2,3}\1)*\d{3})?(?:\.\d+)?|\d+(?:\.\d+)?")
_MARKER = re.compile(r"(?m)^\s{0,8}(\d{1,3})[.)]\s")
_NEGATIVE = re.compile(
    rf"(?:(?<![\w)])[{_MINUS}]\s?{_CURRENCY}\s?|\b(?i:minus|negative)\s(?:{_CURRENCY}\s?)?|{_CURRENCY}\s?\()\Z"
)
_NEGATIVE_AFTER = re.compile(r"[-\u2212](?!\w|\s?\d|\s(?:or|and|to)\b)|\s?(?:Dr|DR)\b")
"""Bookkeepers write a minus sign behind the number, or ``Dr`` for a debit."""
_OPENED, _CLOSED = re.compile(rf"\((?:{_CURRENCY}\s?)?\Z"), re.compile(r"\s?\)")
_RAISED = re.compile(r"\s?(?:\^|\*\*|\u2044)")
_UNIT = re.compile(
    r"(?i:st|nd|rd|th|x|h|hrs?|d|w|y|yrs?|s|g|kg|km|pa|am|pm|inr|usd|eur|gbp|aed|sgd|chf)?(?![A-Za-z0-9])"
)
"""Letters that may follow a number without a blank; others could be a scale that is not known."""
_CONTEXT = 24

_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_SPELLED = re.compile(
    r"\b(?:zero|nil|nought|naught|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    rf"(?:thir|four|fif|six|seven|eigh|nine)teen|{_TENS}|"
    r"(?:hundred|thousand|lakh|lac|crore|million|billion|trillion|dozen)s?|scores of|"
    r"(?:two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|million)-?fold|"
    r"doubled?|tripled?|quadrupled?|quintupled?|twice|thrice|half|halves|halved|thirds|"
    r"(?:a|one) (?:third|quarter|fifth|tenth)|"
    r"one (?:per\s?cent|day|week|month|quarter|year|rupee|dollar|euro|pound|point)|"
    # The same in the languages in which people ask here; words that are also English ones are left out.
    r"hazaa?r|dedh|dhaa?i|sava|zwei|drei|vier|f\u00fcnf|sechs|sieben|acht|neun|zehn|zw\u00f6lf|zwanzig|"
    r"\w*hundert\w*|\w*tausend\w*|deux|trois|quatre|cinq|huit|neuf|onze|douze|vingt|trente|quarante|cinquante|"
    r"soixante|cents|milliers?|tres|cuatro|cinco|siete|ocho|nueve|diez|doce|veinte|treinta|\w*cientos?|quinientos|"
    r"\w*\u0442\u044b\u0441\u044f\u0447\w*)\b|"
    r"(?<!\w)(?:\u0926\u094b|\u0924\u0940\u0928|\u091a\u093e\u0930|\u092a\u093e\u0901\u091a|\u092a\u093e\u0902\u091a|"
    r"\u0938\u093e\u0924|\u0906\u0920|\u0928\u094c|\u0926\u0938|\u092c\u0940\u0938|\u092a\u091a\u093e\u0938|"
    r"\u0938\u094c|\u0939\u091c\u093c?\u093e\u0930|\u0932\u093e\u0916|\u0915\u0930\u094b\u0921\u093c?)(?![^\W_])",
    re.IGNORECASE,
)
_ONE = "\u4e00"
"""The Chinese one, which is also a part of many words."""


class Number(NamedTuple):
    """A number or a date, as a text writes it."""

    text: str
    start: int
    value: Decimal | str | None
    """None for a number with several readings."""
    places: int = 0
    """Number of decimals before its scale is applied."""
    percent: bool = False
    power: int = 0
    """Power of ten of the scale word after it."""
    bracketed: bool = False
    """It stands alone in brackets, where bookkeepers put negative numbers."""
    year: str = ""
    """Set if it may be a year."""

    def meanings(self) -> Iterator[tuple[Decimal | str, int, str]]:
        """Yield each possible value with its number of decimals and its kind: ``percent``, ``fraction``, or neither."""
        if isinstance(self.value, Decimal):
            value = self.value.scaleb(self.power)
            places = max(self.places - self.power, 0)
            kind = "percent" if self.percent or self.power < 0 else ""
            yield value or Decimal(0), places, kind
            if self.percent:
                yield value.scaleb(-2) or Decimal(0), places + 2, "fraction"
            if self.bracketed:
                yield -value, places, kind
            if self.year:
                yield self.year, 0, ""
        elif self.value is not None:
            yield self.value, 0, ""


def numbers(text: str, *, lines: bool = False, most: int | None = None) -> list[Number]:
    """Return the numbers and dates of a text, up to ``most``.

    Line numbers of a list (1, 2, 3 ...) only with ``lines``.
    """
    plain = _ascii(text)
    counts, following = set[int](), "1"
    for match in () if lines else _MARKER.finditer(plain):
        if match[1] in {"1", following}:
            counts.add(match.start(1))
            following = str(int(match[1]) + 1)
    found: list[Number] = []
    ends: list[int] = []
    for match in _NUMBER.finditer(plain):
        if match.start() in counts and not (match["date"] or match["scale"] or match["percent"]):
            continue
        found.append(_number(match, plain))
        ends.append(match.end())
        if len(found) == most:
            break
    for at in range(len(found) - 1, 0, -1):  # from the end, so that all numbers of a chain of ranges get one scale
        first, last = found[at - 1], found[at]
        bare = not (first.power or first.percent) and (last.power or last.percent)
        if bare and _RANGE.fullmatch(plain[ends[at - 1] : last.start]):
            found[at - 1] = first._replace(power=last.power, percent=last.percent)
    return found


def _number(found: re.Match[str], plain: str) -> Number:
    text, start, end = found[0].strip(), found.start(), found.end()
    if found["date"]:
        return Number(text, start, _dated(text, found["mark"]))
    written = found["digits"].rstrip(",_'\u00a0\u202f")
    before, after = plain[max(0, start - _CONTEXT) : start], plain[end : end + _CONTEXT]
    scale = " ".join((found["scale"] or "").lower().split())
    power = _SCALES[scale if scale in _SCALES else scale.removesuffix("s")] if scale else 0
    cut = end > start + len(text)  # the match ends with a comma, so nothing follows the number itself
    if _GROUPS.fullmatch(written) is None or power is None or _RAISED.match(after):
        return Number(text, start, None)
    if not (scale or found["percent"] or cut or written != found["digits"] or _UNIT.match(after)):
        return Number(text, start, None)
    digits = re.sub(r"[,_\s']", "", written)
    try:
        value = Decimal(digits + (found["power"] or ""))
    except InvalidOperation:
        return Number(text, start, None)
    if abs(value.adjusted()) > MOST_DIGITS:
        return Number(text, start, None)
    signs = [bool(found["sign"]), bool(_NEGATIVE.search(before)), bool(_NEGATIVE_AFTER.match(after))]
    if sum(signs) > 1:
        return Number(text, start, None)
    bare = not (any(signs) or scale or found["percent"] or found["power"])
    return Number(
        text, start, -value if any(signs) else value, len(digits.partition(".")[2]), bool(found["percent"]), power,
        bracketed=bare and bool(_OPENED.search(before) and _CLOSED.match(after)),
        year=written if bare and re.fullmatch(r"(?:19|20)\d\d", written) and not _money(before) else "",
    )  # fmt: skip


def _money(before: str) -> bool:
    return re.search(rf"{_CURRENCY}\s?\Z", before) is not None


def _dated(text: str, mark: str | None) -> str | None:
    """Return a written date as YYYY-MM-DD, YYYY-MM or MM-DD; as written if day and month cannot be told apart."""
    parts = re.findall(r"\d+", text)
    if mark is None and text[:4].isdigit():
        year, month, day = parts
    elif mark is not None:
        one, other, year = (part.lstrip("0") or "0" for part in parts)
        if int(one) <= 12 and int(other) <= 12 and one != other:
            return text
        day, month = (one, other) if int(other) <= 12 else (other, one)
    else:
        name = re.search(r"[A-Za-z]{3,}", re.sub(r"\d(?i:st|nd|rd|th)\b", "", text))
        month = str(_MONTHS.index(name[0][:3].lower()) + 1) if name else ""
        year = parts.pop() if len(parts[-1]) == 4 else ""
        day = parts[0] if parts else ""
    try:
        date = datetime.date(int(year or 2000), int(month), int(day or 1))
    except ValueError:
        return None
    return date.isoformat()[0 if year else 5 : 10 if day else 7]


def forms_of(date: str) -> tuple[str, ...]:
    """Return what an answer may write of a date: also its month, its day without the year, or its year."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", date):
        return date, date[:7], date[5:], date[:4]
    return (date, date[:4]) if re.fullmatch(r"\d{4}-\d{2}", date) else (date,)


def spelled(text: str) -> set[str]:
    """Return the numbers of a text that are written as words, or as signs such as fractions and Roman numerals."""
    signs = {
        letter
        for before, letter in zip(f" {text}", text, strict=False)
        if not letter.isascii() and unicodedata.numeric(letter, None) is not None
        and unicodedata.decimal(letter, None) is None and letter != _ONE
        and not (before == "m" and letter in "\u00b2\u00b3")
    } | ({"\u221e"} & set(text))  # fmt: skip
    words = text if text.isascii() else unicodedata.normalize("NFKC", "".join(map(_visible, text)))
    return signs | {match[0].lower() for match in _SPELLED.finditer(_NUMBER.sub(" ", _ascii(words)))}


def _visible(letter: str) -> str:
    return "" if unicodedata.category(letter) == "Cf" else letter


def _ascii(text: str) -> str:
    """Return a text with the digits of all scripts as 0 to 9, and invisible characters as ``_``; same length."""
    if text.isascii():
        return text
    return "".join(map(_as_ascii, text))


def _as_ascii(letter: str) -> str:
    digit = unicodedata.decimal(letter, None)
    if digit is not None:
        return str(digit)
    return "_" if unicodedata.category(letter) == "Cf" else letter
