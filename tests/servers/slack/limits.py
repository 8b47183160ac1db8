"""Slack's documented limits for messages and views, and the errors with which it refuses what is over them.

https://docs.slack.dev/reference/block-kit/blocks; the total of about 13,200 characters is not documented there but
reported and acknowledged in https://github.com/slackapi/bolt-js/issues/2509.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.servers.slack.elements import INPUTS, INTERACTIVE, SELECTS, check_element, check_text, sized
from tests.servers.slack.errors import Refused

__all__ = ["MARKDOWN", "MESSAGE", "TEXT", "check_blocks", "check_chunk", "check_message", "check_view"]

Json = dict[str, Any]
Faults = Iterator[str]

TEXT = 40_000
"""Characters of a message's text."""
MARKDOWN = 12_000
"""Characters of all markdown blocks of a payload, and of markdown_text."""
MESSAGE = 13_200
"""Characters of all blocks of a message, about."""

ACTIONS = (INTERACTIVE - {"feedback_buttons", "icon_button", "plain_text_input", "file_input"}) | {
    "rich_text_input"
}
ACCESSORIES = SELECTS | {
    "button",
    "overflow",
    "image",
    "datepicker",
    "timepicker",
    "checkboxes",
    "radio_buttons",
    "workflow_button",
}
MESSAGES_ONLY = {"context_actions", "markdown", "table", "task_card", "plan"}
UNCHECKED = {
    "divider",
    "rich_text",
    "file",
    "call",
    "video",
    "task_card",
    "plan",
    "alert",
    "card",
    "container",
}
MODALS_ONLY = {"file_input"}


def check_message(args: Json, refused: set[str], text_name: str = "text") -> None:
    """The text and blocks of a message that is posted, updated or shown to one.

    Raises no_text, msg_too_long, markdown_text_conflict, invalid_blocks, msg_blocks_too_long and what else Slack says.
    """
    text, blocks, markdown = args.get(text_name), args.get("blocks"), args.get("markdown_text")
    if markdown is not None and (text or blocks):
        raise Refused("markdown_text_conflict")
    if markdown is not None and len(markdown) > MARKDOWN:
        raise Refused("msg_too_long")
    if not (text or blocks or markdown or args.get("attachments")):
        raise Refused("no_text")
    if text is not None and not isinstance(text, str):
        raise Refused("invalid_arguments")
    if text and len(text) > TEXT:
        raise Refused("msg_too_long")
    if len(args.get("attachments") or ()) > 100:
        raise Refused("too_many_attachments")
    if blocks is not None:
        check_blocks(blocks, refused)
    if metadata := args.get("metadata"):
        if not isinstance(metadata, dict) or not {"event_type", "event_payload"} <= metadata.keys():
            raise Refused("invalid_metadata_format")
        if len(json.dumps(metadata)) > 16_000:
            raise Refused("metadata_too_large")


def check_blocks(blocks: Any, refused: set[str], before: int = 0) -> None:
    """The blocks of one message, of which `before` characters are there already."""
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    faults = list(_blocks(blocks, 50, "/blocks", MODALS_ONLY | refused))
    if faults:
        raise _refusal("invalid_blocks", faults)
    tables = [block for block in blocks if block["type"] == "table"]
    if len(tables) > 1:
        raise _refusal("invalid_attachments", ["only_one_table_allowed"])
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > MARKDOWN or before + _characters(blocks) > MESSAGE:
        raise Refused("msg_blocks_too_long")


def check_chunk(text: str | None, so_far: int, most: int) -> None:
    """Markdown that is appended to a stream of so_far characters."""
    if text is not None and (len(text) > MARKDOWN or so_far + len(text) > most):
        raise Refused("msg_too_long")


def check_view(view: Any, refused: set[str]) -> None:
    """A modal or a Home tab. Raises invalid_arguments with the faults."""
    if not isinstance(view, dict):
        raise Refused("invalid_arguments")
    faults = list(_view(view, refused))
    if faults:
        raise _refusal("invalid_arguments", faults)
    if len(json.dumps(view).encode()) > 250_000:
        raise Refused("view_too_large")


def _view(view: Json, refused: set[str]) -> Faults:
    kind = view.get("type")
    if kind not in ("modal", "home"):
        yield "must be a valid enum value [json-pointer:/view/type]"
        return
    if kind == "modal":
        yield from check_text(view.get("title"), 24, "/view/title")
    for name in ("submit", "close"):
        if name in view and view[name] is not None:
            if kind == "home":
                yield f"not allowed in a home view [json-pointer:/view/{name}]"
            else:
                yield from check_text(view[name], 24, f"/view/{name}")
    yield from sized(view.get("private_metadata"), 3000, "/view/private_metadata")
    yield from sized(view.get("callback_id"), 255, "/view/callback_id")
    yield from sized(view.get("external_id"), 255, "/view/external_id")
    blocks = view.get("blocks")
    if not isinstance(blocks, list) or not blocks:
        yield "missing required field: blocks [json-pointer:/view]"
        return
    hidden = MESSAGES_ONLY | refused | (MODALS_ONLY if kind == "home" else set())
    yield from _blocks(blocks, 100, "/view/blocks", hidden)
    has_input = any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
    if kind == "modal" and has_input and not view.get("submit"):
        yield "missing required field: submit, required where there are inputs [json-pointer:/view]"


def _refusal(error: str, faults: list[str]) -> Refused:
    messages = [f"[ERROR] {fault}" for fault in faults]
    return Refused(error, errors=faults, response_metadata={"messages": messages})


