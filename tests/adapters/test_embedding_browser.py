"""The chat page within another site, in a real browser."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import uvicorn
from playwright.async_api import Browser, FrameLocator, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from adapters.chat import Chat
from adapters.web import web_app
from tests.fakes import FakeAssistant

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def _ready() -> dict[str, object]:
    return {}


@asynccontextmanager
async def served(app: Starlette, listening: socket.socket | None = None) -> AsyncIterator[int]:
    """Its port on this machine."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    listening = listening or socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await serving


def site(chat: str, attributes: str = "") -> Starlette:
    """A page of somebody else, with a policy as strict as ours."""

    async def page(request: Request) -> HTMLResponse:
        policy = f"default-src 'none'; script-src {chat}; frame-src {chat}"
        tag = f'<script src="{chat}/embed.js" {attributes} async></script>'
        html = f"<!doctype html><html lang=en><title>Docs</title><h1>Docs</h1><a href=#x>a link</a>{tag}"
        return HTMLResponse(html, headers={"content-security-policy": policy})

    return Starlette(routes=[Route("/", page)])


@asynccontextmanager
async def visited(chromium: Browser, *, allowed: bool, attributes: str = "") -> AsyncIterator[Page]:
    """Another site than the chat's, by its name: localhost is not 127.0.0.1."""
    async with AsyncExitStack() as stack:
        listening = socket.create_server(("127.0.0.1", 0))
        around = listening.getsockname()[1]
        origins = [f"http://localhost:{around}"] if allowed else ["https://docs.example.com"]
        port = await stack.enter_async_context(
            served(web_app(Chat(FakeAssistant()), _ready, embed_origins=origins))
        )
        await stack.enter_async_context(served(site(f"http://127.0.0.1:{port}", attributes), listening))
        context = await chromium.new_context()
        stack.push_async_callback(context.close)
        page = await context.new_page()
        page.set_default_timeout(5_000)
        await page.goto(f"http://localhost:{around}/")
        yield page


def frame(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


async def test_a_question_is_answered_within_another_site(chromium: Browser) -> None:
    """The button opens the page in a frame; it keeps its conversation while it is closed."""
    async with visited(chromium, allowed=True, attributes='data-label="Ask the docs"') as page:
        await page.get_by_role("button", name="Ask the docs").click()
        question = frame(page).get_by_label("Your question")
        await question.fill("When are expenses refunded?")
        await expect(frame(page).get_by_role("button", name="Send")).to_be_enabled()  # its script has come
        await question.press("Enter")
        await expect(frame(page).locator(".answer .text")).to_contain_text("refunded within 30 days")
        await page.get_by_role("button", name="Close").click()
        await expect(page.locator("iframe")).to_be_hidden()
        await page.get_by_role("button", name="Ask the docs").click()
        await expect(frame(page).locator(".answer")).to_have_count(1)


async def test_escape_and_the_frames_own_button_close_it_and_give_the_focus_back(chromium: Browser) -> None:
    """To the button that opened it."""
    async with visited(chromium, allowed=True) as page:
        button = page.get_by_role("button", name="Ask a question")
        for close in ("key", "button"):
            await button.click()
            await expect(frame(page).get_by_label("Your question")).to_be_focused()
            if close == "key":
                await frame(page).get_by_label("Your question").press("Escape")
            else:
                await frame(page).get_by_role("button", name="Close").click()
            await expect(page.locator("iframe")).to_be_hidden()
            await expect(button).to_be_focused()


async def test_a_site_that_is_not_named_gets_no_page(chromium: Browser) -> None:
    """The browser refuses the frame."""
    async with visited(chromium, allowed=False) as page:
        refused = asyncio.get_running_loop().create_future()
        page.on("console", lambda line: refused.done() or refused.set_result(line.text))
        await page.get_by_role("button", name="Ask a question").click()
        assert "frame-ancestors" in await asyncio.wait_for(refused, 5)
        assert await frame(page).locator("#question").count() == 0
