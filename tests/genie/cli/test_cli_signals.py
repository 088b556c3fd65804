"""SIGINT and SIGTERM in a real process: none is lost, none is late, and nothing half done is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from genie.cli.files import whole_file
from genie.cli.signals import INTERRUPTED

ROOT = Path(__file__).parents[3]
QUIET_MONTH = str(ROOT / "config/simulations/quiet-month.yaml")
PATIENCE_S = 60.0
"""What a loaded machine may take; only a signal that is lost waits so long."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)

Pipeline = Callable[..., str]


def process(code: str, *words: str, cwd: Path, toys: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command; return when it, and every process that it started, has closed its output."""
    paths = [str(ROOT), str(ROOT / "agents"), *([] if toys is None else [str(toys)])]
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, timeout=PATIENCE_S, cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip


def after(seconds: float, number: int, *, timer: str, alarm: str) -> str:
    """Return a program: the command, which gets a signal after some seconds of one of its timers."""
    return f"""
import os, signal
from genie.cli import main
signal.signal(signal.{alarm}, lambda *_: os.kill(os.getpid(), {number}))
signal.setitimer(signal.{timer}, {seconds})
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS, ids=lambda one: one.name)
@pytest.mark.parametrize("cpu_s", [0.05, 0.2, 0.35, 0.5, 0.65, 0.8])
def test_a_signal_ends_a_simulation_at_any_moment(tmp_path: Path, number: int, cpu_s: float) -> None:
    """Was: late by seconds, or lost where an agent, a destructor or an import hook swallowed `KeyboardInterrupt`."""
    code = after(cpu_s, number, timer="ITIMER_PROF", alarm="SIGPROF")  # CPU time: the same moment on a slow machine
    done = process(code, "simulate", QUIET_MONTH, "--journal", "month.jsonl", "--html", "month.html", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "", "interrupted\n")
    assert list(tmp_path.iterdir()) == []


EARLY = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
from genie.__main__ import main
main()
"""


def test_a_signal_during_the_first_imports_is_one_line(tmp_path: Path) -> None:
    """Was: a traceback of the interpreter, because the handlers came after the imports."""
    done = process(EARLY, "--help", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "", "interrupted\n")


FROM_THE_FIRST = """
import os, signal
from genie.__main__ import main
signal.signal(signal.SIGPROF, lambda *_: os.kill(os.getpid(), signal.SIGINT))
signal.setitimer(signal.ITIMER_PROF, {seconds})
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [("--help",), ("run", "insights"), ("simulate", "quiet-month")], ids=lambda one: one[0]
)
def test_no_interrupt_is_lost_at_thirty_moments(tmp_path: Path, words: tuple[str, ...]) -> None:
    last_s = {"--help": 0.15, "run": 0.4}.get(words[0], 0.6)  # a fast machine has ended a run after half a second
    for moment in range(words == ("run", "insights"), 60, 2):  # the other thirty for the other command
        done = process(FROM_THE_FIRST.format(seconds=0.002 + last_s * moment / 60), *words, cwd=tmp_path)
        if words == ("--help",) and done.returncode in {0, -signal.SIGPROF}:  # over by then
            assert ("simulate" in done.stdout, done.stderr) == (True, ""), moment
            break
        assert (done.returncode, done.stderr.count("\n")) == (INTERRUPTED, 1), moment
        assert done.stderr.startswith("interrupted"), moment


def test_the_script_of_the_command_imports_nothing_before_it() -> None:
    """An older installer writes a script that imports `re`: an interrupt during these milliseconds is a traceback."""
    script = Path(sys.executable).with_name("genie").read_text(encoding="utf-8")
    imports = [line for line in script.splitlines() if line.startswith(("import ", "from "))]
    assert imports == ["import sys", "from genie.__main__ import main"]


