"""Screening of names against watch lists: entries, search for similar names, comparison of dates and numbers.

Lists are read from CSV files in the layout of OpenSanctions' ``targets.simple.csv``, plus a column ``kind``. The
shipped list is invented: it is for trials and does not replace a real one.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property, lru_cache
from importlib import resources
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from genie.errors import InputError
from genie_finance.domain.name_search import ONE_WORD, keys, resemblance, written
from genie_finance.domain.names import SAME, is_whole, scripts, words

Kind = Literal["sanctions", "pep", "adverse"]
Strength = Literal["strong", "possible", "discounted"]
MAX_BYTES = 512 * 1024 * 1024
"""Largest list: the consolidated file of OpenSanctions is some 300 MB."""
_KINDS: tuple[Kind, ...] = ("sanctions", "pep", "adverse")
_NEEDED = ("id", "name", "kind")
_SHIPPED = "watchlist.csv"
_MOST_ALIASES = 200
LOOK = 71
"""Similarity from which a person must check. Source: the measured figures in `docs/agents/kyc.md`."""
_ISO_BORN = re.compile(r"[1-9][0-9]{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?")
_NOBODY_BEFORE = 1900
"""Years of birth up to this are placeholders of systems for an unknown year."""
_SAME_YEARS = 1
"""Maximum difference in years between dates of birth that does not count against an entry."""
_BORN: dict[bool | None, str] = {
    True: "the date of birth agrees",
    False: "the dates of birth differ, and the subject's is not verified",
    None: "there is no date of birth to compare",
}
_WORST: dict[Strength, int] = {"strong": 0, "possible": 1, "discounted": 2}


class Entry(NamedTuple):
    """One person or organisation on a list."""

    id: str
    kind: Kind
    names: tuple[str, ...]
    """The name and its aliases."""
    born: tuple[str, ...]
    """Dates of birth as ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``."""
    countries: tuple[str, ...]
    identifiers: tuple[str, ...]


class Subject(NamedTuple):
    """The party to screen."""

    names: tuple[str, ...]
    born: datetime.date | None
    """The name as stated. An unverified value may confirm an entry, but never rules one out."""
    countries: tuple[str, ...]
    identifiers: tuple[str, ...]
    born_verified: bool = False
    """True if a checked official document contains the date of birth."""


class Match(NamedTuple):
    """An entry that may be the subject."""

    entry: Entry
    name: str
    score: int
    strength: Strength
    reason: str


class Watchlist:
    """Entries of one list, indexed by the sound and the beginning of the words of their names."""

    def __init__(
        self, list_id: str, version: str, as_of: datetime.date, entries: tuple[Entry, ...], *, real: bool = True
    ) -> None:
        self.id, self.version, self.as_of, self.entries = list_id, version, as_of, entries
        self.real = real
        """False: its entries are invented, so that it clears nobody."""

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of its entries, in a fixed order."""
        found = {entry.kind for entry in self.entries}
        return tuple(kind for kind in _KINDS if kind in found)

    @cached_property
    def _by_key(self) -> dict[str, tuple[int, ...]]:
        found: dict[str, list[int]] = {}
        for position, entry in enumerate(self.entries):
            for key in {key for name in entry.names for word in keys(name) for key in word}:
                found.setdefault(key, []).append(position)
        return {key: tuple(positions) for key, positions in found.items()}

    @cached_property
    def _brief(self) -> frozenset[int]:
        """Entries with a name of one word, or with initials; one matching word is enough to find them."""
        return frozenset(at for at, entry in enumerate(self.entries) if any(map(_is_brief, entry.names)))

    @cached_property
    def _by_number(self) -> dict[str, tuple[int, ...]]:
        found: dict[str, list[int]] = {}
        for position, entry in enumerate(self.entries):
            for number in entry.identifiers:
                found.setdefault(_plain(number), []).append(position)
        return {key: tuple(positions) for key, positions in found.items()}

    @cached_property
    def _scripts(self) -> frozenset[str]:
        """Scripts in which at least nine tenths of the entries have a name."""
        found = Counter(one for entry in self.entries for one in scripts(words(" ".join(entry.names))))
        return frozenset(one for one, count in found.items() if count * 10 >= len(self.entries) * 9)

    def reads(self, name: str) -> bool:
        """Return whether an empty result is meaningful: the name is complete and in a script of the list."""
        return is_whole(name) and not scripts(words(name)).isdisjoint(self._scripts)

    def near(self, subject: Subject) -> Iterator[Entry]:
        """Return the entries, in order, that share two words (by sound or beginning) or a number with the subject.

        One word is enough if the subject's or the entry's name has only one, or has initials.
        """
        positions = {one for number in subject.identifiers for one in self._by_number.get(_plain(number), ())}
        for name in subject.names:
            brief = _is_brief(name)
            shared: Counter[int] = Counter()
            for word in keys(name):
                shared.update({one for key in word for one in self._by_key.get(key, ())})
            positions.update(one for one, count in shared.items() if count > 1 or brief or one in self._brief)
        return (self.entries[position] for position in sorted(positions))


@runtime_checkable
class Watchlists(Protocol):
    """The port that provides lists."""

    def lists(self) -> tuple[Watchlist, ...]:
        """Return the lists in force.

        Raises:
            InputError: A list is missing or cannot be read; a screening never uses fewer lists than configured.
        """
        ...


