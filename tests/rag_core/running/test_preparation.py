"""Which release there is before the first document is read, by what the settings name."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.bootstrap import named_models, open_records
from rag_core.errors import NotReady
from rag_core.records.index.releases import Releases
from rag_core.retrieval.reranking import PairScorer
from rag_core.running.preparation import active_release, new_release, prepared_reranker
from rag_core.settings import Reranking, Settings

MODEL = "tiny/reranker"
FOLDER = "tiny--reranker--reranker"


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    async with open_records(settings) as opened:
        yield opened


async def active_id(database: AsyncEngine) -> str | None:
    release = await Releases(database).active()
    return release.id if release else None


def naming(settings: Settings, model: str | None) -> Settings:
    return settings.model_copy(update={"reranking": Reranking(model=model)})


@pytest.fixture
def reranking(settings: Settings, reranker_folder: Path) -> Settings:
    """Settings that name a reranker, which was exported before."""
    shutil.copytree(reranker_folder, settings.home / "models" / FOLDER)
    return naming(settings, MODEL)


async def test_without_a_reranker_named_there_is_none(database: AsyncEngine, settings: Settings) -> None:
    """Looking again makes no other release."""
    release = await active_release(database, settings)
    assert (release.id, release.reranker) == ("r1", None)
    assert (await active_release(database, settings)).id == "r1"


async def test_naming_a_reranker_makes_a_release_on_the_same_index(
    database: AsyncEngine, settings: Settings, reranking: Settings
) -> None:
    """It is active; nothing is embedded again; and unnaming it goes back to the fused order."""
    before = await active_release(database, settings)
    release = await active_release(database, reranking)
    assert (release.id, release.reranker, release.index_name) == ("r2", FOLDER, before.index_name)
    assert await Releases(database).active() == release
    assert (await active_release(database, reranking)).id == "r2"
    after = await active_release(database, settings)
    assert (after.id, after.reranker, after.index_name) == ("r3", None, before.index_name)


async def test_the_first_release_may_have_a_reranker(database: AsyncEngine, reranking: Settings) -> None:
    """One release, not two."""
    assert (await active_release(database, reranking)).reranker == FOLDER
    assert await active_id(database) == "r1"


async def test_a_rebuilt_index_has_the_reranker_that_the_settings_name(
    database: AsyncEngine, settings: Settings, reranking: Settings
) -> None:
    """In a release of its own, which is not active before it is filled."""
    before = await active_release(database, settings)
    rebuilt = await new_release(database, reranking)
    assert rebuilt.reranker == FOLDER
    assert rebuilt.index_name != before.index_name
    assert await active_id(database) == before.id


async def test_a_reranker_is_exported_at_first_need(settings: Settings, cross_encoder: Path) -> None:
    """In a process of its own; it can be opened, and is not exported again."""
    named = naming(settings, str(cross_encoder))
    folder = await prepared_reranker(named)
    assert folder is not None
    assert folder.parent == settings.home / "models"
    assert PairScorer(folder).card.name == str(cross_encoder)
    made = (folder / "model.onnx").stat().st_mtime_ns
    assert await prepared_reranker(named) == folder
    assert (folder / "model.onnx").stat().st_mtime_ns == made


async def test_a_reranker_that_cannot_be_exported_changes_nothing(
    database: AsyncEngine, settings: Settings
) -> None:
    """One sentence; the release before goes on answering."""
    before = await active_release(database, settings)
    with pytest.raises(NotReady, match=r"^The reranker /no/such could not be loaded: "):
        await active_release(database, naming(settings, "/no/such"))
    assert await active_id(database) == before.id


async def test_what_a_person_promoted_stays_until_the_settings_name_other_models(
    database: AsyncEngine, settings: Settings, reranking: Settings
) -> None:
    """Also after it was returned from; and settings that name what answers already change nothing."""
    await active_release(database, settings)
    await active_release(database, reranking)
    await returned_by_hand(database, reranking, "r1")
    assert (await active_release(database, reranking)).id == "r1"
    assert (await active_release(database, settings)).id == "r1"
    assert (await active_release(database, reranking)).reranker == FOLDER


async def test_a_promoted_release_of_another_embedder_survives_a_restart(
    database: AsyncEngine, settings: Settings
) -> None:
    """It does not start with a third one, which no index was made with."""
    first = await active_release(database, settings)
    releases = Releases(database)
    other = await releases.add("trained", replace(first.card, name="trained/by-us"))
    await releases.activate(other.id, "local:ada", named_models(settings))
    assert (await active_release(database, settings)).id == other.id
    third = settings.model_copy(
        update={"embedding": settings.embedding.model_copy(update={"model": "some/other"})}
    )
    with pytest.raises(NotReady, match="ingest --rebuild"):
        await active_release(database, third)
    assert (await active_release(database, settings)).id == other.id


async def returned_by_hand(database: AsyncEngine, settings: Settings, release: str) -> None:
    await Releases(database).roll_back(release, "local:ada", named_models(settings))
