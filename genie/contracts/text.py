"""The string fields of a payload class, by path: reading them all quickly, and masking some in a copy.

A reader is compiled once per class from its annotations; reading the strings of a flat payload costs 0.1 us. Finding
out *which* field a match lies in is a slower walk, taken only after a hit.
"""

from __future__ import annotations

import enum
import operator
import types
import typing
from collections.abc import Callable, Container, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from annotated_types import MaxLen
from pydantic import BaseModel

from genie.contracts import json_text, picture_text
from genie.contracts.json_text import JsonText
from genie.contracts.maskable import MASKABLE, bounded, is_maskable
from genie.contracts.message import Path, Payload, Value
from genie.contracts.number_text import LEAST, NUMBERS, digits_of, may_be_personal, spelt_of, spelt_of_json
from genie.contracts.picture_text import PictureText
from genie.contracts.shape import certain, checker

SEPARATOR = "\x1f"
"""Joins strings for one scan; ordinary text never contains it."""
SCALAR_BYTES = 8
"""Size that a number, date or flag adds to a payload."""


class Text(NamedTuple):
    """One string inside a payload."""

    path: Path
    text: str
    maskable: bool
    """True for a plain ``str`` field; a masked copy of a pattern string, a literal or bytes would be invalid."""


class Flat(NamedTuple):
    """How a class of strings, scalars and tuples of scalars is read by field name, without a walk."""

    strings: Callable[[dict[str, Any]], Any]
    """Return its strings from its values by name: a tuple, or the only string."""
    join: Callable[[Any], str]
    """Return the result of ``strings`` as one text."""
    runs: tuple[str, ...]
    """Fields that are tuples of scalars."""
    scalars: int
    """Other fields that are scalars."""


class Reader(NamedTuple):
    """How the strings of one class are read."""

    read: Callable[[Any, list[str]], int]
    """Append every string to the list, and return the number of other scalars."""
    bulky: tuple[str, ...]
    """Fields that are read separately, because their values keep their own findings: a ``Value`` with collections in
    it, or a tuple of values of classes that many messages share."""
    runs: tuple[str, ...]
    """Fields that are tuples of scalars."""
    told: Callable[[Any], tuple[str, int]]
    """Return every string, joined by ``SEPARATOR``, and the number of other scalars.

    It raises if the value does not have the shape of its class.
    """
    sound: Callable[[Any], bool]
    """Return True if a value has the shape of its class; the contents of bulky fields are checked separately."""
    lines: tuple[str, ...] = ()
    """Fields that are tuples of strings, such as the lines of a document; a match may span several lines."""
    flat: Flat | None = None
    """True if every string is a field, no number may be personal, and a validated instance is sound."""


_readers: dict[type[Value], Reader] = {}  # one entry per payload class of the program, never per message


def reader(kind: type[Value]) -> Reader:
    """Return the reader of a class, compiling it at first use."""
    found = _readers.get(kind)
    if found is None:
        lines = [name for name, info in kind.model_fields.items() if _holds_lines(info.annotation)]
        found = _readers[kind] = _compile(kind)._replace(lines=tuple(lines))
    return found


def _holds_lines(annotation: object) -> bool:
    """Return True for a tuple of strings, which may be None instead."""
    bare = _bare(annotation)
    arms = get_args(bare) if get_origin(bare) in {Union, types.UnionType} else (bare,)
    return {arm for arm in arms if arm is not type(None)} == {tuple[str, ...]}


def has_collections(kind: type[Value]) -> bool:
    """Return True if a field holds a collection that may be long."""
    return any(_shape(info.annotation) == "collection" for info in kind.model_fields.values())


def carries(annotation: object) -> bool:
    """Return True for a tuple of any length whose items are all of classes that many messages share."""
    arguments = get_args(_bare(annotation))
    uniform = get_origin(_bare(annotation)) is tuple and len(arguments) == 2 and arguments[1] is Ellipsis
    return uniform and all(isinstance(arm, type) and getattr(arm, "__carried__", False) for arm in _arms(arguments[0]))


def _arms(annotation: object) -> tuple[object, ...]:
    bare = _bare(annotation)
    return get_args(bare) if get_origin(bare) in {Union, types.UnionType} else (bare,)


