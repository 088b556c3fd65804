"""`genie serve`: the API and the page of pipelines, on one port."""

from __future__ import annotations

from pathlib import Path

import click

from genie.cli.errors import guarded
from genie.config.loader import load


@click.command()
@click.argument("pipelines", nargs=-1, required=True, type=click.Path())
@click.option("--bind", default="127.0.0.1:8080", metavar="HOST:PORT", help="Address to listen on.")
@click.option("--keys", required=True, metavar="FILE", help="File of API keys.")
@guarded
def command(pipelines: tuple[str, ...], bind: str, keys: str) -> None:
    """Serve PIPELINES until a signal comes."""
    import uvicorn  # noqa: PLC0415 - the extra `serve`

    from genie.server.app import RULES, Server  # noqa: PLC0415 - as above
    from genie.server.principals import ApiKeys  # noqa: PLC0415 - as above

    host, _, port = bind.rpartition(":")
    server = Server([load(path) for path in pipelines], ApiKeys.read(Path(keys)))
    app = server.application(RULES)

    async def run() -> None:
        async with server.open():
            await uvicorn.Server(uvicorn.Config(app, host=host, port=int(port), log_level="warning")).serve()

    import anyio  # noqa: PLC0415 - as above

    anyio.run(run)
