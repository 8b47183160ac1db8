"""assistant.threads.*: the container of AI apps."""

from __future__ import annotations

from typing import Any

from tests.servers.slack.calls import Request, method
from tests.servers.slack.conversations import Channel
from tests.servers.slack.errors import Refused
from tests.servers.slack.methods_chat import open_channel

__all__: list[str] = []

Json = dict[str, Any]


def _place(request: Request) -> tuple[Channel, str]:
    request.need("channel_id", error="channel_not_found")
    request.args["channel"] = request.args["channel_id"]
    return open_channel(request), str(request.args.get("thread_ts") or "")


@method("assistant.threads.setStatus", "assistant:write", "chat:write")
def set_status(request: Request) -> Json:
    if "status" not in request.args:
        request.need("status")
    channel, thread = _place(request)
    if thread not in channel.messages:
        raise Refused("invalid_thread_ts")
    status = str(request.args.get("status") or "")
    if len(request.args.get("loading_messages") or ()) > 10:
        raise Refused("invalid_arguments")
    request.world.state.status_history.append((channel.id, thread, status))
    if status:
        request.world.state.statuses[channel.id, thread] = status
    else:
        request.world.state.statuses.pop((channel.id, thread), None)
    return {}


@method("assistant.threads.setTitle", "assistant:write")
def set_title(request: Request) -> Json:
    request.need("title")
    channel, thread = _direct(request)
    request.world.state.titles[channel.id, thread] = str(request.args["title"])
    root = channel.messages.get(thread)
    if root is not None and root.subtype == "assistant_app_thread":
        # Slack shows the title as the text of the thread's first message, and tells so
        request.world.change(
            root, lambda message: setattr(message, "text", request.args["title"]), is_edit=False
        )
    return {}


@method("assistant.threads.setSuggestedPrompts", "assistant:write")
def set_prompts(request: Request) -> Json:
    request.need("prompts")
    prompts = request.args["prompts"]
    if not isinstance(prompts, list) or len(prompts) > 4:
        raise Refused("invalid_arguments")
    for prompt in prompts:
        if not isinstance(prompt, dict) or not prompt.get("title") or not prompt.get("message"):
            raise Refused("invalid_arguments")
    channel, thread = _direct(request)
    request.world.state.prompts[channel.id, thread] = prompts
    return {}


def _direct(request: Request) -> tuple[Channel, str]:
    channel, thread = _place(request)
    if channel.kind != "im":
        raise Refused("channel_not_found")
    if thread and thread not in channel.messages:
        raise Refused("invalid_thread_ts")
    return channel, thread
