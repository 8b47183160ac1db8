"""An index beside the active one: the same documents, embedded anew, and caught up with what changes meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rag_core.bootstrap import Core, open_core, open_library
from rag_core.index.embedding import Embedded, Embedder
from rag_core.index.stores import Row
from rag_core.ingest.mirroring import WRITE_AT, Index, mirror
from rag_core.records.index.releases import Releases
from rag_core.settings import FolderSource


class Turned:
    """The embedder of another model: its vectors are the others', their numbers turned round. Keeps what it was asked."""

    def __init__(self, inner: Embedder, fails_after: int = -1) -> None:
        self.inner = inner
        self.card = inner.card
        self.asked: list[str] = []
        self.fails_after = fails_after

    def embed_passages(self, texts: Sequence[str], units: Any = None) -> Embedded:
        if 0 <= self.fails_after <= len(self.asked):
            raise MemoryError("killed on purpose")
        self.asked += texts
        embedded = self.inner.embed_passages(texts, units)
        return Embedded(embedded.vectors[:, ::-1].copy(), embedded.unit_vectors)


@dataclass(frozen=True)
class Both:
    core: Core
    other: Core
    folder: Path

    async def sync(self) -> None:
        async with open_library(self.core) as library:
            await library.sync(FolderSource(name="docs", path=self.folder))

    async def mirror(self, embedder: Any = None, at_once: int = WRITE_AT) -> int:
        source, target = (
            Index(self.core.store, self.core.documents),
            Index(self.other.store, self.other.documents),
        )
        return await mirror(source, target, embedder or Turned(self.core.embedder), at_once=at_once)

    async def is_same(self) -> bool:
        """How a text is embedded depends a little on those beside it: vectors are the same by their direction."""
        here, there = await rows(self.core), await rows(self.other)
        if [said(row) for row in here] != [said(row) for row in there]:
            return False
        turned = all(float(a.vector[::-1] @ b.vector) > 0.95 for a, b in zip(here, there, strict=True))
        return turned and await self.core.documents.totals() == await self.other.documents.totals()


def said(row: Row) -> tuple[str, str, str]:
    return row.passage.id, row.passage.text, row.header


async def rows(core: Core) -> list[Row]:
    return sorted(
        [row async for page in core.store.scan() for row in page.rows], key=lambda row: row.passage.id
    )


@pytest.fixture
async def both(core: Core, tmp_path: Path) -> AsyncIterator[Both]:
    folder = tmp_path / "documents"
    folder.mkdir()
    for n in range(12):
        (folder / f"{n}.md").write_text(f"# Title {n}\n\nThe text of document {n} says {n * 7}.\n")
    (folder / "empty.md").write_text("")
    release = await Releases(core.database).add_from(core.release, "run", "a test", own_index=True)
    async with AsyncExitStack() as stack:
        async with open_library(core) as library:
            await library.add(FolderSource(name="docs", path=folder))
        other = await stack.enter_async_context(open_core(core.settings, release))
        made = Both(core, other, folder)
        await made.sync()
        yield made


async def test_it_holds_the_same_documents_with_the_other_models_vectors(both: Both) -> None:
    """Those without passages are recorded as well, so that a sync need not read them again."""
    assert await both.mirror() == 13
    assert await both.is_same()
    assert await both.mirror() == 0


async def test_only_what_changed_is_embedded_again(both: Both) -> None:
    """A document that is new, one that was changed, one that is gone."""
    await both.mirror()
    (both.folder / "new.md").write_text("# New\n\nSomething else.\n")
    (both.folder / "3.md").write_text("# Title 3\n\nIt says otherwise now.\n")
    (both.folder / "4.md").unlink()
    await both.sync()
    embedder = Turned(both.core.embedder)
    assert await both.mirror(embedder) == 3
    assert len(embedder.asked) == 2
    assert await both.is_same()


async def test_interrupted_it_goes_on_where_it_was(both: Both) -> None:
    stopped = Turned(both.core.embedder, fails_after=6)
    with pytest.raises(MemoryError):
        await both.mirror(stopped, at_once=2)
    again = Turned(both.core.embedder)
    await both.mirror(again, at_once=2)
    assert not set(stopped.asked) & set(again.asked)
    assert await both.is_same()
