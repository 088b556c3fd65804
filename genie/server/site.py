"""The page as static files: read once, under an address that changes with their content, with a strict policy."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import Response
from starlette.routing import Route

from genie.server.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from genie.server.messages import Json

FOLDER = Path(__file__).with_name("page")
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
"""Suffix -> media type; files of other suffixes are not served."""
HEADERS = {"Content-Security-Policy": "require-trusted-types-for 'script'; trusted-types 'none'"}
"""In addition to the headers of every response: no script of the page can turn text into markup."""
_FOREVER = "public, max-age=31536000, immutable"


class Asset(NamedTuple):
    """One file in sent form."""

    body: bytes
    compressed: bytes
    media_type: str
    etag: str


class Site:
    """The files of the page.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*"))
                 if path.suffix in KINDS}  # fmt: skip
        whole = hashlib.sha256()
        for name, body in files.items():
            whole.update(f"{name}\0{len(body)}\0".encode() + body)
        self.edition = whole.hexdigest()[:16]
        """Changes with every change of a file."""
        index = files.pop("index.html").replace(b"{base}", f"/page/{self.edition}/".encode())
        self.assets = {name: asset(name, body) for name, body in files.items()}
        self.index = asset("index.html", index)

    def routes(self) -> list[Route]:
        """Return the routes of the page; none of them contains personal data."""
        return [
            Route("/", self._index, methods=["GET"]),
            Route("/page/{edition}/{name:path}", self._file, methods=["GET"]),
        ]

    async def _index(self, request: Request) -> Response:
        return _sent(self.index, request, "no-cache")

    async def _file(self, request: Request) -> Response | Json:
        found = self.assets.get(request.path_params["name"])
        if found is None or request.path_params["edition"] != self.edition:
            return Problem("not_found", headers=HEADERS).response()
        return _sent(found, request, _FOREVER)


def asset(name: str, body: bytes) -> Asset:
    """Return a file in sent form."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return Asset(body, gzip.compress(body, 9, mtime=0), KINDS[Path(name).suffix], etag)


def _sent(found: Asset, request: Request, cache: str) -> Response:
    headers = {**HEADERS, "ETag": found.etag, "Cache-Control": cache, "Vary": "Accept-Encoding"}
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    encodings = {part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    if "gzip" in encodings:
        return Response(found.compressed, headers={**headers, "Content-Encoding": "gzip"}, media_type=found.media_type)
    return Response(found.body, headers=headers, media_type=found.media_type)
