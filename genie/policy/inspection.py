"""Inspectors: what looks into a message's strings once, behind one set of patterns, before policies judge."""

from __future__ import annotations

import functools
import itertools
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from genie.contracts import text as fields
from genie.contracts.classification import Classification
from genie.contracts.message import Finding, Inspection, Payload, Value, topic_of
from genie.errors import PolicyError, class_name

if TYPE_CHECKING:
    import hashlib


class Span(NamedTuple):
    """What an inspector found in one string."""

    kind: str
    start: int
    end: int
    label: Classification
    score: float = 1.0
    """How sure the inspector is, in [0, 1]."""


class Inspector(Protocol):
    """Finds something in strings. One pass over all of a message's text decides whether it is asked at all.

    What an inspector may say of itself beyond this protocol: ``for_topic(topic)`` returns the inspector of one topic,
    with the same name and patterns but for instance another threshold; ``always = True`` has it asked of every message;
    ``confirm(text)`` returns False for folded text in which there is nothing although one of its patterns matches;
    ``examine_all(texts)`` returns what ``examine`` returns for each of many strings, in less time;
    ``reach`` is the longest finding in characters, with the text around it that it depends on, so that long strings are
    examined in slices that overlap by it.
    """

    name: ClassVar[str]
    version: ClassVar[str]

    @property
    def patterns(self) -> tuple[str, ...]:
        """RE2 patterns; a text in which none matches has no finding. They see text folded by ``fold``."""
        ...

    def fold(self, text: str) -> str:
        """Bring text to the form that the patterns are written for; called only for text that is not ASCII.

        Inspectors that share one function here (``fold = staticmethod(fold)``) have the text folded once for all.
        """
        ...

    def examine(self, text: str) -> Iterable[Span]:
        """Return what is in one string, with positions in that string as it is."""
        ...


class ShadowFinding(Finding):
    """What only a policy in shadow mode looks for: its label is public, and nothing is masked because of it."""

    __slots__ = ()


