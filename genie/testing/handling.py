"""A context for calling a handler directly: it stores outputs and answers from a script."""

from __future__ import annotations

import datetime
import logging
import math
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from genie.contracts.gather import Each, Gathered, Missing
from genie.contracts.headers import NO_HEADERS, Headers
from genie.contracts.limits import EXACT, Cost, exact_cost
from genie.contracts.message import Payload, topic_of
from genie.errors import PartMissingError, UndeclaredMessageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import TracebackType
    from typing import Self

    from genie.contracts.context import Context, Stream
    from genie.contracts.gather import Expected, Need
    from genie.contracts.message import Message
    from genie.contracts.views import Views

T = TypeVar("T", bound=Payload)
U = TypeVar("U", bound=Payload)
S = TypeVar("S", bound=Payload)
Port = TypeVar("Port")
Result = TypeVar("Result")

_LOGGER = logging.getLogger("genie.testing")
_START = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


class _FakeStream(Generic[S]):
    """Parts and an answer that a test has prepared."""

    def __init__(self, parts: list[S], answer: S | None, kind: type[Payload]) -> None:
        self._parts = iter(parts)
        self._answer = answer
        self._kind = kind
        self._over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> S:
        for part in self._parts:
            return part
        if self._over:
            raise StopAsyncIteration
        self._over = True
        if self._answer is None:
            raise PartMissingError(run_id="fake", part=topic_of(self._kind).name, reason="not prepared")
        return self._answer

    async def aclose(self) -> None:
        self._parts, self._over = iter(()), True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


@dataclass
class FakeContext:
    """A ``Context`` without a bus; it does not check what the bus checks (declarations, headers, cards)."""

    answers: Mapping[type[Payload], Payload] = field(default_factory=dict)
    """Class of an answer -> the result of ``ask`` and ``gather``; other classes are missing parts."""
    each: Mapping[type[Payload], Mapping[str, Payload]] = field(default_factory=dict)
    """Class of an ``Each`` part -> agent id -> its answer."""
    ports: Mapping[type[Any], object] = field(default_factory=dict)
    settings: Any = None
    headers: Headers = NO_HEADERS
    at: datetime.datetime = _START
    """The result of ``now()``; tests assign it to move the time."""
    deadline: float = math.inf
    notices: tuple[str, ...] = ()
    """Notices that an egress under test must attach."""
    seed: int = 0
    published: list[tuple[Payload, str | None]] = field(default_factory=list)
    """Published payloads with their recipients."""
    later: list[tuple[float, Payload, str | None]] = field(default_factory=list)
    """Delayed payloads: seconds, payload, recipient."""
    asked: list[Payload] = field(default_factory=list)
    """Questions of ``ask`` and ``gather``."""
    told: list[str] = field(default_factory=list)
    """Texts of ``progress``."""
    streamed: tuple[Payload, ...] = ()
    """Parts that ``stream`` returns."""
    wants: frozenset[type[Payload]] = frozenset()
    """Classes with a potential recipient."""
    reserved: tuple[Decimal, int] = (Decimal(0), 0)
    """Cost and tokens of the last ``reserve``."""
    cost: Decimal = Decimal(0)
    tokens: int = 0
    state: dict[str, Any] = field(default_factory=dict)
    done: dict[str, Any] = field(default_factory=dict)
    """Results of ``once``, by key; an entry set by a test is an effect that has happened."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - repeatable on purpose
        self.logger = logging.LoggerAdapter(_LOGGER, {})

    @property
    def message(self) -> Message[Payload]:
        """Not available: only the bus creates envelopes."""
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
        """Store the payload in ``published``."""
        self.published.append((payload, to))

    def after(self, delay_s: float, payload: Payload, *, to: str | None = None) -> None:
        """Store the payload in ``later``."""
        self.later.append((delay_s, payload, to))

    async def ask(
        self,
        question: Payload,
        answer: type[T] | tuple[type[T], ...],
        *,
        to: str | None = None,
        within_s: float | None = None,
        headers: Headers | None = None,
    ) -> T:
        """Return the prepared answer: of several classes, the first that was prepared.

        Raises:
            PartMissingError: None was prepared.
        """
        self.asked.append(question)
        kinds = answer if isinstance(answer, tuple) else (answer,)
        for kind in kinds:
            found = self.answers.get(kind)
            if isinstance(found, kind):
                return found
        raise PartMissingError(run_id="fake", part=topic_of(kinds[0]).name, reason="not prepared", why="nothing")

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

    def stream(
        self, question: Payload, *, parts: type[U] | tuple[type[U], ...], end: type[T] | tuple[type[T], ...],
        to: str | None = None, within_s: float | None = None,
    ) -> Stream[U | T]:  # fmt: skip
        """Return the prepared parts (``streamed``), then the prepared answer."""
        self.asked.append(question)
        kinds = end if isinstance(end, tuple) else (end,)
        pieces = parts if isinstance(parts, tuple) else (parts,)
        answer = next((found for kind in kinds if isinstance(found := self.answers.get(kind), kind)), None)
        return _FakeStream([part for part in self.streamed if isinstance(part, pieces)], answer, kinds[0])

    def reserve(self, *, cost: Cost = 0, tokens: int = 0) -> None:
        """Store the amount in ``reserved``."""
        self.reserved = (exact_cost(cost), tokens)

    def wanted(self, kind: type[Payload]) -> bool:
        """Return True where the test has named the class in ``wants``."""
        return kind in self.wants

    @property
    def policy_set(self) -> str:
        """No policies are in force."""
        return ""

    async def once(
        self, key: str, effect: Callable[[str], Awaitable[Result]], *,
        probe: Callable[[str], Awaitable[Result]] | None = None,
    ) -> Result:  # fmt: skip
        """Perform the effect, with the key as its token; a second call returns the first result."""
        if key not in self.done:
            self.done[key] = await effect(key)
        return cast("Result", self.done[key])

    def charge(self, *, cost: Cost = 0, tokens: int = 0) -> None:
        """Add up what the handler used."""
        self.cost = EXACT.add(self.cost, exact_cost(cost))
        self.tokens += tokens

    def progress(self, text: str, *, fraction: float | None = None) -> None:
        """Keep the text in ``told``."""
        self.told.append(text)


if TYPE_CHECKING:
    _: Context = FakeContext()
