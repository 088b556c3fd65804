"""`genie run` at a terminal, through a pseudo-terminal: it asks, shows what is masked, and knows who may not decide."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
HOLDING = "policies: [hold_answers]\n"
RUN = "from genie.cli import main; main()"


class Terminal:
    """A process at a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self.seen = ""
        self._read = 0

    def wait_for(self, text: str) -> None:
        """Read until a text has come, after the last one that was waited for."""
        end = time.monotonic() + 60
        while text not in self.seen[self._read :]:
            assert time.monotonic() < end, f"{text!r} did not come: {self.seen}"
            ready, _, _ = select.select([self._descriptor], [], [], 1)
            try:
                self.seen += os.read(self._descriptor, 65_536).decode(errors="replace") if ready else ""
            except OSError:
                raise AssertionError(f"{text!r} did not come: {self.seen}") from None
        self._read = self.seen.index(text, self._read) + len(text)

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    def end(self) -> int:
        """Read the rest, so that the process can end, and return its exit code."""
        with contextlib.suppress(OSError):
            while data := os.read(self._descriptor, 65_536):
                self.seen += data.decode(errors="replace")
        return self.process.wait(60)


@contextlib.contextmanager
def terminal(toys: Path, *words: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "run", *words], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{toys}", "COLUMNS": "120", "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def published(genie) -> None:
    """Wait until the control file holds what is asked for."""
    while not json.loads(genie("approvals", "list", "--json", "--control", "control.db").stdout):
        pass


def test_it_asks_and_the_one_who_asked_may_not_decide(toys, pipeline) -> None:
    with terminal(toys, pipeline("parrot", more=HOLDING), "--as", "ann", "--question", "a secret") as at:
        at.wait_for("approve? y or n")
        for text in ("toys.reply", "hold_answers: a person decides", "a secret", "ann, run"):
            assert text in at.seen
        at.type("perhaps\n")
        at.wait_for("answer y or n")
        at.type("y\n")
        at.wait_for("your name (not ann)")
        at.type("Ann\n")
        at.wait_for("reason:")
        at.type("it is mine\n")
        at.wait_for("senders cannot decide on their own messages")
        at.wait_for("approve?")
        at.type("y\n")
        at.wait_for("your name")
        at.type("ben\n")
        at.wait_for("reason:")
        at.type("agreed\n")
        at.wait_for("approved")
        assert at.end() == 0
        assert "a secret" in at.seen


@pytest.mark.parametrize(("typed", "code"), [("n\nben\ntoo much\n", 4), ("\n", 5), ("\x04", 5), ("y\n\n", 5)])
def test_a_no_denies_and_nothing_leaves_it_held(toys, pipeline, typed: str, code: int) -> None:
    with terminal(toys, pipeline("parrot", more=HOLDING), "--as", "ann") as at:
        at.wait_for("approve?")
        at.type(typed)
        assert at.end() == code
        assert "Traceback" not in at.seen


def test_what_the_caller_may_not_see_is_masked_or_withheld_from_the_person_at_the_terminal(toys, pipeline) -> None:
    card = "4111111111111111"
    more = "policies: [hold_answers, {pii: {}}]\n"
    with terminal(toys, pipeline("parrot", more=more), "--as", "ann", "--question", f"pay {card}") as at:
        at.wait_for("approve?")
        assert "pay [card]" in at.seen
        assert "masked    text" in at.seen
        assert card not in at.seen
        at.type("\n")
        at.end()
        assert card not in at.seen


def test_an_interrupt_while_it_asks_cancels_the_run(toys, pipeline) -> None:
    with terminal(toys, pipeline("parrot", more=HOLDING), "--as", "ann") as at:
        at.wait_for("approve?")
        at.process.send_signal(signal.SIGINT)
        assert at.end() == 130
        assert "interrupted" in at.seen


def test_it_stops_asking_when_another_shell_decides_or_the_hold_expires(toys, pipeline, genie) -> None:
    more = HOLDING + "control: {path: control.db, interval_s: 0.05}\n"
    with terminal(toys, pipeline("parrot", more=more), "--as", "ann") as at:
        at.wait_for("approve?")
        published(genie)
        done = genie("approvals", "approve", "hold", "--as", "ben", "--reason", "x", "--control", "control.db")
        assert done.stdout == "approved\n"
        assert at.end() == 0
    with terminal(toys, pipeline("parrot", more=HOLDING + "limits: {hold_s: 3}\n"), "--as", "ann") as at:
        at.wait_for("approve?")
        assert at.end() == 4
        assert "expired" in at.seen


def test_whoever_leaves_it_lets_another_shell_decide(toys, pipeline, genie) -> None:
    more = HOLDING + "control: {path: control.db, interval_s: 0.05}\n"
    with terminal(toys, pipeline("parrot", more=more), "--as", "ann") as at:
        at.wait_for("approve?")
        at.type("\n")
        at.wait_for("waits for a decision")
        published(genie)
        done = genie("approvals", "deny", "hold", "--as", "ben", "--reason", "x", "--control", "control.db")
        assert done.stdout == "denied\n"
        assert at.end() == 4


def test_quiet_and_json_do_not_ask(toys, pipeline) -> None:
    for option in ("--quiet", "--json"):
        with terminal(toys, pipeline("parrot", more=HOLDING), option) as at:
            assert at.end() == 5
            assert "approve?" not in at.seen
