"""Overriding a document from the command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.config.overrides import overridden, parse_overrides
from genie.config.source_map import SourceMap
from genie.config.yaml import load_text
from genie.errors import ConfigError

TEXT = """\
title: old
limits: {max_runs: 1}
agents:
  - id: a.b
    timeout_s: 1
  - {id: c}
policies: [{pii: {deny: x}}, clearance]
"""


def changed(*pairs: tuple[str, str], **environ: str) -> SourceMap:
    return overridden(load_text(TEXT, name="f.yaml", environ={}), pairs, environ=environ)


@pytest.mark.parametrize(
    ("key", "text", "path", "value"),
    [
        ("title", "new", ("title",), "new"),
        ("title", "12:30", ("title",), "12:30"),
        ("limits.max_runs", "5", ("limits", "max_runs"), 5),
        ("limits", "{max_hops: 2}", ("limits",), {"max_hops": 2}),
        ("caller.user", "ann", ("caller", "user"), "ann"),
        ("agents.a.b.timeout_s", "2", ("agents", 0, "timeout_s"), 2),
        ("agents.c.retry.attempts", "3", ("agents", 1, "retry", "attempts"), 3),
        ("agents.1.id", "d", ("agents", 1, "id"), "d"),
        ("policies.pii.deny", "y", ("policies", 0, "pii", "deny"), "y"),
        ("policies.pii", "{}", ("policies", 0, "pii"), {}),
        ("policies.1", "injection", ("policies", 1), "injection"),
    ],
)
def test_a_key_reaches_its_value_and_no_other(key: str, text: str, path: tuple[str | int, ...], value: object) -> None:
    before = load_text(TEXT, name="f.yaml", environ={})
    found = overridden(before, [(key, text)], environ={})
    assert found.at(path) == value
    assert found.where(path) == f"--set {key}"
    assert before.value == load_text(TEXT, name="f.yaml", environ={}).value
    assert found.where(("agents", 0)) == "f.yaml:4"


def test_the_last_of_two_overrides_counts() -> None:
    found = changed(("title", "one"), ("title", "two"))
    assert found.at(("title",)) == "two"


def test_an_override_may_name_the_environment() -> None:
    found = changed(("title", "${NAME}"), NAME="hunter2")
    assert found.at(("title",)) == "hunter2"
    assert found.show(("title",)) == "${NAME}"


def test_all_overrides_that_lead_nowhere_are_told() -> None:
    with pytest.raises(ConfigError) as caught:
        changed(("title.x", "1"), ("agents.x.y", "1"), ("a..b", "1"), ("title", "["))
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "--set title.x", "--set agents.x.y", "--set a..b", "--set title",
    ]  # fmt: skip


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_text_changes_the_document_or_is_a_config_error(key: str, text: str) -> None:
    told = ("--set nothing",)
    try:
        pairs = parse_overrides([f"{key}={text}"])
        overridden(load_text(TEXT, name="f.yaml", environ={}), pairs, environ={})
    except ConfigError as error:
        told = error.problems  # type: ignore[assignment]  # one or more
    assert all(problem.startswith("--set ") for problem in told)


def test_a_mapping_and_texts_are_the_same() -> None:
    assert parse_overrides({"a.b": "c=d"}) == parse_overrides(["a.b=c=d"]) == (("a.b", "c=d"),)
