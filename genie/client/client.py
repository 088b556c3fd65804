"""Clients for programs with and without an event loop; each calls one server with one key."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

import httpx

from genie.client.blocking import BlockingRoutes
from genie.client.routes import Routes, quoted
from genie.contracts.message import Payload
from genie.errors import (
    CapacityError,
    EdgeError,
    IdentityError,
    InputError,
    RunCancelledError,
    RunExpiredError,
    RunHeld,
    RunStalled,
    RuntimeDrainingError,
)
from genie.inflight.events import Event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
    from types import TracebackType

T = TypeVar("T", bound=Payload)
R = TypeVar("R")
WAIT_S = 120
"""Longest wait of one request in seconds; the client repeats it until its own limit."""
MORE_S = 15.0
"""Seconds beyond the server's wait after which a request is abandoned."""
LONGEST_LINE = 1 << 20
_AGAIN_S = {"rate_limited": 1.0, "budget": 60.0}


class Told(NamedTuple):
    """One event of a stream, and the id to resume after."""

    id: str
    run: str
    event: Event
    part: Mapping[str, Any] | None = None
    """Fields of a piece of the answer in an event ``part``; such an event otherwise only has a topic."""


class Client(Routes):
    """Asks the pipelines of one server.

    Args:
        url: Address of the server, for example ``http://127.0.0.1:8080``.
        key: An API key, or a signed token.
        transport: Transport of the requests; the network by default.
        timeout_s: Seconds that one request may take beyond what it waits for.
    """

    def __init__(
        self, url: str, key: str, *, transport: httpx.AsyncBaseTransport | None = None, timeout_s: float = MORE_S
    ) -> None:
        self._timeout_s = timeout_s
        self._http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, transport=transport, timeout=timeout_s,
            follow_redirects=False, trust_env=False,
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def ask(
        self, pipeline: str, question: Payload | Mapping[str, Any], answer: type[T], *, wait_s: int = 30,
        key: str | None = None,
    ) -> T:  # fmt: skip
        """Ask a pipeline and wait for its answer; cancelling this call cancels the run.

        Args:
            pipeline: Its id.
            question: A payload, or its fields.
            answer: Class of the answer.
            wait_s: Seconds to wait, up to ``WAIT_S``; the run continues beyond.
            key: Sent as ``Idempotency-Key``: the same key with the same question gets the same run.

        Raises:
            RunStalled, RunHeld, RunExpiredError, RunCancelledError: As ``Runtime.ask``.
            IdentityError: The key is not valid, or lacks a right.
            InputError: The pipeline is unknown, or the question is not valid.
            CapacityError, RuntimeDrainingError: The server takes no more work now.
            EdgeError: The server cannot be reached, or too many requests were sent.
        """
        headers = {"Prefer": f"wait={min(wait_s, WAIT_S)}"} | ({} if key is None else {"Idempotency-Key": key})
        found = await self._call(
            "POST", "/v1/ask", _asked(pipeline, question), headers=headers, timeout=wait_s + self._timeout_s
        )
        return _answered(found, answer)

    async def start(
        self, pipeline: str, question: Payload | Mapping[str, Any], *, key: str | None = None
    ) -> dict[str, Any]:
        """Ask a pipeline and return the run at once, as JSON values; ``run`` returns its later state."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self._call("POST", "/v1/runs", _asked(pipeline, question), headers=headers)

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Return the resource at a path of the API, for example ``/v1/agents``."""
        return await self._call("GET", path, params=query)

    async def events(self, run_id: str, *, after: str = "") -> AsyncIterator[Told]:
        """Yield the events of a run until it ends; a broken connection is resumed.

        Raises:
            EdgeError: The server cannot be reached any more.
        """
        async for one in self._events(f"/v1/runs/{quoted(run_id)}/events", after):
            yield one

    async def all_events(self, *, pipeline: str | None = None, after: str = "") -> AsyncIterator[Told]:
        """Yield the events of all runs that the caller may see, as they happen; a broken connection is resumed.

        Raises:
            EdgeError: The server cannot be reached any more.
        """
        path = "/v1/events" if pipeline is None else f"/v1/events?pipeline={quoted(pipeline)}"
        async for one in self._events(path, after):
            yield one

    async def _events(self, path: str, after: str) -> AsyncIterator[Told]:
        while True:
            headers = {"Last-Event-ID": after} if after else {}
            seen = 0
            with contextlib.suppress(httpx.ReadError, httpx.RemoteProtocolError, httpx.ReadTimeout):
                async with self._stream(path, headers) as response:
                    if response.status_code == 204:
                        return
                    over = False
                    async for kind, name, data in _told(response):  # read to its end, which comes at once
                        over = over or kind == "end"
                        if name:
                            after, seen = name, seen + 1
                            yield _told_of(kind, name, data)
                    if over:
                        return
            if not seen:
                raise EdgeError(host=self._http.base_url.host, problem="the event stream ended early", again_s=1.0)

    @contextlib.asynccontextmanager
    async def _stream(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        try:
            async with self._http.stream("GET", path, headers=headers, timeout=httpx.Timeout(45.0)) as response:
                if response.status_code >= 400:
                    await response.aread()
                    raise _error(response)
                yield response
        except httpx.ConnectError as error:
            raise EdgeError(host=self._http.base_url.host, problem=type(error).__name__, again_s=1.0) from None

    async def approval_report(self, hold_id: str) -> str:
        """Return the HTML page of a held payload."""
        return (await self._request("GET", f"/v1/approvals/{quoted(hold_id)}/report")).text

    async def report(self, run_id: str) -> str:
        """Return the answer of a run as one HTML page; only the person for whom it was judged gets it."""
        return (await self._request("GET", f"/v1/runs/{quoted(run_id)}/report")).text

    async def metrics(self, *, pipeline: str | None = None) -> str:
        """Return the metrics of a pipeline in the Prometheus text format."""
        return (await self._request("GET", "/metrics", params={} if pipeline is None else {"pipeline": pipeline})).text

    async def _request(self, method: str, path: str, body: object = None, **more: Any) -> httpx.Response:
        if body is not None:
            more["json"] = body
        try:
            response = await self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise EdgeError(host=self._http.base_url.host, problem=type(error).__name__, again_s=1.0) from None
        if response.status_code >= 400:
            raise _error(response)
        return response

    async def _call(self, method: str, path: str, body: object = None, **more: Any) -> dict[str, Any]:
        response = await self._request(method, path, body, **more)
        found: dict[str, Any] = response.json() if response.content else {}
        return found


class SyncClient(BlockingRoutes):
    """``Client`` for programs without an event loop; each call blocks until it is over.

    Args:
        url: Address of the server.
        key: An API key, or a signed token.
        timeout_s: Seconds that one request may take beyond what it waits for.
    """

    def __init__(self, url: str, key: str, *, timeout_s: float = MORE_S) -> None:
        from anyio.from_thread import start_blocking_portal  # noqa: PLC0415 - for this class alone

        self._stack = contextlib.ExitStack()
        self._portal = self._stack.enter_context(start_blocking_portal())
        client = Client(url, key, timeout_s=timeout_s)
        self._client = self._stack.enter_context(self._portal.wrap_async_context_manager(client))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def ask(
        self, pipeline: str, question: Payload | Mapping[str, Any], answer: type[T], *, wait_s: int = 30,
        key: str | None = None,
    ) -> T:  # fmt: skip
        """Like ``Client.ask``."""
        return self._portal.call(lambda: self._client.ask(pipeline, question, answer, wait_s=wait_s, key=key))

    def start(self, pipeline: str, question: Payload | Mapping[str, Any], *, key: str | None = None) -> dict[str, Any]:
        """Like ``Client.start``."""
        return self._portal.call(lambda: self._client.start(pipeline, question, key=key))

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Like ``Client.get``."""
        return self._portal.call(lambda: self._client.get(path, **query))

    def approval_report(self, hold_id: str) -> str:
        """Like ``Client.approval_report``."""
        return self._portal.call(lambda: self._client.approval_report(hold_id))

    def report(self, run_id: str) -> str:
        """Like ``Client.report``."""
        return self._portal.call(lambda: self._client.report(run_id))

    def metrics(self, *, pipeline: str | None = None) -> str:
        """Like ``Client.metrics``."""
        return self._portal.call(lambda: self._client.metrics(pipeline=pipeline))

    def _run(self, call: Callable[[Client], Awaitable[R]]) -> R:
        return self._portal.call(call, self._client)

    def events(self, run_id: str, *, after: str = "") -> Iterator[Told]:
        """Like ``Client.events``."""
        return self._each(self._client.events(run_id, after=after))

    def all_events(self, *, pipeline: str | None = None, after: str = "") -> Iterator[Told]:
        """Like ``Client.all_events``."""
        return self._each(self._client.all_events(pipeline=pipeline, after=after))

    def _each(self, found: AsyncIterator[Told]) -> Iterator[Told]:
        while True:
            try:
                yield self._portal.call(found.__anext__)
            except StopAsyncIteration:
                return


async def _told(response: httpx.Response) -> AsyncIterator[tuple[str, str, dict[str, Any]]]:
    """Yield kind, id and data of server-sent events."""
    kind, name, data = "message", "", ""
    async for line in response.aiter_lines():
        if len(line) > LONGEST_LINE:
            raise EdgeError(host=response.url.host, problem="a line of the stream is too long")
        field, _, value = line.partition(": ")
        if field == "event":
            kind = value
        elif field == "id":
            name = value
        elif field == "data":
            data += value
        elif not line:
            if data:
                yield kind, name, json.loads(data)
            kind, name, data = "message", "", ""


def _told_of(kind: str, name: str, data: dict[str, Any]) -> Told:
    if kind == "part":
        return Told(name, data["run"], Event(0.0, kind, "", data["topic"], "", None, None), data["fields"])
    return Told(name, data["run"], Event(**{field: data[field] for field in Event._fields}))


def _asked(pipeline: str, question: Payload | Mapping[str, Any]) -> dict[str, Any]:
    fields = question.model_dump(mode="json") if isinstance(question, Payload) else dict(question)
    return {"pipeline": pipeline, "payload": fields}


def _answered(found: Mapping[str, Any], answer: type[T]) -> T:
    if found["status"] == "complete":
        if found["answer"] is None:
            raise IdentityError("withheld", "the answer was judged for another caller")
        return answer.model_validate(found["answer"])
    if found["status"] == "held":
        raise RunHeld(run_id=found["id"], holds=tuple(found["held"]))
    raise RunExpiredError(run_id=found["id"], reason="the wait has ended; the run continues")


def _error(response: httpx.Response) -> Exception:
    """Return the library error for a problem."""
    try:
        found: dict[str, Any] = response.json()
        code = str(found["code"])
    except (ValueError, KeyError, TypeError):
        found, code = {}, f"http_{response.status_code}"
    run, reason, detail = str(found.get("run", "")), str(found.get("reason", "")), str(found.get("detail", ""))
    host = response.url.host
    if run and code in {"expired", "cancelled"}:
        return (RunExpiredError if code == "expired" else RunCancelledError)(run_id=run, reason=reason or code)
    if run:
        named = tuple(f"{one['agent']}: {one['outcome']}({one['code']})" for one in found.get("missing", ()))
        return RunStalled(run_id=run, expected="the answer", reasons=named or (reason or code,))
    if code in {"unauthenticated", "forbidden", "cross_site"}:
        return IdentityError(code, detail or str(found.get("title", code)))
    if code in {"draining", "overflow"}:
        return RuntimeDrainingError() if code == "draining" else CapacityError()
    if code in _AGAIN_S:
        return EdgeError(host=host, problem=code, again_s=float(response.headers.get("retry-after", _AGAIN_S[code])))
    if response.status_code >= 500:
        return EdgeError(host=host, problem=code, again_s=None)
    places = "; ".join(f"{one['pointer']} {one['problem']}" for one in found.get("errors", ()))
    return InputError(f"the request to {response.url.path}", f"{code}: {places or detail}".removesuffix(": "))
