"""Shared parts of the catalogue's renderers: the headline, missing data, and the grounds of every part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

from genie.contracts.message import Payload
from genie.contracts.rendering import Block, Notice, Report, Section
from genie.contracts.report_grounds import basis
from genie.contracts.report_parts import Field, dated, lines, rows, sections, words_of
from genie_finance.domain.categories import taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import ClassVar

    from genie_finance.contracts.insufficient import InsufficientData, MissingAnswer

P = TypeVar("P", bound=Payload)
Parts = tuple[tuple[str, str], ...]
"""Names of parts, each with the path of its grounds."""


class Described(ABC, Generic[P]):
    """A renderer of one payload class: a headline, sections, and at the end the grounds of the answer."""

    topics: ClassVar[tuple[str, ...]]
    kind: type[P]
    parts: ClassVar[Parts] = (("", "grounds"),)

    def render(self, payload: Payload) -> Report:
        """Return the report of a payload.

        Raises:
            TypeError: The payload belongs to another topic.
        """
        if not isinstance(payload, self.kind):
            raise TypeError(f"expected {self.kind.__qualname__}, got {type(payload).__qualname__}")
        rests_on = basis(*((title, Field(path).of(payload)) for title, path in self.parts))
        found = sections(*self.sections(payload), rests_on)
        return Report(found, dated(self.headline(payload)), lead=tuple(_lacking(payload)))

    def headline(self, payload: P) -> str:
        """Return the most important sentence."""
        return str(getattr(payload, "headline", ""))

    @abstractmethod
    def sections(self, payload: P) -> Iterable[Section | None]:
        """Return the sections in reading order; None for empty ones."""


def _lacking(payload: Payload) -> Iterator[Block]:
    """Yield the unanswered parts with their reasons; which readers must see."""
    insufficient: tuple[InsufficientData, ...] = getattr(payload, "insufficient", ())
    for one in insufficient:
        needs = lines(f"{words_of(lack.what)}: {lack.needed} needed, {lack.given} given" for lack in one.missing)
        yield Notice(f"Too little is known for {dated(one.question)}.", () if needs is None else (needs,))
    missing: tuple[MissingAnswer, ...] = getattr(payload, "missing", ())
    table = rows("Missing parts", missing, Field("part"), Field("agent"), Field("reason"))
    if table is not None:
        yield Notice("Some parts of this answer are missing. The rest is below.", (table,))


def category_name(category: str) -> str:
    """Return the display name of a category of the taxonomy."""
    known = taxonomy().get(category)
    return category if known is None else known.title
