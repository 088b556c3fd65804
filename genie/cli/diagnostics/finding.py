"""Findings and their stable codes."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Severity(enum.StrEnum):
    """How bad it is: an error stops pipelines from running, or makes what they say wrong."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class Check(enum.Enum):
    """What is looked at. Codes are stable: one that is no longer used is not given to anything else."""

    PYTHON = ("GD001", "python", Severity.ERROR, "Python is one that Genie supports")
    DISTRIBUTION = ("GD002", "distribution", Severity.ERROR, "`genie-bus` is installed, so that its parts are found")
    EXTRA = ("GD003", "extra", Severity.WARNING, "what an extra needs is installed")
    ENTRY_POINT = ("GD004", "entry point", Severity.ERROR, "an entry point loads and is a mapping of names to parts")
    PART = ("GD005", "part", Severity.WARNING, "an agent, policy or edge that an entry point offers can be loaded")
    NAMES = ("GD006", "names", Severity.ERROR, "no two entry points of a group offer different parts by one name")
    IMPORTS = ("GD007", "imports", Severity.ERROR, "the import names `genie` and `agents` are Genie's own")
    FOLDER = ("GD008", "folder", Severity.WARNING, "the folder it runs in can be written to")
    TEMPORARY = ("GD009", "temporary", Severity.WARNING, "the folder for temporary files can be written to")
    MONOTONIC = ("GD010", "monotonic clock", Severity.ERROR, "the clock of deadlines goes forward")
    WALL = ("GD011", "wall clock", Severity.ERROR, "the date is plausible")
    ZONES = ("GD012", "time zones", Severity.WARNING, "time-zone data is there")
    TERMINAL = ("GD013", "terminal", Severity.WARNING, "what the command draws can be written")

    def __init__(self, code: str, title: str, worst: Severity, about: str) -> None:
        self.code = code
        self.title = title
        self.worst = worst
        self.about = about


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: Check
    detail: str
    next_step: str = ""
    """What to do about it; empty when nothing is wrong."""

    @property
    def severity(self) -> Severity:
        """``ok`` where there is nothing to do, else what the check's table says."""
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
