"""An approval as a value: who may vote, what counts, and that nothing but `approved` is approved."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.approvals.request import (
    ApprovalRequest,
    HeldView,
    Seal,
    State,
    Vote,
    digest,
    fields_of,
    merged,
    person,
    signed,
)
from genie.contracts.message import Payload, Value
from genie.errors import InputError
from genie.policy.policy import ApprovalNeed

SHA, OTHER = "a" * 64, "b" * 64


def asked(*needs: ApprovalNeed, **changes) -> ApprovalRequest:
    return ApprovalRequest(
        id="hold-1", run_id="r", message_id="m", topic="t.order", sender="caller:ann", recipient="bank",
        requester="ann", reason="four_eyes: asks", needs=needs or (ApprovalNeed("four_eyes@1"),), label="internal",
        payload_sha256=SHA, policy_set="s", opened=0.0, expires=60.0,
    )._replace(**changes)  # fmt: skip


def vote(request: ApprovalRequest, by: str, *roles: str, approve: bool = True, seal: Seal | None = None) -> Vote:
    return Vote(by, frozenset(roles), approve, "because", 1.0, seal or request.seal)


def test_one_approval_is_enough_where_one_is_asked_for() -> None:
    request = asked()
    assert request.cast(vote(request, "ben")).state is State.APPROVED


def test_a_quorum_counts_different_people_once_each() -> None:
    request = asked(ApprovalNeed("p@1", frozenset({"treasury"}), 2))
    once = request.cast(vote(request, "ben", "treasury"))
    assert once.state is State.PENDING
    assert once.lacking() == ("p@1: 1 more of treasury",)
    for again in ("ben", " Ben", "BEN", "\uff42\uff45\uff4e"):
        with pytest.raises(InputError, match="each person counts once"):
            once.cast(vote(once, again, "treasury"))
    assert once.cast(vote(once, "carla", "treasury")).state is State.APPROVED


def test_a_vote_counts_for_every_need_that_its_roles_cover() -> None:
    request = asked(
        ApprovalNeed("one@1", frozenset({"treasury"})),
        ApprovalNeed("two@1", frozenset({"risk"})),
        ApprovalNeed("three@1"),
    )
    half = request.cast(vote(request, "ben", "treasury"))
    assert half.lacking() == ("two@1: 1 more of risk",)
    assert half.cast(vote(half, "dan", "risk")).state is State.APPROVED
    assert request.cast(vote(request, "eve", "treasury", "risk")).state is State.APPROVED


@pytest.mark.parametrize("name", ["ann", "Ann ", "ANN", "caller:ann"])
def test_nobody_decides_on_what_they_sent(name: str) -> None:
    request = asked()
    for approve in (True, False):
        with pytest.raises(InputError, match="senders cannot decide on their own messages"):
            request.cast(vote(request, name, approve=approve))
    desk = asked(sender="desk")
    with pytest.raises(InputError, match="sent it"):
        desk.cast(vote(desk, "desk"))
    with pytest.raises(InputError, match="sent it"):
        desk.cast(vote(desk, "ann"))


def test_who_sent_it_must_be_known() -> None:
    for nobody in (None, ""):
        request = asked(requester=nobody)
        with pytest.raises(InputError, match="names no user"):
            request.cast(vote(request, "ben"))


def test_a_role_is_needed_for_a_yes_and_for_a_no() -> None:
    request = asked(ApprovalNeed("p@1", frozenset({"risk", "treasury"})))
    for approve in (True, False):
        with pytest.raises(InputError, match="none of the roles risk, treasury"):
            request.cast(vote(request, "ben", "sales", approve=approve))


def test_one_no_ends_it_denied_and_nothing_brings_it_back() -> None:
    request = asked(ApprovalNeed("p@1", quorum=3))
    denied = request.cast(vote(request, "ben")).cast(vote(request, "ben", approve=False))
    assert denied.state is State.DENIED
    for name in ("carla", "dan", "eve"):
        with pytest.raises(InputError, match="is already denied"):
            denied.cast(vote(denied, name))


@pytest.mark.parametrize("state", [State.EXPIRED, State.CANCELLED, State.DENIED])
def test_what_has_ended_takes_no_vote_and_keeps_its_state(state: State) -> None:
    """D32: an approval whose run is over still approved."""
    request = asked().ended(state)
    with pytest.raises(InputError, match=f"is already {state}"):
        request.cast(vote(request, "ben"))
    assert request.ended(State.APPROVED).state is state


@pytest.mark.parametrize(
    ("seal", "what"),
    [
        (Seal(OTHER, frozenset({"four_eyes@1"}), "bank"), "payload"),
        (Seal(SHA, frozenset({"four_eyes@2"}), "bank"), "policy version"),
        (Seal(SHA, frozenset({"four_eyes@1"}), "printer"), "recipient"),
    ],
)
def test_a_vote_made_for_something_else_is_void_and_says_so(seal: Seal, what: str) -> None:
    request = asked()
    with pytest.raises(InputError, match=f"void: it was made for another {what}"):
        request.cast(vote(request, "ben", seal=seal))


def test_names_and_reasons_are_asked_for() -> None:
    assert signed(" Ben ", " fine ") == ("Ben", "fine")
    for by, reason in (("", "x"), ("  ", "x"), ("a\x1b[2J", "x"), ("b" * 201, "x"), ("ben", " "), ("ben", "x" * 1001)):
        with pytest.raises(InputError):
            signed(by, reason)
    assert person("ẞen ") == person("ssen")


PEOPLE = st.sampled_from(["ann", "Ann", "ben", "BEN", "carla", "dan", "eve"])
ROLES = st.frozensets(st.sampled_from(["treasury", "risk", "sales"]))
NEEDS = st.lists(
    st.builds(
        ApprovalNeed, st.sampled_from(["a@1", "b@1", "c@1"]), st.frozensets(st.sampled_from(["treasury", "risk"])),
        st.integers(1, 3),
    ),
    min_size=1, max_size=3, unique_by=lambda need: need.policy,
)  # fmt: skip
SEALS = st.sampled_from(["now", "payload", "version"])
STEPS = st.lists(st.tuples(PEOPLE, ROLES, st.booleans(), SEALS), max_size=12)


@given(NEEDS, STEPS)
def test_only_distinct_eligible_people_ever_approve(needs: list[ApprovalNeed], steps) -> None:
    """Law: approved exactly when each need has its quorum of different people, not the sender, and nobody against."""
    request = asked(*needs)
    said: dict[str, list[frozenset[str]]] = {}
    refused = False
    for name, roles, approve, about in steps:
        seal = request.seal
        if about == "payload":
            seal = seal._replace(payload_sha256=OTHER)
        elif about == "version":
            seal = seal._replace(policies=frozenset({"z@9"}))
        eligible = (
            name.lower() != "ann" and about == "now" and any(not n.approvers or n.approvers & roles for n in needs)
        )
        over = request.state is not State.PENDING
        try:
            request = request.cast(Vote(name, roles, approve, "why", 0.0, seal))
        except InputError:
            assert over or not eligible or (approve and name.lower() in said)
            continue
        assert eligible
        assert not over
        refused = refused or not approve
        if approve:
            said[name.lower()] = [roles]
        enough = all(
            len([who for who, held in said.items() if any(not n.approvers or n.approvers & one for one in held)])
            >= n.quorum
            for n in needs
        )  # fmt: skip
        expected = State.DENIED if refused else State.APPROVED if enough else State.PENDING
        assert request.state is expected


# --- hashes ---


class Line(Value):
    text: str
    cents: int = 0


class Order(Payload, topic="approval.order"):
    amount: Decimal
    lines: tuple[Line, ...] = ()
    tags: frozenset[str] = frozenset()
    rate: float = 0.0
    raw: bytes = b""


class Double(Payload, topic="approval.double"):
    amount: Decimal
    lines: tuple[Line, ...] = ()
    tags: frozenset[str] = frozenset()
    rate: float = 0.0
    raw: bytes = b""


def test_a_hash_is_the_same_for_the_same_content_and_differs_for_any_other() -> None:
    order = Order(amount=Decimal("1.10"), lines=(Line(text="tea"),), tags=frozenset({"x", "y"}))
    assert digest(order) == digest(order.model_copy())
    others = [
        order.model_copy(update=change)
        for change in (
            {"amount": Decimal("1.11")}, {"lines": ()}, {"lines": (Line(text="tea", cents=1),)}, {"tags": frozenset()},
            {"rate": float("nan")}, {"rate": float("inf")}, {"raw": b"\xff"}, {"raw": b"\xfe"},
        )
    ]  # fmt: skip
    others.append(Double(**dict(order)))
    assert len({digest(one) for one in (order, *others)}) == len(others) + 1


@given(st.text(), st.text())
def test_two_texts_have_two_hashes(one: str, other: str) -> None:
    first, second = (
        Order(amount=Decimal(1), lines=(Line(text=one),)),
        Order(amount=Decimal(1), lines=(Line(text=other),)),
    )
    assert (digest(first) == digest(second)) == (one == other)


# --- edits of what was masked ---


def test_an_edit_keeps_what_its_editor_could_not_see_and_may_not_change_it() -> None:
    original = Order(amount=Decimal("1.10"), lines=(Line(text="card 4111111111111111"),), raw=b"\xff")
    masked = original.model_copy(update={"lines": (Line(text="card [card]"),)})
    shown, seen = fields_of(masked), HeldView(masked, frozenset({("lines", 0, "text")}))
    values = merged({**shown, "amount": "1.00"}, seen, original)
    assert Order.model_validate(values) == original.model_copy(update={"amount": Decimal("1.00")})
    for lines in ([], [{"text": "card [card]", "cents": 5}], [{"text": "mine", "cents": 0}]):
        with pytest.raises(InputError, match="masked for you, so it cannot be edited"):
            merged({**shown, "lines": lines}, seen, original)
    with pytest.raises(InputError, match="masked for you, so it cannot be edited"):
        merged({"amount": "1.00"}, seen, original)


def test_the_record_is_json_without_payload_text() -> None:
    request = asked(ApprovalNeed("p@1", frozenset({"b", "a"}), 2))
    request = request.cast(vote(request, "ben", "a"))
    record = json.loads(json.dumps(request.record()))
    assert record["needs"] == [{"policy": "p@1", "approvers": ["a", "b"], "quorum": 2}]
    assert record["votes"][0]["payload_sha256"] == SHA
    assert record["state"] == "pending"
