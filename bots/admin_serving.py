"""The admin pages as a part of `answerloop serve`."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

from rich.console import Console
from rich.text import Text

from adapters.guard import LOOPBACK_HOSTS
from bots.admin.app import admin_app
from bots.admin.services import Services
from bots.admin.signing.first_run import first_admin
from bots.admin.signing.granting import granting
from bots.listening import address, is_loopback, listen, serve_http
from bots.serve import Part, Run, announce
from bots.stopping import Stopping
from rag_core.bootstrap import open_records
from rag_core.records.accounts import Administration
from rag_core.review.gaps.searching import GapSearch
from rag_core.review.resolving.similar import keep_vectors
from rag_core.running.active import ActiveRelease
from rag_core.running.background import kept_going
from rag_core.settings import Settings

__all__ = ["admin_part", "served_hosts", "settled"]


def admin_part(
    settings: Callable[[], Settings], console: Console, train: Sequence[str] = ()
) -> Part[ActiveRelease]:
    """settings: those in force now. train: the command that trains; (): nothing is trained from there."""

    @contextmanager
    def part() -> Iterator[Run[ActiveRelease]]:
        at_start = settings().admin
        with listen("admin", at_start.host, at_start.port) as listening:

            async def run(assistant: ActiveRelease, stopping: Stopping) -> None:
                async with open_records(settings()) as database:
                    await Administration(database).grant(granting(settings()))
                    password = await first_admin(database)
                    app = admin_app(
                        Services(settings, database, assistant, train),
                        served_hosts(settings(), is_loopback(listening)),
                    )
                    accepting = partial(_announce, console, address(listening), password)
                    making = partial(keep_vectors, assistant, database)
                    beside = asyncio.create_task(kept_going("vectors of reviewed questions", making))
                    app.state.gap_search = GapSearch(assistant, database)
                    gaps = asyncio.create_task(kept_going("content gaps", app.state.gap_search.every_hour))
                    try:
                        with settled():
                            await serve_http(app, listening, stopping, accepting, settings().log_level)
                    finally:
                        beside.cancel()
                        gaps.cancel()
                        await asyncio.gather(beside, gaps, return_exceptions=True)

            yield run

    return part


@contextmanager
def settled() -> Iterator[None]:
    """What was made until now stays out of the search for cycles in memory: whenever enough has been made since, that looks
    through everything, and kept some page waiting for a fifth of a second. Nothing that is closed later is lost by it: a
    release that goes is freed without that search."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _announce(console: Console, where: str, password: str | None) -> None:
    """After the line that programs wait for. The password is on the console once, and nowhere else."""
    announce(console, f"{where} (admin)")
    if password:
        said = (
            f"The first admin signs in there as admin, with the password {password} (it is not shown again)."
        )
        console.print(Text(said), soft_wrap=True)


def served_hosts(settings: Settings, loopback: bool) -> tuple[str, ...]:
    """The names that the pages may be asked for by, that of admin.url among them; none: any."""
    own = urlsplit(settings.admin.url or "").hostname
    named = (*settings.admin.hosts, *((own,) if own else ()))
    return (*LOOPBACK_HOSTS, *named) if loopback or named else ()
