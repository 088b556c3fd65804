"""Generated text: valid values of every kind of personal data in what carries them, and numbers that are nobody's.

``python -m tests.genie.detectors.generated --values 20000 --strings 1000000`` prints recall by kind and false alarms by
class; ``make recall`` does the same. The values are made from a seed, so that a figure can be repeated.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import random
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from stdnum import luhn, verhoeff
from stdnum.iso7064 import mod_97_10

from genie.contracts.classification import Classification
from genie.detectors.pii.inspector import DETECTORS, PiiInspector
from genie.detectors.pii.upi_handles import OWN_HANDLES

SEPARATORS = (",", ";", "\t", "|", "/", "_", ":", "+", "\n", "\r\n", " ", ", ")
"""Between the cells of a row."""
INSIDE = (" ", "-", ",", "/", "_", ":", "|", "+", ".", "\n", "\t", "\u00a0")
"""Between the groups of a number."""
_DIGITS = "0123456789"
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ISSUERS = (("4", 16), ("4", 13), ("51", 16), ("2221", 16), ("34", 15), ("37", 15), ("36", 14), ("6011", 16),
            ("65", 16), ("3528", 16), ("62", 16), ("60", 16))  # fmt: skip
_LOCALS = ("jane.doe", "j_smith", "ravi.k", "o.meyer", "anne-marie", "x17", "sales+eu", "p.rao")
_DOMAINS = ("example.com", "mail.example.co.uk", "example.org", "bank-example.in", "exämple.de", "пример.рф")
_PHONES = ("+91 98{8}", "+9198{8}", "98{3} {5}", "+1 (415) 555-2{3}", "(415) 555-2{3}", "415-555-2{3}",
           "+44 20 7946 0{3}", "+44 7911 12{4}", "020 7946 0{3}", "+49 30 123{4}", "+33 6 12 34 56 {2}",
           "06 12 34 56 {2}", "+65 6123 4{3}")  # fmt: skip


def _number(chance: random.Random, size: int, first: str = _DIGITS) -> str:
    return chance.choice(first) + "".join(chance.choices(_DIGITS, k=size - 1))


def _fours(digits: str, gap: str) -> str:
    return gap.join(digits[at : at + 4] for at in range(0, len(digits), 4))


def card(chance: random.Random, *, size: int | None = None) -> str:
    """Return the digits of a card number, of one size or of any."""
    prefix, size = chance.choice([form for form in _ISSUERS if size in {None, form[1]}])
    body = prefix + _number(chance, size - len(prefix) - 1)
    return body + str(luhn.calc_check_digit(body))


def aadhaar(chance: random.Random) -> str:
    """Return the digits of an Aadhaar number."""
    while True:
        body = _number(chance, 11, "23456789")
        digits = body + str(verhoeff.calc_check_digit(body))
        if digits != digits[::-1]:
            return digits


def iban(chance: random.Random) -> str:
    """Return an account number in capitals."""
    country, account = chance.choice((
        ("DE", _number(chance, 18)), ("GB", "".join(chance.choices(_CAPITALS, k=4)) + _number(chance, 14)),
        ("NL", "ABNA" + _number(chance, 10)), ("BE", _number(chance, 12)), ("NO", _number(chance, 11)),
    ))  # fmt: skip
    return f"{country}{mod_97_10.calc_check_digits(account + country)}{account}"


def pan(chance: random.Random) -> str:
    """Return a tax number in capitals."""
    letters = "".join(chance.choices(_CAPITALS, k=3)) + chance.choice("PCHFATBLJG") + chance.choice(_CAPITALS)
    return f"{letters}{chance.randrange(1, 10_000):04}{chance.choice(_CAPITALS)}"


def _gstin(chance: random.Random) -> str:
    body = f"{chance.randrange(1, 39):02}{pan(chance)}{chance.choice('123456789')}Z"
    return body + str(luhn.calc_check_digit(body, _DIGITS + _CAPITALS))


def _ssn(chance: random.Random) -> str:
    area = chance.choice((*range(1, 666), *range(667, 900)))
    return f"{area:03}-{chance.randrange(1, 100):02}-{chance.randrange(1, 10_000):04}"


def _nino(chance: random.Random) -> str:
    prefix = chance.choice("ABCEHJKLMPRSTWXY") + chance.choice("ABCEHJKLMPRSWXY")
    return f"{prefix}{_number(chance, 6)}{chance.choice('ABCD')}" if prefix != "KP" else "AB123456C"


def _zone(chance: random.Random) -> str:
    values = {char: at for at, char in enumerate(_DIGITS + _CAPITALS)} | {"<": 0}

    def check(part: str) -> str:
        return str(sum(values[char] * (7, 3, 1)[at % 3] for at, char in enumerate(part)) % 10)

    number = chance.choice(_CAPITALS) + _number(chance, 7) + "<"
    born = f"{chance.randrange(40, 99)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
    until = f"{chance.randrange(27, 36)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
    rest = "<" * 14
    line = f"{number}{check(number)}UTO{born}{check(born)}{chance.choice('MF')}{until}{check(until)}{rest}{check(rest)}"
    return line + check(line[:10] + line[13:20] + line[21:43])


def _passport(chance: random.Random) -> str:
    written = (_zone(chance), f"passport no. {chance.choice(_CAPITALS)}{_number(chance, 7, '123456789')}",
               f"Passport: {chance.choice(_CAPITALS)}{_number(chance, 7, '123456789')}")  # fmt: skip
    return chance.choice(written)


def _phone(chance: random.Random) -> str:
    form = chance.choice(_PHONES)
    return "".join(_number(chance, int(part)) if part.isdigit() and at % 2 else part
                   for at, part in enumerate(form.replace("}", "{").split("{")))  # fmt: skip


def _upi(chance: random.Random) -> str:
    name = chance.choice(("ann.shah", "ravi7", f"98{_number(chance, 8)}"))
    return f"{name}@{chance.choice(sorted(OWN_HANDLES))}"


def _written_card(chance: random.Random) -> str:
    digits = card(chance)
    gap = chance.choice(("", "", " ", "-"))
    if len(digits) == 16:
        return _fours(digits, gap)
    return gap.join((digits[:4], digits[4:10], digits[10:])) if len(digits) < 16 and len(digits) > 13 else digits


def _cased(chance: random.Random, text: str) -> str:
    return chance.choice((text, text, text.lower()))


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "card": _written_card,
    "aadhaar": lambda chance: _fours(aadhaar(chance), chance.choice((" ", "-"))),
    "iban": lambda chance: _cased(chance, chance.choice((str, lambda text: _fours(text, " ")))(iban(chance))),
    "pan": lambda chance: _cased(chance, pan(chance)),
    "gstin": lambda chance: _cased(chance, _gstin(chance)),
    "ssn": _ssn,
    "nino": lambda chance: _cased(chance, _nino(chance)),
    "passport": _passport,
    "email": lambda chance: f"{chance.choice(_LOCALS)}{chance.randrange(100)}@{chance.choice(_DOMAINS)}",
    "upi": _upi,
    "phone": _phone,
}
"""A valid value of each kind, as people write it."""


def _row(chance: random.Random, value: str) -> str:
    gap = chance.choice(SEPARATORS)
    before = chance.choice((f"{_date(chance)}{gap}", f"{chance.randrange(1, 10_000)}{gap}", "", f"Ann{gap}"))
    after = chance.choice((f"{gap}{_amount(chance)}", f"{gap}{chance.randrange(1_000_000)}", "", f"{gap}INR"))
    return f"{before}{value}{after}"


def _array(chance: random.Random, value: str) -> str:
    quote = "" if value.isdigit() and chance.random() < 0.5 else '"'
    gap = chance.choice((",", ", ", ",\n  "))
    return f"[{gap.join([f'{quote}{value}{quote}'] * chance.randrange(1, 5))}]"


def _lines(chance: random.Random, value: str) -> str:
    return chance.choice(("\n", "\r\n")).join([value] * chance.randrange(2, 8))


def _log(chance: random.Random, value: str) -> str:
    return f"{_date(chance)}T10:30:00Z INFO worker=17 value={value} took=0.{chance.randrange(999)}"


CONTAINERS: dict[str, Callable[[random.Random, str], str]] = {
    "row": _row,
    "array": _array,
    "lines": _lines,
    "object": lambda chance, value: f'{{"date":"{_date(chance)}","value":"{value}","amount":{_amount(chance)}}}',
    "html": lambda chance, value: f"<tr><td>{_date(chance)}</td><td>{value}</td><td>{_amount(chance)}</td></tr>",
    "log": _log,
    "table": lambda chance, value: f"| {_date(chance)} | {value} | {_amount(chance):>12} |",
    "columns": lambda chance, value: f"{_date(chance)}    {value}    {_amount(chance):>12}",
    "prose": lambda chance, value: f"Please use {value} for the order of {_date(chance)}, it costs {_amount(chance)}.",
}
"""What carries a value."""


# --- what is nobody's ---


def _date(chance: random.Random) -> str:
    year, month, day = chance.randrange(1990, 2035), chance.randrange(1, 13), chance.randrange(1, 29)
    return chance.choice((f"{year}-{month:02}-{day:02}", f"{day:02}/{month:02}/{year}", f"{day:02}.{month:02}.{year}"))


def _amount(chance: random.Random) -> str:
    minor = chance.randrange(10 ** chance.randrange(3, 11))
    return chance.choice((f"{minor / 100:.2f}", f"{minor / 100:,.2f}", str(minor),
                          f"{minor / 100:,.2f}".translate(str.maketrans(",.", ".,"))))  # fmt: skip


def _moment(chance: random.Random) -> str:
    return f"{_date(chance)} {chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02}"


def _order(chance: random.Random) -> str:
    return chance.choice((
        f"ORD-{chance.randrange(2015, 2030)}-{_number(chance, 7)}", f"OD{_number(chance, 18)}",
        f"{_number(chance, 3)}-{_number(chance, 7)}-{_number(chance, 7)}", f"#{_number(chance, 6)}",
        f"INV/{chance.randrange(2015, 2030)}/{_number(chance, 5)}", f"order {_number(chance, 12)}",
        f"PO{_number(chance, 10)}", f"{_number(chance, 10)}", f"{_number(chance, 12)}", f"TXN{_number(chance, 14)}",
        f"{chance.choice(_CAPITALS)}{chance.choice(_CAPITALS)}{_number(chance, 9)}{chance.choice(_CAPITALS)}",
    ))  # fmt: skip


def _hash(chance: random.Random) -> str:
    raw = chance.randbytes(16)
    digest = chance.choice((hashlib.md5, hashlib.sha1, hashlib.sha256))(raw)
    return chance.choice((digest.hexdigest(), digest.hexdigest(), base64.b64encode(digest.digest()).decode(),
                          digest.hexdigest()[:12]))  # fmt: skip


NOBODYS: dict[str, Callable[[random.Random], str]] = {
    "uuid": lambda chance: str(uuid.UUID(int=chance.getrandbits(128), version=4)),
    "hash": _hash,
    "order": _order,
    "amount": _amount,
    "date": lambda chance: chance.choice((_date(chance), _moment(chance), str(chance.randrange(10**9, 2 * 10**9)))),
}
"""Classes of numbers that belong to nobody."""


class Sample(NamedTuple):
    """One generated text."""

    name: str
    """Kind, or class of what is nobody's."""
    container: str
    value: str
    text: str


