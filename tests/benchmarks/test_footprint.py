"""The footprint of one ask: the modules along its calls, and the lines of the core."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.footprint import asked, footprint, lines, traced
from genie.benchmark.policies import eight_policies
from genie.contracts.message import Payload

if TYPE_CHECKING:
    from pathlib import Path


def test_calls_within_a_module_count_once_and_returns_to_it_again() -> None:
    seen = footprint(["a", "a", "b", "a", "c", "c"])
    assert (seen.calls, seen.path, seen.modules, seen.changes) == (6, ("a", "b", "a", "c"), ("a", "b", "c"), 3)


def test_no_calls_enter_no_module() -> None:
    seen = footprint([])
    assert (seen.calls, seen.modules, seen.changes) == (0, (), 0)


def test_only_calls_into_the_package_are_collected() -> None:
    with traced("genie") as calls:
        len(sys.path)
        Payload.model_json_schema()
        eight_policies()
    assert calls
    assert {name.partition(".")[0] for name in calls} == {"genie"}
    assert sys.getprofile() is None


@pytest.mark.anyio
async def test_an_ask_has_the_same_footprint_every_time() -> None:
    one, two = await asked(None), await asked(None)
    assert one == two
    assert one.calls > one.changes > len(one.modules) > 1


@pytest.mark.anyio
async def test_policies_that_judge_are_in_the_footprint() -> None:
    default, eight = await asked(None), await asked(eight_policies())
    assert set(default.modules) < set(eight.modules)


def test_lines_are_counted_for_what_exists_and_the_rest_is_named(tmp_path: Path) -> None:
    (tmp_path / "bus" / "inner").mkdir(parents=True)
    (tmp_path / "bus" / "one.py").write_text("a\nb\n")
    (tmp_path / "bus" / "inner" / "two.py").write_text("a\n")
    (tmp_path / "bus" / "note.txt").write_text("not a module\n")
    (tmp_path / "three.py").write_text("")
    found, missing = lines(tmp_path, ("bus/", "three.py", "four.py", "five/"))
    assert found == {"bus/one.py": 2, "bus/inner/two.py": 1, "three.py": 0}
    assert missing == ["four.py", "five/"]
