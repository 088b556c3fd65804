"""Reloads policies while messages flow: checks them first, then replaces the whole set between two messages."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from genie.errors import ConfigError, GenieError, InputError
from genie.errors.logs import log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from genie.bus.bus import Bus
    from genie.policy.policy import PolicySet

T = TypeVar("T")

EVERY_S = 2.0
"""Seconds between two checks of the policy files."""
_TOLD = 10


async def _in_thread(work: Callable[[], T]) -> T:
    from anyio import to_thread  # noqa: PLC0415 - start-up: nearly no program reloads at once

    return await to_thread.run_sync(work)


class PolicySource(Protocol):
    """The source of policies."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files to watch."""
        ...

    def load(self) -> PolicySet:
        """Read the files again; raise ConfigError if anything in them is wrong."""
        ...


class Reloads:
    """Reloads the policy files of one runtime.

    Args:
        bus: Returns the open bus, or raises when the runtime is closed.
        source: The source of the policies; None if they come from a program.
    """

    def __init__(self, bus: Callable[[], Bus], source: PolicySource | None) -> None:
        self._open_bus = bus
        self._source = source

    async def reload(self, *, by: str = "operator", reason: str = "") -> bool:
        """Reload the policy files; queued mail is judged again.

        They are read and checked in a thread, while messages flow under the old policies; then the whole set is
        replaced between two messages. If anything is wrong, the old set stays in force, and the audit records it.

        Args:
            by: The operator.
            reason: The reason, for the audit.

        Returns:
            False if the files match what is in force.

        Raises:
            ConfigError: The files cannot be used; one line ``file:line: problem`` for each problem.
            InputError: The runtime was not made from a pipeline file.
        """
        bus = self._open_bus()
        source = self._source
        if source is None:
            raise InputError("this runtime", "has no policy files", "use replace_policies, or make it from a pipeline")
        try:
            policies = await _in_thread(source.load)
        except Exception as error:  # any failure to build a set keeps the old one in force
            told = str(error) if isinstance(error, GenieError) else type(error).__name__
            problems = error.problems if isinstance(error, ConfigError) else (told,)
            contents = await _in_thread(partial(_contents, source.files))
            bus.record_act(
                "reload_refused", bus.policies.sha256, by=by, reason=reason,
                detail={"problems": list(problems[:_TOLD]), "files": contents},
            )  # fmt: skip
            for line in problems[:_TOLD]:
                log("genie.reload", "ERROR", f"policies not reloaded: {line}")
            raise
        self._open_bus()
        before = bus.policies.sha256
        if policies.sha256 == before:
            return False
        bus.replace_policies(policies, by, reason)
        log("genie.reload", "INFO", f"policies reloaded: {before[:12]} replaced by {policies.sha256[:12]}")
        return True

    def watch_policies(self, *, every_s: float = EVERY_S) -> None:
        """Look at the policy files from now on, and reload when their content changes; errors are logged.

        Args:
            every_s: Seconds between two looks, above 0.

        Raises:
            ValueError: ``every_s`` is not above 0.
        """
        if not every_s > 0:
            raise ValueError(f"every_s must be above 0 seconds, not {every_s}")
        source = self._source
        if source is not None and source.files:
            _Watch(self, self._open_bus(), source, every_s).look_later()


class _Watch:
    """Checks files with a timer of the bus: their times and sizes, and if these differ their content."""

    def __init__(self, runtime: Reloads, bus: Bus, source: PolicySource, every_s: float) -> None:
        self._runtime = runtime
        self._bus = bus
        self._source = source
        self._every_s = every_s
        # Starts with nothing recorded: a change since the pipeline was loaded is noticed at the first check.
        self._marks: tuple[object, ...] = ()
        self._contents: dict[str, str] = {}
        self._task: object = None
        bus.timers.on("reload", _Watch._look)

    def look_later(self) -> None:
        """Check again after a delay."""
        self._bus.timers.at(self._bus.now() + self._every_s, "reload", self)

    def _look(self) -> None:
        marks = _marks(self._source.files)
        if marks == self._marks:
            self.look_later()
            return
        self._marks = marks
        self._task = self._bus.tasks.start(self._renew)

    async def _renew(self) -> None:
        try:
            contents = await _in_thread(partial(_contents, self._source.files))
            if contents != self._contents:
                self._contents = contents
                await self._runtime.reload(by="watch", reason="a policy file changed")
        except Exception:  # noqa: BLE001, S110 - logged and in the audit; the old policies stay in force
            pass
        finally:
            self._bus.tasks.left(self._task)
            self.look_later()


def _marks(files: tuple[Path, ...]) -> tuple[object, ...]:
    marks: list[object] = []
    for file in files:
        try:
            status = file.stat()
        except OSError as error:
            marks.append(error.errno)
        else:
            marks.append((status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(marks)


def _contents(files: tuple[Path, ...]) -> dict[str, str]:
    """Return file -> SHA-256 of its content; empty if it cannot be read."""
    import hashlib  # noqa: PLC0415 - start-up: only where policy files are watched

    found: dict[str, str] = {}
    for file in files:
        try:
            with file.open("rb") as stream:
                found[str(file)] = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            found[str(file)] = ""
    return found
