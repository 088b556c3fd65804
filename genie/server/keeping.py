"""State that a server restores after a restart: ended runs with their answers, idempotency keys, sessions."""

from __future__ import annotations

import hashlib
import logging
from collections import deque
from typing import TYPE_CHECKING, Any, cast

import anyio

from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.outcome import Counts, Failure, Outcome, Reason
from genie.errors import KeyReusedError, LogError
from genie.server.hosting import MOST_RUNS, HostedRun
from genie.server.principals import Elsewhere, Issued, Principal, Session, WantingError
from genie.server.spending import MOST_DAYS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from genie.config.pipeline import SignedIdentity
    from genie.contracts.message import Payload
    from genie.runtime.run import Run
    from genie.server.hosting import Hosted
    from genie.server.principals import Sessions
    from genie.server.spending import Spending
    from genie.server.store import Store
    from genie.server.who import IssuerSection

_logger = logging.getLogger("genie.server")
RUNS_S = 30 * 86_400.0
"""Seconds for which an ended run is stored."""
SPENT_S = MOST_DAYS * 86_400.0
"""Seconds for which the spending of a day is stored."""
KEYS_S = 86_400.0
"""Seconds after the end of a run for which its idempotency key is valid."""
MOST_JOBS = 10_000
"""Number of rows that may wait to be written; further ones are not stored, and this is logged."""


