"""Finds agents that use the world outside the simulation, or read a value that differs between executions.

Three means, while a simulation runs and a handler is active:

* An audit hook of the interpreter refuses sockets, processes, threads, ``time.sleep`` and the system's random devices.
  Python reports these operations itself, however they are called.
* Functions of ``time``, ``random``, ``os`` and similar modules are replaced by functions that check their caller. In
  the modules of the agents, names for classes such as ``datetime``, and random generators that all runs share, are
  replaced as well. Genie itself and the parts of the standard library in ``_TRUSTED`` are not affected.
* ``genie.simulation.replay`` runs the simulation in a second process, and finds what is left.
"""

from __future__ import annotations

import _thread
import builtins
import datetime
import os
import random
import secrets
import sys
import sysconfig
import tempfile
import threading
import time
import types
import uuid
from typing import TYPE_CHECKING, Any, Self

from pydantic_core import core_schema

from genie.contracts.agent import FunctionAgent
from genie.simulation.errors import ExternalCallError, NondeterminismError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from genie.contracts.agent import Binding

_CLOCK = "use context.now()"
_RANDOM = "use context.random"
_MACHINE = "pass the value to the agent as a setting"
_PATCHED: dict[types.ModuleType, tuple[tuple[str, ...], str]] = {
    time: (("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time",
            "process_time_ns", "thread_time", "thread_time_ns", "clock_gettime", "clock_gettime_ns", "localtime",
            "gmtime", "ctime", "asctime", "strftime"), _CLOCK),
    random: (("random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "gauss",
              "normalvariate", "expovariate", "betavariate", "gammavariate", "lognormvariate", "triangular",
              "vonmisesvariate", "paretovariate", "weibullvariate", "getrandbits", "randbytes"), _RANDOM),
    os: (("urandom", "getrandom"), _RANDOM),
    uuid: (("uuid1", "uuid4", "getnode"), _RANDOM),
    secrets: (("token_bytes", "token_hex", "token_urlsafe", "choice", "randbelow", "randbits"), _RANDOM),
    tempfile: (("mktemp",), _RANDOM),
}  # fmt: skip
_PATCHED_MACHINE = ("getpid", "getppid", "times", "getloadavg")
"""Functions of ``os`` that only an agent's own code may not call: libraries compare process ids."""
_CONVERTS_FROM = {"localtime": 0, "gmtime": 0, "ctime": 0, "asctime": 0, "strftime": 1}
"""Function of ``time`` -> position of the argument that it converts; it reads the clock if the argument is missing."""
_NUMPY = (
    "default_rng", "random", "rand", "randn", "randint", "random_sample", "normal", "uniform", "choice", "shuffle",
    "permutation", "standard_normal", "exponential", "poisson", "lognormal", "binomial", "gamma", "beta", "bytes",
)  # fmt: skip
"""Functions of ``numpy.random`` that use the generator of the process, and the factory of new ones."""
_SOCKET = "a socket"
_PROCESS = "a process"
_EVENTS = {
    "subprocess.Popen": _PROCESS, "os.system": _PROCESS, "os.exec": _PROCESS, "os.posix_spawn": _PROCESS,
    "os.spawn": _PROCESS, "os.fork": _PROCESS, "os.forkpty": _PROCESS, "pty.spawn": _PROCESS,
    "_thread.start_new_thread": "a thread", "_thread.start_joinable_thread": "a thread", "time.sleep": "real time",
}  # fmt: skip
"""Audit event -> its meaning; socket events have the prefix ``socket.``."""
_WITHOUT_EVENT = (
    (time, "sleep", "time.sleep"), (_thread, "start_new_thread", "_thread.start_new_thread"),
    (threading, "_start_new_thread", "_thread.start_new_thread"),
    (threading, "_start_joinable_thread", "_thread.start_joinable_thread"),
)  # fmt: skip
"""Module, function and event of calls that older Pythons do not report; each is replaced by a function that does."""
_AT_IMPORT = ("socket.__new__", "socket.bind")
"""Audit events that libraries cause at import, to probe the machine."""
_HINTS = {"time.sleep": "await anyio.sleep(), which takes virtual time"}
_DEVICES = ("/dev/random", "/dev/urandom", "/dev/hwrng")
_STDLIB = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
_LIBRARIES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_OWN = os.path.dirname(os.path.dirname(__file__)) + os.sep  # noqa: PTH120 - text, compared with code's file names
_CALLS_HANDLERS = (os.path.join(_OWN, "bus", ""), os.path.join(_OWN, "simulation", ""))  # noqa: PTH118 - as above
_TRUSTED = ("asyncio", "concurrent", "importlib", "linecache", "logging", "traceback", "unittest", "warnings")
"""Packages of the standard library whose reads never reach an agent's output."""


