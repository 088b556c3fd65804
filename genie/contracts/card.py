"""Agent cards: what an agent declares about itself, and callers."""

from __future__ import annotations

import enum
import functools
import importlib.util
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    TypedDict,
    Unpack,
    cast,
)

from pydantic import BaseModel

from genie.contracts.classification import Classification
from genie.contracts.headers import Consent, Headers
from genie.contracts.limits import NO_RETRY, Estimate, Estimator, Mailbox, RestartBudget, Retry
from genie.contracts.message import Payload
from genie.contracts.signature import ExecutorName
from genie.errors import AgentDefinitionError, did_you_mean, shown_type

if TYPE_CHECKING:
    pass

from genie.contracts.gather import Each, Expected


class Risk(enum.StrEnum):
    """How much harm a wrong answer of the agent can do."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Tier(enum.StrEnum):
    """Maturity of an agent; an environment may refuse the early tiers."""

    SKETCH = "sketch"
    PROTOTYPE = "prototype"
    BETA = "beta"
    PRODUCTION = "production"


@functools.cache
def _installed(library: str) -> bool:
    try:
        return importlib.util.find_spec(library) is not None
    except (ImportError, ValueError):  # of the package that it is in
        return False


# --- the card ---


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCard:
    """An agent's declaration. Routing, checks and policies read the card, never the code."""

    id: str
    name: str = ""
    version: str = "1"
    description: str = ""
    capabilities: tuple[str, ...] = ()
    risk: Risk = Risk.HIGH
    """High by default: an unknown risk is treated as the worst known one."""
    tier: Tier = Tier.SKETCH
    """A sketch by default."""
    consumes: tuple[type[Payload], ...] = ()
    produces: tuple[type[Payload], ...] = ()
    publishes: tuple[type[Payload], ...] = ()
    """Types that it publishes in addition to its return annotation."""
    asks: Mapping[type[Payload], tuple[Expected, ...]] = field(default_factory=dict)
    """Questions that it asks or gathers, each with the expected answers."""
    clearance: Classification = Classification.INTERNAL
    """Highest classification it may read."""
    declassifies: Mapping[type[Payload], Classification] = field(default_factory=dict)
    """Outputs that leave with a lower label than the input, because they only summarise it."""
    tenants: frozenset[str] | None = None
    """Tenants that it works for; None means all."""
    region: str | None = None
    """Region in which it runs; None means that of the bus. For an egress: the destination of its input; None is
    unknown."""
    egress: bool = False
    """Its input leaves the runtime: to a caller, an observer or an outside receiver."""
    notices: bool = False
    """It can attach notices to its input; an egress that cannot is denied messages with a notice."""
    roles: frozenset[str] = frozenset()
    """Roles of an outside caller; empty for agents."""
    concurrency: int = 1
    executor: ExecutorName = "loop"
    """Where its handler runs; ``thread`` and ``process`` are for plain functions."""
    timeout_s: float | None = None
    """Longest duration of one handling, in seconds."""
    retry: Retry = NO_RETRY
    restarts: RestartBudget = field(default_factory=RestartBudget)
    estimate: Estimate | Estimator | None = None
    """Expected consumption of one handling, or a pure function of the payload that returns it; None if unknown."""
    fallback: str | None = None
    """Id of the agent that takes over messages that this one fails on or may not receive."""
    mailbox: Mailbox = field(default_factory=Mailbox)
    settings: type[BaseModel] | None = None
    ports: tuple[type[Any], ...] = ()
    rules: tuple[str, ...] = ()
    """Names of the dated rule tables that its answers are based on."""
    libraries: Mapping[str, str] = field(default_factory=dict)
    """Optional libraries that it requires: import name -> what to install. It does not start if one is missing."""

    @property
    def lacks(self) -> str | None:
        """The first of its libraries that is not installed, with the remedy; None if all are installed."""
        for name, remedy in self.libraries.items():
            if not _installed(name):
                return f"needs the library {name}, which is not installed; install {remedy}"
        return None

    @property
    def sends(self) -> frozenset[type[Payload]]:
        """Every type that the agent may send: returned, published or asked."""
        return frozenset((*self.produces, *self.publishes, *self.asks))

    def __deepcopy__(self, _memo: object) -> AgentCard:
        """Return itself: a card never changes, so copies of an agent are the same agent."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An outside requester: the identity in a run's headers, and the clearance that its answers are judged for."""

    user: str = "local"
    roles: frozenset[str] = frozenset()
    tenant: str | None = None
    clearance: Classification = Classification.CONFIDENTIAL
    region: str | None = None
    consent: frozenset[str] = frozenset()
    """Consents in force: ``purpose``, or ``purpose@2026-12-31T00:00:00Z`` for one that ends then."""
    expires_at: float | None = None
    """Seconds since the epoch after which its requests end; None for no limit."""

    def __post_init__(self) -> None:
        for name in ("roles", "consent"):
            words = getattr(self, name)
            if not isinstance(words, (frozenset, set, tuple, list)):
                raise TypeError(f"{name} of a caller must be a set of words, not {shown_type(words)}")
            object.__setattr__(self, name, frozenset(words))
        for consent in self.consent:
            Consent.parse(consent)
        clearance: object = self.clearance
        if not isinstance(clearance, (Classification, str)):
            raise TypeError(f"the clearance of a caller must be a Classification, not {shown_type(clearance)}")
        object.__setattr__(self, "clearance", Classification.parse(clearance))

    def narrowed(
        self,
        *,
        roles: frozenset[str] | None = None,
        clearance: Classification | None = None,
        consent: frozenset[str] | None = None,
        expires_at: float | None = None,
    ) -> Caller:
        """Return a narrower caller: fewer roles or consents, a lower clearance, an earlier end.

        Anything that this caller does not have is left out. User, tenant and region stay the same.
        """
        ends = [at for at in (self.expires_at, expires_at) if at is not None]
        return replace(
            self,
            roles=self.roles if roles is None else self.roles & roles,
            clearance=self.clearance if clearance is None else min(self.clearance, clearance),
            consent=self.consent if consent is None else self.consent & consent,
            expires_at=min(ends, default=None),
        )

    def headers(self) -> Headers:
        """Return the headers of this caller's runs."""
        return Headers(tenant=self.tenant, user=self.user, roles=self.roles, region=self.region, consent=self.consent)

    def card(self) -> AgentCard:
        """Return the card that represents the caller when an answer is judged for it."""
        return AgentCard(
            id=f"caller:{self.user}", name=self.user, risk=Risk.LOW, tier=Tier.PRODUCTION,
            clearance=self.clearance, roles=self.roles,
            tenants=None if self.tenant is None else frozenset((self.tenant,)), region=self.region,
            egress=True, notices=True,
        )  # fmt: skip