class Keeping:
    """Writes state that must outlast the process, in order and beside the requests, and loads it on demand.

    Args:
        store: The store.
        hosted: Pipelines by id.
        sessions: Sessions of the page.
        issuers: Configured issuers by name.
        trusted: Identities that the pipelines accept.
        now: Seconds since the epoch.
        spending: Costs of models.
    """

    def __init__(
        self, store: Store, hosted: Mapping[str, Hosted], sessions: Sessions, *, issuers: Iterable[IssuerSection],
        trusted: Iterable[SignedIdentity], now: Callable[[], float],
        spending: Spending,
    ) -> None:  # fmt: skip
        self.store = store
        self._hosted = hosted
        self._sessions = sessions
        self._issuers = {one.issuer: one for one in issuers}
        self._trusted = {_named(one): one for one in trusted}
        self._now = now
        self._spending = spending
        spending.changed, spending.release = self.spent, self._release
        self._unkept: set[tuple[str | None, str]] = set()
        """Tenants and days with new spending."""
        self._unsure: set[tuple[str | None, str]] = set()
        """Tenants and days that are being written, or could not be."""
        self._recalled: set[str | None] = set()
        self._counted: set[str | None] = set()
        """Tenants whose earlier spending is loaded, so that it may be overwritten."""
        self._lock = anyio.Lock()
        self._jobs: deque[Callable[[], Awaitable[object]]] = deque()
        self._more = anyio.Event()

    # --- writing ---

    async def work(self) -> None:
        """Write until cancelled."""
        while True:
            while self._jobs:
                job = self._jobs.popleft()
                try:
                    await job()
                except LogError as error:
                    _logger.error("the store: %s", error)
            self._more = anyio.Event()
            await self._more.wait()

    async def rest(self) -> None:
        """Return when everything passed in so far is stored."""
        done = anyio.Event()

        async def tell() -> None:
            done.set()

        self._jobs.append(tell)
        self._more.set()
        await done.wait()

    def _later(self, job: Callable[[], Awaitable[object]]) -> None:
        if len(self._jobs) >= MOST_JOBS:
            _logger.error("the store: %s rows wait, so one is not kept", f"{MOST_JOBS:,}")
            return
        self._jobs.append(job)
        self._more.set()

    def run_ended(self, run: HostedRun) -> None:
        """Keep a run."""
        now = self._now()
        body = {**_run_as_values(run), "kept_at": now}
        self._later(lambda: self.store.put("run", run.id, run.principal.caller.tenant, body, now + RUNS_S))

    def spent(self, tenant: str | None, day: str) -> None:
        """Store a tenant's spending on a day, once for all spending until it is written."""
        place = (tenant, day)
        if place in self._unkept:
            return

        async def keep() -> None:
            self._unkept.discard(place)
            rows = self._spending.rows(tenant, only=day)
            await self.store.put("spend", day, tenant, {"rows": rows}, self._now() + SPENT_S)
            self._unsure.discard(place)

        self._unsure.add(place)
        if tenant in self._counted:  # otherwise the data of an earlier process would be lost
            self._unkept.add(place)
            self._later(keep)

    def _release(self, tenant: str | None) -> bool:
        """Return whether all of a tenant's spending is stored; it is loaded before the tenant's next answer."""
        if tenant not in self._counted or any(one[0] == tenant for one in self._unsure):
            return False
        self._counted.discard(tenant)
        self._recalled.discard(tenant)
        return True

    def session_changed(self, digest: str, session: Session, *, over: bool) -> None:
        """Store a session, or delete it."""
        tenant = session.principal.caller.tenant
        if over:
            self._later(lambda: self.store.remove("session", digest, tenant))
        else:
            ends = session.began + self._sessions.LONGEST_S
            self._later(lambda: self.store.put("session", digest, tenant, _session_as_values(session), ends))

    def signed_out(self, mark: str, at: float) -> None:
        """Record that an identity provider has ended its sessions: some may be known to no present process."""
        ends = at + self._sessions.LONGEST_S
        self._later(lambda: self.store.put("signed_out", mark, None, {"at": at}, ends))

    # --- bringing back ---

    def look(self, tenant: str | None) -> None:
        """Return if the runs of a tenant are loaded.

        Raises:
            WantingError: They are not loaded yet.
        """
        if tenant not in self._recalled:
            raise WantingError(lambda: self._recall(tenant))

    async def _recall(self, tenant: str | None) -> None:
        async with self._lock:
            if tenant in self._recalled:
                return
            try:
                rows = await self.store.latest("run", tenant, MOST_RUNS)
                days = await self.store.latest("spend", tenant, MOST_DAYS)
            except LogError as error:
                _logger.error("the store: %s", error)
                rows, days = [], []
            else:
                for day in days:
                    self._spending.take_up(tenant, day.body["rows"])
                self._counted.add(tenant)
                for _, late in [one for one in self._unsure if one[0] == tenant]:
                    self.spent(tenant, late)  # of runs that continued meanwhile
            for row in reversed(rows):
                hosted = self._hosted.get(row.body["pipeline"])
                principal = self._principal(row.body["principal"])
                if hosted is not None and principal is not None:
                    hosted.take_up(_run_of(row.id, row.body, principal, hosted), row.body["kept_at"] + KEYS_S)
            self._recalled.add(tenant)

    async def session(self, digest: str) -> Session | None:
        """Return a session of an earlier process; None if there is none that is still trusted."""
        try:
            row = await self.store.present("session", digest)
            at = None if row is None or row.body.get("at") is None else Elsewhere(*row.body["at"])
            ended = [await self.store.get("signed_out", mark, None) for mark in ([] if at is None else at.marks())]
        except LogError as error:
            _logger.error("the store: %s", error)
            return None
        principal = None if row is None else self._principal(row.body["principal"])
        if row is None or principal is None:
            return None
        if any(one is not None and one.body["at"] >= row.body["began"] for one in ended):
            return None
        return Session(principal, row.body["csrf"], row.body["began"], row.body["used"], at)

    def answered(self, hosted: Hosted, principal: Principal, key: str, question: Payload) -> HostedRun | None:
        """Return the run of an earlier process for an idempotency key.

        Raises:
            KeyReusedError: The key was used for another question.
        """
        mark, asked = self.marks(principal, key, question)
        name, until = hosted.keyed.get(mark, ("", 0.0))
        run = hosted.runs.get(name)
        if run is None or run.key is None or self._now() >= until:
            return None
        if run.key[1] != asked:
            raise KeyReusedError(key)
        return run

    def marks(self, principal: Principal, key: str, question: Payload) -> tuple[str, str]:
        """Return digests of a caller's idempotency key and of the question asked with it."""
        whose = "" if principal.signed is None else principal.signed.issuer
        caller = principal.caller
        text = "\0".join((caller.tenant or "", caller.user, whose, key))
        return _digest(text), _digest(question.model_dump_json())

    def _principal(self, given: Mapping[str, Any]) -> Principal | None:
        """Return a stored principal; None if it would no longer be accepted in that way."""
        signed: SignedIdentity | Issued | None = None
        if given["issuer"] is not None:
            section = self._issuers.get(given["issuer"])
            if section is None or section.audience != given["audience"]:
                return None
            signed = Issued(section.issuer, section.audience, frozenset(section.pipelines))
        elif given["identity"] is not None:
            signed = self._trusted.get(given["identity"])
            if signed is None:
                return None
        caller = Caller(**{
            **given["caller"], "roles": frozenset(given["caller"]["roles"]),
            "consent": frozenset(given["caller"]["consent"]),
            "clearance": Classification.parse(given["caller"]["clearance"]),
        })  # fmt: skip
        scopes = None if given["scopes"] is None else frozenset(given["scopes"])
        return Principal(caller, frozenset(given["rights"]), given["id"], signed, given["proved_at"], scopes)


