"""Rows of several tenants in one PostgreSQL database: row-level security with a proof of the tenant.

A role that runs statements can change any setting, so the name of a tenant alone proves nothing. The row policies call
a function that checks a proof, made from the name with a secret that only the owner of the tables and the program have.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.errors import LogError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genie.journal.database import Layout

LEAST_SECRET = 32
"""Minimum length of the secret, in characters."""
_MARK = b"genie tenant secret|"


class Objection(NamedTuple):
    """Why a role must not be used."""

    code: str
    text: str


def key_of(secret: str) -> bytes:
    """Return the key of a secret, which the database stores."""
    return hashlib.sha256(_MARK + secret.encode()).digest()


def proof_of(key: bytes, tenant: str) -> str:
    """Return the proof that the program acts for a tenant."""
    return hashlib.sha256(key + hashlib.sha256(key + tenant.encode()).digest()).hexdigest()


def secret_in(name: str, place: str) -> bytes:
    """Return the key of the secret in a variable of the environment.

    Raises:
        LogError: The secret is missing or too short.
    """
    secret = os.environ.get(name, "")
    if len(secret) < LEAST_SECRET:
        raise LogError(
            place=place, state="role", problem=f"the variable {name[:100]} has no secret of {LEAST_SECRET} characters",
            remedy="set it to the secret that `genie store sql` was given; `openssl rand -hex 32` makes one",
        )  # fmt: skip
    return key_of(secret)


OBJECTIONS = (
    ("superuser", "the role is a superuser", "SELECT 1 FROM pg_roles WHERE rolname = current_user AND rolsuper"),
    ("bypasses", "the role bypasses row-level security",
     "SELECT 1 FROM pg_roles WHERE rolname = current_user AND rolbypassrls"),
    ("creates_roles", "the role can create roles",
     "SELECT 1 FROM pg_roles WHERE rolname = current_user AND rolcreaterole"),
    ("member", "the role is a member of one that reads everything",
     "SELECT 1 FROM pg_roles r WHERE r.rolname <> session_user AND pg_has_role(session_user, r.oid, 'MEMBER') AND "
     "(r.rolsuper OR r.rolbypassrls OR r.rolname IN ('pg_read_all_data', 'pg_write_all_data', "
     "'pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'))"),
    ("owner", "the role owns the tables, or is a member of their owner",
     "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND "
     "pg_has_role(session_user, c.relowner, 'MEMBER')"),
    ("creates", "the role can create tables beside ours",
     "SELECT 1 FROM pg_namespace WHERE nspname = $1 AND has_schema_privilege(current_user, oid, 'CREATE')"),
    ("unprotected", "a table that the role may use has no forced row-level security",
     "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND "
     "c.relkind IN ('r', 'p', 'f', 'm') AND NOT (c.relrowsecurity AND c.relforcerowsecurity) AND "
     "has_any_column_privilege(current_user, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')"),
    ("view", "a view that the role may read shows its owner's rows",
     "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'v' "
     "AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false) AND "
     "has_any_column_privilege(current_user, c.oid, 'SELECT')"),
    ("absent", "the tables do not exist",
     "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
     "WHERE n.nspname = $1 AND c.relname = 'meta')"),
)  # fmt: skip
"""Code, sentence, and a query that returns rows if the role must not be used."""


def objections(execute: Callable[..., Sequence[Sequence[Any]]], schema: str) -> tuple[Objection, ...]:
    """Return why the connected role must not be used for a schema; empty if it may be.

    Args:
        execute: Runs a statement.
        schema: Schema of the tables.
    """
    return tuple(
        Objection(code, text) for code, text, sql in OBJECTIONS if execute(sql, *((schema,) if "$1" in sql else ()))
    )


# --- SQL for the owner of the database ---

_HEAD = """\
-- {what}: tables that belong to whoever runs this, for a role that owns nothing and bypasses nothing.
-- Run it as the owner, a role that no program uses: psql -v ON_ERROR_STOP=1 -f FILE
BEGIN;
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN
    CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION NOINHERIT;
  END IF;
