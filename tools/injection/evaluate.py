"""``python -m tools.injection.evaluate FOLDER``: the detector on collections of labelled texts, source by source."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import click

from genie.detectors.injection.scorer import assess

SUMS = "SHA256SUMS"
"""File of the folder that says which texts a figure belongs to: the output of ``sha256sum *.jsonl``."""
LARGEST = 5_000_000
"""Bytes of one collection."""
LABELS = ("attack", "benign", "bare")
"""``bare`` is a request that a user may write as is; it is counted separately, without a floor."""


class Counted(NamedTuple):
    """Texts of one kind, and those that were marked."""

    texts: int
    marked: int

    @property
    def share(self) -> str:
        """The share that was marked, in per cent."""
        return f"{self.marked / self.texts:.1%}" if self.texts else "-"


class Measured(NamedTuple):
    """Result of the detector on one source."""

    source: str
    labels: dict[str, Counted]
    classes: dict[tuple[str, str, str], Counted]
    """By label, class and language."""

    @property
    def line(self) -> str:
        """The source as a row of the table."""
        attacks, benign, bare = (self.labels[label] for label in LABELS)
        return (
            f"{self.source:<36} {attacks.texts:>7} {attacks.share:>7} {benign.texts:>7} {benign.marked:>6} "
            f"{benign.share:>6} {bare.marked:>5}/{bare.texts}"
        )


HEAD = f"{'source':<36} {'attacks':>7} {'recall':>7} {'benign':>7} {'marked':>6} {'share':>6}  bare"


def measured(folder: Path) -> list[Measured]:
    """Return the figures of every collection of a folder, by source.

    Args:
        folder: JSONL files, one a source, with the rows of ``tests/corpora/injection.jsonl``, and their ``SHA256SUMS``.

    Raises:
        ValueError: A file is not the one of ``SHA256SUMS``, is too large, or has a row of another form.
    """
    try:
        sums = dict(line.split()[::-1] for line in (folder / SUMS).read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        raise ValueError(f"{folder} has no {SUMS}; write the output of `sha256sum *.jsonl` into it") from None
    return [_measured(file, sums.get(file.name)) for file in sorted(folder.glob("*.jsonl"))]


def _measured(file: Path, expected: str | None) -> Measured:
    if file.stat().st_size > LARGEST:
        raise ValueError(f"{file} has more than {LARGEST} bytes; divide it")
    raw = file.read_bytes()
    if hashlib.sha256(raw).hexdigest() != expected:
        raise ValueError(f"{file} is not the file of {SUMS}; measure the texts that the figures belong to")
    total: Counter[tuple[str, str, str]] = Counter()
    marked: Counter[tuple[str, str, str]] = Counter()
    for number, line in enumerate(raw.decode().splitlines(), start=1):
        try:
            row = json.loads(line)
            text, key = row["text"], (row["label"], row["class"], row["language"])
            if key[0] not in LABELS or not isinstance(text, str):
                raise KeyError("label")
        except (ValueError, KeyError, TypeError):
            raise ValueError(
                f"{file}:{number}: needs text, class, language, and a label of {', '.join(LABELS)}"
            ) from None
        total[key] += 1
        marked[key] += assess(text).marked
    classes = {key: Counted(count, marked[key]) for key, count in sorted(total.items())}
    return Measured(file.stem, {label: _sum(classes, label) for label in LABELS}, classes)


def _sum(classes: dict[tuple[str, str, str], Counted], label: str) -> Counted:
    some = [counted for key, counted in classes.items() if key[0] == label]
    return Counted(sum(one.texts for one in some), sum(one.marked for one in some))


def table(sources: Iterable[Measured]) -> str:
    """Return the figures as text: a row for each source."""
    return "\n".join((HEAD, *(one.line for one in sources)))


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--classes", is_flag=True, help="Also print a row for each label, class and language.")
def main(folder: Path, *, classes: bool) -> None:
    """Print the detector's results on each collection of FOLDER; never prints a text."""
    try:
        sources = measured(folder)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(table(sources))
    for one in sources if classes else ():
        click.echo(f"\n{one.source}")
        for key, counted in one.classes.items():
            click.echo(f"  {' '.join(key):<40} {counted.marked}/{counted.texts}")


if __name__ == "__main__":
    main()
