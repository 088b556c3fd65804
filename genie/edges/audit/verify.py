"""Verifying an audit trail: every line's hash, form and number, every head's signature, the anchor, the end.

Each file is verified on its own, because its first record names the chain value that it continues; then the files are
compared with each other. A line that does not continue the chain is reported with its file and number, and the next
lines are compared with the present form of that line, so one change is reported once, at its place.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.edges.audit.records import MOST_LINE, START, chained, outline_of, parted, record_of, signed_bytes
from genie.edges.audit.segments import segment_files, segment_number
from genie.errors import InputError

if TYPE_CHECKING:
    from genie.edges.identity.keys import PublicKey

MOST_BREAKS = 100
"""Number of breaks that are listed; the rest are counted."""
MANY_BYTES = 32 << 20
"""Size from which the command verifies a trail in several processes."""
Mapped = Callable[[Callable[[Path], Any], Sequence[Path]], Iterable[Any]]
"""``map``, or a function with its signature."""
_LONGEST = 2 * MOST_LINE


class Break(NamedTuple):
    """One place at which a trail differs from what was written."""

    file: str
    line: int
    """From 1; 0 for the file as a whole."""
    seq: int | None
    """Number of the record at that place, if it can be read."""
    problem: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.problem}" + ("" if self.seq is None else f" (record {self.seq})")


@dataclass(frozen=True, slots=True)
class Verified:
    """Result of a verification."""

    intact: bool
    files: int
    records: int
    heads: int
    signed: int
    """Number of heads whose signature was checked against a given key."""
    unsigned_tail: int
    """Number of records after the last head: of a running or crashed writer, or left after a cut."""
    unsigned_s: float
    """Seconds between the first and the last of these."""
    trail: str | None
    last_seq: int
    broken: int
    breaks: tuple[Break, ...]
    """The first ``MOST_BREAKS`` breaks."""


class _Head(NamedTuple):
    line: int
    seq: int
    body: bytes


@dataclass(slots=True)
class _Scan:
    """Findings on one file."""

    path: Path
    trail: str | None = None
    segment: int | None = None
    previous: bytes = b""
    first_seq: int = 0
    chain: bytes = b""
    seq: int = 0
    lines: int = 0
    headed: bool = False
    closed: bool = False
    since_head: int = 0
    at_us: int = 0
    unsigned_us: int = 0
    """Time of the first record after the last head."""
    signed: int = 0
    heads: list[_Head] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)

    def note(self, problem: str, seq: int | None = None, *, line: int | None = None) -> None:
        self.breaks.append(Break(str(self.path), self.lines if line is None else line, seq, problem))


def verify(
    paths: Sequence[Path],
    *,
    keys: Mapping[str, PublicKey] | None = None,
    anchor: Path | None = None,
    unfinished: bool = False,
    mapped: Mapped = map,
) -> Verified:
    """Verify a trail.

    Args:
        paths: Its folder, or consecutive files of it if older ones are stored elsewhere.
        keys: Public keys by id; without them signatures are not checked.
        anchor: The file with copies of its heads: each must be in the trail.
        unfinished: The trail is still written, or its writer crashed: records after the last head are not a break.
        mapped: How the files are verified: one after the other, or in parallel with ``spread``.

    Raises:
        InputError: A path cannot be read, or is not an audit trail.
    """
    files, whole = _files(paths)
    scans = list(mapped(_scan, files))
    if keys is not None:
        for scan in scans:
            _signatures(scan, keys)
    breaks = [one for scan in scans for one in scan.breaks]
    breaks += _junctions(scans, whole=whole)
    breaks += _ending(scans, unfinished=unfinished)
    if anchor is not None:
        breaks += _anchored(anchor, scans, keys)
    last = scans[-1]
    tail, since_us = 0, last.at_us
    for scan in reversed(scans):
        tail += scan.since_head
        since_us = scan.unsigned_us if scan.since_head else since_us
        if scan.heads:
            break
    unsigned_s = max(0, last.at_us - since_us) / 1e6
    return Verified(
        not breaks, len(files), sum(scan.lines for scan in scans), sum(len(scan.heads) for scan in scans),
        sum(scan.signed for scan in scans), tail, unsigned_s, last.trail, last.seq, len(breaks),
        tuple(breaks[:MOST_BREAKS]),
    )  # fmt: skip


@contextmanager
def spread(paths: Sequence[Path]) -> Iterator[Mapped]:
    """Verify the files of a large trail in several processes: a million lines are CPU-bound.

    The processes are forked, so this is for a program of one thread, such as the command.
    """
    size = sum(file.stat().st_size for file in _files(paths)[0])
    processors = os.cpu_count() or 1
    if size < MANY_BYTES or processors < 2 or not hasattr(os, "fork"):
        yield map
        return
    import multiprocessing  # noqa: PLC0415 - for large trails alone
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - as above

    with ProcessPoolExecutor(min(processors, 8), mp_context=multiprocessing.get_context("fork")) as pool:
        yield pool.map


def _files(paths: Sequence[Path]) -> tuple[list[Path], bool]:
    """Return the files in order, and whether they are the whole trail."""
    whole = len(paths) == 1 and paths[0].is_dir()
    files = [file for path in paths for file in (segment_files(path) if path.is_dir() else [path])]
    for path in files:
        if not path.is_file():
            problem = "is not a regular file" if path.exists() else "there is no such file"
            raise InputError(str(path), problem, "name the folder of an audit trail")
        if segment_number(path) is None:
            raise InputError(str(path), "is not a file of an audit trail", "such files are named audit-000001.jsonl")
    if not files:
        raise InputError(
            str(paths[0]) if paths else "no path", "holds no audit trail", "write one with `genie run --audit`"
        )
    return sorted(files, key=lambda path: segment_number(path) or 0), whole


def files_of(paths: Iterable[Path]) -> list[Path]:
    """Return a trail's files in order.

    Raises:
        InputError: As ``verify``.
    """
    return _files(tuple(paths))[0]


def lines_of(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file unchanged, each cut at one byte above the limit of a line.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            while line := file.readline(_LONGEST):
                yield line
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})", "check the path") from None


def _scan(path: Path) -> _Scan:
    """Check one file separately."""
    scan = _Scan(path)
    for raw in lines_of(path):
        scan.lines += 1
        line = parted(raw)
        outline = None if line is None else outline_of(line.body)
        if line is None or outline is None:
            torn = not raw.endswith(b"\n")
            scan.note("the last line is incomplete" if torn else "is not a valid line of an audit trail")
            if line is not None:
                scan.chain = line.chain
            continue
        seq = outline.seq
        if scan.lines == 1:
            _first(scan, record_of(line.body) or {"detail": {}, "kind": "", "seq": seq})
        if seq != scan.seq + 1 or line.chain != chained(scan.chain, line.body):
            _unfollowed(scan, seq)
        before, scan.chain, scan.seq = scan.chain, line.chain, seq
        scan.since_head += 1
        scan.at_us = outline.at
        if scan.since_head == 1:
            scan.unsigned_us = scan.at_us
        scan.headed = outline.kind == "head" and outline.by == "audit"
        if scan.headed:
            detail = (record_of(line.body) or {"detail": {}})["detail"]
            scan.heads.append(_Head(scan.lines, seq, line.body))
            scan.since_head = 0
            scan.closed = detail.get("closed") is True
            if detail.get("chain") != before.decode("ascii", "replace"):
                scan.note("the head does not name the record before it", seq)
    if not scan.lines:
        scan.note("is empty")
    return scan


def _first(scan: _Scan, record: Mapping[str, Any]) -> None:
    """Take the starting position from a file's first record."""
    detail = record["detail"]
    scan.first_seq, scan.seq = record["seq"], record["seq"] - 1
    if record["kind"] != "opened" or type(detail.get("previous")) is not str or type(detail.get("segment")) is not int:
        scan.note("does not begin with the record that opens a segment", record["seq"])
        return
    scan.trail, scan.segment, scan.previous = str(detail.get("trail")), detail["segment"], detail["previous"].encode()
    scan.chain = scan.previous
    if scan.segment != segment_number(scan.path):
        scan.note(f"has the name of another segment; it is segment {scan.segment}", record["seq"])


