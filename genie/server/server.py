"""The server's state: open pipelines, credentials, limits; and one request with its principal."""

from __future__ import annotations

import contextlib
import hmac
import logging
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import anyio
from pydantic import BaseModel, ConfigDict, Field

from genie.backend.clock import Clock
from genie.errors import IdentityError, InputError
from genie.runtime.runtime import Runtime
from genie.server.ceremonies import Ceremonies, check_passkeys
from genie.server.hosting import MOST_TOLD, Everything, Hosted, HostedRun
from genie.server.issuers import issuers_in
from genie.server.keeping import Keeping
from genie.server.key_use import KeyUse
from genie.server.limits import Rates
from genie.server.messages import SOCKET, Incoming, Json
from genie.server.principals import (
    LONGEST_TOKEN,
    NOBODY,
    PREFIX,
    ApiKeys,
    Issued,
    Principal,
    Session,
    Sessions,
    Tokens,
    WantingError,
)  # fmt: skip
from genie.server.problems import Problem
from genie.server.proposals import Proposals
from genie.server.recall import Recall
from genie.server.rings import Ring
from genie.server.spending import Spending, models_of
from genie.server.streams import Streams
from genie.server.turns import Quotas, Turns
from genie.server.webhooks import Webhooks
from genie.server.who import WhoSection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from starlette.requests import Request

    from genie.config.pipeline import Pipeline
    from genie.server.issuer_keys import IssuerWay
    from genie.server.store import Store

    Beside = Callable[[Runtime, Pipeline], AbstractAsyncContextManager[None]]

_logger = logging.getLogger("genie.server")
COOKIE = "genie"
SECURE_COOKIE = "__Host-genie"
CSRF_HEADER = "x-csrf-token"
"""Header in which the page sends the secret of its session with every changing request."""
KEYS_EVERY_S = 2.0
"""Seconds between two checks of the file of keys."""
MOST_SLOWED = 1_000
"""Number of refusals that may pause; connections of further ones are closed at once."""
REFUSED_APART = 64
"""Number of refusals per pause: they are sent one by one, because their clients retry at once."""
METADATA = "/.well-known/oauth-protected-resource"
LOGINS_PER_S = 1.0
LOGINS_AT_ONCE = 60
MOST_BROUGHT = 3
"""Number of things that one request may wait for before its principal is known."""
T = TypeVar("T")
_SAFE = frozenset({"GET", "HEAD"})


