"""Ways to make an input say less: every field of a payload removed, emptied, garbled or misspelt, one at a time."""

from __future__ import annotations

import copy
import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic import ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from genie.contracts.message import Payload

Path = tuple[str | int, ...]
_REMOVED: Final = object()
_ITEMS: Final = 2
"""Items of a list that are tampered with: the first ones stand for the rest."""
_NOTHING: Final = "Zqxvw Kjqz"
FUTURE: Final = "2999-01-01"
_ZEROS: Final = ("0001-01-01", "1900-01-01")
"""What programs and spreadsheets write for a day that nobody knows."""
_ALIKE: Final = str.maketrans(
    "aceopxyiACEOPXTHKMB",
    "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0410\u0421\u0415\u041e\u0420\u0425\u0422\u041d\u041a\u041c\u0412",
)
"""Latin letters, and those of Cyrillic that look alike."""


class Tampered(NamedTuple):
    """A payload with one field changed, or None where its model refuses it."""

    path: str
    """Dotted, with ``*`` for positions."""
    how: str
    payload: Payload | None


def misspelt(text: str) -> str:
    """Return the text with the middle letters of its longest word swapped, or one of them left out."""
    word = max(text.split() or [""], key=len)
    middle = len(word) // 2
    if len(word) < 3:
        return text
    swapped = word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]
    other = swapped if swapped != word else word[:middle] + word[middle + 1 :]
    return text.replace(word, other, 1)


def _shifted(text: str) -> str:
    """Return other letters and digits of the same shape, as a misread number or an unknown code has."""
    return "".join(map(_other, text))


def _other(one: str) -> str:
    if one.isdigit():
        return str((int(one) + 1) % 10)
    if one.isalpha():
        other = "q" if one in "zZ" else "z"
        return other.upper() if one.isupper() else other
    return one


_WAYS: Final[dict[str, Callable[[Any], Any]]] = {  # a field of any payload
    "removed": lambda _value: _REMOVED,
    "null": lambda _value: None,
    "blank": lambda _value: " ",
    "garbled": lambda _value: _NOTHING,
    "shifted": lambda value: _shifted(str(value)),
    "misspelt": lambda value: misspelt(str(value)),
}
_LESS: Final = ("removed", "null")
"""Ways that fit every field. The others are for words: another number or day is another fact."""


def tampered(payload: Payload) -> Iterator[Tampered]:
    """Give the payload with each of its fields changed in each way, deepest fields included."""
    written, kind = payload.model_dump(mode="json"), type(payload)
    for path, value in _fields(written, ()):
        words = isinstance(value, str) and isinstance(_value(payload, path), str)
        item = isinstance(path[-1], int)  # a list with an item less says something else, and not less
        for how, change in _WAYS.items():
            new = change(value)
            if (how in _LESS and not item) or (how not in _LESS and words and new != value):
                yield Tampered(_dotted(path), how, _read(kind, _with(written, path, new)))


_NO_NUMBERS: Final = ("NaN", "Infinity", "-Infinity", "12abc", -5)
_CURRENCIES: Final = ("USD", "JPY", "KWD", "XXX", "inr", "")


def garbled(payload: Payload) -> Iterator[Tampered]:
    """Give the payload with each field garbled in the ways of files and forms.

    Words: empty, unseen characters, letters of another script that look alike, one letter off. Days: one that has not
    come yet. Numbers: what is none. Amounts: in another currency. Lists: rows twice.
    """
    written, kind = payload.model_dump(mode="json"), type(payload)
    for path, value in _fields(written, ()):
        for how, new in _garbled(value, _value(payload, path)):
            if new != value:
                yield Tampered(_dotted(path), how, _read(kind, _with(written, path, new)))


