"""Catches an agent that reads what no seed repeats: the wall clock, unseeded randomness; and what no loop can see.

While a simulation runs, functions of ``time``, ``random``, ``os``, ``uuid`` and ``secrets`` ask who calls. Where it is
a handler, the call raises, and the agent is named with its file and line. Classes such as ``datetime`` cannot be
changed, so the names that the agents' own modules have for them lead to ones that ask. Callers in the standard library
(logging stamps its records) and in Genie are left alone.
"""

from __future__ import annotations

import builtins
import datetime
import os
import random
import secrets
import subprocess
import sys
import sysconfig
import threading
import time
import types
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from pydantic_core import core_schema

from genie.contracts.agent import FunctionAgent
from genie.simulation.errors import ExternalCallError, NondeterminismError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from genie.contracts.agent import Binding

_CLOCK = "use context.now()"
_RANDOM = "use context.random"
_GUARDED: dict[str, tuple[types.ModuleType, tuple[str, ...], str]] = {
    "time": (time, ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time",
                    "process_time_ns", "thread_time", "thread_time_ns", "clock_gettime", "clock_gettime_ns",
                    "localtime", "gmtime", "ctime", "strftime"), _CLOCK),
    "random": (random, ("random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "gauss",
                        "normalvariate", "expovariate", "betavariate", "gammavariate", "lognormvariate", "triangular",
                        "vonmisesvariate", "paretovariate", "weibullvariate", "getrandbits", "randbytes"), _RANDOM),
    "os": (os, ("urandom", "getrandom"), _RANDOM),
    "uuid": (uuid, ("uuid1", "uuid4"), _RANDOM),
    "secrets": (secrets, ("token_bytes", "token_hex", "token_urlsafe", "choice", "randbelow", "randbits"), _RANDOM),
}  # fmt: skip
_NEED_ARGUMENTS = {"localtime": 1, "gmtime": 1, "ctime": 1, "strftime": 2}
"""With so many arguments these convert a given time instead of reading the clock."""
_NUMPY = (
    "default_rng", "random", "rand", "randn", "randint", "random_sample", "normal", "uniform", "choice", "shuffle",
    "permutation", "standard_normal", "exponential", "poisson", "lognormal", "binomial", "gamma", "beta", "bytes",
)  # fmt: skip
"""Of ``numpy.random``: a generator without a seed, and what draws from the one that all of a process share."""
_OUTSIDE = ((threading.Thread, "start", "a thread"), (subprocess.Popen, "__init__", "a subprocess"))
_STDLIB = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
_SITE = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
_OWN = os.path.dirname(os.path.dirname(__file__)) + os.sep  # noqa: PTH120 - text, compared with code's file names


class _Place(NamedTuple):
    module: str
    place: str


