"""The form of a channel's settings: what it shows, what was entered, and what is wrong with that. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from adapters.channels import LABELS, Channel
from adapters.settings_changes import LANGUAGE_NAMES, number, origins, short_duration, wrong
from adapters.slack.bot import PLATFORM
from adapters.slack.clicks import entered, kept_in
from adapters.slack.ids import Ids
from adapters.slack.showing.blocks import Json, actions, button, context
from adapters.slack.showing.escaping import escaped
from adapters.slack.showing.modals import modal
from adapters.slack.showing.views import (
    channel_menu,
    checks,
    chosen,
    line_input,
    menu_input,
    number_input,
    people_menu,
    several_menu,
)
from rag_core.messages import LANGUAGES, say

__all__ = ["form", "values_in", "wrong_in"]

Payload = Mapping[str, Any]

_HOW = "how"
"""The block of what is on or off."""
_ON_OR_OFF = ("follow_ups", "draft")
_ID = re.compile(r"[CGSUW][A-Z0-9]{2,}|\d{5,}")
"""Slack's, and numbers: a list for all platforms has Discord's as well."""
_CHANNEL = ("C", "G")
_APART = re.compile(r"[\s,;]+")
_TONE, _IDS, _DURATION = 300, 3_000, 10
_IN_MENU = 20
"""Users that are put into the menu; Slack looks each of them up."""


def form(
    ids: Ids, now: Channel, of_file: Channel, scopes: Sequence[str], kept: Mapping[str, Any], language: str
) -> Json:
    """Filled in with what is in force. of_file: what would be without what was set here. scopes: those to choose from."""

    def words(message: str) -> str:
        return say(language, message)

    def label(name: str) -> str:
        return words(LABELS[name])

    def block(name: str) -> str:
        return _block(ids, name)

    to_channel = now.escalation if now.escalation.startswith(_CHANNEL) else ""
    to_group = "" if to_channel else now.escalation
    offered = sorted(
        {*scopes, *(now.scopes or ())}, key=lambda scope: (scope not in (now.scopes or ()), scope)
    )
    languages = {"": words("settings-any-language"), **{code: LANGUAGE_NAMES[code] for code in LANGUAGES}}
    on = [name for name in _ON_OR_OFF if getattr(now, name)]
    blocks = [
        *[context(escaped(line)) for line in origins(now, of_file, language)],
        *_reset(ids, now, language),
        several_menu(
            block("scopes"), label("scopes"), offered, now.scopes or (), words("settings-scopes-hint")
        ),
        number_input(
            block("auto_answer"), label("auto_answer"), now.auto_answer, words("settings-auto-answer-hint")
        ),
        checks(block(_HOW), words("settings-how"), {name: label(name) for name in _ON_OR_OFF}, on),
        *_allowed(ids, now, language),
        channel_menu(block("escalation"), label("escalation"), to_channel, words("settings-escalation-hint")),
        line_input(
            block("escalation_group"),
            words("settings-escalation-group"),
            to_group,
            most=64,
            hint=words("settings-groups-hint"),
        ),
        line_input(
            block("remind_after"),
            label("remind_after"),
            short_duration(now.remind_after_s),
            most=_DURATION,
            hint=words("settings-remind-hint"),
        ),
        menu_input(block("language"), label("language"), languages, now.language),
        line_input(block("tone"), label("tone"), now.tone, most=_TONE, hint=words("settings-tone-hint")),
    ]
    title, send, close = words("settings-title"), words("settings-save"), words("page-cancel")
    return modal(ids.of("settings"), title, send, close, kept, blocks)


def values_in(body: Payload, ids: Ids) -> dict[str, Any]:
    """What was entered, by the settings' names; None for what is left empty. What the form did not have is left out."""

    def has(*names: str) -> bool:
        return any(_block(ids, name) in _state(body) for name in names)

    def text(name: str) -> str:
        return entered(body, _block(ids, name))

    def several(name: str) -> tuple[str, ...]:
        return chosen(body, _block(ids, name))

    found: dict[str, Any] = {}
    if has("scopes"):
        found["scopes"] = list(several("scopes")) or None
    if has("auto_answer"):
        found["auto_answer"] = number(text("auto_answer"))
    if has(_HOW):
        found |= {name: name in several(_HOW) for name in _ON_OR_OFF}
    if has("allowed", "allowed_groups"):
        groups = filter(None, _APART.split(text("allowed_groups")))
        found["allowed"] = list(dict.fromkeys((*several("allowed"), *groups))) or None
    if has("escalation", "escalation_group"):
        found["escalation"] = next(iter(several("escalation")), "") or text("escalation_group") or None
    for name in ("remind_after", "tone"):
        if has(name):
            found[name] = text(name) or None
    if has("language"):
        found["language"] = next(iter(several("language")), None)
    return found


def wrong_in(body: Payload, ids: Ids) -> dict[str, str]:
    """What is wrong with what was entered, by block id: the same rules as the settings file's, and Slack's kinds of ids."""
    language = str(kept_in(body).get("language") or "")
    values = values_in(body, ids)
    found = wrong(PLATFORM, values, lambda id: _ID.fullmatch(id) is not None)
    shown = {_shown_in(name): message for name, message in found.items()}
    targets = (chosen(body, _block(ids, "escalation")), entered(body, _block(ids, "escalation_group")))
    if all(targets):
        shown["escalation_group"] = "settings-one-target"
    return {_block(ids, name): say(language, message) for name, message in shown.items()}


def _shown_in(name: str) -> str:
    """The block beside which it is told: of ids the one in which they are typed."""
    blocks = {"allowed": "allowed_groups", "escalation": "escalation_group"}
    return blocks.get(name, _HOW if name in _ON_OR_OFF else name)


def _allowed(ids: Ids, now: Channel, language: str) -> list[Json]:
    """Some users in a menu, all other ids as text; nothing where these are too many, so that none is lost."""
    users = sorted(id for id in now.allowed if id[:1] in "UW")[:_IN_MENU]
    others = " ".join(sorted(now.allowed - set(users)))
    if len(others) > _IDS:
        return []
    label, groups = say(language, LABELS["allowed"]), say(language, "settings-allowed-groups")
    hints = say(language, "settings-allowed-hint"), say(language, "settings-groups-hint")
    return [
        people_menu(_block(ids, "allowed"), label, users, hints[0]),
        line_input(_block(ids, "allowed_groups"), groups, others, most=_IDS, hint=hints[1]),
    ]


def _reset(ids: Ids, now: Channel, language: str) -> list[Json]:
    if not now.set_here:
        return []
    return [actions(button(say(language, "settings-reset"), ids.of("settings_reset"), "reset"))]


def _block(ids: Ids, name: str) -> str:
    return ids.of(f"setting:{name}")


def _state(body: Payload) -> Collection[str]:
    view = body.get("view")
    state = view.get("state") if isinstance(view, Mapping) else None
    values = state.get("values") if isinstance(state, Mapping) else None
    return values if isinstance(values, Mapping) else ()