def _unfollowed(scan: _Scan, seq: int) -> None:
    """Report a line that does not follow from the one before it."""
    missing = seq - scan.seq - 1
    if missing > 0:
        scan.note(f"{missing} record{'s are' if missing > 1 else ' is'} missing before it", seq)
    elif missing < 0:
        scan.note(f"is in the wrong place: it follows record {scan.seq}", seq)
    else:
        scan.note("was changed: it does not match its hash", seq)


def _signatures(scan: _Scan, keys: Mapping[str, PublicKey]) -> None:
    """Check the heads of a file against the trail, and their signatures."""
    for head in scan.heads:
        record = record_of(head.body) or {"detail": {}}
        detail = dict(record["detail"])
        signature, key = detail.pop("signature", None), detail.get("key")
        problem = None
        if key is None or signature is None:
            problem = "the head is not signed"
        elif str(key) not in keys:
            problem = f"the head is signed by a key that was not given ({key})"
        elif not keys[key].verifies(str(signature), signed_bytes(detail)):
            problem = "the signature of the head does not match the key"
        elif (detail.get("seq"), detail.get("trail")) != (head.seq - 1, scan.trail):
            problem = "the head was signed for another position"
        if problem is None:
            scan.signed += 1
        else:
            scan.note(problem, head.seq, line=head.line)


