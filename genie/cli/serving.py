"""Options of the commands that serve on a port."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import run_async
from genie.cli.usage import Finite
from genie.errors import InputError

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from genie.cli.signals import Interrupts
    from genie.server.server import Settings

    Serving = Callable[[Callable[[], Awaitable[object]], Callable[[str], object]], Awaitable[None]]


def serving_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --bind, --keys, --host, --behind-proxy, --rate and --drain-within to a command."""
    for option in (
        click.option("--drain-within", "within_s", type=Finite(min=0), default=30.0, show_default=True,
                     metavar="SECONDS", help="Time limit of runs after the first SIGTERM or SIGINT."),
        click.option("--rate", type=Finite(min=0.1), default=200.0, show_default=True, metavar="N",
                     help="Requests per second of one caller."),
        click.option("--behind-proxy", is_flag=True,
                     help="A TLS proxy is in front: other machines may connect, and cookies are marked secure."),
        click.option("--host", "hosts", multiple=True, metavar="NAME",
                     help="Another accepted name in the Host header; repeatable."),
        click.option("--keys", required=True, type=click.Path(path_type=Path), metavar="FILE",
                     help="File of API keys, created by `genie keys create`; it is read again when it changes."),
    ):  # fmt: skip
        command = option(command)
    return command


def bind_option(port: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the option --bind."""
    return click.option(
        "--bind", default=f"127.0.0.1:{port}", show_default=True, metavar="HOST:PORT",
        help="Address to listen on; port 0 picks a free one.",
    )  # fmt: skip


def check_extra(command: str) -> None:
    """Refuse to serve without the libraries of the extra ``serve``.

    Raises:
        InputError: One of them is missing.
    """
    try:
        import starlette  # noqa: F401, PLC0415 - the extra `serve`
        import uvicorn  # noqa: F401, PLC0415 - as above
    except ImportError:
        raise InputError(command, "needs starlette and uvicorn", "install genie-bus[serve]") from None


def opened(given: dict[str, Any]) -> tuple[socket.socket, Settings]:
    """Return the socket and the settings for the options.

    Raises:
        InputError: The address cannot be opened.
    """
    from genie.server.connections import listening  # noqa: PLC0415 - start-up: after the extra is known to be there
    from genie.server.server import Settings  # noqa: PLC0415 - as above

    host, port = _address(given["bind"])
    hosts = Settings().hosts | {name.lower() for name in given["hosts"]}
    settings = Settings(
        hosts=hosts, secure=given["behind_proxy"], per_s=given["rate"], burst=max(1, int(2 * given["rate"])),
        drain_s=given["within_s"],
    )  # fmt: skip
    return listening(host, port, behind_proxy=given["behind_proxy"]), settings


def until_stopped(serving: Serving, within_s: float) -> None:
    """Serve until SIGTERM or SIGINT, then drain.

    Args:
        serving: Serves until its first argument returns, and passes the address to its second.
        within_s: Time limit of the drain, in seconds.
    """

    async def main(heard: Interrupts | None) -> None:
        import anyio  # noqa: PLC0415 - start-up

        async def stop() -> None:
            await (anyio.sleep_forever() if heard is None else heard.first())
            click.echo(f"draining, {within_s:g} seconds at most", err=True)

        await serving(stop, lambda address: click.echo(f"serving {address}", err=True))

    run_async(main, loop_of_uv=True)


def _address(bind: str) -> tuple[str, int]:
    host, _, port = bind.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and len(port) <= 5):
        raise InputError(f"--bind {bind}", "is not HOST:PORT", "write 127.0.0.1:8080")
    return host.removeprefix("[").removesuffix("]"), int(port)
