"""A gate by the remaining limits in a provider's headers: waiting for a reset is cheaper than being refused."""

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
    """Remaining limits of one key at one model, as far as its provider has reported them."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}

    @property
    def known(self) -> bool:
        """True if a reported limit may still hold."""
        return bool(self._left)

    def heard(self, rates: WireRates, now: float) -> None:
        """The headers of an answer; absurd values count as absent."""
        for kind, remaining in rates.remaining.items():
            reset_s = rates.reset_s.get(kind)
            known = kind in self._left or len(self._left) < MOST_KINDS
            if known and reset_s is not None and remaining >= 0 and 0 < reset_s <= LONGEST_S:
                self._left[kind] = (remaining, now + reset_s)

    def wait_s(self, tokens: float, now: float) -> float:
        """Return the seconds until a call of so many tokens fits; 0 if it fits now, or if unknown."""
        wait_s = 0.0
        for kind, (remaining, resets_at) in tuple(self._left.items()):
            if now >= resets_at:
                del self._left[kind]
            elif remaining < self._needs(kind, tokens):
                wait_s = max(wait_s, resets_at - now)
        return wait_s

    def take(self, tokens: float) -> None:
        """Count a call in progress, so that concurrent calls take it into account."""
        for kind, (remaining, resets_at) in self._left.items():
            self._left[kind] = (remaining - self._needs(kind, tokens), resets_at)

    @staticmethod
    def _needs(kind: str, tokens: float) -> float:
        return 1 if kind == REQUESTS else tokens if kind in TOKENS else 0
