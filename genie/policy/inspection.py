"""Inspectors: what looks into a message's strings once, behind one set of patterns, before policies judge."""

from __future__ import annotations

import functools
import itertools
import math
import operator
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from genie.contracts import text as fields
from genie.contracts.message import Finding, Inspection, Path, Payload, Value, topic_of
from genie.errors import PolicyError, class_name
from genie.policy.inspection_work import (
    AT_ONCE,
    LARGEST,
    MALFORMED,
    MAX_FINDINGS,
    REFUSED,
    TOO_LARGE,
    TOO_MANY,
    Read,
    ShapeError,
    TooManyError,
    TooMuchError,
    Work,
)
from genie.policy.inspector import (
    SLICE,
    Inspector,
    Masked,
    ShadowFinding,
    ShadowInspector,
    Slice,
    Span,
    StoppedError,
    confirmed,
    examined,
    never,
    shadowed,
    slices,
)

if TYPE_CHECKING:
    import hashlib

__all__ = (
    "LARGEST", "MAX_FINDINGS", "REFUSED", "SLICE", "TOO_LARGE", "TOO_MANY", "Inspector", "Inspectors", "ShadowFinding",
    "ShadowInspector", "Slice", "Span", "examined", "shadowed", "slices",
)  # fmt: skip

_CANARY = r"\z"
"""A pattern of every set that always matches: where nothing did, the set gave up, and the text is not known clean."""
_SMALL = 4096
_clean: dict[int, Inspection] = {}  # most messages are small and clean: those of one size share their inspection


_I = TypeVar("_I", Inspection, Inspection | None)
_Seen = tuple[tuple[type[Finding], tuple[Span, ...]], ...]
"""What is in one string."""
_ROUNDS = 4
"""Times that a string is masked and looked into again; then all of it is one finding."""
_KNOWN = 16_384
"""Strings of which is kept what is in them; the string itself is not, only a digest that nobody else can make."""
_KEY = os.urandom(16)
_label_of = operator.attrgetter("label")
_NOTHING_SEEN = Inspection(0)
_kept: Callable[[Value], tuple[object, Inspection]] = vars(Value)["_inspection"].__get__
"""Return view and inspection of a part; its own getter, since the class answers for a missing slot ten times slower."""
_keep = vars(Value)["_inspection"].__set__


class _View(NamedTuple):
    """The inspectors as one topic wants them."""

    inspectors: tuple[Inspector, ...]
    always: tuple[Inspector, ...]
    """Those that are asked though no pattern matches."""


