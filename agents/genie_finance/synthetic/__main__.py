"""``python -m genie_finance.synthetic``: write the statements of a population and the ground truth into a folder."""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from genie.errors import InputError
from genie_finance.synthetic.countries import COUNTRIES
from genie_finance.synthetic.export import TRUTH, write
from genie_finance.synthetic.population import MIX, Population

if TYPE_CHECKING:
    from collections.abc import Sequence

START = datetime.date(2025, 1, 1)
"""Default first month: fixed, so that the same command always writes the same files."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, or 2 if an argument or the folder cannot be used."""
    given = _parser().parse_args(arguments)
    try:
        population = Population(given.seed, given.size, mix=given.mix, start=given.start, months=given.months)
        count = write(population, given.out)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{count:,} statements and {TRUTH} in {given.out}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m genie_finance.synthetic",
        description="Write statements of fictitious customers, and the ground truth about them.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="any whole number; the same number produces the same files (1)"
    )
    parser.add_argument("--size", type=int, default=10, help="customers (10)")
    parser.add_argument("--months", type=int, default=12, help="length of the histories (12)")
    parser.add_argument("--start", type=_date, default=START, metavar="YYYY-MM-DD", help=f"first month ({START})")
    shares = ",".join(f"{code}={weight}" for code, weight in MIX.items())
    parser.add_argument(
        "--mix", type=_mix, metavar="CODE=WEIGHT,...", help=f"countries of {', '.join(COUNTRIES)} ({shares})"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder that does not exist yet")
    return parser


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2025-01-31") from None


def _mix(text: str) -> dict[str, int]:
    mix: dict[str, int] = {}
    for part in text.split(","):
        code, _, weight = part.partition("=")
        if not weight.isdecimal() or len(weight) > 6:
            raise argparse.ArgumentTypeError(f"{part!r} is not a share like IN=3")
        mix[code.strip()] = int(weight)
    return mix


if __name__ == "__main__":
    sys.exit(main())
