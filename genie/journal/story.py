"""A run of a log as the lines of a journal, so that the same reports and tools read both.

A payload is judged and masked for its reader, like a delivery. Without policies, or if it cannot be decrypted, it is
withheld with the reason.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

from genie.backend.ids import IdSource
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.message import stamp
from genie.contracts.ports.journal import JournalRecord
from genie.inflight.accounting import RunState
from genie.inflight.gather import Asker
from genie.journal.bodies import usable
from genie.journal.facts import caller_of, headers_of, kinds_of, payload_of
from genie.journal.jsonl import JournalLines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from genie.contracts.agent import Binding, Join
    from genie.contracts.message import Envelope
    from genie.contracts.ports.journal import LogRecord
    from genie.journal.facts import Kinds
    from genie.journal.past import PastRun
    from genie.policy.policy import PolicySet

_UNREAD = {
    "encrypted": "encrypted: name the key ring with --keys",
    "shredded": "shredded: the keys of its tenant were destroyed",
}
_NO_POLICIES = "there are no policies to mask it: name a pipeline with --pipeline"
_SECRET = "(encrypted)"  # noqa: S105 - what stands in the place of a name
LATEST = 1e9
"""Seconds after its start beyond which no record of a run is placed."""


class Eyes:
    """The reader of a run, and the policies that mask payloads for this reader.

    Args:
        policies: The policies of the pipeline.
        reader: Card of the reader.
        senders: Cards of agents and joins, by id.
        kinds: Payload classes, by ``topic@version``.
    """

    def __init__(self, policies: PolicySet, reader: AgentCard, senders: Mapping[str, AgentCard], kinds: Kinds) -> None:
        self.policies = policies
        self.kinds = kinds
        self._reader = reader
        self._senders = senders

    @classmethod
    def of(cls, policies: PolicySet, reader: AgentCard, bindings: Iterable[Binding], joins: Iterable[Join]) -> Self:
        """Return the reader and the policies of a pipeline."""
        cards = {binding.card.id: binding.card for binding in bindings}
        joined = {join.id: AgentCard(id=join.id, clearance=join.clearance) for join in joins}
        return cls(policies, reader, {**cards, **joined}, kinds_of(cards.values()))

    def lines(self, caller: AgentCard) -> JournalLines:
        """Return the line writer for a run of a caller."""
        senders = {**self._senders, caller.id: caller}
        return JournalLines(policies=self.policies, reader=self._reader, senders=senders)


class Envelopes:
    """Recreates the messages of a past run, without a bus.

    Args:
        run: The run, with its payloads.
        policies: Policies whose inspectors read payloads.
        kinds: Payload classes, by ``topic@version``.
    """

    def __init__(self, run: PastRun, policies: PolicySet, kinds: Kinds) -> None:
        self.caller = caller_of_run(run)
        asker = Asker(self.caller.card(), self.caller.headers(), self.caller)
        self._policies, self._kinds = policies, kinds
        self._state = RunState(run.number, IdSource(run.prefix), asker, asker.headers, math.inf, 0.0)

    def of(self, record: LogRecord) -> Envelope[Any] | None:
        """Return the message of a record; None if no present class can read its payload."""
        payload = payload_of(record, self._kinds)
        if payload is None:
            return None
        return stamp(
            record["number"], payload, record["sender"], record["to"], self._state.root, record["cause"],
            record["hops"], headers_of(record["headers"]), Classification.parse(record["label"]),
            self._policies.inspectors.inspect(payload),
        )  # fmt: skip


def caller_of_run(run: PastRun) -> Caller:
    """Return the caller of a run; an anonymous one if that cannot be read."""
    kept = run.record.get("caller")
    return Caller() if kept is None else caller_of(kept)


def lines_of_run(run: PastRun, eyes: Eyes | None) -> Iterator[dict[str, Any]]:
    """Return the lines of a run in the order of time, as ``genie.journal.jsonl`` writes them.

    Args:
        run: The run.
        eyes: The reader; None withholds every payload.

    Raises:
        LogError: A record cannot be used (``damaged``).
    """
    with usable(f"run {run.id}"):
        story = _Story(run, None if run.unread else eyes)
        lines = sorted(story.lines(), key=lambda line: float(line["at"]))
        first = story.first()
    yield first
    yield from lines


class _Story:
    def __init__(self, run: PastRun, eyes: Eyes | None) -> None:
        self._run = run
        self._eyes = eyes
        self._kinds = {} if eyes is None else eyes.kinds
        caller = caller_of_run(run).card()
        self._lines = None if eyes is None else eyes.lines(caller)
        self._envelopes = None if eyes is None else Envelopes(run, eyes.policies, eyes.kinds)
        self._asker = _SECRET if run.unread else caller.id
        self._messages: dict[int, LogRecord] = {}
        self._scopes: dict[int, LogRecord] = {}
        self._asked: set[int] = set()
        self._refused = {
            (one["message"], one["agent"]) for one in run.of("verdict") if one["verdict"] in {"deny", "hold"}
        }
        self._held: set[str] = set()
        self._at = 0.0
        self._number = 0
        self._told: dict[str, Callable[[LogRecord], Iterator[dict[str, Any]]]] = {
            "scope": self._scope, "message": self._message, "delivery": self._delivery, "verdict": self._verdict,
            "hold": self._hold, "decided": self._decided, "retry": self._retry, "effect": self._effect,
            "ended": self._ended,
        }  # fmt: skip

    def first(self) -> dict[str, Any]:
        """Return the line that names the policies: the present ones, if the run was judged by them."""
        eyes, kept = self._eyes, self._run.policy_set
        first: dict[str, Any] = {
            "number": 0, "kind": "policies", "run_id": None,
            "detail": {"policies": None, "policy_set": kept, "environment": ""},
        }  # fmt: skip
        if self._lines is not None and eyes is not None and kept == eyes.policies.sha256:
            first = self._lines.first()
        reached = {one["delivery"].partition("@")[2] for one in self._run.of("ended")}
        first["detail"]["agents"] = [
            f"{agent}@{version}"
            for agent, versions in sorted(self._run.cards.items()) if agent in reached
            for version in versions
        ]  # fmt: skip
        return first

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield the lines, those of one delivery in order."""
        started = self._run.record["started"]
        for record, batch_ms in zip(self._run.records, self._run.times_ms, strict=True):
            us = record.get("us")
            at = (
                us / 1e6
                if us is not None
                else (max(self._at, batch_ms / 1000 - started) if self._at == 0 else self._at)
            )
            self._at = min(max(0.0, at), LATEST)
            make = self._told.get(record["kind"])
            if make is not None:
                yield from make(record)

    def _line(self, kind: str, message: LogRecord, recipient: str | None, **more: Any) -> dict[str, Any]:
        self._number += 1
        return {
            "number": self._number, "at": self._at, "kind": kind, "run_id": self._run.id,
            "message_id": self._name(message["number"]), "topic": message["topic"].partition("@")[0],
            "sender": message.get("sender", _SECRET), "recipient": recipient, "reason": None, "detail": {},
        } | more  # fmt: skip

    def _name(self, number: int) -> str:
        return f"{self._run.prefix}-{number:x}"

    def _place(self, delivery: str) -> tuple[LogRecord | None, str]:
        """Return the message and the recipient of a delivery's id, or of an answer's."""
        name, sign, rest = delivery.partition("@")
        if not sign:
            name, _, rest = delivery.partition(">")
        try:
            number = int(name.rpartition("-")[2], 16)
        except ValueError:
            return None, ""
        return self._messages.get(number), rest.partition("<")[0]

    # --- one method per kind of record ---

    def _scope(self, record: LogRecord) -> Iterator[dict[str, Any]]:
        self._scopes[record["scope"]] = record
        yield from ()

    def _message(self, record: LogRecord) -> Iterator[dict[str, Any]]:
        self._messages[record["number"]] = record
        fields: dict[str, Any] = {
            "causation_id": self._name(record["cause"]) if record["cause"] else None, "label": record.get("label"),
            "payload": None, "withheld": _UNREAD.get(self._run.unread, _NO_POLICIES), "findings": [], "masked": [],
        }  # fmt: skip
        if self._lines is not None and self._envelopes is not None:
            envelope = self._envelopes.of(record)
            if envelope is None:
                fields["withheld"] = f"no present class reads {record['topic']}"
            else:
                entry = JournalRecord(0, 0.0, "accepted", "", "", "", "", None, None, {}, envelope)
                fields |= {
                    name: value for name, value in self._lines.line(entry).items() if name in {*fields, "notices"}
                }
                fields["causation_id"] = self._name(record["cause"]) if record["cause"] else None
        yield self._line("accepted", record, None, **fields)
        for agent in record.get("plan", ()):
            yield self._line("queued", record, agent)
        asker = self._answers(record)
        if asker is not None and (record["number"], asker) not in self._refused:
            yield self._line("answered", record, asker)

    def _answers(self, record: LogRecord) -> str | None:
        """Return the recipient of an answer; None for a question, and for a class that its scope does not expect."""
        scope = self._scopes.get(record["scope"])
        if scope is None or record["scope"] not in self._asked:
            self._asked.add(record["scope"])
            return None
        expected = {one["topic"] for one in scope["expect"] or ()}
        if record["topic"] not in expected or record.get("to") is not None:
            return None
        return self._asker if scope["owner"] is None else self._place(scope["owner"])[1]

    def _delivery(self, record: LogRecord) -> Iterator[dict[str, Any]]:
        message = self._messages.get(record["message"])
        if message is not None:
            yield self._line("queued", message, record["agent"])

    def _verdict(self, record: LogRecord) -> Iterator[dict[str, Any]]:
        message = self._messages.get(record["message"])
        if message is None:
            return
        names = ("policy", "version", "verdict", "code")
        reasons = [dict(zip(names, one, strict=False)) for one in record.get("reasons", ())]
        detail = {"reasons": reasons, "paths": record.get("paths", [])}
        yield self._line("judged", message, record["agent"], reason=record["verdict"], detail=detail)

    def _hold(self, record: LogRecord) -> Iterator[dict[str, Any]]:
        message, agent = self._place(record.get("place", ""))
        if message is not None and record["place"] not in self._held:
            self._held.add(record["place"])
            self._at = max(self._at, min(record["opened"] - self._run.record["started"], LATEST))
            yield self._line("held", message, agent, reason=record["id"])

    def _decided(self, record: LogRecord) -> Iterator[dict[str, Any]]:
        message, agent = self._place(record.get("place", ""))
        if message is None:
            return
        if record.get("outcome") is None:
            yield self._line("released", message, agent)
            if "@" not in record["place"]:
                yield self._line("answered", message, agent)
        elif "@" not in record["place"]:
            yield self._line(record["outcome"], message, agent, reason=record["code"])

    def _retry(self, record: LogRecord) -> Iterator[dict[str, Any]]:
        message, agent = self._place(record["delivery"])
        if message is not None:
            yield self._line("retrying", message, agent, reason=f"attempt {record['attempt']}")

    def _effect(self, record: LogRecord) -> Iterator[dict[str, Any]]:
        message, agent = self._place(record.get("delivery", ""))
        if message is not None and record.get("fate") not in {None, "intended"}:
            fate = record["fate"]
            said = "result unknown, a person states it" if fate == "indeterminate" else fate.replace("_", " ")
            yield self._line("effect", message, agent, reason=f"{record['key']}: {said}")

    def _ended(self, record: LogRecord) -> Iterator[dict[str, Any]]:
        message, agent = self._place(record["delivery"])
        if message is None:
            return
        took = record.get("took")
        if took is not None:
            ended, self._at = self._at, max(message.get("us", 0) / 1e6, self._at - took / 1e6)
            yield self._line("started", message, agent)
            self._at = ended
        yield self._line(record["outcome"], message, agent, reason=record["code"] or None)
