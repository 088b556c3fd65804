"""The vault port: stable stand-ins for values that a recipient may not see, and their resolution by those who may."""

from __future__ import annotations

import re
from typing import ClassVar, Protocol, runtime_checkable

from genie.errors import CapacityError

STAND_IN = re.compile(r"\[[a-z_]{1,32}:([a-z]{14})\]")
"""A stand-in as it appears in text: the kind of its value, and letters."""


class VaultFullError(CapacityError):
    """The vault is full; a value that cannot be replaced is not shown."""

    code: ClassVar[str] = "vault_full"
    most: int

    def __str__(self) -> str:
        return f"the vault keeps {self.most} values and can take no more; give it a higher limit"


@runtime_checkable
class Vault(Protocol):
    """Stores values under stand-ins. It is called on the loop for every masked value, so it may not block.

    A stand-in consists of lower-case letters, so that no detector matches it, and reveals nothing of the value. The
    same value of the same tenant and kind always has the same stand-in, however its digits are separated; other tenants
    and kinds have other ones. ``ports=(Vault,)`` on an agent's card is the permission to look values up.
    """

    def stand_in(self, tenant: str | None, kind: str, value: str) -> str:
        """Store a value and return its stand-in.

        Args:
            tenant: Tenant of the message; None for one without.
            kind: What was found, such as ``card``.
            value: The text that was found.

        Raises:
            VaultFullError: The vault is full, and the value is new.
        """
        ...

    def original(self, tenant: str | None, stand_in: str) -> str | None:
        """Return the value of a stand-in, as it was first written; None if the tenant has no such value."""
        ...
