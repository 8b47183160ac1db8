"""What must be there before the first document: an exported embedding model, and a release that uses it."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.bootstrap import model_folder
from rag_core.errors import NotReady
from rag_core.index.embedding import CARD, ModelCard
from rag_core.records.releases import Release, Releases
from rag_core.settings import Settings

__all__ = ["active_release", "new_release", "prepared_model"]


async def active_release(database: AsyncEngine, settings: Settings) -> Release:
    """The active release; on a new installation, the first one with an empty index.

    Raises:
        NotReady: the model cannot be exported, or is another than the settings name.
    """
    releases = Releases(database)
    active = await releases.active()
    if active is None:
        active = await new_release(database, settings)
        await releases.activate(active.id)
    if active.card.name != settings.embedding.model:
        raise NotReady(
            f"The index was made with {active.card.name}, but embedding.model is {settings.embedding.model}: "
            "`answerloop ingest --rebuild` builds it anew with that model."
        )
    return active


async def new_release(database: AsyncEngine, settings: Settings) -> Release:
    """A release of the model that the settings name, with an empty index; not active yet."""
    folder = await prepared_model(settings)
    return await Releases(database).add(folder.name, ModelCard.read(folder))


async def prepared_model(settings: Settings) -> Path:
    """The exported model's folder. Made at first need, in a process of its own: exporting needs torch.

    Raises:
        NotReady: the export failed; the message says why and what to do.
    """
    folder = model_folder(settings, re.sub(r"[^A-Za-z0-9._-]+", "--", settings.embedding.model).strip("-."))
    if not (folder / CARD).is_file():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "training.export", settings.embedding.model, str(folder),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await process.communicate()
        if process.returncode != 0:
            lines = said.decode(errors="replace").strip().splitlines()
            raise NotReady(lines[-1] if lines else f"Exporting {settings.embedding.model} failed.")
    return folder
