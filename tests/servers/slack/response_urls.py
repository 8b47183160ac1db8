"""What apps post to response_url: at most five times, for half an hour.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

from typing import Any

from tests.servers.slack.conversations import Message
from tests.servers.slack.errors import Refused
from tests.servers.slack.limits import check_message
from tests.servers.slack.world import ResponseUrl, World

__all__ = ["respond"]

Json = dict[str, Any]


def respond(world: World, url: ResponseUrl, args: Json, counts: bool = True) -> Message | None:
    """Post, replace or delete. Raises what Slack answers instead."""
    if counts:
        if world.clock.now() > url.until:
            raise Refused("expired_url", status=404)
        if not url.uses_left:
            raise Refused("used_url", status=404)
        url.uses_left -= 1
    if args.get("delete_original"):
        if url.message is not None:
            world.remove(url.message)
        return None
    check_message(args, world.refused_blocks)
    if args.get("replace_original") and url.message is not None:
        world.change(url.message, lambda message: _replace(message, args))
        return url.message
    return world.post(_new(world, url, args))


def _replace(message: Message, args: Json) -> None:
    message.text = args.get("text") or ""
    message.blocks = list(args.get("blocks") or ())
    message.attachments = args.get("attachments") or []


def _new(world: World, url: ResponseUrl, args: Json) -> Message:
    workspace = world.state.workspaces[url.team]
    thread = args.get("thread_ts")
    if thread is None and url.message is not None and args.get("response_type") != "in_channel":
        thread = url.message.thread_ts
    return Message(
        url.channel,
        url.team,
        world.state.next_ts(),
        workspace.bot_user,
        text=args.get("text") or "",
        thread_ts=thread,
        blocks=[{"block_id": world.state.next_id("b"), **block} for block in args.get("blocks") or ()],
        attachments=args.get("attachments") or [],
        bot_id=workspace.bot_id,
        app_id="A0APP",
        shown_to=None if args.get("response_type") == "in_channel" else url.user,
        args=args,
    )
