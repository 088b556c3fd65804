"""Programs are run without a shell and within their limits; what is not on the list is not run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from genie.edges.tools.refusals import NotAllowedError, TookTooLongError
from genie.edges.tools.shell import RunCommand, ShellSettings, run, vector

pytestmark = pytest.mark.anyio


def settings(folder: Path, **more: object) -> ShellSettings:
    commands = {
        "echo": {"program": "/bin/echo", "allow": r"[^/]*"},
        "python": {"program": sys.executable, "arguments": ("-I", "-c"), "allow": r"(?s).*"},
        "true": {"program": "/bin/true"},
    }
    return ShellSettings.model_validate({"folder": str(folder), "commands": commands, **more})


async def python(folder: Path, code: str, **more: object) -> tuple[int, str]:
    own = settings(folder, **more)
    found = await run(own, vector(own, RunCommand(command="python", arguments=(code,))))
    return found.exit_code, found.output


@pytest.mark.parametrize(
    "argument",
    ["; touch hacked", "$(touch hacked)", "`touch hacked`", "a && touch hacked", "| touch hacked", "> hacked"],
)
async def test_words_of_a_shell_are_words(tmp_path: Path, argument: str) -> None:
    own = settings(tmp_path)
    found = await run(own, vector(own, RunCommand(command="echo", arguments=(argument,))))
    assert (found.exit_code, found.output) == (0, argument + "\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "arguments"),
    [("rm", ("-rf", "x")), ("true", ("x",)), ("echo", ("/etc/passwd",)), ("echo", ("-e",)), ("echo", ("a\0b",))],
)
def test_what_is_not_on_the_list_is_refused(tmp_path: Path, command: str, arguments: tuple[str, ...]) -> None:
    with pytest.raises(NotAllowedError):
        vector(settings(tmp_path), RunCommand(command=command, arguments=arguments))


def test_it_is_off_by_default(tmp_path: Path) -> None:
    with pytest.raises(NotAllowedError):
        vector(ShellSettings(folder=str(tmp_path)), RunCommand(command="true"))


async def test_it_sees_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANK_KEY", "secret")
    code, output = await python(tmp_path, "import os; print(sorted(os.environ), os.getcwd())")
    assert code == 0
    assert "BANK_KEY" not in output
    assert str(tmp_path) in output


async def test_an_endless_command_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    code = "import subprocess,sys\nsubprocess.Popen([sys.executable,'-c','while True: pass'])\nwhile True: pass"
    with pytest.raises(TookTooLongError):
        await python(tmp_path, code, timeout_s=0.5)


async def test_endless_output_is_cut(tmp_path: Path) -> None:
    own = settings(tmp_path, most_output=10_000)
    code = "while True: print('x' * 1000)"
    found = await run(own, vector(own, RunCommand(command="python", arguments=(code,))))
    assert found.truncated
    assert len(found.output) == 10_000


@pytest.mark.slow
async def test_memory_files_and_processor_are_limited(tmp_path: Path) -> None:
    assert (await python(tmp_path, "x = bytearray(2_000_000_000)"))[0] != 0
    assert (await python(tmp_path, "open('big','wb').write(b'x' * 20_000_000)"))[0] != 0
    assert (tmp_path / "big").stat().st_size <= 16_000_000
    assert (await python(tmp_path, "while True: pass", cpu_s=1, timeout_s=20))[0] < 0
