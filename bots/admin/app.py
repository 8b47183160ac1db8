"""The admin pages as one application."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from urllib.parse import quote

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from adapters.guard import Guard
from bots.admin.bounds import Bounded
from bots.admin.rendering import FOLDER, render
from bots.admin.roles import SAFE, NotSignedIn, session_of
from bots.admin.routes import ROUTERS
from bots.admin.services import Services
from bots.admin.signing.desk import Desk
from bots.admin.storable import refuse_unstorable
from rag_core.errors import (
    AnswerloopError,
    Busy,
    InvalidEntry,
    InvalidQuestion,
    NotFound,
    NotReady,
    Unavailable,
)

__all__ = ["HEADERS", "admin_app"]

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",  # with no-referrer, our own forms would not say where they come from
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def admin_app(services: Services, hosts: Sequence[str] = ()) -> FastAPI:
    """hosts: the names that the pages may be asked for by, without a port; none: any (adapters/guard.py)."""
    app = FastAPI(
        title="answerloop admin",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # the schema is for tests, by app.openapi(); nobody else needs a map of the pages
        redirect_slashes=False,  # it would name the host and the scheme as the request does
        dependencies=[Depends(refuse_unstorable)],
        middleware=[Middleware(Guard, hosts=hosts, headers=HEADERS), Middleware(Bounded)],
        exception_handlers={
            NotSignedIn: _sign_in,
            HTTPException: _refused,
            RequestValidationError: _invalid,
            AnswerloopError: _failed,
            Exception: _broken,
        },
    )
    app.state.services = services
    app.state.desk = Desk(services.settings(), services.database)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"))
    return app


async def _sign_in(request: Request, error: Exception) -> Response:
    """Back to the page afterwards, where it is one that can be asked for again."""
    path = request.url.path if request.method in SAFE else "/"
    address = "/sign-in" if path == "/" else f"/sign-in?next={quote(path)}"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"hx-redirect": address})
    return RedirectResponse(address, 303)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = {404: "There is nothing here.", 405: "This address does not take such a request."}
    with contextlib.suppress(
        NotSignedIn, AnswerloopError
    ):  # an address of no route has asked nobody who it is
        await session_of(request)
    detail = said.get(error.status_code) if error.detail in ("Not Found", "Method Not Allowed") else None
    return _error_page(request, error.status_code, detail or str(error.detail), error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "the request"
    return _error_page(request, 422, f"{where}: {first['msg']}.")


async def _failed(request: Request, error: Exception) -> Response:
    status = {
        NotFound: 404,
        InvalidEntry: 422,
        InvalidQuestion: 422,
        Busy: 409,
        Unavailable: 503,
        NotReady: 409,
    }
    found = next((code for kind, code in status.items() if isinstance(error, kind)), 500)
    return _error_page(request, found, str(error))


async def _broken(request: Request, error: Exception) -> Response:
    """Made outside of what puts the headers on every other response; the error is in the log, by what serves."""
    response = _error_page(
        request, 500, "Something is broken here; it is in the log. Try again, or tell an admin."
    )
    response.headers.update({**HEADERS, "cache-control": "no-store"})
    return response


def _error_page(request: Request, status: int, sentence: str, headers: object = None) -> Response:
    response = render(request, "error.html", status, sentence=sentence)
    response.headers.update(dict(headers or {}))  # type: ignore[call-overload]
    return response
