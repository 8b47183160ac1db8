"""A person's message as Discord has it -> what it says, and to whom. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adapters.discord.places import Place

__all__ = ["Message", "is_written", "message_of", "named_channels", "named_roles", "named_users", "readable"]

Payload = Mapping[str, Any]

_CODE = re.compile(r"(?P<ticks>`{1,3})(?!`).+?(?<!`)(?P=ticks)(?!`)", re.DOTALL)
_USER, _ROLE, _CHANNEL = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>"), re.compile(r"<#(\d+)>")
_EVERYBODY = re.compile(r"(?<![\w@])@(?:everyone|here)\b")
_MARKUP = re.compile(
    r"<(?:@!?(?P<user>\d+)|@&(?P<role>\d+)|#(?P<channel>\d+)|/(?P<command>[^:<>\n]{1,64}):\d+"
    r"|a?:(?P<emoji>\w+):\d+|t:(?P<time>-?\d{1,12})(?::\w)?|(?P<link>https?://[^\s<>]+))>"
)
_SPACES = re.compile(r"[ \t\u00a0]{2,}")
_LEFT = re.compile(r"^[\s,;:.!–—-]+(?=\w)")
_DEFAULT, _REPLY, _FORWARDED = 0, 19, 1
_LONGEST = 20_000
"""Characters of a question that are looked at; what is asked may be shorter still."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a person wrote, and where."""

    id: str
    place: Place
    user: str
    text: str
    """As Discord has it, with its markup; '' also where the bot may not read it."""
    reply_to: str = ""
    """The message of the same channel that this one replies to."""
    reply_by: str = ""
    """Who wrote that one; '': not known."""
    mentions_bot: bool = False
    """In its words: the bot, or the role that is the bot's alone."""
    pings_bot: bool = False
    """It calls the bot; a reply to the bot does so without words."""
    mentions_others: bool = False
    """People, roles, or everybody there."""
    files: tuple[Payload, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """Of the people that it mentions, by id."""

    @property
    def begins_post(self) -> bool:
        """Whether a post in a forum begins with it."""
        return self.place.kind == "post" and self.id == self.place.id

    @property
    def own_channel(self) -> bool:
        """Whether it stands in a conversation that is a channel of its own: a thread, a post, direct messages."""
        return self.place.is_thread or self.place.direct


def message_of(raw: Payload, place: Place, bot: str, bot_role: str = "", longest: int = _LONGEST) -> Message:
    """raw: a message as Discord's REST API gives it. bot: the bot's user id. bot_role: the id of the role that Discord made
    for the bot in that server. longest: so many characters of its text."""
    text = _text(raw)[:longest]
    said = _without_code(text)
    users, roles = set(_USER.findall(said)), set(_ROLE.findall(said))
    named = [one for one in raw.get("mentions") or () if isinstance(one, Mapping)]
    reference = _reference(raw)
    replied = raw.get("referenced_message") or {}
    return Message(
        id=str(raw.get("id") or ""),
        place=place,
        user=str((raw.get("author") or {}).get("id") or ""),
        text=text,
        reply_to=reference,
        reply_by=str((replied.get("author") or {}).get("id") or "") if reference else "",
        mentions_bot=bool(bot) and (bot in users or (bool(bot_role) and bot_role in roles)),
        pings_bot=bool(bot) and any(str(one.get("id")) == bot for one in named),
        mentions_others=bool(users - {bot} or roles - {bot_role} or _EVERYBODY.search(said)),
        files=tuple(file for file in raw.get("attachments") or () if isinstance(file, Mapping)),
        names={str(one.get("id")): str(one.get("global_name") or one.get("username") or "") for one in named},
    )


def is_written(raw: Payload) -> bool:
    """Whether a person wrote it: no bot, no app, and it is no note such as that somebody joined."""
    author = raw.get("author") or {}
    if author.get("bot") or raw.get("webhook_id") or not author.get("id"):
        return False
    return int(raw.get("type") or 0) in (_DEFAULT, _REPLY)


def named_channels(text: str) -> Collection[str]:
    """The ids of channels that a text names."""
    return sorted(set(_CHANNEL.findall(text)))


def named_roles(text: str) -> Collection[str]:
    """The ids of roles that a text names."""
    return sorted(set(_ROLE.findall(text)))


def named_users(text: str) -> Collection[str]:
    """The ids of people that a text names."""
    return sorted(set(_USER.findall(text)))


def readable(text: str, bot: Collection[str], names: Mapping[str, str]) -> str:
    """What a text says: without Discord's markup and the mention of the bot. bot: its user id and that of its own role.
    names: of people, roles and channels, by id."""

    def shown(match: re.Match[str]) -> str:
        found = match.groupdict()
        if person := found["user"] or found["role"]:
            return " " if person in bot else f"@{names.get(person) or 'someone'}"
        if channel := found["channel"]:
            return f"#{names.get(channel) or 'channel'}"
        if time := found["time"]:
            return _moment(int(time))
        if emoji := found["emoji"]:
            return f":{emoji}:"
        return f"/{found['command']}" if found["command"] else str(found["link"])

    first = _MARKUP.match(text.lstrip())
    begins = first is not None and (first["user"] or first["role"]) in bot
    plain = _SPACES.sub(" ", _MARKUP.sub(shown, text))
    return _LEFT.sub("", plain).strip() if begins else plain.strip()


def _without_code(text: str) -> str:
    """The text without its code, in which nobody is called."""
    return _CODE.sub(" ", text)


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def _reference(raw: Payload) -> str:
    """The message that it replies to: none where it passes another on."""
    reference = raw.get("message_reference") or {}
    elsewhere = str(reference.get("channel_id") or "") not in ("", str(raw.get("channel_id") or ""))
    if int(reference.get("type") or 0) == _FORWARDED or elsewhere:
        return ""
    return str(reference.get("message_id") or "")


def _text(raw: Payload) -> str:
    """Its own, or that of the messages that it passes on."""
    text = str(raw.get("content") or "")
    if text.strip():
        return text
    passed_on = (one.get("message") or {} for one in raw.get("message_snapshots") or ())
    return "\n".join(said for one in passed_on if (said := str(one.get("content") or "")).strip())
