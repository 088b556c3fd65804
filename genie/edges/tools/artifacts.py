"""Results that were too long for a model: kept while their task lasts, and read piece by piece as a tool.

A result that is truncated, or that compaction leaves out, states the SHA-256 of the whole. ``read_artifact`` takes it,
or its first twelve letters. Only results of the same run and tenant are found, and a piece is judged like every other
answer.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Annotated
from weakref import WeakValueDictionary

from pydantic import Field

from genie.contracts.agent import Handlers, handles
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.edges.tools.refusals import NotFoundError
from genie.edges.tools.tool import Effect, ToolOptions

LEAST = 240
"""Length above which a result is stored; compaction leaves shorter ones unchanged."""
MOST_KEPT = 16_000_000
"""Total characters that one run stores; the oldest results are dropped first."""
MOST_RESULTS = 1_024
"""Maximum number of results that one run stores."""
MOST_PIECE = 16_000
"""Characters of one answer."""


class ReadArtifact(Payload, topic="artifact.read", key=None):
    """Read a part of an earlier result that was cut or left out."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{12,64}$")]
    """Of the whole result, or its beginning."""
    start: Annotated[int, Field(ge=0, le=MOST_KEPT)] = 0
    """First character."""
    characters: Annotated[int, Field(ge=1, le=MOST_PIECE)] = 8_000


class ArtifactPiece(Payload, topic="artifact.piece", key=None):
    """A part of a result."""

    text: str
    start: int
    of: int
    """Characters of the whole result."""


class ArtifactStore:
    """Long results of one run; it ends with the tasks that hold it."""

    __slots__ = ("__weakref__", "_kept", "_size")

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._size = 0

    def keep(self, text: str) -> None:
        """Store a result, if it is long but not above the limit of a run."""
        if not LEAST < len(text) <= MOST_KEPT:
            return
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        if digest in self._kept:
            self._kept.move_to_end(digest)
            return
        self._kept[digest] = text
        self._size += len(text)
        while self._size > MOST_KEPT or len(self._kept) > MOST_RESULTS:
            self._size -= len(self._kept.popitem(last=False)[1])

    def find(self, digest: str) -> str | None:
        """Return the result of a digest, or of the beginning of one if it is unambiguous."""
        found = [text for name, text in self._kept.items() if name.startswith(digest)]
        return found[0] if len(found) == 1 else None


class Artifacts(Handlers, id="read_artifact", risk="low", tier="beta", concurrency=8, clearance="restricted"):
    """Reads a part of an earlier result that was cut or left out, by its SHA-256.

    Give the same object to ``Toolbox(artifacts=...)``, which fills it, and to the runtime.
    """

    isolated = True  # results are found only by tenant and run
    tool_options = ToolOptions(effect=Effect.READ)

    def __init__(self) -> None:
        self._stores: WeakValueDictionary[tuple[str | None, str], ArtifactStore] = WeakValueDictionary()

    @property
    def runs(self) -> int:
        """Runs with stored results."""
        return len(self._stores)

    def store(self, context: Context) -> ArtifactStore:
        """Return the store of the handler's run."""
        key = context.headers.tenant, context.message.correlation_id
        store = self._stores.get(key)
        if store is None:
            store = self._stores[key] = ArtifactStore()
        return store

    @handles
    async def read(self, question: ReadArtifact, context: Context) -> ArtifactPiece:
        """Return a part of a result of this run."""
        store = self._stores.get((context.headers.tenant, context.message.correlation_id))
        text = None if store is None else store.find(question.sha256)
        if text is None:
            raise NotFoundError("read_artifact", "has no such result in this run")
        end = question.start + question.characters
        return ArtifactPiece(text=text[question.start : end], start=question.start, of=len(text))
