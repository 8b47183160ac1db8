"""views.*: modals and Home tabs."""

from __future__ import annotations

from typing import Any

from tests.servers.slack.calls import Request, method
from tests.servers.slack.errors import Refused
from tests.servers.slack.limits import check_view
from tests.servers.slack.state import Trigger, View
from tests.servers.slack.world import World

__all__ = ["changed_view", "new_view"]

Json = dict[str, Any]
STACK = 3


def new_view(world: World, team: str, user: str, content: Json, above: View | None = None) -> View:
    """A view with ids for its blocks and actions, not shown yet."""
    state = world.state
    made = View(state.next_id("V"), team, user, _named(world, content), state.next_ts())
    if above is not None:
        made.root, made.previous = above.root or above.id, above.id
    state.views[made.id] = made
    return made


def changed_view(world: World, view: View, content: Json) -> None:
    """Other content for a view; what was entered stays where block and action keep their ids."""
    view.content = _named(world, content)
    view.hash = world.state.next_ts()
    view.errors = {}


def _named(world: World, content: Json) -> Json:
    blocks = []
    for block in content.get("blocks") or ():
        named = {"block_id": world.state.next_id("b"), **block}
        if isinstance(named.get("element"), dict):
            named["element"] = {"action_id": world.state.next_id("a"), **named["element"]}
        blocks.append(named)
    return content | {"blocks": blocks}


def _trigger(request: Request) -> Trigger:
    request.need("trigger_id", error="invalid_trigger_id")
    trigger = request.world.state.triggers.get(str(request.args["trigger_id"]))
    if trigger is None or trigger.team != request.workspace.id:
        raise Refused("invalid_trigger_id")
    if request.world.clock.now() > trigger.until:
        raise Refused("expired_trigger_id")
    if trigger.is_used:
        raise Refused("exchanged_trigger_id")
    return trigger


def _modal(request: Request) -> Json:
    request.need("view")
    view: Json = request.args["view"]
    check_view(view, request.world.refused_blocks)
    if view["type"] != "modal":
        raise Refused("invalid_arguments")
    return view


@method("views.open")
def open_view(request: Request) -> Json:
    content = _modal(request)
    trigger = _trigger(request)
    trigger.is_used = True
    view = new_view(request.world, trigger.team, trigger.user, content)
    request.world.state.modals[trigger.user] = [view.id]
    return {"view": view.payload()}


@method("views.push")
def push(request: Request) -> Json:
    content = _modal(request)
    trigger = _trigger(request)
    stack = request.world.state.modals.get(trigger.user, [])
    if not stack or trigger.view is None:
        raise Refused("not_found")
    if len(stack) >= STACK:
        raise Refused("push_limit_reached")
    trigger.is_used = True
    above = request.world.state.views[stack[-1]]
    view = new_view(request.world, trigger.team, trigger.user, content, above)
    stack.append(view.id)
    return {"view": view.payload()}


@method("views.update")
def update(request: Request) -> Json:
    content = _modal(request)
    views = request.world.state.views.values()
    external = request.args.get("external_id")
    found = [
        v
        for v in views
        if not v.is_closed
        and (v.id == request.args.get("view_id") or (external and v.content.get("external_id") == external))
    ]
    if not found:
        raise Refused("not_found")
    if request.args.get("hash") not in (None, "", found[-1].hash):
        raise Refused("hash_conflict")
    changed_view(request.world, found[-1], content)
    return {"view": found[-1].payload()}


@method("views.publish")
def publish(request: Request) -> Json:
    request.need("user_id", "view")
    view = request.args["view"]
    check_view(view, request.world.refused_blocks)
    if view["type"] != "home":
        raise Refused("invalid_arguments")
    state, user = request.world.state, request.args["user_id"]
    if user not in state.users or state.users[user].team != request.workspace.id:
        raise Refused("user_not_found")
    before = state.homes.get(user)
    if before is not None and request.args.get("hash") not in (None, "", before.hash):
        raise Refused("hash_conflict")
    if before is None:
        state.homes[user] = new_view(request.world, request.workspace.id, user, view)
    else:
        changed_view(request.world, before, view)
    return {"view": state.homes[user].payload()}
