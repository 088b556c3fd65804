"""`genie bom`: the bill of materials of a pipeline, signed and verified."""

from __future__ import annotations

from pathlib import Path

import click

from genie import __version__
from genie.cli.errors import guarded
from genie.cli.files import read_payload, whole_file
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
from genie.cli.terminal.drawing import counted, plain
from genie.cli.terminal.json_text import to_text

REFUSED = 1
"""Exit code for a bill of materials whose signature is missing or does not hold."""
MOST = 64 << 20
"""Bytes of a bill or of a signature that is read."""


@click.command(epilog=manual(
    ("Print what a pipeline consists of", "genie bom insights"),
    ("Write it, with a signature in bom.json.dsse", "genie bom insights --output bom.json --sign audit.key"),
    ("Check both with a key from elsewhere", "genie bom --verify bom.json --key audit.key.pub"),
    exits={**USUAL, 0: "written, or good", 1: "changed, not signed, or not signed by the key"},
    notes="`genie audit keygen FILE` creates the key.",
))  # fmt: skip
@click.argument("pipeline", required=False, type=click.Path(), shell_complete=suggestions.pipelines)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Output file; by default stdout.")
@click.option("--sign", type=click.Path(path_type=Path), metavar="KEYFILE",
              help="Private key (Ed25519, PEM); the signature is written to FILE.dsse.")  # fmt: skip
@click.option("--verify", type=click.Path(path_type=Path), metavar="FILE", help="Check FILE and FILE.dsse instead.")
@click.option("--key", "keys", multiple=True, type=click.Path(path_type=Path), metavar="PUB",
              help="Public key for --verify; repeatable, for successive keys.")  # fmt: skip
@guarded
def command(
    pipeline: str | None, output: Path | None, sign: Path | None, verify: Path | None, keys: tuple[Path, ...]
) -> None:
    """List what PIPELINE consists of, as CycloneDX 1.6: agents, models, prompts, policies, tools and outside hosts."""
    if verify is not None:
        if pipeline is not None or output is not None or sign is not None or not keys:
            raise click.UsageError("--verify FILE needs --key PUB, and no PIPELINE, --output or --sign.")
        _verify(verify, keys)
    elif pipeline is None or keys:
        raise click.UsageError("Give a PIPELINE, or --verify FILE with --key PUB.")
    elif sign is not None and output is None:
        raise click.UsageError("--sign needs --output.")
    else:
        _write(pipeline, output, sign)


def _write(name: str, output: Path | None, sign: Path | None) -> None:
    from genie.config.bom import PREDICATE, bom_of, text_of  # noqa: PLC0415 - start-up: after the words are parsed
    from genie.config.loader import load  # noqa: PLC0415 - as above
    from genie.edges.identity.keys import private_key  # noqa: PLC0415 - as above
    from genie.edges.identity.statements import envelope_of  # noqa: PLC0415 - as above

    key = None if sign is None else private_key(sign)
    pipeline = load(name)
    found = bom_of(pipeline, version=__version__)
    if output is None:
        click.echo(text_of(found), nl=False)
        return
    with whole_file(output) as file:
        file.write(text_of(found))
    if key is not None:
        described = found["metadata"]["component"]
        digest = described["hashes"][0]["content"]
        with whole_file(_beside(output)) as file:
            file.write(to_text(envelope_of(described["name"], digest, PREDICATE, found, key)) + "\n")


def _verify(path: Path, keys: tuple[Path, ...]) -> None:
    from genie.config.bom import PREDICATE, text_of  # noqa: PLC0415 - as above
    from genie.edges.identity.keys import public_keys  # noqa: PLC0415 - as above
    from genie.edges.identity.statements import Refusal, opened  # noqa: PLC0415 - as above

    trusted, content = public_keys(keys), read_payload(str(path), limit=MOST)
    if not _beside(path).exists():
        found: object = Refusal("not_signed", f"there is no {_beside(path).name} beside it")
    else:
        found = opened(read_payload(str(_beside(path)), limit=MOST), trusted, PREDICATE)
    if isinstance(found, dict) and text_of(found["predicate"]).encode() != content:
        found = Refusal("changed", "is not the file that was signed")
    if isinstance(found, Refusal):
        click.echo(plain(f"{path}: {found.code}: {found.text}"))
        raise SystemExit(REFUSED)
    parts = counted(len(found["predicate"]["components"]), "component") if isinstance(found, dict) else ""
    click.echo(f"good: {parts}, signed")


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.dsse")
