"""`genie serve`: the API and the page of pipelines, on one port."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded, run_async
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
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
@click.option("--tenant-rate", type=click.FloatRange(min=0.1), metavar="N", help="Requests a second of one tenant.")
@click.option("--tenant-runs", type=click.IntRange(min=1), metavar="N",
              help="Runs of one tenant that are in flight at once.")  # fmt: skip
@click.option("--webhooks-to", "networks", multiple=True, metavar="NETWORK",
              help="Private network in which receivers of webhooks may be, also without TLS; repeatable.")  # fmt: skip
@log_options
@guarded
def command(
    pipelines: tuple[str, ...], bind: str, keys: Path, hosts: tuple[str, ...], grants: tuple[str, ...], *,
    behind_proxy: bool, rate: float, within_s: float, **given: Any,
) -> None:  # fmt: skip
    """Serve PIPELINES as an HTTP API and a web page until SIGTERM or SIGINT.

    The signal starts a drain: no run is taken, and running runs have --drain-within seconds.
    """
    quotas = {"tenant_per_s": given.pop("tenant_rate"), "tenant_runs": given.pop("tenant_runs")}
    networks = _networks(given.pop("networks"))
    logged(given)
    try:
        import uvicorn  # noqa: F401, PLC0415 - the extra `serve`
    except ImportError:
        raise InputError("genie serve", "needs starlette and uvicorn", "install genie-bus[serve]") from None
    from genie.config.loader import load  # noqa: PLC0415 - start-up: after the extra is known to be there
    from genie.server.connections import listening, serve  # noqa: PLC0415 - as above
    from genie.server.principals import ApiKeys  # noqa: PLC0415 - as above
    from genie.server.server import Server, Settings  # noqa: PLC0415 - as above

    host, port = _address(bind)
    settings = Settings(
        hosts=Settings().hosts | {name.lower() for name in hosts}, secure=behind_proxy, per_s=rate,
        burst=max(1, int(2 * rate)), drain_s=within_s, webhook_networks=networks, **quotas,
    )  # fmt: skip
    listener = listening(host, port, behind_proxy=behind_proxy)
    with listener:
        loaded = [load(path) for path in pipelines]
        for warning in [warning for one in loaded for warning in one.warnings]:
            click.echo(plain(f"warning: {warning}"), err=True)
        server = Server(loaded, ApiKeys.read(keys), settings, grants=_granted(grants), key_file=keys)

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


def _networks(given: tuple[str, ...]) -> tuple[str, ...]:
    for network in given:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            raise InputError(f"--webhooks-to {network}", "is not a network", "write 10.1.0.0/16") from None
    return given


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