Level = Literal["public", "internal", "confidential", "restricted"]
RiskName = Literal["low", "medium", "high"]
TierName = Literal["sketch", "prototype", "beta", "production"]


class CardOptions(TypedDict, total=False):
    """The options of ``@agent`` and ``Handlers`` after the id; the fields are those of ``AgentCard``."""

    name: str
    version: str
    description: str
    capabilities: tuple[str, ...]
    risk: Risk | RiskName
    tier: Tier | TierName
    publishes: tuple[type[Payload], ...]
    asks: Mapping[type[Payload], Expected | tuple[Expected, ...]]
    clearance: Classification | Level
    declassifies: Mapping[type[Payload], Classification | Level]
    tenants: frozenset[str] | None
    region: str | None
    egress: bool
    notices: bool
    concurrency: int
    timeout_s: float | None
    retry: Retry
    restarts: RestartBudget
    estimate: Estimate | Estimator | None
    fallback: str | None
    mailbox: Mailbox
    settings: type[BaseModel] | None
    ports: tuple[type[Any], ...]
    rules: tuple[str, ...]
    libraries: Mapping[str, str]


def _named(kind: type[enum.StrEnum], name: str, value: object) -> enum.StrEnum:
    known = [one.value for one in kind]
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, not {value!r}{did_you_mean(value, known)}")
    return kind(value)


