"""Consents: granted for a purpose, ended by the clock or by a person, and gone from work in flight at that moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.contracts.headers import Consent as Granted
from genie.errors import ConfigError, PartMissingError, RunStalled
from genie.journal.memory import MemoryJournal
from genie.policies.consent import Consent, ConsentSettings
from genie.policy.policy import PolicySet
from tests.genie.policies_for_tests import Answer, Gate, Note, Opinion, Question, answerer, gated, running

if TYPE_CHECKING:
    from genie.contracts.ports.audit import AuditRecord

pytestmark = pytest.mark.anyio

SHARE = PolicySet((Consent(ConsentSettings(topics={"t.note": ("share",)})),))
MINUTE = "share@1970-01-01T00:01:00Z"
"""A grant that ends a minute after these tests' clock begins."""


class Acts:
    def __init__(self) -> None:
        self.records: list[AuditRecord] = []

    def record(self, entry: AuditRecord) -> None:
        self.records.append(entry)

    def of(self, kind: str) -> list[AuditRecord]:
        return [record for record in self.records if record.kind == kind]


@agent("noter")
async def noter(note: Note) -> Answer:
    return Answer(text=note.text)


def caller(*consent: str) -> Caller:
    return Caller(user="ann", consent=frozenset(consent))


# --- grants ---


@pytest.mark.parametrize(
    "text", ["", "@", "@2026-01-01T00:00:00Z", "p@", "p@soon", "p@2026-01-01", "p@2026-01-01T00:00"]
)
def test_a_consent_without_purpose_or_with_an_end_that_is_no_moment_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="credit_check@2026-12-31T00:00:00Z"):
        Granted.parse(text)
    with pytest.raises(ValueError, match="is not a valid consent"):
        caller(text)


def test_a_pipeline_file_with_such_a_consent_is_refused_at_its_line() -> None:
    from genie.config.loader import parse

    text = "version: 1\nid: a\nagents: [a]\ncaller:\n  consent:\n    - share@someday\ninput: a\noutput: b\n"
    with pytest.raises(ConfigError, match=r":6: caller\.consent.* is not valid: 'share@someday'"):
        parse(text, name="p.yaml")


@given(st.text(max_size=40))
def test_any_text_is_a_grant_or_refused(text: str) -> None:
    try:
        grant = Granted.parse(text)
    except ValueError:
        return
    assert grant.purpose
    assert grant.until is None or grant.until.tzinfo is not None


def test_an_end_may_be_written_in_any_zone() -> None:
    assert Granted.parse("p@2026-01-01T05:30:00+05:30") == Granted.parse("p@2026-01-01T00:00:00Z")


# --- in force ---


async def test_a_grant_is_in_force_until_its_end_and_not_at_it() -> None:
    async with running(noter, policies=SHARE) as runtime:
        for consent in ("share", MINUTE):
            assert await runtime.ask(Note(), Answer, caller=caller(consent)) == Answer()
        await anyio.sleep(59)
        assert await runtime.ask(Note(), Answer, caller=caller(MINUTE)) == Answer()
        await anyio.sleep(1)
        with pytest.raises(RunStalled, match="consent for share, which is missing or has ended"):
            await runtime.ask(Note(), Answer, caller=caller(MINUTE))
        assert await runtime.ask(Note(), Answer, caller=caller("share")) == Answer()


async def test_mail_that_waits_is_denied_once_the_grant_ends() -> None:
    gate = Gate()

    @agent("busy")
    async def busy(note: Note) -> Answer:
        await gate.wait()
        return Answer()

    acts = Acts()
    async with running(busy, policies=SHARE, audit=acts) as runtime:
        await runtime.publish(Note(), caller=caller("share"))
        await gate.reached.wait()
        run = runtime.start(Note(), Answer, caller=caller(MINUTE))
        await anyio.sleep(61)
        gate.open.set()
        with pytest.raises(RunStalled, match="consent"):
            await run.result()
        [lapsed] = acts.of("lapsed")
        assert (lapsed.subject, lapsed.detail["run_id"]) == (MINUTE, run.id)


