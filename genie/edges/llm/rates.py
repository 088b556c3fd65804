"""A gate by what a provider's headers say is left: waiting for a reset is cheaper than being refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genie.contracts.ports.provider import WireRates

REQUESTS = "requests"
TOKENS = ("tokens", "input-tokens", "input_tokens")
MOST_KINDS = 16
LONGEST_S = 3_600.0
"""Later resets are ignored as invalid."""


class RateGate:
    """What one key has left at one model, as far as its provider has said so."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}

    @property
    def known(self) -> bool:
        """Something was said that may still hold."""
        return bool(self._left)

    def heard(self, rates: WireRates, now: float) -> None:
        """The headers of an answer; absurd values count as absent."""
        for kind, remaining in rates.remaining.items():
            reset_s = rates.reset_s.get(kind)
            known = kind in self._left or len(self._left) < MOST_KINDS
            if known and reset_s is not None and remaining >= 0 and 0 < reset_s <= LONGEST_S:
                self._left[kind] = (remaining, now + reset_s)

    def wait_s(self, tokens: float, now: float) -> float:
        """Return the seconds until a call of so many tokens fits; 0 where it does, or where nobody knows."""
        wait_s = 0.0
        for kind, (remaining, resets_at) in tuple(self._left.items()):
            if now >= resets_at:
                del self._left[kind]
            elif remaining < self._needs(kind, tokens):
                wait_s = max(wait_s, resets_at - now)
        return wait_s

    def take(self, tokens: float) -> None:
        """A call is being made: others that are made before its answer know of it."""
        for kind, (remaining, resets_at) in self._left.items():
            self._left[kind] = (remaining - self._needs(kind, tokens), resets_at)

    @staticmethod
    def _needs(kind: str, tokens: float) -> float:
        return 1 if kind == REQUESTS else tokens if kind in TOKENS else 0
