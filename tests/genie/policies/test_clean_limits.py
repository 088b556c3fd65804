"""What a policy says it always allows of clean messages, it does allow; the evaluator then does not ask it."""

from __future__ import annotations

from pkgutil import resolve_name

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.headers import NO_HEADERS
from genie.contracts.message import Envelope, Inspection, Payload, Value, stamp
from genie.policies.clearance import Clearance
from genie.policies.index import POLICIES
from genie.policies.payload_size import PayloadSize, PayloadSizeSettings
from genie.policy.inspection import Inspectors
from genie.policy.policy import ALLOW, CleanLimits, Deny, PolicySet, Route

SENDER = AgentCard(id="sender")
LABELS = st.sampled_from(list(Classification))


class Row(Value):
    amounts: tuple[int, ...] = ()


class Flat(Payload, topic="clean.flat"):
    text: str = ""
    amounts: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()


class Words(Payload, topic="clean.words"):
    words: tuple[str, ...] = ()


class Nested(Payload, topic="clean.nested"):
    rows: tuple[Row, ...] = ()


def sent(payload: Payload, label: Classification = Classification.PUBLIC) -> Envelope[Payload]:
    return stamp(1, payload, "sender", None, None, 0, 0, NO_HEADERS, label, Inspectors(()).inspect(payload))


PAYLOADS = st.one_of(
    st.builds(Flat, text=st.text(max_size=20), amounts=st.lists(st.integers(0, 9), max_size=12).map(tuple),
              shares=st.lists(st.floats(0, 1), max_size=12).map(tuple)),
    st.builds(Words, words=st.lists(st.text(max_size=3), max_size=12).map(tuple)),
    st.builds(Nested, rows=st.lists(st.builds(Row, amounts=st.lists(st.integers(0, 9), max_size=3).map(tuple)),
                                    max_size=6).map(tuple)),
)  # fmt: skip


@given(PAYLOADS, LABELS, LABELS, st.integers(1, 200), st.integers(1, 40), st.integers(1, 4))
def test_what_lies_within_the_limits_is_allowed(
    payload: Payload, label: Classification, clearance: Classification, size: int, parts: int, depth: int
) -> None:
    policies = (Clearance(), PayloadSize(PayloadSizeSettings(max_bytes=size, max_parts=parts, max_depth=depth)))
    route = Route(type(payload), AgentCard(id="reader", clearance=clearance))
    message = sent(payload, label)
    for policy in policies:
        limits, judge = policy.clean_limits(route), policy.compile(route)
        within = limits and label <= limits.label and message.inspection.size_bytes <= limits.size_bytes
        if within and judge is not None:
            assert judge(message, SENDER) is ALLOW, policy.name


@pytest.mark.parametrize("kind", [Words, Nested])
def test_a_shape_whose_parts_no_size_bounds_has_no_limits(kind: type[Payload]) -> None:
    assert PayloadSize().clean_limits(Route(kind, SENDER)) is None


def test_a_flat_shape_is_bounded_by_its_size() -> None:
    rule = PayloadSize(PayloadSizeSettings(max_bytes=1_000, max_parts=20))
    limits = rule.clean_limits(Route(Flat, SENDER))
    assert limits is not None
    judge = rule.compile(Route(Flat, SENDER))
    most = int(limits.size_bytes) // 8
    assert judge(sent(Flat(amounts=(1,) * most)), SENDER) is ALLOW
    assert isinstance(judge(sent(Flat(amounts=(1,) * (most + 1))), SENDER), Deny)


class Silent:
    """A policy that denies everything and says that it allows clean messages up to a limit."""

    name = "silent"
    version = "1"
    settings = PayloadSizeSettings()
    inspectors = ()

    def __init__(self, limits: CleanLimits | None) -> None:
        self.limits = limits

    def clean_limits(self, _route: Route) -> CleanLimits | None:
        return self.limits

    def compile(self, _route: Route):  # type: ignore[no-untyped-def]  # a policy of a third party
        return lambda _message, _sender: Deny("silent", "asked")


@pytest.mark.parametrize(
    ("limits", "size", "label", "asked"),
    [
        (CleanLimits(Classification.INTERNAL, 10), 10, Classification.INTERNAL, False),
        (CleanLimits(Classification.INTERNAL, 10), 11, Classification.INTERNAL, True),
        (CleanLimits(Classification.INTERNAL, 10), 10, Classification.CONFIDENTIAL, True),
        (None, 0, Classification.PUBLIC, True),
    ],
)
def test_a_policy_is_asked_beyond_its_limits(
    limits: CleanLimits | None, size: int, label: Classification, asked: bool
) -> None:
    evaluator = PolicySet((Silent(limits), Clearance())).evaluator(Flat, AgentCard(id="r", clearance=label))
    first = stamp(1, Flat(), "sender", None, None, 0, 0, NO_HEADERS, label, Inspection(size))
    for _ in range(2):  # the headers are remembered by the first
        decision = evaluator.judge(first, SENDER)
    assert (decision is not None) == asked


def test_a_message_with_findings_or_without_inspection_is_always_judged() -> None:
    evaluator = PolicySet((Silent(CleanLimits()),)).evaluator(Flat, AgentCard(id="r"))
    clean, failed = Inspection(1), Inspection(1, failed="broken")
    for inspection in (clean, clean, failed):
        message = stamp(1, Flat(), "sender", None, None, 0, 0, NO_HEADERS, Classification.PUBLIC, inspection)
        decision = evaluator.judge(message, SENDER)
    assert decision is not None


def test_every_shipped_policy_that_states_limits_is_covered_here() -> None:
    stating = {name for name, where in POLICIES.items() if hasattr(resolve_name(where), "clean_limits")}
    assert stating == {"clearance", "payload_size"}
