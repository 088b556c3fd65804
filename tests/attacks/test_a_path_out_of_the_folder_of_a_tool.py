"""Attack: a model asks the files tool for what is outside of its folder, or swaps folders for links meanwhile."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from genie.edges.tools.files import FilesSettings, FilesTool, FileText, ReadFile, Rooted, WriteFile, Written
from genie.edges.tools.refusals import NotAllowedError, NotFoundError, OutsideRootError, TooLargeError, ToolRefusalError

SECRET = "the secret"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text(SECRET)
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "note.txt").write_text("a note")
    (root / "sub" / "deep.txt").write_text("deep")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "up").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")
    return root


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt", "sub/../../secret.txt", "/etc/passwd", "~/x", "link.txt", "up/secret.txt", "sub\\..\\x",
        "note.txt\0.png", "a\nb", "./../secret.txt", "/".join(["sub"] * 100), "up", "..",
    ],
)  # fmt: skip
def test_every_way_out_is_refused(root: Path, path: str) -> None:
    held = Rooted(str(root))
    try:
        with pytest.raises(OutsideRootError):
            held.read(path, 0, 1_000)
        with pytest.raises(OutsideRootError):
            held.write(path, "x")
    finally:
        held.close()
    assert (root.parent / "secret.txt").read_text() == SECRET


def test_what_is_inside_is_read(root: Path) -> None:
    held = Rooted(str(root))
    try:
        assert held.read("./sub//deep.txt", 1, 100).text == "eep"
        assert [entry.name for entry in held.list(".").entries] == ["note.txt", "sub"]
        assert held.read("note.txt", 1 << 80, 100).text == ""
        before = len(list(Path("/dev/fd").iterdir()))
        for path in ("pipe", "sub", ".", ""):
            with pytest.raises(NotAllowedError):
                held.read(path, 0, 100)
        assert len(list(Path("/dev/fd").iterdir())) == before
        with pytest.raises(NotFoundError):
            held.read("none.txt", 0, 100)
        with pytest.raises(TooLargeError):
            held.read("note.txt", 0, 3)
    finally:
        held.close()


def test_a_folder_that_is_swapped_for_a_link_again_and_again_leads_nowhere(root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "deep.txt").write_text(SECRET)
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            (root / "sub").rename(root / "kept")
            (root / "sub").symlink_to(outside)
            (root / "sub").unlink()
            (root / "kept").rename(root / "sub")

    thread = threading.Thread(target=swap)
    thread.start()
    seen = set()
    held = Rooted(str(root))
    try:
        for _ in range(2_000):
            try:
                seen.add(held.read("sub/deep.txt", 0, 100).text)
            except ToolRefusalError as error:
                seen.add(error.code)
    finally:
        stop.set()
        thread.join()
        held.close()
    assert SECRET not in seen
    assert seen <= {"deep", "outside_root", "not_found"}


@pytest.mark.anyio
async def test_writing_is_off_until_it_is_allowed(root: Path) -> None:
    from genie.contracts.agent import Binding
    from genie.errors import RunStalled
    from genie.runtime.runtime import Runtime

    tool = FilesTool()
    for write in (False, True):
        settings = FilesSettings(root=str(root), write=write)
        async with Runtime((Binding(agent=tool, card=tool.card, settings=settings),)) as runtime:
            assert (await runtime.ask(ReadFile(path="note.txt"), FileText)).text == "a note"
            question = WriteFile(path="new.txt", text="new")
            if write:
                assert (await runtime.ask(question, Written)).size_bytes == 3
            else:
                with pytest.raises(RunStalled):
                    await runtime.ask(question, Written)
    assert (root / "new.txt").read_text() == "new"
