"""The file of ``--html``: it appears complete or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from genie.cli.files import whole_file
from genie.errors import InputError
from genie.reports.html.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.config.pipeline import Pipeline
    from genie.contracts.card import Caller
    from genie.contracts.ports.journal import Journal
    from genie.journal.jsonl import JournalLines
    from genie.runtime.report import Outcome


class PageFile:
    """The file of a page, and the decisions that are recorded for the page during the run."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file
        self._witness = Witness()

    def witness(self, onward: Journal | None, lines: JournalLines | None = None) -> Witness:
        """Return a journal that records the run for its page and forwards every record."""
        self._witness = Witness(onward, lines)
        return self._witness

    def write(self, outcome: Outcome, *, pipeline: Pipeline, caller: Caller) -> None:
        """Write the page of a run."""
        from genie.reports.html.run import run_page  # noqa: PLC0415 - a benchmark's page needs none of it

        self.file.write(run_page(outcome, pipeline=pipeline, caller=caller, witness=self._witness))


@contextmanager
def page_file(path: str, *, other: str | None = None) -> Iterator[PageFile]:
    """Open the file of a page; it appears when the block ends without an exception.

    Args:
        path: The file to write.
        other: Another file that the command writes.

    Raises:
        InputError: The path is a folder, names the other file, or cannot be written.
    """
    place = Path(path)
    if other is not None and place.absolute() == Path(other).absolute():
        raise InputError(path, "is named by --journal and by --html", "name two files")
    with whole_file(place) as file:
        yield PageFile(file)