class DeterminismGuard:
    """Watches the agents of a simulation; a context manager.

    Args:
        bindings: The agents; names in their modules are replaced.
        running: Returns the agent whose handler runs in this thread, or None.
        caught: Receives each error that an agent caused.
    """

    def __init__(
        self,
        bindings: Iterable[Binding],
        running: Callable[[], str | None],
        caught: Callable[[NondeterminismError | ExternalCallError], None],
    ) -> None:
        self._roots = {_module_of(binding.agent).partition(".")[0] for binding in bindings}
        self._roots -= {"genie", "builtins", *sys.stdlib_module_names}
        self._running = running
        self._caught = caught
        self._undo: list[tuple[Any, str, Any]] = []
        self._before: DeterminismGuard | None = None

    def __enter__(self) -> Self:
        _Installed.hook()
        self._before, _Installed.guard = _Installed.guard, self
        for module, (functions, hint) in _PATCHED.items():
            self._patch(module, functions, hint)
        self._patch(os, _PATCHED_MACHINE, _MACHINE)
        for module, name, event in _WITHOUT_EVENT:
            real = getattr(module, name, None)
            if real is not None:  # some are not in every version
                self._set(module, name, _reporting(event, real))
        for function in ("random", "getrandbits", "randbytes"):
            asking = _asking("random.SystemRandom", getattr(random.SystemRandom, function), _RANDOM)
            self._set(random.SystemRandom, function, asking)
        self._patch_numpy()
        swaps: dict[int, Any] = {id(getattr(owner, name).real): getattr(owner, name) for owner, name, _ in self._undo}
        swaps |= _CLASSES
        for module_name, found in tuple(sys.modules.items()):
            if module_name.partition(".")[0] in self._roots and isinstance(found, types.ModuleType):
                self._swap_names(found, swaps)
        self._set(builtins, "__import__", self._importing(builtins.__import__))
        return self

    def __exit__(self, *_: object) -> None:
        while self._undo:
            owner, name, value = self._undo.pop()
            setattr(owner, name, value)
        _Installed.guard = self._before

    def _set(self, owner: Any, name: str, value: Any) -> None:
        self._undo.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    def _patch(self, module: types.ModuleType, functions: Iterable[str], hint: str) -> None:
        for name in functions:
            real = getattr(module, name, None)
            if real is not None:  # some are not on every platform
                self._set(module, name, _asking(f"{module.__name__}.{name}", real, hint))

    def _patch_numpy(self) -> None:
        module = sys.modules.get("numpy.random")
        if module is None or _is_importing("numpy") or _is_importing("numpy.random"):
            return
        if not hasattr(module.default_rng, "real"):
            self._patch(module, _NUMPY, _RANDOM)

    def _swap_names(self, module: types.ModuleType, swaps: dict[int, Any]) -> None:
        """Replace the names of patched objects in a module of the agents, and its random generators."""
        for name, value in tuple(vars(module).items()):
            if name.startswith("__"):
                continue
            if id(value) in swaps:
                self._set(module, name, swaps[id(value)])
            elif _is_generator(value):  # its state continues from run to run, and from simulation to simulation
                self._set(module, name, _SharedGenerator(f"{module.__name__}.{name}", value))

    def refuse(self, call: str, hint: str, frame: types.FrameType) -> None:
        """Raise if an agent's handler makes the call in a frame, itself or in a library."""
        place = _place_of_read(frame)
        agent = None if place is None else self._running()
        if agent is None or place is None:
            return
        if hint is _MACHINE and _root_of(frame) not in self._roots:
            return
        error = NondeterminismError(agent=agent, call=call, place=place, hint=hint)
        self._caught(error)
        raise error

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Raise if an agent's handler causes an audit event that represents the outside world."""
        what = _SOCKET if event.startswith("socket.") else _EVENTS.get(event)
        device = event == "open" and _is_device(arguments[0])
        if what is None and not device:
            return
        agent = self._running()
        if agent is None:
            return
        place = _agents_line(sys._getframe(2))  # noqa: SLF001 - beneath this function and the hook or the reporting function
        if place is None and event in _AT_IMPORT:
            return
        place = place or "an import"
        error: NondeterminismError | ExternalCallError
        if device:
            error = NondeterminismError(agent=agent, call=f"open({arguments[0]!r})", place=place, hint=_RANDOM)
        else:
            options = {"hint": _HINTS[event]} if event in _HINTS else {}
            error = ExternalCallError(call=f"{what} ({event})", agent=agent, place=place, **options)
        self._caught(error)
        raise error

    def _importing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Return an import function that hands the replaced modules to the agents' modules."""
        roots = self._roots

        def imported(name: str, names: Any = None, *rest: Any, **named: Any) -> Any:
            names = named.pop("globals", names)
            if name in _MODULES and names and str(names.get("__name__", "")).partition(".")[0] in roots:
                return _MODULES[name]
            found = real(name, names, *rest, **named)
            self._patch_numpy()
            return found

        return imported


