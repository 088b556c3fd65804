"""Rules as dated data in ``agents/rules/*.yaml``: each table is a list of editions, at most one of them in force.

A table is read when an agent first needs it. All values of a file remain text until the table's model reads them, so no
rate becomes a float and no word a boolean.
"""

from __future__ import annotations

import datetime
import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Any, Generic, NamedTuple, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from genie.errors import ConfigError, InputError
from genie_finance.contracts.grounds import RuleEdition, Verification

MAX_BYTES = 262_144
"""Largest rule file."""
_MOST_NODES = 20_000
_DEEPEST = 16
"""Maximum nesting; an alias within its own anchor would be infinite."""


class Rules(BaseModel):
    """Base of every table's model: frozen; unknown keys are rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class _Any(Rules):
    """Reads the common part of all tables."""

    model_config = ConfigDict(frozen=True, extra="allow")


R = TypeVar("R", bound=Rules)


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """A table of rules: the name of its file and the model of one edition."""

    name: str
    rules: type[R]


@dataclass(frozen=True, slots=True)
class Edition(Generic[R]):
    """The rules of one period."""

    said: RuleEdition
    """Its name in answers."""
    rules: R


_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Written(Rules):
    effective_from: datetime.date
    effective_to: datetime.date
    source: _Text
    section: _Text
    verification: Verification
    looked_at: datetime.date
    """Day on which its source was last compared with the figures."""
    pages: tuple[Annotated[str, StringConstraints(strip_whitespace=True, min_length=4)], ...] = ()
    """Independent pages that agree, if the law or circular itself was not read."""
    note: str = ""
    rules: dict[str, Any]  # the table's own model reads it next

    @model_validator(mode="after")
    def _says_how(self) -> Self:
        if self.verification == "secondary" and len({one.casefold().removeprefix("www.") for one in self.pages}) < 2:
            raise ValueError("two independent pages must agree for `secondary`; name them in `pages`")
        if self.verification == "unverified" and not self.note.strip():
            raise ValueError("an unverified edition needs a note that names the unverified part")
        return self


class _File(Rules):
    table: str
    editions: Annotated[tuple[_Written, ...], Field(min_length=1)]


def edition(table: Table[R], *, on: datetime.date) -> Edition[R]:
    """Return the edition of a table that is in force on a day.

    Raises:
        InputError: No edition covers the day; the error states the covered days.
        ConfigError: The file is malformed, or two of its editions overlap.
    """
    known = editions(table)
    for found in known:
        if found.said.effective_from <= on <= found.said.effective_to:
            return found
    spans = ", ".join(f"{one.said.effective_from} to {one.said.effective_to}" for one in known)
    raise InputError(f"rules {table.name}", f"no edition covers {on}", f"editions cover {spans}")


@functools.cache
def editions(table: Table[R]) -> tuple[Edition[R], ...]:
    """Return every shipped edition of a table, earliest first; the file is read once."""
    path = resources.files("genie_finance").joinpath(f"rules/{table.name}.yaml")
    return parse(path.read_bytes(), table)


class Latest(NamedTuple):
    """The last edition of a table."""

    name: str
    effective_to: datetime.date
    looked_at: datetime.date


def latest() -> tuple[Latest, ...]:
    """Return the last edition of every shipped table, by name.

    Raises:
        ConfigError: A file is malformed.
    """
    names = sorted(path.name for path in resources.files("genie_finance").joinpath("rules").iterdir())
    last = [editions(Table(name.removesuffix(".yaml"), _Any))[-1].said for name in names if name.endswith(".yaml")]
    return tuple(Latest(one.table, one.effective_to, one.looked_at) for one in last)


def parse(content: bytes, table: Table[R]) -> tuple[Edition[R], ...]:
    """Return the editions in a rule file, earliest first.

    Raises:
        ConfigError: The file is too large, not YAML, has unknown or missing keys, belongs to another table, ends an
            edition before it starts, or has editions that overlap.
    """
    name = f"rules/{table.name}.yaml"
    try:
        written = _File.model_validate(_plain(content, name))
        found = [_edition(one, table) for one in written.editions]
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        places = (f"{name}: {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in details)
        raise ConfigError(tuple(places)) from None
    if written.table != table.name:
        raise ConfigError((f"{name}: contains the table {written.table!r}",))
    found.sort(key=lambda one: one.said.effective_from)
    problems = _overlaps(found, name)
    if problems:
        raise ConfigError(problems)
    return tuple(found)


def _edition(written: _Written, table: Table[R]) -> Edition[R]:
    said = RuleEdition(
        id=f"{table.name}@{written.effective_from}",
        table=table.name,
        **written.model_dump(exclude={"rules"}),
    )
    return Edition(said, TypeAdapter(table.rules).validate_python(written.rules))


def _overlaps(found: Sequence[Edition[Any]], name: str) -> tuple[str, ...]:
    problems = [
        f"{name}: {one.said.id} ends on {one.said.effective_to}, before it starts"
        for one in found
        if one.said.effective_to < one.said.effective_from
    ]
    problems += [
        f"{name}: {later.said.id} starts before {earlier.said.id} ends ({earlier.said.effective_to})"
        for earlier, later in itertools.pairwise(found)
        if later.said.effective_from <= earlier.said.effective_to
    ]
    return tuple(problems)


def _plain(content: bytes, name: str) -> object:
    if len(content) > MAX_BYTES:
        raise ConfigError((f"{name}: is larger than {MAX_BYTES:,} bytes",))
    try:
        node = yaml.compose(content.decode("utf-8"), Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError((f"{name}: is not YAML in UTF-8 ({type(error).__name__})",)) from None
    return _Reading(name).value(node)


class _Reading:
    """Converts nodes to text, lists and mappings; every use of an alias counts towards the limit of nodes."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes = 0

    def value(self, node: yaml.Node | None, depth: int = 0) -> object:
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            raise ConfigError((f"{self._name}: has more than {_MOST_NODES:,} values",))
        if depth > _DEEPEST:
            raise ConfigError((f"{self._name}: is nested more than {_DEEPEST} levels deep",))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, depth + 1) for item in node.value]
        if isinstance(node, yaml.MappingNode):
            found: dict[str, object] = {}
            for key, item in node.value:
                if key.value in found or not isinstance(key, yaml.ScalarNode):
                    line = key.start_mark.line + 1
                    raise ConfigError((f"{self._name}:{line}: the key is duplicated, or is not a scalar",))
                found[key.value] = self.value(item, depth + 1)
            return found
        return node.value if isinstance(node, yaml.ScalarNode) else None
