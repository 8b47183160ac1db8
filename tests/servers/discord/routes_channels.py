"""Channels, guilds, roles and members."""

from __future__ import annotations

from typing import Any

from tests.servers.discord.calls import Request, route
from tests.servers.discord.channels import Channel
from tests.servers.discord.errors import Form, Refused

__all__: list[str] = []

Json = dict[str, Any]


@route("GET /channels/{channel}")
def channel(request: Request) -> Json:
    found = request.world.visible(request.params["channel"])
    return found.payload(found.joined(request.world.state.bot.id))


@route("PATCH /channels/{channel}")
def change(request: Request) -> Json:
    world, body = request.world, request.body
    found = world.visible(request.params["channel"])
    form = Form()
    form.length("name", body.get("name"), 1, 100)
    form.check()
    if found.is_thread:
        _change_thread(request, found)
        return found.payload(found.joined(world.state.bot.id))
    world.need(found, "manage_channels")
    for name in ("name", "topic"):
        if name in body:
            setattr(found, name, body[name])
    world.events.channel("CHANNEL_UPDATE", found)
    return found.payload()


def _change_thread(request: Request, thread: Channel) -> None:
    """Its owner may rename, archive and tag it; locking is for those who manage threads."""
    world, body = request.world, request.body
    may_all = world.bot_may(thread, "manage_threads")
    if not may_all and (thread.owner != world.state.bot.id or "locked" in body):
        raise Refused(50013)
    if thread.is_archived and body.get("archived", True) and set(body) - {"archived", "locked"}:
        raise Refused(50083)
    if "archived" in body:
        if thread.is_locked and not may_all:
            raise Refused(50013)
        thread.is_archived = bool(body["archived"])
        thread.archived_at = world.clock.now()
    if "applied_tags" in body:
        thread.applied_tags = [str(tag) for tag in body["applied_tags"]]
    thread.is_locked = bool(body.get("locked", thread.is_locked))
    thread.name = body.get("name", thread.name)
    world.events.thread("THREAD_UPDATE", thread)


@route("DELETE /channels/{channel}")
def delete(request: Request) -> Json:
    world = request.world
    found = world.visible(request.params["channel"])
    if not found.is_dm:
        world.need(found, "manage_threads" if found.is_thread else "manage_channels")
        world.drop_channel(found)
    return found.payload()


@route("GET /guilds/{guild}")
def guild(request: Request) -> Json:
    return request.world.state.guild(request.params["guild"]).payload()


@route("GET /guilds/{guild}/channels")
def channels(request: Request) -> list[Json]:
    found = request.world.state.guild(request.params["guild"])
    return [one.payload() for one in found.channels.values() if not one.is_thread]


@route("GET /guilds/{guild}/roles")
def roles(request: Request) -> list[Json]:
    found = request.world.state.guild(request.params["guild"])
    return [role.payload() for role in found.roles.values()]


@route("GET /guilds/{guild}/roles/{role}")
def role(request: Request) -> Json:
    found = request.world.state.guild(request.params["guild"]).roles.get(request.params["role"])
    if found is None:
        raise Refused(10011)
    return found.payload()


@route("GET /guilds/{guild}/members/{user}")
def member(request: Request) -> Json:
    state = request.world.state
    return state.member(state.guild(request.params["guild"]), request.params["user"]).payload()


@route("GET /guilds/{guild}/members")
def members(request: Request) -> list[Json]:
    """For applications that may have the intent for members."""
    state = request.world.state
    found = state.guild(request.params["guild"])
    if not state.application.may("gateway_guild_members"):
        raise Refused(50001)
    return [one.payload() for one in found.members.values()][: request.number("limit", 1, 1, 1000)]


@route("DELETE /users/@me/guilds/{guild}")
def leave(request: Request) -> None:
    found = request.world.state.guild(request.params["guild"])
    request.world.events.guild_left(found)
    found.has_bot = False
