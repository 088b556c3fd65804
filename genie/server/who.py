"""The authentication file: issuers of tokens, rights from their claims, age of sign-ins, passkeys."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from genie.config.validation import validated
from genie.config.yaml import load_file
from genie.errors import ConfigError
from genie.server.principals import Name, Right

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOST_ISSUERS = 20
MOST_MAPPED = 1_000
Level = Literal["public", "internal", "confidential", "restricted"]
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signature algorithms with a public key; algorithms with a shared secret cannot be configured."""


def _network(text: str) -> str:
    ipaddress.ip_network(text)
    return text


def _address(text: str) -> str:
    """Return an address that is https, or http on this machine."""
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("write https://HOST/PATH")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("only an issuer on this machine may be called without TLS; write https://")
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Address = Annotated[str, Field(max_length=2_000), AfterValidator(_address)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ClaimsSection(_Section):
    """Names of the claims that are read; dots lead into objects."""

    user: Name = Field(default="sub", description="Claim with the user.")
    roles: Name | None = Field(default=None, description="List of names, or names separated by spaces.")
    tenant: Name | None = Field(default=None, description="Tenant; a token without it is refused.")
    region: Name | None = Field(default=None, description="Region of the user.")
    scopes: Name | None = Field(
        default=None, description="Routes that a token is limited to (runs:read); other values grant nothing."
    )


class SignInSection(_Section):
    """Sign-in on the page at an identity provider (authorization code flow with PKCE)."""

    client: Name = Field(description="Client id of this server at the provider; must be in `aud` of its ID tokens.")
    secret: Annotated[SecretStr, Field(min_length=1, max_length=1_000)] | None = Field(
        default=None,
        description="Client secret; ${NAME} takes it from the environment. Without one, this is a public client.",
    )
    title: Name = Field(default="your organisation", description="On the button: Sign in with ...")
    scopes: tuple[Annotated[str, Field(pattern=r"^[!#-\[\]-~]{1,200}$")], ...] = Field(
        default=(), max_length=20, description="Scopes requested in addition to openid."
    )
    session_s: float = Field(default=28_800.0, ge=60, le=43_200, description="Longest session, in seconds.")


class IssuerSection(_Section):
    """One identity provider."""

    issuer: Address = Field(description="Exactly as in `iss`.")
    audience: Name = Field(description="Value that must be in `aud`.")
    algorithms: tuple[Algorithm, ...] = Field(min_length=1, description="Accepted signature algorithms.")
    types: tuple[Name, ...] = Field(
        default=("at+jwt",), min_length=1, description="Accepted `typ` of tokens; many providers write JWT."
    )
    jwks_uri: Address | None = Field(default=None, description="Address of the keys; by discovery if absent.")
    hosts: tuple[Name, ...] = Field(default=(), description="Further hosts that the keys may be fetched from.")
    networks: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        default=(), description="Private networks that the issuer may be in."
    )
    keys_s: float = Field(default=600.0, ge=60, le=86_400, description="Seconds until the keys are fetched again.")
    clock_skew_s: float = Field(default=60.0, ge=0, le=300, description="Tolerated difference of clocks, in seconds.")
    longest_s: float = Field(default=86_400.0, gt=0, le=86_400, description="Longest validity of a token, in seconds.")
    once: bool = Field(default=False, description="Accept each token only once, by its `jti`.")
    claims: ClaimsSection = ClaimsSection()
    tenant: Name | None = Field(default=None, description="Tenant of every token of this issuer.")
    tenants: dict[Name, Name] | None = Field(
        default=None, max_length=MOST_MAPPED, description="Value of the claim -> tenant; other values are refused."
    )
    roles: dict[Name, tuple[Name, ...]] = Field(
        default={}, max_length=MOST_MAPPED, description="Value of the claim -> roles; other values grant nothing."
    )
    rights: dict[Name, tuple[Right, ...]] = Field(
        default={}, max_length=MOST_MAPPED, description="Role -> rights; other roles grant none."
    )
    clearance: Level = Field(default="public", description="Clearance of every user.")
    clearances: dict[Name, Level] = Field(default={}, max_length=MOST_MAPPED, description="Role -> clearance.")
    pipelines: tuple[Name, ...] = Field(
        default=(), description="Pipelines with `caller: keys` that also accept this issuer."
    )
    sign_in: SignInSection | None = Field(default=None, description="Sign-in of people at this issuer on the page.")

    @model_validator(mode="after")
    def _one_tenant(self) -> Self:
        if (self.tenant is None) == (self.claims.tenant is None):
            raise ValueError("name either `tenant` or `claims: tenant`, so that every token has a tenant")
        if self.tenants is not None and self.claims.tenant is None:
            raise ValueError("`tenants` needs `claims: tenant`")
        if self.roles and self.claims.roles is None:
            raise ValueError("`roles` needs `claims: roles`")
        known = {role for roles in self.roles.values() for role in roles}
        unknown = sorted({*self.rights, *self.clearances} - known)
        if unknown:
            raise ValueError(f"no value of the claim gives the role {unknown[0]!r}")
        return self


