"""`genie proxy` and `genie spend`: serve models within budgets to clients in any language, and show the spending."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
from genie.cli.options.telemetry import log_options, logged, otel_options, spans_of
from genie.cli.serving import bind_option, check_extra, opened, serving_options, until_stopped
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.json_text import to_text
from genie.errors import InputError

if TYPE_CHECKING:
    from decimal import Decimal

    from genie.server.principals import Allowance, ApiKeys
    from genie.server.proxy.spend import Spent


@click.command("proxy", epilog=manual(
    ("Serve the shipped scripted model", "genie proxy model_proxy --keys served-keys.json"),
    ("Keep the spending in a file",
     "genie proxy pipeline.yaml --keys served-keys.json --spend spend.db"),
    exits={0: "drained", 2: f"{USUAL[2]}; or the address cannot be opened", 130: "stopped by a second signal"},
))  # fmt: skip
@click.argument("pipeline", type=click.Path(), shell_complete=suggestions.pipelines)
@bind_option(8090)
@click.option("--spend", "spending", type=click.Path(path_type=Path), metavar="FILE",
              help="Spending file, created if absent; several processes may share it. Default: in memory.")  # fmt: skip
@serving_options
@otel_options
@log_options
@guarded
def command(pipeline: str, spending: Path | None, keys: Path, **given: Any) -> None:
    """Serve the models of PIPELINE to clients of OpenAI and Anthropic until SIGTERM or SIGINT.

    Point the base URL of a client at this address and give it a key of `genie keys`. Each call reserves its upper
    bound, is judged by the policies of the pipeline, and is settled with the usage that the provider reports.
    """
    logged(given)
    check_extra("genie proxy")
    from genie.config.loader import load  # noqa: PLC0415 - start-up: after the extra is known to be there
    from genie.server.connections import serve  # noqa: PLC0415 - as above
    from genie.server.principals import ApiKeys  # noqa: PLC0415 - as above
    from genie.server.proxy.app import proxy_application  # noqa: PLC0415 - as above
    from genie.server.proxy.proxy import Proxy  # noqa: PLC0415 - as above
    from genie.server.proxy.spend import Spend  # noqa: PLC0415 - as above
    from genie.server.server import Server  # noqa: PLC0415 - as above

    listener, settings = opened(given)
    with listener:
        loaded = load(pipeline)
        for warning in loaded.warnings:
            click.echo(plain(f"warning: {warning}"), err=True)
        server = Server([loaded], ApiKeys.read(keys), settings, key_file=keys)
        server.beside = spans_of(given)
        proxy = Proxy(server, Spend(spending))
        if proxy.spend.charged:
            text = f"note: {proxy.spend.charged} calls of a killed process are charged as estimated, with their bound"
            click.echo(text, err=True)
        for note in proxy.notes():
            click.echo(plain(f"note: {note}"), err=True)
        try:
            app = proxy_application(proxy)
            until_stopped(lambda stop, told: serve(server, listener, stop, told, app), given["within_s"])
        finally:
            proxy.spend.close()


@click.command("spend", epilog=manual(
    ("Show the spending of keys, conversations and models", "genie spend spend.db --keys served-keys.json"),
))  # fmt: skip
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--keys", type=click.Path(path_type=Path), metavar="FILE", help="File of API keys, to show their limits.")
@click.option("--kind", type=click.Choice(("key", "conversation", "model")), help="Only accounts of one kind.")
@click.option("--last", "most", type=click.IntRange(1, 10_000), default=100, show_default=True, metavar="N",
              help="Number of accounts, the latest first.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@guarded
def spend(file: Path, *, keys: Path | None, kind: str | None, most: int, as_json: bool) -> None:
    """Show the spending of `genie proxy` from its spending FILE."""
    check_extra("genie spend")
    from genie.server.principals import ApiKeys  # noqa: PLC0415 - start-up: after the extra is known to be there
    from genie.server.proxy.spend import Spend  # noqa: PLC0415 - as above

    if not file.is_file():
        raise InputError(str(file), "is not a file", "name the file of `genie proxy --spend`")
    held = ApiKeys() if keys is None else ApiKeys.read(keys)
    with Spend(file, reads=True) as accounts:
        found = accounts.all(kind, most)
    if as_json:
        told = [{**one._asdict(), "cost": f"{one.cost:f}", "reserved_cost": f"{one.reserved_cost:f}"} for one in found]
        click.echo(to_text({"accounts": told}))
        return
    _draw(found, held)


def _draw(found: list[Spent], held: ApiKeys) -> None:
    from genie.cli.terminal.layout import Column, Grid  # noqa: PLC0415 - start-up
    from genie.cli.terminal.screen import show  # noqa: PLC0415 - as above

    if not found:
        click.echo("nothing was spent yet")
        return
    numbers = ("cost", "reserved", "limit", "tokens", "calls", "refused", "estimated")
    table = Grid((Column("account"), Column("name", whole=True), Column("period"),
                  *(Column(title, right=True) for title in numbers)))  # fmt: skip
    for one in found:
        key = held.all.get(one.name.partition(":")[0]) if one.kind != "model" else None
        allowance = None if key is None else key.budget if one.kind == "key" else key.conversation
        name = one.name if key is None else f"{one.name} ({key.user})"
        cost = "unknown" if one.unpriced and not one.cost else _amount(one.cost)
        table.add(
            one.kind, name, one.period or "all time", cost, _amount(one.reserved_cost),
            _limit(allowance), f"{one.tokens:,}", f"{one.calls:,}", f"{one.refused:,}", f"{one.estimated:,}",
        )  # fmt: skip
    show([table])


def _amount(cost: Decimal) -> str:
    return f"{cost.normalize():f}" if cost else "0"


def _limit(allowance: Allowance | None) -> str:
    if allowance is None:
        return ""
    cost = [] if allowance.cost is None else [_amount(allowance.cost)]
    return ", ".join(cost + ([] if allowance.tokens is None else [f"{allowance.tokens:,} tokens"]))
