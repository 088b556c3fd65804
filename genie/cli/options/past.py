"""A run that is read later: from a journal file, or from the log of a durable runtime."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie.cli.options import completion as suggestions
from genie.cli.options.identity import identified, identity_options
from genie.contracts.rendering import plain
from genie.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from genie.config.pipeline import Pipeline
    from genie.journal.database import Database
    from genie.journal.past import PastRun
    from genie.journal.sealing import Sealer
    from genie.journal.story import Eyes
    from genie.reports.run_record import RunRecord

_MOST_RUNS = 10_000
_MOST_LISTED = 20
_SQLITE = b"SQLite format 3\0"
_SERVER = re.compile(r"postgres(ql)?://")
_READING = (
    click.option("--run", "run_id", metavar="ID", help="Id of the run, or the start of it, if there are several."),
    click.option("--keys", metavar="RING", help="Key ring of an encrypted log: a file, or env:NAME."),
    click.option("--pipeline", metavar="FILE", shell_complete=suggestions.files,
                 help="Pipeline whose policies mask the payloads of a log; without it no payload is shown."),
)  # fmt: skip


def reading(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that reads one run."""
    for option in reversed(_READING):
        command = option(command)
    return identity_options(command)


def is_log(place: str) -> bool:
    """Return True for a log, False for a journal file.

    Raises:
        InputError: The file does not exist.
    """
    if _SERVER.match(place):
        return True
    try:
        with Path(place).open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except FileNotFoundError:
        raise InputError(place, "there is no such file") from None
    except OSError as error:
        raise InputError(place, f"cannot be read ({error.strerror})", "check the path") from None


@contextlib.contextmanager
def opened(place: str) -> Iterator[Database]:
    """Open a log to read it; a process may use it."""
    from genie.journal.places import database_at  # noqa: PLC0415 - start-up: SQLite only where it is used

    database = database_at(place)
    database.connect(create=False)
    try:
        yield database
    finally:
        database.close()


def past_of(pipeline: Pipeline, run_id: str, log: str | None, keys: str | None) -> PastRun:
    """Return a run of the log on the command line, or otherwise of the log of a pipeline.

    Raises:
        InputError: There is no log, or it has no such run.
    """
    from genie.journal.past import chosen, past_run  # noqa: PLC0415 - start-up: SQLite only where it is used
    from genie.journal.past import reading as reading_of  # noqa: PLC0415 - as above

    if log is not None:
        return past(log, run_id, keys)
    if pipeline.log is None:
        raise InputError(f"pipeline {pipeline.id}", "has no log", "name one with --log")
    with reading_of(pipeline.log) as (database, sealer):
        return past_run(database, chosen(database, run_id), sealer)


def past(place: str, run_id: str | None, keys: str | None) -> PastRun:
    """Return a run of a log.

    Raises:
        InputError: The log has no such run.
    """
    from genie.journal.past import chosen, past_run  # noqa: PLC0415 - start-up: as above

    with opened(place) as database:
        return past_run(database, chosen(database, run_id), sealer_of(database, keys))


def sealer_of(database: Database, keys: str | None) -> Sealer | None:
    """Return the decryption of a log with a key ring; None without one."""
    if keys is None:
        return None
    from genie.backend.clock import Clock  # noqa: PLC0415 - start-up: as above
    from genie.journal.places import ring_at  # noqa: PLC0415 - as above
    from genie.journal.sealing import Sealer  # noqa: PLC0415 - the library behind it is an extra

    sealer = Sealer(database, ring_at(keys), lambda: Clock(float).wall().timestamp())
    sealer.load()
    return sealer


def run_record(place: str, given: Mapping[str, Any]) -> RunRecord:
    """Return a run as reports take it, masked for the reader.

    Args:
        place: A journal file, or a log.
        given: The options of ``reading``.
    """
    from genie.reports.run_record import RunRecord  # noqa: PLC0415 - start-up: only where a run is shown

    run_id, lines, left_out = run_lines(place, given)
    record = RunRecord(run_id=run_id)
    for line in lines:
        record.add(line)
    if left_out:
        record.left_out["records of the log"] += left_out
    return record


def run_lines(place: str, given: Mapping[str, Any]) -> tuple[str, Iterator[Mapping[str, Any]], int]:
    """Return the id of a run, its lines as a journal has them, and how many records of a log are left out.

    Args:
        place: A journal file, or a log.
        given: The options of ``reading``.
    """
    if is_log(place):
        from genie.journal.story import lines_of_run  # noqa: PLC0415 - start-up: only where a run is shown

        run = past(place, given["run_id"], given["keys"])
        return run.id, lines_of_run(run, eyes(given)), run.left_out
    for name in ("keys", "pipeline"):
        if given[name] is not None:
            raise InputError(f"--{name}", "is for a log; a journal file is masked when it is written", "omit it")
    chosen = chosen_line(place, given["run_id"])
    found = (line for _, line in _lines(place) if line.get("kind") == "policies" or line.get("run_id") == chosen)
    return chosen, found, 0


def eyes(given: Mapping[str, Any]) -> Eyes | None:
    """Return the reader, with the policies of the pipeline in the options; None without one."""
    if given["pipeline"] is None:
        return None
    from genie.config.loader import load  # noqa: PLC0415 - as above

    return eyes_of(load(given["pipeline"]), given)


def eyes_of(pipeline: Pipeline, given: Mapping[str, Any]) -> Eyes:
    """Return the reader, with the policies of a pipeline."""
    from genie.journal.story import Eyes  # noqa: PLC0415 - as above

    reader = identified(pipeline.caller, given, signed=pipeline.signed, audit=pipeline.audit)
    return Eyes.of(pipeline.policies, reader.card(), pipeline.bindings, pipeline.joins)


def chosen_line(journal: str, run_id: str | None) -> str:
    """Return the id of the run to show: the only one, or the one with that id or start of an id."""
    runs = runs_of(journal)
    if not runs:
        raise NoRunError(journal)
    found = [one for one in runs if run_id is None or one == run_id] or [
        one for one in runs if run_id is not None and one.startswith(run_id)
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        near = did_you_mean(run_id or "", list(runs))
        raise InputError(f"run {run_id!r}", f"is not in this journal{near}", f"see genie runs list {journal}")
    named = ", ".join(found[:_MOST_LISTED]) + (", …" if len(found) > _MOST_LISTED else "")
    raise InputError(journal, f"holds {len(found):,} runs: {named}", "name one with --run")


class NoRunError(SystemExit):
    """A journal without a run: exit code 5."""

    def __init__(self, journal: str) -> None:
        click.echo(plain(f"{journal}: has no run"), err=True)
        super().__init__(5)


def runs_of(journal: str) -> Counter[str]:
    """Return the runs of a journal file with their records."""
    found: Counter[str] = Counter()
    for _, line in _lines(journal):
        run = line.get("run_id")
        if isinstance(run, str) and run and (run in found or len(found) < _MOST_RUNS):
            found[run] += 1
    return found


def _lines(journal: str) -> Iterator[tuple[int, dict[str, Any]]]:
    from genie.journal.reader import lines_of  # noqa: PLC0415 - start-up: pydantic is needed to read, not to complete

    return lines_of(journal)
