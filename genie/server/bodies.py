"""Bodies of requests: counted while they arrive, then read as JSON of a bounded depth, then validated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import anyio
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from genie.contracts.problems import problem_of
from genie.server.problems import Problem

if TYPE_CHECKING:
    from starlette.types import Message

    from genie.server.messages import Incoming

MOST_BODY = 1_000_000
"""Bytes of a body."""
SLOWEST_S = 10.0
"""Seconds in which a body must have arrived."""
DEEPEST = 32
"""Objects and lists inside each other."""
MOST_ERRORS = 50
M = TypeVar("M", bound=BaseModel)
_JSON = frozenset({"application/json"})
Text = Annotated[str, Field(min_length=1, max_length=1_000)]


class Body(BaseModel):
    """A body of a request; what it does not declare is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Question(Body):
    """What ``POST /v1/ask`` and ``POST /v1/runs`` take."""

    pipeline: Text = Field(description="Id of the pipeline.")
    payload: dict[str, Any] = Field(description="The question; its schema is that of the pipeline.")
    within_s: float | None = Field(default=None, gt=0, le=86_400, description="Deadline of the run, in seconds.")


class Ballot(Body):
    """What ``POST /v1/approvals/{id}/votes`` takes."""

    approve: bool
    reason: Text
    payload_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = Field(description="Of what the voter was shown.")
    policies: list[Text] | None = Field(default=None, max_length=100, description="Stamps of the policies that hold.")
    edit: dict[str, Any] | None = Field(default=None, description="Fields to be delivered instead.")


class NamedBallot(Ballot):
    """One vote of several."""

    id: Text = Field(description="Of the approval.")


class Ballots(Body):
    """What ``POST /v1/approvals/votes`` takes."""

    ballots: Annotated[list[NamedBallot], Field(min_length=1, max_length=100)]


class Act(Body):
    """What the acts of an operator take."""

    reason: Text
    for_s: float | None = Field(default=None, gt=0, le=31_536_000, description="Seconds until it ends by itself.")


class Login(Body):
    """What ``POST /v1/session`` takes."""

    key: Annotated[str, Field(min_length=1, max_length=8_192)] = Field(description="An API key, or a signed token.")


class SignIn(Body):
    """What ``POST /v1/session/issuer`` takes."""

    issuer: Text = Field(description="As `GET /v1/sign-in` names it.")
    to: Annotated[str, Field(pattern=r"^#/[A-Za-z0-9_%.&=?/-]{0,300}$")] = Field(
        default="#/live", description="Place on the page to come back to."
    )
    fresh: bool = Field(default=False, description="The person shows again that they are there.")


class LogoutToken(Body):
    """What ``POST /v1/session/back-channel`` takes, as a form."""

    logout_token: Annotated[str, Field(min_length=1, max_length=8_192)] = Field(
        description="Signed by the identity provider (OpenID Connect Back-Channel Logout)."
    )


class Invitation(Body):
    """What ``POST /v1/passkeys/registration`` takes."""

    invitation: Text = Field(description="As `genie keys invite` printed it.")


class Registration(Invitation):
    """What ``POST /v1/passkeys`` takes."""

    name: Annotated[str, Field(min_length=1, max_length=100)] = Field(default="passkey", description="For its owner.")
    credential: dict[str, Any] = Field(description="What the authenticator made, as JSON (WebAuthn).")


class Assertion(Body):
    """What ``POST /v1/session/passkey`` takes."""

    credential: dict[str, Any] = Field(description="What the authenticator signed, as JSON (WebAuthn).")


async def read(request: Incoming, kind: type[M]) -> M:
    """Return the body of a request.

    Raises:
        Problem: It is too large, too slow, not JSON, too deep, or not valid.
    """
    return checked(kind, parsed(await received(request)))


async def received(request: Incoming, most: int = MOST_BODY, media: frozenset[str] = _JSON) -> bytes:
    """Return the bytes of a body of JSON.

    Args:
        request: The request.
        most: Bytes that it may have.
        media: What it may say that it is.

    Raises:
        Problem: It is too large or too slow, or says that it is something else.
    """
    if (request.header(b"content-type") or "").partition(";")[0].strip().lower() not in media:
        raise Problem("unsupported_media_type", f"send {' or '.join(sorted(media))}")
    if request.named.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Problem("unsupported_media_type", "send the body without a Content-Encoding")
    part = await request.receives()  # the connection bounds the time until the first bytes of a body
    first = _bytes(part)
    if not part.get("more_body", False) and len(first) <= most:
        return first
    whole = bytearray(first)
    if part.get("more_body", False):
        with anyio.move_on_after(SLOWEST_S) as limit:
            while part.get("more_body", False) and len(whole) <= most:
                part = await request.receive()
                whole += _bytes(part)
        if limit.cancelled_caught:
            raise Problem("too_slow", f"a body arrives within {SLOWEST_S:g} seconds", headers={"connection": "close"})
    if len(whole) > most:
        raise Problem("too_large", f"the limit is {most:,} bytes", headers={"connection": "close"})
    return bytes(whole)


def _bytes(part: Message) -> bytes:
    if part["type"] == "http.disconnect":
        raise Problem("malformed", "the body ended early")
    found: bytes = part.get("body", b"")
    return found


def parsed(body: bytes) -> Any:
    """Return the value of JSON.

    Raises:
        Problem: It is not JSON in UTF-8, or too deep.
    """
    try:
        found = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise Problem("malformed", "the body is not JSON in UTF-8") from None
    if body.count(b"{") + body.count(b"[") <= DEEPEST:
        return found
    level, left = 0, [found]
    while left:
        level += 1
        if level > DEEPEST + 1:
            raise Problem("malformed", f"the body has more than {DEEPEST} levels")
        inner: list[Any] = []
        for one in left:
            if isinstance(one, dict):
                inner += one.values()
            elif isinstance(one, list):
                inner += one
        left = inner
    return found


def checked(kind: type[M], value: object, where: str = "") -> M:
    """Return a value as a model.

    Raises:
        Problem: It is not valid; names the places and never their content.
    """
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        found = [
            {
                "pointer": where + "".join(f"/{_pointed(part)}" for part in one["loc"]),
                "problem": "is not valid" if one["type"] == "value_error" else problem_of(one),
            }
            for one in error.errors(include_url=False, include_input=False)[:MOST_ERRORS]
        ]
        raise Problem("invalid", errors=found) from None


def _pointed(part: str | int) -> str:
    """Return a step of a JSON pointer (RFC 6901); a name from outside is cut."""
    return str(part)[:100].replace("~", "~0").replace("/", "~1")
