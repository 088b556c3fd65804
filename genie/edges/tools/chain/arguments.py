"""Layer 5: validates the arguments of a call as its payload class, strictly; only syntax is repaired."""

from __future__ import annotations

import math
import types
import typing
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from genie.contracts.model_call import Stop
from genie.contracts.shape import from_json
from genie.edges.llm.output.pipeline import MalformedAnswerError, is_exact, json_of
from genie.edges.llm.output.strict import JsonTextError, parsed
from genie.edges.tools.chain.attempt import INVALID_ARGUMENTS
from genie.edges.tools.schema import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.message import Payload
    from genie.contracts.model_call import ToolResult
    from genie.edges.tools.chain.attempt import Attempt

MOST_ERRORS = 8
"""Number of errors reported to the model at once."""
MOST_DIGITS = 1_000
"""Maximum digits of a decimal, and maximum of its exponent."""


def layer(kind: type[Payload]) -> Callable[[Attempt], ToolResult | None]:
    """Return the layer of one payload class."""
    exact = is_exact(kind.model_json_schema())
    flat = not _holds(kind, (BaseModel, float))
    numbers = _holds(kind, (Decimal, float))

    def check(attempt: Attempt) -> ToolResult | None:
        text = attempt.call.arguments or "{}"
        attempt.arguments_hash = hash(text)
        try:
            payload = from_json(kind, text)
            # Every key of a flat object is a field: if there are as many colons as fields, no key can be duplicated.
            if not (flat and text.count(":") == len(payload.model_fields_set)):
                parsed(text)
        except (ValidationError, JsonTextError):
            try:
                payload = _again(kind, text, exact=exact)
            except MalformedAnswerError as broken:
                return attempt.refused(INVALID_ARGUMENTS, _told([{"path": "", "problem": broken.code}]))
            except ValidationError as wrong:
                return attempt.refused(INVALID_ARGUMENTS, _told(_errors(wrong)))
            attempt.repaired = True
        if numbers and (far := _out_of_range(payload)) is not None:
            return attempt.refused(INVALID_ARGUMENTS, _told([{"path": far, "problem": "out_of_range"}]))
        attempt.payload = payload
        attempt.arguments_hash = hash(payload)
        attempt.key = (attempt.tool.name, payload)
        return None

    return check


def unchecked(kind: type[Payload]) -> Callable[[Attempt], ToolResult | None]:
    """Return the replacement of the layer if it is off: pydantic's lenient validation."""

    def take(attempt: Attempt) -> ToolResult | None:
        payload = kind.__pydantic_validator__.validate_json(attempt.call.arguments or "{}", strict=False)
        attempt.payload, attempt.key, attempt.arguments_hash = payload, (attempt.tool.name, payload), hash(payload)
        return None

    return take


def _again(kind: type[Payload], text: str, *, exact: bool) -> Payload:
    """Return the payload of a text with repaired syntax, with null for defaults."""
    mended, _ = json_of(text, stop=Stop.TOOL_CALLS, exact=exact)
    value = canonical(_with_defaults(kind, parsed(mended)))
    return from_json(kind, value)


def _with_defaults(kind: type[BaseModel], value: Any) -> Any:
    """Return an object without nulls that represent a default: strict schemas require every field."""
    if not isinstance(value, dict):
        return value
    made = {}
    for name, item in value.items():
        info = kind.model_fields.get(name)
        if info is None:
            made[name] = item
        elif item is not None or info.is_required() or _nullable(info.annotation):
            made[name] = _inside(info.annotation, item)
    return made


def _inside(annotation: Any, value: Any) -> Any:
    for arm in _arms(annotation):
        if isinstance(arm, type) and issubclass(arm, BaseModel) and isinstance(value, dict):
            return _with_defaults(arm, value)
        if get_origin(arm) in {tuple, frozenset} and isinstance(value, list):
            inner = get_args(arm)[0]
            return [_inside(inner, item) for item in value]
    return value


def _arms(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is typing.Annotated:
        return _arms(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return tuple(arm for part in get_args(annotation) for arm in _arms(part))
    return (annotation,)


def _nullable(annotation: Any) -> bool:
    return type(None) in _arms(annotation) or None in _arms(annotation)


def _holds(kind: type[BaseModel], kinds: tuple[type, ...]) -> bool:
    """Return True if a field may contain a value of the given classes, at any depth."""
    return any(_may_be(info.annotation, kinds, {kind}) for info in kind.model_fields.values())


def _may_be(annotation: Any, kinds: tuple[type, ...], seen: set[type]) -> bool:
    for arm in _arms(annotation):
        if isinstance(arm, type) and issubclass(arm, kinds):
            return True
        if get_origin(arm) in {tuple, frozenset} and any(_may_be(part, kinds, seen) for part in get_args(arm)):
            return True
        if isinstance(arm, type) and issubclass(arm, BaseModel) and arm not in seen:
            seen.add(arm)
            if any(_may_be(info.annotation, kinds, seen) for info in arm.model_fields.values()):
                return True
    return False


def _out_of_range(value: Any) -> str | None:
    """Return the path of a number that tools cannot handle: infinite, or a decimal that would fill gigabytes."""
    if isinstance(value, float):
        return None if math.isfinite(value) else ""
    if isinstance(value, Decimal):
        sign_digits_exponent = value.as_tuple()
        exponent = sign_digits_exponent.exponent
        fits = isinstance(exponent, int) and abs(exponent) <= MOST_DIGITS
        return None if fits and len(sign_digits_exponent.digits) <= MOST_DIGITS else ""
    if isinstance(value, BaseModel):
        parts: Any = value.__dict__.items()
    elif isinstance(value, (tuple, frozenset)):
        parts = enumerate(value)
    else:
        return None
    for name, part in parts:
        far = _out_of_range(part)
        if far is not None:
            return f"{name}.{far}".rstrip(".")[:120]
    return None


def _errors(error: ValidationError) -> list[dict[str, str]]:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [
        {"path": ".".join(map(str, one["loc"]))[:120], "problem": one["type"], "text": one["msg"][:200]}
        for one in found[:MOST_ERRORS]
    ]


def _told(errors: list[dict[str, str]]) -> str:
    return canonical({"error": INVALID_ARGUMENTS, "problems": errors})
