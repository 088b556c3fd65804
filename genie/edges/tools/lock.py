"""The lock file of tools: what people have approved, and what has changed since."""

from __future__ import annotations

import difflib
import hashlib
import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genie.edges.llm.output.strict import JsonTextError, parsed
from genie.edges.tools.schema import canonical
from genie.edges.tools.tool import spec_hash
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from genie.edges.tools.tool import Tool

MOST_BYTES = 16_000_000
MOST_LEVELS = 100
"""Maximum nesting of the file: that of the deepest schema, and the file's own."""
VERSION = 1


class Change(NamedTuple):
    """One difference between a tool and the lock file; the tool is denied."""

    tool: str
    what: Literal["added", "removed", "renamed", "changed", "corrupt"]
    diff: tuple[str, ...] = ()
    """Lines of a diff, old to new."""

    def __str__(self) -> str:
        return f"{self.tool}: {self.what}"


class Pinned(BaseModel):
    """A tool as it was approved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str
    parameters: dict[str, Any]
    """JSON Schema of the arguments."""
    answers: tuple[str, ...]
    """Topics."""
    agent: str
    effect: str
    trusted: bool
    approval: str
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    tools: dict[str, Pinned]
    sha256: str


class Lock:
    """Approved tools by name.

    Args:
        tools: The tools; None if the file is corrupt: then every tool is denied.
    """

    def __init__(self, tools: dict[str, Pinned] | None) -> None:
        self.tools = tools

    @classmethod
    def of(cls, tools: Iterable[Tool]) -> Lock:
        """Return a lock of the present tools."""
        return cls({tool.name: pinned(tool) for tool in tools})

    @classmethod
    def read(cls, path: Path) -> Lock:
        """Read a lock file; a corrupt one denies everything.

        Raises:
            InputError: The file does not exist, or is too large.
        """
        try:
            if path.stat().st_size > MOST_BYTES:
                raise InputError(
                    str(path), f"has more than {MOST_BYTES:,} bytes", "write it again by `genie tools lock`"
                )
            text = path.read_text(encoding="utf-8")
        except OSError:
            raise InputError(str(path), "cannot be read", "write it by `genie tools lock`") from None
        except UnicodeDecodeError:
            return cls(None)
        return cls.parse(text)

    @classmethod
    def parse(cls, text: str) -> Lock:
        """Parse a lock; a corrupt one denies everything."""
        try:
            found = _File.model_validate(parsed(text, most=MOST_BYTES, levels=MOST_LEVELS))
        except (ValidationError, JsonTextError):
            return cls(None)
        if found.sha256 != _digest(found.tools):
            return cls(None)
        for name, one in found.tools.items():
            if one.hash != spec_hash(name, one.description, canonical(one.parameters)):
                return cls(None)
        return cls(dict(found.tools))

    def text(self) -> str:
        """Return the file's text in a form that is easy to compare."""
        tools = self.tools or {}
        listed = {name: tools[name].model_dump(mode="json") for name in sorted(tools)}
        whole = {"version": VERSION, "tools": listed, "sha256": _digest(tools)}
        return json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    def changes(self, tools: Iterable[Tool]) -> tuple[Change, ...]:
        """Return the differences between tools and the approved ones; each differing tool is denied."""
        every = tuple(tools)
        if self.tools is None:
            return tuple(Change(tool.name, "corrupt") for tool in every) or (Change("tools.lock", "corrupt"),)
        found: list[Change] = []
        now = {tool.name: pinned(tool) for tool in every}
        gone = {name: one for name, one in self.tools.items() if name not in now}
        for name, one in now.items():
            was = self.tools.get(name)
            if was == one:
                continue
            if was is not None:
                found.append(Change(name, "changed", _diff(was, one)))
                continue
            # A renamed tool is a new tool: people approved the old one and have not seen this one.
            twin = next((old for old, old_one in gone.items() if _same_but_name(old_one, one)), None)
            found.append(Change(name, "added" if twin is None else "renamed", _diff(gone.get(twin or ""), one)))
        renamed = {change.tool for change in found if change.what == "renamed"}
        twins = {old for old, was in gone.items() if any(_same_but_name(was, now[name]) for name in renamed)}
        found += [Change(name, "removed", _diff(one, None)) for name, one in gone.items() if name not in twins]
        return tuple(found)


def pinned(tool: Tool) -> Pinned:
    """Return the pinned data of a tool."""
    return Pinned(
        description=tool.spec.description, parameters=json.loads(tool.spec.parameters),
        answers=tuple(f"{kind.__topic__.name}@{kind.__topic__.version}" for kind in tool.answers), agent=tool.agent,
        effect=str(tool.effect), trusted=tool.trusted, approval=str(tool.approval), hash=tool.spec.hash,
    )  # fmt: skip


def _same_but_name(one: Pinned, other: Pinned) -> bool:
    left, right = one.model_dump(exclude={"hash", "agent"}), other.model_dump(exclude={"hash", "agent"})
    return left == right


def _diff(old: Pinned | None, new: Pinned | None) -> tuple[str, ...]:
    before, after = ([] if one is None else _lines(one) for one in (old, new))
    lines = difflib.unified_diff(before, after, "approved", "now", n=1, lineterm="")
    return tuple(line[:200] for line in list(lines)[2:202])


def _lines(one: Pinned) -> list[str]:
    return json.dumps(
        one.model_dump(mode="json", exclude={"hash"}), indent=1, sort_keys=True, ensure_ascii=False
    ).split("\n")


def _digest(tools: dict[str, Pinned]) -> str:
    listed = {name: one.model_dump(mode="json") for name, one in tools.items()}
    return hashlib.sha256(canonical(listed).encode()).hexdigest()
