"""What an interaction says: Discord's payloads of commands, buttons, menus and modals, read once and for all. Pure.

The payload is Discord's own (arrivals.py), as far as it is kept: id, token, application_id, type, data, guild_id,
channel_id, channel, member or user, locale, guild_locale, message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.discord.ids import Ids
from adapters.discord.persons import Person, person_of

__all__ = ["TOKEN_LIVES", "Interaction", "interaction_of", "made_at"]

Payload = Mapping[str, Any]

TOKEN_LIVES = timedelta(minutes=15)
"""For so long Discord takes what belongs to an interaction."""
_DELIVERED_WITHIN = timedelta(days=1)
_EPOCH_MS = 1_420_070_400_000
_EPHEMERAL = 64


@dataclass(frozen=True, slots=True)
class Interaction:
    id: str
    token: str
    """Of what belongs to it, for 15 minutes."""
    application: str
    person: Person
    guild: str = ""
    """'' in a direct message."""
    channel: str = ""
    locale: str = ""
    """The person's, as a BCP 47 tag."""
    name: str = ""
    """Of a button, menu or modal of ours: its own, without the prefix. Of a command: its name, and its subcommand's."""
    argument: str = ""
    """What a custom id of ours says after the name."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of a command."""
    values: Sequence[str] = ()
    """What was chosen in a menu."""
    fields: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    """What was entered in a modal, by the names of its inputs; of a menu in it, what was chosen."""
    message: Payload = field(default_factory=dict)
    """Where the button stands; of a message's context menu, the message."""

    @property
    def message_id(self) -> str:
        return str(self.message.get("id") or "")

    @property
    def is_ephemeral(self) -> bool:
        """Whether only this person sees the message with the button."""
        return bool(int(self.message.get("flags") or 0) & _EPHEMERAL)

    def is_open(self, now: datetime | None = None, left: timedelta = timedelta(minutes=1)) -> bool:
        """Whether Discord takes what belongs to it for so long still."""
        return self.left(now) > left

    def left(self, now: datetime | None = None) -> timedelta:
        """For how long Discord takes what belongs to it; negative: no more. What seems older than a day was given its id by
        another clock, and Discord will tell when it is over."""
        age = (now or datetime.now(UTC)) - made_at(self.id)
        return TOKEN_LIVES - (age if timedelta() < age < _DELIVERED_WITHIN else timedelta())


def interaction_of(body: Payload, ids: Ids) -> Interaction:
    data = _table(body.get("data"))
    custom = ids.parts(str(data.get("custom_id") or ""))
    name, argument = custom or (_command(data), "")
    return Interaction(
        id=str(body.get("id") or ""),
        token=str(body.get("token") or ""),
        application=str(body.get("application_id") or ""),
        person=person_of(body),
        guild=str(body.get("guild_id") or ""),
        channel=str(body.get("channel_id") or _table(body.get("channel")).get("id") or ""),
        locale=str(body.get("locale") or ""),
        name=name,
        argument=argument,
        options=_options(data),
        values=tuple(str(value) for value in data.get("values") or ()),
        fields=dict(_fields(data.get("components") or (), ids)),
        message=_message(body, data),
    )


def made_at(snowflake: str) -> datetime:
    """When Discord made what has this id."""
    ms = (int(snowflake) >> 22) + _EPOCH_MS if snowflake.isdecimal() else _EPOCH_MS
    return datetime.fromtimestamp(ms / 1000, UTC)


def _command(data: Payload) -> str:
    below = next((o for o in data.get("options") or () if _table(o).get("type") in (1, 2)), None)
    name = str(data.get("name") or "")
    return f"{name} {below['name']}" if below else name


def _options(data: Payload) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for option in data.get("options") or ():
        if option.get("type") in (1, 2):
            found |= _options(option)
        else:
            found[str(option.get("name"))] = option.get("value")
    return found


def _fields(components: Sequence[Payload], ids: Ids) -> Iterator[tuple[str, str | Sequence[str]]]:
    for one in components:
        yield from _fields(one.get("components") or (), ids)
        if inner := one.get("component"):
            yield from _fields([inner], ids)
        id = str(one.get("custom_id") or "")
        parts = ids.parts(id)
        name = parts[0] if parts else id
        if name and "values" in one:
            yield name, tuple(str(value) for value in one["values"] or ())
        elif name and "value" in one:
            yield name, str(one["value"] or "")


def _message(body: Payload, data: Payload) -> Payload:
    meant = _table(_table(data.get("resolved")).get("messages")).get(str(data.get("target_id") or ""))
    return _table(meant or body.get("message"))


def _table(value: object) -> Payload:
    return value if isinstance(value, Mapping) else {}