@pytest.mark.slow
@pytest.mark.parametrize("real_s", [0.8, 1.5, 3.0])
def test_a_signal_ends_the_workers_of_many_seeds(tmp_path: Path, real_s: float) -> None:
    code = after(real_s, signal.SIGINT, timer="ITIMER_REAL", alarm="SIGALRM")
    done = process(code, "simulate", QUIET_MONTH, "--seeds", "1..500", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "", "interrupted\n")


SWALLOWS = """
from __future__ import annotations

import signal

from genie.contracts.agent import agent
from genie.contracts.message import Payload


class Question(Payload, topic="swallows.question"):
    text: str = "hello"


class Reply(Payload, topic="swallows.reply"):
    text: str


@agent("swallows")
async def swallows(question: Question) -> Reply:
    try:
        signal.raise_signal(signal.SIGINT)
        return Reply(text="the signal was not heard")
    except BaseException:
        return Reply(text="the signal was swallowed")


AGENTS = {"swallows": "swallows:swallows"}
"""
SWALLOWING = """
version: 1
id: swallowing
agents: [swallows]
input: {payload: swallows.question, fields: {text: {from: question, default: hello}}}
output: swallows.reply
"""
SIMULATED = """
version: 1
id: swallowed
pipeline: swallowing.yaml
duration: 1h
workload: {arrivals: [{every: 20m}], questions: [{question: "Why?"}]}
"""


@pytest.fixture
def swallowing(tmp_path: Path) -> Path:
    """Return a folder with an agent that swallows every exception, its pipeline and its scenario."""
    metadata = tmp_path / "swallows-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: swallows\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[genie.agents]\nswallows = swallows:AGENTS\n")
    (tmp_path / "swallows.py").write_text(SWALLOWS)
    (tmp_path / "swallowing.yaml").write_text(SWALLOWING)
    (tmp_path / "swallowed.yaml").write_text(SIMULATED)
    return tmp_path


@pytest.mark.parametrize("words", [("simulate", "swallowed.yaml"), ("run", "swallowing.yaml", "--json")])
def test_an_agent_cannot_swallow_a_signal(swallowing: Path, words: tuple[str, ...]) -> None:
    code = "from genie.cli import main; main()"
    done = process(code, *words, cwd=swallowing, toys=swallowing)
    assert done.returncode == (INTERRUPTED if words[0] == "simulate" else 0), done.stdout + done.stderr


WAITS = """
from __future__ import annotations

import os
from pathlib import Path

import anyio

from genie.contracts.agent import agent
from genie.contracts.message import Payload


class Question(Payload, topic="waits.question"):
    text: str = "hello"


class Reply(Payload, topic="waits.reply"):
    text: str


@agent("waits")
async def waits(question: Question) -> Reply:
    os.write(2, b"at work\\n")
    while not Path("go on").exists():
        await anyio.sleep(0.01)
    return Reply(text="done")


AGENTS = {"waits": "waits:waits"}
"""
WAITING = """
version: 1
id: waiting
agents: [waits]
input: {payload: waits.question, fields: {text: {from: question, default: hello}}}
output: waits.reply
"""
KEPT = "durability: batched\nlog: waiting.log\n"


