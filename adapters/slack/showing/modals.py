"""Modals and their inputs within Slack's limits. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.slack.showing.blocks import Json
from adapters.text import shortened

__all__ = ["LONGEST", "PART", "TITLE", "choice", "modal", "text_input"]

LONGEST = 3_000
"""Characters that an input takes."""
PART = LONGEST - 200
"""Of each part of a longer text, so that there is room for more."""
TITLE = 24
"""Characters of a title, and of what is on a modal's buttons."""
_LABEL, _OPTION = 2_000, 75


def modal(
    callback: str, title: str, submit: str, close: str, kept: Mapping[str, Any], blocks: Sequence[Json]
) -> Json:
    """callback: what its submission is known by. kept: comes back with it; 3,000 characters as JSON."""
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": json.dumps(kept),
        "title": _plain(title, TITLE),
        "submit": _plain(submit, TITLE),
        "close": _plain(close, TITLE),
        "blocks": list(blocks),
    }


def choice(id: str, label: str, options: Mapping[str, str], chosen: str = "") -> Json:
    """One of some, or none. options: value -> words. id: of the block and of the input in it."""
    shown = {value: {"text": _plain(words, _OPTION), "value": value} for value, words in options.items()}
    element: Json = {"type": "radio_buttons", "action_id": id, "options": list(shown.values())}
    if chosen in shown:
        element["initial_option"] = shown[chosen]
    return _input(id, label, element, optional=True)


def text_input(id: str, label: str, text: str = "", *, optional: bool = True) -> Json:
    """Some lines. text: what stands there to be changed. id: of the block and of the input in it."""
    element: Json = {
        "type": "plain_text_input",
        "action_id": id,
        "multiline": True,
        "max_length": LONGEST,
    }
    if text:
        element["initial_value"] = text[:LONGEST]
    return _input(id, label, element, optional)


def _input(id: str, label: str, element: Json, optional: bool) -> Json:
    return {
        "type": "input",
        "block_id": id,
        "label": _plain(label, _LABEL),
        "optional": optional,
        "element": element,
    }


def _plain(text: str, most: int) -> Json:
    return {"type": "plain_text", "text": shortened(text, most), "emoji": True}
