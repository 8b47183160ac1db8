"""What no run and no release needs any more: work of runs that ended, models and indexes of releases long left."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.bootstrap import model_folder
from rag_core.errors import Unavailable
from rag_core.index.stores.opening import drop_index
from rag_core.records.index.documents import Documents
from rag_core.records.index.releases import Release, Releases
from rag_core.settings import Settings
from training.job.folder import RunFolder

__all__ = ["forget_work", "give_up", "prune"]


async def give_up(settings: Settings, database: AsyncEngine, runs: Iterable[RunFolder]) -> None:
    """Remove what runs left that are not gone on with: their candidates never answer."""
    for run in runs:
        made = await Releases(database).of_run(run.id)
        if made is not None and not await _has_answered(database, made):
            await _remove(settings, database, made, await Releases(database).all())
        for folder in (settings.home / "models").glob(f"{run.id}-*"):
            await asyncio.to_thread(_delete, folder)
        await asyncio.to_thread(forget_work, run.path)
        run.end("abandoned")


async def prune(settings: Settings, database: AsyncEngine) -> list[str]:
    """Keep the models and the index of the newest `training.keep` releases that have answered, of the active one, the one
    before it, and a canary; ids of those that lost theirs now. What is recorded of a release stays."""
    records = Releases(database)
    known, history = await records.all(), await records.history()
    answered = list(dict.fromkeys(one.release for one in reversed(history)))
    kept = {*answered[: settings.training.keep], await records.previous()}
    kept |= {one.id for one in known if one.active or one.canary}
    gone = [one for one in known if one.run and one.id not in kept and _is_there(settings, one)]
    staying = [one for one in known if one not in gone]
    for release in gone:
        await _remove(settings, database, release, staying)
    return [release.id for release in gone]


def forget_work(folder: Path) -> None:
    """Checkpoints and float32 models, which can be tens of gigabytes; reports and figures stay."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and path.name in ("checkpoints", "models", "samples"):
            _delete(path)


async def _has_answered(database: AsyncEngine, release: Release) -> bool:
    known = {one.release for one in await Releases(database).history()}
    return release.active or release.id in known or release.canary > 0


def _is_there(settings: Settings, release: Release) -> bool:
    own = [name for name in release.models if release.run and name.startswith(release.run)]
    return any(model_folder(settings, name).exists() for name in own)


async def _remove(
    settings: Settings, database: AsyncEngine, release: Release, others: Iterable[Release]
) -> None:
    """What it shares with none of the others."""
    others = [one for one in others if one.id != release.id]
    needed = {name for one in others for name in one.models}
    if release.index_name not in {one.index_name for one in others}:
        with contextlib.suppress(Unavailable):  # it is tried again by the next run
            await drop_index(settings, release.index_name)
            await Documents(database, release.index_name).clear()
    for name in release.models:
        if release.run and name.startswith(release.run) and name not in needed:
            await asyncio.to_thread(_delete, model_folder(settings, name))


def _delete(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
