"""The key port: who keeps the keys that encrypt data keys, so that destroying one makes what it protects unreadable."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class KeyRing(Protocol):
    """Wraps data keys, per tenant. It is called in a thread, so it may read a file or ask a server.

    A key of 32 bytes goes in and a text of bytes comes out that names the key it was wrapped with. Nothing that it
    raises or returns quotes a key.
    """

    def wrap(self, tenant: str, key: bytes) -> bytes:
        """Return a data key, encrypted with the tenant's current key, which is made if the tenant has none.

        Raises:
            LogError: There is no key for the tenant, because it was destroyed or cannot be read (``keys``).
        """
        ...

    def unwrap(self, tenant: str, wrapped: bytes) -> bytes | None:
        """Return a data key that was wrapped, also by an older key; None where the tenant's key was destroyed.

        Raises:
            LogError: The key is missing though nobody destroyed it, or is another's (``keys``).
        """
        ...

    def rotate(self) -> None:
        """Wrap with new keys from now on; older ones still unwrap."""
        ...

    def destroy(self, tenant: str) -> bool:
        """Destroy every key of a tenant.

        Returns:
            True when no copy of a log can be read any more; False when the ring cannot destroy what it derives keys
            from, so that copies of a log that hold wrapped data keys stay readable.
        """
        ...
