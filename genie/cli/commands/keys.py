"""`genie keys`: API keys of `genie serve`, kept as hashes in a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded
from genie.cli.files import whole_file
from genie.cli.help import Subcommands, manual
from genie.cli.options.control import now
from genie.cli.terminal.drawing import plain
from genie.cli.usage import Finite
from genie.contracts.classification import Classification
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.server.principals import Allowance, ApiKey, ApiKeys

_LEVELS = tuple(level.label for level in Classification)
_RIGHTS = ("ask", "observe", "approve", "operate", "audit", "govern", "operate_server")
_FILE = click.argument("file", type=click.Path(path_type=Path))


_DAYS = click.option(
    "--days", metavar="DAYS", type=Finite(min=0, min_open=True, max=3_660), default=90.0, show_default=True,
    help="Days until the key expires.",
)  # fmt: skip


_FACTS = (
    click.option("--user", required=True, help="User of the key."),
    click.option("--tenant", help="Tenant of the user."),
    click.option("--role", "roles", multiple=True, help="A role of the user; repeatable."),
    click.option("--clearance", type=click.Choice(_LEVELS), default="internal", show_default=True,
              help="Highest classification that the user may see."),
    click.option("--region", help="Region of the user."),
    click.option("--right", "rights", multiple=True, type=click.Choice(_RIGHTS),
                 help="A right of the key; repeatable. By default ask and observe."),
)  # fmt: skip


def _facts(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say who somebody is."""
    for option in reversed(_FACTS):
        function = option(function)
    return function


@click.group(cls=Subcommands, epilog=manual(
    ("Create a key for a person", "genie keys create keys.json --user asha --role analyst --right ask --right observe"),
))  # fmt: skip
def command() -> None:
    """Create, list, rotate and revoke API keys of `genie serve`, and invite people to register passkeys."""


@command.command("create", epilog=manual(
    ("Create a key for a person", "genie keys create keys.json --user asha --role analyst --right ask --right observe"),
    ("Create a key for a program that may spend 5 a day on models",
     "genie keys create keys.json --user nightly-job --model desk --budget 5.00 --conversation-budget 0.50"),
))  # fmt: skip
@_FILE
@_facts
@click.option("--scope", "scopes", multiple=True, metavar="NAME:read|write",
              help="Routes that the key may use, such as runs:read; repeatable. "
                   "By default all that its rights allow.")  # fmt: skip
@click.option("--model", "models", multiple=True, metavar="ID",
              help="A model that the key may use through `genie proxy`; repeatable. All by default.")  # fmt: skip
@click.option("--budget", "cost", metavar="AMOUNT", help="Maximum cost of models in one period.")
@click.option("--budget-tokens", "tokens", type=click.IntRange(min=1), metavar="N",
              help="Maximum tokens of models in one period.")  # fmt: skip
@click.option("--per", type=click.Choice(("day", "month", "total")), default="day", show_default=True,
              help="Period of the budgets, in UTC.")  # fmt: skip
@click.option("--conversation-budget", "conversation_cost", metavar="AMOUNT",
              help="Maximum cost of each conversation in one period.")  # fmt: skip
@click.option("--repeats", type=click.IntRange(0, 1_000), default=0, show_default=True, metavar="N",
              help="Equal consecutive requests of one conversation that are allowed; 0 for any number.")  # fmt: skip
@_DAYS
@guarded
def create(file: Path, *, days: float, per: str, **facts: Any) -> None:
    """Add a key to FILE and print it; it is shown once."""
    own = {name: found for name in ("cost", "tokens") if (found := facts.pop(name)) is not None}
    each = facts.pop("conversation_cost")
    facts["budget"] = {**own, "per": per} if own else None
    facts["conversation"] = None if each is None else {"cost": each, "per": per}
    facts["models"] = facts["models"] or None
    facts["scopes"] = facts["scopes"] or None
    _added(file, facts, expires_at=float(int(now() + days * 86_400)))


def _added(file: Path, facts: dict[str, Any], **terms: float) -> None:
    keys = _library()
    from genie.server.principals import ApiKeys, new_key  # noqa: PLC0415 - start-up

    held = keys(file) if file.exists() else ApiKeys()
    facts["rights"] = facts["rights"] or ("ask", "observe")
    text, key = new_key(**facts, **terms)
    held.add(key)
    _write(file, held)
    click.echo(text)


