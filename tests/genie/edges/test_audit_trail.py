"""The audit trail: what is written is what is verified, and any single change of its bytes is found and named."""

from __future__ import annotations

import json
import os
import re
import stat
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genie.contracts.ports.audit import Audit, AuditRecord
from genie.edges.audit import trail as audit
from genie.edges.audit.records import MOST_LINE, START, body_of, chained, detail_text, joined, parted, record_of
from genie.edges.audit.trail import AuditSettings, AuditTrail, SegmentSettings
from genie.edges.audit.verify import records_of, verify
from genie.edges.identity.keys import generate, private_key, public_keys
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from genie.edges.audit.verify import Verified
    from genie.edges.identity.keys import PublicKey

AT = 1_700_000_000.0


def entry(number: int, **changes: Any) -> AuditRecord:
    values = {
        "at": AT + number / 1000, "kind": "verdict", "subject": "desk.question -> clerk", "by": "policy",
        "reason": "clearance: restricted", "run_id": "r-1", "message_id": f"m-{number}",
        "detail": {"verdict": "deny", "reasons": [{"policy": "clearance", "code": "restricted"}], "paths": ["text"]},
    }  # fmt: skip
    return AuditRecord(**{**values, **changes})


class Place:
    """A folder with a trail of several segments from two sessions, its keys and its anchor."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.trail, self.key, self.anchor = folder / "trail", folder / "audit.key", folder / "heads.jsonl"
        generate(self.key)
        options = {"key": self.key, "anchor": self.anchor, "segment": SegmentSettings(records=6), **options}
        self.settings = AuditSettings(path=self.trail, **options)

    def open(self) -> AuditTrail:
        return AuditTrail(self.settings, wall=lambda: AT)

    def write(self, *counts: int) -> None:
        number = 0
        for count in counts:
            with self.open() as trail:
                for _ in range(count):
                    trail.record(entry(number))
                    number += 1
                assert trail.failure is None

    @property
    def keys(self) -> Mapping[str, PublicKey]:
        return public_keys([self.key.with_name("audit.key.pub")])

    def verify(self, **options: Any) -> Verified:
        return verify([self.trail], keys=self.keys, anchor=self.anchor, **options)

    def files(self) -> list[Path]:
        return sorted(self.trail.glob("audit-*.jsonl"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_what_was_written_is_intact_signed_and_read_back(place: Place) -> None:
    place.write(11, 3)
    found = place.verify()
    assert found.intact, found.breaks
    assert found.files == len(place.files()) == 4
    assert found.heads == found.signed == 5  # three full segments, and the end of each session
    assert found.unsigned_tail == 0
    kept = list(records_of([place.trail], lambda record: record["kind"] == "verdict"))
    assert [one["message"] for one in kept] == [f"m-{number}" for number in range(14)]
    assert kept[3]["at"] == 1_700_000_000_003_000  # whole microseconds: exact in every reader
    assert kept[0]["detail"]["paths"] == ["text"]
    assert isinstance(place.open(), Audit)


def test_records_are_canonical_json(place: Place) -> None:
    place.write(2)
    for raw in place.files()[0].read_bytes().splitlines(keepends=True):
        line = parted(raw)
        assert line is not None
        assert line.body == json.dumps(json.loads(line.body), sort_keys=True, separators=(",", ":")).encode()


def test_only_the_owner_reads_files_and_keys(place: Place) -> None:
    place.write(1)
    for path in (*place.files(), place.key, place.anchor):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.trail.stat().st_mode) == 0o700


# --- tampering ---

CHANGES = st.one_of(
    st.tuples(st.just("edit"), st.floats(0, 1, exclude_max=True), st.integers(1, 255)),
    st.tuples(st.just("insert"), st.floats(0, 1), st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("delete"), st.floats(0, 1, exclude_max=True), st.integers(1, 600)),
    st.tuples(st.just("truncate"), st.floats(0, 1, exclude_max=True), st.just(0)),
    st.tuples(st.just("swap"), st.integers(0, 100), st.integers(0, 100)),
    st.tuples(st.just("drop line"), st.integers(0, 100), st.just(0)),
    st.tuples(st.just("repeat line"), st.integers(0, 100), st.integers(0, 100)),
    st.tuples(st.just("empty line"), st.integers(0, 100), st.just(0)),
)  # fmt: skip


def changed(content: bytes, how: str, first: Any, second: Any) -> bytes:
    lines = content.splitlines(keepends=True)
    at = int(first * len(content)) if isinstance(first, float) else first % len(lines)
    match how:
        case "edit":
            return content[:at] + bytes([content[at] ^ second]) + content[at + 1 :]
        case "insert":
            return content[:at] + second + content[at:]
        case "delete":
            return content[:at] + content[at + second :]
        case "truncate":
            return content[:at]
        case "swap":
            lines[at], lines[second % len(lines)] = lines[second % len(lines)], lines[at]
        case "drop line":
            del lines[at]
        case "repeat line":
            lines.insert(at, lines[second % len(lines)])
        case _:
            lines.insert(at, b"\n")
    return b"".join(lines)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("finished"))
    place.write(9, 5)
    return place


@pytest.mark.slow
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(which=st.integers(0, 2), change=CHANGES)
def test_any_single_change_of_a_finished_trail_is_found(finished: Place, which: int, change: Any) -> None:
    path = finished.files()[which]
    before = path.read_bytes()
    after = changed(before, *change)
    if after == before:
        return
    path.write_bytes(after)
    try:
        found = finished.verify()
    finally:
        path.write_bytes(before)
    assert not found.intact
    assert found.broken >= 1
    first = found.breaks[0]
    assert first.file
    assert finished.verify().intact


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(which=st.integers(0, 2), line=st.integers(0, 100), at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_an_edit_is_reported_at_its_line(finished: Place, which: int, line: int, at: float, bit: int) -> None:
    path = finished.files()[which]
    before = path.read_bytes()
    lines = before.splitlines(keepends=True)
    number = line % len(lines)
    body = lines[number]
    place = int(at * (len(body) - 1))  # the line feed stays
    flipped = bytes([body[place] ^ (1 << bit)])
    if flipped == b"\n":
        return
    lines[number] = body[:place] + flipped + body[place + 1 :]
    path.write_bytes(b"".join(lines))
    try:
        found = finished.verify()
    finally:
        path.write_bytes(before)
    assert (str(path), number + 1) in {(one.file, one.line) for one in found.breaks}


def rewritten(lines: list[bytes], *, heads: bool) -> bytes:
    """Return lines with hashes that fit again, as somebody who knows the format but has no key would make them."""
    chain, made = START, []
    for raw in lines:
        line = parted(raw)
        assert line is not None
        body = line.body
        if heads and b'"kind":"head"' in body:
            body = re.sub(rb'"chain":"[0-9a-f]{64}"', b'"chain":"' + chain + b'"', body)
        line = line._replace(body=body)
        chain = chained(chain, line.body)
        made.append(joined(chain, line.body))
    return b"".join(made)


def test_a_forger_without_the_key_is_found_by_the_signature(place: Place) -> None:
    place.write(3)
    path = place.files()[0]
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b'"verdict":"deny"', b'"verdict":"hold"')
    path.write_bytes(rewritten(lines, heads=False))
    assert [one.problem for one in verify([place.trail]).breaks] == ["the head does not name the record before it"]
    path.write_bytes(rewritten(lines, heads=True))
    assert verify([place.trail]).intact  # hashes alone prove nothing against whoever can make them
    found = verify([place.trail], keys=place.keys)
    assert [one.problem for one in found.breaks] == ["the signature of the head does not match the key"]


def test_a_cut_at_the_end_of_a_session_is_found_by_the_anchor(place: Place) -> None:
    place.settings = place.settings.model_copy(update={"segment": SegmentSettings()})
    place.write(2, 2)
    path = place.files()[0]
    lines = path.read_bytes().splitlines(keepends=True)
    ends = [number for number, line in enumerate(lines) if b'"closed":true' in line]
    path.write_bytes(b"".join(lines[: ends[0] + 1]))
    assert verify([place.trail], keys=place.keys).intact  # it ends with a good head, only too early
    found = place.verify()
    assert not found.intact
    assert "the trail was cut here" in found.breaks[0].problem
    assert found.breaks[0].line == ends[0] + 1


def test_lost_files_are_named(place: Place) -> None:
    place.write(20)
    files = place.files()
    files[1].unlink()
    assert any("1 files are missing" in one.problem for one in verify([place.trail]).breaks)
    files[0].unlink()
    assert any("does not begin here" in one.problem for one in verify([place.trail]).breaks)
    assert verify(files[2:], keys=place.keys).intact  # what is kept of it may be verified by naming its files


def test_keys_that_follow_each_other_are_both_needed(place: Place, tmp_path: Path) -> None:
    place.write(2)
    second = tmp_path / "second.key"
    generate(second)
    old = place.keys
    place.settings = place.settings.model_copy(update={"key": second})
    place.write(2)
    new = public_keys([tmp_path / "second.key.pub"])
    assert verify([place.trail], keys={**old, **new}).intact
    for one in (old, new):
        assert "a key that was not given" in verify([place.trail], keys=one).breaks[0].problem


# --- crashes ---


def crashed(place: Place, count: int, torn: bytes) -> None:
    """Leave a trail as a process does that is killed while it writes."""
    trail = place.open()
    trail.open()
    for number in range(count):
        trail.record(entry(number))
    trail._release()  # the handles go with the process
    with place.files()[-1].open("ab") as file:
        file.write(torn)


@settings(max_examples=40, deadline=None)
@given(count=st.integers(0, 14), torn=st.integers(0, 10_000))
def test_a_torn_last_line_is_cut_off_recorded_and_covered(
    tmp_path_factory: pytest.TempPathFactory, count: int, torn: int
) -> None:
    place = Place(tmp_path_factory.mktemp("crash"))
    line = b'{"chain":"' + b"a" * 64 + b'","record":{"at":1,"by":"policy"' * 10
    left = line[: torn % len(line)]
    crashed(place, count, left)
    assert not place.verify().intact
    place.write(2)
    found = place.verify()
    assert found.intact, found.breaks
    kept = list(records_of([place.trail], lambda record: record["kind"] == "verdict"))
    assert len(kept) == count + 2
    opened = [one["detail"] for one in records_of([place.trail], lambda record: record["kind"] == "opened")]
    assert sum("recovered" in one for one in opened) <= 1
    assert [one["dropped_bytes"] for one in opened if "dropped_bytes" in one] == ([len(left)] if left else [])


def test_a_trail_that_is_still_written_is_intact_so_far(place: Place) -> None:
    trail = place.open()
    with trail:
        trail.record(entry(1))
        assert not place.verify().intact
        found = place.verify(unfinished=True)
        assert found.intact
        assert found.unsigned_tail == 2


def test_there_is_one_writer(place: Place) -> None:
    with place.open(), pytest.raises(InputError, match="another process or runtime"):
        place.open().open()
    place.write(1)


def test_a_trail_damaged_at_its_end_is_not_written_on(place: Place) -> None:
    place.write(2)
    path = place.files()[0]
    content = path.read_bytes()
    path.write_bytes(content[:-20] + b"x" * 19 + b"\n")
    with pytest.raises(InputError, match="damaged at its end"):
        place.open().open()


# --- when it cannot be written ---


class FullDisk:
    """Writes what fits, then has no room."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.write = os.write

    def __call__(self, handle: int, content: bytes) -> int:
        fits = content[: self.room]
        if not fits:
            raise OSError(28, "No space left on device")
        self.room -= len(fits)
        return self.write(handle, fits)


