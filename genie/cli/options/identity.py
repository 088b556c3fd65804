"""Who asks: the options that say so, the token that proves it, and the caller they make."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from genie.backend.clock import Clock
from genie.cli.files import read_payload
from genie.contracts.classification import Classification
from genie.errors import IdentityError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.config.pipeline import SignedIdentity
    from genie.contracts.card import Caller
    from genie.contracts.ports.audit import Audit

_LEVELS = tuple(level.label for level in Classification)
_OPTIONS = (
    click.option("--as", "user", metavar="USER", help="Who asks."),
    click.option("--role", "roles", multiple=True, metavar="R", help="A role of whoever asks; may be repeated."),
    click.option("--tenant", metavar="T", help="Tenant that the run works for."),
    click.option("--clearance", type=click.Choice(_LEVELS), help="Highest classification that may be shown."),
    click.option("--region", metavar="CODE", help="Region that the run works in."),
    click.option(
        "--consent", "consents", metavar="PURPOSE", multiple=True,
        help="A consent that is in force, with its end as PURPOSE@2026-12-31T00:00:00Z; may be repeated.",
    ),
    click.option(
        "--identity", metavar="FILE",
        help="A signed token that says all of this, for a pipeline with `caller: keys`; - is standard input.",
    ),
)  # fmt: skip


def identity_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say who asks."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def identified(
    caller: Caller, given: Mapping[str, Any], *, signed: SignedIdentity | None = None, audit: Audit | None = None
) -> Caller:
    """Return who asks: by the command line's word, or by a signed token where the pipeline names keys.

    Args:
        caller: The pipeline's; with ``signed``, the widest that a token may give.
        given: The options.
        signed: What a token is held against.
        audit: Where a refusal is recorded.

    Raises:
        IdentityError: The token is refused.
        InputError: It is not given, not taken here, or cannot be read.
    """
    options = {
        "user": "--as", "roles": "--role", "tenant": "--tenant", "clearance": "--clearance", "region": "--region",
        "consents": "--consent",
    }  # fmt: skip
    named = [option for name, option in options.items() if given[name]]
    token = given["identity"]
    if signed is None:
        if token is not None:
            raise InputError("--identity", "is not taken: no `caller: keys` say whose signature is trusted")
        return _trusted(caller, given)
    try:
        if token is None:
            raise IdentityError("missing", "this pipeline takes signed identities alone; pass --identity FILE")
        if named:
            raise InputError(named[0], "cannot be said beside --identity", "leave it out")
        if token == "-" and "-" in given.get("inputs", ()):  # noqa: S105 - standard input, no secret
            raise InputError("--identity", "and --input cannot both be standard input")
        return _verified(token, signed, caller)
    except IdentityError as error:
        _refused(audit, error)
        raise


def _trusted(caller: Caller, given: Mapping[str, Any]) -> Caller:
    """Return a caller with what the command line says instead."""
    changes: dict[str, Any] = {name: given[name] for name in ("user", "tenant", "region") if given[name] is not None}
    if given["roles"]:
        changes["roles"] = frozenset(given["roles"])
    if given["clearance"] is not None:
        changes["clearance"] = Classification.parse(given["clearance"])
    if given["consents"]:
        changes["consent"] = frozenset(given["consents"])
    try:
        return replace(caller, **changes)
    except ValueError as error:  # a consent that is none
        raise InputError("--consent", str(error)) from None


def _now() -> float:
    return Clock(float).wall().timestamp()  # a clock that stands still, set just now


def _verified(path: str, signed: SignedIdentity, most: Caller) -> Caller:
    from genie.edges.identity.jwt import MAX_TOKEN_BYTES, verify  # noqa: PLC0415 - only for those who bring a token
    from genie.edges.identity.keys import public_keys  # noqa: PLC0415 - as above

    keys = public_keys([signed.keys])
    try:
        token = read_payload(path, limit=MAX_TOKEN_BYTES).decode("ascii")
    except UnicodeDecodeError:
        raise IdentityError("malformed", "this is no signed token (a compact JWS)") from None
    return verify(token, keys, issuer=signed.issuer, audience=signed.audience, now=_now(), most=most)


def _refused(audit: Audit | None, error: IdentityError) -> None:
    """Record that an identity was refused, by its code alone: nothing of what was claimed has been shown to be true."""
    from genie.bus.recorder import opened  # noqa: PLC0415 - as above
    from genie.contracts.ports.audit import AuditRecord  # noqa: PLC0415 - only for what went wrong

    if audit is not None:
        close = opened(audit)
        audit.record(AuditRecord(_now(), "identity_refused", "caller", "edge", error.why, None, None, {}))
        close()
