"""Home tabs, and modals' menus and their state, within Slack's limits. Pure; texts and plain inputs: modals.py."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.slack.showing.blocks import Json
from adapters.text import shortened

__all__ = [
    "channel_menu",
    "checks",
    "chosen",
    "date",
    "home",
    "line_input",
    "menu_input",
    "number_input",
    "people_menu",
    "reading",
    "several_menu",
]

MOST_OPTIONS = 100
MOST_BLOCKS = 95
"""Of the 100 that Slack takes."""
_TITLE, _LABEL, _OPTION, _BUTTON = 24, 2_000, 75, 24
_ANY = "-"
"""The value of the option that stands for none of the others: Slack takes no empty one."""
_SELECTED = ("selected_users", "selected_conversations", "selected_channels")
_SELECTED_ONE = ("selected_conversation", "selected_channel", "selected_user")


def home(blocks: Sequence[Json], kept: Mapping[str, Any]) -> Json:
    """kept: comes back with what is clicked there."""
    return {"type": "home", "private_metadata": json.dumps(kept), "blocks": list(blocks)[:MOST_BLOCKS]}


def reading(title: str, close: str, blocks: Sequence[Json]) -> Json:
    """A modal that is read and closed."""
    return {
        "type": "modal",
        "title": _plain(title, _TITLE),
        "close": _plain(close, _BUTTON),
        "blocks": list(blocks)[:MOST_BLOCKS],
    }


def date(time: datetime) -> str:
    """A time with a zone, as each reader's Slack writes it; for mrkdwn."""
    return f"<!date^{int(time.timestamp())}^{{date_short_pretty}} {{time}}|{time:%Y-%m-%d %H:%M} UTC>"


def line_input(id: str, label: str, text: str = "", *, most: int, hint: str = "") -> Json:
    """One line. id: of the block and of the input in it, as in all of these."""
    element: Json = {"type": "plain_text_input", "action_id": id, "max_length": most}
    if text:
        element["initial_value"] = text[:most]
    return _input(id, label, element, hint)


def number_input(id: str, label: str, value: float | None, hint: str) -> Json:
    """From 0 to 1."""
    element: Json = {
        "type": "number_input",
        "action_id": id,
        "is_decimal_allowed": True,
        "min_value": "0",
        "max_value": "1",
    }
    if value is not None:
        element["initial_value"] = f"{value:g}"
    return _input(id, label, element, hint)


def menu_input(id: str, label: str, options: Mapping[str, str], value: str) -> Json:
    """One of the options, value -> words; the value '' is one of them."""
    shown = {value: _option(value or _ANY, words) for value, words in options.items()}
    element: Json = {"type": "static_select", "action_id": id, "options": list(shown.values())}
    if value in shown:
        element["initial_option"] = shown[value]
    return _input(id, label, element, "")


def several_menu(id: str, label: str, options: Sequence[str], values: Collection[str], hint: str) -> Json:
    """Some of the options, of which the first hundred are offered, or none."""
    shown = [_option(value, value) for value in options[:MOST_OPTIONS]]
    element: Json = {"type": "multi_static_select", "action_id": id, "options": shown}
    return _input(id, label, _beginning(element, [one for one in shown if one["value"] in values]), hint)


def checks(id: str, label: str, options: Mapping[str, str], values: Collection[str]) -> Json:
    """Boxes to tick: value -> words."""
    shown = [_option(value, words) for value, words in options.items()]
    element: Json = {"type": "checkboxes", "action_id": id, "options": shown}
    return _input(id, label, _beginning(element, [one for one in shown if one["value"] in values]), "")


def people_menu(id: str, label: str, users: Sequence[str], hint: str) -> Json:
    element: Json = {"type": "multi_users_select", "action_id": id}
    if users:
        element["initial_users"] = list(users)
    return _input(id, label, element, hint)


def channel_menu(id: str, label: str, channel: str, hint: str) -> Json:
    """A public or a private channel, or none."""
    element: Json = {
        "type": "conversations_select",
        "action_id": id,
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if channel:
        element["initial_conversation"] = channel
    return _input(id, label, element, hint)


def chosen(body: Mapping[str, Any], block: str) -> tuple[str, ...]:
    """What is chosen in a block of a submitted modal, whatever menu it is; none: nothing is, or there is no such block."""
    values = _table(_table(_table(body.get("view")).get("state")).get("values"))
    return tuple(
        value
        for element in _table(values.get(block)).values()
        for value in _values(_table(element))
        if value != _ANY
    )


def _values(element: Mapping[str, Any]) -> list[str]:
    options = [element.get("selected_option"), *(element.get("selected_options") or ())]
    found = [_table(option).get("value") for option in options]
    found += [id for name in _SELECTED for id in element.get(name) or ()]
    found += [element.get(name) for name in _SELECTED_ONE]
    return [str(value) for value in found if value]


def _beginning(element: Json, options: list[Json]) -> Json:
    """Slack takes no empty list."""
    return element | {"initial_options": options} if options else element


def _option(value: str, words: str) -> Json:
    return {"text": _plain(words, _OPTION), "value": value}


def _input(id: str, label: str, element: Json, hint: str) -> Json:
    block: Json = {
        "type": "input",
        "block_id": id,
        "label": _plain(label, _LABEL),
        "optional": True,
        "element": element,
    }
    return block | {"hint": _plain(hint, _LABEL)} if hint else block


def _plain(text: str, most: int) -> Json:
    return {"type": "plain_text", "text": shortened(text, most), "emoji": True}


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
