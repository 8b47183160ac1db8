"""Parts of Slack messages within Slack's limits, checked by slack_sdk's own models. Pure.

Sizes: https://docs.slack.dev/reference/block-kit/blocks; the total of about 13,200 characters of a message is reported in
https://github.com/slackapi/bolt-js/issues/2509.
"""

from __future__ import annotations

import json
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextActionsBlock,
    ContextBlock,
    FeedbackButtonsElement,
    HeaderBlock,
    InteractiveElement,
    MarkdownBlock,
    MarkdownTextObject,
    Option,
    OverflowMenuElement,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.blocks.basic_components import FeedbackButtonObject

from adapters.text import shortened

__all__ = [
    "Json",
    "actions",
    "button",
    "context",
    "feedback_buttons",
    "header",
    "markdown",
    "menu",
    "section",
    "size",
]

Json = dict[str, Any]
_HEADER, _BUTTON, _OPTION = 150, 75, 75


def size(value: Any) -> int:
    """Characters of a text or of blocks as they are sent; those beyond Unicode's first plane count two."""
    text = json.dumps(value, ensure_ascii=False)
    return len(text) + sum(character > "\uffff" for character in text) - (2 if isinstance(value, str) else 0)


def markdown(text: str) -> Json:
    """A block of Markdown. text: from still_markdown()."""
    return _json(MarkdownBlock(text=text))


def section(text: str, accessory: ButtonElement | OverflowMenuElement | None = None) -> Json:
    """A block of ordinary text. text: mrkdwn, 3,000 characters at most."""
    return _json(SectionBlock(text=_mrkdwn(text), accessory=accessory))


def context(text: str) -> Json:
    """A block of small text. text: mrkdwn, 3,000 characters at most."""
    return _json(ContextBlock(elements=[_mrkdwn(text)]))


def header(text: str) -> Json:
    """A line in large letters; shortened where it is too long."""
    return _json(HeaderBlock(text=_plain(text, _HEADER)))


def actions(*elements: InteractiveElement) -> Json:
    """Buttons and menus in a row."""
    return _json(ActionsBlock(elements=list(elements)))


def button(text: str, action: str, value: str, *, style: str | None = None, says: str = "") -> ButtonElement:
    """says: what screen readers read out in its place."""
    return ButtonElement(
        text=_plain(text, _BUTTON),
        action_id=action,
        value=value,
        style=style,
        accessibility_label=shortened(says, _BUTTON) or None,
    )


def menu(action: str, **options: str) -> OverflowMenuElement:
    """The menu behind ⋯. options: value -> words."""
    given = [Option(text=_plain(words, _OPTION), value=value) for value, words in options.items()]
    return OverflowMenuElement(action_id=action, options=given)


def feedback_buttons(action: str, good: tuple[str, str, str], bad: tuple[str, str, str]) -> Json:
    """Slack's own 👍 and 👎. good, bad: what is on it, what screen readers say, its value."""
    positive, negative = (
        FeedbackButtonObject(
            text=_plain(shown, _BUTTON), accessibility_label=shortened(says, _BUTTON), value=value
        )
        for shown, says, value in (good, bad)
    )
    element = FeedbackButtonsElement(action_id=action, positive_button=positive, negative_button=negative)
    return _json(ContextActionsBlock(elements=[element]))


def _plain(text: str, most: int) -> PlainTextObject:
    return PlainTextObject(text=shortened(" ".join(text.split()), most), emoji=True)


def _mrkdwn(text: str) -> MarkdownTextObject:
    """verbatim: addresses and names in it become no links."""
    return MarkdownTextObject(text=text, verbatim=True)


def _json(block: Block) -> Json:
    found: Json = block.to_dict()
    return found
