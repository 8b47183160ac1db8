"""Payloads of clicks, commands, shortcuts and modals, as Slack's interactivity pages have them.

https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

import time
from typing import Any

from tests.servers.slack.conversations import Channel, Message
from tests.servers.slack.events import APP
from tests.servers.slack.readable import elements
from tests.servers.slack.state import User, View
from tests.servers.slack.world import World

__all__ = [
    "action_of",
    "clicked",
    "command",
    "global_shortcut",
    "message_shortcut",
    "view_closed",
    "view_submission",
]

Json = dict[str, Any]


def _common(world: World, kind: str, user: User) -> Json:
    team = world.state.workspaces[user.team]
    return {
        "type": kind,
        "token": "verification-token",
        "api_app_id": APP,
        "team": {"id": team.id, "domain": "test"},
        "enterprise": None,
        "is_enterprise_install": False,
        "user": {
            "id": user.id,
            "username": user.name.lower(),
            "name": user.name.lower(),
            "team_id": user.team,
        },
        "action_ts": f"{time.time():.6f}",
    }


def _channel(channel: Channel) -> Json:
    name = "directmessage" if channel.kind == "im" else channel.name
    return {"id": channel.id, "name": "privategroup" if channel.kind == "private" else name}


def action_of(blocks: list[Json], name: str, choice: str | None) -> Json:
    """The action that a click on an element makes. It is named by action_id, by what is written on it or its value.

    choice is the option of a menu, or the side of feedback buttons, by value or text.
    """
    for block, element in elements(blocks):
        for found in _offered(element, name, choice):
            return {
                "action_id": element.get("action_id"),
                "block_id": block.get("block_id"),
                "type": element["type"],
                "action_ts": f"{time.time():.6f}",
                **found,
            }
    there = [(e.get("action_id"), (e.get("text") or {}).get("text")) for _, e in elements(blocks)]
    raise AssertionError(f"Nothing to click named {name!r} ({choice!r}); there are {there}.")


def _offered(element: Json, name: str, choice: str | None) -> list[Json]:
    kind, is_named = element["type"], name == element.get("action_id")
    text = element.get("text")
    if kind == "feedback_buttons":
        halves = [element["positive_button"], element["negative_button"]]
        wanted = choice or (None if is_named else name)
        return [
            {"value": half["value"], "text": half["text"]}
            for half in halves
            if wanted in (half["value"], half["text"]["text"])
        ]
    if "options" in element:
        wanted = choice or (None if is_named else name)
        fits = [o for o in element["options"] if wanted in (o["value"], o["text"]["text"])]
        if choice is not None and not is_named and name != element.get("placeholder", {}).get("text"):
            return []
        several = kind in ("checkboxes", "multi_static_select")
        return [{"selected_options": fits} if several else {"selected_option": fits[0]}] if fits else []
    if choice is not None and is_named and kind.endswith("_select"):
        return [{f"selected_{kind.removesuffix('s_select')}": choice}]
    if is_named or (text and name == text.get("text")):
        value = {"value": element["value"]} if "value" in element else {}
        return [{"text": text, **value}]
    return []


def clicked(world: World, user: User, shown: Message | View, action: Json) -> Json:
    """block_actions in a message, a modal or a Home tab."""
    made = _common(world, "block_actions", user)
    made.pop("action_ts")
    made["actions"] = [action]
    if isinstance(shown, View):
        root = shown.root or shown.id
        made["trigger_id"] = world.new_trigger(
            user.team, user.id, root if shown.content["type"] == "modal" else None
        )
        return made | {"container": {"type": "view", "view_id": shown.id}, "view": shown.payload()}
    channel = world.state.channels[shown.channel]
    container: Json = {
        "type": "message",
        "message_ts": shown.ts,
        "channel_id": channel.id,
        "is_ephemeral": shown.shown_to is not None,
        **({"thread_ts": shown.thread_ts} if shown.thread_ts else {}),
    }
    made |= {
        "trigger_id": world.new_trigger(user.team, user.id),
        "container": container,
        "channel": _channel(channel),
        "state": {"values": {}},
        "response_url": world.new_response_url(user.team, channel.id, user.id, shown),
    }
    if shown.shown_to is None:
        made["message"] = channel.shown(shown)
    return made


def command(world: World, user: User, name: str, text: str, channel: Channel) -> Json:
    return {
        "token": "verification-token",
        "team_id": user.team,
        "team_domain": "test",
        "channel_id": channel.id,
        "channel_name": _channel(channel)["name"],
        "user_id": user.id,
        "user_name": user.name.lower(),
        "command": name,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": world.new_response_url(user.team, channel.id, user.id),
        "trigger_id": world.new_trigger(user.team, user.id),
    }


def message_shortcut(world: World, user: User, callback: str, message: Message) -> Json:
    channel = world.state.channels[message.channel]
    return _common(world, "message_action", user) | {
        "callback_id": callback,
        "trigger_id": world.new_trigger(user.team, user.id),
        "response_url": world.new_response_url(user.team, channel.id, user.id),
        "message_ts": message.ts,
        "channel": _channel(channel),
        "message": channel.shown(message),
    }


def global_shortcut(world: World, user: User, callback: str) -> Json:
    return _common(world, "shortcut", user) | {
        "callback_id": callback,
        "trigger_id": world.new_trigger(user.team, user.id),
    }


def view_submission(world: World, user: User, view: View) -> Json:
    made = _common(world, "view_submission", user)
    made.pop("action_ts")
    return made | {
        "trigger_id": world.new_trigger(user.team, user.id, view.root or view.id),
        "view": view.payload(),
        "response_urls": [],
    }


def view_closed(world: World, user: User, view: View, is_cleared: bool) -> Json:
    made = _common(world, "view_closed", user)
    made.pop("action_ts")
    return made | {"view": view.payload(), "is_cleared": is_cleared}
