"""Buttons, menus and modals within Discord's limits, longer texts being shortened. Pure.

Sizes: https://discord.com/developers/docs/components/reference. All custom ids are of adapters.discord.ids, which holds
them to theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

from adapters.discord.showing.escaping import length, short
from adapters.text import shortened

__all__ = [
    "DANGER",
    "LONGEST",
    "OPTIONS",
    "PRIMARY",
    "SECONDARY",
    "SUCCESS",
    "Json",
    "Kind",
    "button",
    "choice",
    "entities",
    "link_button",
    "modal",
    "picker",
    "row",
    "select",
    "text_input",
]

Json = dict[str, Any]
Kind = Literal["string", "user", "role", "mentionable", "channel"]

PRIMARY, SECONDARY, SUCCESS, DANGER, _LINK = range(1, 6)
"""Styles of buttons: blurple, grey, green, red."""
OPTIONS = 25
"""That a menu takes; further ones are left out."""
LONGEST = 4_000
"""Characters that an input takes."""
_ROW, _BUTTON, _ADDRESS = 5, 80, 512
_OPTION, _HINT, _PLACEHOLDER, _MENU_PLACEHOLDER = 100, 100, 100, 150
_TITLE, _LABEL, _FIELDS = 45, 45, 5
_ACTION_ROW, _BUTTON_TYPE, _TEXT_INPUT, _LABELLED = 1, 2, 4, 18
_MENUS: Mapping[Kind, int] = {"string": 3, "user": 5, "role": 6, "mentionable": 7, "channel": 8}
_LINES = 2


def button(
    label: str, custom_id: str, style: int = SECONDARY, emoji: str = "", disabled: bool = False
) -> Json:
    """emoji: a Unicode one; with it the label may be ''."""
    found: Json = {"type": _BUTTON_TYPE, "style": style, "custom_id": custom_id}
    return found | _face(label, emoji) | ({"disabled": True} if disabled else {})


def link_button(label: str, address: str, emoji: str = "") -> Json | None:
    """A button that opens an address, which comes from linkable(); None where that is too long for one."""
    if not address or length(address) > _ADDRESS:
        return None
    return {"type": _BUTTON_TYPE, "style": _LINK, "url": address} | _face(label, emoji)


def row(*parts: Json) -> Json:
    """Up to five buttons, or one menu.

    Raises:
        ValueError: there are more, or none.
    """
    if not 0 < len(parts) <= _ROW:
        raise ValueError(f"a row takes 1 to {_ROW} buttons, not {len(parts)}")
    return {"type": _ACTION_ROW, "components": list(parts)}


def select(
    custom_id: str,
    options: Mapping[str, str],
    placeholder: str = "",
    min: int = 1,
    max: int = 1,
    chosen: Collection[str] = (),
) -> Json:
    """A menu. options: value -> words; the first OPTIONS are shown. chosen: values. min, max: how many are chosen."""
    shown = [_option(value, words, value in chosen) for value, words in list(options.items())[:OPTIONS]]
    found: Json = {"type": _MENUS["string"], "custom_id": custom_id, "options": shown}
    return found | _limits(min, max, len(shown)) | _placeholder(placeholder, _MENU_PLACEHOLDER)


def entities(
    custom_id: str,
    kind: Kind,
    chosen: Mapping[str, str] | None = None,
    *,
    most: int = 1,
    channel_types: Collection[int] = (),
    placeholder: str = "",
) -> Json:
    """A menu of the server's people, roles or channels, of which none has to be chosen. chosen: id -> 'user', 'role' or
    'channel'."""
    found: Json = {"type": _MENUS[kind], "custom_id": custom_id}
    found |= _limits(0, most, OPTIONS) | _placeholder(placeholder, _MENU_PLACEHOLDER)
    if chosen:
        shown = list(chosen.items())[: found["max_values"]]
        found["default_values"] = [{"id": id, "type": of} for id, of in shown]
    if channel_types:
        found["channel_types"] = list(channel_types)
    return found


def modal(custom_id: str, title: str, *fields: Json) -> Json:
    """A modal, as the data of an interaction's response. fields: of text_input(), choice() and picker().

    Raises:
        ValueError: there are more than five, or none.
    """
    if not 0 < len(fields) <= _FIELDS:
        raise ValueError(f"a modal takes 1 to {_FIELDS} fields, not {len(fields)}")
    return {"custom_id": custom_id, "title": _words(title, _TITLE), "components": list(fields)}


def text_input(
    custom_id: str,
    label: str,
    value: str = "",
    *,
    lines: bool = True,
    required: bool = False,
    most: int = LONGEST,
    placeholder: str = "",
    hint: str = "",
) -> Json:
    """Some lines, or one. value: what stands there to be changed. most: characters, LONGEST at most."""
    most = min(most, LONGEST)
    found: Json = {"type": _TEXT_INPUT, "custom_id": custom_id, "style": _LINES if lines else 1}
    found |= {"required": required, "max_length": most} | _placeholder(placeholder, _PLACEHOLDER)
    return _labelled(label, hint, found | ({"value": shortened(value, most, length)} if value else {}))


def choice(
    custom_id: str,
    label: str,
    options: Mapping[str, str],
    chosen: str | Collection[str] = (),
    *,
    most: int = 1,
    required: bool = False,
    placeholder: str = "",
    hint: str = "",
) -> Json:
    """A menu in a modal: up to `most` of some, or none unless it is required. options, chosen: as for select()."""
    marked = {chosen} if isinstance(chosen, str) else chosen
    menu = select(custom_id, options, placeholder, min=int(required), max=most, chosen=marked)
    return _labelled(label, hint, menu | {"required": required})


def picker(
    custom_id: str,
    label: str,
    kind: Kind,
    chosen: Collection[str] = (),
    *,
    most: int = 1,
    required: bool = False,
    channel_types: Collection[int] = (),
    placeholder: str = "",
    hint: str = "",
) -> Json:
    """A menu in a modal of the server's people, roles or channels. chosen: ids, which for 'mentionable' cannot be given."""
    found: Json = {"type": _MENUS[kind], "custom_id": custom_id, "required": required}
    found |= _limits(int(required), most, OPTIONS) | _placeholder(placeholder, _MENU_PLACEHOLDER)
    if chosen and kind != "mentionable":
        found["default_values"] = [{"id": id, "type": kind} for id in list(chosen)[: found["max_values"]]]
    if channel_types:
        found["channel_types"] = list(channel_types)
    return _labelled(label, hint, found)


def _labelled(label: str, hint: str, component: Json) -> Json:
    """Labels are short: all of a longer one stands in small letters below it, unless there is a hint."""
    found: Json = {"type": _LABELLED, "label": _words(label, _LABEL), "component": component}
    below = hint or (label if length(label) > _LABEL else "")
    return found | ({"description": short(below, _HINT)} if below else {})


def _option(value: str, words: str, chosen: bool) -> Json:
    if not 0 < length(value) <= _OPTION:
        raise ValueError(f"an option's value has 1 to {_OPTION} characters: {value!r}")
    return {"label": _words(words, _OPTION), "value": value} | ({"default": True} if chosen else {})


def _limits(least: int, most: int, number: int) -> Json:
    upper = max(1, min(most, number, OPTIONS))
    return {"min_values": min(least, upper), "max_values": upper}


def _placeholder(text: str, most: int) -> Json:
    return {"placeholder": short(text, most)} if text.strip() else {}


def _face(label: str, emoji: str) -> Json:
    shown: Json = {"emoji": {"name": emoji}} if emoji else {}
    return shown | ({"label": _words(label, _BUTTON)} if label.strip() or not emoji else {})


def _words(text: str, most: int) -> str:
    return short(text, most) or "…"
