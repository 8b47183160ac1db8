"""What a click or a submitted modal says: Slack's payloads of interactions, read once and for all. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.slack.ids import Ids

__all__ = ["Click", "click_of", "entered", "kept_in", "user_of"]

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Click:
    """On a button of ours."""

    name: str
    """The button's action id, without the prefix."""
    value: str
    is_button: bool
    """An ordinary one; feedback buttons and menus are none."""
    user: str
    trigger: str
    """Opens a modal, within three seconds."""
    channel: str = ""
    """'' in a modal and on the Home tab."""
    message: str = ""
    """Where the button stands."""
    thread: str = ""
    """ts of the message that the thread hangs on; '': the message is in none."""
    response_url: str = ""
    is_ephemeral: bool = False


def click_of(body: Payload, ids: Ids) -> Click:
    """body: a payload of type block_actions with a button of ours."""
    actions = [_table(action) for action in body.get("actions") or ()]
    action = next((a for a in actions if ids.name_of(str(a.get("action_id", "")))), {})
    container, message = _table(body.get("container")), _table(body.get("message"))
    ts = str(container.get("message_ts") or message.get("ts") or "")
    thread = str(container.get("thread_ts") or message.get("thread_ts") or "")
    return Click(
        name=str(action.get("action_id", "")).removeprefix(ids.of("")),
        value=str(action.get("value") or _table(action.get("selected_option")).get("value") or ""),
        is_button=action.get("type") == "button",
        user=user_of(body),
        trigger=str(body.get("trigger_id") or ""),
        channel=str(container.get("channel_id") or _table(body.get("channel")).get("id") or ""),
        message=ts,
        thread=thread,
        response_url=str(body.get("response_url") or ""),
        is_ephemeral=bool(container.get("is_ephemeral")),
    )


def user_of(body: Payload) -> str:
    """Who clicked or submitted."""
    return str(_table(body.get("user")).get("id") or "")


def entered(body: Payload, block: str) -> str:
    """What stands in a block of a submitted modal: text, or the value of the option chosen; '': nothing."""
    values = _table(_table(_table(body.get("view")).get("state")).get("values"))
    for element in _table(values.get(block)).values():
        chosen = _table(_table(element).get("selected_option")).get("value")
        return str(chosen or _table(element).get("value") or "").strip()
    return ""


def kept_in(body: Payload) -> dict[str, Any]:
    """What the modal was opened with."""
    try:
        kept = json.loads(str(_table(body.get("view")).get("private_metadata") or "{}"))
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


def _table(value: object) -> Payload:
    return value if isinstance(value, Mapping) else {}