def search(subject: Subject, watchlist: Watchlist, *, threshold: int = LOOK) -> tuple[Match, ...]:
    """Return the entries of a list that may be the subject, strongest first.

    Args:
        subject: The subject.
        watchlist: The list.
        threshold: Minimum similarity of names, 0 to 100; an equal identity number counts for any names.
    """
    found = (_match(subject, entry, threshold, watchlist.as_of) for entry in watchlist.near(subject))
    kept = [match for match in found if match is not None]
    kept.sort(key=lambda match: (_WORST[match.strength], -match.score, match.entry.id))
    return tuple(kept)


def _match(subject: Subject, entry: Entry, threshold: int, as_of: datetime.date) -> Match | None:
    numbers = {_plain(one) for one in subject.identifiers} & {_plain(one) for one in entry.identifiers}
    score, name = max(
        ((resemblance(one, other), other) for one in subject.names for other in entry.names),
        key=lambda pair: (pair[0], pair[1]),
    )
    if numbers:
        return Match(entry, name, score, "strong", "an identity number is the same")
    agrees = _born_alike(subject.born, entry.born)
    # Nobody born after the list was made can be on it: a future date is an error and rules nobody out.
    other = agrees is False and subject.born_verified and subject.born is not None and subject.born <= as_of
    # Only one word of one of them is known, and the other has it: the rest of the name could be the same.
    brief = threshold > score >= min(threshold, ONE_WORD)
    if brief and (all(map(_is_part, subject.names)) or all(map(_is_part, entry.names))):
        if other:
            return Match(entry, name, score, "discounted", "one word is equal, but the verified date of birth differs")
        return Match(entry, name, score, "possible", "only one word of the name is known, and it is equal")
    if score < threshold:
        return None
    if other:
        return Match(entry, name, score, "discounted", "the names are similar, but the verified date of birth differs")
    if agrees and score >= SAME:
        return Match(entry, name, score, "strong", "name and date of birth agree")
    return Match(entry, name, score, "possible", f"the names are similar; {_BORN[agrees]}")


def _born_alike(born: datetime.date | None, listed: tuple[str, ...]) -> bool | None:
    """Return whether a date of birth matches one of an entry's; None if undecided.

    Lists often have only the year, often off by one, so only a larger difference counts against the entry. A date in
    another form, such as ``circa 1968`` or ``1965 to 1975``, does not count against it, nor does an impossible date of
    the subject.
    """
    if born is None:
        return None
    if born.isoformat() in listed or str(born.year) in listed:
        return True
    told = [one for one in listed if _ISO_BORN.fullmatch(one)]
    if not told or len(told) < len(listed) or born.year <= _NOBODY_BEFORE:
        return None
    return None if any(abs(int(one[:4]) - born.year) <= _SAME_YEARS for one in told) else False


def _is_part(name: str) -> bool:
    return len(written(name).words) < 2 or not is_whole(name)


def _is_brief(name: str) -> bool:
    parts = written(name).words
    return len(parts) < 2 or any(len(part) < 3 for part in parts)


def _plain(number: str) -> str:
    return "".join(one for one in number.upper() if one.isalnum())


@lru_cache(maxsize=1)
def shipped() -> Watchlist:
    """Return the packaged invented list; it is read once."""
    content = resources.files("genie_finance").joinpath(f"domain/data/{_SHIPPED}").read_bytes()
    found = parse(content, list_id="invented", version="2026-01", as_of=datetime.date(2026, 1, 1))
    return Watchlist(found.id, found.version, found.as_of, found.entries, real=False)


def parse(content: bytes, *, list_id: str, version: str, as_of: datetime.date) -> Watchlist:
    """Return the list in a CSV file; several values of a cell are separated by semicolons.

    Columns ``id``, ``name`` and ``kind`` are required; ``aliases``, ``birth_date``, ``countries`` and ``identifiers``
    are optional.

    Raises:
        InputError: The file is too large, not UTF-8, lacks a column, has no entry, or has a row that cannot be read. An
            incomplete list would clear people who are on it.
    """
    if len(content) > MAX_BYTES:
        raise InputError(f"list {list_id}", f"is larger than {MAX_BYTES:,} bytes", "split it")
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), strict=True)
        missing = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
        if missing:
            raise InputError(f"list {list_id}", f"has no column {', '.join(missing)}", "add it")
        entries = tuple(_entry(list_id, rows.line_num, row) for row in rows)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"list {list_id}", f"is not CSV in UTF-8 ({type(error).__name__})", "export it again"
        ) from None
    if not entries:
        raise InputError(f"list {list_id}", "has no entry", "an empty list would clear everybody")
    return Watchlist(list_id, version, as_of, entries)


def _entry(list_id: str, line: int, row: dict[str, str]) -> Entry:
    kind = next((one for one in _KINDS if one == row["kind"]), None)
    if kind is None or not row["id"] or not words(row["name"]):
        raise InputError(f"list {list_id}, line {line}", "has no id, no name, or an unknown kind", f"kinds: {_KINDS}")
    return Entry(
        id=row["id"],
        kind=kind,
        names=(row["name"], *_several(row.get("aliases"))[:_MOST_ALIASES]),
        born=_several(row.get("birth_date")),
        countries=tuple(one.upper() for one in _several(row.get("countries"))),
        identifiers=_several(row.get("identifiers")),
    )


def _several(cell: str | None) -> tuple[str, ...]:
    return tuple(part for one in (cell or "").split(";") if (part := one.strip()))
