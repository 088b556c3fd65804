"""Policies for tests: created from one function, and policy sets created from one verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from genie.policy.policy import Allow, Deny, Hold, PolicySet, PolicySettings, Redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.contracts.message import Payload
    from genie.policy.policy import Inspector, Judge, Route, Verdict


class FunctionPolicy:
    """A policy made of one function.

    Args:
        compile_route: Returns the judge of a route, or None if the policy always allows it.
        name: Its name in reasons.
        version: Its version in reasons.
        inspectors: Inspectors whose findings it needs.
        texts: The sentence of each code, as outcomes and holds show it.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    settings = PolicySettings()

    def __init__(
        self,
        compile_route: Callable[[Route], Judge | None],
        *,
        name: str = "rule",
        version: str = "1",
        inspectors: tuple[Inspector, ...] = (),
        texts: Mapping[str, str] | None = None,
    ) -> None:
        self._compile_route = compile_route
        self.name = name  # type: ignore[misc]  # a class variable of the port; each policy of a test has its own
        self.version = version  # type: ignore[misc]  # as above
        self.inspectors = inspectors
        self.texts = dict(texts or {})

    def compile(self, route: Route) -> Judge | None:
        """Return the function's judge."""
        return self._compile_route(route)


def verdict_for(
    recipient: str, kind: type[Payload], verdict: Verdict, *, name: str = "rule", version: str = "1"
) -> FunctionPolicy:
    """Return a policy that gives one verdict for a recipient and a payload class, and allows everything else."""

    def compile_route(route: Route) -> Judge | None:
        if route.recipient.id == recipient and route.payload is kind:
            return lambda _message, _sender: verdict
        return None

    code = verdict.code if isinstance(verdict, Deny) else "hold" if isinstance(verdict, Hold) else "redact"
    text = "" if isinstance(verdict, Allow) else verdict.reason
    return FunctionPolicy(compile_route, name=name, version=version, texts={code: text})


def denying(recipient: str, kind: type[Payload]) -> PolicySet:
    """Return policies that deny a payload class to a recipient, with the code ``no``."""
    return PolicySet((verdict_for(recipient, kind, Deny("no", "not for you")),))


def holding(recipient: str, kind: type[Payload], expires_s: float | None = None) -> PolicySet:
    """Return policies that hold a payload class for a recipient until a person approves it."""
    return PolicySet((verdict_for(recipient, kind, Hold("ask a person", expires_s)),))


def masking(recipient: str, kind: type[Payload], field: str = "text") -> PolicySet:
    """Return policies that mask one field of a payload class for a recipient."""
    return PolicySet((verdict_for(recipient, kind, Redact(frozenset({(field,)}))),))
