"""`answerloop store copy`."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bots.commands.setup import Where
from rag_core.errors import SettingsError

if TYPE_CHECKING:
    from rag_core.index.stores import VectorStore
    from rag_core.records.index.releases import Release
    from rag_core.settings import Settings

__all__ = ["copy"]

_PLACE = "URL|FOLDER"


def copy(
    context: typer.Context,
    to: Annotated[
        str, typer.Option("--to", metavar=_PLACE, help="A Weaviate server, or a folder for LanceDB.")
    ],
    source: Annotated[
        str | None, typer.Option("--from", metavar=_PLACE, help="[default: the store that the settings name]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Copy the active release's index to another store, without embedding again.

    Stopped in the middle, the same command goes on where it was. The bot goes on using the store that it uses.
    """
    where: Where = context.obj
    asyncio.run(_copy(where.settings(), source, to, as_json))


async def _copy(settings: Settings, source: str | None, to: str, as_json: bool) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from rag_core.bootstrap import active_release, only_writer
    from rag_core.index.stores.copying import copy_index

    started = time.monotonic()
    release = await active_release(settings)
    _check(settings, source, to)
    columns = (
        TextColumn("copying"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("passages"),
        TimeRemainingColumn(),
    )
    with only_writer(settings), Progress(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task("", total=None)
        async with _opened(settings, source, release) as read, _opened(settings, to, release) as written:
            copied = await copy_index(
                read,
                written,
                _mark(settings, source, to, release),
                lambda done, total: bars.update(bar, completed=done, total=total),
            )
    said = {
        "index": release.index_name,
        "from": _named(settings, source),
        "to": _named(settings, to),
        "passages": copied.passages,
        "resumed": copied.resumed,
        "seconds": round(time.monotonic() - started, 1),
        "next": _next(settings, to),
    }
    typer.echo(
        json.dumps(said) if as_json else f"Copied {copied.passages:,} passages to {to}. {said['next']}"
    )


def _opened(
    settings: Settings, place: str | None, release: Release
) -> AbstractAsyncContextManager[VectorStore]:
    from rag_core.index.stores.opening import open_lance, open_store, open_weaviate

    if place is None:
        return open_store(settings, release)
    name, dimension = release.index_name, release.card.dimension
    if _is_server(place):
        return open_weaviate(_at(settings, place), name, dimension)
    return open_lance(Path(place).expanduser(), name, dimension)


def _at(settings: Settings, url: str) -> Settings:
    """With the server's address in [store]; the rest of [store] holds for it too."""
    from pydantic import ValidationError

    from rag_core.settings import Store

    try:
        store = Store.model_validate({**settings.store.model_dump(), "url": url, "embedded": False})
    except ValidationError:
        raise SettingsError(
            f"{url}: expected the address of a server, such as http://localhost:8080; secrets come from the environment."
        ) from None
    return settings.model_copy(update={"store": store})


def _is_server(place: str) -> bool:
    return "://" in place


def _named(settings: Settings, place: str | None) -> str:
    """A place as it can be compared with others."""
    from rag_core.index.stores.opening import index_folder

    if place is None and settings.store.embedded:
        return "embedded Weaviate"
    place = place or settings.store.url or str(index_folder(settings))
    return place.rstrip("/") if _is_server(place) else str(Path(place).expanduser().resolve())


def _check(settings: Settings, source: str | None, to: str) -> None:
    if source and not _is_server(source) and not Path(source).expanduser().is_dir():
        raise SettingsError(f"--from: {source} is no folder.")
    if _named(settings, source) == _named(settings, to):
        raise SettingsError(f"--to names the store that is copied from: {to}.")


def _mark(settings: Settings, source: str | None, to: str, release: Release) -> Path:
    """A file for each copy that can be under way."""
    what = "\n".join(
        (_named(settings, source), _named(settings, to), settings.store.tenant, release.index_name)
    )
    return settings.home / f"copy-{hashlib.sha256(what.encode()).hexdigest()[:16]}.json"


def _next(settings: Settings, to: str) -> str:
    """What makes the bot use the copy. It is not done here: others may still be writing to the store in use."""
    from rag_core.index.stores.opening import index_folder

    if _is_server(to):
        return f'To use it, set url = "{to}" under [store], or ANSWERLOOP_STORE__URL, and restart.'
    folder = index_folder(settings)
    move = "" if Path(to).expanduser().resolve() == folder.resolve() else f"move its tables to {folder}, "
    return f"To use it, {move}leave url and embedded out of [store], and restart."
