"""Threads: from messages, without one, posts of forums, and who is in them."""

from __future__ import annotations

from typing import Any

from tests.servers.discord.calls import Request, route
from tests.servers.discord.channels import Channel
from tests.servers.discord.errors import Form, Refused
from tests.servers.discord.limits import check_message
from tests.servers.discord.sending import built
from tests.servers.discord.threads import from_message, new_thread

__all__: list[str] = []

Json = dict[str, Any]
KINDS = {10: "announcement_thread", 11: "public_thread", 12: "private_thread"}


@route("POST /channels/{channel}/messages/{message}/threads", status=201)
def of_message(request: Request) -> Json:
    world = request.world
    parent = world.visible(request.params["channel"])
    message = world.state.message(parent, request.params["message"])
    _check(request.body)
    if parent.kind not in ("text", "announcement"):
        raise Refused(50024)
    world.need(parent, "create_public_threads")
    made = from_message(world, message, world.state.bot.id, request.body["name"])
    return made.payload(made.joined(world.state.bot.id))


@route("POST /channels/{channel}/threads", status=201)
def without_message(request: Request) -> Json:
    world = request.world
    parent = world.visible(request.params["channel"])
    _check(request.body)
    if parent.kind == "forum":
        return _post(request, parent)
    if parent.kind not in ("text", "announcement"):
        raise Refused(50024)
    kind = KINDS.get(request.body.get("type", 12), "")
    if not kind:
        raise Refused(50024)
    world.need(parent, "create_private_threads" if kind == "private_thread" else "create_public_threads")
    made = new_thread(world, parent, kind, request.body["name"], world.state.bot.id)
    return made.payload(made.joined(world.state.bot.id))


def _post(request: Request, forum: Channel) -> Json:
    world, body = request.world, request.body
    world.need(forum, "send_messages")
    tags = [str(tag) for tag in body.get("applied_tags") or []]
    if forum.requires_tag and not tags:
        raise Refused(40067)
    known = {tag.id for tag in forum.tags}
    if len(tags) > 5 or not known.issuperset(tags):
        error = {"code": "INVALID_TAGS", "message": "Unknown or too many tags"}
        raise Refused(50035, errors={"applied_tags": {"_errors": [error]}})
    message = body.get("message") or {}
    check_message(message)
    made = new_thread(world, forum, "public_thread", body["name"], world.state.bot.id, tags, is_told=False)
    starter = built(world, made, message, request.files)
    starter.id = made.id
    world.events.thread("THREAD_CREATE", made, newly_created=True)
    world.post(starter)
    return made.payload(made.joined(world.state.bot.id)) | {"message": world.shown(starter, True)}


def _check(body: Json) -> None:
    form = Form()
    if body.get("name") is None:
        form.missing("name")
    form.length("name", body.get("name"), 1, 100)
    if body.get("auto_archive_duration") not in (None, 60, 1440, 4320, 10080):
        form.wrong(
            "auto_archive_duration", "BASE_TYPE_CHOICES", "Value must be one of {60, 1440, 4320, 10080}."
        )
    form.check()


@route("GET /guilds/{guild}/threads/active")
def active(request: Request) -> Json:
    world = request.world
    bot = world.state.bot.id
    found = [
        thread
        for thread in world.state.guild(request.params["guild"]).channels.values()
        if thread.is_thread and not thread.is_archived and world.bot_sees(thread)
    ]
    joined = [thread.joined(bot) for thread in found if bot in thread.members]
    return {"threads": [thread.payload(thread.joined(bot)) for thread in found], "members": joined}


@route("GET /channels/{channel}/threads/archived/public")
def archived(request: Request) -> Json:
    world = request.world
    parent = world.visible(request.params["channel"])
    world.need(parent, "read_message_history")
    guild = world.state.guild_of(parent)
    found = [
        thread
        for thread in (guild.channels.values() if guild else ())
        if thread.parent == parent.id and thread.is_archived and thread.kind != "private_thread"
    ]
    return {"threads": [thread.payload() for thread in found], "members": [], "has_more": False}


@route("GET /channels/{channel}/thread-members")
def members(request: Request) -> list[Json | None]:
    thread = _thread(request)
    return [thread.joined(user) for user in thread.members]


@route("GET /channels/{channel}/thread-members/{user}")
def member(request: Request) -> Json:
    found = _thread(request).joined(request.params["user"])
    if found is None:
        raise Refused(10007)
    return found


@route("PUT /channels/{channel}/thread-members/@me")
def join(request: Request) -> None:
    _add(request, _thread(request), request.world.state.bot.id)


@route("PUT /channels/{channel}/thread-members/{user}")
def add(request: Request) -> None:
    thread = _thread(request)
    request.world.need(thread, "send_messages_in_threads")
    if request.params["user"] not in request.world.state.users:
        raise Refused(10013)
    _add(request, thread, request.params["user"])


@route("DELETE /channels/{channel}/thread-members/@me")
def leave(request: Request) -> None:
    _remove(request, request.world.state.bot.id)


@route("DELETE /channels/{channel}/thread-members/{user}")
def remove(request: Request) -> None:
    thread = _thread(request)
    if thread.owner != request.world.state.bot.id or thread.kind != "private_thread":
        request.world.need(thread, "manage_threads")
    _remove(request, request.params["user"])


def _thread(request: Request) -> Channel:
    found = request.world.visible(request.params["channel"])
    if not found.is_thread:
        raise Refused(50024)
    return found


def _add(request: Request, thread: Channel, user: str) -> None:
    if thread.is_archived:
        raise Refused(50083)
    if user not in thread.members:
        request.world.join(thread, user)


def _remove(request: Request, user: str) -> None:
    thread = _thread(request)
    if user in thread.members:
        thread.members.remove(user)
