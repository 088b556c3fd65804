"""The certain part of a streamed answer: closed fields, and closed items of lists.

A number, a word or a string that may still grow is withheld: ``{"amount":10`` is not certain yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from genie.contracts.model_call import MOST_JSON
from genie.edges.llm.output.pipeline import MalformedAnswerError, Problem, Report, problems_of
from genie.edges.llm.output.strict import MOST_DEPTH, JsonTextError, parsed

_MARK = re.compile(r'["{}\[\],:]')
_IN_STRING = re.compile(r'["\\]')


class Prefixes:
    """Validated prefixes of one answer.

    Args:
        kind: Class of the answer; each field is validated as it closes.
    """

    def __init__(self, kind: type[BaseModel]) -> None:
        self._fields = {
            (info.alias or name): TypeAdapter(_with_rules(info)) for name, info in kind.model_fields.items()
        }
        self._items = {
            (info.alias or name): TypeAdapter(get_args(info.annotation)[0])
            for name, info in kind.model_fields.items()
            if get_origin(info.annotation) is tuple and get_args(info.annotation)[1:] == (Ellipsis,)
        }
        self._text = ""
        self._at = self._start = 0
        self._depth = 0
        self._quoted = False
        self._key: str | None = None
        self._listed = False
        """Whether the open field is a list."""
        self._ended = False
        self._values: dict[str, Any] = {}

    def feed(self, piece: str) -> Mapping[str, Any]:
        """Take a piece of the answer's text, and return the fields that are certain; a list has its closed items.

        Raises:
            MalformedAnswerError: A closed field does not fit, so the whole cannot either.
        """
        if len(self._text) + len(piece) > MOST_JSON:
            raise _wrong("too_long")
        self._text += piece
        while not self._ended and self._step():
            pass
        return MappingProxyType(dict(self._values))

    def _step(self) -> bool:
        """Read the next token; return False if there is none yet."""
        if not self._depth:
            start = self._text.find("{", self._at)  # a fence and text before it are skipped
            self._at = len(self._text) if start < 0 else start + 1
            self._start, self._depth = self._at, int(start >= 0)
            return start >= 0
        if self._quoted:
            return self._string()
        found = _MARK.search(self._text, self._at)
        if found is None:
            self._at = len(self._text)
            return False
        letter, self._at = found[0], found.end()
        if letter == '"':
            self._quoted = True
        elif letter in "{[":
            if self._depth == 1 and letter == "[" and self._key in self._items:
                self._listed, self._start = True, self._at
                self._values[self._key] = ()
            self._depth += 1
            if self._depth > MOST_DEPTH:
                raise _wrong("too_deep")
        elif letter in "}]":
            self._closed(found.start())
        elif self._depth == 1:
            self._member(letter, found.start())
        elif self._depth == 2 and self._listed and letter == ",":
            self._item(found.start())
        return True

    def _string(self) -> bool:
        found = _IN_STRING.search(self._text, self._at)
        if found is None:
            self._at = len(self._text)
            return False
        if found[0] == '"':
            self._quoted = False
        elif found.end() == len(self._text):  # the escaped character has not arrived
            self._at = found.start()
            return False
        self._at = found.end() + (found[0] == "\\")
        return True

    def _member(self, letter: str, at: int) -> None:
        if letter == ":":
            name = _parsed(self._text[self._start : at])
            if not isinstance(name, str) or name in self._values:
                raise _wrong("duplicate_key" if isinstance(name, str) else "syntax")
            self._key = name
        else:
            self._field(at)
        self._start = self._at

    def _closed(self, at: int) -> None:
        self._depth -= 1
        if self._depth == 1 and self._listed:
            if self._text[self._start : at].strip():
                self._item(at)
            self._listed, self._key = False, None
        elif self._depth == 0:
            self._field(at)
            self._ended = True

    def _field(self, at: int) -> None:
        """Take a closed field; none is open after a list, or in an empty object."""
        if self._key is not None:
            text, name = self._text[self._start : at], self._key
            if name not in self._fields:
                raise _wrong("schema", Problem(name[:120], "extra_forbidden", "Extra inputs are not permitted"))
            self._values[name] = _validated(self._fields[name], text, name)
        self._key = None

    def _item(self, at: int) -> None:
        if self._key is not None:
            made: tuple[Any, ...] = self._values[self._key]
            where = f"{self._key}.{len(made)}"
            self._values[self._key] = (*made, _validated(self._items[self._key], self._text[self._start : at], where))
        self._start = self._at


def _with_rules(info: Any) -> Any:
    """Return a field's type with its limits."""
    from typing import Annotated  # noqa: PLC0415 - used here alone

    return Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation


def _validated(adapter: TypeAdapter[Any], text: str, path: str) -> Any:
    _parsed(text)
    try:
        return adapter.validate_json(text, strict=True)
    except ValidationError as error:
        found = tuple(one._replace(path=f"{path}.{one.path}".rstrip(".")) for one in problems_of(error))
        raise MalformedAnswerError("schema", Report(strict=True), found) from None


def _parsed(text: str) -> Any:
    try:
        return parsed(text.strip())
    except JsonTextError as error:
        raise _wrong(error.code) from None


def _wrong(code: str, *problems: Problem) -> MalformedAnswerError:
    return MalformedAnswerError(code, Report(strict=True), problems)
