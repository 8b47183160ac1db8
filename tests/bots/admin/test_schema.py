"""What Schemathesis makes of the pages' own schema, and of that of the chat page's API, ends in no 5xx.

HYPOTHESIS_PROFILE=exploring EXAMPLES=40 pytest tests/bots/admin/test_schema.py
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from adapters.chat import Chat
from adapters.web import web_app
from rag_core.records.accounts import Accounts
from rag_core.settings import Settings
from tests.bots.admin.conftest import HOST, SOURCES, Pages, opened
from tests.bots.admin.month import Month, few, known_in
from tests.bots.admin.test_roles import ANYBODY, VISITORS
from tests.fakes import FakeAssistant, an_answer

__all__ = ["few"]

EXAMPLES = int(os.environ.get("EXAMPLES", "1"))
"""Of each address, of each kind: what the schema lets through, and what it does not."""
EXISTING = ("/golden/check", "/gaps/search", "/gaps/{id}/check", "/releases/{id}/promote")
CHAT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "chat page", "version": "1"},
    "paths": {
        "/api/ask": {"post": {"requestBody": {"required": True, "content": {"application/json": {"schema": {
            "type": "object",
            "required": ["question"],
            "additionalProperties": False,
            "properties": {
                "question": {"type": "string", "maxLength": 4000},
                "thread": {"type": "string", "pattern": "^[A-Za-z0-9_-]{0,64}$"},
                "language": {"type": "string", "maxLength": 35},
            },
        }}}}, "responses": {"200": {"description": "answer"}}}},
        "/api/feedback": {"post": {"requestBody": {"required": True, "content": {"application/json": {"schema": {
            "type": "object",
            "required": ["answer_id", "value"],
            "additionalProperties": False,
            "properties": {
                "answer_id": {"type": "string", "minLength": 1, "maxLength": 100},
                "value": {"enum": [-1, 0, 1]},
                "reason": {"type": "string"},
                "comment": {"type": "string", "maxLength": 4000},
                "correction": {"type": "string", "maxLength": 8000},
            },
        }}}}, "responses": {"200": {"description": "thanks"}}}},
        "/api/suggestions": {"get": {"responses": {"200": {"description": "questions"}}}},
        "/healthz": {"get": {"responses": {"200": {"description": "ready"}}}},
    },
}  # fmt: skip


@dataclass
class Running:
    """Pages with something on them, and the loop that they run in: Hypothesis calls from outside of it."""

    runner: asyncio.Runner
    pages: Pages
    known: dict[str, tuple[str, ...]]
    browsers: dict[str, httpx.AsyncClient] = field(default_factory=dict)


@pytest.fixture(scope="module")
def running(few: Month, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("schema") / "home"
    shutil.copytree(few.home, home, symlinks=True)
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        pages = runner.run(opened(Settings(home=home, sources=SOURCES), stack))
        yield Running(runner, pages, runner.run(known_in(pages, few)))
        runner.run(stack.aclose())


def test_schemathesis_finds_no_5xx_in_the_admin_pages(running: Running) -> None:
    """Each request is sent by each role and by nobody; with ids that exist and with what it makes up."""
    pages, broken = running.pages, []
    schema = schemathesis.openapi.from_dict(pages.app.openapi())
    for operation in (result.ok() for result in schema.get_all_operations()):
        known = {} if operation.path in EXISTING else running.known

        async def send(case: Case, known: dict[str, tuple[str, ...]] = known) -> httpx.Response:
            answers = [await sent_by(running, visitor, case, known) for visitor in VISITORS]
            return max(answers, key=lambda answer: answer.status_code)

        broken += tried(running.runner, operation, EXAMPLES, send)
    assert broken == []


def test_schemathesis_finds_no_5xx_in_the_chat_pages_api() -> None:
    """Whatever is sent to it."""
    with asyncio.Runner() as runner:

        async def send(case: Case) -> httpx.Response:
            app = web_app(Chat(FakeAssistant([an_answer()])), ready)
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=HOST) as browser:
                return await sent(browser, case, {})

        schema = schemathesis.openapi.from_dict(CHAT)
        found = [tried(runner, one.ok(), 20 * EXAMPLES, send) for one in schema.get_all_operations()]
    assert found == [[]] * 4


async def sent_by(
    running: Running, visitor: str, case: Case, known: Mapping[str, Sequence[str]]
) -> httpx.Response:
    """Sent again where what was sent before has ended the session."""
    for _ in range(2):
        if visitor == ANYBODY or visitor not in running.browsers:
            running.browsers[visitor] = await browser_of(running.pages, visitor)
        answer = await sent(running.browsers[visitor], case, known)
        if visitor == ANYBODY or not answer.headers.get("location", "").startswith("/sign-in"):
            break
        del running.browsers[visitor]
    return answer


async def browser_of(pages: Pages, visitor: str) -> httpx.AsyncClient:
    if visitor == ANYBODY:
        return await pages.browser()
    if await Accounts(pages.database).find(f"local:{visitor}") is None:  # removed by what was sent
        pages.users.pop(visitor, None)
    return await pages.signed_in(visitor, visitor)  # type: ignore[arg-type]


async def ready() -> dict[str, object]:
    return {}


def tried(
    runner: asyncio.Runner,
    operation: Any,
    many: int,
    send: Callable[[Case], Coroutine[Any, Any, httpx.Response]],
) -> list[str]:
    """What ended in a 5xx, of so many cases that the schema lets through and as many that it does not."""
    broken: list[str] = []
    for mode in GenerationMode if can_be_wrong(operation) else (GenerationMode.POSITIVE,):

        @settings(
            max_examples=many, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None
        )
        @given(operation.as_strategy(generation_mode=mode))
        def once(case: Case) -> None:
            answer = runner.run(send(case))
            if answer.status_code >= 500:
                broken.append(f"{operation.label}: {case!r}: {answer.text[-300:]}")

        with contextlib.suppress(Unsatisfiable):  # nothing in it can be wrong
            once()
    return broken


def can_be_wrong(operation: Any) -> bool:
    """Any text is right in a path; to find out that by trying takes Schemathesis hundreds of attempts."""
    in_path = [one.definition["schema"] for one in operation.path_parameters]
    text = all({**of, "title": ""} == {"type": "string", "title": ""} for of in in_path)
    return bool(operation.query or operation.body) or not text


async def sent(browser: httpx.AsyncClient, case: Case, known: Mapping[str, Sequence[str]]) -> httpx.Response:
    """As it is; where an id is asked for that could exist, every other time one that does."""
    ids = next((ids for start, ids in known.items() if case.path.startswith(start)), None)
    if ids and "{" in case.path and number_of(case) % 2:
        for name in case.path_parameters:
            case.path_parameters[name] = ids[0]
    made = case.as_transport_kwargs(base_url=HOST)
    taken = ("method", "url", "headers", "params", "data", "json", "files", "cookies")
    asked = requests.Request(**{name: made[name] for name in taken if name in made}).prepare()
    headers = [(name, value) for name, value in asked.headers.items() if name.lower() != "content-length"]
    try:
        return await browser.request(asked.method or "", asked.url or "", headers=headers, content=asked.body)
    except (UnicodeError, httpx.InvalidURL):  # nothing that can be sent
        return httpx.Response(400)
    except Exception as error:  # what no handler has made a page of
        return httpx.Response(599, text=repr(error))


def number_of(case: Case) -> int:
    """A number that is the same for the same case."""
    return len(repr(case.path_parameters)) + len(repr(case.body))
