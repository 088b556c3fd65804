"""Lines of an audit trail: the quick reading of a record agrees with the slow one, for sound and changed bytes."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genie.edges.audit.records import body_of, detail_text, outline_of, record_of

TEXTS = st.text(max_size=12)
DETAILS = st.dictionaries(st.sampled_from(("policy", "kind", "b", "a")), st.one_of(TEXTS, st.integers(), st.none()))
BODIES = st.builds(
    lambda seq, at, kind, by, run, detail: body_of(seq, at, kind, "a -> b", by, "", run, None, detail_text(detail)),
    st.integers(0, 10**20), st.integers(-5, 10**16), TEXTS, TEXTS, st.one_of(st.none(), TEXTS), DETAILS,
)  # fmt: skip


def same(body: bytes) -> bool:
    """Compare both readings of a record's bytes; return True if it is one."""
    outline, record = outline_of(body), record_of(body)
    assert (outline is None) == (record is None)
    if outline is None or record is None:
        return False
    assert outline == (record["at"], record["by"], record["kind"], record["seq"])
    return True


@given(BODIES)
@settings(max_examples=200)
def test_a_sound_record_is_read_alike_by_pattern_and_parser(body: bytes) -> None:
    assert same(body)


@pytest.mark.slow
@given(BODIES, st.data())
@settings(max_examples=400)
def test_a_changed_record_is_refused_by_the_pattern_exactly_when_the_parser_refuses_it(
    body: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(body)))
    put = data.draw(st.one_of(st.binary(max_size=3), st.sampled_from((b" ", b'"', b"}", b',"kind":"x"', b"\\", b"00"))))
    same(body[:at] + put + body[at + data.draw(st.integers(0, 3)) :])


@example(
    b'{"at":1,"by":"","detail":{"b":1,"a":2},"kind":"","message":null,"reason":"","run":null,"seq":1,"subject":""}'
)
@example(
    b'{"at":1,"by":"","detail":{"a":1,"a":2},"kind":"","message":null,"reason":"","run":null,"seq":1,"subject":""}'
)
@example(b'{"at":01,"by":"","detail":{},"kind":"","message":null,"reason":"","run":null,"seq":1,"subject":""}')
@example(b'{"at":1,"by":"\x7f","detail":{},"kind":"","message":null,"reason":"","run":null,"seq":1,"subject":""}')
@example(b'{"at":1,"by":"","detail":{} ,"kind":"","message":null,"reason":"","run":null,"seq":1,"subject":""}')
@example(b'{"at":1,"by":"","detail":{},"kind":"","message":null,"reason":"","run":null,"seq":1,"subject":""}\n')
@given(st.just(b"{}"))
def test_a_record_that_is_not_canonical_is_refused(body: bytes) -> None:
    assert not same(body)
