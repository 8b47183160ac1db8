"""Signing in and out."""

from __future__ import annotations

import hmac
import logging
import secrets
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from bots.admin.rendering import render
from bots.admin.roles import NotSignedIn, Visitor, desk_of, services_of, session_of
from bots.admin.signing import cookies
from bots.admin.signing.desk import ASKING_S, Desk
from bots.admin.signing.granting import granted
from bots.admin.signing.local import Refused
from bots.admin.signing.origins import address_of, base_of, own_path, refuse_foreign
from bots.admin.signing.providers import Denied, Person, Start
from rag_core.errors import Busy, Unavailable
from rag_core.records.accounts import Accounts, User
from rag_core.records.audit import Audit
from rag_core.settings import duration_s

__all__ = ["router"]

log = logging.getLogger(__name__)
router = APIRouter()
TheDesk = Annotated[Desk, Depends(desk_of)]


@router.get("/sign-in")
async def sign_in_page(request: Request, next: str = "") -> Response:
    """Who is signed in goes on at once."""
    try:
        await session_of(request)
    except NotSignedIn:
        return _page(request, next=own_path(next))
    return RedirectResponse(own_path(next), 303)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    desk: TheDesk,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1100)] = "",
    csrf: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    admin = services_of(request).settings().admin
    refuse_foreign(request, admin)
    visit = cookies.read(request, "visit", admin)
    if not visit or not hmac.compare_digest(visit.encode(), csrf.encode()):
        return _page(request, 403, "This page was open for too long; try again.", next=own_path(next))
    try:
        found = await desk.local.sign_in(name, password, address_of(request, admin.proxies))
    except Busy as error:
        return _page(request, 503, str(error), name, own_path(next))
    if isinstance(found, Refused):
        response = _page(request, 429 if found.wait_s else 401, found.sentence, name, own_path(next))
        if found.wait_s:
            response.headers["retry-after"] = str(found.wait_s)
        return response
    return await _admitted(request, found, own_path(next))


@router.get("/sign-in/{provider}")
async def ask_provider(request: Request, desk: TheDesk, provider: str, next: str = "") -> Response:
    """A link and not a form: the policy of our pages lets forms lead nowhere else."""
    admin = services_of(request).settings().admin
    asked = desk.provider(provider)
    start = Start(f"{base_of(request, admin)}/sign-in/{provider}/callback")
    try:
        response = RedirectResponse(await asked.address(start), 303)
    except (Unavailable, Denied) as error:
        return _page(request, 503, _instead(request, error), next=own_path(next))
    cookies.put(response, "provider", await desk.sealed(provider, start, own_path(next)), admin, ASKING_S)
    return response


@router.get("/sign-in/{provider}/callback")
async def answered_by_provider(
    request: Request, desk: TheDesk, provider: str, code: str = "", state: str = "", error: str = ""
) -> Response:
    settings = services_of(request).settings()
    asked = desk.provider(provider)
    remembered = await desk.unsealed(cookies.read(request, "provider", settings.admin), provider, state)
    if remembered is None:
        response = _page(request, 400, "This took too long, or began in another window; sign in again.")
    elif error or not code:
        said = "was cancelled" if error == "access_denied" else "did not work"
        response = _page(request, 403, f"Signing in with {asked.title} {said}; try again, or another way.")
    else:
        response = await _after(request, desk, provider, code, *remembered)
    cookies.take_away(response, "provider", settings.admin)
    return response


async def _after(request: Request, desk: Desk, provider: str, code: str, start: Start, next: str) -> Response:
    try:
        person = await desk.provider(provider).person(code, start)
    except Unavailable as error:
        return _page(request, 503, _instead(request, error), next=own_path(next))
    except Denied as error:
        log.warning("signing in with %s was refused: %s", provider, error.__cause__ or error)
        return _page(request, 403, str(error), next=own_path(next))
    user = await _let_in(request, person)
    if user is None:
        return _page(request, 403, _unknown(person))
    return await _admitted(request, user, own_path(next))


async def _let_in(request: Request, person: Person) -> User | None:
    services = services_of(request)
    role = granted(services.settings(), person.identity, person.email)
    return await Accounts(services.database).admit(person.identity, person.name, person.email, role)


async def _admitted(request: Request, user: User, next: str) -> Response:
    """A new session, whatever token the browser came with."""
    services = services_of(request)
    admin = services.settings().admin
    lasts = timedelta(seconds=duration_s(admin.session))
    token = await Accounts(services.database).begin_session(
        user,
        lasts,
        request.headers.get("user-agent", ""),
        instead_of=cookies.read(request, "session", admin),
    )
    await Audit(services.database).note(user.identity, "user.sign_in", f"user:{user.identity}")
    response = RedirectResponse(next, 303)
    cookies.put(response, "session", token, admin, int(lasts.total_seconds()))
    cookies.take_away(response, "visit", admin)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, user: Visitor) -> Response:
    services = services_of(request)
    await Accounts(services.database).end_session((await session_of(request)).digest)
    response = RedirectResponse("/sign-in", 303)
    response.headers["clear-site-data"] = '"cache"'
    cookies.take_away(response, "session", services.settings().admin)
    return response


def _page(
    request: Request, status: int = 200, problem: str = "", name: str = "", next: str = "/"
) -> Response:
    """With a token that only this browser has, so that nobody else can have it sign in."""
    admin = services_of(request).settings().admin
    token = cookies.read(request, "visit", admin) or secrets.token_urlsafe(24)
    response = render(
        request,
        "sign_in.html",
        status,
        problem=problem,
        name=name,
        next=next,
        visit=token,
        providers=desk_of(request).providers,
    )
    cookies.put(response, "visit", token, admin)
    return response


def _instead(request: Request, error: Exception) -> str:
    return f"{error} You can sign in by name and password meanwhile, if you have one."


def _unknown(person: Person) -> str:
    return (
        f"You are {person.identity}, and nobody has let you in yet, or your account is disabled. Ask an admin to add "
        f"{person.identity} on the page Users."
    )
