"""Options of the commands that work on a control file, and the file itself."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from genie.backend.clock import Clock
from genie.cli.files import read_payload
from genie.errors import IdentityError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from genie.config.pipeline import Pipeline
    from genie.edges.control.database import Ledger
    from genie.edges.control.operators import Operators

_OPTIONS = (
    click.option("--control", metavar="FILE", help="Control file of the running processes."),
    click.option(
        "--pipeline", type=click.Path(), metavar="FILE", help="Use the control file that this pipeline names."
    ),
)
_WHO = (
    click.option("--as", "user", metavar="USER", help="Name of the operator; your login name by default."),
    click.option(
        "--identity",
        metavar="FILE",
        help="Signed token of the operator, for a pipeline with `caller: keys`; - is standard input.",
    ),
    click.option("--reason", default="", metavar="TEXT", help="Reason; it is kept in the audit trail."),
)
_TERMS = (
    click.option("--for", "term", metavar="TERM", help="Time limit, such as 90s, 15m, 2h or 1d."),
    click.option("--force", is_flag=True, help="Accept an agent that no process has."),
)
MAX_TOKEN = 8_192
"""Bytes of a token."""
_TERM = re.compile(r"(\d{1,6})([smhd])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def control_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --control and --pipeline."""
    return _with(command, _OPTIONS)


def who_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --as and --reason."""
    return _with(command, _WHO)


def term_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --for and --force."""
    return _with(command, _TERMS)


def _with(command: Callable[..., Any], options: Iterable[Callable[..., Any]]) -> Callable[..., Any]:
    for option in reversed(tuple(options)):
        command = option(command)
    return command


SIGNED = "(signed)"
"""Name of somebody whose token this command cannot verify; the running process does, and takes the name from it."""


class Actor(NamedTuple):
    """The person who acts or votes."""

    name: str
    roles: tuple[str, ...]
    token: str | None


def who(given: Mapping[str, Any], *, switches: bool = True) -> Actor:
    """Return the operator: from a signed token, from --as, or the login name.

    Raises:
        IdentityError: The pipeline requires a signed identity, and there is no valid one.
        InputError: The token cannot be read, or a name or a role is given beside it.
    """
    operators = None if given.get("pipeline") is None else _operators(given["pipeline"])
    if given["identity"] is not None:
        beside = [option for option, name in (("--as", "user"), ("--role", "roles")) if given.get(name)]
        if beside:
            raise InputError(beside[0], "cannot be used with --identity", "omit it")
        try:
            token = read_payload(given["identity"], limit=MAX_TOKEN).decode("ascii").strip()
        except UnicodeDecodeError:
            raise IdentityError("malformed", "the file is not a signed token (a compact JWS)") from None
        if operators is None:
            return Actor(SIGNED, (), token)
        caller = operators.verified(token, now(), switches=switches)
        return Actor(caller.user, tuple(sorted(caller.roles)), token)
    if operators is not None:
        operators.verified(None, now(), switches=switches)  # says that one is demanded
    import getpass  # noqa: PLC0415 - start-up: only without --as

    user = getpass.getuser() if given["user"] is None else str(given["user"])
    return Actor(user, tuple(given.get("roles") or ()), None)


def _operators(pipeline: str) -> Operators | None:
    from genie.config.loader import load  # noqa: PLC0415 - YAML only where a pipeline is named

    loaded = load(pipeline)
    control = loaded.control
    if loaded.signed is None or control is None:
        return None
    found: Operators | None = getattr(control, "operators", None)
    return found


@contextmanager
def opened(given: Mapping[str, Any]) -> Iterator[Ledger]:
    """Open the control file that the options name.

    Raises:
        InputError: No file is named, or it cannot be used.
    """
    from genie.edges.control.database import Ledger  # noqa: PLC0415 - SQLite only where it is used

    ledger = Ledger(_path(given), create=False)
    try:
        yield ledger
    finally:
        ledger.close()


def _path(given: Mapping[str, Any]) -> Path:
    if given["control"] is not None:
        return Path(given["control"])
    if given["pipeline"] is None:
        text = "are in the memory of the running process; other processes cannot reach them"
        raise InputError("approvals and switches", text, "pass --control FILE, or a --pipeline FILE with `control:`")
    from genie.config.loader import load  # noqa: PLC0415 - YAML only where a pipeline is named

    path = getattr(load(given["pipeline"]).control, "path", None)
    if path is None:
        raise InputError(given["pipeline"], "has no `control:`", "add `control: FILE` and run it again")
    return Path(path)


def controlled(pipeline: Pipeline, path: str | None) -> Pipeline:
    """Return a pipeline with the control file of the command line instead of its own."""
    if path is None:
        return pipeline
    from genie.edges.control.sqlite import ControlFile, ControlSettings  # noqa: PLC0415 - SQLite only where it is used

    control = ControlFile(ControlSettings(path=Path(path)))
    if pipeline.signed is not None:
        control.signed_by(*pipeline.signed, pipeline.caller.tenant)
    return replace(pipeline, control=control)


def now() -> float:
    """Return the seconds since the epoch."""
    return Clock(time.monotonic).wall().timestamp()


def shown_time(at: float) -> str:
    """Return seconds since the epoch as a date in UTC."""
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return "an unknown time"


def seconds_of(term: str | None, option: str = "--for") -> float | None:
    """Return the seconds of a term such as ``90s``, ``15m``, ``2h`` or ``1d``; None for none.

    Args:
        term: The text.
        option: Where it was given.

    Raises:
        InputError: The text is not a valid term.
    """
    if term is None:
        return None
    found = _TERM.match(term)
    if found is None or not int(found[1]):
        raise InputError(f"{option} {term}", "is not a valid term", "write 90s, 15m, 2h or 1d")
    return float(int(found[1]) * _SECONDS[found[2]])
