"""Which generator the settings ask for, opened and closed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from rag_core.compute import Compute
from rag_core.generation.calibration import UNSCALED, Calibration, Scale
from rag_core.generation.extractive import Extractive
from rag_core.generation.protocol import Generator, LanguageModel
from rag_core.settings import Settings

if TYPE_CHECKING:
    from rag_core.index.embedding import Embedder

__all__ = ["CALIBRATION", "make_generator", "open_language_model"]

CALIBRATION = "calibration.json"
"""In the home directory: what `answerloop calibrate` learned from this installation's votes."""


@asynccontextmanager
async def open_language_model(settings: Settings) -> AsyncIterator[LanguageModel | None]:
    """The language model that writes answers, or None where documents are quoted.

    Raises:
        SettingsError: it cannot be used as it is configured.
        NotReady: a package is missing; the message names the extra.
    """
    said = settings.generator
    model: LanguageModel
    if said.kind == "openai":
        from rag_core.generation.models.openai import OpenAIModel

        model = OpenAIModel(said)
    elif said.kind == "local":
        from rag_core.generation.models.local import LocalModel

        model = LocalModel(said)
    else:
        yield None
        return
    try:
        yield model
    finally:
        await model.close()


def make_generator(
    settings: Settings,
    model: LanguageModel | None,
    embedder: Embedder,
    compute: Compute,
    scale: Scale = UNSCALED,
    threshold: float | None = None,
) -> Generator:
    """What answers: the documents' own words, or the model's held to them.

    scale, threshold: fitted to the release's models. The installation's own correction goes before the scale; the same
    answers are given by either.

    Raises:
        SettingsError: the installation's own calibration cannot be read.
    """
    calibration = Calibration.read(own=settings.home / CALIBRATION)
    if calibration.scale == UNSCALED:
        calibration = replace(calibration, scale=scale)
    if threshold is not None:
        own = calibration.scale.corrected(scale.uncorrected(threshold))
        calibration = replace(calibration, threshold=own)
    top_k = settings.retrieval.top_k
    quoting = Extractive(settings.answers, top_k, calibration, compute.turn)
    if model is None:
        return quoting
    from rag_core.generation.grounding import Grounding
    from rag_core.generation.writing.generative import Generative
    from rag_core.retrieval.batching import QueryBatches

    grounding = Grounding(QueryBatches(embedder, compute).embed)
    return Generative(model, quoting, grounding, settings.generator, top_k, calibration, compute.turn)
