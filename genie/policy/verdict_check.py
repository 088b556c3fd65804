"""Checks that the answer of a policy is a verdict with values of the declared types."""

from __future__ import annotations

from typing import TypeGuard

from genie.policy.verdicts import Allow, Deny, Hold, Redact, Verdict


def is_verdict(given: object) -> TypeGuard[Verdict]:
    """Return True for a verdict with values of the declared types; policies may not have been type-checked."""
    if type(given) not in {Allow, Deny, Redact, Hold}:  # a subclass may raise, or have other values the next time
        return False
    match given:
        case Allow(notices):
            return _several(notices, tuple, str)
        case Deny(code, reason):
            return type(code) is str and type(reason) is str
        case Redact(paths, reason):
            return _several(paths, frozenset, tuple) and type(reason) is str
        case Hold(reason, expires_s, paths, approvers, quorum):
            limit = 0.0 if expires_s is None else expires_s
            return (
                type(reason) is str and type(limit) in {int, float} and limit >= 0 and type(quorum) is int
                and quorum >= 1 and _several(paths, frozenset, tuple) and _several(approvers, frozenset, str)
            )  # fmt: skip
        case _:
            return False


def _several(given: object, kind: type[tuple[object, ...] | frozenset[object]], of: type) -> bool:
    return type(given) is kind and all(isinstance(one, of) for one in given)
