"""What was chosen or typed on a page of settings, as values of the settings, and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from adapters.channels import Channel
from adapters.discord.interactions import Interaction
from adapters.discord.personal.settings_pages import (
    ANY,
    NEVER,
    PAGES,
    SWITCHES,
    Named,
    menu_people,
    menu_scopes,
)
from adapters.settings_changes import number

__all__ = ["Control", "chosen", "control_of", "refused", "resolved", "typed"]


@dataclass(frozen=True, slots=True)
class Control:
    """What a button or menu is for."""

    target: Literal["c", "s"] = "c"
    page: int = 0
    name: str = ""
    """Of the setting; 'escalation_channel': escalation, too."""
    to: str = ""
    """What a switch switches to: 'on' or 'off'."""


def control_of(argument: str) -> Control:
    target, page, name, to = (*argument.split(":"), "", "", "", "")[:4]
    known = int(page) % len(PAGES) if page.isdecimal() else 0
    return Control("s" if target == "s" else "c", known, name, to)


def chosen(
    control: Control, values: Sequence[str], now: Channel, offered: Sequence[str], everybody: str
) -> dict[str, Any]:
    """By the settings' names; None for what is left empty. What is in force and not in the menu stays.

    offered: scopes. everybody: the id of the role that all have, which Discord tells of nobody.
    """
    name, first = control.name, next(iter(values), None)
    if name in SWITCHES:
        return {name: control.to == "on"}
    if name == "language":
        return {name: None if first == ANY else first}
    if name == "auto_answer":
        return {name: None if first == NEVER else number(first or "")}
    if name in ("escalation", "escalation_channel"):
        return {"escalation": first}
    if name == "allowed":
        if everybody in values:
            return {name: None}
        return {name: _with_hidden(values, now.allowed - set(menu_people(now)))}
    if name == "scopes":
        return {name: _with_hidden(values, (now.scopes or frozenset()) - set(menu_scopes(now, offered)))}
    return {name: list(values) or None} if name == "tags" else {}


def resolved(payload: Mapping[str, Any]) -> dict[str, Named]:
    """What Discord says that the ids stand for which were chosen. payload: of an interaction."""
    told = (payload.get("data") or {}).get("resolved") or {}
    users = {
        id: Named("user", str(user.get("global_name") or user.get("username") or id))
        for id, user in (told.get("users") or {}).items()
    }
    roles = {id: _role(role) for id, role in (told.get("roles") or {}).items()}
    channels = {
        id: Named("channel", str(channel.get("name") or id))
        for id, channel in (told.get("channels") or {}).items()
    }
    return {**users, **roles, **channels}


def typed(sent: Interaction) -> dict[str, Any]:
    """Of the modal."""
    texts: Mapping[str, str] = {
        name: value.strip() for name, value in sent.fields.items() if isinstance(value, str)
    }
    found: dict[str, Any] = {name: texts[name] or None for name in ("tone", "remind_after") if name in texts}
    if "auto_answer" in texts:
        found["auto_answer"] = number(texts["auto_answer"])
    return found


def refused(values: Mapping[str, Any], now: Channel, everybody: str) -> str:
    """Why these cannot be beside what is in force: a message of the catalogues; '': they can."""
    if values.get("escalation") == everybody:
        return "settings-wrong-value"
    if values.get("draft") and not now.escalation:
        return "settings-draft-first"
    if "escalation" in values and not values["escalation"] and now.draft:
        return "settings-draft-keeps"
    return ""


def _role(role: Mapping[str, Any]) -> Named:
    return Named("role", str(role.get("name") or role.get("id")).lstrip("@"))


def _with_hidden(values: Sequence[str], hidden: frozenset[str]) -> list[str] | None:
    return [*dict.fromkeys((*values, *sorted(hidden)))] or None
