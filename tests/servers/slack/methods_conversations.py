"""conversations.* and reactions.*"""

from __future__ import annotations

from typing import Any

from tests.servers.slack.calls import Request, method, paged
from tests.servers.slack.conversations import Channel, Message
from tests.servers.slack.errors import Refused
from tests.servers.slack.scopes import require_for

__all__: list[str] = []

Json = dict[str, Any]
KINDS = {"public_channel": "public", "private_channel": "private", "im": "im", "mpim": "mpim"}


def _readable(request: Request, what: str, needs_member: bool) -> Channel:
    """The channel that the arguments name, if the app may read this of it."""
    request.need("channel", error="channel_not_found")
    channel = request.world.state.channels.get(str(request.args["channel"]))
    if channel is None or channel.team != request.workspace.id:
        raise Refused("channel_not_found")
    require_for(request.scopes, channel, what)
    if not request.world.state.bot_is_in(channel):
        if channel.kind != "public":
            raise Refused("channel_not_found")
        if needs_member:
            raise Refused("not_in_channel")
    return channel


@method("conversations.open", "im:write")
def open_direct(request: Request) -> Json:
    state = request.world.state
    if channel := state.channels.get(str(request.args.get("channel"))):
        return {"channel": {"id": channel.id}}
    request.need("users", error="users_list_not_supplied")
    users = request.args["users"]
    names = users if isinstance(users, list) else str(users).split(",")
    if any(name not in state.users or state.users[name].team != request.workspace.id for name in names):
        raise Refused("user_not_found")
    if state.users[names[0]].is_bot:
        raise Refused("cannot_dm_bot")
    known = {frozenset(c.members) for c in state.channels.values() if c.kind == "im"}
    channel = state.direct(request.workspace.id, names[0])
    return {"channel": {"id": channel.id}, "already_open": frozenset(channel.members) in known}


@method("conversations.info")
def info(request: Request) -> Json:
    channel = _readable(request, "read", needs_member=False)
    made = channel.payload(request.workspace.bot_user)
    if request.flag("include_num_members"):
        made["num_members"] = len(channel.members)
    return {"channel": made}


@method("conversations.list")
def list_channels(request: Request) -> Json:
    kinds = [KINDS.get(k.strip()) for k in str(request.args.get("types") or "public_channel").split(",")]
    if None in kinds:
        raise Refused("invalid_types")
    bot = request.workspace.bot_user
    found = [
        channel
        for channel in request.world.state.channels.values()
        if channel.team == request.workspace.id
        and channel.kind in kinds
        and (channel.kind == "public" or bot in channel.members)
        and not (request.flag("exclude_archived") and channel.is_archived)
    ]
    for channel in found:
        require_for(request.scopes, channel, "read")
    page, metadata = paged(found, request.args)
    return {"channels": [channel.payload(bot) for channel in page], "response_metadata": metadata}


@method("conversations.members")
def members(request: Request) -> Json:
    channel = _readable(request, "read", needs_member=False)
    page, metadata = paged(channel.members, request.args)
    return {"members": page, "response_metadata": metadata}


@method("conversations.history")
def history(request: Request) -> Json:
    channel = _readable(request, "history", needs_member=True)
    found = [
        m for m in channel.messages.values() if m.thread_ts in (None, m.ts) or m.subtype == "thread_broadcast"
    ]
    found = [m for m in found if _within(m.ts, request)]
    page, metadata = paged(found[::-1], request.args)
    more = bool(metadata["next_cursor"])
    shown = _shown(request, channel, page)
    return {"messages": shown, "has_more": more, "response_metadata": metadata}


@method("conversations.replies")
def replies(request: Request) -> Json:
    channel = _readable(request, "history", needs_member=True)
    request.need("ts", error="thread_not_found")
    asked = channel.messages.get(str(request.args["ts"]))
    if asked is None:
        raise Refused("thread_not_found")
    thread = channel.thread(asked.thread_ts or asked.ts)
    found = [m for m in thread if m.thread_ts in (None, m.ts) or _within(m.ts, request)]
    page, metadata = paged(found, request.args, default=1000)
    more = bool(metadata["next_cursor"])
    shown = _shown(request, channel, page)
    return {"messages": shown, "has_more": more, "response_metadata": metadata}


def _shown(request: Request, channel: Channel, page: list[Message]) -> list[Json]:
    """With their metadata only where it is asked for."""
    hidden: set[str] = set() if request.flag("include_all_metadata") else {"metadata"}
    return [{k: v for k, v in channel.shown(message).items() if k not in hidden} for message in page]


def _within(ts: str, request: Request) -> bool:
    """Between oldest and latest, which are themselves left out unless inclusive."""
    at = float(ts)
    oldest = float(request.args.get("oldest") or 0)
    latest = float(request.args.get("latest") or "inf")
    if request.flag("inclusive"):
        return oldest <= at <= latest
    return oldest < at < latest


def _reacted(request: Request) -> tuple[Any, str]:
    request.need("name", error="invalid_name")
    request.need("channel", error="channel_not_found")
    request.need("timestamp", error="no_item_specified")
    channel = request.world.state.channel(str(request.args["channel"]))
    if channel.team != request.workspace.id:
        raise Refused("channel_not_found")
    if not request.world.state.bot_is_in(channel):
        raise Refused("not_in_channel" if channel.kind == "public" else "channel_not_found")
    message = channel.messages.get(str(request.args["timestamp"]))
    if message is None:
        raise Refused("message_not_found")
    if channel.is_archived:
        raise Refused("is_archived")
    name = str(request.args["name"]).strip(":")
    if not all(c.isalnum() or c in "_+-'" for c in name.split("::")[0]):
        raise Refused("invalid_name")
    return message, name


@method("reactions.add", "reactions:write")
def add_reaction(request: Request) -> Json:
    message, name = _reacted(request)
    users = message.reactions.setdefault(name, [])
    if request.workspace.bot_user in users:
        raise Refused("already_reacted")
    users.append(request.workspace.bot_user)
    request.world.events.reaction(message, request.workspace.bot_user, name, is_added=True)
    return {}


@method("reactions.remove", "reactions:write")
def remove_reaction(request: Request) -> Json:
    message, name = _reacted(request)
    users = message.reactions.get(name, [])
    if request.workspace.bot_user not in users:
        raise Refused("no_reaction")
    users.remove(request.workspace.bot_user)
    if not users:
        del message.reactions[name]
    request.world.events.reaction(message, request.workspace.bot_user, name, is_added=False)
    return {}


@method("reactions.get", "reactions:read")
def get_reactions(request: Request) -> Json:
    request.need("channel", error="channel_not_found")
    message = request.world.state.message(request.args["channel"], request.args.get("timestamp"))
    return {"type": "message", "channel": message.channel, "message": message.payload()}
