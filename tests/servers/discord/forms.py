"""What a person enters into a modal or a menu, as Discord sends it.

https://docs.discord.com/developers/components/reference
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.servers.discord.commands import resolve
from tests.servers.discord.components import SELECTS
from tests.servers.discord.interactions import Modal

if TYPE_CHECKING:
    from tests.servers.discord.world import World

__all__ = ["chosen", "entered"]

Json = dict[str, Any]
ENTITIES = {5: 6, 6: 8, 7: 9, 8: 7}
"""Menus of people, roles, both, and channels, as types of options."""


def entered(world: World, modal: Modal, values: Json) -> tuple[list[Json], Json]:
    """The components with values, by label or custom id, and what those stand for.

    A text for a text field, a list for menus and boxes, one for radio buttons, a bool for a single box. What is not
    given keeps what the app put there. Asserts that Discord would take it.
    """
    resolved: Json = {}
    left = dict(values)
    made = [_component(world, modal, one, left, resolved) for one in modal.components]
    assert not left, f"The modal {modal.title!r} has no {list(left)}."
    return made, resolved


def _component(world: World, modal: Modal, one: Json, left: Json, resolved: Json) -> Json:
    if one["type"] == 18:
        inner = one["component"]
        value = _given(left, one["label"], inner["custom_id"])
        return {"type": 18, "id": one["id"], "component": _filled(world, modal, inner, value, resolved)}
    if one["type"] == 1:
        inner = one["components"][0]
        value = _given(left, inner.get("label"), inner["custom_id"])
        return {"type": 1, "id": one["id"], "components": [_filled(world, modal, inner, value, resolved)]}
    return {"type": one["type"], "id": one["id"]}


def _given(left: Json, *names: str | None) -> Any:
    for name in names:
        if name in left:
            return left.pop(name)
    return None


def _filled(world: World, modal: Modal, one: Json, value: Any, resolved: Json) -> Json:
    made = {"type": one["type"], "id": one["id"], "custom_id": one["custom_id"]}
    kind = one["type"]
    if kind == 4:
        return made | {"value": _text(one, value)}
    if kind == 23:
        return made | {"value": bool(one.get("default") if value is None else value)}
    if kind == 19:
        return made | {"values": []}
    if kind == 21:
        picked = _options(one, [] if value is None else [value])
        assert picked or one.get("required", True) is False, f"{one['custom_id']} needs a choice."
        return made | {"value": picked[0] if picked else None}
    given = None if value is None else [value] if isinstance(value, str) else list(value)
    if kind in SELECTS:
        channel = world.state.channels[modal.interaction.channel]
        picked, found = chosen(world, one, given, channel.id)
        for name, things in found.items():
            resolved.setdefault(name, {}).update(things)
        return made | {"values": picked}
    picked = _options(one, given or [])
    return made | {"values": picked}


def _text(one: Json, value: Any) -> str:
    text = str(one.get("value") or "" if value is None else value)
    least, most = one.get("min_length") or 0, one.get("max_length") or 4000
    assert text or one.get("required", True) is False, f"{one['custom_id']} needs a text."
    assert not text or least <= len(text) <= most, f"Discord takes {least} to {most} characters here."
    return text


def chosen(
    world: World, menu: Json, given: list[Any] | None, channel: str | None = None
) -> tuple[list[str], Json]:
    """Values of a menu, and what they stand for; None: what is chosen already."""
    resolved: Json = {}
    if menu["type"] == 3:
        default = [o["value"] for o in menu["options"] if o.get("default")]
        picked = default if given is None else _options(menu, given)
    elif given is None:
        picked = [str(one["id"]) for one in menu.get("default_values") or []]
    else:
        where = world.state.channels[channel] if channel else next(iter(world.state.channels.values()))
        picked = [resolve(world, ENTITIES[menu["type"]], one, resolved, where) for one in given]
    least = menu.get("min_values", 1) if menu.get("required", True) else 0
    most = menu.get("max_values", 1)
    assert (1 if least is None else least) <= len(picked) <= (most or 1), (
        f"{least} to {most} may be chosen here."
    )
    return picked, resolved


def _options(one: Json, given: list[Any]) -> list[str]:
    made = []
    for value in given:
        found = [o["value"] for o in one["options"] if value in (o["value"], o["label"])]
        assert found, f"There is no option {value!r} among {[o['label'] for o in one['options']]}."
        made.append(found[0])
    return made
