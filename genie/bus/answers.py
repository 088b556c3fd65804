"""Judges answers for their asker and adds them to its gather."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.message import topic_of
from genie.contracts.outcome import Outcome, Reason
from genie.inflight import accounting
from genie.inflight.delivery import disclose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.bus.bus import Bus
    from genie.contracts.card import AgentCard
    from genie.contracts.message import Envelope, Payload
    from genie.inflight.accounting import Scope
    from genie.inflight.delivery import Ending
    from genie.inflight.gather import Gather
    from genie.policy.policy import Decision, Verdict

_NOTHING: Mapping[str, Verdict] = {}


class Answers:
    """Judges answers for their asker and adds them to its gather.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def give(
        self,
        message: Envelope[Payload],
        sender: AgentCard,
        scope: Scope,
        gather: Gather,
        agent: str,
        refusal: Ending | None,
        approved: frozenset[str] = frozenset(),
        heard: Mapping[str, Verdict] = _NOTHING,
    ) -> None:
        """Judge an answer for its asker, and add it to the scope."""
        if refusal is not None:
            self.refuse(message, scope, gather, agent, *refusal)
            return
        payload = message.payload
        kind = type(payload)
        asker = scope.run.asker if scope.owner is None else scope.owner.subscription.subscriber
        evaluator = asker.evaluators.get(kind) or self._bus.evaluator_for(asker, kind)
        decision = evaluator.judge(message, sender, approved, heard)
        notices: tuple[str, ...] = ()
        if decision is not None:
            shown = self._shown(message, asker.card, scope, gather, agent, decision, approved, heard)
            if shown is None:
                return
            payload, notices = shown
        accounting.answered(scope, payload is not message.payload)
        taken = gather.put(kind, agent, payload)
        if taken:
            if message.label > gather.label:  # noqa: PLR1730 - as in publish
                gather.label = message.label
            if message.headers is not gather.headers:
                gather.narrow(message.headers)
            if notices:
                gather.owe(notices)
        else:
            accounting.late(self._bus, scope)
        if scope.run.observed or self._bus.observers.watched:
            self._bus.emit_event(message, "answered" if taken else "late", asker.card.id)

    def _shown(
        self,
        message: Envelope[Payload],
        asker: AgentCard,
        scope: Scope,
        gather: Gather,
        agent: str,
        decision: Decision,
        approved: frozenset[str],
        heard: Mapping[str, Verdict],
    ) -> tuple[Payload, tuple[str, ...]] | None:
        """Return what a decision shows the asker, with its notices; None for an answer that is held or denied."""
        bus = self._bus
        if decision.verdict == "consult" and bus.consultations is not None:
            bus.consultations.ask_answer(message, agent, decision, approved, heard)
            return None
        bus.observers.record_verdict(message, asker.id, decision)
        if decision.verdict == "hold":
            if bus.approvals is None:
                why = Reason("hold", "nobody is there to decide")
                self.refuse(message, scope, gather, agent, Outcome.DENIED, why)
            else:
                bus.approvals.hold_answer(message, asker, agent, decision, approved, heard)
            return None
        payload, why_not, notices = disclose(message, decision, asker, carries=gather.notices is not None)
        if payload is None:
            self.refuse(message, scope, gather, agent, Outcome.DENIED, Reason(decision.code, why_not))
            return None
        if payload is not message.payload:
            bus.emit_event(message, "redacted", asker.id, Reason(decision.code, decision.summary))
        return payload, notices

    def refuse(
        self, message: Envelope[Payload], scope: Scope, gather: Gather, agent: str, outcome: Outcome, reason: Reason
    ) -> None:
        """An answer ended before it reached its asker."""
        accounting.refuse_answer(scope, outcome)
        failure = accounting.failure_of(message, topic_of(message.payload).name, agent, outcome, reason)
        accounting.remember(scope, failure)
        gather.lose(type(message.payload), agent, str(failure))
        self._bus.emit_event(message, str(outcome), "asker", reason)
