"""What a command becomes when somebody runs it: options in their types, and what they stand for.

https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-application-command-data-structure
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.servers.discord.channels import Channel
from tests.servers.discord.guilds import User
from tests.servers.discord.interactions import AUTOCOMPLETE, COMMAND, Interaction, begin, member_of
from tests.servers.discord.messages import Message
from tests.servers.discord.permissions import allowed_in

if TYPE_CHECKING:
    from tests.servers.discord.world import World

__all__ = ["complete", "resolve", "run", "use"]

Json = dict[str, Any]
SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
CONVERT = {3: str, 4: int, 5: bool, 10: float}
KINDS = {6: "users", 7: "channels", 8: "roles", 11: "attachments"}


def run(world: World, user: User, channel: Channel, name: str, options: Json) -> Interaction:
    """Asserts that Discord would offer the command to this person here, with these options."""
    command, path, definitions = _definitions(world, user, channel, name)
    missing = [d["name"] for d in definitions if d.get("required") and d["name"] not in options]
    assert not missing, f"/{name} needs {missing}."
    resolved: Json = {}
    leaves = [_option(world, channel, _named(definitions, n, name), v, resolved) for n, v in options.items()]
    data = _data(command) | _nested(path, leaves) | ({"resolved": resolved} if resolved else {})
    return begin(world, COMMAND, user, channel, data)


def complete(world: World, user: User, channel: Channel, name: str, options: Json) -> Interaction:
    """The last of the options has the focus."""
    command, path, definitions = _definitions(world, user, channel, name)
    focus = next(reversed(options))
    assert _named(definitions, focus, name).get("autocomplete"), (
        f"{focus} offers nothing while it is written."
    )
    leaves = [
        {"name": n, "type": _named(definitions, n, name)["type"], "value": v}
        | ({"focused": True} if n == focus else {})
        for n, v in options.items()
    ]
    return begin(world, AUTOCOMPLETE, user, channel, _data(command) | _nested(path, leaves))


def use(world: World, user: User, channel: Channel, name: str, target: Message | User) -> Interaction:
    """A menu's entry on a message or a person."""
    kind = MESSAGE_MENU if isinstance(target, Message) else USER_MENU
    command = _offered(world, user, channel, name, kind)
    if isinstance(target, Message):
        shown = world.shown(target, True)
        resolved: Json = {"messages": {target.id: shown}}
    else:
        resolved = {}
        resolve(world, 6, target, resolved, channel)
    return begin(
        world, COMMAND, user, channel, _data(command) | {"target_id": target.id, "resolved": resolved}
    )


def resolve(world: World, kind: int, value: Any, resolved: Json, channel: Channel) -> str:
    """The id of a person, channel, role or file, which is added to what is resolved."""
    thing = getattr(value, "user", value)
    id = str(getattr(thing, "id", thing))
    guild = world.state.guild_of(channel)
    if kind in (7, 8) and isinstance(thing, str) and not id.isdigit():
        assert guild is not None
        places: Any = guild.channels if kind == 7 else guild.roles
        id = next(found.id for found in places.values() if found.name == thing)
    if kind in (6, 9) and id in world.state.users:
        found = world.state.users[id]
        resolved.setdefault("users", {})[id] = found.payload()
        if guild and id in guild.members:
            member = member_of(world, found, channel)
            resolved.setdefault("members", {})[id] = {
                n: v for n, v in member.items() if n not in ("user", "deaf", "mute")
            }
    elif kind in (8, 9):
        assert guild is not None
        resolved.setdefault("roles", {})[id] = guild.roles[id].payload()
    elif kind == 7:
        shown = world.state.channels[id].payload()
        resolved.setdefault("channels", {})[id] = shown | {"permissions": str(world.bot_permissions(channel))}
    return id


def _offered(world: World, user: User, channel: Channel, name: str, kind: int) -> Json:
    """The guild's own go first."""
    lists = [world.state.commands.get(channel.guild, []) if channel.guild else [], world.state.commands[None]]
    known = [command for one in lists for command in one if command["type"] == kind]
    found = [command for command in known if command["name"] == name]
    assert found, f"The app has no {name!r}, only {[command['name'] for command in known]}."
    contexts = found[0].get("contexts")
    here = 0 if channel.guild else 1
    assert contexts is None or here in contexts, f"{name!r} is not offered here (contexts: {contexts})."
    needed = found[0].get("default_member_permissions")
    guild = world.state.guild_of(channel)
    if needed is not None and guild:
        mine = allowed_in(guild, guild.members[user.id], channel)
        assert mine & int(needed) == int(needed), f"{user.name} may not use {name!r}."
    return found[0]


def _definitions(
    world: World, user: User, channel: Channel, name: str
) -> tuple[Json, list[Json], list[Json]]:
    """The command, the subcommands that lead to what is run, and the options of that."""
    first, *rest = name.lstrip("/").split()
    command = _offered(world, user, channel, first, SLASH)
    path: list[Json] = []
    options = command.get("options") or []
    for step in rest:
        path.append(_named([o for o in options if o["type"] in (1, 2)], step, name))
        options = path[-1].get("options") or []
    assert not any(o["type"] in (1, 2) for o in options), (
        f"/{name} has subcommands: {[o['name'] for o in options]}."
    )
    return command, path, options


def _named(definitions: list[Json], name: str, command: str) -> Json:
    found = [one for one in definitions if one["name"] == name]
    assert found, f"/{command} has no {name!r}, only {[one['name'] for one in definitions]}."
    return found[0]


def _option(world: World, channel: Channel, definition: Json, value: Any, resolved: Json) -> Json:
    kind = definition["type"]
    choices = definition.get("choices") or []
    if choices:
        named = [choice for choice in choices if value in (choice["name"], choice["value"])]
        assert named, f"{value!r} is not among {[choice['name'] for choice in choices]}."
        value = named[0]["value"]
    made = CONVERT[kind](value) if kind in CONVERT else resolve(world, kind, value, resolved, channel)
    if kind == 3:
        most = definition.get("max_length") or 6000
        least = definition.get("min_length") or 0
        assert least <= len(made) <= most, (
            f"Discord takes {least} to {most} characters for {definition['name']}."
        )
    return {"name": definition["name"], "type": kind, "value": made}


def _data(command: Json) -> Json:
    made = {"id": command["id"], "name": command["name"], "type": command["type"]}
    return made | ({"guild_id": command["guild_id"]} if command.get("guild_id") else {})


def _nested(path: list[Json], leaves: list[Json]) -> Json:
    options = leaves
    for step in reversed(path):
        options = [{"name": step["name"], "type": step["type"], "options": options}]
    return {"options": options} if options else {}
