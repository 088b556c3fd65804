"""Attack: another user of the machine writes a module into the folder that the single file runs from."""

from __future__ import annotations

from pathlib import Path

import pytest

from distribution import start


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757, 0o1777])
@pytest.mark.parametrize("folder", [".", "genie.pyz_1", "genie.pyz_1/site-packages"])
def test_a_folder_that_others_may_write_to_is_refused(tmp_path: Path, folder: str, mode: int) -> None:
    root = tmp_path / "shiv"
    (root / "genie.pyz_1/site-packages").mkdir(parents=True)
    assert start.homeless("genie.pyz", "1", {"SHIV_ROOT": str(root)}) == ""

    (root / folder).chmod(mode)

    text = start.homeless("genie.pyz", "1", {"SHIV_ROOT": str(root)})
    assert "others may write to it" in text
    assert "SHIV_ROOT" in text
    assert "\n" not in text


def test_a_folder_that_others_may_replace_is_refused(tmp_path: Path) -> None:
    open_to_all = tmp_path / "open"
    (open_to_all / "shiv").mkdir(parents=True)
    open_to_all.chmod(0o777)

    assert "others may replace it" in start.homeless("genie.pyz", "1", {"SHIV_ROOT": str(open_to_all / "shiv")})

    open_to_all.chmod(0o1777)  # as /tmp: only the owner of a folder may rename it
    assert start.homeless("genie.pyz", "1", {"SHIV_ROOT": str(open_to_all / "shiv")}) == ""


def test_a_link_is_followed_before_it_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "real").chmod(0o777)
    (tmp_path / "shiv").symlink_to(tmp_path / "real")

    assert "others may write to it" in start.homeless("genie.pyz", "1", {"SHIV_ROOT": str(tmp_path / "shiv")})
