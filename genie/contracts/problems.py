"""Validation errors in this library's words: pydantic's messages name its classes and settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import PydanticUserError, ValidationError
from pydantic_core import SchemaError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "finite_number": "a number",
    "bool": "true or false",
    "string": "text",
    "bytes": "text",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "dict": "a mapping",
    "mapping": "a mapping",
    "model": "a mapping",
    "model_attributes": "a mapping",
    "dataclass": "a mapping",
    "none_required": "null",
    "date": "a date such as 2026-01-31",
    "date_from_datetime": "a date such as 2026-01-31",
    "datetime": "a date and time such as 2026-01-31T12:00:00Z",
    "time": "a time such as 12:30:00",
    "time_delta": "a duration such as PT5M",
    "uuid": "a UUID",
    "url": "a URL",
}
"""Kind of value -> what is expected, without an article."""
_BOUNDS = {
    "greater_than": "should be above {gt}",
    "greater_than_equal": "should be at least {ge}",
    "less_than": "should be below {lt}",
    "less_than_equal": "should be at most {le}",
    "multiple_of": "should be a multiple of {multiple_of}",
    "string_pattern_mismatch": "should have the form {pattern}",
    "string_too_short": "should have {min_length} or more characters",
    "string_too_long": "should have at most {max_length} characters",
    "bytes_too_short": "should have {min_length} or more bytes",
    "bytes_too_long": "should have at most {max_length} bytes",
    "too_short": "should have {min_length} or more entries",
    "too_long": "should have at most {max_length} entries",
    "decimal_max_digits": "should have at most {max_digits} digits",
    "decimal_max_places": "should have at most {decimal_places} digits after the point",
    "decimal_whole_digits": "should have at most {whole_digits} digits before the point",
    "timezone_aware": "should have a time zone",
    "timezone_naive": "should have no time zone",
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "union_tag_invalid": "should be one of {expected_tags}",
    "literal_error": "should be {expected}",
    "enum": "should be {expected}",
    "json_invalid": "is not valid JSON",
    "string_unicode": "should be UTF-8 text",
}


def problem_of(detail: ErrorDetails) -> str:
    """Return one of pydantic's error details as a predicate: ``should be at least 1``. It quotes no value.

    Args:
        detail: An item of ``ValidationError.errors()``.
    """
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in {"value_error", "assertion_error"}:  # the text of the author of the class
        return f"is not valid: {detail['msg'].partition(', ')[2] or detail['msg']}"
    expected = EXPECTED.get(re.sub(r"_(type|parsing|from_float)$", "", kind))
    if expected is not None:
        return f"should be {expected}"
    said = _BOUNDS.get(kind)
    return "is not valid" if said is None else said.format_map(_Known(context))


def place_in(detail: ErrorDetails, whole: str) -> str:
    """Return the path of a detail: ``lines.2.amount``, or ``whole`` for the value itself."""
    return ".".join(map(str, detail["loc"])) or whole


_NAMED = re.compile(r"[Ff]ield name \"(\w+)\"|[Ff]ield '(\w+)'|`(\w+) = ")
_CLASS_PROBLEMS = {
    "model-field-missing-annotation": "has no type; annotate it, with ClassVar if it is a constant",
    "model-field-overridden": "hides a field of a base class and has no type; annotate it",
    "decorator-missing-field": "has a validator of a field that it lacks; correct the field's name",
}
"""Code of pydantic's error about a class -> the problem as a predicate."""


def cause_of(error: Exception) -> str:
    """Return an error of other code in one line: ``KeyError: 'PORT'``. Pydantic's own texts are replaced.

    Args:
        error: Any error, for example of the import of a module.
    """
    if isinstance(error, ValidationError):
        first, *others = error.errors(include_url=False)
        more = "; other values are not valid either" if others else ""
        return f"{error.title}: {place_in(first, 'the value')} {problem_of(first)}{more}"
    text = str(error).split("\n", 1)[0]
    if isinstance(error, SchemaError):
        return "a bound or a pattern of a field is not valid; correct it"
    wrong = isinstance(error, ValueError | TypeError | NameError)
    if isinstance(error, PydanticUserError) or (wrong and _by_pydantic(error)):
        names = _NAMED.search(text)
        place = f"field {next(filter(None, names.groups()))}" if names else "a class of payloads or settings"
        problem = _CLASS_PROBLEMS.get(getattr(error, "code", None) or "")
        if problem is None and names is not None:
            problem = "has a name that pydantic uses; rename it"
        return f"{place} {problem or 'cannot be used; check the names, types and validators of its fields'}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _by_pydantic(error: Exception) -> bool:
    """Return True if pydantic's code raised an error, not the code of a class's author."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith("pydantic.")


class _Known(dict[str, Any]):
    """The values of a template; unknown values become an ellipsis."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(
            (name, int(value) if isinstance(value, float) and value.is_integer() else value)
            for name, value in values.items()
        )

    def __missing__(self, name: str) -> str:
        return "..."