class StepUpSection(_Section):
    """Maximum age of a person's sign-in for acts of high risk."""

    within_s: float = Field(
        default=300.0, gt=0, le=3_600, description="Maximum age of a passkey's use or of `auth_time`."
    )


class PasskeySection(_Section):
    """The site for which passkeys are created."""

    host: Name = Field(description="Name of the site without port, such as genie.example.org.")
    origins: tuple[Annotated[str, Field(pattern=r"^https?://[^/?#\s]{1,250}$")], ...] = Field(
        min_length=1, description="Address of the page, such as https://genie.example.org."
    )

    @model_validator(mode="after")
    def _own(self) -> Self:
        for origin in self.origins:
            parts = urlsplit(origin)
            name = parts.hostname or ""
            if name != self.host and not name.endswith(f".{self.host}"):
                raise ValueError(f"the origin {origin} is not on the host {self.host}")
            if parts.scheme == "http" and name != "localhost":
                raise ValueError("browsers create passkeys only for https:// and for http://localhost")
        return self


class WhoSection(_Section):
    """The whole file."""

    version: Literal[1]
    resource: Address | None = Field(default=None, description="Address of this server, for clients that discover it.")
    issuers: tuple[IssuerSection, ...] = Field(default=(), max_length=MOST_ISSUERS)
    step_up: StepUpSection = StepUpSection()
    passkeys: PasskeySection | None = None

    @property
    def proves(self) -> bool:
        """True if a passkey or a token can prove a recent sign-in, so that a key is not enough."""
        return self.passkeys is not None or bool(self.issuers)

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({one.issuer for one in self.issuers}) != len(self.issuers):
            raise ValueError("an issuer is named twice")
        if any(one.sign_in is not None for one in self.issuers):
            if self.resource is None:
                raise ValueError("`sign_in` needs `resource`, the address that the provider sends the browser back to")
            if urlsplit(self.resource).path not in {"", "/"}:
                raise ValueError("the page is at the root of its host; write `resource` without a path")
        return self


def read_who(path: Path, environ: Mapping[str, str]) -> WhoSection:
    """Read the file.

    Raises:
        ConfigError: The file is not valid; one line for each problem.
    """
    document = load_file(path, environ=environ)
    section, problems = validated(WhoSection, document)
    wrong = [f"{document.where(one.path)}: {document.hide(one.text)}" for one in problems]
    titles = [place for place in document.written if place[-1:] == ("title",)]
    wrong += [f"{document.where(place)}: a title is shown, so it cannot come from the environment" for place in titles]
    if section is None or wrong:
        raise ConfigError(tuple(wrong))
    found: WhoSection = section
    return found
