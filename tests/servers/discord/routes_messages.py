"""Messages of channels, their reactions, and that somebody writes."""

from __future__ import annotations

import time
from typing import Any

from tests.servers.discord.calls import Request, route
from tests.servers.discord.channels import Channel
from tests.servers.discord.errors import Refused
from tests.servers.discord.messages import Message
from tests.servers.discord.sending import edited, sent

__all__: list[str] = []

Json = dict[str, Any]


@route("GET /channels/{channel}/messages")
def history(request: Request) -> list[Json]:
    """The newest first. Without read_message_history: nothing."""
    channel = request.world.visible(request.params["channel"])
    if not channel.takes_messages:
        raise Refused(50008)
    if not channel.is_dm and not request.world.bot_may(channel, "read_message_history"):
        return []
    limit = request.number("limit", 50, 1, 100)
    return [request.world.shown(m) for m in _page(list(channel.messages.values()), request.query, limit)]


def _page(messages: list[Message], query: dict[str, str], limit: int) -> list[Message]:
    if "around" in query:
        at = int(query["around"])
        older = [m for m in messages if int(m.id) < at][-(limit // 2) :]
        newer = [m for m in messages if int(m.id) >= at][: limit - len(older)]
        return (older + newer)[::-1]
    if "after" in query:
        return [m for m in messages if int(m.id) > int(query["after"])][:limit][::-1]
    if "before" in query:
        messages = [m for m in messages if int(m.id) < int(query["before"])]
    return messages[-limit:][::-1]


@route("GET /channels/{channel}/messages/{message}")
def one(request: Request) -> Json:
    channel = request.world.visible(request.params["channel"])
    request.world.need(channel, "read_message_history")
    return request.world.shown(request.world.state.message(channel, request.params["message"]))


@route("POST /channels/{channel}/messages")
def post(request: Request) -> Json:
    channel = request.world.visible(request.params["channel"])
    return request.world.shown(sent(request.world, channel, request.body, request.files), True)


@route("PATCH /channels/{channel}/messages/{message}")
def edit(request: Request) -> Json:
    channel = request.world.visible(request.params["channel"])
    message = request.world.state.message(channel, request.params["message"])
    if message.author != request.world.state.bot.id:
        raise Refused(50005)
    _open(channel)
    edited(request.world, message, request.body, request.files)
    return request.world.shown(message, True)


@route("DELETE /channels/{channel}/messages/{message}")
def delete(request: Request) -> None:
    channel = request.world.visible(request.params["channel"])
    message = request.world.state.message(channel, request.params["message"])
    if message.author != request.world.state.bot.id:
        if channel.is_dm:
            raise Refused(50003, "Cannot execute action on a DM channel", status=403)
        request.world.need(channel, "manage_messages")
    _open(channel)
    request.world.remove(message)


@route("POST /channels/{channel}/typing")
def typing(request: Request) -> None:
    channel = request.world.visible(request.params["channel"])
    if not channel.is_dm:
        request.world.need(channel, "send_messages_in_threads" if channel.is_thread else "send_messages")
    request.world.typing.append((channel.id, time.monotonic()))


@route("PUT /channels/{channel}/messages/{message}/reactions/{emoji}/@me")
def react(request: Request) -> None:
    world = request.world
    channel, message, emoji = _reacting(request)
    world.need(channel, "read_message_history")
    users = message.reactions.get(emoji)
    if users is None:
        world.need(channel, "add_reactions")
        if len(message.reactions) >= 20:
            raise Refused(30010)
        users = message.reactions.setdefault(emoji, [])
    if world.state.bot.id not in users:
        users.append(world.state.bot.id)
        world.events.reaction(message, world.state.bot.id, emoji, is_added=True)


@route("DELETE /channels/{channel}/messages/{message}/reactions/{emoji}/@me")
def take_back(request: Request) -> None:
    _, message, emoji = _reacting(request)
    _unreact(request, message, emoji, request.world.state.bot.id)


@route("DELETE /channels/{channel}/messages/{message}/reactions/{emoji}/{user}")
def take_away(request: Request) -> None:
    channel, message, emoji = _reacting(request)
    request.world.need(channel, "manage_messages")
    _unreact(request, message, emoji, request.params["user"])


@route("GET /channels/{channel}/messages/{message}/reactions/{emoji}")
def reactions(request: Request) -> list[Json]:
    _, message, emoji = _reacting(request)
    return [request.world.state.users[id].payload() for id in message.reactions.get(emoji, [])]


def _reacting(request: Request) -> tuple[Channel, Message, str]:
    channel = request.world.visible(request.params["channel"])
    message = request.world.state.message(channel, request.params["message"])
    emoji = request.params["emoji"]
    if emoji.isascii():
        raise Refused(10014)
    _open(channel)
    return channel, message, emoji


def _unreact(request: Request, message: Message, emoji: str, user: str) -> None:
    users = message.reactions.get(emoji, [])
    if user not in users:
        return
    users.remove(user)
    if not users:
        del message.reactions[emoji]
    request.world.events.reaction(message, user, emoji, is_added=False)


def _open(channel: Channel) -> None:
    """Raises 50083: what stands in an archived thread is not changed."""
    if channel.is_archived:
        raise Refused(50083)
