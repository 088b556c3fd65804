"""Bodies of requests: size-limited while they arrive, then parsed as JSON of a limited depth, then validated."""

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
"""Maximum size of a body, in bytes."""
SLOWEST_S = 10.0
"""Seconds within which a body must arrive."""
DEEPEST = 32
"""Maximum nesting depth of objects and lists."""
MOST_ERRORS = 50
M = TypeVar("M", bound=BaseModel)
_JSON = frozenset({"application/json"})
Text = Annotated[str, Field(min_length=1, max_length=1_000)]


class Body(BaseModel):
    """A body of a request; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class Question(Body):
    """Body of ``POST /v1/ask`` and ``POST /v1/runs``."""

    pipeline: Text = Field(description="Id of the pipeline.")
    payload: dict[str, Any] = Field(description="The question, in the schema of the pipeline's question.")
    within_s: float | None = Field(default=None, gt=0, le=86_400, description="Deadline of the run, in seconds.")


class Ballot(Body):
    """Body of ``POST /v1/approvals/{id}/votes``."""

    approve: bool
    reason: Text
    payload_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="Digest of the payload that the voter saw."
    )
    policies: list[Text] | None = Field(default=None, max_length=100, description="Versions of the policies that hold.")
    edit: dict[str, Any] | None = Field(default=None, description="Fields to deliver instead.")


class NamedBallot(Ballot):
    """One vote of several."""

    id: Text = Field(description="Id of the approval.")


class Ballots(Body):
    """Body of ``POST /v1/approvals/votes``."""

    ballots: Annotated[list[NamedBallot], Field(min_length=1, max_length=100)]


class Act(Body):
    """Body of an operator's acts."""

    reason: Text
    for_s: float | None = Field(default=None, gt=0, le=31_536_000, description="Seconds until it expires.")


class Login(Body):
    """Body of ``POST /v1/session``."""

    key: Annotated[str, Field(min_length=1, max_length=8_192)] = Field(description="An API key, or a signed token.")


class SignIn(Body):
    """Body of ``POST /v1/session/issuer``."""

    issuer: Text = Field(description="Name of the issuer from `GET /v1/sign-in`.")
    to: Annotated[str, Field(pattern=r"^#/[A-Za-z0-9_%.&=?/-]{0,300}$")] = Field(
        default="#/live", description="Path on the page to return to."
    )
    fresh: bool = Field(default=False, description="True if the person must sign in again.")


class LogoutToken(Body):
    """Body of ``POST /v1/session/back-channel``, a form."""

    logout_token: Annotated[str, Field(min_length=1, max_length=8_192)] = Field(
        description="Token signed by the identity provider (OpenID Connect Back-Channel Logout)."
    )


class Invitation(Body):
    """Body of ``POST /v1/passkeys/registration``."""

    invitation: Text = Field(description="The invitation printed by `genie keys invite`.")


class Registration(Invitation):
    """Body of ``POST /v1/passkeys``."""

    name: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        default="passkey", description="Name of the passkey, for its owner."
    )
    credential: dict[str, Any] = Field(description="Response of the authenticator, as JSON (WebAuthn).")


class Assertion(Body):
    """Body of ``POST /v1/session/passkey``."""

    credential: dict[str, Any] = Field(description="Response of the authenticator, as JSON (WebAuthn).")


async def read(request: Incoming, kind: type[M]) -> M:
    """Return the body of a request.

    Raises:
        Problem: The body is too large, too slow, not JSON, too deep, or not valid.
    """
    return checked(kind, parsed(await received(request)))


async def received(request: Incoming, most: int = MOST_BODY, media: frozenset[str] = _JSON) -> bytes:
    """Return the bytes of a body of JSON.

    Args:
        request: The request.
        most: Maximum size in bytes.
        media: Accepted media types.

    Raises:
        Problem: The body is too large or too slow, or has another media type.
    """
    if (request.header(b"content-type") or "").partition(";")[0].strip().lower() not in media:
        raise Problem("unsupported_media_type", f"send {' or '.join(sorted(media))}")
    if request.named.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Problem("unsupported_media_type", "send the body without a Content-Encoding")
    part = await request.receives()  # the connection limits the time until the first bytes of a body
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
            raise Problem(
                "too_slow", f"a body must arrive within {SLOWEST_S:g} seconds", headers={"connection": "close"}
            )
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
        Problem: The body is not JSON in UTF-8, or is nested too deep.
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
            raise Problem("malformed", f"the body is nested more than {DEEPEST} levels deep")
        inner: list[Any] = []
        for one in left:
            if isinstance(one, dict):
                inner += one.values()
            elif isinstance(one, list):
                inner += one
        left = inner
    return found


def checked(kind: type[M], value: object, where: str = "") -> M:
    """Validate a value against a model.

    Raises:
        Problem: The value is not valid; the problem names places, never their content.
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
    """Return a step of a JSON pointer (RFC 6901); a name from the client is truncated."""
    return str(part)[:100].replace("~", "~0").replace("/", "~1")
