"""chat.*: messages of the app."""

from __future__ import annotations

from typing import Any

from tests.servers.slack.calls import Request, method
from tests.servers.slack.conversations import Channel, Message
from tests.servers.slack.errors import Refused
from tests.servers.slack.limits import check_message

__all__ = ["check_thread", "new_message", "open_channel", "own_message"]

Json = dict[str, Any]


def new_message(request: Request, channel: Channel, **fields: Any) -> Message:
    """Of the app, with what the arguments say."""
    args, workspace = request.args, request.workspace
    made = Message(
        channel.id,
        channel.team,
        request.world.state.next_ts(),
        workspace.bot_user,
        text=args.get("text") or args.get("markdown_text") or "",
        thread_ts=args.get("thread_ts") or None,
        blocks=_named(request, args.get("blocks")),
        attachments=args.get("attachments") or [],
        metadata=args.get("metadata"),
        bot_id=workspace.bot_id,
        app_id="A0APP",
        args=args,
    )
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _named(request: Request, blocks: Any) -> list[Json]:
    """Blocks, each with an id, as Slack gives them back."""
    return [{"block_id": request.world.state.next_id("b"), **block} for block in blocks or ()]


def open_channel(request: Request, needs_member: bool = True) -> Channel:
    """The channel that the arguments name. A person's id stands for the direct message with them."""
    request.need("channel", error="channel_not_found")
    state, id = request.world.state, str(request.args["channel"])
    if id in state.users and state.users[id].team == request.workspace.id:
        return state.direct(request.workspace.id, id)
    channel = state.channel(id)
    if channel.team != request.workspace.id:
        raise Refused("channel_not_found")
    is_in = state.bot_is_in(channel)
    if not is_in and channel.kind != "public":
        raise Refused("channel_not_found")
    if channel.is_archived:
        raise Refused("is_archived")
    if needs_member and not is_in:
        raise Refused("not_in_channel")
    return channel


def check_thread(channel: Channel, thread_ts: str | None) -> None:
    """Raises thread_not_found."""
    if thread_ts and thread_ts not in channel.messages:
        raise Refused("thread_not_found")


def own_message(request: Request, refusal: str) -> Message:
    """The app's own that channel and ts name."""
    request.need("channel", error="channel_not_found")
    request.need("ts", error="message_not_found")
    message = request.world.state.message(request.args["channel"], request.args["ts"])
    if request.world.state.channels[message.channel].team != request.workspace.id:
        raise Refused("channel_not_found")
    if message.user != request.workspace.bot_user:
        raise Refused(refusal)
    return message


@method("chat.postMessage", "chat:write")
def post(request: Request) -> Json:
    check_message(request.args, request.world.refused_blocks)
    is_allowed = "chat:write.public" in request.scopes
    channel = open_channel(request, needs_member=not is_allowed)
    check_thread(channel, request.args.get("thread_ts"))
    message = new_message(request, channel)
    if request.flag("reply_broadcast") and message.thread_ts:
        message.subtype = "thread_broadcast"
    request.world.post(message)
    if message.thread_ts:
        request.world.state.statuses.pop((channel.id, message.thread_ts), None)
    return {"channel": channel.id, "ts": message.ts, "message": channel.shown(message)}


@method("chat.postEphemeral", "chat:write")
def post_ephemeral(request: Request) -> Json:
    request.need("user", error="user_not_in_channel")
    check_message(request.args, request.world.refused_blocks)
    channel = open_channel(request)
    if request.args["user"] not in channel.members:
        raise Refused("user_not_in_channel")
    message = request.world.post(new_message(request, channel, shown_to=request.args["user"]))
    return {"message_ts": message.ts}


@method("chat.update", "chat:write")
def update(request: Request) -> Json:
    args = request.args
    message = own_message(request, "cant_update_message")
    if message.is_streaming:
        raise Refused("streaming_state_conflict")
    check_message(args, request.world.refused_blocks)
    channel = request.world.state.channels[message.channel]
    if channel.is_archived:
        raise Refused("is_archived")

    def edit(changed: Message) -> None:
        # what is not named stays, as the method's page has it: text alone leaves the blocks
        if args.get("text") is not None:
            changed.text = args["text"]
        if args.get("markdown_text") is not None:
            changed.text, changed.blocks = args["markdown_text"], []
        if args.get("blocks") is not None:
            changed.blocks = _named(request, args["blocks"])
        if args.get("attachments") is not None:
            changed.attachments = args["attachments"]
        if args.get("metadata") is not None:
            changed.metadata = args["metadata"]
        changed.stream = None

    request.world.change(message, edit)
    shown = channel.shown(message)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


@method("chat.delete", "chat:write")
def delete(request: Request) -> Json:
    message = own_message(request, "cant_delete_message")
    request.world.remove(message)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.getPermalink")
def permalink(request: Request) -> Json:
    request.need("channel", error="channel_not_found")
    message = request.world.state.message(request.args["channel"], request.args.get("message_ts"))
    link = f"https://test.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={message.channel}"
    return {"channel": message.channel, "permalink": link}
