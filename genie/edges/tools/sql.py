"""Queries on one SQLite file, read-only: SQLite's own parser and authorizer restrict what a query may access."""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import quote

import anyio
import anyio.to_thread
from pydantic import BaseModel, ConfigDict, Field

from genie.contracts.agent import Handlers, handles
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.edges.tools.refusals import (
    BadExpressionError,
    NotAllowedError,
    NotFoundError,
    TookTooLongError,
    TooLargeError,
)
from genie.edges.tools.tool import Effect, ToolOptions

NAME = "sql"
MOST_QUERY = 20_000
MOST_CELL = 100_000
"""Bytes of one value."""
MOST_ANSWER = 4_000_000
"""Bytes of all values: a few long ones in many columns would fill the memory."""
_STEP = 100
"""Instructions of the query machine between two checks of its limits; one that searches a long text takes a while."""
MOST_SPILLED = 64 << 20
"""Bytes that a query may write to temporary files, where the system counts them (Linux): sorting long generated values
would fill the disk."""
_SPILL_STEPS = 20 * _STEP
_FUNCTIONS = frozenset(
    {
        "abs", "avg", "coalesce", "count", "date", "datetime", "ifnull", "iif", "instr", "julianday", "length", "like",
        "lower", "ltrim", "max", "min", "nullif", "round", "row_number", "rank", "dense_rank", "lag", "lead", "rtrim",
        "sign", "strftime", "substr", "substring", "sum", "time", "total", "trim", "typeof", "unixepoch", "upper",
        "first_value", "last_value", "ntile", "group_concat", "->", "->>", "json_extract",
    }
)  # fmt: skip

Cell = str | int | float | None


class SqlSettings(BaseModel):
    """Which file, which tables, and how much."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(min_length=1, description="The SQLite file.")
    tables: tuple[str, ...] | None = Field(
        default=None, description="Tables and views that may be read; all by default."
    )
    most_rows: int = Field(default=200, ge=1, le=10_000)
    most_steps: int = Field(
        default=20_000_000, ge=1_000, le=10_000_000_000,
        description="Maximum instructions of SQLite's virtual machine per query; 20 million take about a second.",
    )  # fmt: skip
    longest_s: float = Field(default=10.0, gt=0, le=600, description="Seconds that a query may take.")


class Query(Payload, topic="sql.query", key=None):
    """Ask one SELECT of SQLite; values go into ``parameters``, in the order of the question marks."""

    query: Annotated[str, Field(min_length=1, max_length=MOST_QUERY)]
    parameters: Annotated[tuple[Cell, ...], Field(max_length=64)] = ()


class Schema(Payload, topic="sql.schema", key=None):
    """Ask for the tables with their columns."""


class Table(Payload, topic="sql.table", key=None):
    """One table."""

    name: str
    columns: tuple[str, ...]


class Tables(Payload, topic="sql.tables", key=None):
    """The tables that may be read."""

    tables: tuple[Table, ...]


class Rows(Payload, topic="sql.rows", key=None):
    """What a query found."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: bool
    """True if there are more rows than returned."""


class SqlTool(
    Handlers, id="sql", capabilities=("tool.sql",), risk="medium", tier="beta", clearance="restricted", concurrency=4,
    settings=SqlSettings,
):  # fmt: skip
    """Ask a database read-only questions."""

    tool_options: ClassVar = ToolOptions(effect=Effect.READ)

    @handles
    async def query(self, question: Query, context: Context) -> Rows:
        """Run one SELECT."""
        settings: SqlSettings = context.settings
        left = threading.Event()
        try:
            return await anyio.to_thread.run_sync(
                lambda: ask(settings, question.query, question.parameters, left), abandon_on_cancel=True
            )
        finally:
            left.set()  # a query whose caller has left ends at its next check

    @handles
    async def schema(self, _question: Schema, context: Context) -> Tables:
        """Return the tables."""
        settings: SqlSettings = context.settings
        return await anyio.to_thread.run_sync(lambda: tables(settings))


