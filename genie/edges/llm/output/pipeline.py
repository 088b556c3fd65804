"""A model's answer as a payload: strict parse, then without its fence, then repaired, then the payload's own rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import anyio.to_thread
from pydantic import BaseModel, ValidationError

from genie.contracts.model_call import Stop
from genie.edges.llm.output.repair import extracted, repaired
from genie.edges.llm.output.strict import JsonTextError, parsed

P = TypeVar("P", bound=BaseModel)
LOOP_CHARACTERS = 16_384
"""Length of text that is repaired on the event loop; longer text is repaired in a thread."""
MOST_PROBLEMS = 16
"""Maximum number of reported problems."""
WHOLE = frozenset({Stop.ANSWERED, Stop.TOOL_CALLS, Stop.STOP_SEQUENCE})
"""Stop reasons that leave a complete answer; after any other only strict JSON is accepted."""
EXACT = "exact"
"""Key of a JSON Schema for amounts and identifiers: ``Field(json_schema_extra={"exact": True})``."""


class Problem(NamedTuple):
    """Problem of a field of an answer; never the field's value."""

    path: str
    kind: str
    """As pydantic names it, for example ``missing``."""
    text: str
    """Text for the model that is asked again; it quotes no value."""


class Report(NamedTuple):
    """How an answer was read."""

    strict: bool
    """True if it was valid JSON."""
    extracted: bool = False
    """True if a fence or text around it was removed."""
    mended: tuple[str, ...] = ()
    places: int = 0
    refused: str = ""
    """Why text that is not JSON was not repaired: ``length_stop``, ``exact_schema``, or a code of the parser."""


class Read(NamedTuple, Generic[P]):
    """A valid answer."""

    payload: P
    report: Report


class MalformedAnswerError(ValueError):
    """An answer that does not have the requested form; names fields and problems, and quotes nothing.

    Args:
        code: ``schema`` where the fields are wrong, otherwise why the text cannot be read.
        report: How it was read.
        problems: What is wrong with which fields.
    """

    def __init__(self, code: str, report: Report, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(code)
        self.code, self.report, self.problems = code, report, problems


def is_exact(schema: Any, depth: int = 0) -> bool:
    """Return whether a JSON Schema marks anything as exact; a schema that is too deep to analyse counts as exact."""
    if depth > 64:
        return True
    if isinstance(schema, Mapping):
        return schema.get(EXACT) is True or any(is_exact(item, depth + 1) for item in schema.values())
    return isinstance(schema, list) and any(is_exact(item, depth + 1) for item in schema)


def json_of(text: str, *, stop: Stop, exact: bool) -> tuple[str, Report]:
    """Return an answer as strict JSON text.

    Args:
        text: The model's text.
        stop: Stop reason; an answer that reached its limit is never repaired.
        exact: Whether the schema has amounts or identifiers; then nothing is repaired, only unwrapped.

    Raises:
        MalformedAnswerError: It is not JSON, and cannot be made so without a guess.
    """
    try:
        value = parsed(text)
    except JsonTextError as error:
        first = error.code
    else:
        if not isinstance(value, dict | list):  # half a number is a valid number
            raise MalformedAnswerError("not_an_object", Report(strict=True))
        return text, Report(strict=True)
    if first not in {"syntax", "not_found", "unfinished"}:
        raise MalformedAnswerError(first, Report(strict=False, refused=first))
    if stop not in WHOLE:
        raise MalformedAnswerError("length_stop", Report(strict=False, refused="length_stop"))
    try:
        inner = extracted(text)
        try:
            parsed(inner)
        except JsonTextError as error:
            if error.code != "syntax":
                raise
        else:
            return inner, Report(strict=False, extracted=True)
        if exact:
            raise JsonTextError("exact_schema")
        made = repaired(inner)
        parsed(made.text)
    except JsonTextError as error:
        raise MalformedAnswerError(error.code, Report(strict=False, refused=error.code)) from None
    return made.text, Report(strict=False, extracted=inner != text.strip(), mended=made.kinds, places=made.places)


def answer_now(text: str, kind: type[P], *, stop: Stop, exact: bool | None = None) -> Read[P]:
    """Return an answer as a payload, in the caller's thread; see ``answer``."""
    marked = is_exact(kind.model_json_schema()) if exact is None else exact
    made, report = json_of(text, stop=stop, exact=marked)
    try:
        payload = kind.model_validate_json(made, strict=True)
    except ValidationError as error:
        raise MalformedAnswerError("schema", report, problems_of(error)) from None
    return Read(payload, report)


async def answer(text: str, kind: type[P], *, stop: Stop, exact: bool | None = None) -> Read[P]:
    """Return an answer as a payload.

    Args:
        text: Text of the model.
        kind: Requested class.
        stop: Stop reason of the model.
        exact: Whether amounts or identifiers are asked for; by default as the payload's schema marks them.

    Raises:
        MalformedAnswerError: It does not fit. ``problems`` is the text for the model, if it is asked again.
    """
    if len(text) <= LOOP_CHARACTERS:
        return answer_now(text, kind, stop=stop, exact=exact)
    return await anyio.to_thread.run_sync(lambda: answer_now(text, kind, stop=stop, exact=exact))


def problems_of(error: ValidationError) -> tuple[Problem, ...]:
    """Return the problems, without the wrong values."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return tuple(
        Problem(".".join(map(str, one["loc"]))[:120], one["type"], one["msg"][:200]) for one in found[:MOST_PROBLEMS]
    )
