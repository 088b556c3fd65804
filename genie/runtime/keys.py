"""Idempotency keys: a key identifies one question of one caller, and leads to the same run and the same answer.

While the run is in flight, the key leads to it. Afterwards the answer, or the error, is kept for a day.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from genie.approvals.request import digest
from genie.contracts.card import Caller
from genie.contracts.limits import KEY_KEPT_S
from genie.contracts.message import Payload, topic_of
from genie.errors import (
    InputError,
    KeyReusedError,
    RunCancelledError,
    RunError,
    RunExpiredError,
    RunStalled,
    TooManyKeysError,
)
from genie.inflight.accounting import RunState
from genie.inflight.gather import Asker
from genie.runtime.asking import Asked, answer_of
from genie.runtime.run import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.bus.bus import Bus
    from genie.contracts.ports.journal import LogRecord

T = TypeVar("T", bound=Payload)

MOST_KEYS = 10_000
"""Maximum number of stored keys; a further one is refused."""
KEPT_S = KEY_KEPT_S
LONGEST_KEY = 200
"""Maximum length of a key, in characters."""
_ERRORS: dict[str, Callable[..., RunError]] = {
    one.code: one for one in (RunStalled, RunExpiredError, RunCancelledError)
}


@dataclass(slots=True)
class Known:
    """One key of one caller."""

    key: str
    digest: str
    run_id: str
    until: float | None = None
    """Time at which it is dropped, in seconds since the epoch; None while its run is in flight."""
    outcome: Mapping[str, Any] | None = None
    """The answer with its class and notices, or the error, as JSON values."""


class RepeatedRun(Run[T]):
    """An ended run, found by its key."""

    joined = True

    def __init__(self, bus: Bus, state: RunState, answers: tuple[type[T], ...], known: Known) -> None:
        super().__init__(bus, state, answers)
        self._known = known

    @property
    def id(self) -> str:
        """The correlation id of the key's run."""
        return self._known.run_id

    async def result(self) -> T:
        """Return the stored answer, or raise the stored error."""
        recorder = self._bus.observers.recorder
        if recorder is not None:
            await recorder.barrier()
        outcome: Mapping[str, Any] = self._known.outcome or {}
        if "error" in outcome:
            facts = {name: tuple(fact) if isinstance(fact, list) else fact for name, fact in outcome["facts"].items()}
            raise _ERRORS[outcome["error"]](**facts)
        for kind in self._answers:
            if _name(kind) == outcome.get("topic"):
                return kind.model_validate_json(outcome["payload"])
        raise InputError(f"key {self._known.key!r}", "was answered in a payload version that no longer exists")

    def notices(self) -> tuple[str, ...]:
        """Return the notices of the answer."""
        return tuple((self._known.outcome or {}).get("notices", ()))


