"""chat.startStream, appendStream and stopStream."""

from __future__ import annotations

from typing import Any

from tests.servers.slack.calls import Request, method
from tests.servers.slack.conversations import Message, Stream
from tests.servers.slack.errors import Refused
from tests.servers.slack.limits import check_blocks, check_chunk
from tests.servers.slack.methods_chat import check_thread, new_message, open_channel, own_message

__all__: list[str] = []

Json = dict[str, Any]


def _texts(request: Request) -> tuple[list[str], list[Json]]:
    """What the arguments append: markdown, and tasks or plans. Raises invalid_chunks."""
    texts, others = [], []
    if request.args.get("markdown_text"):
        texts.append(str(request.args["markdown_text"]))
    for chunk in request.args.get("chunks") or ():
        kind = chunk.get("type") if isinstance(chunk, dict) else None
        if kind == "markdown_text" and isinstance(chunk.get("text"), str):
            texts.append(chunk["text"])
        elif kind in ("task_update", "plan_update", "blocks"):
            others.append(chunk)
        else:
            raise Refused("invalid_chunks")
    return texts, others


def _append(request: Request, message: Message) -> None:
    assert message.stream
    texts, others = _texts(request)
    so_far = len(message.text)
    for text in texts:
        check_chunk(text, so_far, request.world.message_limit)
        so_far += len(text)
    message.text += "".join(texts)
    message.stream.chunks += texts
    message.stream.tasks += others
    message.stream.last_at = request.world.clock.now()


def _streaming(request: Request) -> Message:
    """Raises message_not_in_streaming_state, also where too long a time has passed since the last append."""
    message = own_message(request, "message_not_owned_by_app")
    stream = message.stream
    if stream is not None and stream.is_stopped:
        raise Refused("stopped_by_user")
    if stream is None or not stream.is_open:
        raise Refused("message_not_in_streaming_state")
    if request.world.clock.now() - stream.last_at > request.world.stream_idle_s:
        stream.is_open = False
        raise Refused("message_not_in_streaming_state")
    return message


@method("chat.startStream", "chat:write")
def start(request: Request) -> Json:
    channel = open_channel(request)
    request.need("thread_ts", error="invalid_thread_ts")
    if channel.kind != "im":
        request.need("recipient_team_id", error="missing_recipient_team_id")
        request.need("recipient_user_id", error="missing_recipient_user_id")
        if request.args["recipient_user_id"] not in request.world.state.users:
            raise Refused("user_not_found")
    check_thread(channel, request.args["thread_ts"])
    message = new_message(request, channel, text="", stream=Stream(request.world.clock.now()))
    _append(request, message)
    request.world.post(message)
    request.world.state.statuses.pop((channel.id, str(message.thread_ts)), None)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.appendStream", "chat:write")
def append(request: Request) -> Json:
    if not request.args.get("chunks"):
        request.need("markdown_text", error="no_text")
    message = _streaming(request)
    _append(request, message)
    message.versions.append(message.text)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.stopStream", "chat:write")
def stop(request: Request) -> Json:
    message = _streaming(request)
    blocks = request.args.get("blocks")
    if blocks is not None:
        more = len("".join(_texts(request)[0]))
        check_blocks(blocks, request.world.refused_blocks, before=len(message.text) + more)
    _append(request, message)

    def end(changed: Message) -> None:
        assert changed.stream
        changed.stream.is_open = False
        changed.blocks = [{"block_id": request.world.state.next_id("b"), **block} for block in blocks or ()]
        changed.metadata = request.args.get("metadata") or changed.metadata

    request.world.change(message, end, is_edit=False)
    channel = request.world.state.channels[message.channel]
    return {"channel": channel.id, "ts": message.ts, "message": channel.shown(message)}
