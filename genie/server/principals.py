"""Who calls: API keys, kept as hashes, each with its caller and its rights."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, get_args

from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

Right = Literal["ask", "observe", "approve", "operate", "audit", "policies"]
"""What a key may do; see the table of routes."""
RIGHTS: frozenset[str] = frozenset(get_args(Right))
PREFIX = "gk_"
MOST_KEYS = 10_000
MOST_BYTES = 10_000_000
"""Largest file of keys that is read."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls, and what it may do."""

    caller: Caller
    rights: frozenset[str]
    key: str
    """Id of the key, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One key as it is kept; the secret is not."""

    id: str
    sha256: str
    user: str
    tenant: str | None = None
    roles: tuple[str, ...] = ()
    clearance: str = "internal"
    rights: tuple[str, ...] = ("ask", "observe")
    expires_at: float | None = None
    """Seconds since the epoch; None for a key without a term."""

    def principal(self) -> Principal:
        """Return who calls with this key."""
        caller = Caller(
            user=self.user, roles=frozenset(self.roles), tenant=self.tenant,
            clearance=Classification.parse(self.clearance), expires_at=self.expires_at,
        )  # fmt: skip
        return Principal(caller, frozenset(self.rights) & RIGHTS, self.id)


def new_key(user: str, **facts: object) -> tuple[str, ApiKey]:
    """Return the text of a new key, which is shown once, and what is kept of it."""
    name = base64.b32encode(os.urandom(5)).decode().lower()
    secret = base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
    text = f"{PREFIX}{name}_{secret}"
    kept: dict[str, object] = {"id": name, "sha256": hashlib.sha256(text.encode()).hexdigest(), "user": user, **facts}
    return text, ApiKey(**kept)  # type: ignore[arg-type]  # its fields are checked where the file is read


class ApiKeys:
    """The keys of one file.

    Args:
        keys: The keys.
        now: Seconds since the epoch.
    """

    def __init__(self, keys: Iterable[ApiKey] = (), now: Callable[[], float] = time.time) -> None:
        self._keys = {key.id: key for key in keys}
        self._principals: dict[str, Principal] = {}
        self._now = now

    @classmethod
    def read(cls, path: Path) -> ApiKeys:
        """Read a file of keys.

        Raises:
            InputError: It cannot be read, or a key is not valid.
        """
        try:
            if path.stat().st_size > MOST_BYTES:
                raise InputError(str(path), f"is larger than {MOST_BYTES:,} bytes", "remove expired keys")
            found = json.loads(path.read_bytes())
            return cls(ApiKey(**{**one, "roles": tuple(one.get("roles", ())), "rights": tuple(one.get("rights", ()))})
                       for one in found["keys"][:MOST_KEYS])  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                str(path), f"is not a file of API keys ({type(error).__name__})", "see genie keys"
            ) from None

    def text(self) -> str:
        """Return the file's text."""
        return json.dumps({"keys": [asdict(key) for key in self._keys.values()]}, indent=1) + "\n"

    def add(self, key: ApiKey) -> None:
        """Keep one more key."""
        self._keys[key.id] = key

    def resolve(self, text: str) -> Principal | None:
        """Return who calls with a key; None for a key that is not known, or has ended."""
        name = text.removeprefix(PREFIX).partition("_")[0]
        key = self._keys.get(name)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if not hmac.compare_digest(digest, "" if key is None else key.sha256) or key is None:
            return None
        if key.expires_at is not None and self._now() >= key.expires_at:
            return None
        return self._principals.setdefault(name, key.principal())
