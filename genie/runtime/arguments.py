"""Checks of what callers pass to a runtime: a wrong argument is refused before anything is published."""

from __future__ import annotations

import math
from typing import TypeVar

from genie.contracts.message import Payload

T = TypeVar("T", bound=Payload)


def payload_given(payload: object) -> Payload:
    """Return a payload.

    Raises:
        TypeError: It is not one.
    """
    if not isinstance(payload, Payload):
        raise TypeError(f"a payload is an instance of a Payload class, not {_shown(payload)}")
    return payload


def answers_asked(answer: object) -> tuple[type[Payload], ...]:
    """Return the payload classes that answer a question.

    Raises:
        TypeError: It is neither a payload class nor a tuple of them.
    """
    answers = answer if isinstance(answer, tuple) else (answer,)
    for one in answers:
        if not (isinstance(one, type) and issubclass(one, Payload)):
            raise TypeError(f"an answer is a Payload class or a tuple of them, not {_shown(one)}")
    if not answers:
        raise TypeError("an answer is a Payload class or a tuple of them, not an empty tuple")
    return answers


def seconds(within_s: object) -> float | None:
    """Return a number of seconds, or None.

    Raises:
        TypeError, ValueError: It is not a number, or below 0, or not a number of seconds at all.
    """
    if within_s is None:
        return None
    if isinstance(within_s, bool) or not isinstance(within_s, (int, float)):
        raise TypeError(f"a deadline is a number of seconds, not {_shown(within_s)}")
    if math.isnan(within_s) or within_s < 0:
        raise ValueError(f"a deadline is a number of seconds from 0, not {within_s}")
    return within_s


def _shown(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"{type(value).__name__}"
