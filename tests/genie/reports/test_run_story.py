"""The story of a run, from the lines of its journal: every delivery with its verdict, bounded, and nothing hostile."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from genie.contracts.rendering import Diagram, Link, Node, Paragraph
from genie.reports.html.diagram import placed
from genie.reports.html.page import Page, whole_page
from genie.reports.run_record import LONGEST, MOST_DELIVERIES, MOST_MESSAGES, MOST_STEPS, RunRecord
from genie.reports.run_story import run_report
from genie.reports.terminal import report_lines

HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"><!--\u202e\x1b[2J"


def line(number: int, kind: str, **more: Any) -> dict[str, Any]:
    given = {
        "number": number, "at": number / 100, "kind": kind, "run_id": "r-1", "message_id": "m-1", "topic": "shop.order",
        "sender": "desk", "recipient": None, "reason": None, "detail": {},
    }  # fmt: skip
    return given | more


def accepted(number: int, message: str = "m-1", **more: Any) -> dict[str, Any]:
    told = {"causation_id": None, "label": "internal", "payload": {"text": "hello"}, "findings": [], "masked": []}
    return line(number, "accepted", message_id=message, **(told | {"withheld": None} | more))


def judged(number: int, verdict: str, recipient: str, **more: Any) -> dict[str, Any]:
    reason = {"policy": "pii", "version": "2", "verdict": verdict, "code": "pii", "text": "found an IBAN"}
    detail = {"reasons": [reason], "paths": ["text"]}
    return line(number, "judged", reason=verdict, recipient=recipient, detail=detail, **more)


POLICIES = {
    "number": 0, "kind": "policies", "run_id": None,
    "detail": {"policies": ["pii@2", "clearance@1"], "policy_set": "abc", "environment": "production"},
}  # fmt: skip


def record(*lines: dict[str, Any]) -> RunRecord:
    found = RunRecord()
    for one in lines:
        found.add(one)
    return found


def told(found: RunRecord) -> list[str]:
    return list(report_lines(run_report(found)))


def row(found: RunRecord, recipient: str) -> str:
    """Return the row of a delivery in the table of deliveries."""
    start = rf"shop\.order +desk +{recipient} +(allow|deny|redact|hold)"
    return next(one for one in told(found) if re.search(start, one))


def test_each_delivery_is_seen_with_its_verdict_and_its_end() -> None:
    found = record(
        POLICIES,
        accepted(1),
        line(2, "started", recipient="stock"),
        judged(3, "deny", "ads"),
        line(4, "denied", recipient="ads", reason="pii: found an IBAN"),
        judged(5, "redact", "mail"),
        line(6, "handled", recipient="mail"),
        judged(7, "hold", "bank"),
        line(8, "held", recipient="bank", reason="hold-1"),
        line(9, "handled", recipient="stock"),
    )
    assert re.search(r"allow +none of 2 policies objected +handled", row(found, "stock"))
    assert re.search(r"deny +pii: found an IBAN.* denied", row(found, "ads"))
    assert re.search(r"redact +pii: found an IBAN; masked: text +handled", row(found, "mail"))
    assert re.search(r"hold +pii: found an IBAN.*held", row(found, "bank"))
    assert told(found)[0] == "1 message, 4 deliveries: 2 let through, 1 denied, 1 held."
    assert found.verdicts == {"allow": 1, "deny": 1, "redact": 1, "hold": 1}


def test_a_run_without_policies_does_not_claim_to_be_judged() -> None:
    none = POLICIES | {"detail": {"policies": [], "policy_set": "", "environment": ""}}
    found = record(none, accepted(1), line(2, "started", recipient="stock"), line(3, "handled", recipient="stock"))
    assert "no policy is in force" in row(found, "stock")
    assert "judged before" not in "\n".join(told(found))


def page(found: RunRecord) -> str:
    report = run_report(found)
    return whole_page(Page(title="A run", head=(Paragraph(report.headline, "answer"),), sections=report.sections))


def test_hostile_text_in_any_field_stays_text() -> None:
    reason = dict.fromkeys(("policy", "version", "verdict", "code", "text"), HOSTILE)
    finding = {"kind": HOSTILE, "path": [HOSTILE], "start": 0, "end": 1, "label": HOSTILE}
    given = dict.fromkeys(("run_id", "message_id", "topic", "sender", "recipient", "reason"), HOSTILE)
    first = {
        "kind": "policies",
        "detail": dict.fromkeys(("policy_set", "environment"), HOSTILE) | {"policies": [HOSTILE]},
    }
    sent = given | {"recipient": None, "causation_id": HOSTILE, "label": HOSTILE, "withheld": HOSTILE}
    found = record(
        first,
        line(1, "accepted", **sent, payload={HOSTILE: HOSTILE}, findings=[finding], masked=[[HOSTILE]]),
        line(2, "judged", **(given | {"detail": {"reasons": [reason], "paths": [HOSTILE]}})),
        line(3, "retrying", **given),
        line(4, HOSTILE, **given),
    )
    shown = page(found)
    assert "<img" not in re.sub(r"<script\b.*?</script>", "", shown, flags=re.DOTALL)
    charts = re.findall(r'<script type="application/json" id="charts">(.*?)</script>', shown)
    assert "<" not in charts[0]
    assert "\u202e" not in shown
    assert "\x1b" not in shown
    assert not any(char in one for one in told(found) for char in "\u202e\x1b")


@pytest.mark.parametrize("value", [None, 7, True, [], {}, [[]], "x" * 100_000, {"reasons": 3, "paths": [{}]}, 1e400])
def test_a_line_of_any_shape_is_read(value: Any) -> None:
    names = [*accepted(1), "detail", "at"]
    for kind in ("accepted", "judged", "started", "policies"):
        for name in names:
            strange = accepted(2, recipient="a") | {"kind": kind, name: value}
            found = record(line(1, "started", recipient="stock"), strange)
            assert len(page(found)) < 400_000


def test_a_large_run_is_bounded_and_says_what_it_leaves_out() -> None:
    many = 6_000
    lines: list[dict[str, Any]] = []
    for number in range(many):
        lines.append(accepted(number, f"m-{number}", sender=f"agent {number}", payload={"text": "x" * (2 * LONGEST)}))
        lines.append(line(number, "started", message_id=f"m-{number}", recipient=f"agent {number + 1}"))
    found = record(POLICIES, *lines)
    assert len(found.sent) == MOST_MESSAGES
    assert len(found.deliveries) == MOST_DELIVERIES
    assert len(found.steps) == MOST_STEPS
    assert all(len(one.payload) == LONGEST for one in found.sent.values())
    shown = page(found)
    assert len(shown) < 1_500_000
    assert f"{many - MOST_MESSAGES:,} messages" in shown
    assert f"{2 * many - MOST_STEPS:,} steps" in shown
    assert f"and {many - 100:,} more messages" in shown
    assert "The page has no room for this payload" in shown


def test_what_the_reader_may_not_see_is_named_and_not_shown() -> None:
    found = record(accepted(1, payload=None, withheld="deny(clearance)"), accepted(2, "m-2", masked=[["text"]]))
    shown = page(found)
    assert "deny(clearance)" in shown
    assert "Masked for you" in shown


def test_a_question_and_its_answer_are_one_arrow() -> None:
    nodes = tuple(map(Node, ("caller", "desk", "reader", "clerk")))
    links = (Link(0, 1, "ask"), Link(1, 2, "read"), Link(2, 1, "found", "bad"), Link(2, 3, "pass"), Link(3, 1, "done"))
    drawn = placed(Diagram(nodes, links))
    assert [box.x for box in drawn.boxes] == sorted(box.x for box in drawn.boxes)
    assert [(arrow.both, arrow.back, arrow.tone) for arrow in drawn.arrows] == [
        (False, False, "plain"), (True, False, "bad"), (False, False, "plain"), (False, True, "plain"),
    ]  # fmt: skip


def test_the_lines_are_json() -> None:
    """What a test builds is what a file holds."""
    assert json.loads(json.dumps(accepted(1))) == accepted(1)


def test_arrows_between_boxes_of_one_column_run_beside_it() -> None:
    """Was: below the column, behind other boxes and over each other, and each answer as an arrow of its own."""
    nodes = tuple(Node(name) for name in ("loop", "desk", "reader", "writer"))
    pairs = ((0, 1), (0, 2), (0, 3), (2, 1), (1, 2), (3, 1), (1, 3))
    drawn = placed(Diagram(nodes, tuple(Link(start, end, "task") for start, end in pairs)))
    beside = drawn.arrows[3:]
    right = drawn.boxes[1].x + drawn.box
    assert [(arrow.both, arrow.back) for arrow in beside] == [(True, False)] * 2
    assert all(arrow.path.startswith(f"M{right} ") and arrow.path.split()[-2] == f"{right}" for arrow in beside)
    assert drawn.width > right + 40


def test_six_columns_of_long_names_fit_a_sheet_and_are_whole() -> None:
    """Was: one line a name, so that a sheet of paper shrank the letters to half their size."""
    names = ("caller:local", "finance_desk", "subscription_detector", "normaliser", "categoriser", "analyser")
    links = tuple(Link(place, place + 1, "task") for place in range(len(names) - 1))
    drawn = placed(Diagram(tuple(map(Node, names)), links))
    assert drawn.width < 950
    assert tuple("".join(box.lines) for box in drawn.boxes) == names
    assert drawn.boxes[2].lines == ("subscription_", "detector")
