"""Runs what is configured in one process: the chat page, chat platforms, and the work that goes on beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack, contextmanager
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from adapters.chat import Answerer, Chat
from adapters.guard import LOOPBACK_HOSTS
from adapters.web import web_app
from bots.listening import address, is_loopback, listen, serve_http
from bots.stopping import Stopping
from rag_core.running.background import kept_going
from rag_core.settings import Settings

__all__ = ["Part", "Run", "announce", "serve", "web_page"]

A = TypeVar("A", bound=Answerer)
Open = Callable[[Settings], AbstractAsyncContextManager[A]]
Work = Callable[[A], Awaitable[None]]
State = Callable[[A], Awaitable[Mapping[str, object]]]
Run = Callable[[A, Stopping], Awaitable[None]]
"""Serves until it is asked to stop, and returns when what was being answered is finished."""
Part = Callable[[], AbstractContextManager[Run[A]]]
"""What it needs for itself, such as a port, is taken before the assistant is opened, so that its lack is known at once."""


async def serve(
    settings: Settings,
    open_assistant: Open[A],
    console: Console,
    *,
    parts: Mapping[str, Part[A]] | None = None,
    background: Mapping[str, Work[A]] = MappingProxyType({}),
    ready: State[A] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is being answered and close everything; a second signal does not wait.

    parts: what is served; None: the chat page.
    background: work to keep going meanwhile, by its name in the log. What fails is started again after a
        pause; what returns has finished.
    ready: what /healthz tells; it raises AnswerloopError while questions cannot be answered.

    Raises:
        SettingsError: a part cannot do what the settings say, such as listen on an address.
    """
    if parts is None:
        parts = {"web": web_page(settings, console, ready)}
    with ExitStack() as opened:
        runs = [opened.enter_context(part()) for part in parts.values()]
        async with open_assistant(settings) as assistant:
            with Stopping() as stopping:
                beside = [
                    kept_going(name, partial(_done, work, assistant)) for name, work in background.items()
                ]
                await _run([run(assistant, stopping) for run in runs], beside, stopping)


async def _done(work: Work[A], assistant: A) -> None:
    await work(assistant)


async def _run(
    runs: Sequence[Awaitable[None]], beside: Sequence[Awaitable[None]], stopping: Stopping
) -> None:
    """Until all parts have ended; should one fail, the others are asked to stop. Then cancel what goes on beside them."""
    parts = [asyncio.ensure_future(run) for run in runs]
    others = [asyncio.ensure_future(work) for work in beside]
    try:
        await asyncio.wait(parts, return_when=asyncio.FIRST_EXCEPTION)
        stopping.asked.set()
        await asyncio.gather(*parts, return_exceptions=True)
    finally:
        for task in (*parts, *others):
            task.cancel()
        await asyncio.gather(*parts, *others, return_exceptions=True)
    for part in parts:
        part.result()


def web_page(settings: Settings, console: Console, ready: State[A] | None = None) -> Part[A]:
    """The chat page. ready: as in serve."""

    @contextmanager
    def part() -> Iterator[Run[A]]:
        with listen("web", settings.web.host, settings.web.port) as listening:

            async def run(assistant: A, stopping: Stopping) -> None:
                app = web_app(
                    Chat(assistant, settings.language or ""),
                    lambda: _state(assistant, ready),
                    settings.web.suggestions,
                    hosts=(*LOOPBACK_HOSTS, *settings.web.hosts) if is_loopback(listening) else (),
                    embed_origins=settings.web.embed_origins,
                )
                accepting = partial(announce, console, address(listening))
                await serve_http(app, listening, stopping, accepting, settings.log_level, proxied=True)

            yield run

    return part


def announce(console: Console, what: str) -> None:
    """Say that it is ready. what: such as an address."""
    # not a rich link, and not wrapped: scripts read this line
    console.print(Text(f"answerloop is ready: {what}"), soft_wrap=True)


async def _state(assistant: A, ready: State[A] | None) -> Mapping[str, object]:
    return await ready(assistant) if ready else {}