def values(seed: int, count: int) -> Iterator[Sample]:
    """Yield valid values of every kind in turn, each in a container."""
    chance = random.Random(seed)
    kinds, containers = list(MAKERS), list(CONTAINERS)
    for at in range(count):
        kind, container = kinds[at % len(kinds)], chance.choice(containers)
        value = MAKERS[kind](chance)
        yield Sample(kind, container, value, CONTAINERS[container](chance, value))


def nobodys(seed: int, count: int) -> Iterator[Sample]:
    """Yield numbers of every class in turn, alone or in a line."""
    chance = random.Random(seed)
    names = list(NOBODYS)
    for at in range(count):
        name = names[at % len(names)]
        value = NOBODYS[name](chance)
        line = chance.choice(("{}", "{}", "id={}", "seen {} today", '{{"id": "{}"}}', "a,{},b"))
        yield Sample(name, "", value, line.format(value))


INSPECTOR = PiiInspector({detector.kind: Classification.RESTRICTED for detector in DETECTORS})


def is_found(sample: Sample, inspector: PiiInspector = INSPECTOR) -> bool:
    """Return True when every copy of a value lies in findings, at least one of which is of its kind."""
    spans = inspector.examine(sample.text)
    if not any(span.kind == f"pii.{sample.name}" for span in spans):
        return False
    held = bytearray(len(sample.text))
    for span in spans:
        held[span.start : span.end] = b"\1" * (span.end - span.start)
    value = sample.value.rpartition(" ")[2] if sample.name == "passport" else sample.value
    at = sample.text.find(value)
    while at >= 0:
        if held.find(0, at, at + len(value)) >= 0:
            return False
        at = sample.text.find(value, at + len(value))
    return True


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; return 1 where one is out of bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=20_000)
    parser.add_argument("--strings", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="texts to print of each kind that failed")
    chosen = parser.parse_args(arguments)
    good = True
    all_of, missed, shown = Counter[str](), Counter[str](), Counter[str]()
    for sample in values(chosen.seed, chosen.values):
        all_of[sample.name] += 1
        if not is_found(sample):
            missed[sample.name] += 1
            shown[sample.name] += 1
            if shown[sample.name] <= chosen.show:
                print(sample.name, sample.container, repr(sample.value), repr(sample.text))  # noqa: T201 - a command
    for name, number in all_of.items():
        recall = 1 - missed[name] / number
        good = good and recall >= 0.995
        print(f"{name:10}{number:>9}{recall:>10.4f}")  # noqa: T201 - as above
    strings, alarms = Counter[str](), Counter[str]()
    for sample in nobodys(chosen.seed, chosen.strings):
        strings[sample.name] += 1
        spans = INSPECTOR.examine(sample.text)
        if spans:
            alarms[sample.name] += 1
            if alarms[sample.name] <= chosen.show:
                print(sample.name, spans[0].kind, repr(sample.text))  # noqa: T201 - as above
    for name, number in strings.items():
        good = good and alarms[name] <= number * 0.001
        print(f"{name:10}{number:>9}{alarms[name] / number:>10.5f}")  # noqa: T201 - as above
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
