"""Rewrites the golden traces: ``python -m tests.golden [NAME ...]``."""

from __future__ import annotations

import logging
import sys

from tests.golden import scenarios_control, scenarios_flow, scenarios_limits  # noqa: F401 - they register themselves
from tests.golden.conftest import BACKENDS
from tests.golden.stage import SCENARIOS, TRACES, path_of, play, written


def main(names: list[str]) -> int:
    """Write the traces of some scenarios, or of all; refuse one that differs between the backends."""
    logging.disable()  # the failures of handlers are part of the scenarios
    TRACES.mkdir(exist_ok=True)
    failed = 0
    for name in names or sorted(SCENARIOS):
        one, *others = (written(play(name, backend)) for backend in BACKENDS)
        if any(other != one for other in others):
            sys.stderr.write(f"{name}: the backends differ; nothing is written\n")
            failed = 1
            continue
        path_of(name).write_text(one)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
