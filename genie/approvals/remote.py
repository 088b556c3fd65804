"""Connects a running bus with people at other terminals: reports holds, and applies their decisions."""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any, Protocol, cast

import anyio

from genie.approvals.request import HeldView, Seal, State, fields_of, merged
from genie.approvals.voting import Voting, validated
from genie.contracts.json_text import unique_keys
from genie.contracts.ports.control import Act, ControlNews, ControlReport, RemoteVote
from genie.errors import GenieError, InputError, class_name, shown_type
from genie.errors.logs import log
from genie.errors.tracebacks import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.approvals.holds import Held, Holds
    from genie.approvals.request import ApprovalRequest
    from genie.bus.bus import Bus
    from genie.contracts.message import Payload
    from genie.contracts.ports.control import Control


_WORDS, _KINDS = ("killed", "paused", "revived", "resumed"), ("agent", "tenant", "all")
LONGEST_SHOWN = 1 << 20
"""Maximum length of a payload's JSON that is shown, in characters; a longer one is withheld."""


class Switchboard(Protocol):
    """The kill switches that other terminals can use."""

    tell: Callable[[Act], None] | None
    """Called whenever a switch is turned on or off."""

    def target(self, act: Act) -> Any:
        """Return the target of an act."""
        ...

    def turn(self, target: Any, word: Any, *, by: str, reason: str, for_s: float | None) -> None:
        """Turn a switch on."""
        ...

    def lift(self, target: Any, word: Any, *, by: str, reason: str) -> None:
        """Lift a switch."""
        ...


class RemoteControl:
    """Reports to a control file and applies its decisions.

    Args:
        bus: The bus.
        control: The control.
        name: Name of this process, unique among processes.
    """

    def __init__(self, bus: Bus, holds: Holds, switches: Switchboard, control: Control, name: str) -> None:
        self._bus = bus
        self._holds = holds
        self._switches = switches
        self._control = control
        self._name = name
        self._voting = Voting(bus, holds)
        self._requests: dict[str, ApprovalRequest] = {}
        self._answers: dict[int, tuple[bool, str]] = {}
        self._counted: dict[int, int] = {}
        """Number of a vote -> the lines that the log must have before its voter is told."""
        self._acts: list[Act] = []
        self._obeying = False
        self._closing = False
        self.failing: str | None = None
        """Why the control could not be reached last time."""

    async def open(self) -> None:
        """Register, and apply the switches in force, before anything is delivered.

        Raises:
            InputError: The control cannot be used.
        """
        interval: object = self._control.interval_s
        if not isinstance(interval, (int, float)) or not 0 < interval < math.inf:
            raise InputError("control", f"needs an interval_s above 0, not {shown_type(interval)}")
        self._holds.changed = self._changed
        self._switches.tell = self._switched
        given = await self._control.open(self._name, self._report())
        try:
            news = _news(given)
        except TypeError as error:
            raise InputError("control", f"cannot be used: {error}") from None
        self._obey(news)

    async def run(self) -> None:
        """Report and apply decisions at every interval, until cancelled."""
        bus, waiter = self._bus, self._bus.make_waiter()
        while not self._closing:
            bus.timers.at(bus.now() + self._control.interval_s, "wake", waiter)
            await waiter.park()
            if not self._closing:
                await self._exchange()

    async def close(self) -> None:
        """Report how everything ended."""
        self._closing = True
        self._holds.changed = self._switches.tell = None
        try:
            await self._control.close(self._report())
        except BaseException as error:  # noqa: BLE001 - closing continues after a failure
            self._failed(error)

    async def _exchange(self) -> None:
        try:
            report = self._report()
            news = _news(await self._control.exchange(report))
        except BaseException as error:  # noqa: BLE001 - runs continue, holds stay, and it is tried again
            self._failed(error)
            return
        if self.failing is not None:
            self.failing = None
            log("genie.control", "WARNING", "the control can be reached again")
        for hold_id in report.requests:
            now = self._requests.get(hold_id)
            if now is not None and now.record() == _without_payload(report.requests[hold_id]):
                del self._requests[hold_id]
        for number in report.answers:
            del self._answers[number]
            self._counted.pop(number, None)
        del self._acts[: len(report.acts)]
        self._obey(news)

    def _failed(self, error: BaseException) -> None:
        """Say once that the control fails; a cancellation goes on."""
        if isinstance(error, anyio.get_cancelled_exc_class()):
            raise error
        why = str(error) if isinstance(error, GenieError) else place_of(error)
        if self.failing != why:
            self.failing = why
            text = f"the control cannot be reached: {why}; approvals and kills from other terminals must wait"
            log("genie.control", "ERROR", text)

    # --- reporting ---

    def _changed(self, request: ApprovalRequest) -> None:
        self._requests[request.id] = request

    def _switched(self, act: Act) -> None:
        if not self._obeying:
            self._acts.append(act)

    def _report(self) -> ControlReport:
        bus = self._bus
        bus.clock.resynchronise()  # after sleep of the machine, its sign of life would look dead
        agents = {agent: str(subscriber.suspended or "") for agent, subscriber in bus.subscribers.items()}
        requests = {hold_id: self._shown(request) for hold_id, request in self._requests.items()}
        log_, counted = bus.observers.recorder, self._counted
        answers = {
            number: said for number, said in self._answers.items() if log_ is None or log_.has(counted.get(number, 0))
        }  # fmt: skip
        return ControlReport(bus.clock.wall().timestamp(), requests, answers, tuple(self._acts), agents)

    def _shown(self, request: ApprovalRequest) -> dict[str, Any]:
        held = self._holds.get(request.id)
        record = request.record()
        if request.state is not State.PENDING or held is None:
            return {**record, "payload": None, "masked": [], "withheld": "it is over"}
        try:
            seen = self._voting.view(held, self._control.clearance)
        except Exception as error:  # noqa: BLE001 - one that cannot be shown must not hide the others
            seen = HeldView(None, withheld=f"it cannot be shown ({class_name(error)})")
        payload, withheld = None if seen.payload is None else fields_of(seen.payload), seen.withheld
        if payload is not None and len(json.dumps(payload)) > LONGEST_SHOWN:
            payload, withheld = None, f"it is longer than the {LONGEST_SHOWN} characters that are shown"
        masked = sorted(".".join(map(str, path)) for path in seen.masked)
        return {**record, "payload": payload, "masked": masked, "withheld": withheld}

    # --- applying decisions ---

    def _obey(self, news: ControlNews) -> None:
        for code in news.refused:
            self._bus.record_act("identity_refused", "operator", by="edge", reason=code)
        self._obeying = True
        try:
            for act in news.acts:
                self._act(act)
        finally:
            self._obeying = False
        for vote in news.votes:
            if vote.number not in self._answers:
                self._answers[vote.number] = self._voted(vote)
                if self._bus.observers.recorder is not None:
                    self._counted[vote.number] = self._bus.observers.recorder.added

    def _act(self, act: Act) -> None:
        bus, target = self._bus, self._switches.target(act)
        match act.word:
            case "killed" | "paused":
                for_s = None if act.until is None else act.until - bus.clock.wall().timestamp()
                if for_s is None or for_s > 0:
                    self._switches.turn(target, act.word, by=act.by, reason=act.reason, for_s=for_s)
            case "revived":
                self._switches.lift(target, "killed", by=act.by, reason=act.reason)
            case "resumed":
                self._switches.lift(target, "paused", by=act.by, reason=act.reason)

    def _voted(self, vote: RemoteVote) -> tuple[bool, str]:
        """Count a vote; return whether it counted, and the message for the voter."""
        try:
            held = self._voting.held(vote.request)
            request = self._voting.vote(
                vote.request, by=vote.by, roles=vote.roles, approve=vote.approve, reason=vote.reason,
                edit=self._edit(held, vote), seal=Seal(vote.payload_sha256, vote.policies, vote.recipient),
            )  # fmt: skip
        except InputError as error:
            return False, str(error)
        except Exception as error:  # noqa: BLE001 - a vote that breaks something counts as none, and what is held stays
            log("genie.control", "ERROR", f"a vote could not be counted: {place_of(error)}")
            return False, f"it could not be counted ({class_name(error)})"
        return True, str(request.state) if request.state is not State.PENDING else "; ".join(request.lacking())

    def _edit(self, held: Held, vote: RemoteVote) -> Payload | None:
        """Return the payload to deliver instead.

        Raises:
            InputError: The approver did not see the payload, or the edit is invalid.
        """
        if not vote.approve:
            return None
        seen = self._voting.view(held, self._control.clearance)
        if seen.payload is None:
            why = f"is withheld from approvers here: {seen.withheld}"
            raise InputError("its payload", why, "raise `control: clearance`, or decide in the process")
        if vote.edit is None:
            return None
        subject = f"the edit of {held.id}"
        try:
            values = json.loads(vote.edit, object_pairs_hook=unique_keys)
        except (ValueError, RecursionError):
            raise InputError(subject, "is not JSON") from None
        if not isinstance(values, dict):
            raise InputError(subject, "is not a JSON object of the payload's fields")
        original = held.message.payload
        return validated(type(original), merged(values, seen, original), subject)


