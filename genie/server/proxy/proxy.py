"""Permission for model calls, and their reservations."""

from __future__ import annotations

import datetime
import hashlib
import sqlite3
from collections import OrderedDict
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, Protocol

from genie.contracts.model_call import Role
from genie.contracts.ports.provider import SCRIPTED
from genie.edges.llm.agent import ModelAgent
from genie.errors import InputError
from genie.server.bodies import parsed, received
from genie.server.problems import Problem
from genie.server.proxy.refusals import OF_PROBLEM, Refusal
from genie.server.proxy.spend import OverError, Place, period
from genie.server.server import address

if TYPE_CHECKING:
    from genie.contracts.model_call import ModelRequest
    from genie.runtime.runtime import Runtime
    from genie.server.messages import Incoming
    from genie.server.principals import ApiKey, Principal
    from genie.server.proxy.dialect import Asked, Dialect
    from genie.server.proxy.spend import Spend, Ticket
    from genie.server.server import Server

MOST_BODY = 32 << 20
"""Maximum size of a call, in bytes."""
CONVERSATION = "x-genie-conversation"
LONGEST_NAME = 100
MOST_REPEATED = 10_000
"""Number of conversations whose latest request is remembered."""
SCOPE = "models:write"
"""Scope that a key limited to some routes needs for model calls."""


class Call(NamedTuple):
    """A permitted call."""

    who: Principal
    asked: Asked
    agent: ModelAgent
    request: ModelRequest
    """The request, within the limits of the model."""
    bound: tuple[Decimal | None, int]
    """Upper limits of its cost (None without a price) and its tokens."""
    places: tuple[Place, ...]


class InFlight(Protocol):
    """A call in flight."""

    call: Call

    def stop(self, refusal: Refusal) -> None:
        """End it."""
        ...


