"""Chat platforms: [slack], [discord], [[channels]]."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from rag_core.settings.group import Group, duration_s

__all__ = ["ChannelSettings", "Discord", "Slack"]


def _listed(value: object) -> object:
    """A single text stands for a list of one."""
    return (value,) if isinstance(value, str) else value


_Id = Annotated[str, Field(pattern=r"^[^\s#@<>]+$", max_length=64)]
_Ids = Annotated[tuple[_Id, ...], BeforeValidator(_listed)]
_Names = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], BeforeValidator(_listed)]
_Scope = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$")]


class Slack(Group):
    """See docs/slack.md."""

    mode: Literal["socket", "http"] = "socket"
    """`"socket"`: the bot connects to Slack, and needs no public address. `"http"`: Slack calls `POST /slack/events`."""
    host: str = "127.0.0.1"
    """Address that HTTP mode listens on."""
    port: int = Field(default=3000, ge=0, le=65535)
    """Port of HTTP mode, and of the installation of many workspaces; 0 takes a free one."""
    command: str = Field(default="/ask", pattern=r"^/[a-z0-9_-]{1,31}$")
    """The slash command, as the app's manifest has it."""
    prefix: str = Field(default="answerloop", pattern=r"^[A-Za-z0-9-]{1,32}$")
    """What the ids of buttons, modals and shortcuts begin with, so that none collides with those of an app that the bot is
    added to."""
    streaming: bool = True
    """Whether an answer is shown while it is written."""
    useful_for: str = "15m"
    """A question that was not answered for so long, because the bot was not running, is told so instead of answered late."""
    managers: _Ids = ()
    """Users and user groups, by id, that may change any channel's settings in Slack, besides the channel's creator and the
    workspace's admins and owners."""
    suggestions: tuple[str, ...] = Field(default=(), max_length=4)
    """Questions offered where a conversation begins."""
    api_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    """Base of the Web API, from the environment variable SLACK_API_URL: for GovSlack, proxies and tests."""
    bot_token: SecretStr | None = None
    """`xoxb-…`, from the environment variable SLACK_BOT_TOKEN only."""
    app_token: SecretStr | None = None
    """`xapp-…`, for Socket Mode, from the environment variable SLACK_APP_TOKEN only."""
    signing_secret: SecretStr | None = None
    """For HTTP mode, from the environment variable SLACK_SIGNING_SECRET only."""
    client_id: str | None = None
    """To be installed in many workspaces, in place of bot_token: from the environment variable SLACK_CLIENT_ID."""
    client_secret: SecretStr | None = None
    """From the environment variable SLACK_CLIENT_SECRET only."""

    @field_validator("useful_for")
    @classmethod
    def _is_a_duration(cls, value: str) -> str:
        duration_s(value)
        return value

    @property
    def configured(self) -> bool:
        """Whether there is a way into a workspace."""
        return bool(self.bot_token or (self.client_id and self.client_secret))


class Discord(Group):
    """See docs/discord.md."""

    command: str = Field(default="ask", pattern=r"^[a-z0-9_-]{1,32}$")
    """The slash command with which people ask."""
    prefix: str = Field(default="answerloop", pattern=r"^[A-Za-z0-9-]{1,20}$")
    """What the ids of buttons, menus and modals begin with, and the command for settings, so that none collides with those
    of a bot that this is added to."""
    streaming: bool = True
    """Whether an answer is shown while it is written."""
    useful_for: str = "15m"
    """A question that was not answered for so long, because the bot was not running, is told so instead of answered late."""
    managers: _Ids = ()
    """Users and roles, by id, that may change settings in Discord, besides those with Manage Server."""
    message_content: bool | None = None
    """Whether to ask for the content of messages that do not mention the bot, a privileged intent. Unset: where the
    application has it."""
    shards: int | None = Field(default=None, ge=1)
    """Connections to Discord. Unset: as many as Discord recommends."""
    api_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    """Base of the REST API with its version, `https://discord.com/api/v10`, from the environment variable DISCORD_API_URL:
    for proxies and tests."""
    gateway_url: str | None = Field(default=None, pattern=r"^wss?://[^\s?#]+$")
    """Of the gateway, in place of what Discord names, from the environment variable DISCORD_GATEWAY_URL."""
    bot_token: SecretStr | None = None
    """From the environment variable DISCORD_BOT_TOKEN only."""

    @field_validator("useful_for")
    @classmethod
    def _is_a_duration(cls, value: str) -> str:
        duration_s(value)
        return value

    @property
    def configured(self) -> bool:
        """Whether there is a way into Discord."""
        return bool(self.bot_token)


class ChannelSettings(Group):
    """How the bot behaves in some channels. Of several that fit, what names the channel goes before what names the platform
    only, and a later one before an earlier; what is set in the chat itself goes before all."""

    platform: Literal["slack", "discord"] | None = None
    """Unset: all."""
    id: _Ids | None = None
    """Channels by id, one or a list; of Discord also a server, for all its channels, or a forum. Threads are as the channel
    that they are in. Unset: all channels of the platform, direct messages with the bot too."""
    scopes: Annotated[tuple[_Scope, ...], BeforeValidator(_listed)] | None = None
    """Answers there come from these scopes at most. It grants nothing: that is what [access] does."""
    auto_answer: float | None = Field(default=None, ge=0, le=1)
    """Questions that nobody addressed to the bot are answered too, if it is at least so confident; else it stays silent.
    Unset: only when addressed."""
    follow_ups: bool | None = None
    """Whether messages in a thread that the bot has answered in are answered without a new mention. Unset: true."""
    posts: bool | None = None
    """Whether new posts in a forum of Discord are answered. Unset: true."""
    tags: _Names | None = None
    """Of new posts in a forum, those are answered that bear one of these tags, by name or id. Unset: all."""
    draft: bool | None = None
    """Whether an answer is first shown to the people of escalation, one of whom sends it. Unset: false."""
    allowed: _Ids | None = None
    """Users, and user groups or roles, by id, who may use the bot there. Unset: everybody."""
    escalation: str | None = Field(default=None, pattern=r"^[^\s#@<>]*$", max_length=64)
    """Where "Ask a person" goes: a channel, one person, or a user group or role that is called in the thread, by id. `""`:
    nowhere."""
    remind_after: str | None = None
    """When the people of escalation are reminded of what is open. Unset: `"4h"`."""
    language: Literal["de", "en", "es", "fr"] | None = None
    """Of the bot's own sentences there. Unset: as for the installation."""
    tone: str | None = Field(default=None, max_length=300)
    """How answers sound there, in words for a language model: `"brief and friendly"`."""

    @field_validator("remind_after")
    @classmethod
    def _is_a_duration(cls, value: str | None) -> str | None:
        if value is not None:
            duration_s(value)
        return value

    @model_validator(mode="after")
    def _ids_have_a_platform(self) -> ChannelSettings:
        if self.id is not None and self.platform is None:
            raise ValueError("ids mean nothing without their platform: add platform")
        return self
