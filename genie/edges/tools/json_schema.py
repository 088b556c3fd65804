"""Payload classes created from JSON Schemas; an unsupported keyword is refused by name, never ignored."""

from __future__ import annotations

import datetime
import decimal
import keyword
import re
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

from pydantic import Field, create_model

from genie.contracts.message import Payload, Value
from genie.edges.tools.tool import payload_class
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_DEPTH = 16
MOST_FIELDS = 128
MOST_ENUM = 256
_TOLD = frozenset({"title", "description", "examples", "example", "deprecated", "readOnly", "writeOnly", "$comment"})
_KNOWN = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"format", "minLength", "maxLength"}),
    "integer": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format"}),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format"}),
    "boolean": frozenset(),
    "null": frozenset(),
}
_FORMATS: dict[str, Any] = {
    "date": datetime.date, "date-time": datetime.datetime, "time": datetime.time, "uuid": uuid.UUID,
    "decimal": decimal.Decimal,
}  # fmt: skip
_PLAIN_FORMATS = frozenset({"int32", "int64", "float", "double", "uri", "email", "hostname", "password"})
_BOUNDS = {
    "minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt", "minLength": "min_length",
    "maxLength": "max_length", "minItems": "min_length", "maxItems": "max_length",
}  # fmt: skip
MOST_TEXT = 100_000
LONGEST = 2**31 - 1
MOST_CLASSES = 256
"""Maximum objects of one document; definitions that refer to each other twice would double with each level."""


