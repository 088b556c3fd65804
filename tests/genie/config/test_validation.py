"""A model's complaints as lines that say what to write."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, field_validator

from genie.config.validation import MAX_PROBLEMS, dotted, validated
from genie.config.yaml import load_text


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int = 0


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: int = 0
    ratio: float = 0.5
    on: bool = True
    when: datetime.date | None = None
    price: Decimal | None = None
    names: tuple[str, ...] = ()
    mode: Literal["fast", "slow"] = "fast"
    either: int | bool = 0
    inner: tuple[Inner, ...] = ()
    table: dict[str, Inner] = {}
    key: str = ""

    @field_validator("key")
    @classmethod
    def _short(cls, key: str) -> str:
        if len(key) > 3:
            raise ValueError(f"{key} is too long")
        return key


def told(text: str, **environ: str) -> list[str]:
    document = load_text(text, name="f", environ=environ)
    return [f"{document.where(path)}: {said}" for path, said in validated(Outer, document).problems]


def test_text_becomes_what_only_text_can_write_and_lists_become_tuples() -> None:
    document = load_text("when: 2024-01-31\nprice: '1.10'\nnames: [NO, '1']\nratio: 2", name="f", environ={})
    assert validated(Outer, document).value == Outer(
        when=datetime.date(2024, 1, 31), price=Decimal("1.10"), names=("NO", "1"), ratio=2.0
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("count: NO", "f:1: count should be a whole number, not 'NO'; write digits without quotes, such as 12"),
        ("count: 1.5", "f:1: count should be a whole number, not 1.5; write digits without quotes, such as 12"),
        ("ratio: 12:30", "f:1: ratio should be a number, not '12:30'; write digits without quotes, such as 12 or 0.5"),
        ("on: yes", "f:1: on should be true or false, not 'yes'; no other word is a boolean here"),
        ("on: 1", "f:1: on should be true or false, not 1; no other word is a boolean here"),
        ("names: [1]", "f:1: names.0 should be text, not 1; quote it"),
        ("names: a", "f:1: names should be a list, not 'a'"),
        ("mode: fsat", "f:1: mode should be 'fast' or 'slow', not 'fsat'; did you mean 'fast'?"),
        ("inner:\n- size: 1\n  sise: 2", "f:3: unknown key 'sise' in inner.0; did you mean 'size'?"),
        ("table:\n  x:\n    sise: 2", "f:3: unknown key 'sise' in table.x; did you mean 'size'?"),
        ("key: lengthy", "f:1: key is not valid: lengthy is too long"),
        ("either: x", "f:1: either should be a whole number, not 'x'; write digits without quotes, such as 12 or "
                      "should be true or false, not 'x'; no other word is a boolean here"),
    ],
)  # fmt: skip
def test_a_complaint_says_where_what_and_what_instead(text: str, says: str) -> None:
    assert told(text) == [says]


@pytest.mark.parametrize("text", ["key: ${S}", "count: ${S}", "mode: ${S}", "when: ${S}", "price: ${S}", "${S}: 1"])
def test_no_complaint_quotes_the_environment(text: str) -> None:
    found = told(text, S="hunter2")
    assert found
    assert "hunter2" not in "".join(found)


def test_a_thousand_mistakes_are_cut_short() -> None:
    found = told("\n".join(f"k{n}: 1" for n in range(1000)))
    assert len(found) == MAX_PROBLEMS + 1
    assert found[-1] == f"f:1: has {1000 - MAX_PROBLEMS} more problems"


def test_nothing_there_is_an_empty_mapping() -> None:
    document = load_text("a: 1", name="f", environ={})
    assert validated(Outer, document, ("settings",)).value == Outer()


def test_a_path_is_written_as_an_override_names_it() -> None:
    document = load_text("agents: [{id: x, retry: {}}]\npolicies: [{pii: {a: 1}}, {b: 1, c: 2}]", name="f", environ={})
    assert dotted(document, ("agents", 0, "retry")) == "agents.x.retry"
    assert dotted(document, ("policies", 0, "pii", "a")) == "policies.pii.a"
    assert dotted(document, ("policies", 1, "b")) == "policies.1.b"
