"""`answerloop serve`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from bots.commands.setup import Where
from rag_core.errors import SettingsError

if TYPE_CHECKING:
    from rich.console import Console

    from bots.serve import Part
    from rag_core.running.active import ActiveRelease
    from rag_core.running.live import LiveSettings
    from rag_core.settings import Settings

__all__ = ["PARTS", "serve"]

PARTS = ("web", "admin", "slack", "discord")
"""What `serve` serves, by the names that --only takes."""


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: web.host]")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one. [default: web.port]")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Serve this alone: web, admin, slack or discord. Repeat it for several. [default: all that is configured]"
        ),
    ] = None,
) -> None:
    """Serve the chat page, the admin pages, and Slack and Discord where they are configured; and keep the sources
    synchronised."""
    where: Where = context.obj
    asyncio.run(_serve(where, host, port, _known(only or [])))


def _known(only: list[str]) -> list[str]:
    for name in only:
        if name not in PARTS:
            raise SettingsError(f"--only: there is no part {name!r}; there are {', '.join(PARTS)}.")
    return only


async def _serve(where: Where, host: str | None, port: int | None, only: list[str]) -> None:
    import logging
    from contextlib import nullcontext

    from rich.console import Console

    from bots import serve as server
    from rag_core.bootstrap import open_records
    from rag_core.running.active import ActiveRelease
    from rag_core.running.live import LiveSettings
    from rag_core.running.opening import settings_loader, works_beside
    from rag_core.running.preparation import active_release

    load = settings_loader(where.config, where.home)
    settings = load()
    live = LiveSettings(load, settings)
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update={"web": settings.web.model_copy(update=given)})
    logging.getLogger().setLevel(settings.log_level.upper())
    console = Console()
    parts = _parts(where, settings, live, console, only)
    async with open_records(settings) as database:
        release = await active_release(database, settings)
    async with ActiveRelease(settings, live.access, release) as active:
        works = {**works_beside(live, active), "training": _training(where, live)}
        background = {name: _alone(work) for name, work in works.items()}
        await server.serve(
            settings, lambda _: nullcontext(active), console, parts=parts, background=background
        )


def _training(where: Where, live: LiveSettings) -> Callable[[], Awaitable[None]]:
    from bots.scheduler import keep_training, train_command

    return partial(keep_training, lambda: live.current, train_command(where.home, where.config))


def _alone(work: Callable[[], Awaitable[None]]) -> Callable[[object], Awaitable[None]]:
    """Work that is not told who answers: it knows."""

    async def done(_: object) -> None:
        await work()

    return done


def _parts(
    where: Where, settings: Settings, live: LiveSettings, console: Console, only: list[str]
) -> dict[str, Part[ActiveRelease]]:
    """What is served; opened by nobody yet.

    Raises:
        SettingsError: what is to be served is not configured.
    """
    from bots.serve import web_page

    wanted = only or [name for name in PARTS if _configured(settings, name)]
    parts: dict[str, Part[ActiveRelease]] = {}
    if "web" in wanted:
        parts["web"] = web_page(settings, console, _told)
    if "admin" in wanted:
        from bots.admin_serving import admin_part  # FastAPI takes a while to import
        from bots.scheduler import train_command

        train = train_command(where.home, where.config, if_due=False)
        parts["admin"] = admin_part(lambda: live.current, console, train)
    if "slack" in wanted:
        from bots.slack_serving import check_slack, slack_part  # Bolt takes a fifth of a second to import

        check_slack(settings.slack)
        parts["slack"] = slack_part(lambda: live.current, live.access, console, _told)
    if "discord" in wanted:
        from bots.discord_serving import check_discord, discord_part

        check_discord(settings.discord)
        parts["discord"] = discord_part(lambda: live.current, live.access, console)
    return parts


def _configured(settings: Settings, part: str) -> bool:
    """The chat page and the admin pages need nothing."""
    return {"slack": settings.slack.configured, "discord": settings.discord.configured}.get(part, True)


async def _told(active: ActiveRelease) -> dict[str, object]:
    """Not how many passages there are, nor that they changed: that speaks of documents the visitor may not read."""
    return {name: value for name, value in (await active.state()).items() if name not in _NOT_TOLD}


_NOT_TOLD = {"passages", "generation"}
