"""What Slack delivers -> what it is, its unique key, and what it has to wait for. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.slack.ids import Ids

__all__ = ["EVENTS", "Arrival", "arrival", "changed_ts", "question_key"]

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
        return _alone(_named("command", body, "trigger_id"), "command") if own else None
    return _interaction(body, ids)


def question_key(channel: str, ts: str) -> str:
    """The key of the message that asks."""
    return f"message:{channel}:{ts}"


def changed_ts(event: Payload) -> str:
    """Of the message that an event says was edited or deleted."""
    told = (_table(event.get(name)).get("ts") for name in ("message", "previous_message"))
    return str(event.get("deleted_ts") or next(filter(None, told), ""))


def _event(body: Payload) -> Arrival | None:
    event = _table(body.get("event"))
    kind = event.get("type")
    if not isinstance(kind, str) or kind not in EVENTS:
        return None
    if kind in ("message", "app_mention"):
        return _message(body, event)
    key = _named("event", body, "event_id")
    if kind in ("reaction_added", "reaction_removed"):
        item = _table(event.get("item"))
        return Arrival(
            key, kind, _done_to(event.get("user"), f"{item.get('channel', '')}:{item.get('ts', '')}")
        )
    return _alone(key, kind)


def _message(body: Payload, event: Payload) -> Arrival | None:
    """Of people; nothing that a bot wrote, this one included, and no notes such as that somebody joined."""
    subtype = event.get("subtype")
    channel = str(event.get("channel", ""))
    if not isinstance(subtype, str | None):
        return None
    if subtype in ("message_changed", "message_deleted"):
        return _changed(body, event, channel, subtype)
    if subtype in _WRITTEN and not event.get("bot_id") and event.get("user") not in (None, "", _SLACKBOT):
        return _written(event, channel)
    return None


def _changed(body: Payload, event: Payload, channel: str, subtype: str) -> Arrival | None:
    before, after = _table(event.get("previous_message")), _table(event.get("message"))
    if after.get("subtype") == "tombstone":  # what is left of a message with replies
        subtype = "message_deleted"
    elif subtype == "message_changed" and (after.get("bot_id") or before.get("text") == after.get("text")):
        return None  # an answer grows, or a link was unfolded
    concerned = {**before, **after}
    return Arrival(
        _named("event", body, "event_id"), subtype, _lane(channel, concerned, event, changed_ts(event))
    )


def _written(event: Payload, channel: str) -> Arrival:
    ts = str(event.get("ts", ""))
    return Arrival(_key(question_key(channel, ts)), "message", _lane(channel, event, event, ts))


def _lane(channel: str, message: Payload, event: Payload, ts: str) -> str:
    """A thread; a direct message without threads is one conversation."""
    thread = message.get("thread_ts")
    if not thread and event.get("channel_type") == "im":
        return _key(channel)
    return _key(f"{channel}:{thread or ts}")


def _interaction(body: Payload, ids: Ids) -> Arrival | None:
    kind = body.get("type")
    if kind == "block_actions":
        actions = body.get("actions")
        clicked = (
            _click(body, _table(action), ids) for action in (actions if isinstance(actions, list) else ())
        )
        return next((found for found in clicked if found), None)
    if kind in ("view_submission", "view_closed"):
        view = _table(body.get("view"))
        name = ids.name_of(str(view.get("callback_id", "")))
        what = "view" if kind == "view_submission" else "closed"
        return (
            _alone(f"{what}:{view.get('id', '')}:{view.get('hash', '')}", f"{what}:{name}") if name else None
        )
    if kind in ("message_action", "shortcut"):
        name = ids.name_of(str(body.get("callback_id", "")))
        return _alone(_named("shortcut", body, "trigger_id"), f"shortcut:{name}") if name else None
    return None


def _click(body: Payload, action: Payload, ids: Ids) -> Arrival | None:
    """What one person does to one message or view is handled in order."""
    name = ids.name_of(str(action.get("action_id", "")))
    if name is None:
        return None
    container, person = _table(body.get("container")), _table(body.get("user")).get("id", "")
    place = f"{container.get('channel_id', '')}:{container.get('message_ts') or container.get('view_id', '')}"
    key = _key(f"action:{body.get('trigger_id', '')}:{action.get('action_ts', '')}:{name}")
    return Arrival(key, f"action:{name}", _done_to(person, place))


def _done_to(person: object, place: str) -> str:
    """The lane of what one person does to one message, by buttons and reactions."""
    return _key(f"action:{person}:{place}")


def _alone(key: str, kind: str) -> Arrival:
    key = _key(key)
    return Arrival(key, kind, key)


def _table(value: object) -> Payload:
    """The object that stands there, if one does."""
    return value if isinstance(value, Mapping) else {}


def _named(kind: str, body: Payload, id: str) -> str:
    """Its key by the id that Slack gives it; by all that is in it where there is none."""
    named = body.get(id) or hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()
    return _key(f"{kind}:{named}")


def _key(text: str) -> str:
    return text if len(text) <= _LONGEST_KEY else hashlib.sha256(text.encode()).hexdigest()
