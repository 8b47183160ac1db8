"""What Discord takes as a message's components and as a modal.

https://docs.discord.com/developers/components/reference
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Any

from tests.servers.discord.errors import Form

__all__ = ["SELECTS", "check_modal", "every", "message_components", "numbered"]

Json = dict[str, Any]
ROW, BUTTON, STRING_SELECT, TEXT_INPUT, SECTION, TEXT, THUMBNAIL = 1, 2, 3, 4, 9, 10, 11
GALLERY, FILE, SEPARATOR, CONTAINER, LABEL, UPLOAD, RADIO, BOXES, BOX = 12, 13, 14, 17, 18, 19, 21, 22, 23
SELECTS = (3, 5, 6, 7, 8)
IN_LABEL = (*SELECTS, TEXT_INPUT, UPLOAD, RADIO, BOXES, BOX)
IN_CONTAINER = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)
CUSTOM_ID = 100


def every(components: list[Json]) -> Iterator[Json]:
    """Each component, however deep."""
    for one in components:
        yield one
        yield from every(one.get("components") or [])
        for name in ("accessory", "component"):
            if isinstance(one.get(name), dict):
                yield from every([one[name]])


def numbered(components: list[Json]) -> list[Json]:
    """With the ids that Discord gives to those that have none."""
    made = copy.deepcopy(components)
    taken = {one["id"] for one in every(made) if one.get("id")}
    free = (number for number in itertools.count(1) if number not in taken)
    for one in every(made):
        one["id"] = one.get("id") or next(free)
    return made


def message_components(form: Form, components: Any, v2: bool) -> None:
    rows = form.count("components", components, 0, 40 if v2 else 5)
    kinds: tuple[int, ...] = (*IN_CONTAINER, CONTAINER) if v2 else (ROW,)
    for number, one in enumerate(rows):
        _component(form, f"components.{number}", one, kinds)
    if v2 and sum(1 for _ in every(rows)) > 40:
        form.wrong(
            "components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "The maximum number of components is 40"
        )
    text = sum(len(str(one.get("content") or "")) for one in every(rows) if one.get("type") == TEXT)
    if text > 4000:
        form.wrong(
            "components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "The total text exceeds 4000 characters"
        )
    _unique(form, rows)


def check_modal(data: Json) -> None:
    """Raises 50035."""
    form = Form()
    for name, most in (("title", 45), ("custom_id", CUSTOM_ID)):
        if data.get(name) is None:
            form.missing(f"data.{name}")
        form.length(f"data.{name}", data.get(name), 1, most)
    for number, one in enumerate(form.count("data.components", data.get("components") or [], 1, 5)):
        _component(form, f"data.components.{number}", one, (ROW, LABEL, TEXT), in_modal=True)
    _unique(form, data.get("components") or [], "data.components")
    form.check()


def _unique(form: Form, components: list[Json], path: str = "components") -> None:
    seen: set[str] = set()
    for one in every([c for c in components if isinstance(c, dict)]):
        custom = one.get("custom_id")
        if custom is not None and custom in seen:
            form.wrong(path, "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
        seen.add(str(custom))


def _component(form: Form, path: str, one: Any, kinds: tuple[int, ...], in_modal: bool = False) -> None:
    kind = one.get("type") if isinstance(one, dict) else None
    if kind not in kinds:
        text = f'Value of field "type" must be one of ({", ".join(str(k) for k in sorted(kinds))}).'
        form.wrong(f"{path}.type", "UNION_TYPE_CHOICES", text)
        return
    if kind == ROW:
        _row(form, path, one, in_modal)
    elif kind == BUTTON:
        _button(form, path, one)
    elif kind in (*SELECTS, RADIO, BOXES, BOX, UPLOAD):
        _choices(form, path, one)
    elif kind == TEXT_INPUT:
        _text_input(form, path, one, in_label=path.split(".")[-2] != "components")
    elif kind == SECTION:
        for number, inner in enumerate(form.count(f"{path}.components", one.get("components"), 1, 3)):
            _component(form, f"{path}.components.{number}", inner, (TEXT,))
        _component(form, f"{path}.accessory", one.get("accessory"), (BUTTON, THUMBNAIL))
    elif kind == TEXT:
        if one.get("content") is None:
            form.missing(f"{path}.content")
        form.length(f"{path}.content", one.get("content"), 1, 4000)
    elif kind == CONTAINER:
        for number, inner in enumerate(form.count(f"{path}.components", one.get("components"), 1, 40)):
            _component(form, f"{path}.components.{number}", inner, IN_CONTAINER)
    elif kind == LABEL:
        form.length(f"{path}.label", one.get("label"), 1, 45)
        form.length(f"{path}.description", one.get("description"), 0, 100)
        _component(form, f"{path}.component", one.get("component"), IN_LABEL, in_modal=True)


def _row(form: Form, path: str, row: Json, in_modal: bool) -> None:
    kinds: tuple[int, ...] = (TEXT_INPUT,) if in_modal else (BUTTON, *SELECTS)
    inner = form.count(f"{path}.components", row.get("components"), 1, 5)
    for number, one in enumerate(inner):
        _component(form, f"{path}.components.{number}", one, kinds, in_modal)
    if len(inner) > 1 and any(one.get("type") != BUTTON for one in inner):
        form.wrong(
            f"{path}.components",
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
        )


def _custom_id(form: Form, path: str, one: Json) -> None:
    if one.get("custom_id") is None:
        form.missing(f"{path}.custom_id")
    form.length(f"{path}.custom_id", one.get("custom_id"), 1, CUSTOM_ID)


def _button(form: Form, path: str, one: Json) -> None:
    style = one.get("style")
    if style not in (1, 2, 3, 4, 5, 6):
        form.wrong(f"{path}.style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}.")
    form.length(f"{path}.label", one.get("label"), 0, 80)
    if not one.get("label") and not one.get("emoji"):
        form.wrong(path, "BUTTON_COMPONENT_INVALID", "A button must have a label or an emoji")
    if style == 5:
        if not str(one.get("url") or "").startswith(("http://", "https://", "discord://")):
            form.wrong(f"{path}.url", "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        form.length(f"{path}.url", one.get("url"), 1, 512)
        if one.get("custom_id"):
            text = "A custom id and url cannot both be specified"
            form.wrong(f"{path}.custom_id", "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", text)
    elif style != 6:
        _custom_id(form, path, one)


def _choices(form: Form, path: str, one: Json) -> None:
    """Menus, groups of radio buttons or boxes, one box, and uploads."""
    kind = one["type"]
    _custom_id(form, path, one)
    form.length(f"{path}.placeholder", one.get("placeholder"), 0, 150)
    form.between(f"{path}.min_values", one.get("min_values"), 0, 25)
    form.between(f"{path}.max_values", one.get("max_values"), 1, 25)
    least, most = {STRING_SELECT: (1, 25), RADIO: (2, 10), BOXES: (1, 10)}.get(kind, (0, 0))
    if not most:
        return
    values: set[str] = set()
    for number, option in enumerate(form.count(f"{path}.options", one.get("options") or [], least, most)):
        place = f"{path}.options.{number}"
        for name, shortest in (("label", 1), ("value", 1), ("description", 0)):
            if shortest and option.get(name) is None:
                form.missing(f"{place}.{name}")
            form.length(f"{place}.{name}", option.get(name), shortest, 100)
        if option.get("value") in values:
            text = "The specified option value is already used"
            form.wrong(f"{place}.value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", text)
        values.add(str(option.get("value")))


def _text_input(form: Form, path: str, one: Json, in_label: bool) -> None:
    _custom_id(form, path, one)
    if one.get("style") not in (1, 2):
        form.wrong(f"{path}.style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
    if not in_label and one.get("label") is None:
        form.missing(f"{path}.label")
    form.length(f"{path}.label", one.get("label"), 1, 45)
    form.length(f"{path}.placeholder", one.get("placeholder"), 0, 100)
    form.length(f"{path}.value", one.get("value"), 0, 4000)
    form.between(f"{path}.min_length", one.get("min_length"), 0, 4000)
    form.between(f"{path}.max_length", one.get("max_length"), 1, 4000)
