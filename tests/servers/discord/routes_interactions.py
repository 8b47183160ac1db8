"""Answers to interactions: callbacks, the original answer, and follow-ups.

https://docs.discord.com/developers/interactions/receiving-and-responding#responding-to-an-interaction
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.servers.discord.calls import Request, route
from tests.servers.discord.components import check_modal, numbered
from tests.servers.discord.errors import Form, Refused
from tests.servers.discord.interactions import COMMAND, SUBMIT, Interaction, Modal
from tests.servers.discord.limits import check_message, need_content
from tests.servers.discord.messages import EPHEMERAL, LOADING, Message
from tests.servers.discord.sending import built, edited

if TYPE_CHECKING:
    from tests.servers.discord.world import World

__all__: list[str] = []

Json = dict[str, Any]
MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = range(4, 10)
ALLOWED = {
    2: (MESSAGE, DEFERRED, MODAL),
    3: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL),
    4: (CHOICES,),
    5: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE),
}


@route("POST /interactions/{interaction}/{token}/callback", needs_token=False)
def respond(request: Request) -> Json | None:
    """Once, within three seconds."""
    world, body = request.world, request.body
    found = world.interactions.get(request.params["interaction"])
    if found is None or found.token != request.params["token"]:
        raise Refused(10062)
    if found.acked:
        raise Refused(40060)
    if world.clock.now() - found.at > world.ack_within_s:
        raise Refused(10062)
    kind, data = body.get("type"), body.get("data") or {}
    _check_type(found, kind)
    if kind == MESSAGE:
        _answer(request, found, data)
    elif kind == DEFERRED:
        _defer(world, found, data)
    elif kind in (DEFERRED_UPDATE, UPDATE):
        _update(request, found, data if kind == UPDATE else None)
    elif kind == MODAL:
        check_modal(data)
        world.modals[found.user] = Modal(
            data["custom_id"], data["title"], numbered(data["components"]), found
        )
    else:
        found.choices = _choices(data)
    found.acked_at, found.response_type, found.response = time.monotonic(), kind, data
    if found.modal is not None and world.modals.get(found.user) is found.modal:
        del world.modals[found.user]
    return _told(world, found) if request.flag("with_response") else None


def _check_type(found: Interaction, kind: Any) -> None:
    """Updates are for what came from a message, modals are opened by no modal."""
    allowed = ALLOWED[found.kind]
    if found.message is None:
        allowed = tuple(one for one in allowed if one not in (DEFERRED_UPDATE, UPDATE))
    if kind not in allowed:
        form = Form()
        choices = ", ".join(str(one) for one in allowed)
        form.wrong("type", "BASE_TYPE_CHOICES", f"Value must be one of {{{choices}}}.")
        form.check()


def _choices(data: Json) -> list[Json]:
    form = Form()
    given = form.count("data.choices", data.get("choices"), 0, 25)
    for number, choice in enumerate(given):
        form.length(f"data.choices.{number}.name", choice.get("name"), 1, 100)
        if isinstance(choice.get("value"), str):
            form.length(f"data.choices.{number}.value", choice["value"], 1, 100)
    form.check()
    return given


def _answer(request: Request, found: Interaction, data: Json) -> None:
    check_message(data, has_nonce=False)
    found.original = _post(request, found, data)


def _defer(world: World, found: Interaction, data: Json) -> None:
    """A message that says that the app thinks."""
    made = Message(world.state.next_id(), found.channel, world.state.bot.id, by_bot=True)
    made.flags = LOADING | (int(data.get("flags") or 0) & EPHEMERAL)
    found.original = _of(world, found, made)
    world.post(made)


def _update(request: Request, found: Interaction, data: Json | None) -> None:
    """The message that was clicked in, now or later."""
    assert found.message is not None
    found.original = found.message
    if data is not None:
        edited(request.world, found.message, data, request.files)


def _post(request: Request, found: Interaction, data: Json) -> Message:
    world = request.world
    made = built(world, world.state.channels[found.channel], data, request.files)
    return world.post(_of(world, found, made))


def _of(world: World, found: Interaction, message: Message) -> Message:
    """With what says where it comes from."""
    owners = found.payload["authorizing_integration_owners"]
    message.app = world.state.application.id
    message.interaction = found.metadata(world.state.users[found.user].payload(), owners)
    if message.is_ephemeral:
        message.shown_to = found.user
    if found.original is not None:
        message.type, message.referenced = 19, found.original
        message.reference = {"type": 0, "message_id": found.original.id, "channel_id": found.channel}
        message.interaction["original_response_message_id"] = found.original.id
    elif found.kind == COMMAND:
        message.type = 20 if found.payload["data"].get("type", 1) == 1 else 23
        message.interaction_name = found.name
    elif found.message is not None and found.kind != SUBMIT:
        message.type, message.referenced = 19, found.message
        message.reference = {"type": 0, "message_id": found.message.id, "channel_id": found.channel}
    return message


def _told(world: World, found: Interaction) -> Json:
    made: Json = {"id": found.id, "type": found.kind}
    resource: Json = {"type": found.response_type}
    if found.original is not None:
        made |= {
            "response_message_id": found.original.id,
            "response_message_loading": found.original.is_loading,
            "response_message_ephemeral": found.original.is_ephemeral,
        }
        if found.response_type in (MESSAGE, UPDATE):
            resource["message"] = world.shown(found.original, True)
    return {"interaction": made, "resource": resource}


@route("POST /webhooks/{application}/{token}", needs_token=False)
def follow_up(request: Request) -> Json | None:
    """The first after a deferred answer takes its place, as Discord has it for old apps."""
    found = _known(request)
    check_message(request.body, has_nonce=False)
    original = found.original
    if original is not None and original.is_loading and not original.is_deleted:
        edited(request.world, original, request.body, request.files, is_edit=True)
        made = original
    else:
        need_content(request.body, len(request.files))
        made = _post(request, found, request.body)
        found.followups.append(made)
    return request.world.shown(made, True)


@route("GET /webhooks/{application}/{token}/messages/{message}", needs_token=False)
def one(request: Request) -> Json:
    return request.world.shown(_message(request), True)


@route("PATCH /webhooks/{application}/{token}/messages/{message}", needs_token=False)
def edit(request: Request) -> Json:
    message = _message(request)
    edited(request.world, message, request.body, request.files)
    return request.world.shown(message, True)


@route("DELETE /webhooks/{application}/{token}/messages/{message}", needs_token=False)
def delete(request: Request) -> None:
    request.world.remove(_message(request))


def _known(request: Request) -> Interaction:
    """Raises 10015 for one that nobody knows or that is not acknowledged, 50027 after 15 minutes."""
    world = request.world
    found = next((i for i in world.interactions.values() if i.token == request.params["token"]), None)
    if found is None or request.params["application"] != world.state.application.id:
        raise Refused(10015)
    if world.clock.now() - found.at > world.token_lives_s:
        raise Refused(50027)
    if not found.acked:
        raise Refused(10015)
    return found


def _message(request: Request) -> Message:
    """@original or one's own follow-up. Raises 10008."""
    found, id = _known(request), request.params["message"]
    mine = [found.original, *found.followups]
    for message in mine:
        if message is not None and not message.is_deleted and (id == message.id or id == "@original"):
            return message
        if id == "@original":
            break
    raise Refused(10008)
