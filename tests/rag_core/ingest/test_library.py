"""What the library promises: it knows the sources, and what each brought is there or gone with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from rag_core.bootstrap import Core, open_library
from rag_core.errors import NotFound
from rag_core.ingest.library import Library
from rag_core.settings import FolderSource, GitSource, WebSource


@pytest.fixture
async def library(core: Core) -> AsyncIterator[Library]:
    async with open_library(core) as opened:
        yield opened


def folder(root: Path, name: str, **documents: str) -> FolderSource:
    """A source of this name with these documents."""
    path = root / name
    path.mkdir(exist_ok=True)
    for stem, text in documents.items():
        (path / f"{stem}.md").write_text(f"# {stem}\n\n{text}\n")
    return FolderSource(name=name, path=path)


async def texts(core: Core) -> dict[str, str]:
    """Everything in the index, by document."""
    candidates = await core.store.search(
        np.eye(core.release.card.dimension, dtype=np.float32)[0], "", None, 1_000
    )
    return {p.document: p.text for p in await core.store.fetch(candidates, None)}


async def test_sources_come_back_as_they_were_given(library: Library, tmp_path: Path) -> None:
    """Every kind of source is kept with all its settings."""
    given = [
        folder(tmp_path, "a").model_copy(update={"scope": "team", "ignore": ("x/*",), "every": "15m"}),
        GitSource(name="b", repository="https://git.example/r.git", branch="main"),
        WebSource(name="c", urls=("https://docs.example/",), limit=7),
    ]
    await library.configure(given[:2])
    await library.add(given[2])
    assert await library.sources() == given


async def test_a_source_is_synchronised(core: Core, library: Library, tmp_path: Path) -> None:
    """What the folder holds can be searched, and the register says when it was read."""
    source = folder(tmp_path, "docs", a="Words.")
    await library.add(source)
    summary = await library.sync(source)
    assert (summary.source, summary.added, summary.error) == ("docs", 1, None)
    assert await texts(core) == {"docs/a.md": "Words."}
    (record,) = await core.documents.sources()
    assert record.synced_at is not None
    assert record.error is None
    assert await core.documents.totals() == {"docs": {"documents": 1, "skipped": 0, "passages": 1}}


async def test_documents_of_the_same_name_in_two_sources_are_two(
    core: Core, library: Library, tmp_path: Path
) -> None:
    """Names are those of a source; two sources do not touch each other's documents."""
    one, other = folder(tmp_path, "one", a="First."), folder(tmp_path, "other", a="Second.")
    await library.configure([one, other])
    await library.sync(one)
    await library.sync(other)
    assert await texts(core) == {"one/a.md": "First.", "other/a.md": "Second."}
    (tmp_path / "one" / "a.md").unlink()
    assert (await library.sync(one)).removed == 1
    assert await texts(core) == {"other/a.md": "Second."}


async def test_a_vanished_folder_removes_nothing(core: Core, library: Library, tmp_path: Path) -> None:
    """A disk that is not mounted is no reason to forget its documents; the summary and the register say what is wrong."""
    source = folder(tmp_path, "docs", a="Words.")
    await library.add(source)
    await library.sync(source)
    synced_at = (await core.documents.sources())[0].synced_at
    source.path.rename(tmp_path / "elsewhere")
    summary = await library.sync(source)
    assert summary.error is not None
    assert "does not exist" in summary.error
    assert summary.removed == 0
    assert await texts(core) == {"docs/a.md": "Words."}
    (record,) = await core.documents.sources()
    assert record.error == summary.error
    assert record.synced_at == synced_at
    (tmp_path / "elsewhere").rename(source.path)
    assert (await library.sync(source)).unchanged == 1
    assert (await core.documents.sources())[0].error is None


async def test_an_emptied_folder_is_empty(core: Core, library: Library, tmp_path: Path) -> None:
    """A folder that is there and holds nothing any more has its documents removed."""
    source = folder(tmp_path, "docs", a="Words.", b="Words.")
    await library.add(source)
    await library.sync(source)
    for path in source.path.iterdir():
        path.unlink()
    assert (await library.sync(source)).removed == 2
    assert await texts(core) == {}