class Past:
    """Stored data of a run that ended in an earlier process."""

    def __init__(self, name: str, counts: Counts, failures: tuple[Failure, ...]) -> None:
        self.id = name
        self._counts = counts
        self._failures = failures

    def messages(self) -> Counts:
        """Return the run's account."""
        return self._counts

    def failures(self) -> tuple[Failure, ...]:
        """Return the deliveries that were not handled."""
        return self._failures

    def holds(self) -> tuple[str, ...]:
        """Return nothing: the run has ended."""
        return ()

    at_rest = False
    """True: nothing of it in memory could be freed."""

    def cancel(self, reason: str = "") -> None:
        """Do nothing: the run has ended."""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _named(one: SignedIdentity) -> str:
    return "\0".join((str(one.keys), one.issuer, one.audience))


def _as_values(one: Principal) -> dict[str, Any]:
    caller, signed = one.caller, one.signed
    issued = signed if isinstance(signed, Issued) else None
    return {
        "caller": {
            "user": caller.user, "roles": sorted(caller.roles), "tenant": caller.tenant, "region": caller.region,
            "clearance": caller.clearance.label, "consent": sorted(caller.consent), "expires_at": caller.expires_at,
        },
        "rights": sorted(one.rights), "id": one.id, "proved_at": one.proved_at,
        "scopes": None if one.scopes is None else sorted(one.scopes),
        "issuer": None if issued is None else issued.issuer, "audience": None if issued is None else issued.audience,
        "identity": None if signed is None or isinstance(signed, Issued) else _named(signed),
    }  # fmt: skip


def _session_as_values(one: Session) -> dict[str, Any]:
    facts = {"csrf": one.csrf, "began": one.began, "used": one.used, "at": None if one.at is None else list(one.at)}
    return {"principal": _as_values(one.principal), **facts}


def _run_as_values(run: HostedRun) -> dict[str, Any]:
    return {
        "pipeline": run.pipeline, "principal": _as_values(run.principal), "at": run.at, "ended_at": run.ended_at,
        "status": run.status, "code": run.code, "detail": run.detail, "answer": run.answer,
        "notices": list(run.notices), "messages": run.run.messages()._asdict(), "key": run.key,
        "missing": [
            {"agent": one.agent, "topic": one.topic, "outcome": str(one.outcome), "message": one.message,
             "reason": None if one.reason is None else [one.reason.code, one.reason.detail],
             "instead_of": one.instead_of}
            for one in run.missing
        ],
    }  # fmt: skip


def _run_of(name: str, body: Mapping[str, Any], principal: Principal, hosted: Hosted) -> HostedRun:
    missing = tuple(
        Failure(
            one["agent"], one["topic"], Outcome(one["outcome"]),
            None if one["reason"] is None else Reason(*one["reason"]), one["message"], one["instead_of"],
        )
        for one in body["missing"]
    )  # fmt: skip
    past = cast("Run[Payload]", Past(name, Counts(**body["messages"]), missing))
    run = HostedRun(body["pipeline"], past, principal, body["at"], hosted.everything, hosted.runtime.bus.make_waiter,
                    hosted.recent)  # fmt: skip
    run.status, run.code, run.detail = body["status"], body["code"], body["detail"]
    run.answer, run.notices, run.missing = body["answer"], tuple(body["notices"]), missing
    run.over, run.ended_at = True, body["ended_at"]
    run.key = None if body["key"] is None else (body["key"][0], body["key"][1])
    return run
