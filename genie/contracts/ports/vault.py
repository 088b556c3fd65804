"""The vault port: stable stand-ins for values that a recipient may not see, and the way back for who may."""

from __future__ import annotations

import re
from typing import ClassVar, Protocol, runtime_checkable

from genie.errors import CapacityError

STAND_IN = re.compile(r"\[[a-z_]{1,32}:([a-z]{14})\]")
"""A stand-in as it stands in a text: the kind of its value, and its letters."""


class VaultFullError(CapacityError):
    """A vault keeps as many values as it may; what cannot be replaced is not shown."""

    code: ClassVar[str] = "vault_full"
    most: int

    def __str__(self) -> str:
        return f"the vault keeps {self.most} values and can take no more; give it a higher limit"


@runtime_checkable
class Vault(Protocol):
    """Keeps values under stand-ins. It is called on the loop for every value that is masked, so it may not block.

    A stand-in is of small letters alone, so that no detector takes it for something. It says nothing of the value. The
    same value of the same tenant and kind always has the same one, however its digits are separated; other tenants
    and kinds have others. ``ports=(Vault,)`` on an agent's card is the permission to look values up.
    """

    def stand_in(self, tenant: str | None, kind: str, value: str) -> str:
        """Return the stand-in of a value, and keep the value.

        Args:
            tenant: Tenant of the message; None for one without.
            kind: What was found, such as ``card``.
            value: The text that was found.

        Raises:
            VaultFullError: It keeps as many values as it may, and this would be another.
        """
        ...

    def original(self, tenant: str | None, stand_in: str) -> str | None:
        """Return the value that has a stand-in, as it was first written; None where the tenant has no such value."""
        ...