def _characters(value: Any) -> int:
    """Of all texts in blocks, however deep."""
    if isinstance(value, list):
        return sum(map(_characters, value))
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(_characters(v) for k, v in value.items() if isinstance(v, list | dict))
    return 0


def _blocks(blocks: list[Any], most: int, where: str, hidden: set[str]) -> Faults:
    if len(blocks) > most:
        yield f"no more than {most} items allowed [json-pointer:{where}]"
    seen: set[str] = set()
    for at, block in enumerate(blocks):
        here = f"{where}/{at}"
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in CHECKS or kind in hidden:
            yield f"unsupported type: {kind} [json-pointer:{here}/type]"
            continue
        name = block.get("block_id")
        yield from sized(name, 255, f"{here}/block_id")
        if name and name in seen:
            yield f"block_id already exists: {name} [json-pointer:{here}/block_id]"
        seen.add(name)
        yield from CHECKS[kind](block, here)
        yield from _unique_actions(block, here, hidden)


def _unique_actions(block: Json, where: str, hidden: set[str]) -> Faults:
    elements = [e for e in block.get("elements") or () if isinstance(e, dict)]
    for element in [*elements, block.get("accessory") or {}, block.get("element") or {}]:
        if element.get("type") in hidden:
            yield f"unsupported type: {element['type']} [json-pointer:{where}]"
    names = [e["action_id"] for e in elements if e.get("action_id")]
    for name in {n for n in names if names.count(n) > 1}:
        yield f"`action_id` {name} already exists [json-pointer:{where}/elements]"


def _section(block: Json, where: str) -> Faults:
    if "text" not in block and not block.get("fields"):
        yield f"missing required field: text or fields [json-pointer:{where}]"
    if "text" in block:
        yield from check_text(block["text"], 3000, f"{where}/text", ("plain_text", "mrkdwn"))
    fields = block.get("fields") or []
    if len(fields) > 10:
        yield f"no more than 10 items allowed [json-pointer:{where}/fields]"
    for at, one in enumerate(fields):
        yield from check_text(one, 2000, f"{where}/fields/{at}", ("plain_text", "mrkdwn"))
    if "accessory" in block:
        yield from check_element(block["accessory"], ACCESSORIES, f"{where}/accessory")


def _elements(allowed: set[str], most: int) -> Callable[[Json, str], Faults]:
    def check(block: Json, where: str) -> Faults:
        elements = block.get("elements")
        if not isinstance(elements, list) or not 1 <= len(elements) <= most:
            yield f"must have 1 to {most} items [json-pointer:{where}/elements]"
            return
        for at, element in enumerate(elements):
            yield from check_element(element, allowed, f"{where}/elements/{at}")

    return check


def _context(block: Json, where: str) -> Faults:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= 10:
        yield f"must have 1 to 10 items [json-pointer:{where}/elements]"
        return
    for at, element in enumerate(elements):
        here = f"{where}/elements/{at}"
        if isinstance(element, dict) and element.get("type") == "image":
            yield from check_element(element, {"image"}, here)
        else:
            yield from check_text(element, 3000, here, ("plain_text", "mrkdwn"))


def _header(block: Json, where: str) -> Faults:
    yield from check_text(block.get("text"), 150, f"{where}/text")


def _markdown(block: Json, where: str) -> Faults:
    if not isinstance(block.get("text"), str):
        yield f"missing required field: text [json-pointer:{where}]"
    # its size is checked over all of them, with another error
    elif not block["text"]:
        yield f"must be more than 0 characters [json-pointer:{where}/text]"


def _input(block: Json, where: str) -> Faults:
    yield from check_text(block.get("label"), 2000, f"{where}/label")
    if "hint" in block:
        yield from check_text(block["hint"], 2000, f"{where}/hint")
    yield from check_element(block.get("element"), INPUTS, f"{where}/element")


def _block_image(block: Json, where: str) -> Faults:
    yield from sized(block.get("image_url"), 3000, f"{where}/image_url")
    yield from sized(block.get("alt_text"), 2000, f"{where}/alt_text", least=1)
    if "title" in block:
        yield from check_text(block["title"], 2000, f"{where}/title")


def _table(block: Json, where: str) -> Faults:
    rows = block.get("rows")
    if not isinstance(rows, list) or not 1 <= len(rows) <= 100:
        yield f"must have 1 to 100 items [json-pointer:{where}/rows]"
        return
    for at, row in enumerate(rows):
        if not isinstance(row, list) or not 1 <= len(row) <= 20:
            yield f"must have 1 to 20 items [json-pointer:{where}/rows/{at}]"
            continue
        for column, cell in enumerate(row):
            here = f"{where}/rows/{at}/{column}"
            if not isinstance(cell, dict) or cell.get("type") not in ("raw_text", "raw_number", "rich_text"):
                yield f"must be a valid enum value [json-pointer:{here}/type]"
            elif cell["type"] == "raw_text":
                yield from sized(cell.get("text", ""), 10_000, f"{here}/text", least=1)
    if _characters(rows) > 10_000:
        yield f"must be less than 10001 characters in all [json-pointer:{where}/rows]"


def _nothing(_: Json, __: str) -> Faults:
    yield from ()


CHECKS: dict[str, Callable[[Json, str], Faults]] = dict.fromkeys(UNCHECKED, _nothing) | {
    "section": _section,
    "actions": _elements(ACTIONS, 25),
    "context_actions": _elements({"feedback_buttons", "icon_button"}, 5),
    "context": _context,
    "header": _header,
    "markdown": _markdown,
    "input": _input,
    "image": _block_image,
    "table": _table,
}
