"""Records that are written as text say what the same records say as values, whatever names and payloads hold."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie import Payload
from genie.backend.ids import IdSource
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.gather import Each
from genie.contracts.headers import Headers
from genie.contracts.message import Inspection, Value, stamp
from genie.inflight.accounting import RunState, Scope
from genie.inflight.gather import Asker, Gather, GatherSpec
from genie.journal.bodies import body_of, checked, packed
from genie.journal.facts import NotKeptError, caller_of, headers_of, payload_of
from genie.journal.lines import (
    Handlers,
    RecordLines,
    Shared,
    Tail,
    ended_line,
    followed,
    head_of,
    line_of,
    records_of,
    run_line,
    scope_line,
)


class Inside(Value):
    note: str = ""


class Said(Payload, topic="lines.said"):
    text: str
    share: float = 0.0
    inside: tuple[Inside, ...] = ()


class Other(Payload, topic="lines.other"):
    text: str = ""


ANY = st.text(max_size=20)
"""Any text but half of a surrogate pair, which no payload of text and no name holds."""
WORDS = st.one_of(
    ANY, st.sampled_from(['","kind":"closed"}', "\\", '\\"', "\u2028\x00\x7f", "}{", '{"kind":"left"}', "é𝄞"])
)
CALLERS = st.builds(Caller, user=WORDS, tenant=st.none() | WORDS, region=st.none() | WORDS, roles=st.frozensets(WORDS))
HEADERS = st.builds(
    Headers, tenant=st.none() | WORDS, user=st.none() | WORDS, roles=st.frozensets(WORDS, max_size=3),
    region=st.none() | WORDS, classification=st.sampled_from(Classification),
)  # fmt: skip
PAYLOADS = st.builds(
    Said, text=WORDS, share=st.floats(allow_nan=False, allow_infinity=False),
    inside=st.lists(st.builds(Inside, note=WORDS), max_size=2).map(tuple),
)  # fmt: skip
NUMBERS = st.integers(1, 2**53)


def run_of(number: int, caller: Caller, deadline: float = math.inf) -> RunState:
    asker = Asker(caller.card(), caller.headers(), caller)
    return RunState(number, IdSource("p"), asker, asker.headers, deadline, 12.25)


def read(shared: Shared, *lines: str) -> dict[str, Any]:
    """Return the record of the last line, as it is read from a batch."""
    return records_of([*shared.lines, *lines])[-1]


@given(
    PAYLOADS, HEADERS, WORDS, st.none() | WORDS, NUMBERS, st.sampled_from(Classification), st.lists(WORDS, max_size=3)
)
def test_a_message_comes_back_as_it_was(
    payload: Said, headers: Headers, sender: str, to: str | None, number: int, label: Classification, agents: list[str]
) -> None:
    run = run_of(number, Caller())
    scope = Scope(run, number + 1, run.root, None)
    message = stamp(number + 2, payload, sender, to, scope, number, 3, headers, label, Inspection(0))
    tail = Tail(Said, agents)
    for shared in (first := Shared(), first, Shared()):  # told, told already, and told again in the next batch
        record = read(shared, tail.line(message, head_of(scope), number, shared))
        assert payload_of(record, {"lines.said@1": Said}) == payload
        assert headers_of(record["headers"]) == headers
        assert {name: record[name] for name in record.keys() - {"payload", "headers"}} == {
            "kind": "message", "run": number, "number": number + 2, "scope": number + 1, "topic": "lines.said@1",
            "us": number, "sender": sender, "to": to, "cause": number, "hops": 3, "label": label.label,
            "plan": agents if to is None else [to],
        }  # fmt: skip
    edit = read(first, tail.line(message, head_of(scope), 5, first, edit=True))
    assert (edit["plan"], edit["edit"], edit["to"]) == ([], True, to)


@given(CALLERS, NUMBERS, st.floats(0, 4e9))
def test_a_run_comes_back_as_it_was(caller: Caller, number: int, deadline: float) -> None:
    shared = Shared()
    record = read(shared, run_line(run_of(number, caller, deadline), 1_000_000_000.0, shared))
    assert caller_of(record["caller"]) == caller
    assert abs(record["deadline"] - 1_000_000_000.0 - deadline) < 3e-6
    assert record["started"] == 1_000_000_012.25
    assert read(shared, run_line(run_of(number, caller), 0.0, shared))["deadline"] is None
    assert read(shared, f"[0,{number}]") == {"kind": "closed", "run": number}


@given(NUMBERS, WORDS, st.sampled_from(["handled", "denied"]), WORDS, st.none() | st.dictionaries(WORDS, NUMBERS))
def test_an_outcome_comes_back_as_it_was(
    run: int, name: str, outcome: str, code: str, drawn: dict[str, int] | None
) -> None:
    shared, delivery = Shared(), f"p-{run:x}@{name}"
    more = {"drawn": drawn or {}, "us": run, "times": [1.5]}
    wanted = {"kind": "ended", "run": run, "delivery": delivery, "outcome": outcome, "code": code, **more}
    assert read(shared, ended_line(run, delivery, outcome, code, more)) == wanted
    by = shared.add(Handlers("p")[name])
    assert read(shared, f"[2,{run},{run},{run},7,{by}]") == {
        "kind": "ended", "run": run, "delivery": delivery, "outcome": "handled", "code": "", "drawn": {}, "us": run,
        "took": 7,
    }  # fmt: skip


@given(st.lists(WORDS, max_size=3, unique=True))
def test_a_scope_comes_back_with_what_its_asker_expects(members: list[str]) -> None:
    run, shared = run_of(1, Caller()), Shared()
    assert read(shared, scope_line(run.root, shared))["expect"] is None
    for asked in (Said, Other):  # the same form, asked for by two questions
        spec = GatherSpec((Each(Said, of=asked), Other), "all", lambda _: members, asked)
        run.root.gather = Gather(spec)
        name = "lines.said@1" if asked is Said else "lines.other@1"
        assert read(shared, scope_line(run.root, shared)) == {
            "kind": "scope", "run": 1, "scope": 1, "parent": None, "owner": None, "need": len(members) + 1,
            "expect": [
                {"topic": "lines.said@1", "each": True, "of": name, "members": members},
                {"topic": "lines.other@1", "each": False},
            ],
            "asked": name,
        }  # fmt: skip


RECORDS = st.lists(st.fixed_dictionaries({
    "kind": st.sampled_from(["run", "message", "closed", "ended"]), "run": NUMBERS, "number": NUMBERS,
    "text": st.text(st.characters(), max_size=9) | st.sampled_from(["\ud800", "a\udfffb"]),
    "value": st.none() | st.booleans() | st.floats(allow_nan=False) | st.lists(NUMBERS, max_size=2),
}), min_size=1, max_size=5)  # fmt: skip


@given(RECORDS)
def test_a_batch_reads_the_same_from_lines_and_from_values(records: list[dict[str, Any]]) -> None:
    told = RecordLines.of_all([records])
    assert list(told) == records
    assert (len(told), told[0], told[-1:]) == (len(records), records[0], records[-1:])
    assert (told.opened, told.closed, told.highest) == followed(records)
    assert checked("log", 1, *body_of(told.lines, 1))[0] == records
    assert checked("log", 1, *packed(records, b""))[0] == records


@given(st.recursive(st.none() | st.text(st.characters()) | st.integers(), st.lists))
def test_any_value_of_json_is_a_line(value: object) -> None:
    line = line_of(value)
    assert "\n" not in line
    assert json.loads(line) == value


def test_a_value_of_a_subclass_is_not_cut_to_the_fields_of_its_class() -> None:
    class Base(Value):
        note: str

    class Holder(Payload, topic="lines.holder"):
        inside: Base

    class More(Base):
        amount: int

    run = run_of(1, Caller())
    holder = Holder(inside=More(note="n", amount=5))
    message = stamp(2, holder, "a", None, run.root, 1, 0, Headers(), Classification.PUBLIC, Inspection(0))
    with pytest.raises(NotKeptError):
        Tail(Holder, ()).line(message, head_of(run.root), 5, Shared())