class Inspectors:
    """All inspectors of a policy set behind one set of patterns.

    Args:
        inspectors: In order; each name once.
        max_bytes: Returns the size limit of a topic, None for a topic without one. Larger payloads are not scanned.
        max_findings: Findings after which a payload is not scanned further; those of shadow mode are not counted.
    """

    def __init__(
        self,
        inspectors: Iterable[Inspector],
        *,
        max_bytes: Callable[[str], int | None] | None = None,
        max_findings: int = MAX_FINDINGS,
    ) -> None:
        self._max_bytes = max_bytes
        self._max_findings = max_findings
        self._limits: dict[type[Value], float] = {}
        self._inspectors = tuple({inspector.name: inspector for inspector in inspectors}.values())
        self._folds = tuple(dict.fromkeys(inspector.fold for inspector in self._inspectors))
        self._owners: list[int] = []
        self._views: dict[tuple[Inspector, ...], _View] = {}  # findings kept with a value belong to one view only
        self._kinds: dict[type[Value], _View] = {}
        self._known: dict[_View, dict[bytes, _Seen]] = {}
        self._match: Callable[[bytes], list[int] | None] = self._compiled_patterns() or _nothing

    @property
    def look(self) -> bool:
        """False where there are no inspectors, so that nothing is ever found."""
        return bool(self._inspectors)

    def _compiled_patterns(self) -> Callable[[bytes], list[int] | None] | None:
        """Return what matches all patterns at once, noting whose each is; None where there are none."""
        if not self._inspectors:
            return None
        import re2  # noqa: PLC0415 - start-up: a program without inspectors needs no patterns

        options = re2.Options()
        options.log_errors = False
        options.max_mem = 64 << 20
        patterns = re2.Set.SearchSet(options)
        for number, inspector in enumerate(self._inspectors):
            for pattern in inspector.patterns:
                try:
                    patterns.Add(pattern)
                except re2.error as error:
                    raise PolicyError(inspector.name, f"a pattern does not compile: {error}") from None
                self._owners.append(number)
        if not self._owners:
            return None
        patterns.Add(_CANARY)
        try:
            patterns.Compile()
        except re2.error as error:
            raise PolicyError("inspectors", f"the patterns do not compile together: {error}") from None
        # The wrapped set where there is one: its wrapper asks every time whether it was given text or bytes, which
        # costs as much as half the search.
        match: Callable[[bytes], list[int] | None] = getattr(patterns, "_set", patterns).Match
        return match

    def _view(self, inspectors: tuple[Inspector, ...]) -> _View:
        always = tuple(inspector for inspector in inspectors if getattr(inspector, "always", False))
        return self._views.setdefault(inspectors, _View(inspectors, always))

    def _seen_by(self, kind: type[Value]) -> _View:
        """Return the inspectors for a payload's topic; a part of a payload by itself has none."""
        view = self._kinds.get(kind)
        if view is None:
            topic = topic_of(kind).name if issubclass(kind, Payload) else None
            narrowed = (getattr(one, "for_topic", None) if topic else None for one in self._inspectors)
            chosen = (one if own is None else own(topic) for one, own in zip(self._inspectors, narrowed, strict=True))
            view = self._kinds[kind] = self._view(tuple(chosen))
        return view

    def compiled(self, kind: type[Payload]) -> Callable[[Payload], Inspection]:
        """Return ``inspect`` for one class; for a class without long parts the whole path of a clean message."""
        return self._quick(kind, self.inspect, math.inf)

    def at_once(self, kind: type[Payload]) -> Callable[[Payload], Inspection | None]:
        """Return ``compiled`` with None for a payload of more text than may be looked into while everything waits."""
        return self._quick(kind, self._inspect_at_once, SLICE) if self._inspectors else self.compiled(kind)

    def _quick(self, kind: type[Payload], slow: Callable[[Payload], _I], most: float) -> Callable[[Payload], _I]:
        reader = fields.reader(kind)
        if reader.bulky or self._seen_by(kind).always:
            return slow
        told, match, scalar, limit = reader.told, self._match, fields.SCALAR_BYTES, min(self._limit(kind), most)

        if reader.flat is not None:
            strings, runs, scalars_ = reader.flat
            join, least = fields.SEPARATOR.join, scalar * scalars_

            def inspect_flat(payload: Any) -> _I:  # the same by hand: benchmarks.instructions, 0.6 % a message
                try:
                    if payload._validated:  # noqa: SLF001 - the constructor's mark; a property would cost a call
                        values = payload.__dict__
                        text, size = join(strings(values)), least
                        for run in runs:
                            size += scalar * len(values[run])
                        size += len(text)
                        if size <= limit and text.isascii() and len(match(text.encode()) or ()) == 1:
                            return _clean.get(size) or _clean_of(size)
                except Exception:  # noqa: BLE001 - fail closed: the slow path names what failed
                    return slow(payload)
                return slow(payload)

            return inspect_flat

        def inspect(payload: Payload) -> _I:
            try:
                text, scalars = told(payload)
                size = len(text) + scalar * scalars
                if size <= limit and text.isascii() and len(match(text.encode()) or ()) == 1:  # the canary alone
                    return _clean.get(size) or _clean_of(size)
            except Exception:  # noqa: BLE001 - fail closed: the slow path names what failed
                return slow(payload)
            return slow(payload)

        return inspect

    def inspect(self, payload: Value, *, stop: Callable[[], bool] = never) -> Inspection:
        """Return what is in a payload; never raises, because an inspector that fails makes policies deny.

        Args:
            payload: A payload, or a part of one.
            stop: Returns True when nobody wants to know any more; asked between two slices, from the calling thread.
        """
        return self._inspected(payload, Work(stop=stop)) or Inspection(0, failed=StoppedError.__name__)

    def _inspect_at_once(self, payload: Value) -> Inspection | None:
        return self._inspected(payload, Work(SLICE, AT_ONCE))

    def _inspected(self, payload: Value, work: Work) -> Inspection | None:
        try:
            return self._inspect(payload, self._seen_by(type(payload)), work, self._limit(type(payload)))
        except TooMuchError:
            return None
        except Exception as error:  # noqa: BLE001 - fail closed: the failure becomes part of the inspection
            return Inspection(0, failed=class_name(error) if _sound(payload) else MALFORMED)

    def _limit(self, kind: type[Value]) -> float:
        """Return the size limit of a payload class in bytes."""
        limit = self._limits.get(kind)
        if limit is None:
            stated = self._max_bytes(topic_of(kind).name) if self._max_bytes and issubclass(kind, Payload) else None
            largest = LARGEST if self._inspectors else math.inf
            limit = self._limits[kind] = largest if stated is None else min(stated, largest)
        return limit

    def size_of(self, payload: Value) -> int:
        """Return the size of a payload in bytes as its inspection states it, without looking into its strings."""
        return self._read(payload, self._seen_by(type(payload))).size

    def _read(self, value: Value, view: _View) -> Read:
        """Return the strings of a value, and what is known of the parts that are read apart.

        Raises:
            ShapeError: It is not what its class declares.
        """
        reader = fields.reader(type(value))
        if not reader.sound(value):
            raise ShapeError
        parts: list[str] = []
        scalars = reader.read(value, parts)
        text = fields.SEPARATOR.join(parts)
        size = fields.SCALAR_BYTES * scalars
        size += len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))
        inside: list[tuple[Path, Value, Inspection | Read]] = []
        for name in reader.bulky:
            held = getattr(value, name)
            several = type(held) is tuple
            for at, part in enumerate(held) if several else ((0, held),):
                try:
                    of, seen = _kept(part)
                except AttributeError:  # nobody has looked into it
                    of, seen = None, _NOTHING_SEEN
                path = (name, at) if several else (name,)
                if of is not view:
                    read = self._read(part, view)
                    size += read.size
                    inside.append((path, part, read))
                else:
                    size += seen.size_bytes
                    if seen.findings or seen.failed is not None:
                        inside.append((path, part, seen))
        return Read(value, reader.bulky, parts, text, size, inside)

    def _inspect(self, payload: Value, view: _View, work: Work, limit: float) -> Inspection:
        try:
            read = self._read(payload, view)
        except ShapeError:
            return Inspection(0, failed=MALFORMED)
        if read.size > limit:
            return Inspection(read.size, failed=TOO_LARGE)
        texts: list[str] = []
        read.collect(texts)
        text = fields.SEPARATOR.join(texts) if len(texts) > 1 else texts[0]
        work.look(len(text))
        # One search for all that is new; only where something matches is it said of each part by itself.
        asked = self._asked(text, view, sure=False)
        return self._concluded(read, view, asked if len(texts) == 1 or not asked else None, work)

    def _concluded(self, read: Read, view: _View, asked: dict[Inspector, None] | None, work: Work) -> Inspection:
        """Return what is in a value, and keep with each of its parts what is in that.

        Args:
            read: The value.
            view: The inspectors of its topic.
            asked: Those that its strings are shown to; None where that is not known.
            work: What may still be done.
        """
        found: list[Finding] = []
        own = self._asked(read.text, view, sure=False) if asked is None else asked
        if own:
            try:
                found = self._examine(read.value, read.parts, read.skip, view, own, work)
            except TooManyError:
                return Inspection(read.size, failed=TOO_MANY)
        for path, part, known in read.inside:
            if type(known) is Read:
                known = self._concluded(known, view, asked, work)  # noqa: PLW2901 - what is known by now
                _keep(part, (view, known))  # an immutable part, however many messages carry it
            findings, failed = known.findings, known.failed  # type: ignore[union-attr]  # no longer unread
            if findings or failed is not None:
                found += [finding._replace(path=(*path, *finding.path)) for finding in findings]
                if failed is not None or self._exceeds(found):
                    return Inspection(read.size, failed=failed or TOO_MANY)
        if not found:
            return _clean.get(read.size) or _clean_of(read.size)
        return Inspection(read.size, tuple(found), max(map(_label_of, found)))

    def _asked(self, text: str, view: _View, *, sure: bool = True) -> dict[Inspector, None]:
        """Return the inspectors that a text is shown to; where it need not be sure, all whose patterns match."""
        if not text.isascii():
            text = fields.SEPARATOR.join(dict.fromkeys(fold(text) for fold in self._folds))  # each distinct form once
        hits = self._match(text.encode())
        if not hits:
            raise MemoryError("the patterns ran out of memory on a text")
        if len(hits) == 1 and not view.always:  # the canary alone
            return {}
        owners, last = self._owners, len(self._owners)
        named = dict.fromkeys([view.inspectors[owners[hit]] for hit in sorted(hits) if hit < last] + list(view.always))
        return {one: None for one in named if not sure or confirmed(one, text)}

    def _exceeds(self, found: Sequence[Finding]) -> bool:
        """Return True for more findings than the limit; those of shadow mode stop nothing."""
        acting = len(found)
        if acting > self._max_findings:
            acting -= sum(type(finding) is ShadowFinding for finding in found)
        return acting > self._max_findings

    def _examine(
        self, payload: Value, parts: list[str], skip: tuple[str, ...], view: _View, asked: Iterable[Inspector],
        work: Work,
    ) -> list[Finding]:  # fmt: skip
        """Return what is in a payload's strings, which are ``parts``; where each stands is looked up only then.

        Raises:
            TooManyError: There are more findings than the limit.
        """
        known = self._known_spans(parts, view, tuple(asked), work)
        if not known:
            return []
        found: list[Finding] = []
        new: Callable[..., Finding] = tuple.__new__
        for part in fields.texts(payload, skip=skip, only=known):
            path, maskable = part.path, part.maskable
            for made, spans in known[part.text]:
                found += [  # a NamedTuple's own constructor takes twice as long
                    new(made, (kind, path, start, end, label, maskable, score))
                    for kind, start, end, label, score in spans
                ]
            if len(found) > self._max_findings and self._exceeds(found):
                raise TooManyError
        return found

    def _known_spans(
        self, parts: Iterable[str], view: _View, asked: tuple[Inspector, ...], work: Work
    ) -> dict[str, _Seen]:
        """Return the strings in which something is, with what is in them.

        Most strings hold nothing, a statement says the same again and again, and the messages of one run carry much
        the same strings.
        """
        known, digest = self._known.setdefault(view, {}), _digest()
        found: dict[str, _Seen] = {}
        unknown: dict[str, bytes] = {}
        left = self._max_findings
        for text in dict.fromkeys(parts):
            key = digest(text.encode(errors="surrogatepass"), digest_size=16, key=_KEY).digest()
            spans = known.get(key)
            if spans is None:
                unknown[text] = key
            elif spans:
                found[text] = spans
        work.examine(sum(map(len, unknown)))
        for batch in _batches(unknown):
            work.look(0)
            for text, spans in self._batch_spans(batch, view, asked, left, work):
                if len(known) >= _KNOWN:
                    known.clear()
                known[unknown[text]] = spans
                if spans:
                    found[text] = spans
                    left -= sum([len(some) for made, some in spans if made is Finding])
            if left < 0:
                raise TooManyError
        return found

    def _batch_spans(
        self, texts: list[str], view: _View, asked: tuple[Inspector, ...], left: int, work: Work
    ) -> Iterator[tuple[str, _Seen]]:
        """Yield strings with what is in them; whoever examines many strings at once gets all of them."""
        together = [one for one in asked if len(texts) > 1 and hasattr(one, "examine_all")]
        all_spans = {one: one.examine_all(texts) for one in together}
        one_by_one = len(together) < len(asked)
        for at, text in enumerate(texts):
            # The patterns say who looks: examining a string costs ten times as much.
            wanted = self._asked(text, view) if one_by_one else {}
            seen: list[tuple[type[Finding], tuple[Span, ...]]] = []
            acting: list[Span] = []
            for inspector in view.inspectors:
                spans: Iterable[Span] = ()
                if inspector in all_spans:
                    spans = all_spans[inspector][at]
                elif inspector in wanted:
                    spans = examined(inspector, text, stop=work.stop)
                some = tuple(itertools.islice(spans, self._max_findings + 1))
                if not some:
                    continue
                made = ShadowFinding if isinstance(inspector, ShadowInspector) else Finding
                seen.append((made, some))
                if made is Finding:
                    acting += some
                    if len(acting) > left:
                        raise TooManyError
            more = self._left_over(text, acting, view, left - len(acting), work) if acting else ()
            yield text, tuple([*seen, (Finding, tuple(more))] if more else seen)

    def _left_over(self, text: str, seen: Sequence[Span], view: _View, left: int, work: Work) -> list[Span]:
        """Return what is found in a string only once all that was found before is masked, until nothing is.

        Raises:
            TooManyError: There are more findings than may be.
        """
        more: list[Span] = []
        spans = list(seen)
        for _ in range(_ROUNDS):
            shown = Masked(text, spans)
            wanted = [one for one in self._asked(shown.text, view) if not isinstance(one, ShadowInspector)]
            found = [span for one in wanted for span in examined(one, shown.text, stop=work.stop)]
            fresh = [span for span in map(shown.original, found) if span is not None]
            if not fresh:
                return more
            more += fresh
            spans += fresh
            if len(more) > left:
                raise TooManyError
        label = max(span.label for span in spans)
        return [*more, Span(max(spans, key=lambda span: span.label).kind, 0, len(text), label)]


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Yield the strings in groups of about the size of a slice; a longer string is a group by itself."""
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and size + len(text) > SLICE:
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


@functools.cache
def _digest() -> type[hashlib.blake2b]:
    import hashlib  # noqa: PLC0415 - start-up: loads OpenSSL, which a program without inspectors needs not

    return hashlib.blake2b


def _clean_of(size: int) -> Inspection:
    inspection = Inspection(size)
    if size < _SMALL:
        _clean[size] = inspection
    return inspection


def _nothing(_text: bytes) -> list[int]:
    return [0]  # the canary


def _sound(payload: Value) -> bool:
    """Return False for a payload that is not what its class declares, where that can be said."""
    try:
        return fields.reader(type(payload)).sound(payload)
    except Exception:  # noqa: BLE001 - the first error is the one that is named
        return True
