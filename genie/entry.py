"""The question with which a run starts: how the command's options, files and defaults fill a payload."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from genie.dialect import load_bytes
from genie.errors import ConfigError, InputError
from genie.message import Payload, topic_of
from genie.validation import validated

Origin = Literal["question", "input", "filename", "profile", "value"]
_OPTIONS = {
    "question": "--question TEXT",
    "input": "--input FILE",
    "filename": "--input FILE",
    "profile": "--profile FILE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where one field of the question comes from."""

    origin: Origin
    default: str | Path | None = field(default=None, repr=False)
    """Text or, for a file, its path; None when the option has no default."""
    written: str | None = None
    """The default as the pipeline file has it, where the environment filled it in: what errors show."""
    value: object = field(default=None, repr=False)
    """Of the origin ``value``."""
    max_bytes: int = 20_000_000
    """Largest file that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The payload that starts a run, and a source for each of its fields that is filled in."""

    payload: type[Payload]
    sources: Mapping[str, Source] = field(default_factory=dict)

    def question(
        self, *, question: str | None = None, input_file: str | None = None, profile: str | None = None
    ) -> Payload:
        """Return the payload, with the defaults of the pipeline file where an argument is None.

        Args:
            question: Text for the field that comes from ``question``.
            input_file: Whose bytes (or text, if the field is text) and name are filled in; at most ``max_bytes`` of
                them. ``-`` is standard input.
            profile: YAML file of the values of the field that comes from ``profile``.

        Raises:
            InputError: An argument has no field to fill, something needed is not given, a file cannot be read or is
                empty or too large, or the payload refuses a value.
            ConfigError: The profile is no YAML of the dialect, or holds a wrong value or key; ``file:line`` each.
        """
        given: dict[str, str | Path | None] = {"question": question, "input": input_file, "profile": profile}
        for origin, argument in given.items():
            if argument is not None and all(source.origin != origin for source in self.sources.values()):
                raise InputError(_OPTIONS[origin], "is not taken by this pipeline", "leave it out")
        values: dict[str, object] = {}
        for name, source in self.sources.items():
            if source.origin == "value":
                values[name] = source.value
                continue
            argument = given["input" if source.origin == "filename" else source.origin]
            found = self._default(source) if argument is None else argument
            if found is not None:
                values[name] = self._read(name, source, found)
            elif self.payload.model_fields[name].is_required():
                raise InputError(
                    f"{name!r} of {topic_of(self.payload).name}", "is not given", f"pass {_OPTIONS[source.origin]}"
                )
        try:
            return self.payload.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise InputError(
                f"{topic_of(self.payload).name}.{place}", first["msg"][:1].lower() + first["msg"][1:]
            ) from None

    def _default(self, source: Source) -> str | Path | None:
        if source.default is None and source.origin == "filename":
            return next((other.default for other in self.sources.values() if other.origin == "input"), None)
        return source.default

    def _read(self, name: str, source: Source, found: str | Path) -> object:
        if source.origin == "question":
            return str(found)
        if source.origin == "filename":
            return "standard input" if found == "-" else Path(found).name
        shown = str(found) if isinstance(found, str) or source.written is None else source.written
        content = _content(found, shown, source.max_bytes)
        annotation = self.payload.model_fields[name].annotation
        if source.origin == "profile":
            return _profile(content, shown, annotation)
        if annotation is not str:
            return content
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InputError(shown, "is not UTF-8 text", "save it as UTF-8") from None


def _content(found: str | Path, shown: str, max_bytes: int) -> bytes:
    """Return a file's bytes; never more than one byte beyond the limit is in memory."""
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