class Proxy:
    """Calls of clients on one open pipeline.

    Args:
        server: Serves the pipeline and identifies callers.
        spend: The accounts.

    Raises:
        InputError: The pipeline has no models.
    """

    def __init__(self, server: Server, spend: Spend) -> None:
        self.server, self.spend = server, spend
        (self.pipeline,) = server.pipelines.values()
        self.models: dict[str, ModelAgent] = {
            one.card.id: one.agent for one in self.pipeline.bindings if isinstance(one.agent, ModelAgent)
        }
        if not self.models:
            raise InputError(f"pipeline {self.pipeline.id!r}", "has no models", "name them under `models:`")
        self._called = 0
        self._latest: OrderedDict[str, tuple[bytes, int]] = OrderedDict()
        self.open: set[InFlight] = set()
        """Calls in flight."""
        server.ended = self._look

    def _look(self) -> None:
        """End the calls of callers whose key has ended."""
        for conduct in tuple(self.open):
            if self.server.closed:
                conduct.stop(Refusal("overloaded", "the process is closing", 5))
            elif not self.server.good(conduct.call.who):
                conduct.stop(Refusal("unauthenticated", "the key was revoked"))

    def notes(self) -> list[str]:
        """Return notes on the models for the operator of the proxy."""
        scripted = sorted(name for name, one in self.models.items() if one.provider.family.startswith(SCRIPTED))
        told = f"{', '.join(scripted)}: scripted, so it answers without a network; docs/models.md names real models"
        free = sorted(name for name, one in self.models.items() if one.pricing(None) is None)
        unpriced = f"{', '.join(free)}: has no price, so keys with a budget of cost are refused"
        return [*([told] if scripted else []), *([unpriced] if free else [])]

    def named(self) -> str:
        """Return the id of a new reply."""
        self._called += 1
        return f"{self.server.epoch}{self._called:x}"

    @property
    def runtime(self) -> Runtime:
        """The open runtime."""
        return self.server.host(self.pipeline.id).runtime

    # --- before a call ---

    async def began(self, request: Incoming, dialect: Dialect) -> Call:
        """Check a request and return the permitted call.

        Raises:
            Refusal: The call is not permitted.
        """
        try:
            who = self._caller(request)
            if self.server.draining:
                raise Refusal("overloaded", "the process is closing", 5)
            body = parsed(await received(request, MOST_BODY))
        except Problem as problem:
            raise refusal_of(problem) from None
        asked = dialect.asked(body)
        agent = self.find(asked.model, who)
        most = agent.options.max_output
        conversation = self._conversation(request, asked.request)
        made = asked.request.model_copy(
            update={"max_output": min(asked.request.max_output, most) if asked.limited else most,
                    "conversation": conversation}
        )  # fmt: skip
        return Call(who, asked, agent, made, self._bound(agent, made), self._places(who, agent, conversation))

    def _caller(self, request: Incoming) -> Principal:
        given = request.headers.get("authorization", "")
        scheme, _, token = given.partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "").strip()
        server = self.server
        found = server.resolve(token)
        if found is None:
            server.strangers.take(address(request))
            raise Refusal("unauthenticated")
        server.rates.take(found.id)
        if "ask" not in found.rights or self.pipeline.signed not in {None, found.signed}:
            raise Refusal("forbidden", "the right to ask is missing")
        if found.scopes is not None and SCOPE not in found.scopes:
            raise Refusal("forbidden", f"the key is limited to other routes; {SCOPE} is not among its scopes")
        return found

    def key_of(self, who: Principal) -> ApiKey | None:
        """Return the key of a caller; None for a signed token."""
        return self.server.keys.all.get(who.id.removeprefix("key:"))

    def find(self, name: str, who: Principal) -> ModelAgent:
        """Return a model that a caller may use, by its id or by its provider's name if that is unique.

        Raises:
            Refusal: There is none, or the caller may not use it.
        """
        agent = self.models.get(name)
        if agent is None:
            served = [one for one in self.models.values() if one.provider.family.partition("/")[2] == name]
            if len(served) != 1:
                raise Refusal("model_not_found", f"see /v1/models for the {len(self.models)} that there are")
            agent = served[0]
        key = self.key_of(who)
        if key is not None and key.models is not None and agent.card.id not in key.models:
            raise Refusal("forbidden")
        return agent

    def chain(self, agent: ModelAgent) -> list[ModelAgent]:
        """Return a model with its fallbacks."""
        return [agent, *(self.models[name] for name in agent.options.fallback)]

    def _bound(self, agent: ModelAgent, request: ModelRequest) -> tuple[Decimal | None, int]:
        """Return the upper limit of a call's usage, whichever model of its chain answers it."""
        cost: Decimal | None = Decimal(0)
        tokens = 0
        for one in self.chain(agent):
            most = one.estimate(request)
            tokens = max(tokens, most.tokens)
            priced = one.pricing(None) is not None
            cost = max(cost, Decimal(most.cost)) if priced and cost is not None else None
        return cost, tokens

    @staticmethod
    def _conversation(request: Incoming, asked: ModelRequest) -> str:
        """Return the name of a conversation: from the client, or derived from its constant beginning."""
        given = request.headers.get(CONVERSATION, "")
        if given:
            if len(given) > LONGEST_NAME or not (given.isascii() and given.isprintable()):
                raise Refusal("invalid", f"{CONVERSATION} must be at most {LONGEST_NAME} visible characters")
            return given
        seen = hashlib.sha256()
        for turn in asked.turns:
            seen.update(turn.model_dump_json(include={"role", "parts"}).encode())
            if turn.role is Role.USER:
                break
        return f"~{seen.hexdigest()[:16]}"

    def _places(self, who: Principal, agent: ModelAgent, conversation: str) -> tuple[Place, ...]:
        key = self.key_of(who)
        today = datetime.datetime.fromtimestamp(self.server.now(), datetime.UTC).date()
        own, each = (None, None) if key is None else (key.budget, key.conversation)
        name = who.id.removeprefix("key:")
        return (
            Place("key", name, period("day" if own is None else own.per, today), own),
            Place("conversation", f"{name}:{conversation}", period("day" if each is None else each.per, today), each),
            Place("model", agent.card.id, period("day", today), None),
        )

    def reserve(self, call: Call) -> Ticket:
        """Reserve the upper limit of a call's usage.

        Raises:
            Refusal: Too little is left, the price is unknown, or the call was repeated too often.
        """
        cost, tokens = call.bound
        limited = [place for place in call.places if place.allowance is not None and place.allowance.cost is not None]
        if cost is None and limited:
            raise self._over(call, limited[0], Refusal("unpriced", "state its price in the pipeline file"))
        self._repeated(call)
        try:
            return self.spend.reserve(call.places, cost, tokens, self.server.now())
        except OverError as over:
            raise self._over(call, over.place, exceeded(over)) from None
        except sqlite3.Error:
            raise Refusal("overloaded", "the file of spending cannot be written") from None

    def _over(self, call: Call, place: Place, refusal: Refusal) -> Refusal:
        self.spend.refuse(call.places, place, self.server.now())
        return refusal

    def _repeated(self, call: Call) -> None:
        key = self.key_of(call.who)
        if key is None or not key.repeats:
            return
        name = call.places[1].name
        digest = hashlib.sha256(call.request.model_dump_json().encode()).digest()
        before, count = self._latest.get(name, (b"", 0))
        count = count + 1 if before == digest else 1
        if count > key.repeats:
            raise self._over(call, call.places[1], Refusal("loop", f"{key.repeats} times in a row"))
        self._latest[name] = (digest, count)
        self._latest.move_to_end(name)
        if len(self._latest) > MOST_REPEATED:
            self._latest.popitem(last=False)


def exceeded(over: OverError) -> Refusal:
    """Return the refusal for an account with too little left."""
    allowance = over.place.allowance
    each = "" if allowance is None else f" of each {allowance.per}" if allowance.per != "total" else ""
    return Refusal("budget_exceeded", f"{over.unit} of the {over.place.kind}{each}")


def refusal_of(problem: Problem) -> Refusal:
    """Return the refusal for a problem of authentication or limits."""
    wait = problem.headers.get("retry-after", "")
    again_s = float(wait) if wait.isdigit() else None
    return Refusal(OF_PROBLEM.get(problem.code, "failed"), problem.detail, again_s)