_FORMS: tuple[tuple[str, tuple[type, ...], tuple[str, ...]], ...] = (
    ("text", (str,), ("name", "version", "description", "region", "fallback")),
    ("True or False", (bool,), ("egress", "notices")),
    ("a whole number", (int,), ("concurrency",)),
    ("a number", (int, float), ("timeout_s",)),
    ("a tuple", (tuple, list), ("capabilities", "publishes", "ports", "rules")),
    ("a mapping", (Mapping,), ("asks", "declassifies", "libraries")),
    ("a frozenset", (frozenset, set), ("tenants",)),
    ("a Retry", (Retry,), ("retry",)),
    ("a RestartBudget", (RestartBudget,), ("restarts",)),
    ("a Mailbox", (Mailbox,), ("mailbox",)),
    ("a class of settings", (type,), ("settings",)),
)
"""Expected form, accepted classes, and the options that they apply to."""
_NULLABLE = {"region", "fallback", "timeout_s", "tenants", "settings", "estimate"}


def _malformed(options: Mapping[str, object]) -> str | None:
    """Describe an option of the wrong type, by its name; None if all types are right."""
    for form, kinds, names in _FORMS:
        for name in names:
            value = options.get(name)
            if name not in options or (value is None and name in _NULLABLE):
                continue
            if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
                return f"{name} must be {form}, not {shown_type(value)}"
    for name in ("asks", "declassifies"):
        for kind in cast("Mapping[object, object]", options.get(name, {})):
            if not (isinstance(kind, type) and issubclass(kind, Payload)):
                return f"{name} maps Payload classes, not {shown_type(kind)}"
    for answers in cast("Mapping[object, object]", options.get("asks", {})).values():
        for part in answers if isinstance(answers, tuple) else (answers,):
            kind = part.payload if isinstance(part, Each) else part
            if not (isinstance(kind, type) and issubclass(kind, Payload)):
                return f"asks maps to Payload classes, Each(...) and tuples of them, not {shown_type(kind)}"
    return None


_AGENT_ID = re.compile(r"[a-z][a-z0-9_]*([.-][a-z0-9_]+)*\Z")


def make_card(
    id: str,  # noqa: A002 - the card's own word
    *,
    consumes: tuple[type[Payload], ...],
    produces: tuple[type[Payload], ...],
    doc: str | None,
    executor: ExecutorName = "loop",
    **options: Unpack[CardOptions],
) -> AgentCard:
    """Return a checked card.

    Raises:
        AgentDefinitionError: The id is malformed, nothing is consumed, or an option is out of range.
    """
    if not _AGENT_ID.match(id):
        raise AgentDefinitionError(f"agent {id!r}", "an id consists of lower-case letters, digits, '_', '.' and '-'")
    if not consumes:
        raise AgentDefinitionError(
            f"agent {id!r}", "consumes nothing; annotate its first parameter with a Payload class"
        )
    values: dict[str, Any] = dict(options)
    unknown = [name for name in values if name not in CardOptions.__annotations__]
    if unknown:
        hint = did_you_mean(unknown[0], CardOptions.__annotations__)
        raise AgentDefinitionError(f"agent {id!r}", f"there is no option {unknown[0]!r}{hint}")
    malformed = _malformed(values)
    if malformed is not None:
        raise AgentDefinitionError(f"agent {id!r}", malformed)
    if options.get("concurrency", 1) < 1:
        raise AgentDefinitionError(f"agent {id!r}", "concurrency must be at least 1")
    timeout_s = options.get("timeout_s")
    if timeout_s is not None and not timeout_s > 0:
        raise AgentDefinitionError(f"agent {id!r}", f"timeout_s must be above 0 seconds, not {timeout_s}")
    if options.get("fallback") == id:
        raise AgentDefinitionError(f"agent {id!r}", "cannot be its own fallback")
    try:
        for name, kind in (("risk", Risk), ("tier", Tier)):
            if name in values:
                values[name] = _named(kind, name, values[name])
        values["clearance"] = Classification.parse(values.get("clearance", Classification.INTERNAL))
        values["declassifies"] = types.MappingProxyType(
            {kind: Classification.parse(level) for kind, level in values.get("declassifies", {}).items()}
        )
    except ValueError as error:
        raise AgentDefinitionError(f"agent {id!r}", str(error)) from None
    values["asks"] = types.MappingProxyType(
        {kind: part if isinstance(part, tuple) else (part,) for kind, part in values.get("asks", {}).items()}
    )
    first_line = (doc or "").strip().split("\n", 1)[0]
    values["name"] = values.get("name") or id.replace("_", " ").replace(".", " ")
    values["description"] = values.get("description") or first_line
    return AgentCard(id=id, consumes=consumes, produces=produces, executor=executor, **values)
