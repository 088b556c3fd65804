"""Amounts as banks write them, parsed before the decimal mark of the file is known."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal, NamedTuple

from genie_finance.insights.reading.currencies import currency_of
from genie_finance.insights.reading.vocabulary import MARKS, Mark

DecimalMark = Literal[".", ","]

_LONGEST = 40
_MOST_DIGITS, _MOST_FRACTION = 18, 8
"""Together they are within the 28 digits of Decimal's default precision."""

_LONGEST_SIGN = 6
_MOST_PLAIN = 15
_SIGNED = re.compile(r"([+-])([0-9]{1,15})(?:\.([0-9]{1,2}))?")
# One pass: something without digits, the number, something without digits.
_AMOUNT = re.compile(r"([^0-9]{0,10}?)([.,]?[0-9][0-9.,'\u2019 ]*)([^0-9]{0,16})")
_MINUSES = str.maketrans("\u2212\u2013\u2014", "---")
"""Minus sign, en dash and em dash."""
_GROUP_MARKS = " '\u2019"
_BEFORE = frozenset({"dr", "cr", "dr.", "cr.", "debit", "credit"})
"""Marks that may also precede a number; shorter ones could be part of another word."""
_DOTTED = re.compile(r"[^\W\d_]\.[^\W\d_]\.?")
"""Signs of the currencies of Arab countries: ``ر.س``."""
_IN_BRACKETS = re.compile(r"\(([^\W\d_]{1,6}\.?)\)")
"""A mark or a currency in brackets, which do not mean a minus here: ``12.00 (Dr)``."""


class AmountText(NamedTuple):
    """The amount in one cell."""

    point: Decimal | None
    """Magnitude with ``.`` as the decimal mark; None if the cell cannot be read so."""
    comma: Decimal | None
    """Magnitude with ``,`` as the decimal mark."""
    sign: int = 0
    """-1 for a minus before or after it or for parentheses, 1 for a plus, 0 without either."""
    mark: Mark | None = None
    """``debit`` or ``credit`` where the cell ends in such a mark (``DR``, ``CR``)."""
    currency: str = ""
    """Currency code or sign as written, ``""`` if none."""
    money: bool = False
    """True if it has a fraction, a sign, grouping or a currency, unlike a counter or a cheque number."""

    def magnitude(self, decimal_mark: DecimalMark) -> Decimal | None:
        """Return the number without its sign."""
        return self.point if decimal_mark == "." else self.comma

    def signed(self, decimal_mark: DecimalMark) -> Decimal | None:
        """Return the number with its written sign; a ``DR`` counts as a minus."""
        number = self.magnitude(decimal_mark)
        if number is None:
            return None
        return -number if self.sign < 0 or (not self.sign and self.mark == "debit") else number


def amount_text(cell: str) -> AmountText | None:
    """Return the amount in a cell, or None if it contains something else."""
    if not cell or len(cell) > _LONGEST:
        return None
    # Most cells are digits, a point and two digits; words of strings are three times as quick as a pattern there.
    whole, point, fraction = cell.partition(".")
    if whole.isdecimal() and len(whole) <= _MOST_PLAIN and cell.isascii():
        if not point:
            value = Decimal(cell)
            return AmountText(value, value, 0, None, "", False)  # noqa: FBT003 - by place: fast
        if fraction.isdecimal() and len(fraction) <= 2:
            return AmountText(Decimal(cell), None, 0, None, "", True)  # noqa: FBT003 - as above
    if match := _SIGNED.fullmatch(cell):
        sign, whole, fraction = match.groups()
        value = Decimal(f"{whole}.{fraction}") if fraction else Decimal(whole)
        return AmountText(value, None if fraction else value, -1 if sign == "-" else 1, money=True)
    if "(" in cell:
        cell = _IN_BRACKETS.sub(r" \1", cell)
    match = _AMOUNT.fullmatch(" ".join(cell.translate(_MINUSES).split()))
    return _dressed(match[1], match[2].strip(), match[3]) if match else None


def _dressed(before: str, number: str, after: str) -> AmountText | None:
    if number[0] == "." and before[-1:].isalpha():  # "Rs.500": the point belongs to the abbreviation
        number = number[1:]
    if number[-1] in ".,":  # "100,-" has no cents, and no minus
        number, after = number[:-1], after.removeprefix("-")
    signs = [c for c in before + after if c in "+-"]
    brackets = (before.count("("), after.count(")"), before.count(")") + after.count("("))
    if len(signs) > 1 or brackets not in {(0, 0, 0), (1, 1, 0)} or (brackets[0] and signs):
        return None
    words = [*_words(before), *_words(after)]
    currency = ""
    mark: Mark | None = None
    for word in words:
        if not currency and currency_of(word):
            currency = word
        elif mark is None and word.lower() in MARKS and (word not in _words(before) or word.lower() in _BEFORE):
            mark = MARKS[word.lower()]
        elif not number.isdigit() and _may_be_sign(word):
            continue  # of a currency that is not known, beside what can be nothing but money
        else:
            return None
    point, comma = _magnitude(number, "."), _magnitude(number, ",")
    if point is None and comma is None:
        return None
    sign = -1 if brackets[0] or "-" in signs else 1 if signs else 0
    return AmountText(point, comma, sign, mark, currency, money=bool(words or sign or not number.isdigit()))


def _may_be_sign(word: str) -> bool:
    """True for a text in the form of a currency sign: ``CI$``, ``KM``, a short word of a script without capitals."""
    if word.isascii():
        return len(word) <= _LONGEST_SIGN and (
            word[-1] == "$" or (word.isalpha() and word[0].isupper() and len(word) < 4)
        )
    return len(word) <= _LONGEST_SIGN and (word.lower() == word.upper() or word[-1] in "¢₵")


def _words(text: str) -> list[str]:
    if not text.isascii() and (dotted := _DOTTED.search(text)):
        return [*_words(text[: dotted.start()]), dotted[0].rstrip("."), *_words(text[dotted.end() :])]
    return "".join(" " if c in "+-()." else c for c in text).split()


def _magnitude(number: str, decimal_mark: DecimalMark) -> Decimal | None:
    whole, marked, fraction = number.partition(decimal_mark)
    if marked and not (fraction.isdigit() and len(fraction) <= _MOST_FRACTION):
        return None
    digits = whole if whole.isdigit() else _ungrouped(whole, decimal_mark)
    if digits is None or len(digits) > _MOST_DIGITS:
        return None
    return Decimal(f"{digits or '0'}.{fraction}" if fraction else digits)


def _ungrouped(whole: str, decimal_mark: DecimalMark) -> str | None:
    """Return the digits of a grouped number: groups of three, or as in India of two before the last three."""
    if not whole:
        return ""
    marks = {c for c in whole if not c.isdigit()}
    mark = marks.pop()
    if marks or mark not in _GROUP_MARKS + ("," if decimal_mark == "." else "."):
        return None
    first, *groups = whole.split(mark)
    last = groups.pop()
    western = 1 <= len(first) <= 3 and all(len(group) == 3 for group in groups)
    indian = decimal_mark == "." and 1 <= len(first) <= 2 and all(len(group) == 2 for group in groups)
    if len(last) != 3 or first.startswith("0") or not (western or indian):
        return None
    return first + "".join(groups) + last
