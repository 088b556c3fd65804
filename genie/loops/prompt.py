"""Prompts: versioned files with typed slots; untrusted text is fenced by marks that it cannot contain."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, cast

from genie.contracts.model_call import Role, Text, Turn
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Kind = Literal["text", "untrusted"]
MOST = 200_000
"""Characters of a prompt file."""
_SLOT = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*\.v[1-9][0-9]*\Z")


def fenced(text: str, name: str = "text") -> str:
    """Return untrusted text between marks; the marks carry the text's own digest, so the text cannot close them."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    safe = re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:64]
    return f"<<untrusted {safe} {digest}>>\n{text}\n<<end {digest}>>"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt of one version: the system prompt, and the form of the first user turn."""

    name: str
    """``shape.vN``."""
    slots: Mapping[str, Kind]
    system: str
    user: str
    sha256: str
    turn: Turn = field(init=False, repr=False, compare=False)
    """The system prompt as one object, so that its findings are kept with it."""

    def __post_init__(self) -> None:
        words = (Text(text=self.system),)
        object.__setattr__(self, "turn", Turn(role=Role.SYSTEM, parts=words, source=self.name[:128], pinned=True))

    def render(self, **values: str) -> str:
        """Return the user turn with its slots filled; untrusted slots must be fenced already.

        Raises:
            InputError: A slot is missing or unknown, or untrusted text is without marks.
        """
        if values.keys() != self.slots.keys():
            unknown = sorted(values.keys() - self.slots.keys()) or sorted(self.slots.keys() - values.keys())
            raise InputError(
                f"prompt {self.name}", f"slot {unknown[0]!r} is missing or unknown", "fill every slot once"
            )
        for name, kind in self.slots.items():
            if kind == "untrusted" and values[name] and not values[name].startswith("<<untrusted "):
                raise InputError(f"prompt {self.name}", f"slot {name!r} takes fenced text", "use `fenced`")
        return _SLOT.sub(lambda match: values[match[1]], self.user).strip()


@lru_cache(maxsize=256)
def shipped(name: str) -> Prompt:
    """Return a prompt of this package, such as ``react.v1``.

    Raises:
        InputError: There is none of that name.
    """
    source = files("genie.loops.prompts").joinpath(f"{name}.md")
    if not _NAME.match(name) or not source.is_file():
        raise InputError(f"prompt {name!r}", "does not exist", "see genie/loops/prompts")
    return parsed(name, source.read_text(encoding="utf-8"))


def read(path: Path) -> Prompt:
    """Return the prompt of a file ``NAME.vN.md``.

    Raises:
        InputError: The file cannot be read, or is not a prompt.
    """
    name = path.name.removesuffix(".md")
    if not _NAME.match(name):
        raise InputError(str(path), "is not named NAME.vN.md", "a changed prompt is a new version")
    try:
        if path.stat().st_size > MOST:
            raise InputError(str(path), f"has more than {MOST:,} bytes")
        return parsed(name, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise InputError(str(path), "cannot be read") from None


def parsed(name: str, text: str) -> Prompt:
    """Parse a prompt: a line of slots, the system prompt, and the user turn.

    Raises:
        InputError: The text has another form, or a slot is not declared or not used.
    """
    parts = text.split("\n---\n")
    head = parts[0].strip()
    if len(parts) != 3 or not head.startswith("slots:"):
        raise InputError(f"prompt {name}", "must have three parts separated by lines of ---: slots, system, user")
    slots: dict[str, Kind] = {}
    for item in head.removeprefix("slots:").split():
        slot, _, kind = item.partition("=")
        if kind not in {"text", "untrusted"} or slot in slots:
            raise InputError(f"prompt {name}", f"slot {item!r} is not of the form name=text or name=untrusted")
        slots[slot] = cast("Kind", kind)
    used = set(_SLOT.findall(parts[2]))
    if used != slots.keys() or _SLOT.search(parts[1]):
        raise InputError(f"prompt {name}", "must declare each slot of its user turn, and have none in the system part")
    return Prompt(name, slots, parts[1].strip(), parts[2].strip(), hashlib.sha256(text.encode()).hexdigest())
