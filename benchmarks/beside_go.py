"""The bus beside goroutines and channels: `benchmarks/peers/go/main.go` does the same work with Go's standard library.

``python -m benchmarks.beside_go`` builds that program, and prints figures and five mistakes, Go's result beside ours.
Without Go it prints ours alone and says so. The Go program has no policies, no account, and no limit but its channels'.
"""

from __future__ import annotations

import logging
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from benchmarks.growth import Note
from benchmarks.mistakes import MISTAKES
from genie.benchmark import fanout, memory, startup
from genie.policies.injection import Injection
from genie.policies.pii import Pii
from genie.policies.secrets import Secrets
from genie.policy.inspection import Inspectors

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "benchmarks" / "peers" / "go" / "main.go"
BINARY = ROOT / "build" / "beside_go"
WORDS = re.findall(
    r"\S+",
    "the account was opened in Leeds and each month a fee of 12.50 is paid on day 3 by standing order while "
    "savings earn interest that we book in April with 2 notes from Priya about rent food travel and a new bicycle",
)
TEXTS = 2_000
RUNS = 1_000


def built() -> Path | None:
    """Build the Go program; return None if Go is not installed."""
    if (go := shutil.which("go")) is None:
        return None
    subprocess.run([go, "build", "-o", str(BINARY), str(SOURCE)], check=True)  # noqa: S603 - the program of this repository
    return BINARY


def said(binary: Path | None, *words: str, given: str = "") -> str:
    """Return what the Go program prints, or why it ended."""
    if binary is None:
        return "-"
    done = subprocess.run(  # noqa: S603 - built above
        [str(binary), *words], capture_output=True, text=True, check=False, input=given
    )
    if done.returncode:
        return f"the process ends, exit {done.returncode}: {done.stderr.splitlines()[0]}"
    return done.stdout.strip()


def texts() -> list[str]:
    """Return texts of a little more than 1,000 characters without personal data."""
    state, made = 1, []
    for _ in range(TEXTS):
        text = ""
        while len(text) < 1_000:
            state = (state * 1_664_525 + 1_013_904_223) % 2**32
            text += WORDS[(state >> 16) % len(WORDS)] + " "
        made.append(text)
    return made


def looked(*policies: Pii | Secrets | Injection) -> float:
    """Return the microseconds of processor time that these policies look at such a text."""
    inspectors = Inspectors([inspector for one in policies for inspector in one.inspectors])
    notes = [Note(text=text) for text in texts()]
    begun = time.process_time()
    for note in notes:
        inspectors.inspect(note)
    return (time.process_time() - begun) / TEXTS * 1e6


def figures(binary: Path | None) -> Iterator[tuple[str, str, str]]:
    """Yield each figure: its name, Go's, and ours."""

    def go(*words: str, given: str = "") -> str:
        return "-" if binary is None else f"{float(said(binary, *words, given=given)) / 1e3:,.1f}"

    for row in fanout((3, 60)):
        n = row["fanout"]
        ours = f"{row['p50_us']:,.1f} (bare asyncio {row['baseline_p50_us']:,.1f})"
        yield f"round trip, fan-out {n}, µs", go("trips", str(n), str(row["requests"])), ours
    blocked = memory.blocked_runs(RUNS)
    yield "memory of a run that waits in 3 handlers, KB", go("blocked", str(RUNS)), f"{blocked.value / 1e3:,.1f}"
    yield "1 KB of text: personal data, µs CPU", go("scan", given="\n".join(texts())), f"{looked(Pii()):,.1f}"
    yield "  and secrets and injections", "-", f"{looked(Pii(), Secrets(), Injection()):,.1f}"
    started = startup.startup()
    begun = "-" if binary is None else f"{min(_start(binary) for _ in range(9)):,.1f}"
    yield "start of a process, ms", begun, f"{started.python_ms + started.import_ms:,.1f}"


def _start(binary: Path) -> float:
    begun = time.perf_counter()
    said(binary, "start")
    return (time.perf_counter() - begun) * 1e3


def main() -> int:
    """Print both sides."""
    logging.getLogger("genie").setLevel(logging.CRITICAL)
    binary = built()
    if binary is None:
        print("go is not installed: ours alone", file=sys.stderr)
    print(f"{'':<46}{'Go':>12}  Genie")
    for name, theirs, ours in figures(binary):
        print(f"{name:<46}{theirs:>12}  {ours}", flush=True)
    for name, mistake in MISTAKES.items():
        print(f"\n{mistake.__doc__}\n  Go:    {said(binary, name)}\n  Genie: {anyio.run(mistake)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
