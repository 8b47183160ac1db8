"""Who the bot is, where the gateway is, and the application's commands."""

from __future__ import annotations

import copy
import re
from typing import Any

from tests.servers.discord.calls import Request, route
from tests.servers.discord.errors import Form, Refused
from tests.servers.discord.guilds import Guild
from tests.servers.discord.permissions import allowed_in_guild

__all__: list[str] = []

Json = dict[str, Any]
NAME = re.compile(r"^[-_'\w]{1,32}$", re.UNICODE)
LOCALIZED = ("name_localizations", "description_localizations")


@route("GET /users/@me")
def me(request: Request) -> Json:
    more = {"verified": True, "mfa_enabled": True, "email": None, "flags": 0, "locale": "en-US"}
    return request.world.state.bot.payload() | more


@route("GET /users/{user}")
def user(request: Request) -> Json:
    found = request.world.state.users.get(request.params["user"])
    if found is None:
        raise Refused(10013)
    return found.payload()


@route("GET /users/@me/guilds")
def guilds(request: Request) -> list[Json]:
    names, state = ("id", "name", "icon", "features"), request.world.state

    def shown(guild: Guild) -> Json:
        permissions = allowed_in_guild(guild, guild.members[state.bot.id])
        own = {"owner": False, "permissions": str(permissions)}
        return {name: guild.payload()[name] for name in names} | own

    return [shown(guild) for guild in state.guilds.values() if guild.has_bot]


@route("POST /users/@me/channels")
def direct(request: Request) -> Json:
    id = str(request.body.get("recipient_id"))
    if id not in request.world.state.users or id == request.world.state.bot.id:
        raise Refused(50007) if id == request.world.state.bot.id else Refused(10013)
    return request.world.state.direct(id).payload()


@route("GET /applications/@me")
@route("GET /oauth2/applications/@me")
def application(request: Request) -> Json:
    state = request.world.state
    return state.application.payload(sum(g.has_bot for g in state.guilds.values()))


@route("GET /gateway", needs_token=False)
def gateway(request: Request) -> Json:
    return {"url": request.world.gateway_url}


@route("GET /gateway/bot")
def gateway_bot(request: Request) -> Json:
    world = request.world
    limit = {
        "total": 1000,
        "remaining": max(0, world.session_starts_left),
        "reset_after": 86_400_000,
        "max_concurrency": world.max_concurrency,
    }
    return {"url": world.gateway_url, "shards": world.shards, "session_start_limit": limit}


@route("GET /applications/{application}/commands")
def commands(request: Request) -> list[Json]:
    return _listed(request, None)


@route("GET /applications/{application}/guilds/{guild}/commands")
def guild_commands(request: Request) -> list[Json]:
    return _listed(request, request.params["guild"])


@route("PUT /applications/{application}/commands")
def replace(request: Request) -> list[Json]:
    return _replaced(request, None)


@route("PUT /applications/{application}/guilds/{guild}/commands")
def replace_in_guild(request: Request) -> list[Json]:
    return _replaced(request, request.params["guild"])


@route("POST /applications/{application}/commands", status=201)
def add(request: Request) -> Json:
    return _added(request, None)


@route("POST /applications/{application}/guilds/{guild}/commands", status=201)
def add_in_guild(request: Request) -> Json:
    return _added(request, request.params["guild"])


@route("GET /applications/{application}/commands/{command}")
def one(request: Request) -> Json:
    return _found(request, None)


@route("PATCH /applications/{application}/commands/{command}")
def change(request: Request) -> Json:
    """With the same id, as a new version."""
    found = _found(request, None)
    made = {name: found[name] for name in found if name not in ("id", "version", "application_id")}
    made |= request.body
    _check([made], many=False)
    found |= made | {"version": request.world.state.next_id()}
    return found


@route("DELETE /applications/{application}/commands/{command}")
def drop(request: Request) -> None:
    _of(request, None).remove(_found(request, None))


@route("DELETE /applications/{application}/guilds/{guild}/commands/{command}")
def drop_in_guild(request: Request) -> None:
    _of(request, request.params["guild"]).remove(_found(request, request.params["guild"]))


def _of(request: Request, guild: str | None) -> list[Json]:
    state = request.world.state
    if request.params["application"] != state.application.id:
        raise Refused(20012, "You are not authorized to perform this action on this application", status=403)
    if guild is not None:
        state.guild(guild)
    return state.commands.setdefault(guild, [])


def _found(request: Request, guild: str | None) -> Json:
    found = [one for one in _of(request, guild) if one["id"] == request.params["command"]]
    if not found:
        raise Refused(10063)
    return found[0]


def _listed(request: Request, guild: str | None) -> list[Json]:
    found = copy.deepcopy(_of(request, guild))
    return found if request.flag("with_localizations") else [_without_localizations(one) for one in found]


