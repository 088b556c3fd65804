"""`genie serve`: the API and the page of pipelines, on one port."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
from genie.cli.options.control import now
from genie.cli.options.telemetry import log_options, logged, otel_options, spans_of
from genie.cli.serving import bind_option, check_extra, opened, serving_options, until_stopped
from genie.cli.terminal.drawing import plain
from genie.cli.usage import Finite
from genie.errors import InputError

if TYPE_CHECKING:
    from genie.server.store import Store


@click.command("serve", epilog=manual(
    ("Serve two shipped pipelines to the holders of keys", "genie serve insights enquiry --keys served-keys.json"),
    exits={0: "drained", 2: f"{USUAL[2]}; or the address cannot be opened", 130: "stopped by a second signal"},
))  # fmt: skip
@click.argument("pipelines", nargs=-1, required=True, type=click.Path(), shell_complete=suggestions.pipelines)
@bind_option(8080)
@click.option("--who", type=click.Path(path_type=Path), metavar="FILE",
              help="YAML file with token issuers, the maximum age of a sign-in, and passkeys.")  # fmt: skip
@click.option("--store", metavar="PLACE",
              help="Store of finished runs and sessions across restarts: a file, or a PostgreSQL address.")  # fmt: skip
@click.option("--store-keys", metavar="RING", help="Key ring that encrypts the store: a file, or env:NAME.")
@click.option("--grant", "grants", multiple=True, metavar="ROLE=RIGHT,...",
              help="Additional rights of a role in a signed token, beside ask and observe; repeatable.")  # fmt: skip
@click.option("--tenant-rate", type=Finite(min=0.1), metavar="N", help="Requests per second of one tenant.")
@click.option("--tenant-runs", type=click.IntRange(min=1), metavar="N",
              help="Maximum number of runs in flight of one tenant.")  # fmt: skip
@click.option("--webhooks-to", "networks", multiple=True, metavar="NETWORK",
              help="Private network in which receivers of webhooks may be, also without TLS; repeatable.")  # fmt: skip
@serving_options
@otel_options
@log_options
@guarded
def command(pipelines: tuple[str, ...], grants: tuple[str, ...], keys: Path, **given: Any) -> None:
    """Serve PIPELINES as an HTTP API and a web page until SIGTERM or SIGINT.

    The signal starts a drain: no run is admitted, and runs in flight have --drain-within seconds.
    """
    more = {"tenant_per_s": given.pop("tenant_rate"), "tenant_runs": given.pop("tenant_runs"),
            "webhook_networks": _networks(given.pop("networks"))}  # fmt: skip
    who: Path | None = given.pop("who")
    place, ring = given.pop("store"), given.pop("store_keys")
    if (place is None) != (ring is None):
        raise InputError("--store and --store-keys", "need each other", "what is kept is always encrypted")
    logged(given)
    check_extra("genie serve")
    from genie.config.loader import load  # noqa: PLC0415 - start-up: after the extra is known to be there
    from genie.server.connections import serve  # noqa: PLC0415 - as above
    from genie.server.principals import ApiKeys  # noqa: PLC0415 - as above
    from genie.server.server import Server  # noqa: PLC0415 - as above
    from genie.server.who import read_who  # noqa: PLC0415 - as above

    listener, settings = opened(given)
    settings = settings.model_copy(update=more)
    with listener:
        loaded = [load(path) for path in pipelines]
        for warning in [warning for one in loaded for warning in one.warnings]:
            click.echo(plain(f"warning: {warning}"), err=True)
        server = Server(
            loaded, ApiKeys.read(keys), settings, grants=_granted(grants), key_file=keys,
            who=None if who is None else read_who(who, os.environ),
            store=None if place is None else _store(place, ring),
        )  # fmt: skip
        server.beside = spans_of(given)
        until_stopped(lambda stop, told: serve(server, listener, stop, told), given["within_s"])


def _store(place: str, ring: str) -> Store:
    from genie.server.store import store_at  # noqa: PLC0415 - start-up: for servers that keep what ended

    return store_at(place, ring, now)


def _networks(given: tuple[str, ...]) -> tuple[str, ...]:
    for network in given:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            raise InputError(f"--webhooks-to {network}", "is not a network", "write 10.1.0.0/16") from None
    return given


def _granted(grants: tuple[str, ...]) -> dict[str, frozenset[str]]:
    from genie.server.principals import RIGHTS  # noqa: PLC0415 - start-up

    found: dict[str, frozenset[str]] = {}
    for grant in grants:
        role, _, named = grant.partition("=")
        rights = frozenset(named.split(","))
        if not role or not rights <= RIGHTS:
            raise InputError(f"--grant {grant}", "is not ROLE=RIGHT,...", f"rights are {', '.join(sorted(RIGHTS))}")
        found[role] = found.get(role, frozenset()) | rights
    return found
