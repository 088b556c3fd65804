"""The texts of errors that the bus itself has made: they may be shown, even if the facts of the errors change later."""

from __future__ import annotations

from typing import TypeVar
from weakref import WeakKeyDictionary

from genie import errors
from genie.errors.genie_error import GenieError

E = TypeVar("E", bound=GenieError)
_texts: WeakKeyDictionary[BaseException, str] = WeakKeyDictionary()


def keep_safe_text(error: E) -> E:
    """Keep the text of an error that the bus has made, so that it may be shown; returns the error."""
    _texts[error] = str(error)
    return error


def safe_text_of(error: GenieError) -> str | None:
    """Return the text of an error that the bus has made; an author's class may define a false equality."""
    return _texts.get(error) if any(type(error) is kind for kind in vars(errors).values()) else None