class Settings(BaseModel):
    """Settings of a server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hosts: frozenset[str] = Field(default=frozenset({"127.0.0.1", "localhost", "[::1]"}), description="Served hosts.")
    secure: bool = Field(
        default=False, description="True if a TLS proxy is in front, so that cookies are marked secure."
    )
    per_s: float = Field(default=200.0, gt=0, description="Requests a second of one caller.")
    burst: int = Field(default=400, ge=1, description="Size of a burst of requests of one caller.")
    head_s: float = Field(default=10.0, gt=0, description="Seconds within which the head of a request must arrive.")
    idle_s: float = Field(default=5.0, gt=0, description="Seconds after an answer until its idle connection is closed.")
    drain_s: float = Field(default=30.0, ge=0, description="Seconds that runs have after SIGTERM.")
    refused_s: float = Field(default=0.25, ge=0, description="Pause before a refusal of too many requests.")
    tenant_per_s: float | None = Field(default=None, gt=0, description="Requests a second of one tenant.")
    tenant_runs: int | None = Field(default=None, ge=1, description="Runs of one tenant that are in flight at once.")
    replay_s: float = Field(default=60.0, gt=0, description="Time limit of a replay of a run, in seconds.")
    webhook_networks: tuple[str, ...] = Field(
        default=(), description="Private networks in which webhook receivers may be, also without TLS."
    )


class Server:
    """Open pipelines behind one address.

    Args:
        pipelines: The pipelines to serve.
        keys: API keys.
        settings: Hosts and limits.
        grants: Role of a signed token -> its rights.
        who: Issuers of tokens, step-up and passkeys, from a file.
        fetch: Calls issuers; over HTTP by default.
        store: Stores ended runs and sessions over a restart.
        key_file: File of keys, read again when it changes.
        clock: Clock of expiries, sessions and rates; the system's by default.
    """

    beside: Beside | None = None
    """Creates objects that are open beside each runtime, such as recorders of model calls; set before ``open``."""

    def __init__(  # noqa: PLR0913 - each is an option of the command
        self, pipelines: Iterable[Pipeline], keys: ApiKeys, settings: Settings | None = None, *,
        grants: Mapping[str, frozenset[str]] | None = None, key_file: Path | None = None,
        clock: Clock | None = None, who: WhoSection | None = None, fetch: IssuerWay | None = None,
        store: Store | None = None,
    ) -> None:  # fmt: skip
        self.pipelines: dict[str, Pipeline] = {}
        for pipeline in pipelines:
            if pipeline.id in self.pipelines:
                raise InputError(f"pipeline {pipeline.id!r}", "is named twice", "give one of them another id")
            self.pipelines[pipeline.id] = pipeline
        self.keys = keys
        self._clock = clock or Clock(time.monotonic)
        self.settings = settings = settings or Settings()
        self.tokens = Tokens((one.signed for one in self.pipelines.values() if one.signed is not None), grants or {})
        self.hosted: dict[str, Hosted] = {}
        self.draining, self.stopping = False, anyio.Event()
        self.closed = False
        self.epoch = os.urandom(6).hex()
        """Identifies this process in the ids of events."""
        self.webhooks = Webhooks(self.good, self._clock.now, self.now, settings.webhook_networks)
        self.proposals = Proposals()
        self.quotas, self.turns = Quotas(settings.tenant_runs), Turns(self._clock.now)
        self.replays: set[str | None] = set()
        """Tenants with a running replay or backtest."""
        self.everything: Everything = Ring(MOST_TOLD)
        self.streams = Streams(self.good, self._clock.now)
        self.sessions = Sessions(self.now)
        self.who = who or WhoSection(version=1)
        self.recall = Recall(self.hosted, self.pipelines.values(), self.who.issuers)
        self.issuers = issuers_in(self.who, self._clock.now, self.now, fetch)
        self.rates = Rates(settings.per_s, settings.burst, self._clock.now)
        share = settings.tenant_per_s
        self.tenant_rates = None if share is None else Rates(share, max(1, int(2 * share)), self._clock.now)
        self.strangers = Rates(settings.per_s / 20, max(20, settings.burst // 20), self._clock.now)
        """Rate of requests without valid credentials, by address."""
        self.logins = Rates(LOGINS_PER_S, LOGINS_AT_ONCE, self._clock.now)
        """Rate of sign-in attempts, by address, successful or not."""
        self.describe: Callable[[], dict[str, Any]] = dict
        """Creates the document of the API; set by its application."""
        self.described: Json | None = None
        self.ended: Callable[[], None] = lambda: None
        """Called when keys have changed, and when the server closes; set by a proxy."""
        self._key_file, self.spending = key_file, Spending(self.now)
        self._slow, self._apart = 0, anyio.Lock()
        self.keeping = None if store is None else Keeping(
            store, self.hosted, self.sessions, issuers=self.who.issuers, now=self.now, spending=self.spending,
            trusted=(one.signed for one in self.pipelines.values() if one.signed is not None),
        )  # fmt: skip
        self.sessions.keeper = self.keeping
        self.ceremonies = Ceremonies(self.now)
        if self.who.passkeys is not None:
            check_passkeys()
            if store is None:
                raise InputError("passkeys", "need a store", "add --store and --store-keys")

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self._clock.offset + self._clock.now()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Open every pipeline for the duration of the block."""
        async with (
            contextlib.AsyncExitStack() as stack,
            anyio.create_task_group() as tasks,
            contextlib.AsyncExitStack() as inside,
        ):
            if self.keeping is not None:
                await self.keeping.store.open()
                stack.push_async_callback(self.keeping.store.close)
                tasks.start_soon(self.keeping.work)
            for pipeline in self.pipelines.values():
                runtime = await stack.enter_async_context(Runtime.from_pipeline(pipeline))
                if self.beside is not None:
                    await inside.enter_async_context(self.beside(runtime, pipeline))
                self.hosted[pipeline.id] = Hosted(
                    pipeline, runtime, tasks, self.everything, self.quotas, self.webhooks.told
                )  # fmt: skip
                self.hosted[pipeline.id].keeping = self.keeping
                if models_of(self.hosted[pipeline.id]):
                    self.hosted[pipeline.id].spent = self.spending.note
            tasks.start_soon(self.streams.run)
            tasks.start_soon(self.turns.run)
            self.webhooks.tasks = tasks
            if self._key_file is not None:
                tasks.start_soon(self._watch_keys, self._key_file)
            try:
                yield
                if self.keeping is not None:
                    await self.keeping.rest()
            finally:
                tasks.cancel_scope.cancel()

    async def drain(self) -> None:
        """Admit no more runs, and wait for those in flight."""
        self.draining = True
        async with anyio.create_task_group() as tasks:
            for hosted in self.hosted.values():
                tasks.start_soon(hosted.runtime.drain, self.settings.drain_s)

    def close(self) -> None:
        """End every stream."""
        self.closed = True
        self.wake()

    async def _watch_keys(self, file: Path) -> None:
        path, seen = anyio.Path(file), None
        used = KeyUse(file)
        while True:
            await anyio.to_thread.run_sync(used.keep, dict(self.keys.used), frozenset(self.keys.all))
            with contextlib.suppress(OSError, InputError):  # incomplete or missing: the known keys stay
                state = await path.stat()
                if seen is not None and (state.st_mtime_ns, state.st_size) != seen:
                    self.take_keys(await anyio.to_thread.run_sync(ApiKeys.read, file))
                seen = (state.st_mtime_ns, state.st_size)
            self.end_runs()
            await anyio.sleep(KEYS_EVERY_S)

    def take_keys(self, keys: ApiKeys) -> None:
        """Take over changed keys: runs of keys that are no longer valid are cancelled, their streams end."""
        self.keys.replace(keys)
        self.end_runs()
        self.wake()

    def wake(self) -> None:
        """Let every stream check whether its reader may still read."""
        self.streams.touch_all()
        self.ended()

    def end_runs(self) -> None:
        """Cancel the runs of callers whose key has ended."""
        for run in self.runs():
            if run.over or run.logged:
                continue
            if not self.good(run.principal._replace(session=None)):  # a run outlives its session
                run.run.cancel("the credentials of its caller have ended")

    # --- who ---

    def good(self, principal: Principal) -> bool:
        """Return True while the credentials of a principal are valid, and the server is open."""
        if self.closed:
            return False
        ends = principal.caller.expires_at
        if ends is not None and self.now() >= ends:
            return False
        if principal.session is not None and not self.sessions.is_open(principal.session):
            return False
        return principal.signed is not None or self.keys.valid(principal, self.now())

    def principal(self, request: Incoming, right: str, scope: str = "") -> Principal:
        """Return the caller, if it has a right and its scopes include the route's.

        Raises:
            Problem: The caller is not authenticated, not authorised, or exceeds its rate.
        """
        found = self._credentials(request)
        if found is None:
            self.strangers.take(address(request))
            raise Problem("unauthenticated", headers={"WWW-Authenticate": self.challenge()})
        if self.keeping is not None:
            self.keeping.look(found.caller.tenant)
        self.rates.take(found.id)
        if self.tenant_rates is not None:
            self.tenant_rates.take(found.caller.tenant or "")
        challenge = {} if found.signed is None else {"WWW-Authenticate": self.challenge("insufficient_scope")}
        if right not in found.rights:
            raise Problem("forbidden", f"this needs the right {right!r}", headers=challenge)
        if found.scopes is not None and scope not in found.scopes:
            raise Problem("forbidden", "these credentials are limited to other routes", headers=challenge)
        return found

    async def slowed(self) -> bool:
        """Pause before a refusal, so that callers that retry at once cost others little.

        Returns:
            False if too many are already pausing.
        """
        if self._slow >= MOST_SLOWED:
            return False
        pause_s = self.settings.refused_s
        self._slow += 1
        try:
            await anyio.sleep(pause_s)
            async with self._apart:
                await anyio.sleep(pause_s / REFUSED_APART)
        finally:
            self._slow -= 1
        return True

    def challenge(self, error: str | None = None, **more: str) -> str:
        """Return the header that tells a client how to authenticate (RFC 6750, RFC 9470, RFC 9728)."""
        facts = {} if error is None else {"error": error, **more}
        if self.who.resource is not None:
            facts["resource_metadata"] = f"{self.who.resource.removesuffix('/')}{METADATA}"
        return " ".join(["Bearer", ", ".join(f'{name}="{value}"' for name, value in facts.items())]).strip()

    def _credentials(self, request: Incoming) -> Principal | None:
        given = request.header(b"authorization")
        if given is not None:
            scheme, _, token = given.partition(" ")
            return self.resolve(token.strip()) if scheme.lower() == "bearer" else None
        found = self.session(request)
        if found is None:
            return None
        if SOCKET in request.scope:
            same_site(request)  # browsers let any site open a WebSocket, with the cookie
        elif request.method not in _SAFE:
            same_site(request)
            if not hmac.compare_digest(request.headers.get(CSRF_HEADER, "").encode(), found.csrf.encode()):
                raise Problem("cross_site", f"the request lacks the secret of its session in {CSRF_HEADER}")
        return found.principal

    def resolve(self, token: str) -> Principal | None:
        """Return the principal of a key or a signed token."""
        if not token or len(token) > LONGEST_TOKEN:
            return None
        if token.startswith(PREFIX):
            return self.keys.resolve(token, self.now())
        if self.issuers is not None and self.issuers.knows(token):
            try:
                return self.issuers.resolve(token, self.now())
            except IdentityError as error:
                _logger.info("token refused: %s", error.why)
                return None
        return self.tokens.resolve(token, self.now())

    @property
    def cookie(self) -> str:
        """The name of the cookie."""
        return SECURE_COOKIE if self.settings.secure else COOKIE

    def session(self, request: Request) -> Session | None:
        """Return the session of a request; None if there is no valid one."""
        name = self.session_of(request)
        found = None if name is None else self.sessions.find(name)
        return found if found is not None and self.good(found.principal) else None

    def session_of(self, request: Request) -> str | None:
        """Return the id of a session that a request names."""
        found = request.cookies.get(self.cookie)
        return found if found is not None and len(found) <= 100 else None

    # --- what ---

    def runs(self) -> Iterator[HostedRun]:
        """Yield every known run."""
        for hosted in self.hosted.values():
            yield from hosted.runs.values()

    def run(self, run_id: str, principal: Principal) -> HostedRun:
        """Return a run that a caller may see.

        Raises:
            Problem: There is none, or it belongs to another caller; the problem is the same.
        """
        for hosted in self.hosted.values():
            found = hosted.runs.get(run_id)
            if found is not None and found.visible_to(principal):
                return found
        raise Problem("not_found")

    def host(self, pipeline: str) -> Hosted:
        """Return an open pipeline.

        Raises:
            Problem: There is none of that id.
        """
        found = self.hosted.get(pipeline)
        if found is None:
            raise Problem("not_found")
        return found


