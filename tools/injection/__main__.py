"""``python -m tools.injection [--check]``: train the classifier and build the prefilter, or check the shipped files."""

from __future__ import annotations

import gzip
import hashlib
import sys
from pathlib import Path

import click

from genie.detectors import injection
from genie.detectors.injection import classifier, prefilter, segmentation
from tools.injection.dictionary import listed
from tools.injection.prefilter import packed
from tools.injection.regression import fit
from tools.injection.sentences import Composer

SEED = 20_26
TEXTS = 80_000
PACKAGE = Path(injection.__file__).parent


def trained() -> bytes:
    """Return the weights of the classifier, unpacked; training takes about a minute."""
    fitted = fit(Composer(SEED).texts(TEXTS))
    return classifier.packed(fitted.weights, fitted.scale, fitted.bias)


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a shipped file differs.")
def main(*, check: bool) -> None:
    """Build the data files of the injection detector: the classifier's weights, the prefilter and the word list."""
    words, weights, known = packed(), trained(), listed()
    digest = hashlib.sha256(weights).hexdigest()
    click.echo(f"{digest}  {classifier.WEIGHTS}")
    click.echo(f"{hashlib.sha256(words).hexdigest()}  {prefilter.PREFILTER}")
    click.echo(f"{hashlib.sha256(known.encode()).hexdigest()}  {segmentation.WORDS}")
    if check:
        same = (
            (PACKAGE / segmentation.WORDS).read_text(encoding="utf-8") == known
            and digest == classifier.SHA256
            and words == (PACKAGE / prefilter.PREFILTER).read_bytes()
        )
        sys.exit(not same)
    (PACKAGE / prefilter.PREFILTER).write_bytes(words)
    (PACKAGE / segmentation.WORDS).write_text(known, encoding="utf-8")
    (PACKAGE / classifier.WEIGHTS).write_bytes(gzip.compress(weights, 9, mtime=0))
    if digest != classifier.SHA256:
        click.echo(f"write this hash into {classifier.__name__} as SHA256", err=True)


if __name__ == "__main__":
    main()