async def test_what_a_handler_sends_after_the_end_carries_the_grant_no_more_even_if_it_began_before() -> None:
    seen: list[frozenset[str]] = []

    @agent("desk", asks={Question: Answer}, publishes=(Note,))
    async def desk(opinion: Opinion, context: Context) -> None:
        await context.ask(Question(), Answer)
        await anyio.sleep(120)
        seen.append(context.headers.consent)
        await context.publish(Note())
        context.after(0, Note())

    async with running(desk, answerer, noter, policies=SHARE) as runtime:
        await runtime.publish(Opinion(), caller=caller(MINUTE, "other"))
        await anyio.sleep(200)
        assert seen == [frozenset({"other"})]
        assert runtime.statistics().agents["noter"].denied == 2


async def test_a_payload_that_is_due_later_loses_the_grant_that_ends_first() -> None:
    @agent("timer", publishes=(Note,))
    async def timer(question: Question, context: Context) -> None:
        context.after(30, Note())
        context.after(90, Note())

    async with running(timer, noter, policies=SHARE) as runtime:
        await runtime.publish(Question(), caller=caller(MINUTE))
        await anyio.sleep(100)
        counted = runtime.statistics().agents["noter"]
        assert (counted.handled, counted.denied) == (1, 1)


async def test_each_of_several_grants_ends_at_its_own_time() -> None:
    consents: list[frozenset[str]] = []

    @agent("slow")
    async def slow(question: Question, context: Context) -> None:
        for _ in range(3):
            consents.append(context.headers.consent)
            await anyio.sleep(61)

    later = "score@1970-01-01T00:01:30Z"
    async with running(slow) as runtime:
        await runtime.publish(Question(), caller=caller(MINUTE, later, "kept"))
        await anyio.sleep(200)
    assert consents == [frozenset({MINUTE, later, "kept"}), frozenset({later, "kept"}), frozenset({"kept"})]


# --- withdrawn ---


@pytest.mark.parametrize("withdrawn", ["share", "share@1971-01-01T00:00:00Z"])
async def test_a_consent_is_withdrawn_by_its_purpose_or_as_it_was_granted(withdrawn: str) -> None:
    granted = "share@1971-01-01T00:00:00Z"
    gate = Gate()
    async with running(gated(gate), noter, policies=SHARE) as runtime:
        assert await runtime.ask(Note(), Answer, caller=caller(granted)) == Answer()
        runtime.operations.revoke(withdrawn, by="ann", reason="changed her mind")
        with pytest.raises(RunStalled, match="consent"):
            await runtime.ask(Note(), Answer, caller=caller(granted))


async def test_withdrawing_one_grant_leaves_another_for_the_same_purpose() -> None:
    async with running(noter, policies=SHARE) as runtime:
        runtime.operations.revoke("share@1971-01-01T00:00:00Z")
        assert await runtime.ask(Note(), Answer, caller=caller("share@1972-01-01T00:00:00Z")) == Answer()


async def test_a_handler_that_waits_in_a_gather_sends_without_what_was_withdrawn_meanwhile() -> None:
    gate = Gate()
    journal = MemoryJournal()

    @agent("desk", asks={Question: Answer})
    async def desk(opinion: Opinion, context: Context) -> Note:
        await context.ask(Question(), Answer)
        return Note()

    async with running(desk, gated(gate), noter, policies=SHARE, journal=journal) as runtime:
        await runtime.publish(Opinion(), caller=caller("share"))
        await gate.reached.wait()
        runtime.operations.revoke("share")
        gate.open.set()
        await anyio.sleep(1)
        assert runtime.statistics().agents["noter"].denied == 1
    notes = [record.message for record in journal if record.message and isinstance(record.message.payload, Note)]
    assert [message.headers.consent for message in notes] == [frozenset()]


async def test_headers_with_a_consent_that_cannot_be_read_grant_nothing() -> None:
    class Odd(Caller):
        def __post_init__(self) -> None:
            pass

    odd: Any = Odd(user="ann", consent=frozenset({"share@someday"}))
    async with running(noter, policies=SHARE) as runtime:
        with pytest.raises((RunStalled, PartMissingError)):
            await runtime.ask(Note(), Answer, caller=odd)


async def test_runs_with_endings_leave_nothing_behind_in_the_alarm() -> None:
    async with running(noter) as runtime:
        for second in range(200):
            await runtime.ask(Note(), Answer, caller=caller(f"share@1999-01-01T00:00:{second % 60:02d}Z"))
        assert runtime.bus.timers.pending == 0
