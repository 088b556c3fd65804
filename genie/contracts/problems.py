"""Validation errors in this library's words: pydantic's messages name its classes and settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

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


class _Known(dict[str, Any]):
    """The values of a template; unknown values become an ellipsis."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(
            (name, int(value) if isinstance(value, float) and value.is_integer() else value)
            for name, value in values.items()
        )

    def __missing__(self, name: str) -> str:
        return "..."
