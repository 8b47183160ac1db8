"""What must be there before the first document: exported models, and a release that uses them."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.bootstrap import model_folder, named_models
from rag_core.errors import NotReady
from rag_core.index.embedding import CARD, ModelCard
from rag_core.records.index.releases import Release, Releases
from rag_core.settings import Settings

__all__ = ["active_release", "new_release", "prepared_model", "prepared_reranker"]


async def active_release(database: AsyncEngine, settings: Settings) -> Release:
    """The active release; on a new installation, the first one with an empty index.

    When the settings name other models than they did when it was decided on, they are followed: a release with the
    reranker that they name, or none, and the same index takes its place. Else it stays, whatever models it is made of:
    somebody promoted it.

    Raises:
        NotReady: a model cannot be exported, or the settings have come to name another embedding model.
    """
    releases = Releases(database)
    active = await releases.active()
    if active is None:
        active = await new_release(database, settings)
        await releases.activate(active.id, named=named_models(settings))
        return active
    if await releases.followed() == named_models(settings):
        if settings.reranking.model and active.reranker == _reranker_name(settings.reranking.model):
            await prepared_reranker(settings)  # its folder may be gone
        return active
    active = await _following(releases, active, settings)
    await releases.follow(named_models(settings))
    return active


async def _following(releases: Releases, active: Release, settings: Settings) -> Release:
    if active.card.name != settings.embedding.model:
        raise NotReady(
            f"The index was made with {active.card.name}, but embedding.model is {settings.embedding.model}: "
            "`answerloop ingest --rebuild` builds it anew with that model."
        )
    reranker = await prepared_reranker(settings)
    name = reranker.name if reranker else None
    return active if active.reranker == name else await releases.change_reranker(active, name)


async def new_release(database: AsyncEngine, settings: Settings) -> Release:
    """A release with an empty index; not active yet. Its models are those of the active release, trained ones among them,
    unless the settings have come to name others: then it is made of these."""
    releases = Releases(database)
    active = await releases.active()
    if active is not None and await releases.followed() == named_models(settings):
        return await releases.add_from(active, None, f"{active.id} with its index built anew", own_index=True)
    folder = await prepared_model(settings)
    reranker = await prepared_reranker(settings)
    return await Releases(database).add(
        folder.name, ModelCard.read(folder), reranker.name if reranker else None
    )


async def prepared_model(settings: Settings) -> Path:
    """The exported embedding model's folder. Made at first need.

    Raises:
        NotReady: the export failed; the message says why and what to do.
    """
    folder = model_folder(settings, _folder_name(settings.embedding.model))
    return await _exported(settings.embedding.model, folder)


async def prepared_reranker(settings: Settings) -> Path | None:
    """The exported reranker's folder, made at first need; None where the settings name none.

    Raises:
        NotReady: the export failed; the message says why and what to do.
    """
    model = settings.reranking.model
    if model is None:
        return None
    # A model may be both: an embedder, and the base of a reranker.
    return await _exported(model, model_folder(settings, _reranker_name(model)), "--reranker")


def _reranker_name(model: str) -> str:
    return f"{_folder_name(model)}--reranker"


def _folder_name(model: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "--", model).strip("-.")


async def _exported(model: str, folder: Path, *options: str) -> Path:
    """In a process of its own: exporting needs torch."""
    if not (folder / CARD).is_file():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "training.export", model, str(folder), *options,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await process.communicate()
        if process.returncode != 0:
            lines = said.decode(errors="replace").strip().splitlines()
            raise NotReady(lines[-1] if lines else f"Exporting {model} failed.")
    return folder
