"""Errors of pydantic about values and classes, in this library's words."""

from __future__ import annotations

import re

import pytest

from genie.contracts.problems import cause_of

HEAD = "from pydantic import Field, field_validator\nfrom genie.contracts.message import Payload\n"
FOREIGN = re.compile(r"pydantic\.dev|PydanticUserError|SchemaError|namespace|BaseModel|model_fields|dictionary update")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("class A(Payload):\n    model_dump: int", "field model_dump has a name that pydantic uses; rename it"),
        ("class A(Payload):\n    x = 5", "field x has no type; annotate it, with ClassVar if it is a constant"),
        (
            "class A(Payload):\n    x: str = Field(pattern='(')",
            "a bound or a pattern of a field is not valid; correct it",
        ),
        ("class A(Payload):\n    x: int = Field(gt='a')", "a bound or a pattern of a field is not valid; correct it"),
        ("class A(Payload):\n    x: int\nA(x='secret')", "A: x should be a whole number"),
        ("class A(Payload):\n    x: int\nA(y=3)", "A: x is missing; other values are not valid either"),
        ("class A(Payload):\n    x: int\nA(x=1).x = 2", "A: x"),
        ("class A(Payload):\n    model_config: str = 'x'", "cannot be used; check the names, types"),
        (
            "class A(Payload):\n    x: int\n    @field_validator('nope')\n    def f(cls, v): return v",
            "has a validator of a field that it lacks",
        ),
        ("raise KeyError('PORT')", "KeyError: 'PORT'"),
        ("raise ValueError", "ValueError"),
        ("int('x')", "ValueError: invalid literal"),
    ],
)
def test_a_cause_is_one_line_without_words_of_pydantic(body: str, expected: str) -> None:
    try:
        exec(HEAD + body, {"__name__": "made"})  # noqa: S102 - the text is in this file
    except Exception as error:  # noqa: BLE001 - its kind is what the case is about
        said = cause_of(error)
    assert expected in said
    assert "\n" not in said
    assert "secret" not in said
    assert not FOREIGN.search(said)
