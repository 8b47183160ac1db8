"""The chat page and the API behind it.

    GET  /                 the page, in the reader's language
    GET  /static/…         its style and scripts
    GET  /embed.js         what shows the page within other sites (embedding.py)
    GET  /api/suggestions  questions to begin with
    POST /api/ask          {"question", "thread", "language"} -> the answer with its citations, or {"error": a sentence};
                           as it is written, with the header Accept: text/event-stream (see events.py)
    POST /api/feedback     {"answer_id", "value", "reason", "comment", "correction"}
                           -> {"message"}, or {"error"}
    GET  /healthz          200 when questions can be answered, 503 when not

A person is a random id in a cookie: enough that a second vote replaces the first, and no more than that. Their language
is what their browser prefers (Accept-Language).
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from adapters.bodies import AskBody, FeedbackBody, body_of
from adapters.chat import Chat, Conversations, unsure
from adapters.embedding import Embedding
from adapters.events import EventStream
from adapters.guard import Guard
from adapters.page import PAGE, page, preferred
from adapters.text import readable_place
from rag_core.errors import AnswerloopError
from rag_core.generation.protocol import Said, nothing
from rag_core.messages import spoken
from rag_core.types import Answer, Citation, Principal, Question, Vote

__all__ = ["web_app"]

log = logging.getLogger(__name__)

COOKIE = "answerloop_person"
_YEAR_S = 365 * 24 * 3600
_PERSON = re.compile(r"[A-Za-z0-9_-]{22}")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'"
)
_HEADERS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

Ready = Callable[[], Awaitable[Mapping[str, object]]]


def web_app(
    chat: Chat,
    ready: Ready,
    suggestions: Sequence[str] = (),
    hosts: Sequence[str] = (),
    embed_origins: Sequence[str] = (),
) -> Starlette:
    """The web application.

    ready: what /healthz tells; it raises AnswerloopError while questions cannot be answered.
    suggestions: questions that an empty page offers.
    hosts: the names the page may be asked for by, without a port; none: any (guard.py).
    embed_origins: sites that may show it in a frame.
    """
    embedding = Embedding(embed_origins)
    endpoints = _Endpoints(chat, ready, suggestions, embedding)
    headers = {**_HEADERS, "content-security-policy": f"{_POLICY}; {embedding.ancestors}"}
    return Starlette(
        routes=[
            Route("/", endpoints.page),
            Route("/healthz", endpoints.health),
            Route("/embed.js", endpoints.embed),
            Route("/api/suggestions", endpoints.suggest),
            Route("/api/ask", endpoints.ask, methods=["POST"]),
            Route("/api/feedback", endpoints.feedback, methods=["POST"]),
            Mount("/static", StaticFiles(directory=PAGE)),
        ],
        middleware=[Middleware(Guard, hosts=hosts, headers=headers)],
        exception_handlers={HTTPException: _error},
    )


class _Endpoints:
    """One method per route: translate, call Chat, translate back."""

    def __init__(self, chat: Chat, ready: Ready, suggestions: Sequence[str], embedding: Embedding) -> None:
        self._chat = chat
        self._ready = ready
        self._suggestions = list(suggestions)
        self._embedding = embedding
        self._conversations = Conversations()

    async def page(self, request: Request) -> Response:
        language = self._language(request)
        headers = {
            "cache-control": "no-cache",
            "content-language": spoken(language) or "en",
            "vary": "accept-language",
        }
        return self._remember(HTMLResponse(page(language), headers=headers), request, _person(request))

    async def embed(self, request: Request) -> Response:
        return self._embedding.script(self._language(request))

    async def suggest(self, request: Request) -> Response:
        return JSONResponse({"questions": self._suggestions})

    async def ask(self, request: Request) -> Response:
        body = await body_of(request, AskBody)
        person = _person(request)
        thread = (
            f"{person}/{body.thread}"  # the browser names its threads; it must not reach another person's
        )
        question = Question(
            body.question.strip(),
            Principal(platform="web", user=person, direct=True),
            thread,
            self._conversations.turns(thread) if body.thread else (),
            body.language or preferred(request.headers.get("accept-language", "")),
        )

        async def answer(said: Said = nothing) -> tuple[dict[str, Any], int]:
            return await self._answer(question, said, remember=bool(body.thread))

        if "text/event-stream" in request.headers.get("accept", ""):
            return self._remember(EventStream(answer), request, person)
        return self._remember(JSONResponse(*await answer()), request, person)

    async def _answer(self, question: Question, said: Said, remember: bool) -> tuple[dict[str, Any], int]:
        """The body of the response and its status."""
        reply = await self._chat.answer(question, said)
        if reply.answer is None:
            return {"error": reply.text}, 503 if reply.reference else 422
        if remember:
            self._conversations.add(question.thread, question.text, reply.answer)
        return answer_json(reply.answer, self._chat.language(question.language)), 200

    async def feedback(self, request: Request) -> Response:
        body = await body_of(request, FeedbackBody)
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
        receipt = await self._chat.vote(vote, self._language(request))
        if receipt.recorded:
            return self._remember(JSONResponse({"message": receipt.text}), request, person)
        return self._remember(
            JSONResponse({"error": receipt.text}, 503 if receipt.reference else 404), request, person
        )

    def _remember(self, response: Response, request: Request, person: str) -> Response:
        """Give the person's id to the browser, unless it has it."""
        if request.cookies.get(COOKIE) != person:
            self._embedding.remember(response, request, COOKIE, person, _YEAR_S)
        return response

    def _language(self, request: Request) -> str:
        return self._chat.language(preferred(request.headers.get("accept-language", "")))

    async def health(self, request: Request) -> Response:
        try:
            return JSONResponse({"ready": True, **await self._ready()})
        except AnswerloopError as error:
            log.info("Not ready: %s", error)
            return JSONResponse({"ready": False, "reason": type(error).__name__}, 503)


def answer_json(answer: Answer, language: str = "") -> dict[str, Any]:
    """The answer as the page receives it; places of citations in the reader's language."""
    return {
        "answer_id": answer.id,
        "text": answer.text,
        "citations": [_citation_json(citation, language) for citation in answer.citations],
        "confidence": answer.confidence,
        "unsure": unsure(answer),
        "abstained": answer.abstained,
        "nearest": [_citation_json(citation, language) for citation in answer.nearest],
        "standalone": answer.standalone,
        "generator": answer.generator,
        "notices": list(answer.notices),
        "release": answer.release,
        "timings_ms": dict(answer.timings_ms),
    }


def _citation_json(citation: Citation, language: str) -> dict[str, Any]:
    return {
        "number": citation.number,
        "title": citation.title,
        "location": citation.location,
        "quote": citation.quote,
        "place": readable_place(citation.place, language),
    }


# Who the person is


def _person(request: Request) -> str:
    """The id in the cookie, or a new one where there is none that we could have given."""
    known = request.cookies.get(COOKIE, "")
    return known if _PERSON.fullmatch(known) else secrets.token_urlsafe(16)


async def _error(request: Request, error: Exception) -> Response:
    """Refusals as the API tells them: {"error": a sentence}."""
    assert isinstance(error, HTTPException)
    sentences = {404: "There is nothing here.", 405: "This address does not take such a request."}
    text = sentences.get(error.status_code, error.detail)
    return JSONResponse({"error": text}, error.status_code, headers=error.headers)