@command.command("invite", epilog=manual(
    ("Let a person register a passkey", "genie keys invite keys.json --user asha --role analyst --right approve"),
))  # fmt: skip
@_FILE
@_facts
@click.option("--within-hours", "hours", type=Finite(min=0, min_open=True, max=720), default=72.0,
              metavar="HOURS", show_default=True, help="Hours in which the passkey must be registered.")  # fmt: skip
@_DAYS
@guarded
def invite(file: Path, *, days: float, hours: float, **facts: Any) -> None:
    """Add a person to FILE and print an invitation, with which they register one passkey on the page."""
    at = now()
    _added(file, facts, expires_at=float(int(at + days * 86_400)), invited_until=float(int(at + hours * 3_600)))


@command.command("list", epilog=manual(("List the keys", "genie keys list served-keys.json")))
@_FILE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@guarded
def list_command(file: Path, *, as_json: bool) -> None:
    """List the keys in FILE, without their secrets."""
    held = _library()(file)
    from genie.server.key_use import read_use  # noqa: PLC0415 - start-up

    used = read_use(file)
    if as_json:
        shown = [
            {**key.model_dump(mode="json", exclude={"sha256"}), "last_used_at": used.get(key.id)}
            for key in held.all.values()
        ]
        click.echo(json.dumps(shown, indent=2))
        return
    for key in held.all.values():
        ends = "never" if key.expires_at is None else f"{datetime.fromtimestamp(key.expires_at, UTC):%Y-%m-%d}"
        invited = "" if key.invited_until is None else "; a person with a passkey"
        state = "revoked" if key.revoked_at is not None else "ended" if key.ended(now()) else f"until {ends}"
        where = "" if key.tenant is None else f" of {key.tenant}"
        limited = "" if key.scopes is None else f" ({', '.join(key.scopes)})"
        spends = "" if key.budget is None else f"; may spend {_spending(key.budget)}"
        last = f"{datetime.fromtimestamp(used[key.id], UTC):%Y-%m-%d %H}h" if key.id in used else "never"
        given = f"{', '.join(key.rights)}{limited}{invited}"
        click.echo(plain(f"{key.id} {key.user}{where}: {given}; {state}; last used {last}{spends}"))


def _spending(budget: Allowance) -> str:
    parts = [f"{budget.cost:f}"] if budget.cost is not None else []
    parts += [f"{budget.tokens:,} tokens"] if budget.tokens is not None else []
    return " and ".join(parts) + (" in all" if budget.per == "total" else f" a {budget.per}")


@command.command("rotate", epilog=manual(
    ("Replace a key; both are valid for a week", "genie keys rotate served-keys.json vh44bzpr"),
))  # fmt: skip
@_FILE
@click.argument("key_id", metavar="ID")
@click.option("--overlap-days", "overlap", type=Finite(min=0, max=90), default=7.0, show_default=True,
              metavar="DAYS", help="Days for which the old key stays valid.")  # fmt: skip
@_DAYS
@guarded
def rotate(file: Path, key_id: str, overlap: float, days: float) -> None:
    """Add a key with the rights of another one, print it, and let the other one expire."""
    held = _library()(file)
    from genie.server.principals import rotated  # noqa: PLC0415 - start-up

    text, new, old = rotated(_found(held, key_id), float(int(now())), overlap * 86_400, days * 86_400)
    held.add(new)
    held.add(old)
    _write(file, held)
    click.echo(text)
    click.echo(f"{old.id} ends {datetime.fromtimestamp(old.expires_at or 0, UTC):%Y-%m-%d %H:%M} UTC", err=True)


@command.command("revoke", epilog=manual(("Revoke a key", "genie keys revoke served-keys.json vh44bzpr")))
@_FILE
@click.argument("key_id", metavar="ID")
@guarded
def revoke(file: Path, key_id: str) -> None:
    """Revoke a key: a running server rejects it within seconds and cancels its runs."""
    held = _library()(file)
    key = _found(held, key_id)
    held.add(key.model_copy(update={"revoked_at": float(int(now()))}))
    _write(file, held)
    click.echo(f"{key.id} is revoked")


def _found(held: ApiKeys, key_id: str) -> ApiKey:
    key = held.all.get(key_id)
    if key is None:
        raise InputError(f"key {plain(key_id)}", "is not in the file", "see `genie keys list`")
    return key


def _library() -> Any:
    try:
        from genie.server.principals import ApiKeys  # noqa: PLC0415 - start-up
    except ImportError:
        raise InputError("genie keys", "needs the server", "install genie-bus[serve]") from None
    return ApiKeys.read


def _write(file: Path, held: ApiKeys) -> None:
    with whole_file(file) as stream:
        stream.write(held.text())
