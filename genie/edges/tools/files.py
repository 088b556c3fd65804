"""Files below one folder: no path leads out of it, and no symbolic link is followed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Annotated, ClassVar, TypeVar

import anyio.to_thread
from pydantic import BaseModel, ConfigDict, Field

from genie.contracts.agent import Handlers, handles
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.edges.tools.refusals import NotAllowedError, NotFoundError, OutsideRootError, TooLargeError
from genie.edges.tools.tool import ToolOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")
Name = Annotated[str, Field(min_length=1, max_length=1_024)]
MOST_PARTS = 32
MOST_LISTED = 1_000
NAME = "files"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class FilesSettings(BaseModel):
    """The folder, and limits on its use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    root: str = Field(min_length=1, description="Folder below which everything is.")
    max_bytes: int = Field(default=262_144, ge=1, le=16_000_000, description="Largest file that is read or written.")
    write: bool = Field(default=False, description="Allow files to be written.")


class ListFiles(Payload, topic="files.list", key=None):
    """List a folder; ``.`` is the tool's own folder."""

    path: Name = "."


class ReadFile(Payload, topic="files.read", key=None):
    """Read a text file, from a position in bytes."""

    path: Name
    offset: Annotated[int, Field(ge=0)] = 0


class WriteFile(Payload, topic="files.write", key=None):
    """Write a new text file, or replace one."""

    path: Name
    text: Annotated[str, Field(max_length=16_000_000)]


class Entry(Payload, topic="files.entry", key=None):
    """One entry of a folder."""

    name: str
    folder: bool
    size_bytes: int


class Listing(Payload, topic="files.listing", key=None):
    """A folder; links and devices are not listed."""

    entries: tuple[Entry, ...]
    more: bool
    """True if there are more entries than listed."""


class FileText(Payload, topic="files.text", key=None):
    """A file, or the part of it from the position on."""

    text: str
    size_bytes: int
    """Of the whole file."""


class Written(Payload, topic="files.written", key=None):
    """What was written."""

    size_bytes: int


def parts_of(path: str) -> list[str]:
    """Return the names of a relative path.

    Raises:
        OutsideRootError: The path is absolute, goes up, or has invalid characters.
    """
    if path.startswith(("/", "~")) or "\\" in path or "\0" in path or any(ord(letter) < 32 for letter in path):
        raise OutsideRootError(NAME, "takes paths below its folder alone")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts or len(parts) > MOST_PARTS:
        raise OutsideRootError(NAME, "takes paths below its folder alone")
    return parts


class Rooted:
    """An open folder: names are looked up one by one in it, and none of them may be a link.

    Args:
        root: The folder; its own path may contain links.

    Raises:
        NotFoundError: There is no such folder.
    """

    def __init__(self, root: str) -> None:
        try:
            self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            raise NotFoundError(NAME, "has no folder at its root") from None

    def close(self) -> None:
        """Let the folder go."""
        os.close(self._root)

    def open(self, parts: list[str], flags: int, mode: int = 0o600) -> int:
        """Return a descriptor of the object at a path; no link is followed, even if entries are swapped meanwhile.

        Raises:
            OutsideRootError: A part of the path is a link.
            NotFoundError: There is nothing at the path, or an object of another kind.
        """
        held = os.dup(self._root)
        try:
            for part in parts[:-1]:
                deeper = os.open(part, _DIRECTORY, dir_fd=held)
                os.close(held)
                held = deeper
            return os.open(parts[-1] if parts else ".", flags, mode, dir_fd=held)
        except OSError as error:
            if error.errno == errno.ELOOP or (error.errno == errno.ENOTDIR and _is_link(held, parts)):
                raise OutsideRootError(NAME, "follows no symbolic links") from None
            raise NotFoundError(NAME, "has nothing of that name") from None
        finally:
            os.close(held)

    def read(self, path: str, offset: int, most: int) -> FileText:
        """Return a file's text.

        Raises:
            TooLargeError: It is larger than ``most``.
            NotAllowedError: It is not a regular file, or not text.
        """
        descriptor = self.open(parts_of(path), _FILE)
        with _regular(descriptor, "rb") as file:
            size = os.fstat(descriptor).st_size
            if size - offset > most:
                raise TooLargeError(NAME, f"reads at most {most} bytes at once")
            file.seek(min(offset, size))
            data = file.read(most + 1)  # it may have grown meanwhile
        if len(data) > most:
            raise TooLargeError(NAME, f"reads at most {most} bytes at once")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise NotAllowedError(NAME, "reads text in UTF-8 alone") from None
        if "\0" in text:
            raise NotAllowedError(NAME, "reads text in UTF-8 alone")
        return FileText(text=text, size_bytes=size)

    def list(self, path: str) -> Listing:
        """Return the files and folders of a folder."""
        descriptor = self.open(parts_of(path), _DIRECTORY)
        try:
            entries = sorted(_entries(descriptor), key=lambda entry: entry.name)
        finally:
            os.close(descriptor)
        return Listing(entries=tuple(entries[:MOST_LISTED]), more=len(entries) > MOST_LISTED)

    def write(self, path: str, text: str) -> Written:
        """Write a file completely; a link in its place is refused, not followed."""
        parts = parts_of(path)
        if not parts:
            raise NotAllowedError(NAME, "writes files, not its folder")
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = self.open(parts, flags)
        data = text.encode()
        with _regular(descriptor, "wb") as file:
            file.truncate(0)
            file.write(data)
        return Written(size_bytes=len(data))


