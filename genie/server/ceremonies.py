"""Challenges of passkeys and states of external sign-ins: each may be answered once, in time, by the same browser."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import anyio

from genie.errors import InputError
from genie.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

CeremonyKind = Literal["register", "sign_in", "code"]


class Ceremony(NamedTuple):
    """One issued challenge."""

    kind: CeremonyKind
    browser: str
    """Digest of the cookie of the browser that received it."""
    key: str
    """Entry of the invitation."""
    ends: float
    held: Any
    """Data for completing the ceremony."""


class Ceremonies:
    """Issued challenges: each may be answered once, in time, by the browser that received it.

    Args:
        now: Seconds since the epoch.
    """

    MOST = 10_000
    LONGEST_S = 300.0

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._open: OrderedDict[bytes, Ceremony] = OrderedDict()
        self.counting = anyio.Lock()
        """Held from reading the counter of a passkey until the new one is stored: no value is accepted twice."""

    def begin(self, kind: CeremonyKind, browser: str, key: str = "", held: object = None) -> bytes:
        """Issue a challenge."""
        challenge = os.urandom(32)
        while len(self._open) >= self.MOST:
            self._open.popitem(last=False)
        self._open[challenge] = Ceremony(kind, _digest(browser), key, self._now() + self.LONGEST_S, held)
        return challenge

    def end(self, challenge: bytes, kind: CeremonyKind, browser: str, key: str = "") -> Any:
        """Use up a challenge, and return the data stored for it.

        Raises:
            Problem: The challenge was not issued, has expired, or was issued to another browser or for another purpose.
        """
        found = self._open.pop(challenge, None)
        good = found is not None and (found.kind, found.key) == (kind, key) and self._now() < found.ends
        if not good or found is None or not hmac.compare_digest(found.browser, _digest(browser)):
            raise Problem("unauthenticated")
        return found.held


def check_passkeys() -> None:
    """Refuse to start without the library.

    Raises:
        InputError: The library is not installed.
    """
    try:
        import webauthn  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise InputError("passkeys", "need the library `webauthn`", "install genie-bus[passkeys]") from None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
