"""Along any path labels never fall and roles, consents and terms never rise, whatever agents try on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.headers import Headers
from genie.contracts.message import Payload
from genie.errors import HeadersWidenedError
from genie.journal.memory import MemoryJournal
from genie.policy.policy import PolicySet
from genie.runtime.runtime import Runtime
from genie.testing import RecordingAudit, settled

if TYPE_CHECKING:
    from collections.abc import Callable


class Start(Payload, topic="lineage.start", classification="public"):
    pass


def stage(level: str, number: int) -> type[Payload]:
    kind: type[Payload] = type(Payload)(
        f"Stage{level.title()}{number}", (Payload,), {"__module__": __name__, "__annotations__": {}},
        topic=f"lineage.{level}{number}", classification=level,
    )  # fmt: skip
    return kind


LENGTH = 4
STAGES = {(level.label, number): stage(level.label, number) for level in Classification for number in range(LENGTH)}
NAMES = st.frozensets(st.sampled_from(["analyst", "admin", "clerk"]))
HEADERS = st.builds(
    Headers, tenant=st.sampled_from(["acme", "north", None]), user=st.sampled_from(["ann", "ceo"]), roles=NAMES,
    classification=st.sampled_from(list(Classification)), region=st.sampled_from(["in", None]), consent=NAMES,
)  # fmt: skip
PATHS = st.lists(
    st.tuples(st.sampled_from([level.label for level in Classification]), HEADERS), min_size=1, max_size=LENGTH
)  # fmt: skip


def links(path: list[tuple[str, Headers]], refused: list[str]) -> list[Any]:
    """Return agents in a row; each tries to hand on the headers of its own, then hands on what it was given."""
    agents: list[Any] = []
    takes: type[Payload] = Start
    for number, (level, wanted) in enumerate(path):
        gives = STAGES[level, number]

        def make(takes: Any, gives: Any, wanted: Headers, name: str) -> Any:
            async def handle(payload: Any, context: Context) -> None:
                try:
                    await context.publish(gives(), headers=wanted)
                except HeadersWidenedError:
                    refused.append(name)
                    await context.publish(gives())

            handle.__annotations__["payload"] = takes
            return agent(name, publishes=(gives,), clearance="restricted")(handle)

        agents.append(make(takes, gives, wanted, f"link{number}"))
        takes = gives
    return agents


@settings(max_examples=60, deadline=None)
@given(path=PATHS, roles=NAMES, consent=NAMES)
def test_labels_never_fall_and_headers_never_widen(
    live: Callable[..., Any], path: list[tuple[str, Headers]], roles: frozenset[str], consent: frozenset[str]
) -> None:
    journal, audit, refused = MemoryJournal(), RecordingAudit(), list[str]()
    caller = Caller(user="ann", roles=roles, tenant="acme", consent=consent, clearance=Classification.RESTRICTED)

    async def play() -> None:
        async with Runtime(
            links(path, refused), policies=PolicySet(), journal=journal, audit=audit, caller=caller, seed=1
        ) as runtime:
            await runtime.publish(Start())
            await settled(runtime)

    live(play)
    sent = {entry.message.number: entry.message for entry in journal if entry.message is not None}
    assert len(sent) == len(path) + 1  # each link was reached
    for message in sent.values():
        assert not message.headers.widened_beyond(caller.headers())
        cause = sent.get(message.cause)
        if cause is not None:
            assert message.label >= cause.label
            assert not message.headers.widened_beyond(cause.headers)
    # Each attempt at more is written down, by its code alone.
    tried = [(one.subject, one.reason) for one in audit.records if one.kind == "identity_refused"]
    assert tried == [(name, "headers_widened") for name in refused]
