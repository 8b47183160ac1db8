"""Who is signed in, and what they may do. Every route but those in PUBLIC depends on may()."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from bots.admin.services import Services
from bots.admin.signing import cookies
from bots.admin.signing.cookies import SESSION
from bots.admin.signing.desk import Desk
from bots.admin.signing.origins import refuse_foreign
from rag_core.records.accounts import Accounts, Role, Session, User
from rag_core.records.reviews.reviews import Reviews
from rag_core.settings import duration_s

__all__ = [
    "COOKIE",
    "PUBLIC",
    "SAFE",
    "WAITING_MOST",
    "NotSignedIn",
    "Visitor",
    "desk_of",
    "is_whole",
    "may",
    "services_of",
    "session_of",
]

COOKIE = SESSION
"""Without TLS; over TLS it has a prefix (signing/cookies.py)."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""
PUBLIC = ("/sign-in", "/static", "/healthz")
"""What those see who are not signed in."""


WAITING_MOST = 100
"""So many reviews are counted for the navigation; what is more is not told."""
QUEUE = "/queue"
"""Where the number changes by what one does: there a part of the page brings it, too."""


def is_whole(request: Request) -> bool:
    """Whether a page is asked for with what is around it: not a part of one, for htmx."""
    return request.headers.get("hx-request") != "true" or "hx-boosted" in request.headers


class NotSignedIn(Exception):
    """The page of app.py sends its visitor to sign in."""


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def session_of(request: Request) -> Session:
    """The session of this request, read once. What a page asks for by itself (x-poll) does not keep it from ending.

    Raises:
        NotSignedIn: there is none.
    """
    known: Session | None = getattr(request.state, "session", None)
    if known is None:
        services = services_of(request)
        admin = services.settings().admin
        idle = timedelta(seconds=duration_s(admin.idle))
        token = cookies.read(request, "session", admin)
        used = "x-poll" not in request.headers
        known = await Accounts(services.database).session(token, idle, used=used) if token else None
        if known is None:
            raise NotSignedIn
        request.state.session = known
    return known


def may(role: Role) -> Callable[[Request], Awaitable[User]]:
    """A dependency: who is signed in, if they have that role or more, and the request comes from our own pages."""

    async def user(request: Request) -> User:
        session = await session_of(request)
        if not session.user.may(role):
            raise HTTPException(403, f"This needs the role {role}; you are signed in as {session.user.role}.")
        if request.method not in SAFE:
            await _refuse_forged(request, session)
        if session.user.may("reviewer") and (is_whole(request) or request.url.path == QUEUE):
            request.state.waiting = await Reviews(services_of(request).database).count_pending(WAITING_MOST)
        return session.user

    user.role = role  # type: ignore[attr-defined]  # the table of tests/bots/admin/test_roles.py reads it
    return user


async def _refuse_forged(request: Request, session: Session) -> None:
    refuse_foreign(request, services_of(request).settings().admin)
    given = request.headers.get("x-csrf-token") or ""
    if not given and "form" in request.headers.get("content-type", ""):
        field = (await request.form()).get("csrf")
        given = field if isinstance(field, str) else ""
    if not hmac.compare_digest(given.encode(), session.csrf.encode()):
        raise HTTPException(403, "This form is out of date; reload the page and try again.")


Visitor = Annotated[User, Depends(may("viewer"))]
