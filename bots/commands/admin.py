"""`answerloop admin`: who may use the admin pages."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bots.commands.operators import operator
from bots.commands.standard import run
from rag_core.errors import InvalidEntry

if TYPE_CHECKING:
    from rag_core.records.accounts import Administration, Member, User
    from rag_core.settings import Settings

__all__ = ["Roles", "create", "disable", "enable", "password", "remove", "role", "sessions", "show_all"]


class Roles(StrEnum):
    """As the command line takes them."""

    viewer = "viewer"
    reviewer = "reviewer"
    admin = "admin"


Name = Annotated[
    str, typer.Argument(help="Of a local account, such as ada; or an identity, such as slack:U024BE7LH.")
]
Stdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from standard input instead of making one."),
]


def create(
    context: typer.Context,
    name: Name,
    role: Annotated[Roles, typer.Option(help="What they may do.")] = Roles.admin,
    password_stdin: Stdin = False,
) -> None:
    """Add a user. Of a local account the password is made, and printed once."""
    local = _is_local(name)
    if password_stdin and not local:
        raise InvalidEntry(f"--password-stdin: {name} signs in by a provider, and has no password here.")
    chosen = _from_stdin() if password_stdin else None

    async def created(settings: Settings) -> str:
        from bots.admin.signing.passwords import Passwords, generated
        from rag_core.records.accounts import local_identity

        async with _open(settings) as users:
            if not local:
                await users.add(name, role.value, operator())
                return ""
            password = chosen or generated()
            identity, hashed = local_identity(_plain(name)), await Passwords().hash(password)
            await users.add(identity, role.value, operator(), password_hash=hashed)
            return password

    made = run(context, created)
    typer.echo(f"Added {name} as {role.value}.")
    if made and not password_stdin:
        typer.echo(f"Password, not shown again: {made}")


def show_all(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """All users, their roles, and when they were last seen."""

    async def listed(settings: Settings) -> list[Member]:
        from rag_core.settings import duration_s

        async with _open(settings) as users:
            return await users.members(timedelta(seconds=duration_s(settings.admin.idle)))

    members = run(context, listed)
    if as_json:
        typer.echo(
            json.dumps({"users": [_object(member) for member in members]}, indent=2, ensure_ascii=False)
        )
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    table = Table(Column("user", overflow="fold"), "name", "role", "last seen", "sessions", "state")
    for member in members:
        user = member.user
        seen = f"{user.seen_at:%Y-%m-%d %H:%M}" if user.seen_at else "never"
        state = "disabled" if user.disabled else "no longer let in" if member.shut_out else ""
        table.add_row(
            escape(user.identity), escape(user.name), user.role, seen, f"{member.sessions:,}", state
        )
    Console().print(table if members else "There are no users; `answerloop admin create NAME` adds one.")


def password(context: typer.Context, name: Name, password_stdin: Stdin = False) -> None:
    """Give a local account another password, which is printed once. They are signed out everywhere."""
    chosen = _from_stdin() if password_stdin else None

    async def changed(settings: Settings) -> str:
        from bots.admin.signing.passwords import Passwords, generated

        async with _open(settings) as users:
            made = chosen or generated()
            user = await _named(users, name)
            await users.set_password(user.id, await Passwords().hash(made), operator())
            return made

    made = run(context, changed)
    typer.echo(f"Changed the password of {name}.")
    if not password_stdin:
        typer.echo(f"Password, not shown again: {made}")


def role(
    context: typer.Context, name: Name, role: Annotated[Roles, typer.Argument(help="What they may do.")]
) -> None:
    """Change what somebody may do. It counts at once."""

    async def changed(settings: Settings) -> None:
        async with _open(settings) as users:
            await users.set_role((await _named(users, name)).id, role.value, operator())

    run(context, changed)
    typer.echo(f"{name} is {role.value} now.")


def disable(context: typer.Context, name: Name) -> None:
    """Sign somebody out everywhere, and let them in no more."""
    _set_disabled(context, name, True)
    typer.echo(f"Disabled {name}.")


def enable(context: typer.Context, name: Name) -> None:
    """Let somebody in again."""
    _set_disabled(context, name, False)
    typer.echo(f"Enabled {name}.")


def remove(context: typer.Context, name: Name) -> None:
    """Remove a user. What they decided stays."""

    async def removed(settings: Settings) -> None:
        async with _open(settings) as users:
            await users.remove((await _named(users, name)).id, operator())

    run(context, removed)
    typer.echo(f"Removed {name}.")


def sessions(
    context: typer.Context,
    end: Annotated[str | None, typer.Option(help="Sign this user out everywhere.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Who is signed in, on how many browsers; or end somebody's sessions."""
    from rag_core.settings import duration_s

    async def done(settings: Settings) -> tuple[int, list[Member]]:
        async with _open(settings) as users:
            ended = 0
            if end is not None:
                ended = await users.end_sessions((await _named(users, end)).id, operator())
            return ended, await users.members(timedelta(seconds=duration_s(settings.admin.idle)))

    ended, members = run(context, done)
    signed_in = {member.user.identity: member.sessions for member in members if member.sessions}
    if as_json:
        typer.echo(json.dumps({"ended": ended, "sessions": signed_in}, indent=2, ensure_ascii=False))
    elif end is not None:
        typer.echo(f"Ended {ended:,} session{'' if ended == 1 else 's'} of {end}.")
    else:
        lines = [f"{identity}: {number:,}" for identity, number in signed_in.items()]
        typer.echo("\n".join(lines) or "Nobody is signed in.")


def _set_disabled(context: typer.Context, name: str, disabled: bool) -> None:
    async def changed(settings: Settings) -> None:
        async with _open(settings) as users:
            await users.set_disabled((await _named(users, name)).id, disabled, operator())

    run(context, changed)


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[Administration]:
    from rag_core.bootstrap import open_records
    from rag_core.records.accounts import Administration

    async with open_records(settings) as database:
        yield Administration(database)


async def _named(users: Administration, name: str) -> User:
    return await users.named(f"local:{_plain(name)}" if _is_local(name) else name)


def _is_local(name: str) -> bool:
    return ":" not in name or name.startswith("local:")


def _plain(name: str) -> str:
    return name.removeprefix("local:").lower()


def _from_stdin() -> str:
    """Its first line. An argument would be seen in the list of processes and kept by the shell."""
    from bots.admin.signing.passwords import checked

    return checked(sys.stdin.readline().rstrip("\r\n"))


def _object(member: Member) -> dict[str, object]:
    user = member.user
    return {
        "identity": user.identity,
        "name": user.name,
        "email": user.email,
        "role": user.role,
        "granted_by_settings": member.granted or None,
        "disabled": user.disabled,
        "no_longer_let_in": member.shut_out,
        "sessions": member.sessions,
        "created_at": user.created_at.isoformat(),
        "seen_at": user.seen_at.isoformat() if user.seen_at else None,
    }
