"""Maps the command's options, files and defaults to the payload of a question."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import ValidationError

from genie.config.validation import validated
from genie.config.yaml import load_bytes
from genie.contracts.message import Payload, Value, topic_of
from genie.contracts.problems import problem_of
from genie.errors import ConfigError, InputError

Origin = Literal["question", "input", "filename", "profile", "value"]
_OPTIONS = {
    "question": "--question TEXT",
    "input": "--input FILE",
    "filename": "--input FILE",
    "profile": "--profile FILE",
}


MAX_FILES = 100
"""Limit of the files of one question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSource:
    """The source of one field of the question."""

    origin: Origin
    default: str | Path | None = field(default=None, repr=False)
    """Text or, for a file, its path; None if the option has no default."""
    written: str | None = None
    """The default as in the pipeline file, if it contains an environment variable; errors show this text."""
    value: object = field(default=None, repr=False)
    """The value, for the origin ``value``."""
    max_bytes: int = 20_000_000
    """Limit of the size of the file, or of all files together."""
    each: Mapping[str, Origin] | None = None
    """For a field that is a tuple of values: field of an item -> its source; each file becomes one item."""
    files: tuple[FieldSource, ...] = ()
    """The default files of a field with ``each``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The payload class of a question, and the source of each field."""

    payload: type[Payload]
    sources: Mapping[str, FieldSource] = field(default_factory=dict)

    def question(
        self,
        *,
        question: str | None = None,
        input_file: str | Sequence[str] | None = None,
        profile: str | Sequence[str] | None = None,
    ) -> Payload:
        """Return the payload; an argument that is None or empty falls back to the default of the pipeline file.

        Args:
            question: Text for the field with source ``question``.
            input_file: File for the fields with sources ``input`` and ``filename``, at most ``max_bytes`` long; ``-``
                is standard input. Several files for a field with ``each``.
            profile: YAML file for the field with source ``profile``. With several input files, it applies to all of
                them; ``INPUT=FILE`` applies to one.

        Raises:
            InputError: An argument has no field, a required argument is missing, a file cannot be read or is empty or
                too large, or a value is not valid.
            ConfigError: The profile is not valid strict YAML, or has an invalid value or key; ``file:line`` for each.
        """
        inputs, profiles = _listed(input_file), _listed(profile)
        self._refuse_untaken({"question": question is not None, "input": bool(inputs), "profile": bool(profiles)})
        values: dict[str, object] = {}
        contents: dict[str, bytes] = {}
        for name, source in self.sources.items():
            if source.origin == "value":
                values[name] = source.value
                continue
            if source.each is not None:
                values[name] = self._items(name, source, source.each, inputs, profiles)
                continue
            argument = question if source.origin == "question" else _only(source.origin, inputs, profiles)
            found = self._default(source) if argument is None else argument
            if found is not None:
                values[name] = self._read(source, found, self.payload.model_fields[name].annotation, contents)
            elif self.payload.model_fields[name].is_required():
                raise self._not_given(name, source.origin)
        try:
            return self.payload.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join((topic_of(self.payload).name, *(str(part) for part in first["loc"])))
            raise InputError(place, problem_of(first)) from None

    def _refuse_untaken(self, given: Mapping[str, bool]) -> None:
        taken = {source.origin for source in self.sources.values()}
        taken |= {origin for source in self.sources.values() for origin in (source.each or {}).values()}
        for origin, is_given in given.items():
            if is_given and origin not in taken:
                raise InputError(_OPTIONS[origin], "is not an option of this pipeline", "leave it out")

    def _not_given(self, name: str, origin: str) -> InputError:
        return InputError(f"{name!r} of {topic_of(self.payload).name}", "is missing", f"pass {_OPTIONS[origin]}")

    def _items(
        self,
        name: str,
        source: FieldSource,
        each: Mapping[str, Origin],
        inputs: tuple[str, ...],
        profiles: tuple[str, ...],
    ) -> tuple[dict[str, object], ...]:
        """Return the fields of one item for each file."""
        files = [FieldSource(origin="input", default=given) for given in inputs] or source.files
        if not files:
            raise self._not_given(name, "input")
        if len(files) > MAX_FILES or sum(file.default == "-" for file in files) > 1:
            raise InputError(_OPTIONS["input"], f"accepts at most {MAX_FILES} files, and standard input once")
        for_all, for_one = _by_input(profiles, [str(file.default) for file in files])
        item = item_type(self.payload.model_fields[name].annotation)
        left, items = source.max_bytes, []
        for file, shown in zip(files, _names(files), strict=True):
            values: dict[str, object] = {}
            for field_name, origin in each.items():
                annotation = item.model_fields[field_name].annotation if item is not None else None
                if origin == "filename":
                    values[field_name] = shown
                elif origin == "profile":
                    chosen = for_one.get(str(file.default), for_all)
                    if chosen is not None:
                        values[field_name] = self._read(FieldSource(origin="profile"), chosen, annotation)
                elif file.default is not None:
                    content = replace(file, max_bytes=source.max_bytes)
                    values[field_name] = self._read(content, file.default, annotation)
                    left -= _size(values[field_name])
            if left < 0:
                raise InputError(
                    _OPTIONS["input"], f"is larger than {source.max_bytes:,} bytes in all",
                    "give fewer or smaller files, or raise `max_bytes`",
                )  # fmt: skip
            items.append(values)
        return tuple(items)

    def _default(self, source: FieldSource) -> str | Path | None:
        if source.default is None and source.origin == "filename":
            return next((other.default for other in self.sources.values() if other.origin == "input"), None)
        return source.default

    def _read(
        self, source: FieldSource, found: str | Path, annotation: object, contents: dict[str, bytes] | None = None
    ) -> object:
        if source.origin == "question":
            return str(found)
        if source.origin == "filename":
            return _base_name(found)
        shown = str(found) if isinstance(found, str) or source.written is None else source.written
        if contents is not None and source.origin == "input" and str(found) in contents:
            content = contents[str(found)]  # two fields may take one file, and standard input is read once
        else:
            content = _content(found, shown, source.max_bytes)
        if source.origin == "profile":
            return _profile(content, shown, annotation)
        if contents is not None:
            contents[str(found)] = content
        media_type = next((kind for kind, mark in _PICTURES if mark.match(content)), None)
        if _takes_picture(annotation):
            data = base64.b64encode(content).decode() if media_type else ""
            return {"media_type": media_type, "data": data} if media_type else None
        if annotation is not str:
            return content
        if media_type and any(_takes_picture(info.annotation) for info in self.payload.model_fields.values()):
            return ""
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InputError(shown, "is not UTF-8 text", "save it as UTF-8") from None


