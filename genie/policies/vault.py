"""An in-memory vault: stand-ins are derived with a key, and values are stored up to a limit."""

from __future__ import annotations

import hashlib
import os

from genie.contracts.ports.vault import VaultFullError

LETTERS = "bcdfghjkmnpqrstvwxz"
"""Letters of stand-ins: no vowels, so that none is a word, and no digits, so that none is a number."""
SIZE = 14
MOST = 100_000
"""Default number of values that a vault stores."""


class MemoryVault:
    """A ``Vault`` that stores its values in memory until the process ends.

    Args:
        key: Secret of at least 16 bytes. Vaults with the same key create the same stand-ins; by default each vault has
            its own key.
        most: Maximum number of stored values.

    Raises:
        ValueError: The key is too short.
    """

    def __init__(self, key: bytes | None = None, *, most: int = MOST) -> None:
        if key is not None and len(key) < 16:
            raise ValueError(f"the key of a vault must have at least 16 bytes, not {len(key)}")
        self._key = hashlib.blake2b(os.urandom(32) if key is None else key, digest_size=32).digest()
        self._most = most
        self._values: dict[tuple[str | None, str], str] = {}

    def __len__(self) -> int:
        return len(self._values)

    def stand_in(self, tenant: str | None, kind: str, value: str) -> str:
        """Store a value and return its stand-in."""
        told = "\x00".join((("" if tenant is None else f"t{tenant}"), kind, _identity(value)))
        digest = hashlib.blake2b(told.encode(errors="surrogatepass"), key=self._key, digest_size=16).digest()
        number = int.from_bytes(digest)
        letters = ""
        while len(letters) < SIZE:
            number, at = divmod(number, len(LETTERS))
            letters += LETTERS[at]
        if (tenant, letters) not in self._values:
            if len(self._values) >= self._most:
                raise VaultFullError(most=self._most)
            self._values[tenant, letters] = value
        return letters

    def original(self, tenant: str | None, stand_in: str) -> str | None:
        """Return the value that has a stand-in, as it was first written."""
        return self._values.get((tenant, stand_in))


def _identity(value: str) -> str:
    """Return the normal form of a value: case is ignored, and separators matter only in addresses."""
    return value.lower() if "@" in value else "".join(filter(str.isalnum, value)).lower()
