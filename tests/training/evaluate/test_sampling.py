"""Samples of a real index, embedded again by a real embedder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rag_core.bootstrap import Core
from rag_core.errors import NotReady
from rag_core.index.embedding import CARD, Embedder
from rag_core.index.stores import Row, VectorStore
from rag_core.ingest.indexing import embedded_rows
from rag_core.records.evaluation.golden import Expected, GoldenQuestion
from tests.training.evaluate.office import DOCUMENTS, example, fill, texts
from training.evaluate.sampling import Wanted, sample_indexes
from training.tasks.task import Nobody


async def rows_in(store: VectorStore) -> list[Row]:
    return [row async for page in store.scan() for row in page.rows]


@pytest.fixture
def narrow(model_folder: Path, tmp_path: Path) -> Embedder:
    """The same model with a window of a few tokens."""
    folder = tmp_path / "narrow"
    folder.mkdir()
    for file in model_folder.iterdir():
        if file.name != CARD:
            (folder / file.name).symlink_to(file)
    card = json.loads((model_folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**card, "window": 12}))
    return Embedder(folder)


async def test_stored_passages_are_embedded_as_ingest_embeds_them(core: Core) -> None:
    """By the same embedder the vectors of passages and units come out as they are stored, and nothing else changes."""
    await fill(core)
    stored = await rows_in(core.store)
    again = await embedded_rows(stored, core.embedder)
    assert [row.header for row in again] == [row.header for row in stored]
    for one, other in zip(stored, again, strict=True):
        assert one.vector @ other.vector > 0.98  # int8 depends a little on what is embedded beside it
        units = [np.frombuffer(row.passage.unit_vectors, np.int8).astype(float) for row in (one, other)]
        assert len(units[0]) == len(units[1]) > 0
        assert units[0] @ units[1] > 0.97 * np.linalg.norm(units[0]) * np.linalg.norm(units[1])
        assert (one.passage.id, one.passage.text) == (other.passage.id, other.passage.text)
    assert await embedded_rows([], core.embedder) == []


async def test_an_embedder_whose_window_is_too_small_is_told(core: Core, narrow: Embedder) -> None:
    """With what to do about it."""
    await fill(core)
    with pytest.raises(NotReady, match=r"the window of .* 12\. `answerloop ingest --rebuild`"):
        await embedded_rows(await rows_in(core.store), narrow)


async def test_a_sample_holds_what_the_questions_name_and_whole_documents(core: Core, tmp_path: Path) -> None:
    """Wanted documents come first; both indexes hold the same passages; nothing is left on the disk."""
    await fill(core)
    folder = tmp_path / "samples"
    folder.mkdir()
    of = await texts(core)
    golden = GoldenQuestion("Who?", (Expected("parking", "handbook", "Parking", ""),))
    wanted = Wanted.by([example("When?", [of["pay"]], wrong=(of["travel"],))], [golden])
    async with sample_indexes(core.store, core.embedder, wanted, Nobody(), limit=4, folder=folder) as (
        before,
        after,
    ):
        held = [{row.passage.document for row in await rows_in(store)} for store in (before, after)]
        assert held[0] == held[1] > {"pay", "travel", "parking"}
        assert len(held[0]) == 4
        found = await after.search(core.embedder.embed_query("salaries"), "salaries", None, 3)
        assert (await after.fetch(found, None))[0].document in held[0]
    assert not list(folder.iterdir())


async def test_wanted_passages_are_there_though_their_documents_are_too_large(core: Core) -> None:
    """By themselves."""
    await fill(core)
    of = await texts(core)
    wanted = Wanted.by([example("When?", [of["pay"]])])
    async with sample_indexes(core.store, core.embedder, wanted, Nobody(), limit=0) as (before, after):
        assert [row.passage.id for row in await rows_in(before)] == [of["pay"].id]
        assert [row.passage.id for row in await rows_in(after)] == [of["pay"].id]


async def test_the_same_seed_draws_the_same_sample(core: Core) -> None:
    """And an empty index is sampled as an empty one."""
    async with sample_indexes(core.store, core.embedder, Wanted(), Nobody()) as (before, _):
        assert await rows_in(before) == []
    await fill(core)
    drawn = []
    for _ in range(2):
        async with sample_indexes(core.store, core.embedder, Wanted(), Nobody(), limit=2) as (before, _):
            drawn.append([row.passage.document for row in await rows_in(before)])
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 2 < len(DOCUMENTS)
