"""Messages for wrong usage of the command; those of click name classes, ranges and click itself."""

from __future__ import annotations

import math
import re
from typing import IO, TYPE_CHECKING, Any

import click

from genie.cli.terminal.drawing import plain
from genie.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNREADABLE = re.compile(r"'(.*)' is not readable", re.DOTALL)
_QUOTED = re.compile(r"^(?:'(.*?)'|(\S+)) is not ", re.DOTALL)


class WrongUsage(click.ClickException):
    """Wrong usage as one line, with the command that explains it."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line to stderr."""
        click.echo(plain(self.message), err=True, file=file)


def told(error: click.UsageError) -> WrongUsage:
    """Return a usage error of click as one line."""
    context = error.ctx
    names = [] if context is None else list(_path(context))
    command = " ".join(("genie", *names))
    return WrongUsage(f"{command}: {_said(error, context)}; see {command} --help")


def _path(context: click.Context) -> Iterator[str]:
    """Yield the names of the subcommands, without that of the program."""
    if context.parent is not None:
        yield from _path(context.parent)
        yield context.info_name or ""


def _said(error: click.UsageError, context: click.Context | None) -> str:
    match error:
        case click.NoSuchOption():
            known = [] if context is None else [
                *(word for one in context.command.params for word in one.opts), *context.help_option_names,
            ]  # fmt: skip
            return f"there is no option {error.option_name}{did_you_mean(error.option_name, known)}"
        case click.exceptions.NoSuchCommand():
            group = None if context is None else context.command
            listed = group.list_commands(context) if isinstance(group, click.Group) and context is not None else []
            name = error.command_name
            return f"there is no command {name!r}{did_you_mean(name, listed)}"
        case click.MissingParameter():
            return f"{_parameter(error)} is missing"
        case click.BadParameter():
            said = _value(error)
            return f"{_parameter(error)}{'' if said.startswith('should') else ':'} {said}"
        case click.BadOptionUsage():
            return (
                f"{error.option_name} needs a value"
                if "requires" in error.message
                else f"{error.option_name} takes no value"
            )
        case _:
            extra = re.search(r"\((.*)\)", error.message, re.DOTALL)
            if "unexpected extra argument" in error.message and extra is not None:
                return f"unexpected argument {extra[1]!r}"
            if "Missing command" in error.message:
                return "the name of a subcommand is missing"
            return error.message.rstrip(".")


def _parameter(error: click.BadParameter) -> str:
    parameter = error.param
    if parameter is None:
        return str(error.param_hint or "an argument")
    long = max(parameter.opts, key=len)
    return (
        long if long.startswith("-") else parameter.make_metavar(error.ctx) if error.ctx is not None else long.upper()
    )


class Finite(click.FloatRange):
    """A number within limits; ``nan`` and ``inf`` are rejected, although Python parses them."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{str(value)!r} is not a number", param, ctx)
        return number


def _value(error: click.BadParameter) -> str:
    """Return the problem of a value: custom types have their own message, click's types are described by limits."""
    kind: Any = None if error.param is None else error.param.type
    found = _QUOTED.match(error.message)
    given = "" if found is None else f", not {found[1] or found[2]}"
    match kind:
        case click.Choice():
            choices = [str(one) for one in kind.choices]
            return f"should be one of {', '.join(choices)}{given}{did_you_mean(found[1] if found else '', choices)}"
        case click.IntRange() | click.FloatRange():
            number = "a whole number" if isinstance(kind, click.IntRange) else "a number"
            low = "" if kind.min is None else f" {'above' if kind.min_open else 'from'} {kind.min}"
            high = "" if kind.max is None else f" {'below' if kind.max_open else 'to'} {kind.max}"
            return f"should be {number}{low}{high}{given}"
        case click.types.IntParamType():
            return f"should be a whole number{given}"
        case click.types.FloatParamType():
            return f"should be a number{given}"
        case click.Path() if (path := _UNREADABLE.search(error.message)) is not None:
            return f"{path[1]} cannot be read: permission denied"
        case _:
            return error.message.rstrip(".")
