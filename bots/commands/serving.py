"""`answerloop serve`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bots.commands.setup import Where

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
    from bots.preparation import active_release
    from bots.scheduler import keep_synchronised
    from rag_core.bootstrap import make_assistant, open_core, open_records

    settings = where.settings()
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update={"web": settings.web.model_copy(update=given)})
    logging.getLogger().setLevel(settings.log_level.upper())
    async with open_records(settings) as database:
        release = await active_release(database, settings)
    async with open_core(settings, release) as core:
        assistant = make_assistant(core)
        await server.serve(
            settings,
            lambda _: nullcontext(assistant),
            Console(),
            background={"synchronisation": lambda _: keep_synchronised(core)},
            ready=lambda a: a.state(),
        )
