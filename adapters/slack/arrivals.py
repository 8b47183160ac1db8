"""What Slack delivers -> what it is, its unique key, and what it has to wait for. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.slack.ids import Ids

__all__ = ["EVENTS", "Arrival", "arrival", "question_key"]

Payload = Mapping[str, Any]

EVENTS = frozenset(
    {
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "assistant_thread_context_changed",
        "assistant_thread_started",
        "message",
        "reaction_added",
        "reaction_removed",
        "tokens_revoked",
    }
)
"""The events that the bot does something about."""
_WRITTEN = frozenset({None, "", "file_share", "thread_broadcast", "me_message"})
"""Subtypes of a message that a person wrote."""
_SLACKBOT = "USLACKBOT"
_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Arrival:
    key: str
    """What Slack may deliver several times has one key: a mention comes as app_mention and as message."""
    kind: str
    """An event's name; 'command'; 'action:NAME', 'view:NAME', 'shortcut:NAME' with our own names."""
    lane: str
    """What is in one lane is handled in order: the messages of a thread. A click waits for no answer."""


def arrival(body: Payload, ids: Ids, command: str) -> Arrival | None:
    """None: nothing to do about it, or nothing of ours."""
    if body.get("type") == "event_callback":
        return _event(body)
    if "command" in body:
        own = body["command"] == command
        return _alone(f"command:{body.get('trigger_id', '')}", "command") if own else None
    return _interaction(body, ids)


def question_key(channel: str, ts: str) -> str:
    """The key of the message that asks."""
    return f"message:{channel}:{ts}"


def _event(body: Payload) -> Arrival | None:
    event = body.get("event")
    if not isinstance(event, Mapping) or event.get("type") not in EVENTS:
        return None
    kind = str(event["type"])
    if kind in ("message", "app_mention"):
        return _message(body, event)
    return _alone(f"event:{body.get('event_id', '')}", kind)


def _message(body: Payload, event: Payload) -> Arrival | None:
    """Of people; nothing that a bot wrote, this one included, and no notes such as that somebody joined."""
    subtype = event.get("subtype")
    channel = str(event.get("channel", ""))
    if subtype in ("message_changed", "message_deleted"):
        before, after = event.get("previous_message") or {}, event.get("message") or {}
        concerned = after if subtype == "message_changed" else before
        if subtype == "message_changed" and before.get("text") == after.get("text"):
            return None  # a link was unfolded
        ts = str(concerned.get("ts") or event.get("deleted_ts") or "")
        return Arrival(
            _key(f"event:{body.get('event_id', '')}"), str(subtype), _lane(channel, concerned, event, ts)
        )
    if subtype not in _WRITTEN or event.get("bot_id") or event.get("user", _SLACKBOT) == _SLACKBOT:
        return None
    ts = str(event.get("ts", ""))
    return Arrival(_key(question_key(channel, ts)), "message", _lane(channel, event, event, ts))


def _lane(channel: str, message: Payload, event: Payload, ts: str) -> str:
    """A thread; a direct message without threads is one conversation."""
    thread = message.get("thread_ts")
    if not thread and event.get("channel_type") == "im":
        return channel
    return f"{channel}:{thread or ts}"


def _interaction(body: Payload, ids: Ids) -> Arrival | None:
    kind = body.get("type")
    if kind == "block_actions":
        for action in body.get("actions") or ():
            if name := ids.name_of(str(action.get("action_id", ""))):
                click = f"{body.get('trigger_id', '')}:{action.get('action_ts', '')}:{name}"
                lane = f"action:{_person(body)}:{_clicked(body)}"
                return Arrival(_key(f"action:{click}"), f"action:{name}", lane[:_LONGEST_KEY])
        return None
    if kind in ("view_submission", "view_closed"):
        view = body.get("view") or {}
        name = ids.name_of(str(view.get("callback_id", "")))
        what = "view" if kind == "view_submission" else "closed"
        return _alone(f"{what}:{view.get('id', '')}:{view.get('hash', '')}", f"{what}:{name}") if name else None
    if kind in ("message_action", "shortcut"):
        name = ids.name_of(str(body.get("callback_id", "")))
        return _alone(f"shortcut:{body.get('trigger_id', '')}", f"shortcut:{name}") if name else None
    return None


def _person(body: Payload) -> str:
    return str((body.get("user") or {}).get("id", ""))


def _clicked(body: Payload) -> str:
    container = body.get("container") or {}
    return f"{container.get('channel_id', '')}:{container.get('message_ts') or container.get('view_id', '')}"


def _alone(key: str, kind: str) -> Arrival:
    key = _key(key)
    return Arrival(key, kind, key)


def _key(text: str) -> str:
    return text if len(text) <= _LONGEST_KEY else hashlib.sha256(text.encode()).hexdigest()
