"""What no run and no release needs any more: work of runs that ended, models and indexes of releases long left."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.bootstrap import model_folder
from rag_core.errors import Unavailable
from rag_core.index.stores.opening import drop_index
from rag_core.records.exchange.removing import remove_left
from rag_core.records.index.documents import Documents
from rag_core.records.index.releases import Release, Releases
from rag_core.settings import Settings
from training.dataset.files import ASSIGNED, datasets_folder
from training.job.folder import RunFolder, folders
from training.job.job import SAMPLES

__all__ = ["forget_half_made", "forget_work", "give_up", "has_answered", "prune"]


async def give_up(settings: Settings, database: AsyncEngine, runs: Iterable[RunFolder]) -> None:
    """Remove what runs left that are not gone on with: their candidates never answer, but for one that does already."""
    for run in runs:
        made = await Releases(database).of_run(run.id)
        answers = made is not None and await has_answered(database, made)
        if not answers:
            if made is not None:
                await _remove(settings, database, made, await Releases(database).all())
            left = [*(settings.home / "models").glob(f"{run.id}-*"), datasets_folder(settings.home) / run.id]
            for folder in left:
                await asyncio.to_thread(_delete, folder)
        await asyncio.to_thread(forget_half_made, settings.home, run)
        await asyncio.to_thread(forget_work, run.path)
        run.end("succeeded" if answers else "abandoned")


async def prune(settings: Settings, database: AsyncEngine) -> list[str]:
    """Keep the models and the index of the newest `training.keep` releases that have answered, of the active one, the one
    before it, and a canary; ids of those that lost theirs now. What is recorded of a release stays."""
    records = Releases(database)
    known, history = await records.all(), await records.history()
    answered = list(dict.fromkeys(one.release for one in reversed(history)))
    kept = {*answered[: settings.training.keep], await records.previous()}
    kept |= {one.id for one in known if one.active or one.canary}
    gone = [one for one in known if one.run and one.id not in kept and _is_there(settings, one)]
    staying = [one for one in known if not one.run or one.id in kept]
    for release in gone:
        await _remove(settings, database, release, staying)
    await asyncio.to_thread(_forget_models, settings.home, {name for one in staying for name in one.models})
    await asyncio.to_thread(_forget_datasets, settings.home, {one.run for one in staying if one.run})
    return [release.id for release in gone]


def forget_half_made(home: Path, run: RunFolder) -> None:
    """What a process has left that was killed while it wrote: whole files and folders alone have the names that are read."""
    datasets = datasets_folder(home)
    remove_left(datasets / ASSIGNED)
    for folder in (home / "models", datasets):
        for path in folder.glob(f".export-{run.id}*"):
            _delete(path)
    for path in (run.path / "models").glob(".export-*"):
        _delete(path)
    for path in (*run.path.glob("*.new"), *run.path.glob(".*.tmp")):
        path.unlink(missing_ok=True)
    _delete(run.path / SAMPLES)


def forget_work(folder: Path) -> None:
    """Checkpoints and float32 models, which can be tens of gigabytes; reports and figures stay."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and path.name in ("checkpoints", "models", SAMPLES):
            _delete(path)


def _forget_models(home: Path, needed: set[str]) -> None:
    """What runs made that no release is made of any more, or never was."""
    for run in folders(home):
        for folder in (home / "models").glob(f"{run.id}-*"):
            if folder.name not in needed and (run.ended or run.finished("outcome")):
                _delete(folder)


def _forget_datasets(home: Path, needed: set[str]) -> None:
    """Of runs that no release is left of, but for the latest."""
    for run in folders(home)[1:]:
        if run.ended and run.id not in needed:
            _delete(datasets_folder(home) / run.id)


async def has_answered(database: AsyncEngine, release: Release) -> bool:
    """Or does, if only a share of the conversations."""
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
        try:
            await drop_index(settings, release.index_name)
            await Documents(database, release.index_name).clear()
        except Unavailable:  # its models stay as well, so that the next run tries it again
            return
    for name in release.models:
        if release.run and name.startswith(release.run) and name not in needed:
            await asyncio.to_thread(_delete, model_folder(settings, name))


def _delete(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
