"""Findings and their stable codes."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Severity(enum.StrEnum):
    """Severity of a finding: an error stops pipelines, or makes their results wrong."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class Check(enum.Enum):
    """The checks. Codes are stable and never reused."""

    PYTHON = ("GD001", "python", Severity.ERROR, "the version of Python is supported")
    DISTRIBUTION = (
        "GD002",
        "distribution",
        Severity.ERROR,
        "`genie-bus` is installed",
    )
    EXTRA = ("GD003", "extra", Severity.WARNING, "the requirements of an extra are installed")
    ENTRY_POINT = (
        "GD004",
        "entry point",
        Severity.ERROR,
        "an entry point is a mapping that can be loaded",
    )
    PART = ("GD005", "part", Severity.WARNING, "an agent, policy or edge of an entry point can be loaded")
    NAMES = ("GD006", "names", Severity.ERROR, "a name in a group of entry points is unique")
    IMPORTS = ("GD007", "imports", Severity.ERROR, "the import names `genie` and `genie_finance` belong to Genie")
    FOLDER = ("GD008", "folder", Severity.WARNING, "the current folder is writable")
    TEMPORARY = ("GD009", "temporary", Severity.WARNING, "the folder for temporary files is writable")
    MONOTONIC = ("GD010", "monotonic clock", Severity.ERROR, "the monotonic clock goes forward")
    WALL = ("GD011", "wall clock", Severity.ERROR, "the date is plausible")
    ZONES = ("GD012", "time zones", Severity.WARNING, "time-zone data is available")
    TERMINAL = ("GD013", "terminal", Severity.WARNING, "the terminal can show bars and lines")
    RULES = ("GD014", "rules", Severity.WARNING, "dated rules cover today and were checked in the last year")
    ROLE = (
        "GD015",
        "database role",
        Severity.ERROR,
        "the role of a PostgreSQL address cannot read other tenants' rows",
    )

    def __init__(self, code: str, title: str, worst: Severity, about: str) -> None:
        self.code = code
        self.title = title
        self.worst = worst
        self.about = about


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    check: Check
    detail: str
    next_step: str = ""
    """What to do; empty when nothing is wrong."""

    @property
    def severity(self) -> Severity:
        """``ok`` without a next step, otherwise the severity of the check."""
        return self.check.worst if self.next_step else Severity.OK

    def as_json(self) -> dict[str, str | None]:
        """Return the object of the JSON contract."""
        return {
            "code": self.check.code,
            "check": self.check.title,
            "severity": self.severity.value,
            "detail": self.detail,
            "next_step": self.next_step or None,
        }