class _Installed:
    """The guard of the simulation that runs in this process, and the audit hook, which cannot be removed."""

    guard: DeterminismGuard | None = None
    hooked = False

    @classmethod
    def hook(cls) -> None:
        if not cls.hooked:
            cls.hooked = True
            sys.addaudithook(_audited)


def _audited(event: str, arguments: tuple[Any, ...], installed: type[_Installed] = _Installed) -> None:
    guard = installed.guard  # globals of a module are None while Python shuts down, and events still arrive
    if guard is not None:
        guard.audit(event, arguments)


def _asking(call: str, real: Callable[..., Any], hint: str) -> Callable[..., Any]:
    """Return a function that checks its caller, and then calls the real one.

    It has no reference to a guard: a module that is imported during a simulation may keep it for ever.
    """
    name = call.rpartition(".")[2]
    place = _CONVERTS_FROM.get(name)

    def asking(*args: Any, **named: Any) -> Any:
        guard = _Installed.guard
        if guard is not None:
            if place is not None:
                harmless = len(args) > place and args[place] is not None
            else:
                harmless = name == "default_rng" and any(one is not None for one in (*args, *named.values()))
            if not harmless:
                guard.refuse(call, hint, sys._getframe(1))  # noqa: SLF001 - the caller
        return real(*args, **named)

    asking.real = real  # type: ignore[attr-defined]  # marks what is patched, and leads back
    return asking


def _reporting(event: str, real: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that reports an audit event, and then calls the real one."""

    def reporting(*args: Any, **named: Any) -> Any:
        guard = _Installed.guard
        if guard is not None:
            guard.audit(event, args)
        return real(*args, **named)

    reporting.real = real  # type: ignore[attr-defined]  # as above
    return reporting


def _is_device(path: object) -> bool:
    return isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path) in _DEVICES


def _ask(call: str, hint: str) -> None:
    if _Installed.guard is not None:
        _Installed.guard.refuse(call, hint, sys._getframe(2))  # noqa: SLF001 - the caller of the replaced class


def _is_generator(value: object) -> bool:
    if isinstance(value, random.Random):
        return True
    numpy = sys.modules.get("numpy.random")
    kinds = tuple(kind for name in ("Generator", "RandomState") if (kind := getattr(numpy, name, None)) is not None)
    return isinstance(value, kinds)


class _SharedGenerator:
    """Replaces a random generator at module level; a handler that uses it is refused."""

    def __init__(self, name: str, real: Any) -> None:
        self._name = name
        self._real = real

    def __getattr__(self, name: str) -> Any:
        _ask(f"{self._name}.{name}", f"all runs share it; {_RANDOM}")
        return getattr(self._real, name)


class _Asking(type):
    """Metaclass of a class that replaces its base: instances of the base count as its instances."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.__mro__[1])

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, cls.__mro__[1])


