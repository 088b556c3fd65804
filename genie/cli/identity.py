"""Who asks: the options that say so, and the caller they make."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from genie.message import Classification

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.protocol import Caller

_LEVELS = tuple(level.label for level in Classification)
_OPTIONS = (
    click.option("--as", "user", metavar="USER", help="Who asks."),
    click.option("--role", "roles", multiple=True, metavar="R", help="A role of whoever asks; may be repeated."),
    click.option("--tenant", metavar="T", help="Tenant that the run works for."),
    click.option("--clearance", type=click.Choice(_LEVELS), help="Highest classification that may be shown."),
)


def identity_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say who asks."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def identified(caller: Caller, given: Mapping[str, Any]) -> Caller:
    """Return a caller with what the command line says instead."""
    changes: dict[str, Any] = {name: given[name] for name in ("user", "tenant") if given[name] is not None}
    if given["roles"]:
        changes["roles"] = frozenset(given["roles"])
    if given["clearance"] is not None:
        changes["clearance"] = Classification.parse(given["clearance"])
    return replace(caller, **changes)
