"""Signed operators: if a pipeline's callers need signed identities, so do votes and switches from other terminals.

A vote or an act has a token of the same kind as a caller's. The running process verifies it with the pipeline's keys;
only the name and the roles in the token count, not those in the control file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.errors import IdentityError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from genie.contracts.card import Caller
    from genie.edges.identity.keys import PublicKey


class Operators:
    """Verifies operators.

    Args:
        keys: File of the issuer's public keys.
        issuer: Must be a token's ``iss``.
        audience: Must be its ``aud``.
        tenant: Must be its tenant, where the pipeline has one.
        roles: Roles of which one is required to kill, pause, resume or revive; empty if none is. The policy that holds
            states the requirements of a vote.
    """

    def __init__(
        self, keys: Path, issuer: str, audience: str, *, tenant: str | None = None,
        roles: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self._path = keys
        self._issuer = issuer
        self._audience = audience
        self._tenant = tenant
        self._roles = roles
        self._keys: Mapping[str, PublicKey] | None = None

    def verified(self, token: str | None, now: float, *, switches: bool) -> Caller:
        """Return who a token names.

        Args:
            token: The token; None if there is none.
            now: Seconds since the epoch at which it must be valid.
            switches: It is for a kill, a pause or their end, not a vote.

        Raises:
            IdentityError: It is missing, invalid, for another tenant, or lacks the role.
            InputError: The keys cannot be read.
        """
        from genie.edges.identity.jwt import verify  # noqa: PLC0415 - an extra, loaded where it is used
        from genie.edges.identity.keys import public_keys  # noqa: PLC0415 - as above

        if token is None:
            raise IdentityError("missing", "this pipeline requires a signed identity; pass --identity FILE")
        if self._keys is None:
            self._keys = public_keys([self._path])
        caller = verify(token, self._keys, issuer=self._issuer, audience=self._audience, now=now)
        if self._tenant not in {None, caller.tenant}:
            raise IdentityError("tenant", "the token is for another tenant")
        if switches and self._roles and self._roles.isdisjoint(caller.roles):
            raise IdentityError("role", f"the token has none of the roles {', '.join(sorted(self._roles))}")
        return caller
