"""Recorded model calls: replays the recorded answers of a model, at their original pace.

A call is identified by its judged request without ids and times. The record contains the judged request, never headers
or keys.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import anyio
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genie.contracts.model_call import FailureClass, Part, Stop, ToolCall, Usage
from genie.contracts.ports.provider import ProviderError, WireDelta, WireEnd, WirePart, WireRates, WireUsage
from genie.edges.llm.wires.assembly import CALL, next_call

if TYPE_CHECKING:
    from genie.contracts.model_call import ModelRequest
    from genie.contracts.ports.provider import Provider

MOST_OF_LINE = 64_000_000
"""Maximum size of one recorded call, in bytes."""
MOST_CALLS = 10_000
"""Maximum number of calls of a cassette."""
MOST_NEAR = 256
"""Number of recorded calls that a miss is compared with."""


class Mode(enum.StrEnum):
    """How a cassette handles a call."""

    LIVE = "live"
    """Ask the model without recording."""
    RECORD = "record"
    """Ask the model and record the answer."""
    REPLAY = "replay"
    """Answer from the record; if there is none, ask the model and record."""
    REPLAY_ELSE_FAIL = "replay_else_fail"
    """Answer from the record; fail if there is none. The model is never asked."""


class CassetteMissError(ProviderError):
    """No recorded call matches this one.

    Args:
        path: First path at which the nearest recorded request differs, such as ``turns.2.parts.0.text``; empty if
            nothing is recorded. The value itself is never included.
    """

    def __init__(self, path: str) -> None:
        super().__init__(FailureClass.CASSETTE_MISS, code=path[:64])
        self.path = path


class CassetteError(ValueError):
    """A file that is not a cassette; names its line."""


class _Delta(BaseModel):
    kind: Literal["delta"] = "delta"
    position: int
    part: Literal["text", "thought", "call"]
    text: str


class _Usage(BaseModel):
    kind: Literal["usage"] = "usage"
    usage: Usage


class _Rates(BaseModel):
    kind: Literal["rates"] = "rates"
    remaining: dict[str, int]
    reset_s: dict[str, float]


class _End(BaseModel):
    kind: Literal["end"] = "end"
    parts: tuple[Part, ...]
    stop: Stop
    usage: Usage | None
    model: str


class _Failed(BaseModel):
    kind: Literal["failed"] = "failed"
    failure: FailureClass
    code: str
    retry_after_s: float | None
    status: int | None
    usage: Usage | None


_Item = Annotated[_Delta | _Usage | _Rates | _End | _Failed, Field(discriminator="kind")]


class _Step(BaseModel):
    after_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
    item: _Item


class _Call(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    key: str
    request: dict[str, Any]
    steps: tuple[_Step, ...]


class _Kept(NamedTuple):
    request: dict[str, Any]
    steps: tuple[_Step, ...]


class CassetteProvider:
    """Implements ``Provider`` from a record, optionally around another provider.

    Args:
        path: The file, one call per line. It is read at once, and written after each recorded call.
        mode: How to handle a call.
        inner: The model, for every mode but ``replay_else_fail``.
        family: As in ``Provider``, if there is no ``inner``.
        window: As in ``Provider``, if there is no ``inner``.
        pace: Whether a replayed call takes as long as the recorded one.

    Raises:
        CassetteError: The file is not a cassette.
        ValueError: The mode needs a model, and none is given.
    """

    def __init__(
        self, path: Path, mode: Mode, inner: Provider | None = None, *, family: str = "cassette/cassette",
        window: int = 128_000, pace: bool = True,
    ) -> None:  # fmt: skip
        if inner is None and mode is not Mode.REPLAY_ELSE_FAIL:
            raise ValueError(f"a cassette in mode {mode} needs a model")
        self._path, self._mode, self._inner, self._pace = path, mode, inner, pace
        self._family, self._window = family, window
        self._calls: dict[str, list[_Kept]] = {}
        self._played: dict[str, int] = {}
        self._count = 0
        if mode in {Mode.REPLAY, Mode.REPLAY_ELSE_FAIL}:
            for call in _read(path):
                self._keep(call)

    @property
    def family(self) -> str:
        """See ``Provider.family``."""
        return self._family if self._inner is None else self._inner.family

    @property
    def window(self) -> int:
        """See ``Provider.window``."""
        return self._window if self._inner is None else self._inner.window

    async def close(self) -> None:
        """Close the model."""
        if self._inner is not None:
            await self._inner.close()

    async def open(
        self, request: ModelRequest, *, first_token_s: float, idle_s: float
    ) -> AsyncGenerator[WirePart, None]:
        """Answer from the record, or ask the model."""
        shown = canonical(request)
        key = key_of(shown)
        steps = self._recorded(key) if self._mode in {Mode.REPLAY, Mode.REPLAY_ELSE_FAIL} else None
        if steps is None and (self._inner is None or self._mode is Mode.REPLAY_ELSE_FAIL):
            raise CassetteMissError(self._nearest(shown))
        played = (
            self._replay(steps, request, first_token_s, idle_s)
            if steps is not None
            else self._live(request, shown, key, first_token_s, idle_s)
        )
        async with aclosing(played):
            async for part in played:
                yield part

    # --- replaying ---

    def _recorded(self, key: str) -> tuple[_Step, ...] | None:
        """Return the next record of a request; the last one again if it is asked more often."""
        kept = self._calls.get(key)
        if kept is None:
            return None
        at = self._played.get(key, 0)
        self._played[key] = at + 1
        return kept[min(at, len(kept) - 1)].steps

    async def _replay(
        self, steps: tuple[_Step, ...], request: ModelRequest, first_token_s: float, idle_s: float
    ) -> AsyncGenerator[WirePart, None]:
        limit = first_token_s
        for step in steps:
            wait = step.after_s if self._pace else 0.0
            await anyio.sleep(min(wait, limit))
            if wait > limit:
                raise ProviderError(FailureClass.TIMEOUT)
            item = step.item
            if isinstance(item, _Failed):
                raise ProviderError(
                    item.failure, code=item.code, retry_after_s=item.retry_after_s, status=item.status,
                    usage=item.usage,
                )  # fmt: skip
            limit = idle_s if isinstance(item, _Delta) else limit
            yield _part(item, request)

    # --- recording ---

    async def _live(
        self, request: ModelRequest, shown: dict[str, Any], key: str, first_token_s: float, idle_s: float
    ) -> AsyncGenerator[WirePart, None]:
        assert self._inner is not None  # noqa: S101 - open has seen to it
        steps: list[_Step] = []
        last = anyio.current_time()
        answer = self._inner.open(request, first_token_s=first_token_s, idle_s=idle_s)
        async with aclosing(answer) as parts:  # type: ignore[type-var] # an iterator that can be closed, says the port
            try:
                async for part in parts:
                    now = anyio.current_time()
                    steps.append(_Step(after_s=now - last, item=_item(part)))
                    last = now
                    if isinstance(part, WireEnd):
                        self._record(key, shown, steps)
                    yield part
            except ProviderError as error:
                failed = _Failed(
                    failure=error.failure, code=error.code, retry_after_s=error.retry_after_s, status=error.status,
                    usage=error.usage,
                )  # fmt: skip
                steps.append(_Step(after_s=anyio.current_time() - last, item=failed))
                self._record(key, shown, steps)
                raise

    def _record(self, key: str, shown: dict[str, Any], steps: list[_Step]) -> None:
        if self._mode is Mode.LIVE:
            return
        call = _Call(key=key, request=shown, steps=tuple(steps))
        self._keep(call)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(call.model_dump_json() + "\n")

    def _keep(self, call: _Call) -> None:
        self._count += 1
        if self._count > MOST_CALLS:
            raise CassetteError(f"{self._path.name} has more than {MOST_CALLS} calls")
        self._calls.setdefault(call.key, []).append(_Kept(call.request, call.steps))

    def _nearest(self, shown: dict[str, Any]) -> str:
        """Return the path at which the nearest recorded request differs: the one that agrees longest."""
        best: tuple[int, str] = (-1, "")
        for kept in list(self._calls.values())[-MOST_NEAR:]:
            agreed, path = _difference(kept[0].request, shown)
            best = max(best, (agreed, path))
        return best[1]


def canonical(request: ModelRequest) -> dict[str, Any]:
    """Return a request as JSON values, without values that differ between runs: ids are numbered in order."""
    shown: dict[str, Any] = request.model_dump(mode="json", exclude={"conversation", "cache"})
    numbers: dict[str, int] = {}
    for turn in shown["turns"]:
        for part in turn["parts"]:
            if part["kind"] in {"tool_call", "tool_result"}:
                part["id"] = numbers.setdefault(part["id"], len(numbers) + 1)
    return shown


def key_of(shown: dict[str, Any]) -> str:
    """Return the key of a canonical request."""
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> Iterator[_Call]:
    if not path.exists():
        return
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MOST_OF_LINE + 1):
            number += 1
            try:
                if len(line) > MOST_OF_LINE:
                    raise ValueError
                yield _Call.model_validate_json(line)
            except (ValidationError, ValueError):
                raise CassetteError(f"{path.name}, line {number}: is not a recorded call") from None


def _item(part: WirePart) -> _Delta | _Usage | _Rates | _End:
    if isinstance(part, WireDelta):
        return _Delta(position=part.position, part=part.kind, text=part.text)
    if isinstance(part, WireUsage):
        return _Usage(usage=part.usage)
    if isinstance(part, WireRates):
        return _Rates(remaining=dict(part.remaining), reset_s=dict(part.reset_s))
    return _End(parts=part.parts, stop=part.stop, usage=part.usage, model=part.model)


def _part(item: _Delta | _Usage | _Rates | _End, request: ModelRequest) -> WirePart:
    if isinstance(item, _Delta):
        return WireDelta(item.position, item.part, item.text)
    if isinstance(item, _Usage):
        return WireUsage(item.usage)
    if isinstance(item, _Rates):
        return WireRates(item.remaining, item.reset_s)
    number = next_call(request)  # ids of this transcript, not of the recorded one
    parts: list[Part] = []
    for part in item.parts:
        if isinstance(part, ToolCall):
            parts.append(part.model_copy(update={"id": f"{CALL}{number}"}))
            number += 1
        else:
            parts.append(part)
    return WireEnd(tuple(parts), item.stop, item.usage, item.model)


def _difference(one: Any, other: Any, path: str = "", agreed: int = 0) -> tuple[int, str]:
    """Return the number of equal values before the first difference, and its path."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in [*one, *(name for name in other if name not in one)]:
            where = f"{path}.{name}".lstrip(".")
            if name not in one or name not in other:
                return agreed, where
            agreed, found = _difference(one[name], other[name], where, agreed)
            if found:
                return agreed, found
        return agreed, ""
    if isinstance(one, list) and isinstance(other, list):
        for at in range(max(len(one), len(other))):
            where = f"{path}.{at}".lstrip(".")
            if at >= len(one) or at >= len(other):
                return agreed, where
            agreed, found = _difference(one[at], other[at], where, agreed)
            if found:
                return agreed, found
        return agreed, ""
    return (agreed + 1, "") if one == other and type(one) is type(other) else (agreed, path or "request")
