"""One's own account: the password, and where one is signed in."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from bots.admin.rendering import render
from bots.admin.roles import Visitor, desk_of, services_of, session_of
from bots.admin.signing.desk import Desk
from bots.admin.signing.local import Refused
from bots.admin.signing.origins import address_of
from bots.admin.signing.passwords import SHORTEST, checked
from rag_core.errors import InvalidEntry, NotFound
from rag_core.records.accounts import Accounts, Administration, User
from rag_core.settings import duration_s

__all__ = ["router"]

router = APIRouter(prefix="/account")
DONE = {
    "password": "Your password is changed; you are signed out everywhere else.",
    "ended": "That session has ended.",
}


@router.get("")
async def account(request: Request, user: Visitor, told: str = "") -> Response:
    return await _page(request, user, said=DONE.get(told, ""))


@router.post("/password")
async def change_password(
    request: Request,
    user: Visitor,
    desk: Annotated[Desk, Depends(desk_of)],
    old: Annotated[str, Form(max_length=1100)] = "",
    new: Annotated[str, Form(max_length=1100)] = "",
    again: Annotated[str, Form(max_length=1100)] = "",
) -> Response:
    services = services_of(request)
    address = address_of(request, services.settings().admin.proxies)
    try:
        if new != again:
            raise InvalidEntry("The new password was written in two ways; write it twice the same.")
        checked(new)
    except InvalidEntry as error:
        return await _page(request, user, 422, str(error))
    known = await desk.local.knows(user, old, address)
    if known is not True:
        sentence = known.sentence if isinstance(known, Refused) else "The old password is not right."
        return await _page(request, user, 429 if isinstance(known, Refused) else 422, sentence)
    hashed = await desk.passwords.hash(new)
    keep = (await session_of(request)).digest
    await Administration(services.database).set_password(user.id, hashed, user.identity, keep)
    return RedirectResponse("/account?told=password", 303)


@router.post("/sessions/end")
async def end_session(
    request: Request, user: Visitor, digest: Annotated[str, Form(max_length=64)] = ""
) -> Response:
    """One of one's own; without a digest, all but this one."""
    database = services_of(request).database
    if not digest:
        keep = (await session_of(request)).digest
        await Administration(database).end_sessions(user.id, user.identity, keep)
    elif not await Accounts(database).end_own_session(user, digest):
        raise NotFound("There is no such session; it may have ended by itself.")
    return RedirectResponse("/account?told=ended", 303)


async def _page(
    request: Request, user: User, status: int = 200, problem: str = "", said: str = ""
) -> Response:
    services = services_of(request)
    idle = timedelta(seconds=duration_s(services.settings().admin.idle))
    return render(
        request,
        "account.html",
        status,
        visits=await Accounts(services.database).visits(user, idle),
        current=(await session_of(request)).digest,
        problem=problem,
        said=said,
        shortest=SHORTEST,
    )