_PICTURES = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")), ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/gif", re.compile(rb"GIF8[79]a")), ("image/webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
)  # fmt: skip
"""Kinds of pictures that models take, by their first bytes."""


def _takes_picture(annotation: object) -> bool:
    """Return True for ``Image`` and ``Image | None``; by name, because importing the class takes 20 ms of a start."""
    kinds = [kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type)]
    return any((kind.__module__, kind.__name__) == ("genie.contracts.model_call", "Image") for kind in kinds)


def item_type(annotation: object) -> type[Value] | None:
    """Return the class X of a field of type ``tuple[X, ...]``, None for any other field."""
    arguments = get_args(annotation)
    if get_origin(annotation) is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        item = arguments[0]
        return item if isinstance(item, type) and issubclass(item, Value) else None
    return None


def _listed(given: str | Sequence[str] | None) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())


def _only(origin: str, inputs: tuple[str, ...], profiles: tuple[str, ...]) -> str | None:
    given = profiles if origin == "profile" else inputs
    if len(given) > 1:
        raise InputError(_OPTIONS[origin], f"is given {len(given)} times, but this pipeline accepts one", "give one")
    return given[0] if given else None


def _by_input(profiles: Sequence[str], inputs: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """Return the profile for all inputs, if there is one, and the profiles for single inputs, by input."""
    for_all: list[str] = []
    for_one: dict[str, str] = {}
    for given in profiles:
        wanted = [name for name in inputs if given.startswith((f"{name}=", f"{_base_name(name)}="))]
        if not wanted:
            for_all.append(given)
        for name in wanted:
            start = name if given.startswith(f"{name}=") else _base_name(name)
            for_one[name] = given.removeprefix(f"{start}=")
    if len(for_all) > 1:
        raise InputError(
            _OPTIONS["profile"], f"{len(for_all)} profiles apply to all files, but only one may",
            "write INPUT=FILE to apply a profile to one input",
        )  # fmt: skip
    return (for_all[0] if for_all else None), for_one


def _names(files: Sequence[FieldSource]) -> list[str]:
    """Return the names of the files; for equal names, the paths as given."""
    names = [_base_name(file.default or "") for file in files]
    return [
        name if names.count(name) == 1 else file.written or str(file.default)
        for name, file in zip(names, files, strict=True)
    ]


def _base_name(path: str | Path) -> str:
    return "standard input" if path == "-" else Path(path).name


def _size(value: object) -> int:
    return len(value) if isinstance(value, (bytes, str)) else 0


def _content(found: str | Path, shown: str, max_bytes: int) -> bytes:
    """Return the content of a file; reads at most one byte beyond the limit."""
    try:
        if found == "-":
            content = sys.stdin.buffer.read(max_bytes + 1)
        else:
            with Path(found).open("rb") as stream:
                content = stream.read(max_bytes + 1)
    except FileNotFoundError:
        raise InputError(shown, "there is no such file", "check the path") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path is malformed"
        raise InputError(shown, f"cannot be read: {reason.lower()}", "check the path") from None
    if len(content) > max_bytes:
        raise InputError(shown, f"is larger than {max_bytes:,} bytes", "give a smaller file, or raise `max_bytes`")
    if not content.strip():
        raise InputError(shown, "is empty", "give a file with content")
    return content


def _profile(content: bytes, name: str, annotation: object) -> object:
    document = load_bytes(content, name=name, environ={})
    checked = validated(annotation, document)
    if checked.problems:
        raise ConfigError(tuple(f"{document.where(problem.path)}: {problem.text}" for problem in checked.problems))
    return checked.value
