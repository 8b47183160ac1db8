"""What a person enters into a modal, as view.state.values has it, and what the app's answer does to the modal."""

from __future__ import annotations

from typing import Any

from tests.servers.slack.errors import Refused
from tests.servers.slack.limits import check_view
from tests.servers.slack.methods_views import changed_view, new_view
from tests.servers.slack.state import View
from tests.servers.slack.world import World

__all__ = ["answered", "entered"]

Json = dict[str, Any]


def entered(view: View, values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """State of all inputs: what is given by block id, action id or label, else what stood there.

    Menus are given by value or text of their options, lists for several; other inputs by their text.
    Raises AssertionError for a name that nothing has, for a required input left empty, for a text too long.
    """
    left = dict(values)
    made: dict[str, dict[str, Any]] = {}
    for block in view.content["blocks"]:
        if block["type"] != "input":
            element: Json = block.get("accessory") or next(iter(block.get("elements") or ()), {})
            if not any(n in left for n in (block.get("block_id"), element.get("action_id"))):
                continue
        else:
            element = block["element"]
        names = (block["block_id"], element.get("action_id"), (block.get("label") or {}).get("text"))
        name = next((n for n in names if n in left), None)
        was = view.values.get(block["block_id"], {}).get(element["action_id"])
        state = was or _initial(element) if name is None else _state(element, left.pop(name))
        is_needed = block["type"] == "input" and not block.get("optional")
        is_empty = not any(v for k, v in state.items() if k != "type")
        assert not (is_needed and is_empty), f"Slack would not submit: {names[2]!r} is required."
        made[block["block_id"]] = {element["action_id"]: state}
    assert not left, f"The modal has no input named {list(left)}; it has {_names(view)}."
    return made


def _names(view: View) -> list[Any]:
    inputs = [b for b in view.content["blocks"] if b["type"] == "input"]
    return [(b["block_id"], b["element"].get("action_id"), b["label"]["text"]) for b in inputs]


def _initial(element: Json) -> Json:
    kind = element["type"]
    if kind in ("checkboxes", "multi_static_select"):
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    if kind in ("static_select", "radio_buttons"):
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind.endswith("_select"):
        what = kind.removesuffix("_select").removeprefix("multi_")
        is_several = kind.startswith("multi_")
        name = f"selected_{what if is_several else what.removesuffix('s')}"
        first = element.get(f"initial_{what if is_several else what.removesuffix('s')}")
        return {"type": kind, name: first or ([] if is_several else None)}
    return {"type": kind, "value": element.get("initial_value")}


def _state(element: Json, given: Any) -> Json:
    kind, made = element["type"], _initial(element)
    if kind in ("checkboxes", "multi_static_select"):
        return made | {"selected_options": [_option(element, one) for one in given]}
    if kind in ("static_select", "radio_buttons"):
        return made | {"selected_option": None if given is None else _option(element, given)}
    if kind.endswith("_select"):
        return made | {name: given for name in made if name != "type"}
    most = element.get("max_length", 3000)
    assert given is None or len(str(given)) <= most, f"Slack takes no more than {most} characters here."
    return made | {"value": None if given is None else str(given)}


def _option(element: Json, name: str) -> Json:
    groups = element.get("option_groups") or ()
    options = element.get("options") or [o for group in groups for o in group["options"]]
    found: list[Json] = [o for o in options if name in (o["value"], o["text"]["text"])]
    assert found, f"There is no option {name!r} among {[o['text']['text'] for o in options]}."
    return found[0]


def answered(world: World, view: View, response: Json | None) -> None:
    """What the app's answer to a submission does: close, clear, show errors, update or push."""
    action = (response or {}).get("response_action")
    stack = world.state.modals.get(view.user, [])
    if action == "errors":
        view.errors = dict((response or {})["errors"])
    elif action in ("update", "push"):
        content = (response or {})["view"]
        try:
            check_view(content, world.refused_blocks)
        except Refused as e:
            view.errors = {"": f"Slack could not show the view: {e.extra.get('errors', e.error)}"}
            return
        if action == "update":
            changed_view(world, view, content)
        else:
            stack.append(new_view(world, view.team, view.user, content, view).id)
    else:
        gone = list(stack) if action == "clear" else [view.id]
        for id in gone:
            world.state.views[id].is_closed = True
            if id in stack:
                stack.remove(id)