def _without_localizations(command: Json) -> Json:
    made = {name: value for name, value in command.items() if name not in LOCALIZED}
    for name in ("options", "choices"):
        if name in made:
            made[name] = [_without_localizations(one) for one in made[name]]
    return made


def _replaced(request: Request, guild: str | None) -> list[Json]:
    """Those that stay keep their ids."""
    known = _of(request, guild)
    given: Any = request.body
    if not isinstance(given, list):
        raise Refused(50035, errors={"_errors": [{"code": "LIST_TYPE_CONVERT", "message": "Only iterables"}]})
    _check(given, many=True)
    made = [_stored(request, one, known, guild) for one in given]
    request.world.state.commands[guild] = made
    return copy.deepcopy(made)


def _added(request: Request, guild: str | None) -> Json:
    """One more, or another version of the one of this name and type."""
    known = _of(request, guild)
    _check([request.body], many=False)
    made = _stored(request, request.body, known, guild)
    known[:] = [one for one in known if one["id"] != made["id"]] + [made]
    return copy.deepcopy(made)


def _stored(request: Request, given: Json, known: list[Json], guild: str | None) -> Json:
    state = request.world.state
    kind = given.get("type") or 1
    before = next((one for one in known if (one["name"], one["type"]) == (given["name"], kind)), None)
    made: Json = {
        "id": before["id"] if before else state.next_id(),
        "application_id": state.application.id,
        "version": state.next_id(),
        "default_member_permissions": None,
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
        "nsfw": False,
        "name_localizations": None,
        "description_localizations": None,
        "description": "",
    }
    made |= {name: value for name, value in copy.deepcopy(given).items() if name != "id"} | {"type": kind}
    if made["contexts"] is None and made["dm_permission"] is False:
        made["contexts"] = [0]
    if guild:
        made["guild_id"] = guild
    same = before is not None and {**made, "version": ""} == {**before, "version": ""}
    return before if same and before else made


def _check(commands: list[Json], many: bool) -> None:
    form = Form()
    seen: set[tuple[str, int]] = set()
    counts: dict[int, int] = {}
    for number, command in enumerate(commands):
        path = f"{number}." if many else ""
        kind = command.get("type") or 1
        counts[kind] = counts.get(kind, 0) + 1
        _names(form, path, command, is_menu=kind != 1)
        key = (str(command.get("name")), kind)
        if key in seen:
            text = "Application command names must be unique"
            form.wrong(f"{path}name", "APPLICATION_COMMANDS_DUPLICATE_NAME", text)
        seen.add(key)
        _options(form, path, command.get("options") or [])
        if _size(command) > 8000:
            form.wrong(
                path.rstrip(".") or "_",
                "APPLICATION_COMMAND_TOO_LARGE",
                "Command exceeds maximum size (8000)",
            )
    form.check()
    if counts.get(1, 0) > 100 or max(counts.get(2, 0), counts.get(3, 0)) > 15:
        raise Refused(30032)


def _names(form: Form, path: str, given: Json, is_menu: bool = False) -> None:
    names = {"": given.get("name"), **(given.get("name_localizations") or {})}
    for locale, name in names.items():
        place = f"{path}name_localizations.{locale}" if locale else f"{path}name"
        if name is None:
            form.missing(place)
        form.length(place, name, 1, 32)
        if not is_menu and name and (not NAME.match(str(name)) or str(name).lower() != name):
            form.wrong(place, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    if is_menu:
        if given.get("description"):
            text = "Context menu commands cannot have description"
            form.wrong(f"{path}description", "APPLICATION_COMMAND_DESCRIPTION_CANNOT_BE_SET", text)
        return
    texts = {"": given.get("description"), **(given.get("description_localizations") or {})}
    for locale, text in texts.items():
        place = f"{path}description_localizations.{locale}" if locale else f"{path}description"
        if text is None:
            form.missing(place)
        form.length(place, text, 1, 100)


def _options(form: Form, path: str, options: list[Json]) -> None:
    form.count(f"{path}options", options, 0, 25)
    has_optional = False
    for number, option in enumerate(options):
        place = f"{path}options.{number}."
        _names(form, place, option)
        if option.get("required") and has_optional:
            text = "Required options must be placed before non-required options"
            form.wrong(f"{place}required", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
        has_optional = has_optional or (not option.get("required") and option.get("type") not in (1, 2))
        for index, choice in enumerate(form.count(f"{place}choices", option.get("choices") or [], 0, 25)):
            form.length(f"{place}choices.{index}.name", choice.get("name"), 1, 100)
        _options(form, place, option.get("options") or [])


def _size(command: Json) -> int:
    own = sum(len(str(command.get(name) or "")) for name in ("name", "description", "value"))
    return own + sum(_size(one) for name in ("options", "choices") for one in command.get(name) or [])
