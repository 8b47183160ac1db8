"""`answerloop serve`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from bots.commands.setup import Where

if TYPE_CHECKING:
    from bots.active import ActiveRelease

__all__ = ["serve"]


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: web.host]")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one. [default: web.port]")
    ] = None,
) -> None:
    """Serve the chat page, and keep the sources synchronised on their schedules."""
    where: Where = context.obj
    asyncio.run(_serve(where, host, port))


async def _serve(where: Where, host: str | None, port: int | None) -> None:
    import logging
    from contextlib import nullcontext

    from rich.console import Console

    from bots import serve as server
    from bots.active import ActiveRelease
    from bots.live import LiveSettings
    from bots.preparation import active_release
    from bots.scheduler import keep_synchronised
    from rag_core.bootstrap import open_records

    where = where.pinned()
    settings = where.settings()
    live = LiveSettings(where.settings, settings)
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update={"web": settings.web.model_copy(update=given)})
    logging.getLogger().setLevel(settings.log_level.upper())
    async with open_records(settings) as database:
        release = await active_release(database, settings)
    async with ActiveRelease(settings, live.access, release) as active:
        await server.serve(
            settings,
            lambda _: nullcontext(active),
            Console(),
            background={
                "watching the settings": lambda _: live.keep(),
                "synchronisation": lambda _: active.keep(
                    lambda core: keep_synchronised(core, configured=lambda: live.current.sources)
                ),
            },
            ready=_told,
        )


async def _told(active: ActiveRelease) -> dict[str, object]:
    """Not how many passages there are, nor that they changed: that speaks of documents the visitor may not read."""
    return {name: value for name, value in (await active.state()).items() if name not in _NOT_TOLD}


_NOT_TOLD = {"passages", "generation"}
