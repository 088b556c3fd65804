"""Errors of the command: lines on stderr and an exit code, never a traceback."""

from __future__ import annotations

import errno
import functools
import importlib.util
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

import click

from genie.cli.signals import INTERRUPTED, Interrupts, interrupts
from genie.cli.start import of_stdout
from genie.cli.terminal.drawing import plain
from genie.config.environment import hidden, remembering
from genie.errors import ConfigError, DefinitionError, GenieError, InputError, LogError, PolicyError, RoutingError
from genie.runtime.report import FAILED, USAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

P = ParamSpec("P")
R = TypeVar("R")

_BAD_INPUT = (ConfigError, DefinitionError, InputError, LogError, PolicyError, RoutingError)


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors of this library into lines on stderr: exit 2 for errors that the user can fix, 4 for others."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with remembering():
            return ended(*args, **kwargs)

    def ended(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except _BAD_INPUT as error:
            stop(error, USAGE)
        except GenieError as error:
            stop(error, FAILED)
        except OSError as error:  # for a file or folder that changed meanwhile; errors of stdout are re-raised
            if isinstance(error, BrokenPipeError) or of_stdout(error):
                raise
            stop(_unusable(error), USAGE)
        except KeyboardInterrupt:  # a program that calls the command; the command's own process has signal handlers
            stop("interrupted", INTERRUPTED)

    return run


def _unusable(error: OSError) -> str:
    if error.filename is None and error.errno == errno.ENOENT:
        return "the current folder no longer exists; change to another one"
    named = error.filename if isinstance(error.filename, str) else None  # a number: opened by its descriptor
    return f"{named or 'a file'}: cannot be used ({error.strerror or type(error).__name__})"


def stop(problem: object, code: int) -> NoReturn:
    """Write the lines of a problem to stderr and exit."""
    for line in hidden(str(problem)).splitlines():
        click.echo(plain(line), err=True)
    raise SystemExit(code)


def run_async(main: Callable[[Interrupts | None], Coroutine[Any, Any, R]], *, loop_of_uv: bool = False) -> R:
    """Run a coroutine function on an event loop of its own, with the signals of the run.

    Args:
        main: The function.
        loop_of_uv: Run on uvloop where it is installed.

    An agent that raises ``SystemExit`` or ``KeyboardInterrupt`` must not decide the exit code of the command: such an
    end is a failure.
    """
    import anyio  # noqa: PLC0415 - start-up: only for commands that run a loop

    with interrupts() as heard:
        try:
            found = loop_of_uv and importlib.util.find_spec("uvloop") is not None
            return anyio.run(main, heard, backend_options={"use_uvloop": found})
        except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
            ended: BaseException = error
        except BaseExceptionGroup as group:
            if isinstance(group, Exception):
                raise
            ended = group
    names = ", ".join(sorted({type(one).__name__ for one in _leaves(ended)}))
    stop(f"the runtime ended without an answer: an agent raised {names}", FAILED)


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in _leaves(one)]
    return [error]
