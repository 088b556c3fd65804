"""Inspectors: what looks into a message's strings once, behind one set of patterns, before policies judge."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from genie.contracts import text as fields
from genie.contracts.classification import Classification
from genie.contracts.message import Finding, Inspection, Payload, Value, topic_of
from genie.errors import PolicyError

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
    ``confirm(text)`` returns False for folded text in which there is nothing although one of its patterns matches.
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

    name: ClassVar[str]
    version: ClassVar[str]

    def confirm(self, text: str) -> bool:
        try:
            return _confirmed(self._inspector, text)
        except Exception:  # noqa: BLE001 - as above
            return False

    def for_topic(self, topic: str) -> Inspector:
        own = getattr(self._inspector, "for_topic", None)
        return self if own is None else ShadowInspector(own(topic))

    @property
    def patterns(self) -> tuple[str, ...]:
        return self._inspector.patterns

    def fold(self, text: str) -> str:
        try:
            return self._inspector.fold(text)
        except Exception:  # noqa: BLE001 - shadow mode never acts, not even by failing
            return text

    def examine(self, text: str) -> Iterable[Span]:
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
    """

    def __init__(self, inspectors: Iterable[Inspector]) -> None:
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
        told, match, scalar = reader.told, self._match, fields.SCALAR_BYTES

        def inspect(payload: Payload) -> Inspection:
            try:
                text, scalars = told(payload)
                if text.isascii() and len(match(text.encode()) or ()) == 1:  # the canary alone
                    size = len(text) + scalar * scalars
                    return _clean.get(size) or _clean_of(size)
            except Exception:  # noqa: BLE001 - fail closed: the slow path names what failed
                return self.inspect(payload)
            return self.inspect(payload)

        return inspect

    def inspect(self, payload: Value) -> Inspection:
        """Return what is in a payload; never raises, because an inspector that fails makes policies deny."""
        try:
            return self._inspect(payload, self._seen_by(type(payload)))
        except Exception as error:  # noqa: BLE001 - fail closed: the failure becomes part of the inspection
            return Inspection(0, failed=type(error).__name__)

    def _inspect(self, payload: Value, view: _View) -> Inspection:
        reader = fields.reader(type(payload))
        parts: list[str] = []
        scalars = reader.read(payload, parts)
        text = fields.SEPARATOR.join(parts)
        size = len(text) + fields.SCALAR_BYTES * scalars
        if not text.isascii():
            size += len(text.encode(errors="surrogatepass")) - len(text)
        asked = self._asked(text, view, sure=len(text) <= _SMALL)
        if not asked and not reader.bulky:
            return _clean.get(size) or _clean_of(size)
        found = self._examine(payload, parts, reader.bulky, view) if asked else []
        for name in reader.bulky:
            kept = self._kept(getattr(payload, name), view)
            size += kept.size_bytes
            found += [finding._replace(path=(name, *finding.path)) for finding in kept.findings]
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

    def _examine(self, payload: Value, parts: list[str], skip: tuple[str, ...], view: _View) -> list[Finding]:
        """Return what is in a payload's strings, which are ``parts``; where each stands is looked up only then."""
        # Most strings hold nothing, and a statement says the same again and again.
        known = {text: spans for text in dict.fromkeys(parts) if (spans := self._known_spans(text, view))}
        if not known:
            return []
        return [
            made(span.kind, part.path, span.start, span.end, span.label, part.maskable, span.score)
            for part in fields.texts(payload, skip=skip, only=known)
            for made, span in known[part.text]
        ]

    def _known_spans(self, text: str, view: _View) -> _Seen:
        """Return what is in one string; messages of one run carry much the same strings."""
        known = self._known.setdefault(view, {})
        digest = _digest()(text.encode(errors="surrogatepass"), digest_size=16, key=_KEY).digest()
        spans = known.get(digest)
        if spans is None:
            if len(known) >= _KNOWN:
                known.clear()
            spans = known[digest] = self._spans(text, view)
        return spans

    def _spans(self, text: str, view: _View) -> _Seen:
        """Return what is in one string. The patterns say who looks: examining a string costs ten times as much."""
        return tuple(
            (ShadowFinding if isinstance(inspector, ShadowInspector) else Finding, span)
            for inspector in self._asked(text, view)
            for span in inspector.examine(text)
        )


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