class Unsupported(Exception):  # noqa: N818 - collected into one InputError
    """A schema uses a keyword that is not supported."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{path or 'schema'}: {what}")


class SchemaReader:
    """Creates annotations from schemas of one document.

    Args:
        definitions: Targets of ``$ref``, by its whole text, such as ``#/components/schemas/Account``.
        name: Stem of the names of created classes.
    """

    def __init__(self, definitions: Mapping[str, Mapping[str, Any]], name: str) -> None:
        self._definitions = definitions
        self.stem = name
        self._classes: dict[int, tuple[Mapping[str, Any], Any, int]] = {}
        """By the schema's identity: the schema, which is thus kept alive, its class, and the levels below it."""
        self._made = 0
        self._deepest = 0

    def fields(self, schema: Mapping[str, Any], path: str = "", depth: int = 0) -> dict[str, Any]:
        """Return the fields of an object schema, as for ``payload_class``.

        Raises:
            Unsupported: A keyword is not understood.
        """
        schema = self._followed(schema, path)
        self._known("object", schema, path)
        if schema.get("additionalProperties", False) not in (False, True):
            raise Unsupported(path, "additionalProperties with a schema")
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        if not isinstance(properties, dict) or not isinstance(required, list) or len(properties) > MOST_FIELDS:
            raise Unsupported(path, f"properties that are not an object of at most {MOST_FIELDS}")
        return {
            name: self._field(name, part, f"{path}.{name}".lstrip("."), depth, required=name in required)
            for name, part in properties.items()
        }

    def _field(self, name: object, schema: object, path: str, depth: int, *, required: bool) -> tuple[Any, Any]:
        if not isinstance(name, str) or not _NAME.match(name) or keyword.iskeyword(name) or hasattr(Payload, name):
            raise Unsupported(path[:80], "a name that cannot be used for a field")
        if not isinstance(schema, dict):
            raise Unsupported(path, "a schema that is not an object")
        annotation = self.annotation(schema, path, depth)
        made: Any = annotation if required else Optional[annotation]  # noqa: UP045 - of a value, not of a name
        told = schema.get("description")
        if told:
            made = Annotated[made, Field(description=str(told)[:500])]
        return (made, ...) if required else (made, None)

    def annotation(self, schema: Mapping[str, Any], path: str, depth: int = 0) -> Any:
        """Return the annotation of a schema.

        Raises:
            Unsupported: A keyword is not understood.
        """
        if depth > MOST_DEPTH:
            raise Unsupported(path, f"schemas more than {MOST_DEPTH} deep")
        self._deepest = max(self._deepest, depth)
        schema = self._followed(schema, path)
        if "enum" in schema or "const" in schema:
            return self._literal(schema, path)
        kind = schema.get("type")
        if isinstance(kind, list):
            kinds = [one for one in kind if one != "null"]
            if len(kinds) != 1 or len(kind) > 2:
                raise Unsupported(path, "several types")
            inner = {**schema, "type": kinds[0]}
            made = self.annotation(inner, path, depth)
            return Optional[made] if "null" in kind else made  # noqa: UP045 - of a value, not of a name
        if schema.get("nullable") is True:
            inner = {key: value for key, value in schema.items() if key != "nullable"}
            return Optional[self.annotation(inner, path, depth)]  # noqa: UP045 - as above
        if not isinstance(kind, str) or kind not in _KNOWN:
            raise Unsupported(path, _first_unknown(schema))
        self._known(kind, schema, path)
        return self._typed(kind, schema, path, depth)

    def _typed(self, kind: str, schema: Mapping[str, Any], path: str, depth: int) -> Any:
        bounds = {_BOUNDS[key]: schema[key] for key in _BOUNDS if key in schema}
        if any(isinstance(bound, bool) or not isinstance(bound, int | float) for bound in bounds.values()):
            raise Unsupported(path, "a bound that is not a number")
        if kind == "integer" and any(isinstance(bound, float) for bound in bounds.values()):
            raise Unsupported(path, "a bound of whole numbers that is not a whole number")
        lengths = [bound for name, bound in bounds.items() if name.endswith("_length")]
        if any(not isinstance(length, int) or not 0 <= length <= LONGEST for length in lengths):
            raise Unsupported(path, f"a length that is not a whole number of at most {LONGEST:,}")
        form = schema.get("format")
        if form is not None and not (isinstance(form, str) and form in {*_FORMATS, *_PLAIN_FORMATS}):
            raise Unsupported(path, f"format {str(form)[:40]!r}")
        if kind == "object":
            return self._class(schema, path, depth)
        if kind == "array":
            items = schema.get("items")
            if not isinstance(items, dict):
                raise Unsupported(path, "an array without one schema of its items")
            item: Any = self.annotation(items, f"{path}[]", depth + 1)
            many: Any = tuple.__class_getitem__((item, ...))
            return Annotated[many, Field(**{"max_length": 10_000, **bounds})]
        if kind == "string":
            if form in _FORMATS:
                return _FORMATS[form]
            return Annotated[str, Field(**{"max_length": MOST_TEXT, **bounds})]
        plain: Any = {"integer": int, "number": decimal.Decimal, "boolean": bool, "null": type(None)}[kind]
        return Annotated[plain, Field(**bounds)] if bounds else plain

    def _class(self, schema: Mapping[str, Any], path: str, depth: int) -> Any:
        """Return the class of an object schema, created once for all references."""
        known = self._classes.get(id(schema))
        if known is None:
            if self._made >= MOST_CLASSES:
                raise Unsupported(path[:80], f"more than {MOST_CLASSES} objects")
            self._made += 1
            name = f"{self.stem}Part{self._made}"
            before, self._deepest = self._deepest, depth
            fields = self.fields(schema, path, depth + 1)
            made: Any = create_model(name, __base__=Value, __module__=__name__, **fields)
            known = self._classes[id(schema)] = (schema, made, self._deepest - depth)
            self._deepest = max(before, self._deepest)
        below = known[2]
        if depth + below > MOST_DEPTH:
            raise Unsupported(path[:80], f"schemas more than {MOST_DEPTH} deep")
        self._deepest = max(self._deepest, depth + below)
        return known[1]

    def _literal(self, schema: Mapping[str, Any], path: str) -> Any:
        extra = schema.keys() - _TOLD - {"enum", "const", "type", "nullable"}
        if extra:
            raise Unsupported(path, f"{min(extra)!r} beside enum")
        values = schema.get("enum", [schema.get("const")])
        if not isinstance(values, list) or not 0 < len(values) <= MOST_ENUM:
            raise Unsupported(path, "an enum without values, or with too many")
        if not all(isinstance(value, str | int | bool) or value is None for value in values):
            raise Unsupported(path, "an enum with values other than texts and whole numbers")
        made: Any = Literal[tuple(values)]
        return Optional[made] if schema.get("nullable") is True else made  # noqa: UP045 - as above

    def _followed(self, schema: Mapping[str, Any], path: str) -> Mapping[str, Any]:
        seen = 0
        while "$ref" in schema:
            target = schema["$ref"]
            found = self._definitions.get(target) if isinstance(target, str) else None
            seen += 1
            if found is None or seen > MOST_DEPTH:
                raise Unsupported(path, f"$ref {str(target)[:80]!r}, which is not in the document")
            rest = schema.keys() - _TOLD - {"$ref"}
            if rest:
                raise Unsupported(path, f"{min(rest)!r} beside $ref")
            schema = found
        return schema

    @staticmethod
    def _known(kind: str, schema: Mapping[str, Any], path: str) -> None:
        unknown = schema.keys() - _KNOWN[kind] - _TOLD - {"type", "default"}
        if unknown:
            raise Unsupported(path, f"{min(map(str, unknown))[:60]!r}")


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z")


def _first_unknown(schema: Mapping[str, Any]) -> str:
    unknown = sorted(map(str, schema.keys() - _TOLD - {"type"}))
    return repr(unknown[0][:60]) if unknown else "a schema without a type"


def payload_of(
    schema: Mapping[str, Any], *, name: str, topic: str, definitions: Mapping[str, Mapping[str, Any]] | None = None,
    doc: str | None = None,
) -> type[Payload]:  # fmt: skip
    """Return the payload class of an object schema.

    Raises:
        InputError: A keyword is not understood; it is named with its path.
    """
    try:
        fields = SchemaReader(definitions or {}, name).fields(schema)
    except Unsupported as error:
        raise InputError(name, f"is not supported: {error}") from None
    return payload_class(name, topic, fields, doc=doc, key=None)