async def attended(bus: Bus, holds: Holds, switches: Switchboard, control: Control) -> RemoteControl:
    """Return a remote that has opened a control and polls it as long as the runtime runs.

    Raises:
        InputError: The control cannot be used.
    """
    remote = RemoteControl(bus, holds, switches, control, f"{bus.prefix}-{os.getpid()}")
    await remote.open()
    bus.tasks.start(remote.run)
    return remote


def _news(given: object) -> ControlNews:
    """Return what a control has returned.

    Raises:
        TypeError: It is no ControlNews of votes and acts.
    """
    if not isinstance(given, ControlNews):
        raise TypeError(f"it returned {shown_type(given)} instead of a ControlNews")
    kinds = {"votes": RemoteVote, "acts": Act, "refused": str}
    for name, kind in kinds.items():
        values = getattr(given, name)
        wrong = [one for one in values if not isinstance(one, kind)] if isinstance(values, tuple) else [values]
        if wrong:
            raise TypeError(f"its {name} have {shown_type(wrong[0])} instead of {kind.__name__}")
    for act in given.acts:
        until: object = act.until
        timed = until is None or (isinstance(until, (int, float)) and math.isfinite(until))
        if act.word not in _WORDS or act.kind not in _KINDS or not timed:
            raise TypeError("an act has an unknown word, kind or end")
    if not all(isinstance(cast("object", vote.number), int) for vote in given.votes):
        raise TypeError("the number of a vote is not a whole number")
    return given


def _without_payload(body: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in body.items() if name not in {"payload", "masked", "withheld"}}