@pytest.mark.parametrize("on_failure", ["deny", "continue"])
def test_a_full_disk_ends_the_writing_and_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, on_failure: str
) -> None:
    place = Place(tmp_path, on_failure=on_failure)
    trail = place.open()
    with trail:
        trail.record(entry(1))
        monkeypatch.setattr(audit.os, "write", FullDisk(100))
        for number in range(3):
            trail.record(entry(number))
        assert trail.lost == 3
        assert trail.failure is not None
        assert "No space left" in trail.failure
        assert trail.refusal == (trail.failure if on_failure == "deny" else None)
        monkeypatch.undo()
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    assert place.verify(unfinished=True).intact  # what stood half written was taken back
    place.write(1)
    assert place.verify().intact


# --- keys ---


def test_a_key_that_others_can_read_is_refused(place: Place) -> None:
    place.key.chmod(0o640)
    with pytest.raises(InputError, match="can be read by"):
        private_key(place.key)


def test_a_key_is_never_written_over_nor_shown(place: Place) -> None:
    with pytest.raises(InputError, match="exists already"):
        generate(place.key)
    secret = place.key.read_text().splitlines()[1]
    assert secret not in repr(private_key(place.key))
    assert secret not in repr(place.open().settings)


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\xff" * 99]
)
def test_what_is_no_key_is_refused_without_being_quoted(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InputError, match="no Ed25519 private key"):
        private_key(path)
    with pytest.raises(InputError):
        public_keys([path])


# --- details ---


class Odd:
    def __repr__(self) -> str:
        return "4111 1111 1111 1111"


def test_details_that_json_does_not_know_are_named_not_shown() -> None:
    text = detail_text({"set": frozenset({"b", "a"}), "odd": Odd(), "nan": float("nan")})
    assert json.loads(text) == {"nan": "nan", "odd": "<Odd>", "set": ["a", "b"]}


@given(st.dictionaries(st.text(max_size=20), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=20,
), max_size=6), st.text(max_size=5_000), st.text(max_size=2_000))  # fmt: skip
def test_any_record_has_a_canonical_line_of_bounded_length(
    detail: dict[str, object], subject: str, reason: str
) -> None:
    body = body_of(1, 2, "killed", subject, "ann", reason, None, None, detail_text(detail))
    assert len(body) < 2 * MOST_LINE
    record = record_of(body)
    assert record is not None
    assert record["seq"] == 1


def test_a_detail_that_is_too_long_is_named_by_its_size_and_hash() -> None:
    found = json.loads(detail_text({"paths": ["x" * 100] * 1000}))
    assert set(found) == {"cut_bytes", "sha256"}
