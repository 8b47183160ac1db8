"""What may be in a block: text, options, buttons, menus and inputs, each within Slack's documented sizes.

Every check gives sentences as Slack's own validator words them, with a pointer to the place; none means fine.
Sizes: https://docs.slack.dev/reference/block-kit/block-elements and /composition-objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["INPUTS", "INTERACTIVE", "SELECTS", "check_element", "check_text", "sized"]

Json = dict[str, Any]
Faults = Iterator[str]

SELECTS = {
    f"{several}{kind}_select"
    for several in ("", "multi_")
    for kind in ("static", "external", "users", "conversations", "channels")
}
INPUTS = {
    "plain_text_input",
    "rich_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "datepicker",
    "timepicker",
    "datetimepicker",
    "checkboxes",
    "radio_buttons",
    "file_input",
} | SELECTS
INTERACTIVE = INPUTS | {"button", "overflow", "workflow_button", "feedback_buttons", "icon_button"}


def sized(value: Any, most: int, where: str, least: int = 0) -> Faults:
    """A string of least to most characters; None passes."""
    if value is None:
        return
    if not isinstance(value, str):
        yield f"must provide a string [json-pointer:{where}]"
    elif len(value) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{where}]"
    elif len(value) < least:
        yield f"must be more than {least - 1} characters [json-pointer:{where}]"


def check_text(value: Any, most: int, where: str, kinds: tuple[str, ...] = ("plain_text",)) -> Faults:
    """A text object."""
    if not isinstance(value, dict):
        yield f"must provide an object [json-pointer:{where}]"
        return
    if value.get("type") not in kinds:
        yield f"must be a valid enum value [json-pointer:{where}/type]"
    if set(value) - {"type", "text", "emoji", "verbatim"}:
        yield f"no more than the text object's fields allowed [json-pointer:{where}]"
    if not isinstance(value.get("text"), str):
        yield f"missing required field: text [json-pointer:{where}]"
    yield from sized(value.get("text"), most, f"{where}/text", least=1)


def check_element(element: Any, allowed: set[str], where: str) -> Faults:
    """One element of a block that may hold the allowed kinds."""
    if not isinstance(element, dict):
        yield f"must provide an object [json-pointer:{where}]"
        return
    kind = str(element.get("type"))
    if kind not in allowed:
        yield f"unsupported type: {kind} [json-pointer:{where}/type]"
        return
    yield from sized(element.get("action_id"), 255, f"{where}/action_id", least=1)
    if "confirm" in element:
        yield from _confirm(element["confirm"], f"{where}/confirm")
    if "placeholder" in element:
        yield from check_text(element["placeholder"], 150, f"{where}/placeholder")
    if kind in CHECKS:
        yield from CHECKS[kind](element, where)


def _confirm(confirm: Any, where: str) -> Faults:
    if not isinstance(confirm, dict):
        yield f"must provide an object [json-pointer:{where}]"
        return
    yield from check_text(confirm.get("title"), 100, f"{where}/title")
    yield from check_text(confirm.get("text"), 300, f"{where}/text", ("plain_text", "mrkdwn"))
    for name in ("confirm", "deny"):
        if name in confirm:
            yield from check_text(confirm[name], 30, f"{where}/{name}")


def _button(element: Json, where: str) -> Faults:
    yield from check_text(element.get("text"), 75, f"{where}/text")
    yield from sized(element.get("value"), 2000, f"{where}/value")
    yield from sized(element.get("url"), 3000, f"{where}/url")
    yield from sized(element.get("accessibility_label"), 75, f"{where}/accessibility_label")
    if element.get("style") not in (None, "primary", "danger"):
        yield f"must be a valid enum value [json-pointer:{where}/style]"


def _feedback_buttons(element: Json, where: str) -> Faults:
    for name in ("positive_button", "negative_button"):
        half = element.get(name)
        if not isinstance(half, dict):
            yield f"missing required field: {name} [json-pointer:{where}]"
            continue
        yield from check_text(half.get("text"), 75, f"{where}/{name}/text")
        yield from sized(half.get("value"), 2000, f"{where}/{name}/value")
        if not isinstance(half.get("value"), str):
            yield f"missing required field: value [json-pointer:{where}/{name}]"
        yield from sized(half.get("accessibility_label"), 75, f"{where}/{name}/accessibility_label")


def _icon_button(element: Json, where: str) -> Faults:
    if element.get("icon") != "trash":
        yield f"must be a valid enum value [json-pointer:{where}/icon]"
    yield from check_text(element.get("text"), 75, f"{where}/text")
    yield from sized(element.get("value"), 2000, f"{where}/value")


def _options(
    least: int, most: int, kinds: tuple[str, ...] = ("plain_text",)
) -> Callable[[Json, str], Faults]:
    def check(element: Json, where: str) -> Faults:
        groups = element.get("option_groups")
        if groups is not None:
            if not 1 <= len(groups) <= 100:
                yield f"must have 1 to 100 items [json-pointer:{where}/option_groups]"
            for at, group in enumerate(groups):
                yield from check_text(group.get("label"), 75, f"{where}/option_groups/{at}/label")
                yield from _of(group.get("options"), f"{where}/option_groups/{at}/options")
        else:
            yield from _of(element.get("options"), f"{where}/options")
        given = element.get("options") or [o for g in groups or () for o in g.get("options", ())]
        chosen = element.get("initial_options") or []
        if "initial_option" in element:
            chosen = [element["initial_option"]]
        for one in chosen:
            if one not in given:
                yield f"initial option is not among the options [json-pointer:{where}]"
        if "initial_options" in element and not element["initial_options"]:
            yield f"no fewer than 1 items allowed [json-pointer:{where}/initial_options]"

    def _of(options: Any, where: str) -> Faults:
        if not isinstance(options, list) or not least <= len(options) <= most:
            yield f"must have {least} to {most} items [json-pointer:{where}]"
            return
        for at, option in enumerate(options):
            yield from check_text(option.get("text"), 75, f"{where}/{at}/text", kinds)
            yield from sized(option.get("value"), 150, f"{where}/{at}/value", least=1)
            if not isinstance(option.get("value"), str):
                yield f"missing required field: value [json-pointer:{where}/{at}]"
            if "description" in option:
                yield from check_text(option["description"], 75, f"{where}/{at}/description", kinds)
        values = [option.get("value") for option in options]
        if len(set(values)) < len(values):
            yield f"option values must be unique [json-pointer:{where}]"

    return check


def _plain_text_input(element: Json, where: str) -> Faults:
    most = element.get("max_length", 3000)
    if not 1 <= most <= 3000:
        yield f"must be between 1 and 3000 [json-pointer:{where}/max_length]"
    if not 0 <= element.get("min_length", 0) <= most:
        yield f"must be between 0 and max_length [json-pointer:{where}/min_length]"
    yield from sized(element.get("initial_value"), min(most, 3000), f"{where}/initial_value")


def _number_input(element: Json, where: str) -> Faults:
    if not isinstance(element.get("is_decimal_allowed"), bool):
        yield f"missing required field: is_decimal_allowed [json-pointer:{where}]"
    for name in ("initial_value", "min_value", "max_value"):
        if name in element and not isinstance(element[name], str):
            yield f"must provide a string [json-pointer:{where}/{name}]"


def _image(element: Json, where: str) -> Faults:
    yield from sized(element.get("image_url"), 3000, f"{where}/image_url")
    if not element.get("alt_text"):
        yield f"missing required field: alt_text [json-pointer:{where}]"


CHECKS: dict[str, Callable[[Json, str], Faults]] = {
    "button": _button,
    "feedback_buttons": _feedback_buttons,
    "icon_button": _icon_button,
    "overflow": _options(1, 5),
    "static_select": _options(1, 100),
    "multi_static_select": _options(1, 100),
    "checkboxes": _options(1, 10, ("plain_text", "mrkdwn")),
    "radio_buttons": _options(1, 10, ("plain_text", "mrkdwn")),
    "plain_text_input": _plain_text_input,
    "number_input": _number_input,
    "image": _image,
}
