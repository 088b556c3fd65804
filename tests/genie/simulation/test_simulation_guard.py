"""An agent that leaves the simulation or reads a value that no seed repeats is named with its file and line."""

from __future__ import annotations

import _socket
import _thread
import datetime as calendar
import email.utils
import os
import random
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import choice
from time import monotonic

import anyio
import numpy.random
import pytest

from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.simulation.errors import ExternalCallError
from genie.simulation.runner import simulate
from tests.genie.simulation.conftest import Made


class Ask(Payload, topic="guard.ask"):
    which: int


class Told(Payload, topic="guard.told"):
    text: str


def _imported() -> object:
    from datetime import datetime as late

    return late.now(UTC)


SHARED = random.Random()
SEEDED = numpy.random.default_rng(7)


READS: dict[str, Callable[[], object]] = {
    "time.time": lambda: time.time(),
    "time.monotonic": lambda: monotonic(),
    "time.perf_counter": lambda: time.perf_counter(),
    "time.localtime": lambda: time.localtime(),
    "datetime.now": lambda: datetime.now(UTC),
    "datetime.utcnow": lambda: calendar.datetime.utcnow(),
    "datetime.today": lambda: datetime.today(),
    "date.today": lambda: calendar.date.today(),
    "random.random": lambda: random.random(),
    "random.choice": lambda: choice([1, 2]),
    "random.Random()": lambda: random.Random(),
    "os.urandom": lambda: os.urandom(4),
    "uuid.uuid4": lambda: uuid.uuid4(),
    "secrets.token_hex": lambda: secrets.token_hex(),
    "datetime.now ": _imported,
    "time.clock_gettime": lambda: time.clock_gettime(time.CLOCK_REALTIME),
    "time.thread_time": lambda: time.thread_time(),
    "random.SystemRandom": lambda: random.SystemRandom().random(),
    "numpy.random.default_rng": lambda: numpy.random.default_rng().random(),
    "numpy.random.normal": lambda: numpy.random.normal(),
    "time.localtime  ": lambda: time.localtime(None),
    "time.asctime": lambda: time.asctime(),
    "time.strftime": lambda: time.strftime("%c"),
    "time.time  ": lambda: email.utils.formatdate(),
    "random.SystemRandom  ": lambda: random.SystemRandom().choice([1, 2]),
    "tempfile.mktemp": lambda: tempfile.mktemp(),  # noqa: S306 - what is to be caught
    "open('/dev/urandom')": lambda: open("/dev/urandom", "rb").read(1),  # noqa: PTH123, SIM115 - as above
    "open(b'/dev/random')": lambda: os.open(b"/dev/random", os.O_RDONLY),
    "open(": lambda: Path("/dev/urandom").open("rb"),  # noqa: SIM115 - as above
    "os.getpid": lambda: os.getpid(),
    "time.time   ": lambda: type(datetime(2026, 1, 1, tzinfo=UTC)).today(),
    "uuid.getnode": lambda: uuid.getnode(),
    f"{__name__}.SHARED.random": lambda: SHARED.random(),
    f"{__name__}.SEEDED.integers": lambda: SEEDED.integers(5),
}
ONE = "duration: 1h\nworkload:\n  arrivals: [{every: 1h}]\n  questions: [{fields: {which: 0}}]\n"


@pytest.mark.parametrize("name", READS)
def test_the_clock_and_unseeded_randomness_are_named(name: str, made: Made) -> None:
    @agent("reader")
    async def reader(_ask: Ask) -> Told:
        return Told(text=str(READS[name]()))

    record = simulate(made({"reader": reader}, "guard.ask -> guard.told", ONE))
    breach = next(one for one in record.violations if one.invariant == "repeatable")
    assert f"agent 'reader' calls {name.strip()}" in breach.text
    assert "test_simulation_guard.py:" in breach.text
    assert record.outcomes() == {"failed": 1}


def test_a_task_of_a_handler_is_the_handlers(made: Made) -> None:
    async def look() -> None:
        time.time()

    @agent("parent")
    async def parent(_ask: Ask) -> Told:
        async with anyio.create_task_group() as group:
            group.start_soon(look)
        return Told(text="done")

    record = simulate(made({"parent": parent}, "guard.ask -> guard.told", ONE))
    assert "agent 'parent' calls time.time" in record.violations[0].text


EXTERNAL: dict[str, Callable[[], object]] = {
    "a thread": lambda: threading.Thread(target=print).start(),
    "a thread ": lambda: _thread.start_new_thread(print, ()),
    "a process": lambda: subprocess.run(["true"], check=False),
    "a process ": lambda: os.system("true"),  # noqa: S605 - as above
    "a process  ": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "a process   ": lambda: os.fork() or os._exit(0),
    "a process    ": lambda: os.popen("true"),  # noqa: S605 - as above
    "a socket": lambda: socket.create_connection(("127.0.0.1", 9)),
    "a socket ": lambda: urllib.request.urlopen("http://127.0.0.1:9"),
    "a socket  ": lambda: socket.getaddrinfo("localhost", 9),
    "a socket    ": lambda: socket.gethostname(),
    "real time": lambda: time.sleep(0.001),
}


