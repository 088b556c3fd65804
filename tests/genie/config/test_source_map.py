"""What errors may say of a document: places and values, but nothing of the environment's."""

from __future__ import annotations

import pytest

from genie.config.source_map import SourceMap, brief, quoted, suggestion

DOCUMENT = SourceMap(
    name="f.yaml",
    value={"a": {"b": [1, "from hunter2"]}, "c": True},
    lines={(): 1, ("a",): 2, ("a", "b"): 3, ("a", "b", 0): 3, ("a", "b", 1): 4, ("c",): 9},
    written={("a", "b", 1): "from ${TOKEN}"},
    overrides={("c",): "c"},
)


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ((), "f.yaml:1"),
        (("a", "b", 1), "f.yaml:4"),
        (("a", "b", 7, "x"), "f.yaml:3"),
        (("new",), "f.yaml:1"),
        (("c",), "--set c"),
        (("c", "d"), "--set c"),
    ],
)
def test_a_place_is_that_of_the_nearest_value_around_it(path: tuple[str | int, ...], where: str) -> None:
    assert DOCUMENT.where(path) == where


def test_problems_are_ordered_by_line_and_overrides_come_last() -> None:
    paths: list[tuple[str | int, ...]] = [("c",), ("a", "b", 1), ("a",)]
    assert sorted(paths, key=DOCUMENT.order) == [("a",), ("a", "b", 1), ("c",)]


def test_values_are_found_by_path() -> None:
    assert DOCUMENT.at(("a", "b", 0)) == 1
    assert DOCUMENT.at(("a", "b", 5)) is None
    assert DOCUMENT.at(("a", 0)) is None
    assert DOCUMENT.at(("c", "x")) is None


def test_what_the_environment_gave_is_known_at_above_and_beneath_its_place() -> None:
    places: list[tuple[str | int, ...]] = [("a", "b", 1), ("a",), ("a", "b", 1, "x")]
    assert [DOCUMENT.source(path) for path in places] == ["from ${TOKEN}"] * 3
    assert DOCUMENT.source(("a", "b", 0)) is None
    assert DOCUMENT.show(("a", "b", 1)) == "from ${TOKEN}"


def test_text_that_quotes_the_environment_is_hidden() -> None:
    assert DOCUMENT.hide("bad value 'from hunter2' here") == "bad value 'from ${TOKEN}' here"


def test_values_are_quoted_short_and_as_yaml_writes_them() -> None:
    assert [quoted(value) for value in (True, None, 5, "x")] == ["true", "null", "5", "'x'"]
    assert len(brief("x" * 1000)) == 60
    assert DOCUMENT.show(("a",)) == "a mapping"


def test_no_time_is_spent_on_the_neighbours_of_a_very_long_word() -> None:
    assert suggestion("agent", ["agents"]) == "; did you mean 'agents'?"
    assert suggestion("a" * 100_000, ["a" * 100_000]) == ""