class _Date(datetime.date, metaclass=_Asking):
    def __new__(cls, *args: Any, **named: Any) -> Any:
        return datetime.date(*args, **named)

    @classmethod
    def today(cls) -> Any:
        _ask("date.today", _CLOCK)
        return datetime.date.today()  # noqa: DTZ011 - as it was called

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: object) -> Any:
        return core_schema.date_schema()


class _Datetime(datetime.datetime, metaclass=_Asking):
    def __new__(cls, *args: Any, **named: Any) -> Any:
        return datetime.datetime(*args, **named)  # noqa: DTZ001 - as it was called

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        _ask("datetime.now", _CLOCK)
        return datetime.datetime.now(tz)  # noqa: TID251 - as it was called

    @classmethod
    def utcnow(cls) -> Any:
        _ask("datetime.utcnow", _CLOCK)
        return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)  # noqa: TID251 - as it was called

    @classmethod
    def today(cls) -> Any:
        _ask("datetime.today", _CLOCK)
        return datetime.datetime.now()  # noqa: DTZ005, TID251 - as it was called

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: object) -> Any:
        return core_schema.datetime_schema()


class _Random(random.Random, metaclass=_Asking):
    """A generator that needs a seed."""

    def __init__(self, x: Any = None) -> None:
        if x is None:
            _ask("random.Random()", _RANDOM)
        super().__init__(x)


def _like(module: types.ModuleType, **changed: object) -> types.ModuleType:
    """Return a copy of a module with some names changed; the others lead to the module, patched or not."""
    made = types.ModuleType(module.__name__)
    made.__dict__.update(changed, __getattr__=lambda name: getattr(module, name))
    return made


_MODULES = {"datetime": _like(datetime, date=_Date, datetime=_Datetime), "random": _like(random, Random=_Random)}
_CLASSES: dict[int, Any] = {
    id(datetime): _MODULES["datetime"], id(random): _MODULES["random"], id(datetime.datetime): _Datetime,
    id(datetime.date): _Date, id(random.Random): _Random,
}  # fmt: skip
"""Id of what the agents' modules may have a name for -> its replacement."""


def _is_importing(package: str) -> bool:
    """Return True while a package is being imported: its modules are not complete."""
    spec = getattr(sys.modules.get(package), "__spec__", None)
    return getattr(spec, "_initializing", False)


def _module_of(agent: object) -> str:
    if isinstance(agent, FunctionAgent):
        return str(agent.function.__module__)
    return type(agent).__module__


def _is_stdlib(file: str) -> bool:
    return file.startswith(_STDLIB) and not _is_library(file)


def _is_library(file: str) -> bool:
    return any(one in file for one in _LIBRARIES)


def _root_of(frame: types.FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _place_of_read(frame: types.FrameType | None) -> str | None:
    """Return the line to report for a read; None for Genie itself and trusted parts of the standard library."""
    while frame is not None and _is_stdlib(frame.f_code.co_filename) and _root_of(frame) not in _TRUSTED:
        frame = frame.f_back
    if frame is None or frame.f_code.co_filename.startswith((_OWN, "<frozen")) or _root_of(frame) in _TRUSTED:
        return None
    return _agents_line(frame)


def _agents_line(frame: types.FrameType | None) -> str | None:
    """Return the innermost line of an agent: ``file:line``; a library's line for an installed agent.

    None during the import of a module, whose reads do not depend on a message.
    """
    library: str | None = None
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib"):
            return None
        if name.startswith(_CALLS_HANDLERS):
            break
        place = f"{name}:{frame.f_lineno}"
        if _is_library(name):
            library = library or place
        elif not name.startswith((_OWN, *_STDLIB, "<frozen", "<string>")):
            return place
        frame = frame.f_back
    return library
