"""`genie store`: the data that `genie serve` keeps, and PostgreSQL roles that separate tenants."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genie.cli.errors import guarded, run_async
from genie.cli.help import Subcommands, manual
from genie.cli.options.control import now
from genie.cli.terminal.progress import progress
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from genie.cli.signals import Interrupts
    from genie.server.store import Store

_WORD = re.compile(r"[a-z_][a-z0-9_]{0,62}\Z")
_PLACE = click.argument("place")
_KEYS = click.option("--keys", required=True, metavar="RING", help="Key ring: a file, or env:NAME.")
_TENANT = click.option("--tenant", required=True, help="Tenant of the rows.")


@click.group(cls=Subcommands, epilog=manual(("Prepare a database", "genie store sql --secret GENIE_TENANT_SECRET")))
def command() -> None:
    """Prepare the database of a server, and shred its data."""


@command.command("sql", epilog=manual(
    ("Prepare a database", "genie store sql --of log --secret GENIE_TENANT_SECRET"),
))  # fmt: skip
@click.option("--of", "kind", type=click.Choice(["server", "log"]), default="server", show_default=True,
              help="Content of the tables: the server's rows, or logs of durable pipelines.")  # fmt: skip
@click.option("--role", default="genie_app", show_default=True, help="Role of the program; created if absent.")
@click.option("--schema", help="Schema of the tables; genie_server or genie_log by default.")
@click.option("--secret", "variable", required=True, metavar="NAME",
              help="Environment variable with the secret that proves the tenant.")  # fmt: skip
@guarded
def sql_command(kind: str, role: str, schema: str | None, variable: str) -> None:
    """Print the SQL that creates tables with row-level security, and a role without special rights.

    The owner of the database runs it with psql. It contains a key derived from the secret; keep it secret too.
    """
    from genie.journal.database import LOG  # noqa: PLC0415 - start-up
    from genie.journal.postgres import SCHEMA as OF_LOGS  # noqa: PLC0415 - as above
    from genie.journal.tenancy import preparing, secret_in  # noqa: PLC0415 - as above
    from genie.server.store import LAYOUT, PRESENTED, SCHEMA  # noqa: PLC0415 - as above

    schema = schema or (OF_LOGS if kind == "log" else SCHEMA)
    layout, presented = (LOG, ()) if kind == "log" else (LAYOUT, PRESENTED)
    for option, word in (("--role", role), ("--schema", schema)):
        if not _WORD.match(word):
            raise InputError(option, "is not a plain word", "write lower-case letters, digits and _")
    key = secret_in(variable, f"--secret {variable}")
    click.echo(preparing(layout, schema, role, key, presented), nl=False)


@command.command("rewrap", epilog=manual(
    ("Rotate the key of a key ring", "genie store rewrap served-store.db --keys ring.json --tenant acme"),
))  # fmt: skip
@_PLACE
@_KEYS
@_TENANT
@guarded
def rewrap_command(place: str, keys: str, tenant: str) -> None:
    """Create new keys in the ring, and wrap the data keys of a tenant with its newest one."""
    from genie.journal.places import ring_at  # noqa: PLC0415 - start-up

    ring_at(keys).rotate()

    async def work(store: Store) -> None:
        click.echo(f"{await store.rewrap(tenant)} data keys are wrapped with the newest key")

    _with_store(place, keys, work)


@command.command("shred", epilog=manual(
    ("Make a tenant's rows unreadable", "genie store shred served-store.db --keys ring.json --tenant acme"),
))  # fmt: skip
@_PLACE
@_KEYS
@_TENANT
@guarded
def shred_command(place: str, keys: str, tenant: str) -> None:
    """Destroy a tenant's keys and remove its rows. Stop the server first: it has keys in memory."""

    async def work(store: Store) -> None:
        if await store.shred(tenant):
            click.echo(f"{tenant}: its data is unreadable, also in copies")
        else:
            click.echo(f"{tenant}: its rows are removed; copies stay readable while the ring's keys exist")

    _with_store(place, keys, work)


def _with_store(place: str, keys: str, work: Callable[[Store], Awaitable[None]]) -> None:
    from genie.server.store import store_at  # noqa: PLC0415 - start-up

    if "://" not in place and not Path(place).exists():
        raise InputError(place, "does not exist", "name the file of --store")
    store = store_at(place, keys, now)

    async def main(_heard: Interrupts | None) -> None:
        await store.open()
        try:
            await work(store)
        finally:
            await store.close()

    with progress("working"):
        run_async(main)
