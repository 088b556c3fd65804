"""`genie serve`: the API and the page of pipelines, on one port."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded, run_async
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
from genie.cli.options.control import now
from genie.cli.options.telemetry import log_options, logged
from genie.cli.terminal.drawing import plain
from genie.errors import InputError

if TYPE_CHECKING:
    from genie.cli.signals import Interrupts


@click.command("serve", epilog=manual(
    ("Serve two pipelines that ship, for the holders of keys", "genie serve insights enquiry --keys served-keys.json"),
    exits={0: "drained", 2: f"{USUAL[2]}; or the address cannot be opened", 130: "stopped by a second signal"},
))  # fmt: skip
@click.argument("pipelines", nargs=-1, required=True, type=click.Path(), shell_complete=suggestions.pipelines)
@click.option("--bind", default="127.0.0.1:8080", show_default=True, metavar="HOST:PORT",
              help="Address to listen on; port 0 picks a free one.")  # fmt: skip
@click.option("--keys", required=True, type=click.Path(path_type=Path), metavar="FILE",
              help="File of API keys; it is read again when it changes.")  # fmt: skip
@click.option("--who", type=click.Path(path_type=Path), metavar="FILE",
              help="Issuers of tokens, how fresh a sign-in must be, and passkeys (YAML).")  # fmt: skip
@click.option("--store", metavar="PLACE", help="Keeps runs that ended and sessions over a restart: a file, or "
              "a PostgreSQL address.")  # fmt: skip
@click.option("--store-keys", metavar="RING", help="Key ring that encrypts the store: a file, or env:NAME.")
@click.option("--host", "hosts", multiple=True, metavar="NAME",
              help="Another name in the Host header that is served; repeatable.")  # fmt: skip
@click.option("--grant", "grants", multiple=True, metavar="ROLE=RIGHT,...",
              help="Rights that a role of a signed token gives besides ask and observe; repeatable.")  # fmt: skip
@click.option("--behind-proxy", is_flag=True,
              help="A proxy that speaks TLS is in front: others may connect, and cookies are secure.")  # fmt: skip
@click.option("--rate", type=click.FloatRange(min=0.1), default=200.0, show_default=True, metavar="N",
              help="Requests a second of one caller.")  # fmt: skip
@click.option("--drain-within", "within_s", type=click.FloatRange(min=0), default=30.0, show_default=True,
              metavar="SECONDS", help="Time limit of runs after the first SIGTERM or SIGINT.")  # fmt: skip
@log_options
@guarded
def command(
    pipelines: tuple[str, ...], bind: str, keys: Path, hosts: tuple[str, ...], grants: tuple[str, ...], *,
    behind_proxy: bool, rate: float, within_s: float, **given: Any,
) -> None:  # fmt: skip
    """Serve PIPELINES as an HTTP API and a web page until SIGTERM or SIGINT.

    The signal starts a drain: no run is taken, and running runs have --drain-within seconds.
    """
    who: Path | None = given.pop("who")
    place, ring = given.pop("store"), given.pop("store_keys")
    if (place is None) != (ring is None):
        raise InputError("--store and --store-keys", "need each other", "what is kept is always encrypted")
    logged(given)
    try:
        import uvicorn  # noqa: F401, PLC0415 - the extra `serve`
    except ImportError:
        raise InputError("genie serve", "needs starlette and uvicorn", "install genie-bus[serve]") from None
    from genie.config.loader import load  # noqa: PLC0415 - start-up: after the extra is known to be there
    from genie.server.connections import listening, serve  # noqa: PLC0415 - as above
    from genie.server.principals import ApiKeys  # noqa: PLC0415 - as above
    from genie.server.server import Server, Settings  # noqa: PLC0415 - as above
    from genie.server.store import store_at  # noqa: PLC0415 - as above
    from genie.server.who import read_who  # noqa: PLC0415 - as above

    host, port = _address(bind)
    settings = Settings(
        hosts=Settings().hosts | {name.lower() for name in hosts}, secure=behind_proxy, per_s=rate,
        burst=max(1, int(2 * rate)), drain_s=within_s,
    )  # fmt: skip
    listener = listening(host, port, behind_proxy=behind_proxy)
    with listener:
        loaded = [load(path) for path in pipelines]
        for warning in [warning for one in loaded for warning in one.warnings]:
            click.echo(plain(f"warning: {warning}"), err=True)
        server = Server(
            loaded, ApiKeys.read(keys), settings, grants=_granted(grants), key_file=keys,
            who=None if who is None else read_who(who, os.environ),
            store=None if place is None else store_at(place, ring, now),
        )  # fmt: skip

        async def main(heard: Interrupts | None) -> None:
            import anyio  # noqa: PLC0415 - start-up

            async def stop() -> None:
                await (anyio.sleep_forever() if heard is None else heard.first())
                click.echo(f"draining, {within_s:g} seconds at most", err=True)

            await serve(server, listener, stop, lambda address: click.echo(f"serving {address}", err=True))

        run_async(main, loop_of_uv=True)


def _address(bind: str) -> tuple[str, int]:
    host, _, port = bind.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and len(port) <= 5):
        raise InputError(f"--bind {bind}", "is not HOST:PORT", "write 127.0.0.1:8080")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _granted(grants: tuple[str, ...]) -> dict[str, frozenset[str]]:
    from genie.server.principals import RIGHTS  # noqa: PLC0415 - as above

    found: dict[str, frozenset[str]] = {}
    for grant in grants:
        role, _, named = grant.partition("=")
        rights = frozenset(named.split(","))
        if not role or not rights <= RIGHTS:
            raise InputError(f"--grant {grant}", "is not ROLE=RIGHT,...", f"rights are {', '.join(sorted(RIGHTS))}")
        found[role] = found.get(role, frozenset()) | rights
    return found