async def test_what_is_no_longer_in_the_settings_is_removed(
    core: Core, library: Library, tmp_path: Path
) -> None:
    """With all its documents; sources added by hand stay, and so do those still named."""
    kept, dropped, by_hand = (folder(tmp_path, name, a=name) for name in ("kept", "dropped", "by-hand"))
    await library.add(by_hand)
    assert await library.configure([kept, dropped]) == []
    for source in (kept, dropped, by_hand):
        await library.sync(source)
    assert await library.configure([kept]) == ["dropped"]
    assert await texts(core) == {"kept/a.md": "kept", "by-hand/a.md": "by-hand"}
    assert [s.name for s in await library.sources()] == ["by-hand", "kept"]
    assert await library.configure([kept]) == []


async def test_a_source_that_returns_to_the_settings_is_read_anew(
    core: Core, library: Library, tmp_path: Path
) -> None:
    """Taking a source out of the settings and putting it back loses nothing."""
    source = folder(tmp_path, "docs", a="Words.")
    await library.configure([source])
    await library.sync(source)
    await library.configure([])
    assert await texts(core) == {}
    await library.configure([source])
    assert (await library.sync(source)).added == 1
    assert await texts(core) == {"docs/a.md": "Words."}


async def test_configuring_takes_up_new_settings(core: Core, library: Library, tmp_path: Path) -> None:
    """A source of the same name with another scope replaces the one before, and its documents follow at once."""
    source = folder(tmp_path, "docs", a="Words.")
    await library.configure([source])
    await library.sync(source)
    private = source.model_copy(update={"scope": "team"})
    assert await library.configure([private]) == []
    assert await library.sources() == [private]
    query = np.eye(core.release.card.dimension, dtype=np.float32)[0]
    assert await core.store.search(query, "words", frozenset(["public"]), 10) == []
    assert len(await core.store.search(query, "words", frozenset(["team"]), 10)) == 1


async def test_a_source_taken_over_by_the_settings_goes_with_them(
    core: Core, library: Library, tmp_path: Path
) -> None:
    """Added by hand first and named in the settings later, it is the settings' from then on."""
    source = folder(tmp_path, "docs", a="Words.")
    await library.add(source)
    await library.configure([source])
    assert await library.configure([]) == ["docs"]


async def test_a_source_is_forgotten(core: Core, library: Library, tmp_path: Path) -> None:
    """With its documents, also those that were skipped; the number of them is told."""
    source = folder(tmp_path, "docs", a="Words.", b="")
    (source.path / "c.pdf").write_text("no PDF")
    await library.add(source)
    await library.sync(source)
    assert await library.remove("docs") == 3
    assert await texts(core) == {}
    assert await library.sources() == []
    assert await core.documents.of("docs") == {}


async def test_forgetting_what_is_unknown_names_it(library: Library) -> None:
    """A misspelt name changes nothing, and the message says how to find the right one."""
    with pytest.raises(NotFound, match=r"'dosc'.*answerloop sources"):
        await library.remove("dosc")


class StoppedError(Exception):
    """Stands for the end of the process."""


async def test_a_source_half_forgotten_can_be_read_again(
    core: Core, library: Library, tmp_path: Path
) -> None:
    """When the process ends while a source is being removed, a later sync of it brings back what is missing."""
    source = folder(tmp_path, "docs", a="Words.")
    await library.add(source)
    await library.sync(source)

    class Stopping(type(core.documents)):  # type: ignore[misc]
        async def remove(self, source: str, keys: object) -> None:
            raise StoppedError

    stopping = Stopping(core.database, core.release.index_name)
    broken = Library(
        stopping, library._indexer, library._sync, library._scoping, tmp_path, core.settings.ingest
    )
    with pytest.raises(StoppedError):
        await broken.remove("docs")
    assert await texts(core) == {}
    await library.sync(source)
    assert await texts(core) == {"docs/a.md": "Words."}
