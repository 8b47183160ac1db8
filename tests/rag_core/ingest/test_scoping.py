"""A source's scope is changed: every passage follows at once, and nothing is read or embedded for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag_core.bootstrap import Core, open_library
from rag_core.ingest.library import Library
from rag_core.ingest.scoping import Scoping
from rag_core.ingest.sync import Summary
from rag_core.settings import FolderSource

TEXTS = {
    "leave": "You have 30 days of leave.",
    "office": "The office is in Porto.",
    "cup": "Argentina won the cup.",
}


@pytest.fixture
async def library(core: Core) -> AsyncIterator[Library]:
    async with open_library(core) as opened:
        yield opened


@pytest.fixture
async def docs(core: Core, library: Library, tmp_path: Path) -> FolderSource:
    """Three documents, and one of another source, all public and synchronised."""
    (tmp_path / "docs").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "docs" / f"{name}.txt").write_text(text)
    (tmp_path / "other.txt").write_text("Bread and wine.")
    docs = FolderSource(name="docs", path=tmp_path / "docs")
    other = FolderSource(name="docs2", path=tmp_path / "other.txt")
    await library.configure([docs, other])
    for source in (docs, other):
        await library.sync(source)
    return docs


async def scopes(core: Core) -> dict[str, str]:
    """What every passage in the index says of itself, and is found by."""
    found = {row.passage.id: row.passage.scope async for page in core.store.scan() for row in page.rows}
    query = np.eye(core.release.card.dimension, dtype=np.float32)[0]
    for scope in ("public", "team", "hr"):
        candidates = await core.store.search(query, "", frozenset([scope]), 100)
        assert {c.id for c in candidates} == {id for id, own in found.items() if own == scope}
    return found


def of(scope: str) -> dict[str, str]:
    return {**{f"docs/{name}.txt#0": scope for name in TEXTS}, "docs2/other.txt#0": "public"}


async def everything(core: Core) -> dict[str, tuple[Any, ...]]:
    """All that is stored of each passage but its scope."""
    rows = [row async for page in core.store.scan() for row in page.rows]
    return {
        r.passage.id: (r.passage.text, r.passage.units, r.passage.unit_vectors, r.header, r.vector.tobytes())
        for r in rows
    }


def private(docs: FolderSource, scope: str = "team") -> FolderSource:
    return docs.model_copy(update={"scope": scope})


async def sync(library: Library, source: FolderSource) -> Summary:
    """As `answerloop ingest FOLDER --scope …` does: taken up, then read."""
    await library.add(source)
    return await library.sync(source)


def counts(summary: Summary) -> tuple[int, int, int]:
    return summary.added + summary.changed, summary.unchanged, summary.passages


async def test_all_passages_follow_a_changed_scope(core: Core, library: Library, docs: FolderSource) -> None:
    """Before anything is read; text and vectors stay as they are, and so do other sources."""
    before = await everything(core)
    await library.configure([private(docs), *[s for s in await library.sources() if s.name == "docs2"]])
    assert await scopes(core) == of("team")
    assert await everything(core) == before


async def test_after_it_nothing_is_read_again(core: Core, library: Library, docs: FolderSource) -> None:
    """The register knows the new scope: a sync finds everything unchanged, without opening a file."""
    (docs.path / "cup.txt").chmod(0)
    await sync(library, private(docs))
    assert await scopes(core) == of("team")
    known = await core.documents.of("docs")
    assert {k.passages for k in known.values()} == {1}
    assert counts(await sync(library, private(docs))) == (0, 3, 0)
    assert await core.documents.of("docs") == known


async def test_a_scope_that_stays_costs_nothing(core: Core, library: Library, docs: FolderSource) -> None:
    """The index is neither read nor written."""
    before = await core.store.state()

    class Unread:
        def scan(self, after: str = "") -> None:
            raise AssertionError("read")

    assert await Scoping(core.documents, Unread()).apply("docs", "public") == 0  # type: ignore[arg-type]
    await library.configure([docs, *[s for s in await library.sources() if s.name == "docs2"]])
    assert await core.store.state() == before


async def test_a_changed_document_is_written_under_the_new_scope(
    core: Core, library: Library, docs: FolderSource
) -> None:
    """What was changed together with the scope is read; the others are not."""
    (docs.path / "cup.txt").write_text("France won the cup, long ago.")
    assert counts(await sync(library, private(docs))) == (1, 2, 1)
    assert await scopes(core) == of("team")


class KilledError(Exception):
    """Stands for the end of the process."""


class Killing:
    """A store, or register, whose process ends before or after one of its methods has done its work."""

    def __init__(self, inner: Any, method: str, when: str) -> None:
        self._inner = inner
        self._method = method
        self._when = when

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name != self._method:
            return method

        async def killed(*args: Any) -> None:
            if self._when == "after":
                await method(*args)
            raise KilledError

        return killed


@pytest.mark.parametrize("scope", ["public", "team", "hr"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("method", ["unsettle", "replace", "settle"])
async def test_a_crash_at_any_moment_leaves_no_passage_under_a_wrong_scope(
    core: Core, library: Library, docs: FolderSource, method: str, when: str, scope: str
) -> None:
    """Run again with the same scope, the one before, or a third: all have it, though the crash came half-way."""
    parts: Sequence[Any] = [
        Killing(part, method, when) if hasattr(part, method) else part
        for part in (core.documents, core.store)
    ]
    with pytest.raises(KilledError):
        await Scoping(*parts).apply("docs", "team")
    await sync(library, private(docs, scope))
    assert await scopes(core) == of(scope)
    assert counts(await sync(library, private(docs, scope))) == (0, 3, 0)


async def test_documents_that_were_on_their_way_follow_as_well(
    core: Core, library: Library, docs: FolderSource
) -> None:
    """A sync that was stopped left them forgotten by the register, with passages of the scope before."""
    await core.documents.unsettle("docs", ["cup.txt", "office.txt"])
    assert await Scoping(core.documents, core.store).apply("docs", "hr") == 3
    assert await scopes(core) == of("hr")
    known = await core.documents.of("docs")
    assert {key for key, one in known.items() if not one.fingerprint} == {"cup.txt", "office.txt"}


async def test_a_sync_under_the_scope_before_stops(core: Core, library: Library, docs: FolderSource) -> None:
    """When another process finds the settings changed while documents are read, nothing more is written by the old ones."""
    (docs.path / "new.txt").write_text("New words.")
    await core.documents.put_source("docs", private(docs).model_dump(mode="json"), from_settings=True)
    summary = await library.sync(docs)
    assert "The settings of docs changed while it was read" in str(summary.error)
    assert "docs/new.txt#0" not in await scopes(core)
    assert counts(await sync(library, private(docs)))[0] == 1
    assert set((await scopes(core)).values()) == {"team", "public"}
