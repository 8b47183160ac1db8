"""Whom a message really calls: what is written in it, less what allowed_mentions does not allow.

https://docs.discord.com/developers/resources/message#allowed-mentions-object
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.servers.discord.errors import Form

__all__ = ["Pinged", "allowed", "written"]

Json = dict[str, Any]
USER = re.compile(r"<@!?(\d+)>")
ROLE = re.compile(r"<@&(\d+)>")
EVERYONE = re.compile(r"@(everyone|here)\b")


@dataclass
class Pinged:
    everyone: list[str] = field(default_factory=list)
    """everyone, here."""
    users: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)

    def add(self, other: Pinged) -> None:
        for name in ("everyone", "users", "roles"):
            mine: list[str] = getattr(self, name)
            mine += [one for one in getattr(other, name) if one not in mine]

    @property
    def all(self) -> list[str]:
        """As they are written: @everyone, <@1>, <@&2>."""
        return [
            *(f"@{one}" for one in self.everyone),
            *(f"<@{one}>" for one in self.users),
            *(f"<@&{one}>" for one in self.roles),
        ]


def written(content: str, components: list[Json]) -> Pinged:
    """In the content and in text displays; embeds call nobody."""
    text = "\n".join([content, *_texts(components)])

    def unique(pattern: re.Pattern[str]) -> list[str]:
        return list(dict.fromkeys(pattern.findall(text)))

    return Pinged(unique(EVERYONE), unique(USER), unique(ROLE))


def allowed(
    found: Pinged, rules: Json | None, replied_to: str | None, may_all: bool, open_roles: set[str]
) -> Pinged:
    """What is left of it. may_all: with the permission mention_everyone; open_roles: those that anybody may mention."""
    made = Pinged(list(found.everyone), list(found.users), list(found.roles))
    if rules is not None:
        parse = rules.get("parse") or []
        made.everyone = made.everyone if "everyone" in parse else []
        users, roles = ({str(one) for one in rules.get(kind) or []} for kind in ("users", "roles"))
        made.users = [one for one in made.users if "users" in parse or one in users]
        made.roles = [one for one in made.roles if "roles" in parse or one in roles]
    if not may_all:
        made.everyone = []
        made.roles = [one for one in made.roles if one in open_roles]
    if replied_to and (rules is None or rules.get("replied_user")) and replied_to not in made.users:
        made.users.append(replied_to)
    return made


def check(form: Form, rules: Any) -> None:
    """Names and ids may not both be given for one kind."""
    if rules is None:
        return
    for kind in ("users", "roles"):
        ids = form.count(f"allowed_mentions.{kind}", rules.get(kind), 0, 100)
        if ids and kind in (rules.get("parse") or []):
            text = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            form.wrong("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", text)


def _texts(components: list[Json]) -> list[str]:
    made = []
    for one in components:
        if one.get("type") == 10:
            made.append(str(one.get("content", "")))
        made += _texts(one.get("components") or [])
    return made