def _regular(descriptor: int, mode: str) -> IO[bytes]:
    """Return the file of a descriptor.

    Raises:
        NotAllowedError: It is a folder or a device; the descriptor is closed then.
    """
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, mode)
    os.close(descriptor)
    raise NotAllowedError(NAME, "reads and writes regular files alone")


def _is_link(held: int, parts: list[str]) -> bool:
    """Return True if one of the names in the opened folder is a link."""
    for part in parts:
        try:
            if stat.S_ISLNK(os.stat(part, dir_fd=held, follow_symlinks=False).st_mode):
                return True
        except OSError:
            continue
    return False


def _entries(descriptor: int) -> Iterator[Entry]:
    with os.scandir(descriptor) as found:
        for position, entry in enumerate(found):
            if position > 10 * MOST_LISTED:
                return
            folder = entry.is_dir(follow_symlinks=False)
            if folder or entry.is_file(follow_symlinks=False):
                size = entry.stat(follow_symlinks=False).st_size
                yield Entry(name=entry.name, folder=folder, size_bytes=0 if folder else size)


class FilesTool(
    Handlers, id="files", capabilities=("tool.files",), risk="medium", tier="beta", clearance="restricted",
    concurrency=4, settings=FilesSettings,
):  # fmt: skip
    """List, read and, if allowed, write text files below one folder."""

    tool_options: ClassVar = ToolOptions(reads=frozenset((ListFiles, ReadFile)))

    @handles
    async def list(self, question: ListFiles, context: Context) -> Listing:
        """List a folder."""
        return await self._in(context.settings, lambda root: root.list(question.path))

    @handles
    async def read(self, question: ReadFile, context: Context) -> FileText:
        """Read a text file."""
        settings: FilesSettings = context.settings
        return await self._in(settings, lambda root: root.read(question.path, question.offset, settings.max_bytes))

    @handles
    async def write(self, question: WriteFile, context: Context) -> Written:
        """Write a text file."""
        settings: FilesSettings = context.settings
        if not settings.write:
            raise NotAllowedError(NAME, "is set to read alone")
        if len(question.text.encode()) > settings.max_bytes:
            raise TooLargeError(NAME, f"writes at most {settings.max_bytes} bytes")
        return await self._in(settings, lambda root: root.write(question.path, question.text))

    @staticmethod
    async def _in(settings: FilesSettings, act: Callable[[Rooted], T]) -> T:
        def work() -> T:
            root = Rooted(settings.root)
            try:
                return act(root)
            finally:
                root.close()

        return await anyio.to_thread.run_sync(work)
