"""The first lines of the single file: one clear line where it cannot run, and nothing said where it can."""

from __future__ import annotations

import ast
import os
import platform
import sys
import sysconfig
from pathlib import Path

import pytest

from distribution import start

HERE = (f"{sys.version_info[0]}.{sys.version_info[1]}", sysconfig.get_config_var("EXT_SUFFIX"), platform.machine())


def test_it_starts_on_what_it_was_built_with() -> None:
    assert start.mismatch(*HERE) == ""


@pytest.mark.parametrize("position", range(3))
def test_another_python_system_or_processor_is_named(position: int) -> None:
    built = [*HERE]
    built[position] = "other"
    text = start.mismatch(*built)
    assert "other" in text
    assert HERE[position].strip(".") in text


def test_a_place_that_can_be_written_to_will_do(tmp_path: Path) -> None:
    assert start.homeless("genie.pyz", "1", {"SHIV_ROOT": str(tmp_path / "deep" / "er")}) == ""
    assert list((tmp_path / "deep" / "er").iterdir()) == []


def test_what_is_unpacked_already_needs_no_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "genie.pyz_1" / "site-packages").mkdir(parents=True)
    monkeypatch.setattr(start.tempfile, "TemporaryFile", None)
    assert start.homeless("genie.pyz", "1", {"SHIV_ROOT": str(tmp_path)}) == ""


def test_it_makes_a_folder_that_nobody_else_can_enter(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert start.homeless("genie.pyz", "1", {"SHIV_ROOT": str(tmp_path / "shiv")}) == ""
    finally:
        os.umask(before)
    assert (tmp_path / "shiv").stat().st_mode & 0o777 == 0o700


def test_no_place_is_said_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", os.devnull)
    text = start.homeless("genie.pyz", "1", {})
    assert os.devnull in text
    assert "set SHIV_ROOT" in text
    assert "\n" not in text


def test_it_stops_with_one_line_and_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        start.start("2.7", HERE[1], HERE[2], "1")
    assert stopped.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_an_old_python_can_read_it() -> None:
    assert ast.parse(Path(start.__file__).read_text(), feature_version=(3, 4)).body