class Keys:
    """The idempotency keys of one bus.

    Args:
        bus: The bus.
        most: Maximum number of stored keys.
    """

    def __init__(self, bus: Bus, *, most: int = MOST_KEYS) -> None:
        self._bus = bus
        self._most = most
        self._over: OrderedDict[str, Known] = OrderedDict()
        """Keys of ended runs, in the order of their ends."""
        self._open: dict[str, tuple[Known, RunState]] = {}
        self._runs: dict[int, str] = {}
        """Number of a run in flight -> place of its key."""
        self._watching = False

    def __len__(self) -> int:
        return len(self._over) + len(self._open)

    def run(
        self, key: str, asked: Asked[T], caller: Caller, begin: Callable[[Callable[[RunState], None]], Run[T]]
    ) -> Run[T]:
        """Return the run of a key; a new one for a new key.

        Args:
            key: The caller's name for the question.
            asked: The question.
            caller: The caller.
            begin: Starts a run, and reports it before its question is sent.

        Raises:
            KeyReusedError: The key was used for another question.
            TooManyKeysError: The key is new, and no more keys can be stored.
            ValueError: The key is empty, too long, or has invisible characters.
        """
        place, digest_ = _place_of(key, caller), _digest_of(asked, caller)
        self._forget()
        bus, opened = self._bus, self._open.get(place)
        known = self._over.get(place) if opened is None else opened[0]
        if known is None:
            if len(self) >= self._most:
                raise TooManyKeysError(limit=self._most)
            return begin(lambda run: self._note(place, key, digest_, run))
        if known.digest != digest_:
            raise KeyReusedError(key=key)
        if opened is not None:
            opened[1].observed = True
            run = Run(bus, opened[1], asked.answers)
            run.joined = True
            return run
        nobody = Caller()
        over = RunState(0, bus.runs.ids, Asker(nobody.card(), nobody.headers()), nobody.headers(), 0.0, 0.0)
        over.alive, over.closed = False, True
        return RepeatedRun(bus, over, asked.answers, known)

    def _note(self, place: str, key: str, asked: str, run: RunState) -> None:
        """A run begins under a key."""
        self._watch()
        self._open[place] = Known(key, asked, run.id), run
        self._runs[run.number] = place
        if self._bus.observers.recorder is not None:
            fact = {"kind": "key_of", "run": run.number, "id": place, "key": key, "digest": asked}
            self._bus.observers.recorder.fact(fact)

    def _watch(self) -> None:
        """Watch ends of runs from now on; until the first key, runs do not pay for this."""
        if not self._watching:
            self._watching = True
            self._bus.endings += (self._ended,)

    def _ended(self, run: RunState) -> None:
        """A run is at rest: store its result under its key."""
        place = self._runs.pop(run.number, None)
        if place is None:
            return
        known = self._over[place] = self._open.pop(place)[0]
        known.until = self._bus.clock.wall().timestamp() + KEPT_S
        known.outcome = self._outcome(run)
        recorder = self._bus.observers.recorder
        if recorder is not None:
            recorder.stand({
                "kind": "key", "id": place, "key": known.key, "digest": known.digest, "of": known.run_id,
                "until": known.until, "outcome": known.outcome,
            })  # fmt: skip

    def _outcome(self, run: RunState) -> dict[str, Any]:
        gather = run.root.gather
        kinds = () if gather is None else tuple(gather.kinds)
        try:
            answer = answer_of(run, gather, kinds or (Payload,), self._bus.failures)
        except (RunStalled, RunExpiredError, RunCancelledError) as error:
            facts = {name: getattr(error, name) for name in error.facts}
            listed = {name: list(fact) if isinstance(fact, tuple) else fact for name, fact in facts.items()}
            return {"error": error.code, "facts": listed}
        notices = () if gather is None else gather.notices or ()
        return {"topic": _name(type(answer)), "payload": answer.model_dump_json(), "notices": list(notices)}

    # --- a log ---

    def reopen(self, run: RunState, fact: LogRecord) -> None:
        """Restore a run that an earlier process began under a key."""
        self._watch()
        self._open[fact["id"]] = Known(fact["key"], fact["digest"], run.id), run
        self._runs[run.number] = fact["id"]

    def restore(self, record: LogRecord) -> None:
        """Restore a key whose run ended in an earlier process."""
        self._over[record["id"]] = Known(
            record["key"], record["digest"], record["of"], record["until"], record["outcome"]
        )

    def _forget(self) -> None:
        """Drop expired keys."""
        now = self._bus.clock.wall().timestamp()
        while self._over and (next(iter(self._over.values())).until or 0.0) <= now:
            place, _ = self._over.popitem(last=False)
            if self._bus.observers.recorder is not None:
                self._bus.observers.recorder.fall("key", place)


def _place_of(key: str, caller: Caller) -> str:
    """Return the place of a caller's key, which includes tenant and user.

    A log encrypts it with the keys of the tenant at its start (``genie.journal.sealing``).

    Raises:
        ValueError: The key is empty, too long, or has invisible characters.
    """
    if not (isinstance(cast("object", key), str) and 0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise ValueError(f"a key must be 1 to {LONGEST_KEY} visible characters")
    return json.dumps([caller.tenant, caller.user, key])


def _digest_of(asked: Asked[Any], caller: Caller) -> str:
    """Return the hash of what a key identifies: the question, its answer class, and the caller's identity."""
    facts = {
        "question": digest(asked.question), "answers": [_name(one) for one in asked.answers], "to": asked.to,
        "roles": sorted(caller.roles), "clearance": caller.clearance.label, "region": caller.region,
        "consent": sorted(caller.consent),
    }  # fmt: skip
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _name(kind: type[Payload]) -> str:
    topic = topic_of(kind)
    return f"{topic.name}@{topic.version}"
