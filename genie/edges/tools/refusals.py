"""Refusals of the shipped tools, each with a code for the model; texts only contain the tool and the rule."""

from __future__ import annotations

from typing import ClassVar

from genie.errors import GenieError


class ToolRefusalError(GenieError):
    """A tool refuses or fails to do what was requested."""

    code: ClassVar[str] = "refused"
    tool: str
    problem: str

    def __str__(self) -> str:
        return f"tool {self.tool}: {self.problem}"


class OutsideRootError(ToolRefusalError):
    """A path leads out of the tool's folder, or through a symbolic link."""

    code: ClassVar[str] = "outside_root"


class NotFoundError(ToolRefusalError):
    """There is no such thing."""

    code: ClassVar[str] = "not_found"


class NotAllowedError(ToolRefusalError):
    """It is not on the tool's list, or the tool is off."""

    code: ClassVar[str] = "not_allowed"


class TooLargeError(ToolRefusalError):
    """More than the tool's limit."""

    code: ClassVar[str] = "too_large"


class TookTooLongError(ToolRefusalError):
    """It was stopped at its time limit."""

    code: ClassVar[str] = "took_too_long"


class BadExpressionError(ToolRefusalError):
    """A text that the tool cannot read, or a result without a value."""

    code: ClassVar[str] = "bad_expression"


REFUSALS = frozenset(
    kind.code
    for kind in (
        ToolRefusalError, OutsideRootError, NotFoundError, NotAllowedError, TooLargeError, TookTooLongError,
        BadExpressionError,
    )
)  # fmt: skip
"""Codes that are unrelated to a tool's health."""
