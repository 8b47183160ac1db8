"""What `answerloop doctor` looks at of the pages that are served: whether their addresses are free, and who gets in."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from rag_core.errors import AnswerloopError

if TYPE_CHECKING:
    from rag_core.settings import Admin, Settings

__all__ = ["admin_page", "chat_page"]


async def chat_page(settings: Settings) -> str:
    """
    Raises:
        AnswerloopError: something else listens there.
    """
    return await _address(settings.web.host, settings.web.port, "/healthz", '"release"')


async def admin_page(settings: Settings) -> str:
    """
    Raises:
        AnswerloopError: something else listens there, nobody could sign in as an admin, or not safely, or a provider does
            not answer.
    """
    admin = settings.admin
    found = [await _address(admin.host, admin.port, "/sign-in", "answerloop</title>")]
    _check_reach(admin)
    found.append(await _users(settings))
    found += await _providers(admin)
    return ", ".join(found)


async def _address(host: str, port: int, path: str, mark: str) -> str:
    """path, mark: what says that it is an answerloop that listens there."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE and await _says(address + path, mark):
            return f"{address} is served already"
        reason = os.strerror(error.errno or errno.EIO)
        raise AnswerloopError(f"{host}:{port} cannot be listened on: {reason}.") from None
    return f"{address} is free"


async def _says(address: str, mark: str) -> bool:
    import httpx

    try:
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            return mark in (await client.get(address)).text
    except httpx.HTTPError:
        return False


def _check_reach(admin: Admin) -> None:
    loopback = admin.host in ("::1", "localhost") or admin.host.startswith("127.")
    if not loopback and not admin.secure:
        raise AnswerloopError(
            f"admin.host {admin.host} is reached from other machines, where passwords would travel in the clear; put a "
            "proxy with TLS before it and name its address in admin.url."
        )


async def _users(settings: Settings) -> str:
    from datetime import timedelta

    from rag_core.bootstrap import open_records
    from rag_core.records.accounts import Administration

    async with open_records(settings) as database:
        members = await Administration(database).members(timedelta())
    if not members:
        return "no users yet (`answerloop serve` makes the first)"
    admins = sum(one.user.role == "admin" and not one.user.disabled and not one.shut_out for one in members)
    if not admins and not settings.admin.admins:
        raise AnswerloopError("No user is an admin; `answerloop admin create NAME` adds one.")
    return f"{len(members):,} user{'' if len(members) == 1 else 's'}, {admins:,} of them admin"


async def _providers(admin: Admin) -> list[str]:
    """Each is asked where it would send a browser."""
    for name in ("slack", "discord", "oidc"):
        one = getattr(admin, name)
        if one.client_id and not one.configured:
            secret = f"ANSWERLOOP_ADMIN__{name.upper()}__CLIENT_SECRET"
            raise AnswerloopError(
                f"admin.{name}.client_id is set without its secret; set {secret} in the environment."
            )
    if not any(getattr(admin, name).configured for name in ("slack", "discord", "oidc")):
        return []
    from bots.admin.signing.providers import Start, providers_of

    found = providers_of(admin)
    for provider in found.values():
        await provider.address(Start("http://127.0.0.1/"))
    return [f"signing in by {provider.title}" for provider in found.values()]
