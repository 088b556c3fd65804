"""Reading from the web through the guarded ``Fetch`` port: listed hosts, public addresses, bounded size and time."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.contracts.ports.fetch import Fetch
from genie.edges.tools.pages import MOST_PAGE, extracted
from genie.edges.tools.refusals import NotAllowedError, TooLargeError
from genie.edges.tools.tool import Effect, ToolOptions

_TEXTS = ("text/", "application/json", "application/xml", "application/xhtml", "application/ld+json")


class GetUrl(Payload, topic="web.get", key=None):
    """Read a URL of an allowed host."""

    url: Annotated[str, Field(min_length=8, max_length=8_192)]
    form: Literal["words", "source"] = "words"
    """``words`` extracts the text of an HTML page; ``source`` is the unchanged response."""


class UrlAnswer(Payload, topic="web.answer", key=None):
    """What a URL answered."""

    status: int
    content_type: str
    title: str = ""
    text: str


@agent(
    "web", capabilities=("tool.web",), risk="medium", tier="beta", concurrency=4, ports=(Fetch,), timeout_s=60.0
)  # fmt: skip
async def web(question: GetUrl, context: Context) -> UrlAnswer:
    """Read a page or a document of the allowed hosts."""
    found = await context.port(Fetch).get(question.url)
    kind = found.headers.get("content-type", "").partition(";")[0].strip().lower()[:128]
    if not kind.startswith(_TEXTS):
        raise NotAllowedError("web", "reads texts alone")
    text = found.body.decode("utf-8", errors="replace")
    if question.form == "words" and kind in {"text/html", "application/xhtml+xml"}:
        if len(text) > MOST_PAGE:
            raise TooLargeError("web", f"accepts pages of at most {MOST_PAGE} characters")
        page = extracted(text, question.url)
        return UrlAnswer(status=found.status, content_type=kind, title=page.title, text=page.text)
    return UrlAnswer(status=found.status, content_type=kind, text=text)


web.tool_options = ToolOptions(effect=Effect.READ)  # type: ignore[attr-defined]  # read by tools_of
