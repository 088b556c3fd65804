"""The command, as its script and ``python -m genie`` start it: a signal ends it from the first import on."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # part of the interpreter: `signal` takes twelve milliseconds
import os

TYPE_CHECKING = False  # type checkers take the name for true; importing `typing` takes ten milliseconds
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> None:
    """Run the command."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupted)
    from genie.cli import main as command  # noqa: PLC0415 - after the signals: importing it takes a while

    command(prog_name="genie")


def _interrupted(*_: object) -> NoReturn:
    """Report the signal and end the process; ``genie.cli.signals`` takes over once it is imported."""
    os.write(2, b"interrupted\n")
    os._exit(130)


if __name__ == "__main__":
    main()