@pytest.mark.parametrize("what", EXTERNAL)
def test_the_world_outside_is_refused_and_the_caller_named(what: str, made: Made) -> None:
    @agent("caller")
    async def caller(_ask: Ask) -> Told:
        return Told(text=str(EXTERNAL[what]()))

    record = simulate(made({"caller": caller}, "guard.ask -> guard.told", ONE))
    breach = next(one for one in record.violations if one.invariant == "repeatable")
    assert breach.text.startswith(f"agent 'caller' uses {what.strip()} (")
    assert "test_simulation_guard.py:" in breach.text
    assert record.outcomes() == {"failed": 1}


@pytest.mark.parametrize("call", ["connect", "connect_ex", "sendto"])
def test_a_socket_from_before_the_simulation_cannot_connect_either(call: str, made: Made) -> None:
    opened = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)  # the tests keep socket.socket from connecting
    raised: list[type[BaseException]] = []

    @agent("caller")
    async def caller(_ask: Ask) -> Told:
        arguments = (b"x", ("127.0.0.1", 9)) if call == "sendto" else (("127.0.0.1", 9),)
        try:
            getattr(opened, call)(*arguments)
        except ExternalCallError as error:
            raised.append(type(error))
        return Told(text="done")

    record = simulate(made({"caller": caller}, "guard.ask -> guard.told", ONE))
    opened.close()
    assert raised == [ExternalCallError]
    assert {one.invariant for one in record.violations} == {"repeatable"}  # although the agent swallowed the error


def test_outside_a_handler_nothing_is_refused(made: Made) -> None:
    @agent("quiet")
    async def quiet(_ask: Ask) -> Told:
        return Told(text="done")

    assert simulate(made({"quiet": quiet}, "guard.ask -> guard.told", ONE)).violations == []
    socket.socket().close()
    assert subprocess.run(["true"], check=False).returncode == 0
    assert SHARED.random() < 1


FIRST_USE = r"""
from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.contracts.message import Payload
from genie.simulation.runner import simulate
from genie.simulation.scenario import parse
from pathlib import Path
import sys, tempfile


class Ask(Payload, topic="np.ask"):
    which: int


class Told(Payload, topic="np.told"):
    text: str


@agent("reader")
async def reader(ask: Ask) -> Told:
    import numpy

    numbers = numpy.random.default_rng(7).random(3) if ask.which < 2 else numpy.random.default_rng().random(3)
    return Told(text=str(numbers))


folder = Path(tempfile.mkdtemp())
(folder / "p.yaml").write_text("version: 1\nid: np\nagents: [reader]\ninput: np.ask\noutput: np.told\n")
text = "version: 1\nid: np\npipeline: p.yaml\nduration: 2h\nworkload:\n  arrivals: [{every: 1h}]\n"
text += "  questions: [{fields: {which: '{number}'}}]\n"
scenario = parse(text, folder=folder, plugins=Plugins(agents={"reader": reader}))
assert "numpy" not in sys.modules
record = simulate(scenario)
print(record.outcomes(), [one.text for one in record.violations])
"""


def test_numpy_may_be_imported_first_inside_a_handler(tmp_path: Path) -> None:
    script = tmp_path / "first_use.py"
    script.write_text(FIRST_USE)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert "{'answered': 1, 'failed': 1}" in done.stdout  # the second asks for a generator without a seed
    assert "calls numpy.random.default_rng" in done.stdout


def test_what_a_seed_repeats_is_left_alone(made: Made) -> None:
    @agent("good")
    async def good(_ask: Ask, context: Context) -> Told:
        moment = context.now()
        assert isinstance(moment, datetime)
        assert isinstance(calendar.date(2026, 1, 1), calendar.date)
        context.logger.info("a log record reads the clock, and is not the agent's")
        given = datetime(2026, 1, 1, tzinfo=UTC), time.gmtime(0), random.Random(7).random()
        seeded = numpy.random.default_rng(7).random(), numpy.random.default_rng(seed=7).random()
        assert isinstance(context.random, random.Random)
        with tempfile.TemporaryDirectory() as folder:
            assert Path(folder).is_dir()
        return Told(text=f"{moment} {context.random.random()} {given} {seeded}")

    scenario = made({"good": good}, "guard.ask -> guard.told", ONE)
    first, second = simulate(scenario), simulate(scenario)
    assert first.violations == []
    assert first.runs[0].answer == second.runs[0].answer
    assert datetime.now is not None  # and all is as it was afterwards
    assert time.time() > 1e9
    assert type(datetime(2026, 1, 1, tzinfo=UTC)) is datetime


def test_events_of_a_process_that_ends_are_let_through() -> None:
    late = (
        "import sys\n"
        "from genie.simulation import determinism\n"
        "determinism._Installed.hook()\n"
        "vars(determinism).clear()\n"
        "sys.audit('late')\n"
    )
    ended = subprocess.run([sys.executable, "-c", late], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
