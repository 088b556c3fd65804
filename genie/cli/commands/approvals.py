"""`genie approvals`: list, show and decide pending approvals, from another shell."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import anyio
import click

from genie.approvals.request import signed
from genie.cli.errors import guarded, stop
from genie.cli.files import read_payload
from genie.cli.help import USUAL, Subcommands, manual
from genie.cli.options.control import control_options, now, opened, shown_time, who
from genie.cli.terminal.approvals import described
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.json_text import to_text
from genie.cli.terminal.progress import progress
from genie.cli.terminal.screen import width_of
from genie.cli.usage import Finite
from genie.contracts.json_text import unique_keys
from genie.errors import InputError, did_you_mean
from genie.runtime.report import USAGE, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.edges.control.database import Ledger
    from genie.edges.control.schema import Asked

_LARGEST_EDIT = 1 << 20
_VOTED = {
    **USUAL, 0: "the vote counts", 2: "it does not count, or wrong usage", 3: "no process has read it within --wait",
}  # fmt: skip
_VOTE = (
    click.option("--as", "user", metavar="USER", help="Name of the approver; not the requester."),
    click.option("--identity", metavar="FILE",
                 help="Signed token of the approver, for a pipeline with `caller: keys`; - is standard input."),
    click.option("--role", "roles", multiple=True, metavar="R", help="A role of the approver; repeatable."),
    click.option("--reason", required=True, metavar="TEXT", help="Reason; it is kept in the audit trail."),
    click.option("--hash", "seen", metavar="SHA256", help="Decide only if the payload still has this hash."),
    click.option("--wait", "wait_s", type=Finite(min=0), default=5.0, show_default=True, metavar="SECONDS",
                 help="Time limit for the process to read the vote."),
)  # fmt: skip


@click.group(
    cls=Subcommands, epilog=manual(
        ("List pending approvals", "genie approvals list --control control.db"),
        ("Approve one of them",
         "genie approvals approve hold-3-9f3c01aa-2 --as ben --role treasury --reason agreed --control control.db"),
    )
)  # fmt: skip
def command() -> None:
    """List, show, approve and deny pending approvals.

    The running process reads decisions from its control file, which a pipeline names with `control: FILE`.
    """


def _voting(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_VOTE):
        function = option(function)
    return function


@command.command(
    "list",
    epilog=manual(
        ("List pending approvals", "genie approvals list --control control.db"),
    ),
)
@control_options
@click.option("--all", "everything", is_flag=True, help="Include finished approvals.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@guarded
def listed(*, everything: bool, as_json: bool, **given: Any) -> None:
    """List pending approvals, oldest first."""
    with opened(given) as ledger:
        found = [one for one in ledger.requests(now()) if everything or one.state in {"pending", "stale"}]
    if as_json:
        click.echo(to_text([one.model_dump() for one in found]))
        return
    for one in found:
        lacking = "; ".join(one.lacking) if one.state == "pending" else one.state
        when = shown_time(one.expires)
        click.echo(plain(f"{one.id}  {one.topic} -> {one.recipient}  for {one.requester}  until {when}  {lacking}"))
    if not found:
        click.echo("no approval is pending")


@command.command(
    epilog=manual(
        (
            "Show one of them with its masked payload",
            "genie approvals show hold-3-9f3c01aa-2 --control control.db",
        ),
    )
)
@click.argument("hold")
@control_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@guarded
def show(hold: str, *, as_json: bool, **given: Any) -> None:
    """Show an approval request with its payload, masked for approvers. HOLD is an id or the start of one."""
    with opened(given) as ledger:
        found = _found(ledger, hold)
    if as_json:
        click.echo(to_text(found.model_dump()))
    else:
        for line in described(found.model_dump(), width=width_of(sys.stdout)):
            click.echo(plain(line))


@command.command(
    epilog=manual(
        (
            "Approve it",
            "genie approvals approve hold-3-9f3c01aa-2 --as ben --role treasury --reason agreed --control control.db",
        ),
        (
            "Approve it with another payload, which is judged again",
            "genie approvals approve hold-3 --as ben --reason less --edit less.json --control control.db",
        ),
        exits=_VOTED,
    )
)
@click.argument("hold")
@control_options
@_voting
@click.option("--edit", type=click.Path(), metavar="FILE", help="Deliver these JSON fields instead; - is stdin.")
@guarded
def approve(hold: str, edit: str | None, **given: Any) -> None:
    """Approve HOLD. With enough approvals the message is judged again and delivered.

    --edit replaces the payload: it is validated and judged as a new one, and earlier votes no longer count.
    """
    _vote(hold, approve=True, edit=None if edit is None else _edit(edit), given=given)


@command.command(
    epilog=manual(
        (
            "Deny it",
            'genie approvals deny hold-3-9f3c01aa-2 --as ben --role treasury --reason "too much" --control control.db',
        ),
        exits=_VOTED,
    )
)
@click.argument("hold")
@control_options
@_voting
@guarded
def deny(hold: str, **given: Any) -> None:
    """Deny HOLD. One approver is enough."""
    _vote(hold, approve=False, edit=None, given=given)


def _found(ledger: Ledger, hold: str) -> Asked:
    known = ledger.requests(now())
    found = [one for one in known if one.id == hold] or [one for one in known if one.id.startswith(hold)]
    if len(found) > 1:  # finished approvals need their whole id
        found = [one for one in found if one.state == "pending"] or found
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            f"approval {hold!r}", f"is ambiguous: {', '.join(a.id for a in found[:5])}", "write more of its characters"
        )
    near = did_you_mean(hold, [one.id for one in known])
    raise InputError(f"approval {hold!r}", f"is not in this control file{near}", "see genie approvals list")


def _edit(path: str) -> str:
    content = read_payload(path, limit=_LARGEST_EDIT)
    try:
        values = json.loads(content, object_pairs_hook=unique_keys)
    except (ValueError, RecursionError):
        raise InputError(path, "is not valid JSON") from None
    if not isinstance(values, dict):
        raise InputError(path, "is not a JSON object with the fields of the payload")
    return json.dumps(values)


def _vote(hold: str, *, approve: bool, edit: str | None, given: Mapping[str, Any]) -> None:
    if given["user"] is None and given["identity"] is None:
        raise click.UsageError("Missing option '--as', or '--identity'.")
    actor = who(given, switches=False)
    by, reason = signed(actor.name, given["reason"])
    with opened(given) as ledger:
        found = _found(ledger, hold)
        if found.state != "pending":
            gone = "; the process that asked is gone" if found.state == "stale" else ""
            raise InputError(f"approval {found.id}", f"is {found.state}{gone}", "see genie approvals list")
        if given["seen"] is not None and given["seen"].lower() != found.payload_sha256:
            why = f"now has the payload {found.payload_sha256}, not the one of --hash"
            raise InputError(f"approval {found.id}", why, "look at it again with genie approvals show")
        number = ledger.vote(
            found, by=by, roles=actor.roles, approve=approve, reason=reason, edit=edit, at=now(), token=actor.token
        )
        with progress("waiting for the process that asks"):
            answer = anyio.run(_answer, ledger, number, given["wait_s"])
    if answer is None:
        click.echo(f"recorded as vote {number}; the process has not read it yet", err=True)
        raise SystemExit(Status.PARTIAL.exit_code)
    counted, text = answer
    if not counted:
        stop(text, USAGE)
    click.echo(plain(text if text in {"approved", "denied"} else f"counted; {text}"))


async def _answer(ledger: Ledger, number: int, wait_s: float) -> tuple[bool, str] | None:
    with anyio.move_on_after(wait_s):
        while True:
            answer = ledger.answer(number)
            if answer is not None:
                return answer
            await anyio.sleep(0.05)
    return ledger.answer(number)