def _garbled(value: Any, typed: Any) -> Iterator[tuple[str, Any]]:  # JSON, and what the payload holds there
    if isinstance(value, str) and isinstance(typed, str):
        yield from ((how, change(value)) for how, change in _MORE.items())
    elif isinstance(typed, datetime.date):
        midnight = "T00:00:00+00:00" if isinstance(typed, datetime.datetime) else ""
        yield from (("not come yet", FUTURE + midnight), *((f"zero {one}", one + midnight) for one in _ZEROS))
    elif isinstance(typed, int | Decimal) and not isinstance(typed, bool):
        yield from ((f"= {one}", one) for one in _NO_NUMBERS)
    elif isinstance(value, dict) and set(value) == {"amount", "currency"}:
        yield from ((f"in {one!r}", {**value, "currency": one}) for one in _CURRENCIES)
    elif isinstance(value, list) and value:
        yield "first row twice", [*value, value[0]]
        yield "every row twice", [*value, *value]


def _one_off(text: str) -> str:
    word = max(text.split() or [""], key=len)
    if len(word) < 3:
        return text
    return text.replace(word, word[:-1] + ("a" if word[-1] in "zZ9" else chr(ord(word[-1]) + 1)), 1)


_MORE: Final[dict[str, Callable[[str], str]]] = {
    "empty": lambda _value: "",
    "unseen": lambda _value: "\u3000\u200b",
    "of another script": lambda value: value.translate(_ALIKE),
    "one letter off": _one_off,
}


def probed(payload: Payload) -> Iterator[tuple[tuple[Tampered, ...], tuple[Tampered, ...]]]:
    """Give, for each field, the payload with other values in its place, and the payload without it.

    The values are guesses: some of them are bad, whatever the field means.
    """
    written, kind = payload.model_dump(mode="json"), type(payload)
    for path, value in _fields(written, ()):
        name = _dotted(path)
        less = {how: _WAYS[how](value) for how in _LESS}
        if value is None or isinstance(_value(payload, path), datetime.date):
            less["not come yet"] = FUTURE
        without = tuple(Tampered(name, how, _read(kind, _with(written, path, new))) for how, new in less.items())
        if any(one.payload is not None for one in without):
            others = (one for one in _others(value) if one != value)
            yield tuple(Tampered(name, f"= {one}", _read(kind, _with(written, path, one))) for one in others), without


def _value(payload: Any, path: Path) -> Any:  # a field of any payload
    for step in path:
        payload = payload[step] if isinstance(step, int) else getattr(payload, step)
    return payload


def _others(value: object) -> tuple[object, ...]:
    if isinstance(value, bool):
        return (not value,)
    if value is None:
        return (True, False, 0, 1, 10**6, "KP", "1975-01-01")
    if isinstance(value, int):
        return (0, 1, value * 100 + 1)
    if isinstance(value, str):
        return ("0", "1", "0.01", "1000000", "KP", "1975-01-01")
    return ()


def _fields(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:  # JSON
    if path and not isinstance(path[-1], int):
        yield path, value
    if isinstance(value, dict) and set(value) != {"amount", "currency"}:
        for name, one in value.items():
            yield from _fields(one, (*path, name))
    elif isinstance(value, list):
        for position, one in enumerate(value[:_ITEMS]):
            if isinstance(one, str | int) or (isinstance(one, dict) and set(one) == {"amount", "currency"}):
                yield (*path, position), one
            yield from _fields(one, (*path, position))


def _with(written: dict[str, Any], path: Path, new: object) -> dict[str, Any]:
    found = copy.deepcopy(written) if len(path) > 1 else dict(written)
    inner: Any = found
    for step in path[:-1]:
        inner = inner[step]
    if new is _REMOVED:
        del inner[path[-1]]
    else:
        inner[path[-1]] = new
    return found


def _read(kind: type[Payload], written: dict[str, Any]) -> Payload | None:
    try:
        return kind.model_validate(written)
    except ValidationError:
        return None


def _dotted(path: Path) -> str:
    return ".".join("*" if isinstance(step, int) else step for step in path)