END $$;
CREATE SCHEMA IF NOT EXISTS {schema};
REVOKE ALL ON SCHEMA {schema} FROM PUBLIC, {role};
GRANT USAGE ON SCHEMA {schema} TO {role};
CREATE TABLE IF NOT EXISTS {schema}.tenant_secret (id boolean PRIMARY KEY DEFAULT true CHECK (id), key bytea NOT NULL);
REVOKE ALL ON {schema}.tenant_secret FROM PUBLIC, {role};
INSERT INTO {schema}.tenant_secret (key) VALUES (decode('{key}', 'hex'))
  ON CONFLICT (id) DO UPDATE SET key = excluded.key;
-- The tenant of this transaction, once its proof is good; NULL otherwise, so that no row is seen.
CREATE OR REPLACE FUNCTION {schema}.acting() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT given.tenant
  FROM (SELECT nullif(current_setting('genie.tenant', true), '') AS tenant,
               coalesce(current_setting('genie.proof', true), '') AS proof) AS given, {schema}.tenant_secret AS s
  WHERE sha256(convert_to(given.proof, 'UTF8')) = sha256(convert_to(
    encode(sha256(s.key || sha256(s.key || convert_to(given.tenant, 'UTF8'))), 'hex'), 'UTF8'))
$$;
REVOKE ALL ON FUNCTION {schema}.acting() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {schema}.acting() TO {role};
"""
_TABLE = """\
{statement};
ALTER TABLE {schema}.{table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.{table} FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON {schema}.{table};
CREATE POLICY own_tenant ON {schema}.{table} USING (belongs = (SELECT {schema}.acting()))
  WITH CHECK (belongs = (SELECT {schema}.acting()));
REVOKE ALL ON {schema}.{table} FROM PUBLIC, {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.{table} TO {role};
"""
_PRESENTED = """\
DROP POLICY IF EXISTS presented ON {schema}.{table};
CREATE POLICY presented ON {schema}.{table} FOR SELECT
  USING (kind IN ({kinds}) AND id = nullif(current_setting('genie.presented', true), ''));
"""
_TYPES = {"text": "text", "integer": "bigint", "blob": "bytea", "key": "bigint PRIMARY KEY"}
_BELONGS = (
    "belongs text NOT NULL DEFAULT nullif(current_setting('genie.tenant', true), '') CHECK (belongs <> '')"
)  # fmt: skip


def preparing(layout: Layout, schema: str, role: str, key: bytes, presented: Sequence[str] = ()) -> str:
    """Return the SQL that creates the tables of a layout with row-level security, and a role for the program.

    Args:
        layout: The tables.
        schema: Their schema; a plain word.
        role: A plain word.
        key: Key of the secret, as ``key_of`` returns it.
        presented: Kinds of rows in ``kept`` whose id is a secret of those who may read them.
    """
    facts = {"schema": schema, "role": role, "what": layout.what, "key": key.hex()}
    parts = [_HEAD.format(**facts)]
    for statement in layout.tables:
        table, made = _governed(statement.format_map(_TYPES), schema)
        parts.append(_TABLE.format(statement=made, table=table, **facts))
        if table == "kept" and presented:
            kinds = ", ".join(f"'{kind}'" for kind in presented)
            parts.append(_PRESENTED.format(table=table, kinds=kinds, **facts))
    return "".join((*parts, "COMMIT;\n"))


def _governed(statement: str, schema: str) -> tuple[str, str]:
    """Return the table of a statement, and the statement with a column of the tenant, which is also in the key."""
    start, _, inner = statement.partition(" (")
    table = start.rpartition(" ")[2]
    inner, _, keyed = inner.removesuffix(")").partition(", PRIMARY KEY (")
    keys = keyed.removesuffix(")") if keyed else inner.partition(" PRIMARY KEY")[0].rpartition(", ")[2].split(" ")[0]
    inner = inner.replace(" PRIMARY KEY", " NOT NULL")
    made = f"{start.removesuffix(table)}{schema}.{table} ({inner}, {_BELONGS}, PRIMARY KEY (belongs, {keys}))"
    return table, made