def _shape(annotation: object) -> str:
    """Return how values are read: text, json, picture, bytes, scalar(s), number(s), value, collection, any."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _shape(arguments[0])
    if annotation is JsonText or annotation is PictureText:
        return "json" if annotation is JsonText else "picture"
    if annotation is str or annotation is bytes:
        return "text" if annotation is str else "bytes"
    if origin in {tuple, frozenset}:
        shapes = {_shape(part) for part in arguments if part is not Ellipsis}
        return "scalars" if shapes <= {"scalar"} else "numbers" if shapes == {"number"} else "collection"
    if origin in {Union, types.UnionType}:
        shapes = {_shape(part) for part in arguments if part is not type(None)}
        return shapes.pop() if shapes in ({"scalar"}, {"number"}, {"json"}) else "any"
    if origin is typing.Literal:
        return "scalar"
    return _shape_of(annotation) if isinstance(annotation, type) else "any"


def _shape_of(kind: type) -> str:
    if issubclass(kind, Value):
        return "value"
    if issubclass(kind, (bool, enum.Enum)):
        return "scalar"
    return "number" if issubclass(kind, NUMBERS) else "any" if issubclass(kind, (str, bytes)) else "scalar"


def _compile(kind: type[Value]) -> Reader:
    texts: list[str] = []
    others: list[str] = []
    runs: list[str] = []
    bulky: list[str] = []
    numbers: list[str] = []
    jsons: list[str] = []
    pictures: list[str] = []
    scalars = 0
    for name, info in kind.model_fields.items():
        shape = _shape(info.annotation)
        if shape == "text":
            texts.append(name)
        elif shape == "json":
            jsons.append(name)
        elif shape == "picture":
            pictures.append(name)
        elif shape in {"scalar", "number"}:
            scalars += 1
            numbers += [name] if shape == "number" and may_be_personal(name, info) else []
        elif shape in {"scalars", "numbers"}:
            runs.append(name)
            numbers += [name] if shape == "numbers" and may_be_personal(name, info) else []
        elif (shape == "value" and has_collections(typing.cast("type[Value]", _bare(info.annotation)))) or carries(
            info.annotation
        ):
            bulky.append(name)
        else:
            others.append(name)
    read = _reading(tuple(texts), tuple(others), tuple(runs), tuple(numbers), scalars)
    if jsons or pictures:
        read = _reading_apart(read, tuple(jsons), tuple(pictures))
    sound, marked = checker(kind, tuple(bulky)), certain(kind)
    if others or bulky or jsons or pictures:
        return Reader(read, tuple(bulky), tuple(runs), _telling(read, sound), sound)
    flat = _flat(tuple(texts), tuple(runs), scalars) if marked and not numbers else None
    if len(texts) < 2:
        return Reader(read, (), tuple(runs), _telling(read, sound), sound, flat=flat)
    told = _telling_flat(tuple(texts), tuple(runs), tuple(numbers), scalars, sound, marked=marked)
    return Reader(read, (), tuple(runs), told, sound, flat=flat)


def _flat(texts: tuple[str, ...], runs: tuple[str, ...], scalars: int) -> Flat:
    if not texts:
        return Flat(_nothing, str.__str__, runs, scalars)
    join = SEPARATOR.join if len(texts) > 1 else str.__str__  # the type's own method: it returns an exact str unchanged
    return Flat(operator.itemgetter(*texts), join, runs, scalars)


def _nothing(_values: dict[str, Any]) -> str:
    return ""


def _telling(read: Callable[[Any, list[str]], int], sound: Callable[[Any], bool]) -> Callable[[Any], tuple[str, int]]:
    def told(value: Any) -> tuple[str, int]:
        if not sound(value):
            raise TypeError("a value does not have the shape of its class")
        parts: list[str] = []
        scalars = read(value, parts)
        return SEPARATOR.join(parts), scalars

    return told


def _telling_flat(
    texts: tuple[str, ...],
    runs: tuple[str, ...],
    numbers: tuple[str, ...],
    scalars: int,
    sound: Callable[[Any], bool],
    *,
    marked: bool,
) -> Callable[[Any], tuple[str, int]]:
    """Return the reader by name of a class of strings, scalars and tuples of scalars; a third faster than a walk."""
    strings, join = operator.itemgetter(*texts), SEPARATOR.join

    def told(value: Any) -> tuple[str, int]:
        # The mark is checked here, not in ``sound``: one call less for every message (benchmarks.instructions).
        try:
            certain = marked and value._validated  # noqa: SLF001 - the mark is of this package
        except AttributeError:  # created without its constructor
            certain = False
        if not certain and not sound(value):
            raise TypeError("a value does not have the shape of its class")
        values = value.__dict__
        count = scalars
        for run in runs:
            count += len(values[run])
        for name in numbers:
            number = values[name]
            if type(number) is not int or number >= LEAST or number <= -LEAST:
                spelt = spelt_of(name, number)
                if spelt:
                    return join(
                        (*strings(values), *(part for each in numbers for part in spelt_of(each, values[each])))
                    ), count
        return join(strings(values)), count

    return told


def _bare(annotation: object) -> object:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _reading(
    texts: tuple[str, ...], others: tuple[str, ...], runs: tuple[str, ...], numbers: tuple[str, ...], scalars: int
) -> Callable[[Any, list[str]], int]:
    several = operator.attrgetter(*texts) if len(texts) > 1 else None
    only = texts[0] if len(texts) == 1 else None

    def read(value: Any, into: list[str]) -> int:
        count = scalars
        if several is not None:
            into += several(value)
        elif only is not None:
            into.append(getattr(value, only))
        for name in runs:
            count += len(getattr(value, name))
        for name in numbers:
            number = getattr(value, name)
            if type(number) is not int or number >= LEAST or number <= -LEAST:
                into += spelt_of(name, number)
        for name in others:
            part = getattr(value, name)
            if type(part) is str:
                into.append(part)
            else:
                count += 1 if part is None else _read_any(part, into)
        return count

    return read


def _reading_apart(
    read: Callable[[Any, list[str]], int], jsons: tuple[str, ...], pictures: tuple[str, ...]
) -> Callable[[Any, list[str]], int]:
    """Return the reader that also reads JSON texts (strings, keys, long numbers) and the words in pictures."""

    def read_all(value: Any, into: list[str]) -> int:
        count = read(value, into)
        for name in jsons:
            text = getattr(value, name)
            if type(text) is str:
                _read_json(text, into)
            else:
                count += 1
        for name in pictures:
            text = getattr(value, name)
            into += picture_text.words(text)
            count += len(text) // SCALAR_BYTES  # its other bytes only add to the size
        return count

    return read_all


def _read_json(text: str, into: list[str]) -> None:
    """Append the strings of a JSON text from ``_json_texts``, without their paths."""
    found = json_text.words(text)
    if found is None:
        into.append(text)
        return
    for name, value in found:
        if type(value) is str:
            into.append(value)
        elif not -LEAST < value < LEAST:  # type: ignore[operator]  # a number; what is none is not below either
            into += spelt_of_json(name, value)


def _json_texts(text: str, path: Path) -> list[Text]:
    """Return the strings of a JSON text at a path; the text itself if it is not plain JSON."""
    found = json_text.leaves(text)
    if found is None:
        return [Text(path, text, maskable=True)]
    texts: list[Text] = []
    for leaf in found:
        value: object = leaf.value
        if isinstance(value, str):
            texts.append(Text((*path, *leaf.path), value, maskable=not leaf.key))
            continue
        texts += [Text((*path, *leaf.path), spelt, maskable=False) for spelt in spelt_of_json(leaf.name, value)]
    return texts


def _read_any(value: object, into: list[str]) -> int:
    if isinstance(value, (tuple, frozenset)):
        count = 0
        for item in value:
            # Looks for its reader: testing for a value costs more than reading it, because of pydantic's metaclass.
            known = _readers.get(type(item))
            if known is None or known.bulky:
                count += _read_any(item, into)
            else:
                count += known.read(item, into)
        return count
    if isinstance(value, enum.Enum):
        return 1
    if isinstance(value, str):
        into.append(value)
        return 0
    if isinstance(value, Value):
        return _read_value(value, into)
    if isinstance(value, bytes):
        into.append(value.decode("latin-1"))
        return 0
    digits = digits_of(value)
    if digits:
        into.append(digits)
    return 1


def _read_value(value: Value, into: list[str]) -> int:
    compiled = reader(type(value))
    count = compiled.read(value, into)
    for name in compiled.bulky:
        count += _read_any(getattr(value, name), into)
    return count


def texts(value: Value, *, skip: tuple[str, ...] = (), only: Container[str] | None = None) -> list[Text]:
    """Return the strings inside a value, with their paths.

    Args:
        value: A payload or a part of one.
        skip: Fields of ``value`` itself to leave out.
        only: Paths of the wanted strings; None for all.
    """
    found: list[Text] = []
    _collect(value, (), skip, _All() if only is None else only, found)
    return found


class _All:
    def __contains__(self, _text: object) -> bool:
        return True


@cache
def _wordy(kind: type[Value]) -> tuple[tuple[str, object, bool, str], ...]:
    """Return the fields of a class that may hold text: annotation, whether it is a plain string, and its kind."""
    return tuple(
        (name, info.annotation, info.annotation in MASKABLE and bounded(info.metadata), shape)
        for name, info in kind.model_fields.items()
        if (shape := _shape(info.annotation)) not in {"scalar", "scalars"}
        and (shape not in {"number", "numbers"} or may_be_personal(name, info))
    )


def _collect(value: Value, path: Path, skip: tuple[str, ...], only: Container[str], into: list[Text]) -> None:
    for name, annotation, plain, shape in _wordy(type(value)):
        part = getattr(value, name)
        if shape == "json" and type(part) is str:
            if name not in skip:
                into += [found for found in _json_texts(part, (*path, name)) if found.text in only]
        elif shape == "picture":
            if name not in skip:
                found = picture_text.words(part)
                into += [Text((*path, name), word, maskable=False) for word in found if word in only]
        elif type(part) is str:
            if part in only and name not in skip:
                into.append(Text((*path, name), part, plain))
        elif part is not None and name not in skip:
            if shape in {"number", "numbers"}:
                _collect_numbers(name, part, (*path, name), only, into)
            else:
                _collect_any(part, (*path, name), annotation, only, into, plain=plain)


def _collect_numbers(name: str, value: object, path: Path, only: Container[str], into: list[Text]) -> None:
    """Append the result of ``spelt_of`` for a field, if it is wanted."""
    places = enumerate(value) if isinstance(value, tuple) else ((None, value),)
    for position, number in places:
        at = path if position is None else (*path, position)
        into += [Text(at, spelt, maskable=False) for spelt in spelt_of(name, number) if spelt in only]


def _collect_any(
    value: object, path: Path, annotation: object, only: Container[str], into: list[Text], *, plain: bool
) -> None:
    if isinstance(value, str):
        if value in only and not isinstance(value, enum.Enum):
            into.append(Text(path, value, plain))
    elif isinstance(value, Value):
        _collect(value, path, (), only, into)
    elif isinstance(value, (tuple, frozenset)):
        arguments = get_args(_bare(annotation))
        uniform = isinstance(value, tuple) and len(arguments) > 1 and arguments[1] is Ellipsis
        of = arguments[0] if uniform else None
        plain = uniform and of in MASKABLE
        for position, item in enumerate(value):
            _collect_any(item, (*path, position), of, only, into, plain=plain)
    elif isinstance(value, bytes):
        text = value.decode("latin-1")
        if text in only:
            into.append(Text(path, text, maskable=False))
    elif (digits := digits_of(value)) and digits in only:
        into.append(Text(path, digits, maskable=False))


def masked(payload: Payload, spans: Mapping[Path, Sequence[tuple[int, int, str]]]) -> Payload:
    """Return a copy with spans of strings replaced; unchanged parts are shared with the original.

    Args:
        payload: The original; it is not changed.
        spans: Spans to replace by path, as (start, end, word); an empty sequence means the whole string.

    Raises:
        LookupError: A path does not lead to a plain string field, or a mask makes a string too long.
    """
    if not all(is_maskable(type(payload), path) for path in spans):
        raise LookupError("a path does not lead to a plain string field")
    return typing.cast("Payload", _replace(payload, [(path, cut) for path, cut in spans.items()]))


_Cut = tuple[Path, Sequence[tuple[int, int, str]]]


def _replace(value: Any, cuts: list[_Cut]) -> Any:
    if value is None:
        return None
    if isinstance(value, str):
        changes = [(path, _cut(json_text.string_at(value, path), spans)) for path, spans in cuts if path]
        whole = json_text.replaced(value, changes) if changes else value
        plain = [spans for path, spans in cuts if not path]
        return _cut(whole, tuple(span for spans in plain for span in spans)) if plain else whole
    below: dict[str | int, list[_Cut]] = {}
    for path, spans in cuts:
        below.setdefault(path[0], []).append((path[1:], spans))
    if isinstance(value, tuple):
        items = list(value)
        for position, inner in below.items():
            items[typing.cast("int", position)] = _replace(items[typing.cast("int", position)], inner)
        return tuple(items)
    changed = {str(name): _replace(getattr(value, str(name)), inner) for name, inner in below.items()}
    for name, new in changed.items():
        limits = [limit.max_length for limit in type(value).model_fields[name].metadata if type(limit) is MaxLen]
        if isinstance(new, str) and limits and len(new) > min(limits):
            raise LookupError("a mask makes a string longer than its field may be")
    return BaseModel.model_copy(value, update=changed)  # plain strings that are short enough: nothing to validate


def _cut(text: str, spans: Sequence[tuple[int, int, str]]) -> str:
    if not spans:
        return "[masked]"
    pieces: list[str] = []
    at = 0
    for start, end, word in sorted(spans):
        if end <= at:
            continue
        pieces.append(text[at : max(start, at)])
        if start >= at:
            pieces.append(f"[{word}]")
        at = end
    pieces.append(text[at:])
    return "".join(pieces)
