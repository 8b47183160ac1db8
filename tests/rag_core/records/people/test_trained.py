"""Releases that learned from what is forgotten are named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.index.embedding import ModelCard
from rag_core.records.index.releases import Releases
from rag_core.records.people.people import People

CARD = ModelCard("m", 4, 8)


@pytest.mark.parametrize(
    ("part", "named"), [("train", ["r2", "r3"]), ("validation", ["r2", "r3"]), ("test", [])]
)
async def test_they_are_those_with_a_model_that_was_trained_on_a_row_of_theirs(
    database: AsyncEngine, tmp_path: Path, part: str, named: list[str]
) -> None:
    """And those that were made from one and kept its model; not those whose test they were in."""
    records = Releases(database)
    first = await records.add("base", CARD)
    second = await records.add_from(
        replace(first, embedder="RUN-retriever"), "RUN", "trained", own_index=True
    )
    await records.add_from(replace(second, reranker="OTHER-reranker"), "OTHER", "trained", own_index=False)
    folder = tmp_path / "datasets" / "RUN"
    folder.mkdir(parents=True)
    row = {"question": "q", "origin": {"people": ["slack:U1"]}}
    (folder / f"{part}.jsonl").write_text(json.dumps(row) + "\n")
    done = await People(database, tmp_path).forget_all("slack", "U1")
    assert list(done.releases) == named
    assert (folder / f"{part}.jsonl").read_text() == ""
    assert (await People(database, tmp_path).forget_all("slack", "U1")).releases == ()
