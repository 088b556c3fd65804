"""Attack: a model asks the SQL tool to write, to attach, to load an extension, or to run for ever."""

from __future__ import annotations

import sqlite3
import sys
import threading
from pathlib import Path

import pytest

from genie.edges.tools.refusals import (
    BadExpressionError,
    NotAllowedError,
    TookTooLongError,
    TooLargeError,
    ToolRefusalError,
)
from genie.edges.tools.sql import SqlSettings, ask, tables


@pytest.fixture
def settings(tmp_path: Path) -> SqlSettings:
    path = tmp_path / "bank.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE entry (id INTEGER PRIMARY KEY, amount INTEGER, note TEXT);"
        "INSERT INTO entry (amount, note) VALUES (100, 'rent'), (250, 'food'), (7, NULL);"
        "CREATE TABLE person (name TEXT); INSERT INTO person VALUES ('ann');"
        "CREATE VIEW people AS SELECT name FROM person;"
    )
    connection.close()
    return SqlSettings(path=str(path), tables=("entry",), most_steps=200_000)


def test_reading(settings: SqlSettings) -> None:
    found = ask(settings, "SELECT note, sum(amount) AS total FROM entry WHERE amount > ? GROUP BY note", (50,))
    assert (found.columns, found.rows) == (("note", "total"), (("food", 250), ("rent", 100)))
    assert [table.name for table in tables(settings).tables] == ["entry"]
    assert ask(settings.model_copy(update={"most_rows": 2}), "SELECT id FROM entry", ()).more


def test_long_values_in_many_columns_do_not_fill_the_memory(settings: SqlSettings) -> None:
    cte = "WITH t(s) AS (SELECT group_concat(?) FROM entry, (VALUES (1), (2), (3))) "
    query = cte + "SELECT s" + ", s" * 29 + " FROM t, entry, entry, entry"
    with pytest.raises(TooLargeError):
        ask(settings, query, ("a" * 8_000,))


def test_a_number_that_json_does_not_have_is_answered_as_a_word(settings: SqlSettings) -> None:
    assert ask(settings, "SELECT 9e999, -9e999", ()).rows == (("inf", "-inf"),)


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO entry (amount) VALUES (1)", "UPDATE entry SET amount = 0", "DELETE FROM entry", "DROP TABLE entry",
        "CREATE TABLE x (a)", "CREATE TEMP TABLE x (a)", "ATTACH '/tmp/x.db' AS x", "DETACH main", "VACUUM",
        "VACUUM INTO '/tmp/copy.db'", "PRAGMA writable_schema=1", "PRAGMA query_only=0", "PRAGMA table_info(person)",
        "SELECT load_extension('/tmp/x.so')", "SELECT readfile('/etc/passwd')", "SELECT writefile('/tmp/x', 'y')",
        "SELECT * FROM person", "SELECT (SELECT name FROM person) FROM entry", "SELECT * FROM people",
        "SELECT sql FROM sqlite_schema", "SELECT * FROM pragma_database_list", "REINDEX", "ANALYZE", "BEGIN",
        "SELECT 1; DELETE FROM entry", "WITH x AS (SELECT name FROM person) SELECT * FROM x",
        "EXPLAIN SELECT 1 FROM entry",
        "SELECT randomblob(1000000000)", "SELECT zeroblob(1000000000)", "SELECT printf('%9999999d', 1)",
        "SELECT count(*) FROM person", "SELECT fts3_tokenizer('simple')", "SAVEPOINT x", "SELECT sqlite_version()",
    ],
)  # fmt: skip
def test_everything_else_is_refused(settings: SqlSettings, query: str) -> None:
    before = Path(settings.path).read_bytes()
    with pytest.raises(ToolRefusalError) as refused:
        ask(settings, query, ())
    unknown = "file(" in query  # SQLite has no such functions here
    assert refused.value.code == ("bad_expression" if unknown else "not_allowed")
    assert Path(settings.path).read_bytes() == before
    assert not Path("/tmp/copy.db").exists()  # noqa: S108 - what an attack would write


@pytest.mark.parametrize(
    "query",
    [
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(x) FROM n",
        "SELECT count(a.id) FROM entry a, entry b, entry c, entry d, entry e, entry f, entry g, entry h, entry i, "
        "entry j, entry k",
    ],
)
def test_a_query_without_an_end_is_stopped(settings: SqlSettings, query: str) -> None:
    with pytest.raises((TookTooLongError, NotAllowedError)) as stopped:
        ask(settings, query, ())
    assert stopped.value.code == "took_too_long"


LONG = (
    "WITH RECURSIVE b(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM b WHERE i < 90000), m(i) AS "
    "(SELECT 1 UNION ALL SELECT i + 1 FROM m WHERE i < 1000000), s(t) AS (SELECT group_concat('a', '') FROM b) {}"
)
"""Long values, and many rows, that the query makes itself."""


@pytest.mark.parametrize(
    "query",
    [
        "SELECT sum(instr(s.t, substr(s.t, 1, 45000) || 'b' || m.i)) FROM m, s",
        "SELECT count(*) FROM m, s WHERE s.t LIKE '%' || substr(s.t, 1, 240) || 'b' || m.i",
    ],
)
def test_few_steps_that_take_long_are_stopped_in_time(settings: SqlSettings, query: str) -> None:
    """One instruction that searches a long text takes as long as a hundred thousand others, and is not seen between."""
    with pytest.raises(TookTooLongError):
        ask(
            settings.model_copy(update={"tables": None, "most_steps": 10**10, "longest_s": 0.05}),
            LONG.format(query),
            (),
        )


@pytest.mark.skipif(sys.platform != "linux", reason="the bytes that a thread writes are counted by Linux")
def test_a_sort_that_would_fill_the_disk_is_stopped(settings: SqlSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genie.edges.tools.sql.MOST_SPILLED", 4 << 20)
    patient = settings.model_copy(update={"tables": None, "most_steps": 10**10, "longest_s": 600})
    with pytest.raises(TookTooLongError):
        ask(
            patient, LONG.format("SELECT length(x) FROM (SELECT s.t || m.i AS x FROM m, s ORDER BY 1 DESC) LIMIT 1"), ()
        )


def test_a_query_that_nobody_waits_for_any_more_ends(settings: SqlSettings) -> None:
    left = threading.Event()
    left.set()
    with pytest.raises(TookTooLongError):
        ask(settings.model_copy(update={"tables": None}), LONG.format("SELECT count(*) FROM m"), (), left)


@pytest.mark.parametrize("query", ["SELECT", "SELECT 1 FRM entry", "SELECT nothing FROM entry", "SELECT '" + "x" * 100])
def test_what_is_no_sql_is_refused(settings: SqlSettings, query: str) -> None:
    with pytest.raises(BadExpressionError):
        ask(settings, query, ())


def test_a_deep_or_huge_query_is_refused(settings: SqlSettings) -> None:
    for query in (
        "SELECT " + "(" * 900 + "1" + ")" * 900,
        "SELECT 1" + " UNION SELECT 1" * 900,
        "SELECT 1 " + "-- " * 9_000,
    ):
        with pytest.raises(ToolRefusalError):
            ask(settings, query, ())
