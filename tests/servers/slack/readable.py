"""What a reader sees of a message or a view, and whom it calls."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from tests.servers.slack.conversations import Message
from tests.servers.slack.state import View

__all__ = ["elements", "pings", "readable"]

Json = dict[str, Any]
TOKEN = re.compile(r"<([^<>]+)>")
PING = re.compile(r"<(@[UW][A-Z0-9]+|!(?:channel|here|everyone)|!subteam\^[A-Z0-9]+)(?:\|[^<>]*)?>")


def readable(shown: Message | View) -> str:
    """The text that is on the screen. Where a message has blocks, its text is for notifications only."""
    if isinstance(shown, View):
        title = (shown.content.get("title") or {}).get("text")
        return "\n".join(filter(None, [title, *_lines(shown.content.get("blocks") or [])]))
    lines = list(_lines(shown.blocks))
    if shown.stream is not None or not lines:
        lines.insert(0, shown.text if shown.stream or _is_markdown(shown) else _mrkdwn(shown.text))
    lines += [_mrkdwn(a.get("text") or a.get("fallback") or "") for a in shown.attachments]
    lines += [f"[{file['name']}]" for file in shown.files]
    return "\n".join(filter(None, lines))


def pings(shown: Message) -> list[str]:
    """Mentions that notify somebody: "@U…", "!channel", "!subteam^S…", wherever they are written as Slack's tokens."""
    found = PING.findall(shown.text)
    for block in shown.blocks:
        found += [ping for text in _live(block) for ping in PING.findall(text)]
        found += _rich_pings(block)
    return list(dict.fromkeys(found))


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Each interactive element with the block that it is in."""
    for block in blocks:
        inside = [*(block.get("elements") or ()), block.get("accessory"), block.get("element")]
        for element in inside:
            if isinstance(element, dict) and element.get("type") not in (
                None,
                "mrkdwn",
                "plain_text",
                "image",
            ):
                yield block, element


def _is_markdown(message: Message) -> bool:
    return "markdown_text" in message.args


def _mrkdwn(text: str) -> str:
    """Links by their label, mentions by their name, and Slack's three entities as characters."""

    def shown(match: re.Match[str]) -> str:
        target, _, label = match[1].partition("|")
        if label:
            return label
        return "@" + target.lstrip("!@") if target[:1] in "!@" else target

    return html.unescape(TOKEN.sub(shown, text))


def _text(value: Any) -> str:
    """Of a text object."""
    if not isinstance(value, dict):
        return ""
    text = str(value.get("text", ""))
    return _mrkdwn(text) if value.get("type") == "mrkdwn" else text


def _lines(blocks: list[Json]) -> Iterator[str]:
    for block in blocks:
        kind = block.get("type")
        if kind == "markdown":
            yield block["text"]
        elif kind == "table":
            for row in block["rows"]:
                yield " | ".join(_rich(cell) for cell in row)
        elif kind in ("rich_text", "card", "alert", "plan", "task_card"):
            yield _rich(block)
        else:
            yield from _plain(block)


def _plain(block: Json) -> Iterator[str]:
    for name in ("label", "title", "text"):
        yield _text(block.get(name))
    for field in block.get("fields") or ():
        yield _text(field)
    for element in block.get("elements") or ():
        if element.get("type") in ("mrkdwn", "plain_text"):
            yield _text(element)
    for _, element in elements([block]):
        yield from _labels(element)
    yield _text(block.get("hint"))


def _labels(element: Json) -> Iterator[str]:
    """What is written on a button or offered by a menu."""
    yield _text(element.get("text")) and f"[{_text(element['text'])}]"
    for half in ("positive_button", "negative_button"):
        if half in element:
            yield f"[{_text(element[half].get('text'))}]"
    yield str(element.get("initial_value") or "")
    for option in element.get("options") or ():
        yield f"( ) {_text(option.get('text'))}"


def _rich(value: Any) -> str:
    """All text of a rich text, however deep."""
    if isinstance(value, list):
        return "".join(_rich(one) for one in value)
    if not isinstance(value, dict):
        return ""
    if value.get("type") == "user":
        return f"@{value.get('user_id')}"
    if value.get("type") == "emoji":
        return f":{value.get('name')}:"
    own = value.get("text")
    if isinstance(own, str):
        return own
    return "".join(_rich(v) for v in value.values() if isinstance(v, list | dict)) or str(
        value.get("url") or ""
    )


def _live(value: Any) -> Iterator[str]:
    """Texts in which Slack's tokens are read: mrkdwn objects and markdown blocks."""
    if isinstance(value, list):
        for one in value:
            yield from _live(one)
    elif isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "markdown") and isinstance(value.get("text"), str):
            yield value["text"]
        for one in value.values():
            yield from _live(one)


def _rich_pings(value: Any) -> list[str]:
    if isinstance(value, list):
        return [ping for one in value for ping in _rich_pings(one)]
    if not isinstance(value, dict):
        return []
    own = {
        "user": lambda: [f"@{value.get('user_id')}"],
        "broadcast": lambda: [f"!{value.get('range')}"],
        "usergroup": lambda: [f"!subteam^{value.get('usergroup_id')}"],
    }.get(str(value.get("type")), list)()
    return own + [ping for one in value.values() for ping in _rich_pings(one)]