def _junctions(scans: Sequence[_Scan], *, whole: bool) -> Iterator[Break]:
    """Yield places where one file does not continue the one before it."""
    first = scans[0]
    if whole and first.lines and (first.segment, first.previous, first.first_seq) != (1, START, 1):
        yield Break(str(first.path), 1, first.first_seq or None, "the trail does not begin here: older files are gone")
    for before, after in pairwise(scans):
        at, seq = str(after.path), after.first_seq or None
        if not after.lines or not before.lines:
            continue
        if after.trail != before.trail:
            yield Break(at, 1, seq, f"belongs to another trail than {before.path.name}")
        elif before.segment is not None and after.segment is not None and after.segment != before.segment + 1:
            yield Break(at, 1, seq, f"{after.segment - before.segment - 1} files are missing before it")
        elif after.previous != before.chain or after.first_seq != before.seq + 1:
            yield Break(at, 1, seq, f"does not continue the end of {before.path.name}, which ends at {before.seq}")
        if not before.headed:
            yield Break(str(before.path), before.lines, before.seq, "the segment ends without its head")


def _ending(scans: Sequence[_Scan], *, unfinished: bool) -> Iterator[Break]:
    last = scans[-1]
    if unfinished or not last.lines or (last.headed and last.closed):
        return
    after = (
        f"{last.since_head} records follow the last head"
        if last.since_head
        else "the last head does not close the trail"
    )
    yield Break(
        str(last.path), last.lines, last.seq,
        f"the trail does not end here: {after}; it was cut, its writer crashed, or it is still being written (--open)",
    )  # fmt: skip


def _anchored(anchor: Path, scans: Sequence[_Scan], keys: Mapping[str, PublicKey] | None) -> Iterator[Break]:
    """Yield the heads of the anchor that are missing in the trail."""
    heads = {head.seq: head.body for scan in scans for head in scan.heads}
    first, last = scans[0].first_seq, scans[-1]
    for number, raw in enumerate(lines_of(anchor), 1):
        record = record_of(raw[:-1]) if raw.endswith(b"\n") else None
        if record is None or record["kind"] != "head":
            yield Break(str(anchor), number, None, "is not a valid head of an audit trail")
            continue
        seq = record["seq"]
        if heads.get(seq) == raw[:-1]:
            continue
        if record["detail"].get("trail") != last.trail:
            yield Break(str(anchor), number, seq, "is the head of another trail")
        elif seq > last.seq:
            yield Break(str(last.path), last.lines, last.seq, f"the trail was cut here: the anchor has its head {seq}")
        elif seq >= first:
            signed = "" if keys is None else _by_whom(record, keys)
            yield Break(str(anchor), number, seq, f"the trail does not have this head{signed}")


def _by_whom(record: Mapping[str, Any], keys: Mapping[str, PublicKey]) -> str:
    detail = dict(record["detail"])
    signature, key = str(detail.pop("signature", "")), keys.get(str(detail.get("key")))
    good = key is not None and key.verifies(signature, signed_bytes(detail))
    return ", which is signed: the trail was changed" if good else ", and its signature is not valid"


def records_of(paths: Iterable[Path], wanted: Callable[[Mapping[str, Any]], bool]) -> Iterator[dict[str, Any]]:
    """Yield the records of a trail that ``wanted`` selects, in order; invalid lines are left out.

    Raises:
        InputError: As ``verify``.
    """
    for path in files_of(paths):
        for raw in lines_of(path):
            line = parted(raw)
            record = None if line is None else record_of(line.body)
            if record is not None and wanted(record):
                yield record