def ask(settings: SqlSettings, query: str, parameters: tuple[Cell, ...], left: threading.Event | None = None) -> Rows:
    """Return the rows of one SELECT.

    Args:
        settings: The file and the limits.
        query: As it was asked.
        parameters: Values of its question marks.
        left: Set when the rows are no longer needed.

    Raises:
        NotAllowedError: The query would do more than read allowed tables.
        TooLargeError: Its rows have too many bytes.
        BadExpressionError: It is not valid SQL.
        TookTooLongError: It was stopped at its limit.
    """
    if not query.lstrip().lower().startswith(("select", "with", "values")):
        raise NotAllowedError(NAME, "answers SELECT alone")
    connection = _opened(settings)
    refused: list[int] = []
    steps = 0
    over = False
    ends, written = time.monotonic() + settings.longest_s, _written()

    def authorize(action: int, one: str | None, two: str | None, _database: str | None, _trigger: str | None) -> int:
        if _may(settings, action, one, two):
            return sqlite3.SQLITE_OK
        refused.append(action)
        return sqlite3.SQLITE_DENY

    def look() -> int:
        nonlocal steps, over
        steps += _STEP
        over = (
            steps > settings.most_steps
            or time.monotonic() > ends
            or (left is not None and left.is_set())
            or (steps % _SPILL_STEPS == 0 and _written() - written > MOST_SPILLED)
        )
        return over

    try:
        connection.set_authorizer(authorize)
        connection.set_progress_handler(look, _STEP)
        cursor = connection.execute(query, parameters)
        if cursor.description is None:
            raise NotAllowedError(NAME, "answers SELECT alone")
        found = _fetched(cursor, settings.most_rows + 1)
        columns = tuple(str(column[0])[:256] for column in cursor.description)
    except (sqlite3.Error, sqlite3.Warning, OverflowError) as error:
        if over:
            limits = f"{settings.most_steps} steps, {settings.longest_s:g} s or {MOST_SPILLED} bytes of temporary files"
            raise TookTooLongError(NAME, f"stops a query after {limits}") from None
        if refused:
            raise NotAllowedError(NAME, "only reads the tables of its list, and changes nothing") from None
        if "one statement" in str(error):
            raise NotAllowedError(NAME, "takes one statement") from None
        raise BadExpressionError(NAME, "takes valid SQL of SQLite alone") from None
    finally:
        connection.close()
    rows = tuple(tuple(map(_cell, row)) for row in found[: settings.most_rows])
    return Rows(columns=columns, rows=rows, more=len(found) > settings.most_rows)


def _fetched(cursor: sqlite3.Cursor, most: int) -> list[tuple[object, ...]]:
    """Return the first rows of a query.

    Raises:
        TooLargeError: They hold more than ``MOST_ANSWER`` bytes.
    """
    found: list[tuple[object, ...]] = []
    size = 0
    for row in cursor:
        found.append(row)
        size += sum(len(value) if isinstance(value, str | bytes) else 8 for value in row)
        if size > MOST_ANSWER:
            raise TooLargeError(NAME, f"answers at most {MOST_ANSWER} bytes")
        if len(found) == most:
            break
    return found


def tables(settings: SqlSettings) -> Tables:
    """Return the tables that may be read, with their columns."""
    connection = _opened(settings)
    try:
        listed = connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table','view') ORDER BY name")
        names = [name for (name,) in listed.fetchmany(1_000) if _readable(settings, name)]
        made = []
        for name in names:
            columns = connection.execute("SELECT name FROM pragma_table_info(?)", (name,)).fetchmany(1_000)
            made.append(Table(name=name, columns=tuple(column for (column,) in columns)))
    except sqlite3.Error:
        raise NotFoundError(NAME, "has no database") from None
    finally:
        connection.close()
    return Tables(tables=tuple(made))


def _opened(settings: SqlSettings) -> sqlite3.Connection:
    if not Path(settings.path).is_file():
        raise NotFoundError(NAME, "has no database")
    try:
        path = quote(str(Path(settings.path).absolute()))
        connection = sqlite3.connect(
            f"file:{path}?mode=ro", uri=True, timeout=1.0, check_same_thread=False,
            cached_statements=0,
        )  # fmt: skip
    except sqlite3.Error:
        raise NotFoundError(NAME, "has no database") from None
    for limit, most in (
        (sqlite3.SQLITE_LIMIT_LENGTH, MOST_CELL), (sqlite3.SQLITE_LIMIT_SQL_LENGTH, MOST_QUERY),
        (sqlite3.SQLITE_LIMIT_ATTACHED, 0), (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 64),
        (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 16), (sqlite3.SQLITE_LIMIT_COLUMN, 256),
        (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 256),
    ):  # fmt: skip
        connection.setlimit(limit, most)
    return connection


def _written() -> int:
    """Return the number of bytes this thread has written; 0 if the system does not count them."""
    try:
        return int(Path("/proc/thread-self/io").read_bytes().split(b"wchar:")[1].split()[0])
    except (OSError, IndexError, ValueError):
        return 0


def _may(settings: SqlSettings, action: int, one: str | None, two: str | None) -> bool:
    if action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE}:
        return True
    if action == sqlite3.SQLITE_FUNCTION:
        return (two or "").lower() in _FUNCTIONS
    return action == sqlite3.SQLITE_READ and _readable(settings, one or "")


def _readable(settings: SqlSettings, table: str) -> bool:
    if table == "":  # a count of rows reads a table, and no column
        return settings.tables is None
    if table.lower().startswith(("sqlite_", "pragma_")):
        return False
    return settings.tables is None or table in settings.tables


def _cell(value: object) -> Cell:
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no such number: a model would read null
    return value if isinstance(value, str | int | float) or value is None else str(value)
