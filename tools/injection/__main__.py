"""``python -m tools.injection [--check]``: make the weights, or see that they come out the same."""

from __future__ import annotations

import gzip
import hashlib
import sys
from pathlib import Path

import click

from genie.detectors.injection import classifier as ngrams
from tools.injection.regression import fit
from tools.injection.sentences import Composer

SEED = 20_26
TEXTS = 40_000
TARGET = Path(ngrams.__file__).with_name(ngrams.WEIGHTS)


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; end with 1 when the weights come out otherwise.")
def main(*, check: bool) -> None:
    """Make the weights of the injection model, which takes about a minute."""
    fitted = fit(Composer(SEED).texts(TEXTS))
    raw = ngrams.packed(fitted.weights, fitted.scale, fitted.bias)
    digest = hashlib.sha256(raw).hexdigest()
    click.echo(f"{digest}  {TARGET.name}")
    if check:
        sys.exit(digest != ngrams.SHA256)
    TARGET.write_bytes(gzip.compress(raw, 9, mtime=0))
    if digest != ngrams.SHA256:
        click.echo(f"write this hash into {ngrams.__name__} as SHA256", err=True)


if __name__ == "__main__":
    main()
