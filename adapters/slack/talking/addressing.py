"""A person's message as Slack sends it -> what it says, and to whom. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Message", "message_of", "named_users", "readable"]

Payload = Mapping[str, Any]

_MARKUP = re.compile(r"<([^<>]*)>")
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
_CALLED = re.compile(r"<(?:@[UW]|!subteam\^|!channel|!here|!everyone)")
_SPACES = re.compile(r"[ \t\u00a0]{2,}")
_LEFT = re.compile(r"^[\s,;:.!–—-]+(?=\w)")
_LONGEST = 20_000
"""Characters of a question that are looked at; what is asked may be shorter still."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a person wrote, and where."""

    channel: str
    ts: str
    user: str
    text: str
    """As Slack has it, with its markup."""
    thread: str = ""
    """ts of the message that its thread hangs on; '': it is in none, or others hang on it."""
    direct: bool = False
    """In a direct message with the bot."""
    mentions_bot: bool = False
    mentions_others: bool = False
    """Users, user groups, or all of the channel."""
    files: tuple[Payload, ...] = ()

    @property
    def root(self) -> str:
        """ts of the message whose thread an answer in this one's thread belongs to."""
        return self.thread or self.ts

    @property
    def conversation(self) -> str:
        """What stays the same from turn to turn: its thread; of a direct message without threads the channel."""
        return self.channel if self.direct and not self.thread else self.root


def message_of(event: Payload, bot_user: str, channel: str = "", longest: int | None = _LONGEST) -> Message:
    """event: of type message or app_mention, or a message as Slack's methods and interactions give it. longest: so many
    characters of its text, with its markup; None: all of it."""
    text = _text(event)[:longest]
    channel = str(event.get("channel") or channel)
    ts = str(event.get("ts") or "")
    thread = str(event.get("thread_ts") or "")
    users = set(_PERSON.findall(text))
    others = _CALLED.search(_without(text, bot_user)) is not None
    return Message(
        channel=channel,
        ts=ts,
        user=str(event.get("user") or ""),
        text=text,
        thread="" if thread == ts else thread,
        direct=event.get("channel_type") == "im" or channel.startswith("D"),
        mentions_bot=event.get("type") == "app_mention" or bot_user in users,
        mentions_others=others,
        files=tuple(file for file in event.get("files") or () if isinstance(file, Mapping)),
    )


def in_thread(message: Message, thread: str) -> Message:
    """The same message, taken as one of that thread."""
    return replace(message, thread=thread)


def named_users(text: str, bot_user: str) -> Collection[str]:
    """The users whom a message mentions, without the bot."""
    return sorted(set(_PERSON.findall(text)) - {bot_user})


def readable(text: str, bot_user: str, names: Mapping[str, str]) -> str:
    """What a message says: without Slack's markup and the mention of the bot. names: of users, by id."""

    def shown(match: re.Match[str]) -> str:
        inner, _, label = match[1].partition("|")
        kind, id = inner[:1], inner[1:]
        if kind == "@":
            return f"@{label or names.get(id) or 'someone'}"
        if kind == "#":
            return f"#{label}" if label else "#channel"
        if kind == "!":
            return label or f"@{id.partition('^')[0]}"
        return _link(inner, label)

    plain = _MARKUP.sub(shown, _without(text, bot_user))
    plain = _SPACES.sub(" ", html.unescape(plain))
    return _LEFT.sub("", plain).strip() if _begins_with_mention(text, bot_user) else plain.strip()


def _link(address: str, label: str) -> str:
    address = address.removeprefix("mailto:").removeprefix("tel:")
    if not label or label == address or address.endswith(label):
        return address
    return f"{label} ({address})"


def _without(text: str, bot_user: str) -> str:
    """bot_user: '' where it is not known."""
    return re.sub(rf"<@{re.escape(bot_user)}(?:\|[^<>]*)?>", " ", text) if bot_user else text


def _begins_with_mention(text: str, bot_user: str) -> bool:
    return bool(bot_user) and text.lstrip().startswith(f"<@{bot_user}")


def _text(event: Payload) -> str:
    """Its own, or that of the messages that it passes on."""
    text = str(event.get("text") or "")
    if _MARKUP.sub("", text).strip():
        return text
    passed_on = (
        str(one.get("text") or "") for one in event.get("attachments") or () if isinstance(one, Mapping)
    )
    return "\n".join(part for part in (text, *passed_on) if part.strip())
