"""Options for the caller: named on the command line, or proved by a signed token."""

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
    click.option("--as", "user", metavar="USER", help="Name of the caller."),
    click.option("--role", "roles", multiple=True, metavar="R", help="A role of the caller; repeatable."),
    click.option("--tenant", metavar="T", help="Tenant of the run."),
    click.option("--clearance", type=click.Choice(_LEVELS), help="Highest classification that the caller may see."),
    click.option("--region", metavar="CODE", help="Region of the run."),
    click.option(
        "--consent", "consents", metavar="PURPOSE", multiple=True,
        help="A consent that is in force; PURPOSE@2026-12-31T00:00:00Z sets its end. Repeatable.",
    ),
    click.option(
        "--identity", metavar="FILE",
        help="A signed token that sets the caller, for a pipeline with `caller: keys`; - is standard input.",
    ),
)  # fmt: skip


def identity_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for the caller."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def identified(
    caller: Caller, given: Mapping[str, Any], *, signed: SignedIdentity | None = None, audit: Audit | None = None
) -> Caller:
    """Return the caller: from the command line, or from a signed token when the pipeline names keys.

    Args:
        caller: The caller of the pipeline; with ``signed``, the most that a token can grant.
        given: The options.
        signed: Keys, issuer and audience that a token must match.
        audit: The trail that records a rejected token.

    Raises:
        IdentityError: The token is rejected.
        InputError: The token is missing, not accepted here, or cannot be read.
    """
    options = {
        "user": "--as", "roles": "--role", "tenant": "--tenant", "clearance": "--clearance", "region": "--region",
        "consents": "--consent",
    }  # fmt: skip
    named = [option for name, option in options.items() if given[name]]
    token = given["identity"]
    if signed is None:
        if token is not None:
            raise InputError("--identity", "is not accepted: the pipeline has no `caller: keys` to verify it")
        return _trusted(caller, given)
    try:
        if token is None:
            raise IdentityError("missing", "this pipeline requires a signed identity; pass --identity FILE")
        if named:
            raise InputError(named[0], "cannot be used with --identity", "omit it")
        if token == "-" and "-" in given.get("inputs", ()):  # noqa: S105 - standard input, not a secret
            raise InputError("--identity", "and --input cannot both be standard input")
        return _verified(token, signed, caller)
    except IdentityError as error:
        _refused(audit, error)
        raise


def _trusted(caller: Caller, given: Mapping[str, Any]) -> Caller:
    """Return a caller with the values of the command line."""
    changes: dict[str, Any] = {name: given[name] for name in ("user", "tenant", "region") if given[name] is not None}
    if given["roles"]:
        changes["roles"] = frozenset(given["roles"])
    if given["clearance"] is not None:
        changes["clearance"] = Classification.parse(given["clearance"])
    if given["consents"]:
        changes["consent"] = frozenset(given["consents"])
    try:
        return replace(caller, **changes)
    except ValueError as error:  # an invalid consent
        raise InputError("--consent", str(error)) from None


def _now() -> float:
    return Clock(float).wall().timestamp()  # a clock that is set now and stands still


def _verified(path: str, signed: SignedIdentity, most: Caller) -> Caller:
    from genie.edges.identity.jwt import MAX_TOKEN_BYTES, verify  # noqa: PLC0415 - start-up: only with --identity
    from genie.edges.identity.keys import public_keys  # noqa: PLC0415 - as above

    keys = public_keys([signed.keys])
    try:
        token = read_payload(path, limit=MAX_TOKEN_BYTES).decode("ascii")
    except UnicodeDecodeError:
        raise IdentityError("malformed", "the file is not a signed token (a compact JWS)") from None
    return verify(token, keys, issuer=signed.issuer, audience=signed.audience, now=_now(), most=most)


def _refused(audit: Audit | None, error: IdentityError) -> None:
    """Record a rejected identity by its code only: none of its claims has been verified."""
    from genie.contracts.ports.audit import AuditRecord  # noqa: PLC0415 - only for rejected tokens
    from genie.observation.observers import opened  # noqa: PLC0415 - as above

    if audit is not None:
        close = opened(audit)
        audit.record(AuditRecord(_now(), "identity_refused", "caller", "edge", error.why, None, None, {}))
        close()