class Call(NamedTuple):
    """One request with its principal."""

    server: Server
    request: Incoming
    who: Principal = NOBODY

    def signed_for(self, hosted: Hosted) -> None:
        """Refuse acts on a pipeline with signed identities by callers without an accepted identity.

        Raises:
            Problem: The caller has an API key, or a token of another issuer.
        """
        wanted, given = hosted.pipeline.signed, self.who.signed
        if wanted not in {None, given} and not (isinstance(given, Issued) and hosted.pipeline.id in given.pipelines):
            raise Problem("forbidden", "this pipeline needs a signed identity")

    def proved(self) -> None:
        """Refuse an act of high risk by a caller without a recent sign-in.

        Raises:
            Problem: The last sign-in is too old, or there was none.
        """
        within_s, at = self.server.who.step_up.within_s, self.who.proved_at
        if at is None or self.server.now() - at > within_s:
            challenge = self.server.challenge("insufficient_user_authentication", max_age=f"{within_s:.0f}")
            raise Problem(
                "step_up", f"sign in on the page and repeat it within {within_s:g} seconds, or send a token with an "
                           f"auth_time that recent", headers={"WWW-Authenticate": challenge}, within_s=within_s,
            )  # fmt: skip

    def proved_person(self) -> None:
        """Apply ``proved`` to a person on the page; a program only has its key.

        Raises:
            Problem: The session has no recent sign-in.
        """
        if self.who.session is not None:
            self.proved()

    def path(self, name: str) -> str:
        """Return a part of the path."""
        found: str = self.request.path_params[name]
        return found

    def number(self, name: str, default: int, most: int) -> int:
        """Return a number of the query, from 0.

        Raises:
            Problem: The parameter is not a number, or too large.
        """
        given = self.request.query_params.get(name)
        if given is None:
            return default
        if not (given.isascii() and given.isdigit() and len(given) <= 15 and int(given) <= most):
            raise Problem("invalid", f"{name} must be a whole number from 0 to {most}")
        return int(given)


async def brought(wanting: WantingError, look: Callable[[], T]) -> T:
    """Return the result of a look-up, loading missing data first.

    Raises:
        Problem: The data cannot be loaded.
    """
    for _ in range(MOST_BROUGHT):
        await wanting.bring()
        try:
            return look()
        except WantingError as further:
            wanting = further
    raise Problem("unauthenticated", headers={"WWW-Authenticate": "Bearer"})


def address(request: Request) -> str:
    """Return the address that a request comes from."""
    return "" if request.client is None else request.client.host


def same_site(request: Request) -> None:
    """Refuse a request with a cookie that does not come from the page of this server.

    Raises:
        Problem: Another site has sent it, or the origin is unknown.
    """
    headers = request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None and origin is None:
        raise Problem("cross_site", "browsers must send Sec-Fetch-Site or Origin; programs must use an API key")
    if site is not None and site not in {"same-origin", "none"}:
        raise Problem("cross_site")
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        raise Problem("cross_site")
