"""Feedback, its review, and how long things are kept: [review], [votes], [retention], [admin]."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from rag_core.settings.group import Group, duration_s

__all__ = ["Admin", "DiscordSignIn", "Provider", "Retention", "Review", "SlackSignIn", "Votes"]

_Identity = Annotated[str, Field(pattern=r"^(local|slack|discord|oidc):[^\s]+$|^[^\s@:]*@[^\s@:]+$")]


class Review(Group):
    reviewers: tuple[Annotated[str, Field(pattern=r"^(slack|discord):[^\s/:]+$")], ...] = ()
    """Who reviews feedback in the chat: `["slack:U024BE7LH", "slack:S0614TZR7"]`, users and user groups or roles by id.
    Users named here who sign in to the admin pages are reviewers there."""
    unsure_below: float = Field(default=0.3, ge=0, le=1)
    """An answer less confident than this, or none, waits for a person once several people asked the same."""
    askers: int = Field(default=3, ge=1)
    """How many people that takes."""


class Votes(Group):
    """How votes are kept honest. What is recorded stays recorded; these say what counts."""

    per_day: int = Field(default=50, ge=1)
    """Votes of one person that count in 24 hours; more are kept and do not count."""
    quorum: int = Field(default=1, ge=1)
    """People who must have voted an answer down before it waits for a reviewer; a suggested correction needs no quorum."""
    burst: int = Field(default=20, ge=2)
    """So many votes of one person within burst_within are told to reviewers."""
    burst_within: str = "10m"
    """The span that burst counts in."""
    per_document: int = Field(default=5, ge=2)
    """So many votes of one person against answers that cite one document are told to reviewers."""

    @field_validator("burst_within")
    @classmethod
    def _is_a_duration(cls, value: str) -> str:
        duration_s(value)
        return value


class Retention(Group):
    """How long things are kept; unset: for ever. What is past its time is removed once a day by `answerloop serve`."""

    answers: str | None = None
    """Questions and answers with their votes and reviews, `"52w"`. What reviewers resolved is kept for `reviews`."""
    reviews: str | None = None
    """What reviewers resolved, with its answer."""
    deliveries: str = "30d"
    """Which events of platforms were handled; needed to know one that is delivered again."""
    audit: str | None = None
    """The audit log."""

    @field_validator("answers", "reviews", "deliveries", "audit")
    @classmethod
    def _is_a_duration(cls, value: str | None) -> str | None:
        if value is not None:
            duration_s(value)
        return value

    @model_validator(mode="after")
    def _reviews_outlive_answers(self) -> Retention:
        if self.reviews and self.answers and duration_s(self.reviews) < duration_s(self.answers):
            raise ValueError(
                "reviews cannot be kept for less time than answers: raise reviews, or leave it out"
            )
        return self


class Provider(Group):
    """Somewhere people can sign in, by OpenID Connect. See docs/admin.md."""

    issuer: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    """Its address, below which `/.well-known/openid-configuration` is found. Slack and Discord need none."""
    name: str = "single sign-on"
    """What its button says: "Sign in with …"."""
    client_id: str | None = None
    """As the provider gives it to an application."""
    client_secret: SecretStr | None = None
    """From the environment variable ANSWERLOOP_ADMIN__OIDC__CLIENT_SECRET (or __SLACK__, __DISCORD__) only."""

    @property
    def configured(self) -> bool:
        return bool(self.client_id and self.client_secret)


class SlackSignIn(Provider):
    name: str = "Slack"
    """What its button says: "Sign in with …"."""
    teams: tuple[Annotated[str, Field(pattern=r"^[TE][A-Z0-9]+$")], ...] = ()
    """The workspaces whose people may sign in, by id: `["T024BE7LD"]`. Needed, since anybody can make a workspace, with
    people and e-mail addresses of their own choosing."""

    @model_validator(mode="after")
    def _names_workspaces(self) -> SlackSignIn:
        if self.configured and not self.teams:
            raise ValueError('teams must name the workspaces whose people may sign in, such as ["T024BE7LD"]')
        return self


class DiscordSignIn(Provider):
    name: str = "Discord"
    """What its button says: "Sign in with …"."""


class Admin(Group):
    """The admin pages. See docs/admin.md."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8081, ge=0, le=65535)
    """0 takes any free port."""
    hosts: tuple[str, ...] = ()
    """Host names that people reach the pages by, besides this machine's own and that of `url`, when a proxy stands before
    them."""
    url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    """The address that people open, `"https://answers.example.com"`, when a proxy stands before them: for signing in by a
    provider, and links in messages. With https, cookies are sent over TLS only."""
    proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies whose X-Forwarded-For is believed: `["127.0.0.1", "10.0.0.0/8"]`."""
    session: str = "12h"
    """How long a session lasts at most."""
    idle: str = "2h"
    """And how long without a request."""
    admins: tuple[_Identity, ...] = ()
    """Who is an admin when signing in by a provider: `["slack:U024BE7LH", "ada@example.com", "@example.com"]`, identities,
    e-mail addresses that the provider vouches for, or all of a domain."""
    reviewers: tuple[_Identity, ...] = ()
    """Who is a reviewer then, the same way."""
    viewers: tuple[_Identity, ...] = ()
    """Who is a viewer then. Nobody else gets in by a provider."""
    slack: SlackSignIn = SlackSignIn()
    """Sign in with Slack: client_id, and client_secret from the environment."""
    discord: DiscordSignIn = DiscordSignIn()
    """Sign in with Discord."""
    oidc: Provider = Provider()
    """Sign in with any other provider."""

    @field_validator("session", "idle")
    @classmethod
    def _is_a_duration(cls, value: str) -> str:
        duration_s(value)
        return value

    @field_validator("proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ip_network(one, strict=False)
        return value

    @model_validator(mode="after")
    def _oidc_has_an_issuer(self) -> Admin:
        if self.oidc.client_id and not self.oidc.issuer:
            raise ValueError("oidc.issuer must be the address of the provider that oidc.client_id is from")
        return self

    @property
    def secure(self) -> bool:
        """Whether people reach the pages over TLS."""
        return bool(self.url) and urlsplit(self.url or "").scheme == "https"
