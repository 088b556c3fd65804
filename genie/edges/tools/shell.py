"""Programs of an allow-list: an argument vector without a shell, bounded in time, memory, output and environment.

It is off until the settings name commands. A command gets no standard input, a folder of its own, an empty environment
except for the settings' variables, and a process group that is killed at the end, whatever it started.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import anyio
import re2
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from genie.contracts.agent import Handlers, handles
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.edges.tools.refusals import NotAllowedError, NotFoundError, TookTooLongError
from genie.edges.tools.tool import ToolOptions

if TYPE_CHECKING:
    from anyio.abc import ByteReceiveStream, Process

NAME = "shell"
MOST_ARGUMENTS = 64
# The limits are set in the process itself, before it becomes the program: no code of ours runs between fork and exec.
_START = (
    "import json,os,resource,sys\n"
    "limits=json.loads(sys.argv[1])\n"
    "for name,most in limits.items():\n"
    " resource.setrlimit(getattr(resource,name),(most,most))\n"
    "os.umask(0o077)\n"
    "os.execv(sys.argv[2],sys.argv[2:])\n"
)


def _program(path: str) -> str:
    if not Path(path).is_absolute():
        raise ValueError("is not a valid program; write its absolute path")
    return path


def _pattern(pattern: str) -> str:
    try:
        re2.compile(pattern)
    except re2.error:
        raise ValueError("is not a valid pattern (RE2)") from None
    return pattern


class ShellCommand(BaseModel):
    """One command that may be run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: Annotated[str, AfterValidator(_program)] = Field(description="Absolute path of the program.")
    arguments: tuple[str, ...] = Field(default=(), description="Fixed arguments, placed first.")
    allow: Annotated[str, AfterValidator(_pattern)] | None = Field(
        default=None,
        description="Pattern (RE2) that each argument must match completely; without it, no arguments are allowed.",
    )
    options: bool = Field(default=False, description="Allow given arguments that begin with '-'.")


class ShellSettings(BaseModel):
    """Which commands, where, and how much of the machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    commands: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")], ShellCommand] = Field(
        default_factory=dict, description="Commands by name; none by default, which disables the tool."
    )
    folder: str = Field(description="Working folder of every command.")
    environment: Mapping[str, str] = Field(default_factory=dict, description="Variables that a command gets.")
    timeout_s: float = Field(default=10.0, gt=0, le=600)
    cpu_s: int = Field(default=10, ge=1, le=600)
    memory_bytes: int = Field(default=512_000_000, ge=16_000_000)
    file_bytes: int = Field(default=16_000_000, ge=0, description="Largest file that a command may write.")
    open_files: int = Field(default=64, ge=8)
    most_output: int = Field(default=65_536, ge=1, le=16_000_000, description="Bytes of output that are kept.")


class RunCommand(Payload, topic="shell.run", key=None):
    """Run one of the allowed commands."""

    command: Annotated[str, Field(max_length=64)]
    arguments: Annotated[tuple[Annotated[str, Field(max_length=4_096)], ...], Field(max_length=MOST_ARGUMENTS)] = ()


class CommandOutput(Payload, topic="shell.output", key=None):
    """What a command said."""

    exit_code: int
    """Negative for the signal that ended it."""
    output: str
    errors: str
    truncated: bool
    """True if its output exceeded the limit, at which it was ended."""


class ShellTool(
    Handlers, id="shell", capabilities=("tool.shell",), risk="high", tier="beta", concurrency=2,
    settings=ShellSettings,
):  # fmt: skip
    """Run one of the commands that the settings allow."""

    tool_options: ClassVar = ToolOptions()

    @handles
    async def run(self, question: RunCommand, context: Context) -> CommandOutput:
        """Run a command.

        Raises:
            NotAllowedError: The command or an argument is not allowed.
            TookTooLongError: It was stopped at its time limit.
        """
        settings: ShellSettings = context.settings
        return await run(settings, vector(settings, question))


def vector(settings: ShellSettings, question: RunCommand) -> list[str]:
    """Return the argument vector of a question.

    Raises:
        NotAllowedError: The command or an argument is not allowed.
    """
    command = settings.commands.get(question.command)
    if command is None:
        raise NotAllowedError(NAME, "only runs the commands of its list")
    if question.arguments and command.allow is None:
        raise NotAllowedError(NAME, "takes no arguments for this command")
    for argument in question.arguments:
        if "\0" in argument or re2.fullmatch(command.allow, argument) is None:
            raise NotAllowedError(NAME, "was given an argument that its pattern does not allow")
        if argument.startswith("-") and not command.options:
            raise NotAllowedError(NAME, "was given an option, which this command does not take")
    return [command.program, *command.arguments, *question.arguments]


async def run(settings: ShellSettings, argv: list[str]) -> CommandOutput:
    """Run an argument vector within the limits."""
    limits = {
        "RLIMIT_CPU": settings.cpu_s, "RLIMIT_AS": settings.memory_bytes, "RLIMIT_FSIZE": settings.file_bytes,
        "RLIMIT_NOFILE": settings.open_files, "RLIMIT_CORE": 0,
    }  # fmt: skip
    if not Path(settings.folder).is_dir() or not Path(argv[0]).is_file():  # noqa: ASYNC240 - two looks, on this machine
        raise NotFoundError(NAME, "has no such folder or program")
    kept: dict[str, bytes] = {"out": b"", "err": b""}
    truncated = False
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **settings.environment}
    process = await anyio.open_process(
        [sys.executable, "-I", "-S", "-c", _START, json.dumps(limits), *argv], cwd=settings.folder, env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip

    async def collect(name: str, stream: ByteReceiveStream) -> None:
        nonlocal truncated
        async for piece in stream:
            kept[name] += piece[: settings.most_output - len(kept[name])]
            if len(kept[name]) >= settings.most_output:
                truncated = True
                _end(process)
                return

    try:
        with anyio.move_on_after(settings.timeout_s) as limit:
            async with anyio.create_task_group() as tasks:
                if process.stdout is not None and process.stderr is not None:
                    tasks.start_soon(collect, "out", process.stdout)
                    tasks.start_soon(collect, "err", process.stderr)
            await process.wait()
    finally:
        _end(process)
        with anyio.CancelScope(shield=True):
            await process.aclose()
    if limit.cancelled_caught:
        raise TookTooLongError(NAME, f"stops a command after {settings.timeout_s:g} s")
    return CommandOutput(
        exit_code=process.returncode or 0, output=kept["out"].decode(errors="replace"),
        errors=kept["err"].decode(errors="replace"), truncated=truncated,
    )  # fmt: skip


def _end(process: Process) -> None:
    """Kill the process and everything that it started in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
