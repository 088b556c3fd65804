"""How the command ends when something is wrong: clear lines on stderr and an exit code, never a traceback."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NoReturn, ParamSpec, TypeVar

import click

from genie.cli.terminal.drawing import plain
from genie.errors import ConfigError, DefinitionError, GenieError, InputError, PolicyError, RoutingError
from genie.runtime.report import FAILED, INTERRUPTED, USAGE

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

_BAD_INPUT = (ConfigError, DefinitionError, InputError, PolicyError, RoutingError)


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors of this library into lines on stderr: exit 2 for what the user can mend, 4 for the rest."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except _BAD_INPUT as error:
            stop(error, USAGE)
        except GenieError as error:
            stop(error, FAILED)
        except KeyboardInterrupt:
            stop("interrupted", INTERRUPTED)
        except BaseExceptionGroup as group:  # what leaves a task group
            if group.subgroup(KeyboardInterrupt) is None:
                raise
            stop("interrupted", INTERRUPTED)

    return run


def stop(problem: object, code: int) -> NoReturn:
    """Write a problem's lines to stderr and end."""
    for line in str(problem).splitlines():
        click.echo(plain(line), err=True)
    raise SystemExit(code)