@pytest.fixture
def waiting(tmp_path: Path) -> Path:
    """Return a folder with an agent that waits for a file, and pipelines without and with a log."""
    metadata = tmp_path / "waits-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: waits\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[genie.agents]\nwaits = waits:AGENTS\n")
    (tmp_path / "waits.py").write_text(WAITS)
    (tmp_path / "waiting.yaml").write_text(WAITING)
    (tmp_path / "kept.yaml").write_text(WAITING + KEPT)
    return tmp_path


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start the command, and return it when its agent is at work."""
    paths = os.pathsep.join((str(ROOT), str(ROOT / "agents"), str(folder)))
    ran = subprocess.Popen(
        [sys.executable, "-c", "from genie.cli import main; main()", *words], cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert ran.stderr is not None
    assert said(ran, "at work")
    return ran


def said(ran: subprocess.Popen[str], words: str) -> str:
    """Read what a process writes to stderr up to some words; return that line, empty when it ended before."""
    assert ran.stderr is not None
    return next((line for line in ran.stderr if words in line), "")


def test_sigterm_gives_a_run_time_to_end(waiting: Path) -> None:
    ran = started(waiting, "run", "waiting.yaml", "--json")
    ran.send_signal(signal.SIGTERM)
    assert "30 seconds at most" in said(ran, "draining")
    (waiting / "go on").touch()
    out, _ = ran.communicate(timeout=PATIENCE_S)
    assert (ran.returncode, json.loads(out)["status"]) == (0, "complete")


@pytest.mark.parametrize("number", SIGNALS, ids=lambda one: one.name)
def test_a_drained_run_says_what_is_left_and_an_interrupted_one_fails(waiting: Path, number: int) -> None:
    ran = started(waiting, "run", "waiting.yaml", "--json", "--drain-within", "0")
    ran.send_signal(number)
    out, err = ran.communicate(timeout=PATIENCE_S)
    drained = number == signal.SIGTERM
    assert ran.returncode == (0 if drained else INTERRUPTED)
    assert ("drained: run" in err, "1 cancelled" in err) == (drained, True)
    assert [json.loads(out)["messages"]["cancelled"] if drained else out] == [1 if drained else ""]


def test_what_a_drained_run_leaves_goes_on_with_the_next_process(waiting: Path) -> None:
    ran = started(waiting, "run", "kept.yaml", "--json", "--drain-within", "0")
    ran.send_signal(signal.SIGTERM)
    out, err = ran.communicate(timeout=PATIENCE_S)
    assert (ran.returncode, json.loads(out)["messages"]["in_flight"]) == (0, 1), err
    assert "1 left in flight" in err
    (waiting / "go on").touch()
    done = process("from genie.cli import main; main()", "run", "kept.yaml", "--json", cwd=waiting, toys=waiting)
    assert (done.returncode, done.stderr.count("at work")) == (0, 2), done.stderr  # the old run's, and its own


def test_a_second_signal_ends_a_drain_at_once(waiting: Path) -> None:
    ran = started(waiting, "run", "waiting.yaml")
    ran.send_signal(signal.SIGTERM)
    assert said(ran, "draining")
    ran.send_signal(signal.SIGTERM)
    _, err = ran.communicate(timeout=PATIENCE_S)
    assert (ran.returncode, err) == (INTERRUPTED, "interrupted\n")


def test_a_signal_that_the_caller_ignores_stays_ignored(swallowing: Path) -> None:
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); from genie.cli import main; main()"
    done = process(code, "simulate", "swallowed.yaml", "--json", cwd=swallowing, toys=swallowing)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["outcomes"]


def test_a_signal_removes_what_is_half_written(tmp_path: Path) -> None:
    code = """
import signal
from pathlib import Path
from genie.cli.files import whole_file
from genie.cli.signals import end_at_signals
end_at_signals()
with whole_file(Path("outer")) as outer, whole_file(Path("inner")) as inner:
    outer.write("half")
    signal.raise_signal(signal.SIGTERM)
"""
    done = process(code, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (INTERRUPTED, "interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_written_is_its_owners(tmp_path: Path) -> None:
    with whole_file(tmp_path / "file") as file:
        file.write("text")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


# --- an agent that ends the process ---


@pytest.mark.parametrize("agent", ["quitter", "interrupter"])
@pytest.mark.parametrize("command", ["run --json", "run", "ask"])
def test_an_agent_that_exits_is_a_failure(pipeline: Pipeline, toys: Path, agent: str, command: str) -> None:
    """Was: `sys.exit(0)` in a handler made `genie run --json` print nothing and end with 0."""
    path = pipeline(agent)
    words = ["ask", "toys.question", "--pipeline", path] if command == "ask" else [*command.split(), path]
    done = process("from genie.cli import main; main()", *words, cwd=Path(path).parent, toys=toys)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "complete" not in done.stdout
    assert done.stdout + done.stderr
