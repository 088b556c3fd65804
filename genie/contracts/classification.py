"""Classification: how sensitive a payload is."""

from __future__ import annotations

import enum
from typing import (
    TYPE_CHECKING,
    Never,
)

if TYPE_CHECKING:
    pass


class Classification(enum.IntEnum):
    """How sensitive a payload is; a recipient needs a clearance at least as high."""

    PUBLIC = 0
    INTERNAL = 1
    CONFIDENTIAL = 2
    RESTRICTED = 3

    @classmethod
    def parse(cls, name: str | Classification) -> Classification:
        """Return the level with that lower-case name.

        Raises:
            ValueError: The name is not a level; an unknown label never counts as public.
        """
        if isinstance(name, Classification):
            return name
        try:
            return cls[name.upper()] if name == name.lower() else _no_level(name)
        except KeyError:
            return _no_level(name)

    @property
    def label(self) -> str:
        """The lower-case name, as written in YAML and on cards."""
        return self.name.lower()


def _no_level(name: str) -> Never:
    levels = ", ".join(level.label for level in Classification)
    raise ValueError(f"{name!r} is not a classification; use one of {levels}")
