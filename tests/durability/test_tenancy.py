"""Rows of several tenants in one PostgreSQL database: what the program's role cannot do, on a real server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from click.testing import CliRunner

from genie.cli import main
from genie.cli.diagnostics.installation import database_role
from genie.errors import LogError
from genie.journal.database import LOG
from genie.journal.postgres import PostgresDatabase, PostgresLog, role_objections
from genie.journal.tenancy import OBJECTIONS, key_of, preparing, proof_of
from genie.server.store import LAYOUT, Store, store_at
from tests.durability.server import Server, programs

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.slow,  # makes and starts a server
    pytest.mark.skipif(programs() is None, reason="no PostgreSQL server is installed"),
]
SECRET = "0123456789abcdef0123456789abcdef"
VARIABLE = "GENIE_TEST_TENANT_SECRET"


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return str(request.param)


class Prepared:
    """A server that its owner has prepared for the program's role."""

    def __init__(self, server: Server, folder: Any) -> None:
        self.server = server
        self.ring = str(folder / "ring.json")

    def owner(self, sql: str) -> None:
        done = self.server._run(
            "psql", "-X", "-h", str(self.server.folder), "-U", "genie", "-d", "postgres", "-v", "ON_ERROR_STOP=1",
            "-c", sql,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()

    def dsn(self, schema: str, role: str = "genie_app", more: str = "") -> str:
        return f"postgresql://{role}@/postgres?host={self.server.folder}&schema={schema}&secret={VARIABLE}{more}"

    def store(self, now: float = 1_000.0) -> Store:
        return store_at(self.dsn("genie_server"), self.ring, lambda: now)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    os.environ[VARIABLE] = SECRET
    made = Server()
    made.start()
    ready = Prepared(made, tmp_path_factory.mktemp("ring"))
    for kind in ("server", "log"):
        done = CliRunner().invoke(main, ["store", "sql", "--of", kind, "--secret", VARIABLE])
        assert done.exit_code == 0, done.output
        ready.owner(done.stdout)
        ready.owner(done.stdout)  # a second time changes nothing
    yield ready
    made.remove()
    del os.environ[VARIABLE]


class Raw:
    """The program's role as somebody who can run any SQL has it; in a thread, since its loop is not the test's."""

    def __init__(self, prepared: Prepared) -> None:
        self._dsn = prepared.dsn("genie_server").replace(f"&secret={VARIABLE}", "")
        self._thread = ThreadPoolExecutor(1)

    def __call__(self, *statements: str) -> list[Any]:
        """Return the rows of the last statement; all run in one new session."""
        return self._thread.submit(self._run, statements).result()

    def _run(self, statements: tuple[str, ...]) -> list[Any]:
        database = PostgresDatabase(self._dsn)
        try:
            database.role()  # connects
            rows: Any = []
            for one in statements:
                rows = database.execute(one)
            return list(rows)
        finally:
            database.close()

    def refused(self, *statements: str) -> bool:
        try:
            return not self(*statements)
        except LogError:
            return True

    def close(self) -> None:
        self._thread.shutdown()


@pytest.fixture
def raw(prepared: Prepared) -> Iterator[Raw]:
    made = Raw(prepared)
    yield made
    made.close()


async def filled(prepared: Prepared) -> Store:
    store = prepared.store()
    await store.open()
    for tenant in ("north", "south", None):
        await store.put("run", "r1", tenant, {"answer": f"words of {tenant}"}, 9_000.0)
        await store.put("session", f"digest-{tenant}", tenant, {"user": tenant}, 9_000.0)
    return store


async def test_each_tenant_has_its_own_rows(prepared: Prepared) -> None:
    store = await filled(prepared)
    found = await store.get("run", "r1", "north")
    assert found is not None
    assert found.body == {"answer": "words of north"}
    assert [one.tenant for one in await store.latest("run", "south", 10)] == ["south"]
    presented = await store.present("session", "digest-south")
    assert presented is not None
    assert presented.tenant == "south"
    assert await store.present("session", "digest") is None
    assert await store.present("run", "r1") is None  # the id of a run is no secret
    assert await store.tenants() == []
    assert not await store.add("north", [("run", "r2", {}, 9_000.0), ("run", "r1", {}, 9_000.0)])
    assert await store.get("run", "r2", "north") is None  # all of them or none
    await store.shred("south")
    assert await store.latest("run", "south", 10) == []
    assert len(await store.latest("run", "north", 10)) == 1
    await store.close()


ROWS = "SELECT * FROM genie_server.kept WHERE kind = 'run'"
PROOF = proof_of(key_of(SECRET), "=north")
NORTH = f"SELECT set_config('genie.tenant', '=north', false), set_config('genie.proof', '{PROOF}', false)"
ESCAPES: dict[str, tuple[str, ...]] = {
    "no tenant": (ROWS,),
    "an empty tenant": ("SET genie.tenant = ''", ROWS),
    "a tenant without its proof": ("SET genie.tenant = '=south'", ROWS),
    "a guessed proof": ("SET genie.tenant = '=south'", "SET genie.proof = 'x'", ROWS),
    "the proof of another": (NORTH, "SET genie.tenant = '=south'", ROWS),
    "the secret": ("SELECT key FROM genie_server.tenant_secret",),
    "the owner's role": ("SET ROLE genie",),
    "the owner's session": ("SET SESSION AUTHORIZATION genie",),
    "no row security": ("SET row_security = off", ROWS),
    "another function": (
        "CREATE FUNCTION genie_server.acting() RETURNS text LANGUAGE sql AS $$ SELECT '=south' $$",
    ),
    "a function in its place": (
        "CREATE OR REPLACE FUNCTION pg_temp.acting() RETURNS text LANGUAGE sql AS $$ SELECT '=south'::text $$",
        "SET search_path = pg_temp, genie_server", ROWS,
    ),
    "an operator in its place": ("CREATE SCHEMA evil",),
    "a table in its place": ("CREATE TABLE genie_server.kept2 (id text)",),
    "no policy": ("ALTER TABLE genie_server.kept DISABLE ROW LEVEL SECURITY",),
    "a wider policy": ("CREATE POLICY wide ON genie_server.kept USING (true)",),
    "another owner": ("ALTER TABLE genie_server.kept OWNER TO genie_app",),
    "a wider role": ("ALTER ROLE genie_app BYPASSRLS",),
    "a member of the owner": ("GRANT genie TO genie_app",),
    "a copy to a program": ("COPY (SELECT 1) TO PROGRAM 'cat'",),
    "a file of the server": ("SELECT pg_read_file('PG_VERSION')",),
    "emptied": ("TRUNCATE genie_server.kept",),
    "a trigger": (
        "CREATE TRIGGER t BEFORE UPDATE ON genie_server.kept FOR EACH ROW "
        "EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()",
    ),
    "a foreign key": (
        "CREATE TEMP TABLE child (t text, k text, i text, b text, "
        "FOREIGN KEY (b, t, k, i) REFERENCES genie_server.kept)",
    ),
    "a prepared statement": (
        NORTH, "PREPARE all_rows AS SELECT * FROM genie_server.kept WHERE tenant <> '=north' AND kind = 'run'",
        "RESET genie.proof", "EXECUTE all_rows",
    ),
    "a guessed session": ("SET genie.presented = '%'", "SELECT * FROM genie_server.kept"),
    "a run as a session": ("SET genie.presented = 'r1'", ROWS),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(ESCAPES))
async def test_the_same_role_reaches_no_row_of_another_tenant(prepared: Prepared, raw: Raw, name: str) -> None:
    store = await filled(prepared)
    await store.close()
    assert raw.refused(*ESCAPES[name])


async def test_a_tenant_writes_changes_and_removes_nothing_of_another(prepared: Prepared, raw: Raw) -> None:
    store = await filled(prepared)
    assert len(raw(NORTH, ROWS)) == 1
    assert raw.refused(NORTH, "INSERT INTO genie_server.kept VALUES ('run', 'x', '=south', 1, 1, 1, '', '=south')")
    assert raw.refused(NORTH, "UPDATE genie_server.kept SET belongs = '=south' RETURNING 1")
    assert raw.refused(NORTH, "UPDATE genie_server.kept SET ends = 0 WHERE belongs = '=south' RETURNING 1")
    assert raw.refused(NORTH, "DELETE FROM genie_server.kept WHERE belongs <> '=north' RETURNING 1")
    assert raw.refused("SET genie.presented = 'digest-south'", "DELETE FROM genie_server.kept RETURNING 1")
    assert await store.get("run", "r1", "south") is not None
    await store.close()


def test_the_tenant_is_forgotten_with_its_transaction(prepared: Prepared) -> None:
    database = PostgresDatabase(prepared.dsn("genie_server"), layout=LAYOUT)
    database.connect()
    database.act("=north")
    with database.transaction():
        assert database.execute("SELECT current_setting('genie.tenant', true)")[0][0] == "=north"
    database._acting = {}  # what is left in the session without ours
    assert database.execute("SELECT current_setting('genie.tenant', true)")[0][0] in {"", None}
    assert database.execute("SELECT * FROM kept") == []
    database.close()


def test_every_table_of_both_schemas_is_protected(prepared: Prepared, raw: Raw) -> None:
    rows = raw(
        "SELECT n.nspname, c.relname, c.relrowsecurity AND c.relforcerowsecurity, pg_get_userbyid(c.relowner) "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname IN ('genie_server', 'genie_log') AND c.relkind = 'r' AND c.relname <> 'tenant_secret'"
    )
    assert {name for _, name, _, _ in rows} == {"meta", "owner", "batches", "keys", "holds", "kept"}
    assert {(protected, owner) for _, _, protected, owner in rows} == {(True, "genie")}
    columns = [tuple(row) for row in raw(
        "SELECT table_schema, table_name, column_name FROM information_schema.columns ORDER BY ordinal_position"
    )]  # fmt: skip
    for schema, layout in (("genie_server", LAYOUT), ("genie_log", LOG)):
        for statement in layout.tables:
            named = statement.partition(" (")[0].rpartition(" ")[2]
            wanted = [one.split(" ")[0] for one in statement.partition(" (")[2].split(", PRIMARY")[0].split(", ")]
            found = [row[2] for row in columns if row[:2] == (schema, named)]
            assert found == [*wanted, "belongs"]


def test_a_role_that_could_read_everything_is_refused_by_name(prepared: Prepared) -> None:
    assert role_objections(prepared.dsn("genie_server")) == ()
    assert [one.severity.value for one in database_role(prepared.dsn("genie_server"))] == ["ok"]

    def codes(role: str, schema: str = "genie_server") -> set[str]:
        return {one.code for one in role_objections(prepared.dsn(schema, role))}

    assert {"superuser", "owner"} <= codes("genie")
    for role, options, more, code in (
        ("by", "BYPASSRLS", "", "bypasses"),
        ("maker", "CREATEROLE", "", "creates_roles"),
        ("insider", "", "GRANT genie TO insider", "member"),
        ("reader", "", "GRANT pg_read_all_data TO reader", "member"),
        ("tabler", "", "GRANT CREATE ON SCHEMA genie_server TO tabler", "creates"),
    ):
        prepared.owner(f"CREATE ROLE {role} LOGIN {options}")
        prepared.owner(f"GRANT USAGE ON SCHEMA genie_server TO {role}")
        if more:
            prepared.owner(more)
        assert code in codes(role)
        database = PostgresDatabase(prepared.dsn("genie_server", role), layout=LAYOUT)
        with pytest.raises(LogError) as refused:
            database.connect()
        database.close()
        assert refused.value.state == "role"
    prepared.owner("CREATE TABLE genie_server.loose (id text); GRANT SELECT ON genie_server.loose TO genie_app")
    prepared.owner("CREATE VIEW genie_server.seen AS SELECT * FROM genie_server.kept")
    prepared.owner("GRANT SELECT ON genie_server.seen TO genie_app")
    assert codes("genie_app") == {"unprotected", "view"}
    prepared.owner("DROP VIEW genie_server.seen; DROP TABLE genie_server.loose")
    assert codes("genie_app", "nothing") == {"absent"}
    found = list(database_role(prepared.dsn("genie_server", "genie")))
    assert {(one.check.code, one.severity.value) for one in found} == {("GD015", "error")}
    assert len({code for code, _, _ in OBJECTIONS}) == len(OBJECTIONS)


def test_a_secret_that_is_missing_or_wrong_opens_nothing(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = prepared.dsn("genie_server").replace(f"&secret={VARIABLE}", "")
    with pytest.raises(LogError, match="secret"):
        store_at(plain, prepared.ring, lambda: 0.0)
    with pytest.raises(LogError):
        PostgresDatabase(f"{plain}&tenant=north")
    monkeypatch.setenv(VARIABLE, "f" * 32)
    database = PostgresDatabase(prepared.dsn("genie_server"), layout=LAYOUT)
    database.connect()
    database.act("=north")
    assert database.execute("SELECT * FROM kept") == []
    database.close()
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(LogError):
        PostgresDatabase(prepared.dsn("genie_server"))


async def test_logs_of_two_tenants_share_tables_and_see_nothing_of_each_other(
    prepared: Prepared, raw: Raw, anyio_backend_name: str
) -> None:
    tenants = (f"north-{anyio_backend_name}", f"a%20b-{anyio_backend_name}")
    logs = {tenant: PostgresLog(prepared.dsn("genie_log", more=f"&tenant={tenant}")) for tenant in tenants}
    for number, log in enumerate(logs.values(), 1):
        await log.open()
        await log.append([{"kind": "run", "run": number, "caller": None}])
    for log in logs.values():
        await log.close()
    for number, (tenant, log) in enumerate(logs.items(), 1):
        assert [one["run"] for one in await log.open()] == [number]
        await log.close()
        assert PostgresDatabase(prepared.dsn("genie_log", more=f"&tenant={tenant}")).place == log.database.place
    assert raw("SELECT * FROM genie_log.batches") == []


def test_the_sql_names_plain_words_alone() -> None:
    environ: dict[str, str | None] = {VARIABLE: SECRET}

    def run(*given: str) -> int:
        return CliRunner().invoke(main, ["store", "sql", "--secret", VARIABLE, *given], env=environ).exit_code

    assert run() == 0
    for given in (("--role", "a; DROP"), ("--schema", "Public"), ("--role", 'x"'), ("--secret", "NOT_THERE_AT_ALL")):
        assert run(*given) == 2
    text = preparing(LAYOUT, "s", "r", key_of(SECRET))
    assert SECRET not in text
