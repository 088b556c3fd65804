"""A context for calling a handler by itself: it keeps what is sent and answers from a script."""

from __future__ import annotations

import datetime
import logging
import math
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar, cast

from genie.contracts.gather import Each, Gathered, Missing
from genie.contracts.headers import NO_HEADERS, Headers
from genie.contracts.limits import EXACT, Cost, exact_cost
from genie.contracts.message import Payload, topic_of
from genie.errors import PartMissingError, UndeclaredMessageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.contracts.context import Context
    from genie.contracts.gather import Expected, Need
    from genie.contracts.message import Message
    from genie.contracts.views import Views

T = TypeVar("T", bound=Payload)
Port = TypeVar("Port")

_LOGGER = logging.getLogger("genie.testing")
_START = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


@dataclass
class FakeContext:
    """A ``Context`` without a bus; it checks nothing that the bus checks (declarations, headers, cards)."""

    answers: Mapping[type[Payload], Payload] = field(default_factory=dict)
    """Class of an answer -> what ``ask`` and ``gather`` bring; a class that is not here is a missing part."""
    each: Mapping[type[Payload], Mapping[str, Payload]] = field(default_factory=dict)
    """Class of an ``Each`` part -> agent id -> what it answers."""
    ports: Mapping[type[Any], object] = field(default_factory=dict)
    settings: Any = None
    headers: Headers = NO_HEADERS
    at: datetime.datetime = _START
    """What ``now()`` says; a test moves it by assigning."""
    deadline: float = math.inf
    notices: tuple[str, ...] = ()
    """What an egress under test must write beside the payload."""
    seed: int = 0
    published: list[tuple[Payload, str | None]] = field(default_factory=list)
    """What was published, and to whom."""
    later: list[tuple[float, Payload, str | None]] = field(default_factory=list)
    """What was to be published later: seconds, payload, to whom."""
    asked: list[Payload] = field(default_factory=list)
    """Questions of ``ask`` and ``gather``."""
    told: list[str] = field(default_factory=list)
    """Texts of ``progress``."""
    cost: Decimal = Decimal(0)
    tokens: int = 0
    state: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - repeatable on purpose
        self.logger = logging.LoggerAdapter(_LOGGER, {})

    @property
    def message(self) -> Message[Payload]:
        """There is none: only the bus makes envelopes."""
        raise AttributeError("a handler that reads its envelope is tested over a Runtime")

    def now(self) -> datetime.datetime:
        """Return ``at``."""
        return self.at

    def port(self, kind: Callable[..., Port]) -> Port:
        """Return what the test bound.

        Raises:
            UndeclaredMessageError: Nothing.
        """
        port = cast("type[Port]", kind)
        bound = self.ports.get(port)
        if not isinstance(bound, port):
            raise UndeclaredMessageError(agent="fake", payload=port.__name__, verb="use the port")
        return bound

    async def publish(self, payload: Payload, *, to: str | None = None, headers: Headers | None = None) -> None:
        """Keep the payload in ``published``."""
        self.published.append((payload, to))

    def after(self, delay_s: float, payload: Payload, *, to: str | None = None) -> None:
        """Keep the payload in ``later``."""
        self.later.append((delay_s, payload, to))

    async def ask(
        self, question: Payload, answer: type[T], *, to: str | None = None, within_s: float | None = None
    ) -> T:
        """Return the prepared answer.

        Raises:
            PartMissingError: None was prepared.
        """
        self.asked.append(question)
        found = self.answers.get(answer)
        if not isinstance(found, answer):
            raise PartMissingError(run_id="fake", part=topic_of(answer).name, reason="not prepared")
        return found

    async def gather(
        self,
        payload: Payload,
        *,
        expect: tuple[Expected, ...] | Expected,
        need: Need = "all",
        within_s: float | None = None,
        cancel_rest: bool = False,
    ) -> Views[Any]:
        """Return the prepared parts; those that were not prepared are missing."""
        self.asked.append(payload)
        expected = expect if isinstance(expect, tuple) else (expect,)
        parts = {kind: self.answers[kind] for kind in expected if not isinstance(kind, Each) and kind in self.answers}
        each = {part: self.each.get(part.payload, {}) for part in expected if isinstance(part, Each)}
        names = [topic_of(kind).name for kind in expected if not isinstance(kind, Each) and kind not in parts]
        names += [topic_of(part.payload).name for part, found in each.items() if not found]
        missing = {name: Missing(name, None, "not prepared") for name in names}
        return cast("Views[Any]", Gathered("fake", parts, each, missing))

    def charge(self, *, cost: Cost = 0, tokens: int = 0) -> None:
        """Add up what the handler used."""
        self.cost = EXACT.add(self.cost, exact_cost(cost))
        self.tokens += tokens

    def progress(self, text: str, *, fraction: float | None = None) -> None:
        """Keep the text in ``told``."""
        self.told.append(text)


if TYPE_CHECKING:
    _: Context = FakeContext()
