"""Users and their roles, for admins."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from bots.admin.rendering import render
from bots.admin.roles import desk_of, may, services_of
from bots.admin.signing.desk import Desk
from bots.admin.signing.passwords import generated
from rag_core.errors import InvalidEntry
from rag_core.records.accounts import ROLES, Administration, Role, User, local_identity
from rag_core.settings import duration_s

__all__ = ["router"]

router = APIRouter(prefix="/users")
Admin = Annotated[User, Depends(may("admin"))]
TheDesk = Annotated[Desk, Depends(desk_of)]
DONE = {
    "added": "They can sign in now.",
    "role": "The role is changed, and counts at once.",
    "disabled": "The account is disabled, and signed out everywhere.",
    "enabled": "The account can sign in again.",
    "ended": "They are signed out everywhere.",
    "removed": "The account is removed.",
}


def administration_of(request: Request) -> Administration:
    return Administration(services_of(request).database)


Administering = Annotated[Administration, Depends(administration_of)]


@router.get("")
async def list_users(request: Request, user: Admin, told: str = "") -> Response:
    return await _page(request, said=DONE.get(told, ""))


@router.post("")
async def add_user(
    request: Request,
    user: Admin,
    users: Administering,
    desk: TheDesk,
    who: Annotated[str, Form(max_length=200)],
    role: Annotated[Role, Form()],
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """who: the name of a local account, whose password is shown once; or an identity of a provider."""
    who = who.strip()
    try:
        if ":" in who and not who.startswith("local:"):
            await users.add(who, role, user.identity, name.strip())
            return RedirectResponse("/users?told=added", 303)
        identity = local_identity(who.removeprefix("local:").lower())
        password = generated()
        hashed = await desk.passwords.hash(password)
        await users.add(identity, role, user.identity, name.strip(), hashed)
    except InvalidEntry as error:
        return await _page(request, 422, problem=str(error))
    return await _page(request, identity=identity, password=password)


@router.post("/{id}/password")
async def new_password(
    request: Request, user: Admin, users: Administering, desk: TheDesk, id: str
) -> Response:
    """Another, which is shown once."""
    of, password = await users.get(id), generated()
    hashed = await desk.passwords.hash(password)
    try:
        await users.set_password(id, hashed, user.identity)
    except InvalidEntry as error:
        return await _page(request, 422, problem=str(error))
    return await _page(request, identity=of.identity, password=password)


@router.post("/{id}/role")
async def change_role(
    request: Request, user: Admin, users: Administering, id: str, role: Annotated[Role, Form()]
) -> Response:
    try:
        await users.set_role(id, role, user.identity)
    except InvalidEntry as error:
        return await _page(request, 422, problem=str(error))
    return RedirectResponse("/users?told=role", 303)


@router.post("/{id}/disable")
async def disable(request: Request, user: Admin, users: Administering, id: str) -> Response:
    try:
        await users.set_disabled(id, True, user.identity)
    except InvalidEntry as error:
        return await _page(request, 422, problem=str(error))
    return RedirectResponse("/users?told=disabled", 303)


@router.post("/{id}/enable")
async def enable(user: Admin, users: Administering, id: str) -> Response:
    await users.set_disabled(id, False, user.identity)
    return RedirectResponse("/users?told=enabled", 303)


@router.post("/{id}/sessions/end")
async def end_sessions(user: Admin, users: Administering, id: str) -> Response:
    await users.end_sessions(id, user.identity)
    return RedirectResponse("/users?told=ended", 303)


@router.post("/{id}/remove")
async def remove(request: Request, user: Admin, users: Administering, id: str) -> Response:
    try:
        await users.remove(id, user.identity)
    except InvalidEntry as error:
        return await _page(request, 422, problem=str(error))
    return RedirectResponse("/users?told=removed", 303)


async def _page(
    request: Request,
    status: int = 200,
    problem: str = "",
    said: str = "",
    identity: str = "",
    password: str = "",
) -> Response:
    services = services_of(request)
    idle = timedelta(seconds=duration_s(services.settings().admin.idle))
    return render(
        request,
        "users.html",
        status,
        members=await Administration(services.database).members(idle),
        roles=ROLES,
        problem=problem,
        said=said,
        identity=identity,
        password=password,
    )