class Guard:
    """Watches the agents of a simulation; a context manager.

    Args:
        bindings: Whose modules are watched.
        running: Returns the agent whose handler runs now, None where none does.
        caught: Told of each call.
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

    def __enter__(self) -> Self:
        swaps: dict[int, Any] = {}
        for name, (module, functions, hint) in _GUARDED.items():
            for function in functions:
                real = getattr(module, function, None)
                if real is None:  # not on every platform
                    continue
                guarded = self._guarded(f"{name}.{function}", real, hint, _NEED_ARGUMENTS.get(function, 99))
                swaps[id(real)] = guarded
                self._set(module, function, guarded)
        for function in ("random", "getrandbits", "randbytes"):
            real = getattr(random.SystemRandom, function)
            self._set(random.SystemRandom, function, self._guarded("random.SystemRandom", real, _RANDOM, 99))
        if "numpy.random" in sys.modules:
            swaps |= self._numpy()
        for owner, attribute, what in _OUTSIDE:
            self._set(owner, attribute, self._outside(what, getattr(owner, attribute)))
        calendar, chance = self._calendar(), self._chance()
        for real, asking in ((datetime, calendar), (random, chance)):
            swaps[id(real)] = asking
        swaps |= {id(datetime.datetime): calendar.datetime, id(datetime.date): calendar.date}
        swaps[id(random.Random)] = chance.Random
        for module_name, found in tuple(sys.modules.items()):
            if module_name.partition(".")[0] in self._roots and isinstance(found, types.ModuleType):
                for name, value in tuple(vars(found).items()):
                    if id(value) in swaps and not name.startswith("__"):
                        self._set(found, name, swaps[id(value)])
        self._set(
            builtins, "__import__", self._importing(builtins.__import__, {"datetime": calendar, "random": chance})
        )
        return self

    def __exit__(self, *_: object) -> None:
        while self._undo:
            owner, name, value = self._undo.pop()
            setattr(owner, name, value)

    def _numpy(self) -> dict[int, Any]:
        """Let ``numpy.random`` ask as well; return what stands for its functions, by their ids."""
        module = sys.modules["numpy.random"]
        if any(owner is module for owner, _, _ in self._undo):
            return {}
        swaps: dict[int, Any] = {}
        for function in _NUMPY:
            real = getattr(module, function)
            enough = 1 if function == "default_rng" else 99
            swaps[id(real)] = guarded = self._guarded(f"numpy.random.{function}", real, _RANDOM, enough)
            self._set(module, function, guarded)
        return swaps

    def _set(self, owner: Any, name: str, value: Any) -> None:
        self._undo.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    def _guarded(self, call: str, real: Callable[..., Any], hint: str, enough: int) -> Callable[..., Any]:
        def guarded(*args: Any, **named: Any) -> Any:
            if len(args) < enough and not (enough == 1 and any(one is not None for one in named.values())):
                self._ask(call, hint)
            return real(*args, **named)

        return guarded

    def _ask(self, call: str, hint: str) -> None:
        """Raise where a handler makes the call, directly or through a library."""
        found = _caller()
        agent = self._running() if found is not None else None
        if agent is None or found is None:
            return
        error = NondeterminismError(agent=agent, call=call, place=found.place, hint=hint)
        self._caught(error)
        raise error

    def _outside(self, what: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def refused(*args: Any, **named: Any) -> Any:
            agent = self._running()
            if agent is None:
                return real(*args, **named)
            error = ExternalCallError(call=f"{what}, started by agent {agent!r}")
            self._caught(error)
            raise error

        return refused

    def _calendar(self) -> Any:
        """Return a module that is ``datetime`` but for the classes that read the clock."""
        ask = self._ask

        class QuestionInputs(type):
            def __instancecheck__(cls, value: object) -> bool:
                return isinstance(value, cls.__mro__[1])

            def __subclasscheck__(cls, other: type) -> bool:
                return issubclass(other, cls.__mro__[1])

        class AskingDate(datetime.date, metaclass=QuestionInputs):
            def __new__(cls, *args: Any, **named: Any) -> Any:
                return datetime.date(*args, **named)

            @classmethod
            def today(cls) -> Any:
                ask("date.today", _CLOCK)
                return datetime.date.today()  # noqa: DTZ011 - what was asked for

            @classmethod
            def __get_pydantic_core_schema__(cls, *_: object) -> Any:
                return core_schema.date_schema()

        class AskingDatetime(datetime.datetime, metaclass=QuestionInputs):
            def __new__(cls, *args: Any, **named: Any) -> Any:
                return datetime.datetime(*args, **named)  # noqa: DTZ001 - as it was called

            @classmethod
            def now(cls, tz: Any = None) -> Any:
                ask("datetime.now", _CLOCK)
                return _moment(tz)

            @classmethod
            def utcnow(cls) -> Any:
                ask("datetime.utcnow", _CLOCK)
                return _moment(datetime.UTC).replace(tzinfo=None)

            @classmethod
            def today(cls) -> Any:
                ask("datetime.today", _CLOCK)
                return _moment(None)

            @classmethod
            def __get_pydantic_core_schema__(cls, *_: object) -> Any:
                return core_schema.datetime_schema()

        return _like(datetime, date=AskingDate, datetime=AskingDatetime)

    def _chance(self) -> Any:
        """Return a module that is ``random`` but for a ``Random`` that refuses to be made without a seed."""
        ask = self._ask

        class Seeded(random.Random):
            def __init__(self, *args: Any) -> None:
                if not args or args[0] is None:
                    ask("random.Random()", _RANDOM)
                super().__init__(*args)

        return _like(random, Random=Seeded)

    def _importing(self, real: Callable[..., Any], guarded: dict[str, Any]) -> Callable[..., Any]:
        """Return an import that gives modules as they are guarded to a handler that imports them when it runs."""
        roots = self._roots

        def imported(name: str, names: Any = None, *rest: Any, **named: Any) -> Any:
            names = named.get("globals", names)
            if name in guarded and names and str(names.get("__name__", "")).partition(".")[0] in roots:
                return guarded[name]
            found = real(name, *(() if names is None or "globals" in named else (names,)), *rest, **named)
            if name.partition(".")[0] == "numpy" and "numpy.random" in sys.modules:
                self._numpy()
            return found

        return imported


def _moment(zone: datetime.tzinfo | None) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(time.time(), zone)  # noqa: TID251 - for a caller who is no agent


def _like(module: types.ModuleType, **changed: object) -> types.ModuleType:
    """Return a module with other things under some names."""
    made = types.ModuleType(module.__name__)
    made.__dict__.update(vars(module), **changed)
    return made


def _module_of(agent: object) -> str:
    if isinstance(agent, FunctionAgent):
        return str(agent.function.__module__)
    return type(agent).__module__


def _caller() -> _Place | None:
    """Return the line that makes a guarded call; None for one of the standard library or of Genie itself.

    Behind a library's line the agent's own is looked for, which can do something about it.
    """
    frame = sys._getframe(3)  # noqa: SLF001 - beneath the guarded function, `_ask` and this one
    name = frame.f_code.co_filename
    if name.startswith((_OWN, "<frozen")) or (name.startswith(_STDLIB) and not name.startswith(_SITE)):
        return None
    first = f"{name}:{frame.f_lineno}"
    looked: types.FrameType | None = frame
    while looked is not None:
        name = looked.f_code.co_filename
        if name.startswith(_OWN):
            break
        if not name.startswith((*_SITE, *_STDLIB, "<frozen")):
            return _Place(str(looked.f_globals.get("__name__", "")), f"{name}:{looked.f_lineno}")
        looked = looked.f_back
    return _Place("", first)
