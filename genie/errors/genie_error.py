"""The base of all errors, and the class names that may be shown: names that cannot be imported may carry text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest of ``known``, or an empty string."""
    from difflib import get_close_matches  # noqa: PLC0415 - start-up: for those who erred

    near = get_close_matches(word, list(known), n=1, cutoff=0.6) if isinstance(word, str) else ()
    return f"; did you mean {near[0]!r}?" if near else ""


def shown_type(value: object) -> str:
    """Describe a wrong argument for an error by its class, never by its value."""
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


def shown_number(value: object) -> str:
    """Describe a wrong argument that must be a number: the number, or the class of anything else."""
    return f"{value}"[:40] if type(value) in {int, float} else shown_type(value)


LONGEST_NAME = 60
"""Letters of the longest class name that is shown."""


def class_name(error: BaseException) -> str:
    """Return the name of an exception's class, or of its nearest importable base; other names may carry text."""
    return next((_name_of(kind) for kind in type(error).__mro__ if _importable(kind)), "BaseException")


def kind_name(kind: type) -> str:
    """Return the name of a class that can be imported. Other names are not shown, because they may carry text."""
    return _name_of(kind) if _importable(kind) else "a class that cannot be imported"


def code_of(error: GenieError) -> str:
    """Return the code of an importable error class; ignore codes of instances and of classes made at run time."""
    for kind in type(error).__mro__:
        code = vars(kind).get("code")
        if type(code) is str and _importable(kind) and len(code) <= LONGEST_NAME and _plain(code):
            return code
    return GenieError.code


def _plain(code: str) -> bool:
    return code.isascii() and code.replace(".", "_").replace("-", "_").isidentifier()


def _importable(kind: type) -> bool:
    """Return True if a module holds the class under its own name, of at most ``LONGEST_NAME`` letters."""
    place, module = (vars(type)[which].__get__(kind) for which in ("__qualname__", "__module__"))
    found: object = sys.modules.get(module) if type(module) is str else None
    for part in place.split("."):
        found = getattr(found, part, None)
    return found is kind and len(_name_of(kind)) <= LONGEST_NAME


def _name_of(kind: type) -> str:
    """Return the name that a class has, not what it, or its own metaclass, says that it is."""
    name: str = vars(type)["__name__"].__get__(kind)
    return name


def _rebuild(cls: type[GenieError], values: dict[str, object]) -> GenieError:
    error = cls.__new__(cls)
    error.__dict__.update(values)
    return error


@dataclass_transform(eq_default=False)
class GenieError(Exception):
    """Base of all errors of this library; ``code`` names the class for logs and metrics.

    The annotations of a class are its fields and its constructor's arguments, base classes first. Dataclasses would do
    the same, but generating forty constructors takes longer than the rest of an import.

    Raises:
        TypeError: A field is missing, unknown or given twice.
    """

    code: ClassVar[str] = "genie"
    facts: ClassVar[tuple[str, ...]] = ()
    """Field names of an error class."""

    def __init_subclass__(cls) -> None:
        own = (name for name, kind in cls.__annotations__.items() if not str(kind).startswith("ClassVar"))
        cls.facts = (*cls.facts, *own)

    def __init__(self, *given: object, **named: object) -> None:
        kind = type(self)
        names = kind.facts
        told = dict(zip(names, given, strict=False))
        wrong = [name for name in named if name in told or name not in names]
        if wrong or len(given) > len(names):
            raise TypeError(f"{kind.__name__} takes {', '.join(names) or 'nothing'}, each once")
        told |= named
        missing = [name for name in names if name not in told and not hasattr(kind, name)]
        if missing:
            raise TypeError(f"{kind.__name__} needs {', '.join(missing)}")
        self.__dict__.update(told)

    def __repr__(self) -> str:
        named = ", ".join(f"{name}={value!r}" for name, value in self._values().items())
        return f"{type(self).__name__}({named})"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self._values()))

    def _values(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.facts}
