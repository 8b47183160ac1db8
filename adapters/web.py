"""The chat page and the API behind it.

    GET  /                 the page
    GET  /static/…         its style and scripts
    GET  /api/suggestions  questions to begin with
    POST /api/ask          {"question", "thread"} -> the answer with its citations, or {"error": a sentence}
    POST /api/feedback     {"answer_id", "value", "reason", "comment", "correction"}
                           -> {"message"}, or {"error"}
    GET  /healthz          200 when questions can be answered, 503 when not

A person is a random id in a cookie: enough that a second vote replaces the first, and no more than that.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.chat import REASONS, Chat, Conversations, unsure
from rag_core.errors import AnswerloopError
from rag_core.types import Answer, Citation, Principal, Question, Vote

__all__ = ["LOOPBACK_HOSTS", "web_app"]

log = logging.getLogger(__name__)

PAGE = Path(__file__).parent / "web_page"
BODY_LIMIT = 64 * 1024
QUESTION_LENGTH = 4000
COOKIE = "answerloop_person"
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
"""The names by which a page that is bound to loopback can honestly be asked for."""

_YEAR_S = 365 * 24 * 3600
_PERSON = re.compile(r"[A-Za-z0-9_-]{22}")
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

Ready = Callable[[], Awaitable[Mapping[str, object]]]


def web_app(
    chat: Chat, ready: Ready, suggestions: Sequence[str] = (), hosts: Sequence[str] = ()
) -> Starlette:
    """The web application.

    ready: what /healthz tells; it raises AnswerloopError while questions cannot be answered.
    suggestions: questions that an empty page offers.
    hosts: the names the page may be asked for by, without a port; none: any. A page on loopback should name
        LOOPBACK_HOSTS, or a foreign site whose name is made to point there can read it (DNS rebinding).
    """
    endpoints = _Endpoints(chat, ready, suggestions)
    return Starlette(
        routes=[
            Route("/", endpoints.page),
            Route("/healthz", endpoints.health),
            Route("/api/suggestions", endpoints.suggest),
            Route("/api/ask", endpoints.ask, methods=["POST"]),
            Route("/api/feedback", endpoints.feedback, methods=["POST"]),
            Mount("/static", StaticFiles(directory=PAGE)),
        ],
        middleware=[Middleware(_Guard, hosts=hosts)],
        exception_handlers={HTTPException: _error},
    )


class _Endpoints:
    """One method per route: translate, call Chat, translate back."""

    def __init__(self, chat: Chat, ready: Ready, suggestions: Sequence[str]) -> None:
        self._chat = chat
        self._ready = ready
        self._suggestions = list(suggestions)
        self._conversations = Conversations()

    async def page(self, request: Request) -> Response:
        response = FileResponse(PAGE / "index.html", headers={"cache-control": "no-cache"})
        return _remember(response, request, _person(request))

    async def suggest(self, request: Request) -> Response:
        return JSONResponse({"questions": self._suggestions})

    async def ask(self, request: Request) -> Response:
        body = await _body(request, AskBody)
        person = _person(request)
        thread = (
            f"{person}/{body.thread}"  # the browser names its threads; it must not reach another person's
        )
        turns = self._conversations.turns(thread) if body.thread else ()
        principal = Principal(platform="web", user=person, direct=True)
        reply = await self._chat.answer(Question(body.question.strip(), principal, thread, turns))
        if reply.answer is None:
            status = 503 if reply.reference else 422
            return _remember(JSONResponse({"error": reply.text}, status), request, person)
        if body.thread:
            self._conversations.add(thread, body.question, reply.text)
        return _remember(JSONResponse(answer_json(reply.answer)), request, person)

    async def feedback(self, request: Request) -> Response:
        body = await _body(request, FeedbackBody)
        person = _person(request)
        vote = Vote(
            body.answer_id,
            "web",
            person,
            body.value,
            body.reason,
            body.comment.strip(),
            body.correction.strip(),
        )
        receipt = await self._chat.vote(vote)
        if receipt.recorded:
            return _remember(JSONResponse({"message": receipt.text}), request, person)
        return _remember(
            JSONResponse({"error": receipt.text}, 503 if receipt.reference else 404), request, person
        )

    async def health(self, request: Request) -> Response:
        try:
            return JSONResponse({"ready": True, **await self._ready()})
        except AnswerloopError as error:
            log.info("Not ready: %s", error)
            return JSONResponse({"ready": False, "reason": type(error).__name__}, 503)


def answer_json(answer: Answer) -> dict[str, Any]:
    """The answer as the page receives it."""
    return {
        "answer_id": answer.id,
        "text": answer.text,
        "citations": [_citation_json(citation) for citation in answer.citations],
        "confidence": answer.confidence,
        "unsure": unsure(answer),
        "abstained": answer.abstained,
        "nearest": [_citation_json(citation) for citation in answer.nearest],
        "release": answer.release,
        "timings_ms": dict(answer.timings_ms),
    }


def _citation_json(citation: Citation) -> dict[str, Any]:
    return {
        "number": citation.number,
        "title": citation.title,
        "location": citation.location,
        "quote": citation.quote,
        "place": citation.place,
    }


# What the browser sends


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds a character that is not text")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _reason(code: str) -> str:
    if code and code not in REASONS:
        raise ValueError(f"is none of {', '.join(REASONS)}")
    return code


Storable = AfterValidator(_storable)  # behind the length in each field, or pydantic words the length oddly


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class AskBody(_Body):
    """The body of POST /api/ask. Questions of one thread follow up on each other."""

    question: Annotated[str, Field(max_length=QUESTION_LENGTH), Storable, AfterValidator(_not_blank)]
    thread: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,64}$")


class FeedbackBody(_Body):
    """The body of POST /api/feedback. Replaces what the same person sent for the same answer before."""

    answer_id: Annotated[str, Field(min_length=1, max_length=100), Storable]
    value: Literal[-1, 0, 1]
    reason: Annotated[str, AfterValidator(_reason)] = ""
    comment: Annotated[str, Field(max_length=4000), Storable] = ""
    correction: Annotated[str, Field(max_length=8000), Storable] = ""


B = TypeVar("B", bound=_Body)


async def _body(request: Request, kind: type[B]) -> B:
    """The request's body, once it is certain that our own page (or no browser at all) sent it.

    Raises:
        HTTPException: 403 another site sent it, 415 not JSON, 413 too large, 422 not what is expected.
    """
    _refuse_other_sites(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Send JSON, with the header Content-Type: application/json.")
    try:
        return kind.model_validate_json(await _bytes(request))
    except ValidationError as error:
        raise HTTPException(422, _sentence(error)) from None


def _refuse_other_sites(request: Request) -> None:
    """Browsers say which site a POST comes from; what does not say so is no browser, and no danger."""
    origin = request.headers.get("origin")
    if origin is None:
        same = request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    else:
        # the scheme may differ: a proxy that ends TLS
        same = origin.partition("://")[2].lower() == request.headers.get("host", "").lower()
    if not same:
        raise HTTPException(403, "This request comes from another site.")


async def _bytes(request: Request) -> bytes:
    """The raw body, read no further than the limit."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_LIMIT:
            raise HTTPException(413, f"The request is larger than {BODY_LIMIT // 1024} kB.")
    return bytes(body)


