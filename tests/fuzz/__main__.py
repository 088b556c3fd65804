"""Fuzzes the bus by hand: ``python -m tests.fuzz --seconds 600 [--seed N] [--backend trio]``."""

from __future__ import annotations

import argparse
import faulthandler
import itertools
import logging
import sys
import time
import traceback
from collections import Counter

from tests.fuzz.storm import storm
from tests.golden.conftest import BACKENDS

STUCK_S = 120
"""Seconds of real time in which a seed must end; after that all stacks are printed, and the process ends."""


def main() -> int:
    """Run seeds until the time is over; print every failure with its seed."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--seed", type=int, help="run this seed alone, once")
    options.add_argument("--from", dest="first", type=int, default=1, help="the first seed")
    options.add_argument("--backend", choices=sorted(BACKENDS), help="both by default")
    given = options.parse_args()
    logging.disable()  # handlers fail on purpose
    backends = [given.backend] if given.backend else list(BACKENDS)
    until = time.monotonic() + given.seconds
    seen: Counter[str] = Counter()
    failed = runs = 0
    for seed in itertools.count(given.first) if given.seed is None else (given.seed,):
        for backend in backends:
            runs += 1
            faulthandler.dump_traceback_later(STUCK_S, exit=True)
            try:
                seen += storm(seed, backend)
            except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - whatever leaves a seed is what it found
                failed += 1
                sys.stderr.write(f"seed {seed} on {backend}:\n{''.join(traceback.format_exception(error))}\n")
            faulthandler.cancel_dump_traceback_later()
        if time.monotonic() >= until:
            break
    sys.stdout.write(f"{runs} runs, {failed} failed; {dict(seen)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
