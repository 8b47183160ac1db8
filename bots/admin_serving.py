"""The admin pages as a part of `answerloop serve`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from rich.console import Console

from adapters.guard import LOOPBACK_HOSTS
from bots.admin.app import admin_app
from bots.admin.services import Services
from bots.listening import address, is_loopback, listen, serve_http
from bots.serve import Part, Run, announce
from bots.stopping import Stopping
from rag_core.bootstrap import open_records
from rag_core.running.active import ActiveRelease
from rag_core.settings import Settings

__all__ = ["admin_part"]


def admin_part(settings: Callable[[], Settings], console: Console) -> Part[ActiveRelease]:
    """settings: those in force now."""

    @contextmanager
    def part() -> Iterator[Run[ActiveRelease]]:
        at_start = settings().admin
        with listen("admin", at_start.host, at_start.port) as listening:

            async def run(assistant: ActiveRelease, stopping: Stopping) -> None:
                async with open_records(settings()) as database:
                    app = admin_app(
                        Services(settings, database, assistant), _hosts(settings(), is_loopback(listening))
                    )
                    accepting = partial(announce, console, f"{address(listening)} (admin)")
                    await serve_http(app, listening, stopping, accepting, settings().log_level)

            yield run

    return part


def _hosts(settings: Settings, loopback: bool) -> tuple[str, ...]:
    """The names that the pages may be asked for by; none: any."""
    if not loopback and not settings.admin.hosts:
        return ()
    return (*LOOPBACK_HOSTS, *settings.admin.hosts)