class ShadowInspector:
    """An inspector that only policies in shadow mode ask: it can neither fail a message nor raise its label."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self.name = inspector.name  # type: ignore[misc]  # that of the inspector inside
        self.version = inspector.version  # type: ignore[misc]  # as above
        self.always = bool(getattr(inspector, "always", False))
        self.reach: int | None = getattr(inspector, "reach", None)

    name: ClassVar[str]
    version: ClassVar[str]

    def confirm(self, text: str) -> bool:
        """Return what the inspector inside answers; an inspector that fails confirms nothing."""
        try:
            return _confirmed(self._inspector, text)
        except Exception:  # noqa: BLE001 - as above
            return False

    def for_topic(self, topic: str) -> Inspector:
        """Return the inspector of a topic, in shadow mode as well."""
        own = getattr(self._inspector, "for_topic", None)
        return self if own is None else ShadowInspector(own(topic))

    @property
    def patterns(self) -> tuple[str, ...]:
        """Patterns that the inspector inside finds."""
        return self._inspector.patterns

    def fold(self, text: str) -> str:
        """Return the text as the inspector inside compares it."""
        try:
            return self._inspector.fold(text)
        except Exception:  # noqa: BLE001 - shadow mode never acts, not even by failing
            return text

    def examine(self, text: str) -> Iterable[Span]:
        """Yield what the inspector inside finds, without a label."""
        try:
            return [span._replace(label=Classification.PUBLIC) for span in self._inspector.examine(text)]
        except Exception:  # noqa: BLE001 - as above
            return ()


def shadowed(inspector: Inspector) -> Inspector:
    """Return an inspector whose findings only policies in shadow mode hear of."""
    return ShadowInspector(inspector)


_CANARY = r"\z"
"""A pattern of every set that always matches: where nothing did, the set gave up, and the text is not known clean."""
_SMALL = 4096
_clean: dict[int, Inspection] = {}  # most messages are small and clean: those of one size share their inspection


TOO_LARGE = "payload_size"
"""``Inspection.failed`` of a payload above the size limit of its topic: nothing was scanned."""
TOO_MANY = "findings_limit"
"""``Inspection.failed`` of a payload with more findings than the limit: the rest was not scanned."""
MALFORMED = "payload_shape"
"""``Inspection.failed`` of a payload that is not what its class declares: it was made past validation."""
REFUSED = {
    MALFORMED: "the payload is not what its class declares: a field is missing, unknown, or of another type",
    TOO_LARGE: "the payload was not inspected: it is above the size limit of its topic; send less, or raise the limit",
    TOO_MANY: "the payload was not inspected to its end: it has more findings than one message may have; send less",
}
"""Why an inspection was refused, by its code; any other ``failed`` is the name of an error."""
MAX_FINDINGS = 50_000
"""Findings of one payload; a statement of 10,000 rows with an account, a card and an address in each has 30,000."""
SLICE = 65_536
"""Characters that an inspector examines in one call, where it states its ``reach``."""


class Slice(NamedTuple):
    """A part of a long text."""

    start: int
    """First character to examine."""
    end: int
    """One past the last character to examine."""
    first: int
    """Findings that start here or later, ..."""
    last: int
    """... and before here, belong to this slice."""


def slices(length: int, size: int, overlap: int) -> Iterator[Slice]:
    """Yield the slices of a text; a finding that is no longer than the overlap lies whole in the slice it belongs to.

    Args:
        length: Characters of the text.
        size: Characters that belong to one slice, at least 1.
        overlap: Characters examined before and after them.
    """
    for first in range(0, length, size):
        last = min(first + size, length)
        yield Slice(max(0, first - overlap), min(last + overlap, length), first, last)


def examined(inspector: Inspector, text: str, *, size: int = SLICE) -> Iterator[Span]:
    """Yield what an inspector finds in a string; slice by slice where the string is long and the inspector allows it.

    Args:
        inspector: Any.
        text: One string.
        size: Characters of one slice.
    """
    reach = getattr(inspector, "reach", None)
    if reach is None or len(text) <= size:
        yield from inspector.examine(text)
        return
    for part in slices(len(text), size, reach):
        at, first, last = part.start, part.first - part.start, part.last - part.start
        for kind, start, end, label, score in inspector.examine(text[at : part.end]):
            if first <= start < last:
                yield Span(kind, start + at, end + at, label, score)


class _TooManyError(Exception):
    """A payload has more findings than the limit."""


_Seen = tuple[tuple[type[Finding], Span], ...]
"""What is in one string."""
_KNOWN = 16_384
"""Strings of which is kept what is in them; the string itself is not, only a digest that nobody else can make."""
_KEY = os.urandom(16)


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
        reader = fields.reader(kind)
        if reader.bulky or self._seen_by(kind).always:
            return self.inspect
        told, match, scalar, limit = reader.told, self._match, fields.SCALAR_BYTES, self._limit(kind)

        def inspect(payload: Payload) -> Inspection:
            try:
                text, scalars = told(payload)
                size = len(text) + scalar * scalars
                if size <= limit and text.isascii() and len(match(text.encode()) or ()) == 1:  # the canary alone
                    return _clean.get(size) or _clean_of(size)
            except Exception:  # noqa: BLE001 - fail closed: the slow path names what failed
                return self.inspect(payload)
            return self.inspect(payload)

        return inspect

    def inspect(self, payload: Value) -> Inspection:
        """Return what is in a payload; never raises, because an inspector that fails makes policies deny."""
        try:
            limit = self._limit(type(payload))
            if limit != math.inf and (size := self.size_of(payload)) > limit:
                return Inspection(size, failed=TOO_LARGE)
            return self._inspect(payload, self._seen_by(type(payload)))
        except Exception as error:  # noqa: BLE001 - fail closed: the failure becomes part of the inspection
            return Inspection(0, failed=class_name(error))

    def _limit(self, kind: type[Value]) -> float:
        """Return the size limit of a payload class in bytes."""
        limit = self._limits.get(kind)
        if limit is None:
            stated = self._max_bytes(topic_of(kind).name) if self._max_bytes and issubclass(kind, Payload) else None
            limit = self._limits[kind] = math.inf if stated is None else stated
        return limit

    def size_of(self, payload: Value) -> int:
        """Return the size of a payload in bytes as its inspection states it, without looking into its strings."""
        reader = fields.reader(type(payload))
        parts: list[str] = []
        size = fields.SCALAR_BYTES * reader.read(payload, parts) + max(0, len(parts) - 1) * len(fields.SEPARATOR)
        size += sum(len(part) if part.isascii() else len(part.encode(errors="surrogatepass")) for part in parts)
        for name in reader.bulky:
            part = getattr(payload, name)
            kept: tuple[object, Inspection] | None = getattr(part, "_inspection", None)
            size += self.size_of(part) if kept is None or kept[1].failed is not None else kept[1].size_bytes
        return size

    def _inspect(self, payload: Value, view: _View) -> Inspection:
        reader = fields.reader(type(payload))
        if not reader.sound(payload):
            return Inspection(0, failed=MALFORMED)
        parts: list[str] = []
        scalars = reader.read(payload, parts)
        text = fields.SEPARATOR.join(parts)
        size = len(text) + fields.SCALAR_BYTES * scalars
        if not text.isascii():
            size += len(text.encode(errors="surrogatepass")) - len(text)
        asked = self._asked(text, view, sure=len(text) <= _SMALL)
        if not asked and not reader.bulky:
            return _clean.get(size) or _clean_of(size)
        try:
            found = self._examine(payload, parts, reader.bulky, view, asked) if asked else []
        except _TooManyError:
            return Inspection(size, failed=TOO_MANY)
        for name in reader.bulky:
            kept = self._kept(getattr(payload, name), view)
            size += kept.size_bytes
            found += [finding._replace(path=(name, *finding.path)) for finding in kept.findings]
            if kept.failed is not None or self._exceeds(found):
                return Inspection(size, failed=kept.failed or TOO_MANY)
        return Inspection(size, tuple(found), max((f.label for f in found), default=Classification.PUBLIC))

    def _asked(self, text: str, view: _View, *, sure: bool = True) -> dict[Inspector, None]:
        """Return the inspectors that a text is shown to; where it need not be sure, all whose patterns match."""
        if not text.isascii():
            text = fields.SEPARATOR.join(dict.fromkeys(fold(text) for fold in self._folds))  # each distinct form once
        hits = self._match(text.encode())
        if not hits:
            raise MemoryError("the patterns ran out of memory on a text")
        owners, last = self._owners, len(self._owners)
        named = dict.fromkeys([view.inspectors[owners[hit]] for hit in sorted(hits) if hit < last] + list(view.always))
        return {one: None for one in named if not sure or _confirmed(one, text)}

    def _kept(self, value: Value, view: _View) -> Inspection:
        """Return the inspection of an immutable part, made once however many messages carry it."""
        kept: tuple[object, Inspection] | None = getattr(value, "_inspection", None)
        if kept is None or kept[0] is not view:
            kept = (view, self._inspect(value, view))
            object.__setattr__(value, "_inspection", kept)
        return kept[1]

    def _exceeds(self, found: Sequence[Finding]) -> bool:
        """Return True for more findings than the limit; those of shadow mode stop nothing."""
        acting = len(found)
        if acting > self._max_findings:
            acting -= sum(type(finding) is ShadowFinding for finding in found)
        return acting > self._max_findings

    def _examine(
        self, payload: Value, parts: list[str], skip: tuple[str, ...], view: _View, asked: Iterable[Inspector]
    ) -> list[Finding]:
        """Return what is in a payload's strings, which are ``parts``; where each stands is looked up only then.

        Raises:
            _TooManyError: There are more findings than the limit.
        """
        known = self._known_spans(parts, view, tuple(asked))
        if not known:
            return []
        found: list[Finding] = []
        for part in fields.texts(payload, skip=skip, only=known):
            path, maskable = part.path, part.maskable
            found += [
                made(kind, path, start, end, label, maskable, score)
                for made, (kind, start, end, label, score) in known[part.text]
            ]
            if len(found) > self._max_findings and self._exceeds(found):
                raise _TooManyError
        return found

    def _known_spans(self, parts: Iterable[str], view: _View, asked: tuple[Inspector, ...]) -> dict[str, _Seen]:
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
        for batch in _batches(unknown):
            for text, spans in self._batch_spans(batch, view, asked, left):
                if len(known) >= _KNOWN:
                    known.clear()
                known[unknown[text]] = spans
                if spans:
                    found[text] = spans
                    left -= sum(made is Finding for made, _ in spans)
            if left < 0:
                raise _TooManyError
        return found

    def _batch_spans(
        self, texts: list[str], view: _View, asked: tuple[Inspector, ...], left: int
    ) -> Iterator[tuple[str, _Seen]]:
        """Yield strings with what is in them; whoever examines many strings at once gets all of them."""
        together = [one for one in asked if len(texts) > 1 and hasattr(one, "examine_all")]
        all_spans = {one: one.examine_all(texts) for one in together}
        one_by_one = len(together) < len(asked)
        for at, text in enumerate(texts):
            # The patterns say who looks: examining a string costs ten times as much.
            wanted = self._asked(text, view) if one_by_one else {}
            seen: list[tuple[type[Finding], Span]] = []
            acting = 0
            for inspector in view.inspectors:
                spans: Iterable[Span] = ()
                if inspector in all_spans:
                    spans = all_spans[inspector][at]
                elif inspector in wanted:
                    spans = examined(inspector, text)
                made = ShadowFinding if isinstance(inspector, ShadowInspector) else Finding
                pairs = [(made, span) for span in itertools.islice(spans, self._max_findings + 1)]
                acting += len(pairs) if made is Finding else 0
                if acting > left:
                    raise _TooManyError
                seen += pairs
            yield text, tuple(seen)


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


def _confirmed(inspector: Inspector, text: str) -> bool:
    confirm = getattr(inspector, "confirm", None)
    return confirm is None or confirm(text)


def _clean_of(size: int) -> Inspection:
    inspection = Inspection(size)
    if size < _SMALL:
        _clean[size] = inspection
    return inspection


def _nothing(_text: bytes) -> list[int]:
    return [0]  # the canary
