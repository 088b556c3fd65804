"""Runs the inspectors over a message's strings, once and with one common set of patterns, before policies judge."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from genie.contracts import text as fields
from genie.contracts.maskable import is_maskable
from genie.contracts.message import Finding, Inspection, Path, Payload, Value, topic_of
from genie.errors import PolicyError, class_name
from genie.policy.examination import Examiner, TooManyError, TooMuchError, View, Work
from genie.policy.inspection_input import (
    AT_ONCE,
    LARGEST,
    MALFORMED,
    MAX_FINDINGS,
    REFUSED,
    TOO_LARGE,
    TOO_MANY,
    Read,
    ShapeError,
)
from genie.policy.inspector import (
    SLICE,
    Inspector,
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
from genie.policy.pattern_sets import SHORT, PatternSets

__all__ = (
    "LARGEST", "MAX_FINDINGS", "REFUSED", "SLICE", "TOO_LARGE", "TOO_MANY", "Inspector", "Inspectors", "ShadowFinding",
    "ShadowInspector", "Slice", "Span", "examined", "shadowed", "slices",
)  # fmt: skip

_MEMORY = 64 << 20  # maximum memory of an automaton, in bytes
_SHORT = 512
"""Length in characters up to which the inspectors' ``confirm`` is called at once for a text with a match: looking up
the cached findings of its strings costs more."""
_LONG = 4096
"""Length in characters from which the patterns of each inspector are searched separately, up to the first match. A
common automaton needs a new state for almost every character of text such as keys and base64."""
_SMALL = 4096
_clean: dict[int, Inspection] = {}  # most messages are small and clean: those of the same size share one inspection


_I = TypeVar("_I", Inspection, Inspection | None)
_label_of = operator.attrgetter("label")
_NOTHING_SEEN = Inspection(0)
_kept: Callable[[Value], tuple[object, Inspection]] = vars(Value)["_inspection"].__get__
"""Return view and inspection of a part. Uses its own getter, because the class handles a missing slot ten times
slower."""
_keep = vars(Value)["_inspection"].__set__


class Inspectors:
    """All inspectors of a policy set, with one common set of patterns.

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
        self._owners: list[list[int]] = []
        self._views: dict[tuple[Inspector, ...], View] = {}  # findings stored with a value belong to one view only
        self._kinds: dict[type[Value], View] = {}
        self._sets = self._pattern_sets()
        self._apart: list[Callable[[bytes], object]] = []  # for long text, compiled at first use
        self._latest: tuple[str, View | None, dict[Inspector, None]] = ("", None, {})
        """Inspectors of the latest short text with a match: a pure function of the text."""
        self._unread = View((), ())
        """View of parts of which only the shape was checked."""
        self._examiner = Examiner(self._asked, max_findings)

    @property
    def look(self) -> bool:
        """False if there are no inspectors, so that there are never findings."""
        return bool(self._inspectors)

    def needless(self, kind: type[Payload]) -> bool:
        """Return True if there are no inspectors, and the constructor's mark shows that a payload is well-formed."""
        reader = fields.reader(kind)
        return not self._inspectors and reader.flat is not None and not reader.bulky

    def _pattern_sets(self) -> PatternSets:
        """Return the sets of all patterns, each once, and record whose each is."""
        owners: dict[str, list[int]] = {}
        for number, inspector in enumerate(self._inspectors):
            for pattern in inspector.patterns:
                owners.setdefault(pattern, []).append(number)
        self._owners = list(owners.values())
        try:
            return PatternSets(owners)
        except ValueError as error:
            raise PolicyError(*self._at_fault(error)) from None

    def _at_fault(self, error: ValueError) -> tuple[str, str]:
        """Return whose pattern does not compile, and why."""
        for inspector in self._inspectors:
            for pattern in inspector.patterns:
                try:
                    PatternSets([pattern])
                except ValueError as own:
                    return inspector.name, f"a pattern does not compile: {own}"
        return "inspectors", f"the patterns do not compile together: {error}"

    def _view(self, inspectors: tuple[Inspector, ...]) -> View:
        always = tuple(inspector for inspector in inspectors if getattr(inspector, "always", False))
        return self._views.setdefault(inspectors, View(inspectors, always))

    def _seen_by(self, kind: type[Value]) -> View:
        """Return the inspectors for a payload's topic; a part of a payload has none of its own."""
        view = self._kinds.get(kind)
        if view is None:
            topic = topic_of(kind).name if issubclass(kind, Payload) else None
            narrowed = (getattr(one, "for_topic", None) if topic else None for one in self._inspectors)
            chosen = (one if own is None else own(topic) for one, own in zip(self._inspectors, narrowed, strict=True))
            view = self._kinds[kind] = self._view(tuple(chosen))
        return view

    def compiled(self, kind: type[Payload]) -> Callable[[Payload], Inspection]:
        """Return ``inspect`` for one class.

        For a class without long parts, this is the whole path of a clean message.
        """
        return self._quick(kind, self.inspect, math.inf)

    def at_once(self, kind: type[Payload]) -> Callable[[Payload], Inspection | None]:
        """Return ``compiled``, with None for a payload with more text than may be scanned on the loop."""
        return self._quick(kind, self._inspect_at_once, SLICE) if self._inspectors else self.compiled(kind)

    def shaped(self, kind: type[Payload]) -> Callable[[Payload], Inspection]:
        """Return a check of only the shape of a payload, for sets without policies, which need no size."""
        sound, bulky, view = fields.reader(kind).sound, fields.reader(kind).bulky, self._unread
        known = (view, _NOTHING_SEEN)

        def is_sound(value: Value, names: tuple[str, ...]) -> bool:
            for name in names:
                held = getattr(value, name)
                for part in held if type(held) is tuple else (held,):
                    try:
                        if _kept(part)[0] is view:
                            continue
                    except AttributeError:  # not inspected yet
                        pass
                    of = fields.reader(type(part))
                    if not (of.sound(part) and is_sound(part, of.bulky)):
                        return False
                    _keep(part, known)
            return True

        def look(payload: Payload) -> Inspection:
            try:
                if sound(payload) and is_sound(payload, bulky):
                    return _NOTHING_SEEN
            except BaseException:  # noqa: BLE001 - fail closed: the slow path names what failed
                return self.inspect(payload)
            return self.inspect(payload)

        return look

    def _quick(self, kind: type[Payload], slow: Callable[[Payload], _I], most: float) -> Callable[[Payload], _I]:
        reader, view = fields.reader(kind), self._seen_by(kind)
        if reader.bulky or view.always:
            return slow
        limit = min(self._limit(kind), most, _LONG)
        if reader.flat is not None:
            return self._quick_flat(reader.flat, view, slow, limit)
        match, clean, is_clean = self._sets.match, self._sets.clean, self._sets.is_clean
        told, scalar, denied = reader.told, fields.SCALAR_BYTES, self._denied

        def inspect(payload: Payload) -> _I:
            try:
                text, scalars = told(payload)
                size = len(text) + scalar * scalars
                if size <= limit and text.isascii():
                    data = text.encode()
                    known = match(data) == clean if len(data) <= SHORT else is_clean(data)
                    if known or denied(text, data, view):
                        return _clean.get(size) or _clean_of(size)
            except BaseException:  # noqa: BLE001 - fail closed: the slow path names what failed
                return slow(payload)
            return slow(payload)

        return inspect

    def _quick_flat(
        self, flat: fields.Flat, view: View, slow: Callable[[Payload], _I], limit: float
    ) -> Callable[[Payload], _I]:
        """The same written out, for a class that is read by field name: benchmarks.instructions, 0.6 % a message."""
        strings, join, runs, scalars = flat
        match, clean, is_clean = self._sets.match, self._sets.clean, self._sets.is_clean
        scalar, least, denied = fields.SCALAR_BYTES, fields.SCALAR_BYTES * scalars, self._denied

        def inspect_flat(payload: Any) -> _I:
            try:
                if payload._validated:  # noqa: SLF001 - the constructor's mark; a property would cost a call
                    values = payload.__dict__
                    text, size = join(strings(values)), least
                    for run in runs:
                        size += scalar * len(values[run])
                    size += len(text)
                    if size <= limit and text.isascii():
                        data = text.encode()
                        known = match(data) == clean if len(data) <= SHORT else is_clean(data)
                        if known or denied(text, data, view):
                            return _clean.get(size) or _clean_of(size)
            except BaseException:  # noqa: BLE001 - fail closed: the slow path names what failed
                return slow(payload)
            return slow(payload)

        return inspect_flat

    def inspect(self, payload: Value, *, stop: Callable[[], bool] = never) -> Inspection:
        """Return the findings of a payload; never raises, because policies deny if an inspector fails.

        Args:
            payload: A payload, or a part of one.
            stop: Returns True once the result is no longer needed; called between two slices, in the calling thread.
        """
        return self._inspected(payload, Work(stop=stop)) or Inspection(0, failed=StoppedError.__name__)

    def _inspect_at_once(self, payload: Value) -> Inspection | None:
        return self._inspected(payload, Work(SLICE, AT_ONCE))

    def _inspected(self, payload: Value, work: Work) -> Inspection | None:
        try:
            return self._inspect(payload, self._seen_by(type(payload)), work, self._limit(type(payload)))
        except TooMuchError:
            return None
        except BaseException as error:  # noqa: BLE001 - fail closed: the failure becomes part of the inspection
            return Inspection(0, failed=class_name(error) if _sound(payload) else MALFORMED)

    def _limit(self, kind: type[Value]) -> float:
        """Return the size limit of a payload class in bytes."""
        limit = self._limits.get(kind)
        if limit is None:
            stated = self._max_bytes(topic_of(kind).name) if self._max_bytes and issubclass(kind, Payload) else None
            largest = LARGEST if self._inspectors else math.inf
            limit = self._limits[kind] = largest if stated is None else min(stated, largest)
        return limit

    def _read(self, value: Value, view: View) -> Read:
        """Return the strings of a value, and the known findings of its separately read parts.

        Raises:
            ShapeError: The value does not match the declaration of its class.
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
                except AttributeError:  # not inspected yet
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

    def _inspect(self, payload: Value, view: View, work: Work, limit: float) -> Inspection:
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
        # One search over all new text; only if something matches, each part is searched by itself.
        asked = self._asked(text, view, sure=len(text) <= _SHORT)
        return self._concluded(read, view, asked if len(texts) == 1 or not asked else None, work)

    def _concluded(self, read: Read, view: View, asked: dict[Inspector, None] | None, work: Work) -> Inspection:
        """Return the findings of a value, and store with each of its parts the findings of that part.

        Args:
            read: The value.
            view: The inspectors of its topic.
            asked: Inspectors to call for its strings; None if not known yet.
            work: The remaining work limits.
        """
        found: list[Finding] = []
        own = self._asked(read.text, view, sure=False) if asked is None else asked
        if own:
            try:
                found = self._examine(read.value, read.parts, read.skip, view, own, work)
                for name in fields.reader(type(read.value)).lines:
                    found += self._crossing(read.value, name, tuple(own), found, work)
            except TooManyError:
                return Inspection(read.size, failed=TOO_MANY)
        for path, part, known in read.inside:
            if type(known) is Read:
                known = self._concluded(known, view, asked, work)  # noqa: PLW2901 - what is known by now
                _keep(part, (view, known))  # an immutable part, shared by any number of messages
            findings, failed = known.findings, known.failed  # type: ignore[union-attr]  # no longer unread
            if findings or failed is not None:
                found += [finding._replace(path=(*path, *finding.path)) for finding in findings]
                if failed is not None or self._exceeds(found):
                    return Inspection(read.size, failed=failed or TOO_MANY)
        if not found:
            return _clean.get(read.size) or _clean_of(read.size)
        return Inspection(read.size, tuple(found), max(map(_label_of, found)))

    def _asked(self, text: str, view: View, *, sure: bool = True) -> dict[Inspector, None]:
        """Return the inspectors to call for a text: those that confirm, or, if not asked, all whose patterns match."""
        of, seen_by, named = self._latest
        if sure and of == text and seen_by is view:  # the quick path has just asked, and one of them confirmed
            return dict(named)
        if not text.isascii():
            text = fields.SEPARATOR.join(dict.fromkeys(fold(text) for fold in self._folds))  # each folding once
        if len(text) > _LONG:
            return self._asked_apart(text, view, sure=sure)
        hits = self._sets.hits(text.encode())
        return self._named(hits, text, view, sure=sure) if hits or view.always else {}

    def _asked_apart(self, text: str, view: View, *, sure: bool) -> dict[Inspector, None]:
        """Return the inspectors for a long text."""
        if not self._apart:
            import re2  # noqa: PLC0415 - as above

            options = re2.Options()
            options.log_errors, options.max_mem = False, _MEMORY
            for one in self._inspectors:
                any_of = "|".join(f"(?:{pattern})" for pattern in one.patterns)
                self._apart.append(re2.compile(any_of, options).search if any_of else _never)
        data = text.encode()
        named = (
            one for one, search in zip(view.inspectors, self._apart, strict=True) if one in view.always or search(data)
        )
        return {one: None for one in named if not sure or confirmed(one, text)}

    def _denied(self, text: str, data: bytes, view: View) -> bool:
        """Return True for a short text in which patterns match but no inspector confirms."""
        if len(text) > _SHORT:
            return False
        named = self._named(self._sets.hits(data), text, view)
        self._latest = (text, view, named)
        return not named

    def _named(self, hits: list[int], text: str, view: View, *, sure: bool = True) -> dict[Inspector, None]:
        """Return the inspectors whose patterns match; if asked to confirm, only those that do."""
        owned = sorted({number for hit in hits for number in self._owners[hit]})
        named = dict.fromkeys([view.inspectors[number] for number in owned] + list(view.always))
        return {one: None for one in named if not sure or confirmed(one, text)}

    def _exceeds(self, found: Sequence[Finding]) -> bool:
        """Return True for more findings than the limit; findings of shadow mode do not count."""
        acting = len(found)
        if acting > self._max_findings:
            acting -= sum(type(finding) is ShadowFinding for finding in found)
        return acting > self._max_findings

    def _examine(
        self, payload: Value, parts: list[str], skip: tuple[str, ...], view: View, asked: Iterable[Inspector],
        work: Work,
    ) -> list[Finding]:  # fmt: skip
        """Return the findings of a payload's strings, ``parts``; their paths are looked up only now.

        Raises:
            TooManyError: There are more findings than the limit.
        """
        known = self._examiner.known_spans(parts, view, tuple(asked), work)
        if not known:
            return []
        found: list[Finding] = []
        new: Callable[..., Finding] = tuple.__new__
        for part in fields.texts(payload, skip=skip, only=known):
            path, maskable = part.path, part.maskable
            for made, spans in known[part.text]:
                found += [  # the constructor of a NamedTuple takes twice as long
                    new(made, (kind, path, start, end, label, maskable, score))
                    for kind, start, end, label, score in spans
                ]
            if len(found) > self._max_findings and self._exceeds(found):
                raise TooManyError
        return found

    def _crossing(
        self, payload: Value, name: str, asked: tuple[Inspector, ...], found: Sequence[Finding], work: Work
    ) -> list[Finding]:
        """Return the findings of a field's joined strings that no single string has.

        Raises:
            TooManyError: There are more findings than the limit.
        """
        lines = getattr(payload, name)
        if lines is None or len(lines) < 2:
            return []
        maskable = is_maskable(type(payload), (name, 0))
        known = {(finding.kind, finding.path) for finding in found if finding.path[0] == name}
        more: dict[tuple[str, int], Finding] = {}
        for one in asked:
            if getattr(one, "across", False):
                made = ShadowFinding if isinstance(one, ShadowInspector) else Finding
                for number, (kind, start, end, label, score) in self._examiner.crossing(lines, one, work):
                    if (kind, (name, number)) not in known:
                        more[kind, number] = made(kind, (name, number), start, end, label, maskable, score)
        if self._exceeds([*found, *more.values()]):
            raise TooManyError
        return list(more.values())


def _clean_of(size: int) -> Inspection:
    inspection = Inspection(size)
    if size < _SMALL:
        _clean[size] = inspection
    return inspection


def _never(_text: bytes) -> None:
    """Match nothing: the search of an inspector without patterns."""


def _sound(payload: Value) -> bool:
    """Return False for a payload that does not match the declaration of its class, if that can be checked."""
    try:
        return fields.reader(type(payload)).sound(payload)
    except BaseException:  # noqa: BLE001 - the first error is the one that is named
        return True