def _sentence(error: ValidationError) -> str:
    """The first mistake, naming its field."""
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return "The body is not valid JSON."
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"{field} is missing."
    if first["type"] == "extra_forbidden":
        return f"{field[:100]} is not expected."
    reason = first["msg"].removeprefix("Value error, ")
    return f"{field}: {reason[0].lower() + reason[1:]}." if field else f"The body: {reason}."


# Who the person is


def _person(request: Request) -> str:
    """The id in the cookie, or a new one where there is none that we could have given."""
    known = request.cookies.get(COOKIE, "")
    return known if _PERSON.fullmatch(known) else secrets.token_urlsafe(16)


def _remember(response: Response, request: Request, person: str) -> Response:
    """Give the person's id to the browser, unless it has it."""
    if request.cookies.get(COOKIE) != person:
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, person, max_age=_YEAR_S, httponly=True, samesite="lax", secure=secure)
    return response


# What goes around every request


async def _error(request: Request, error: Exception) -> Response:
    """Refusals as the API tells them: {"error": a sentence}."""
    assert isinstance(error, HTTPException)
    sentences = {404: "There is nothing here.", 405: "This address does not take such a request."}
    text = sentences.get(error.status_code, error.detail)
    return JSONResponse({"error": text}, error.status_code, headers=error.headers)


class _Guard:
    """Refuses requests for names we do not serve, and puts the security headers on every response."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                # answers are for the asker alone; the page's files are kept, but checked for updates
                headers.setdefault("cache-control", "no-cache" if _is_static(scope) else "no-store")
            await send(message)

        app = self._app if self._serves(Request(scope)) else _misdirected
        await app(scope, receive, send_with_headers)

    def _serves(self, request: Request) -> bool:
        if not self._hosts:
            return True
        try:
            return urlsplit(f"//{request.headers.get('host', '')}").hostname in self._hosts
        except ValueError:
            return False


def _is_static(scope: Scope) -> bool:
    return str(scope["path"]).startswith("/static/")


async def _misdirected(scope: Scope, receive: Receive, send: Send) -> None:
    response = JSONResponse({"error": "This server does not answer to that host name."}, 421)
    await response(scope, receive, send)
