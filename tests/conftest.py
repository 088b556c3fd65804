"""What every test shares: both backends, repeatable properties, and no way out to the network."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A shell has what it starts in the background ignore interrupts, and so would the tests of what an interrupt does.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Where bytecode is not written beside the sources, each process that a test starts would compile the library again.
if sys.dont_write_bytecode:
    sys.pycache_prefix = str(Path(__file__).parents[1] / ".pytest_cache" / "bytecode")
    sys.dont_write_bytecode = False
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A test run holds more than a million objects, and a simulation has the collector look through all of them again.
gc.set_threshold(50_000, 20, 100)

# Two cores shared with other work make timings worthless, and a run that differs from the last one explains nothing.
settings.register_profile(
    "genie",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("genie")


@pytest.fixture(scope="session", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Run every test marked ``anyio`` on both backends."""
    backend: str = request.param
    return backend


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Give each test the logging that it found: the command configures its process's."""
    loggers = [logging.getLogger(name) for name in (None, "genie", *logging.root.manager.loggerDict)]
    kept = [(one, one.level, one.propagate, one.disabled, list(one.handlers)) for one in loggers]
    yield
    for one, level, propagate, disabled, handlers in kept:
        if one.level != level:  # each change of a level empties what all loggers have cached
            one.setLevel(level)
        one.propagate, one.disabled = propagate, disabled
        one.handlers[:] = handlers


@pytest.fixture
def own_garbage() -> Iterator[None]:
    """Have ``gc.collect`` look at what the test makes alone: all that the test run holds takes half a second.

    A benchmark collects before each of its measurements, and sets the thresholds of an ordinary program.
    """
    thresholds = gc.get_threshold()
    gc.freeze()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the index of agent cards out of the user's cache folder, for commands in this process and in others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


_CONNECT = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}


def _refusing(name: str) -> Callable[[socket.socket, Any], Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family == getattr(socket, "AF_UNIX", None):  # of this machine: a database that a test has started
            return _CONNECT[name](self, address)
        raise AssertionError(f"a test tried to reach {address!r}; tests use what genie.testing ships")

    return connect


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    for name in _CONNECT:
        patch.setattr(socket.socket, name, _refusing(name))
    yield
    patch.undo()
