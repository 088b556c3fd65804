"""The key port: the keeper of the keys that encrypt data keys.

Destroying a key makes the data it protects unreadable.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class KeyRing(Protocol):
    """Wraps data keys, per tenant. It is called in a thread, so it may read a file or call a server.

    It takes a key of 32 bytes and returns bytes that name the wrapping key. No error or result contains a key in clear.
    """

    def wrap(self, tenant: str, key: bytes) -> bytes:
        """Return a data key, encrypted with the tenant's current key; create that key if the tenant has none.

        Raises:
            LogError: There is no key for the tenant, because it was destroyed or cannot be read (``keys``).
        """
        ...

    def unwrap(self, tenant: str, wrapped: bytes) -> bytes | None:
        """Unwrap a data key, also one wrapped by an older key; None if the tenant's key was destroyed.

        Raises:
            LogError: The key is missing but was not destroyed, or is another key (``keys``).
        """
        ...

    def rotate(self) -> None:
        """Wrap with a new key from now on; older keys still unwrap."""
        ...

    def destroy(self, tenant: str) -> bool:
        """Destroy every key of a tenant.

        Returns:
            True if no copy of a log can be read any more; False if the ring cannot destroy the secret that it derives
                keys from, so that copies of a log with wrapped data keys stay readable.
        """
        ...
