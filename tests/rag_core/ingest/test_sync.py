"""What a sync does with one source: real files, real reading processes, real embedder, real index."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag_core.bootstrap import Core, open_core, open_library
from rag_core.errors import Busy, DocumentError, SourceError
from rag_core.index.embedding import Embedded, Embedder
from rag_core.index.stores import Row, VectorStore
from rag_core.ingest.indexing import Indexer
from rag_core.ingest.reading import ReadingPool
from rag_core.ingest.sources import Fetched, Item
from rag_core.ingest.sync import LISTED_AHEAD, Progress, Summary, Sync
from rag_core.settings import FolderSource, Ingest, Settings
from rag_core.types import Passage
from tests import commands

LONG_AGO = 1_600_000_000


class CountingEmbedder:
    """An Embedder that keeps what it was asked to embed."""

    def __init__(self, inner: Embedder) -> None:
        self.inner = inner
        self.card = inner.card
        self.room = inner.room
        self.embedded: list[str] = []

    def count(self, texts: Sequence[str]) -> list[int]:
        return self.inner.count(texts)

    def embed_passages(self, texts: Sequence[str], units: Any = None) -> Embedded:
        self.embedded += texts
        return self.inner.embed_passages(texts, units)


class BreakableStore:
    """A VectorStore that can stop dead before or after a write, as a crash would have it."""

    def __init__(self, inner: VectorStore) -> None:
        self.inner = inner
        self.crash: str | None = None
        self.hold: asyncio.Event | None = None

    async def replace(self, documents: Any, rows: Sequence[Row]) -> None:
        if self.crash == "before":
            raise KilledError
        if self.hold is not None:
            self.hold.set()
            await asyncio.Event().wait()
        await self.inner.replace(documents, rows)
        if self.crash == "after":
            raise KilledError

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class KilledError(Exception):
    """Stands for the end of the process."""


@dataclass
class Installation:
    """A home with one folder of documents, synchronised by the real parts."""

    core: Core
    pool: ReadingPool
    folder: Path
    embedder: CountingEmbedder
    store: BreakableStore
    limits: Ingest = field(default_factory=Ingest)
    scope: str = "public"
    url: str | None = None
    progress: list[Progress] = field(default_factory=list)

    def write(self, name: str, text: str) -> Path:
        """A file as it was written long ago, so that its time stamp is trusted."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.age(path)
        return path

    @staticmethod
    def age(path: Path) -> None:
        stamp = LONG_AGO + random.Random(path.read_bytes()).randrange(10**6)
        os.utime(path, (stamp, stamp))

    async def sync(self, source: Any = None) -> Summary:
        from rag_core.ingest.sources import open_source

        settings = FolderSource(name="docs", path=self.folder, scope=self.scope, url=self.url)
        self.embedder.embedded.clear()
        self.progress.clear()
        indexer = Indexer(self.embedder, self.store, self.core.compute)  # type: ignore[arg-type]
        run = Sync(self.core.documents, indexer, self.pool, self.limits)
        opened = source or open_source(settings, self.folder, self.limits)
        return await run(opened, settings.model_dump(mode="json"), self.progress.append)

    async def texts(self) -> dict[str, str]:
        return {key: " ".join(p.text for p in passages) for key, passages in (await self.passages()).items()}

    async def passages(self) -> dict[str, list[Passage]]:
        found: dict[str, list[Passage]] = defaultdict(list)
        for passage in await stored(self.core.store):
            found[passage.document.removeprefix("docs/")].append(passage)
        return found


async def stored(store: VectorStore) -> list[Passage]:
    """Everything in the index."""
    dimension = 384
    candidates = await store.search(np.eye(dimension, dtype=np.float32)[0], "", None, 4_000)
    return await store.fetch(candidates, None)


def counts(summary: Summary) -> tuple[int, int, int, int, int]:
    return summary.added, summary.changed, summary.removed, summary.unchanged, len(summary.skipped)


@pytest.fixture
async def docs(core: Core, tmp_path: Path) -> AsyncIterator[Installation]:
    folder = tmp_path / "documents"
    folder.mkdir()
    limits = core.settings.ingest
    async with ReadingPool(limits.workers, limits.timeout_s, limits.memory_mb) as pool:
        yield Installation(core, pool, folder, CountingEmbedder(core.embedder), BreakableStore(core.store))


@dataclass
class Scripted:
    """A source that lists and fetches what the test says; texts by key, or the error that fetching raises."""

    folder: Path
    documents: Mapping[str, str | Exception]
    fails: bool = False
    fingerprints: bool = True
    stop_at: str = ""
    """The key whose fetching never ends."""
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    name: str = "docs"
    scope: str = "public"

    async def items(self, known: Mapping[str, str]) -> AsyncIterator[Item]:
        for key, text in self.documents.items():
            fingerprint = "same" if self.fingerprints else ""
            yield Item(
                key,
                f"https://docs.example/{key}",
                fingerprint,
                lambda key=key, text=text: self.fetch(key, text),
            )
        if self.fails:
            raise SourceError("The site stopped answering.")

    async def fetch(self, key: str, text: str | Exception) -> Fetched | None:
        if key == self.stop_at:
            self.stopped.set()
            await asyncio.Event().wait()
        if isinstance(text, Exception):
            raise text
        path = self.folder / key
        path.write_text(text)
        return Fetched(path, ".md", fingerprint="same" if self.fingerprints else "")

    async def close(self) -> None:
        pass


# --- what changed ----------------------------------------------------------------------------------------------------


async def test_documents_are_added_changed_removed_and_left_alone(docs: Installation) -> None:
    """The summary tells what was done with each document, and the index holds exactly what the folder does."""
    for name in ("same.md", "changed.md", "gone.md"):
        docs.write(name, f"# {name}\n\nFirst words of {name}.\n")
    assert counts(await docs.sync()) == (3, 0, 0, 0, 0)
    docs.write("changed.md", "# changed\n\nSecond words.\n")
    docs.write("new.md", "# new\n\nNew words.\n")
    (docs.folder / "gone.md").unlink()
    summary = await docs.sync()
    assert counts(summary) == (1, 1, 1, 1, 0)
    assert summary.passages == 2
    assert summary.error is None
    assert await docs.texts() == {
        "same.md": "First words of same.md.",
        "changed.md": "Second words.",
        "new.md": "New words.",
    }


async def test_unchanged_documents_are_not_embedded_again(docs: Installation) -> None:
    """A second sync embeds nothing; a third, after one change, embeds the passages of that document only."""
    docs.write("a.md", "# A\n\nWords.\n\n# B\n\nMore words.\n")
    docs.write("b.md", "# C\n\nOther words.\n")
    await docs.sync()
    assert len(docs.embedder.embedded) == 3
    await docs.sync()
    assert docs.embedder.embedded == []
    docs.write("b.md", "# C\n\nChanged words.\n")
    await docs.sync()
    assert docs.embedder.embedded == ["C\nChanged words."]


async def test_a_touched_file_is_unchanged(docs: Installation) -> None:
    """A new time stamp on the same content is read, but neither embedded nor written; next time it is not even read."""
    path = docs.write("a.md", "# A\n\nWords.\n")
    await docs.sync()
    generation = (await docs.core.store.state()).generation
    os.utime(path, (LONG_AGO + 1, LONG_AGO + 1))
    assert counts(await docs.sync()) == (0, 0, 0, 1, 0)
    assert docs.embedder.embedded == []
    assert (await docs.core.store.state()).generation == generation
    path.write_text("")
    os.utime(path, (LONG_AGO + 1, LONG_AGO + 1))
    known = await docs.core.documents.of("docs")
    assert f":{(LONG_AGO + 1) * 10**9}-" in known["a.md"].fingerprint


async def test_a_file_changed_a_moment_ago_is_read_again(docs: Installation) -> None:
    """A change that leaves no trace in size and time is found all the same, if it came right after the last."""
    path = docs.folder / "a.md"
    path.write_text("# A\n\nOne.\n")
    status = path.stat()
    await docs.sync()
    path.write_text("# A\n\nTwo.\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert counts(await docs.sync()) == (0, 1, 0, 0, 0)
    assert await docs.texts() == {"a.md": "Two."}


@pytest.mark.parametrize("change", [{"scope": "team"}, {"url": "https://docs.example/"}])
async def test_new_settings_reach_every_passage(docs: Installation, change: dict[str, str]) -> None:
    """After a change of scope or address in the settings all documents are written anew, though no file changed."""
    docs.write("a.md", "# A\n\nWords.\n")
    await docs.sync()
    for name, value in change.items():
        setattr(docs, name, value)
    assert counts(await docs.sync()) == (0, 1, 0, 0, 0)
    ((passage,),) = (await docs.passages()).values()
    assert passage.scope == docs.scope
    assert passage.url == (docs.url + "a.md" if docs.url else (docs.folder / "a.md").as_uri())
    assert counts(await docs.sync()) == (0, 0, 0, 1, 0)


async def test_many_documents_are_written_in_steps(docs: Installation) -> None:
    """Hundreds of documents are written, counted and reported; at the end as many are done as were listed."""
    for n in range(300):
        docs.write(f"{n:03}.md", f"# D{n}\n\nWords {n}.\n")
    summary = await docs.sync()
    assert counts(summary) == (300, 0, 0, 0, 0)
    assert summary.passages == 300
    assert docs.progress[-1] == Progress("docs", 300, 300, True, 300)
    assert [p.done for p in docs.progress] == sorted(p.done for p in docs.progress)
    assert len(await docs.texts()) == 300
    assert counts(await docs.sync()) == (0, 0, 0, 300, 0)


# --- what cannot be read ---------------------------------------------------------------------------------------------


async def test_bad_files_are_skipped_with_their_reason(docs: Installation) -> None:
    """The rest goes on; the next sync reports them again without reading them."""
    docs.write("good.md", "# A\n\nWords.\n")
    docs.write("broken.pdf", "not a PDF at all")
    docs.write("empty.md", "")
    summary = await docs.sync()
    assert counts(summary) == (1, 0, 0, 0, 2)
    reasons = {s.key: s.reason for s in summary.skipped}
    assert reasons["empty.md"] == "is empty"
    assert set(reasons) == {"broken.pdf", "empty.md"}
    again = await docs.sync()
    assert counts(again) == (0, 0, 0, 1, 2)
    assert {s.key: s.reason for s in again.skipped} == reasons
    assert docs.progress[-1].done == docs.progress[-1].listed == 3


async def test_a_document_that_became_unreadable_is_removed(docs: Installation) -> None:
    """What cannot be read any more is not answered from, and reported; when it is mended it comes back."""
    docs.write("a.md", "# A\n\nWords.\n")
    docs.write("b.md", "# B\n\nWords.\n")
    await docs.sync()
    (docs.folder / "a.md").write_bytes(b"\x00\x01\x02" * 50)
    docs.age(docs.folder / "a.md")
    summary = await docs.sync()
    assert counts(summary) == (0, 0, 0, 1, 1)
    assert set(await docs.texts()) == {"b.md"}
    docs.write("a.md", "# A\n\nWords.\n")
    assert counts(await docs.sync()) == (1, 0, 0, 1, 0)
    assert set(await docs.texts()) == {"a.md", "b.md"}


async def test_skipped_documents_are_tried_again_when_limits_change(docs: Installation) -> None:
    """A file too large is read once the setting allows it, though it did not change."""
    docs.write("large.md", "# A\n\nWords.\n" + "\n" * 2**20)
    docs.limits = Ingest(max_file_mb=1)
    assert "ingest.max_file_mb allows 1 MB" in (await docs.sync()).skipped[0].reason
    assert counts(await docs.sync()) == (0, 0, 0, 0, 1)
    docs.limits = Ingest(max_file_mb=3)
    assert counts(await docs.sync()) == (1, 0, 0, 0, 0)


async def test_documents_skipped_by_the_reader_are_tried_again_when_limits_change(docs: Installation) -> None:
    """What a reading process could not read within its limits is not read again before they change."""
    docs.write("broken.pdf", "not a PDF at all")
    await docs.sync()
    known = await docs.core.documents.of("docs")
    docs.limits = Ingest(timeout_s=90)
    await docs.sync()
    assert (await docs.core.documents.of("docs"))["broken.pdf"].digest != known["broken.pdf"].digest


async def test_what_could_not_be_fetched_is_tried_again(docs: Installation) -> None:
    """A permission that was missing and is granted leaves no trace in a fingerprint: fetching is tried every time."""
    source = Scripted(docs.folder, {"a.md": DocumentError("cannot be opened: Permission denied")})
    assert counts(await docs.sync(source)) == (0, 0, 0, 0, 1)
    assert counts(await docs.sync(replace(source, documents={"a.md": "# A\n\nWords.\n"}))) == (1, 0, 0, 0, 0)


async def test_half_a_surrogate_pair_is_no_obstacle(docs: Installation) -> None:
    """A notebook's JSON may hold what UTF-8 cannot; the document is read, with a mark in its place."""
    cell = {"cell_type": "markdown", "metadata": {}, "source": "# Bad \ud83d\n\nWords \ud83d here."}
    docs.write("a.ipynb", json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}))
    docs.write("b.md", "# B\n\nWords.\n")
    assert counts(await docs.sync()) == (2, 0, 0, 0, 0)
    assert (await docs.texts())["a.ipynb"] == "Words ? here."


# --- a source that fails ---------------------------------------------------------------------------------------------


async def test_a_source_that_fails_half_way_removes_nothing(docs: Installation) -> None:
    """What could be listed is taken up, what could not is kept, and the summary says why."""
    first = Scripted(docs.folder, {"a.md": "# A\n\nOld.\n", "b.md": "# B\n\nOld.\n"}, fingerprints=False)
    await docs.sync(first)
    summary = await docs.sync(replace(first, documents={"a.md": "# A\n\nNew.\n"}, fails=True))
    assert summary.error == "The site stopped answering."
    assert counts(summary) == (0, 1, 0, 0, 0)
    assert await docs.texts() == {"a.md": "New.", "b.md": "Old."}


async def test_a_document_that_cannot_be_reached_keeps_its_version(docs: Installation) -> None:
    """A page that does not answer now is answered from as it was, and reported."""
    first = Scripted(docs.folder, {"a.md": "# A\n\nOld.\n"}, fingerprints=False)
    await docs.sync(first)
    summary = await docs.sync(replace(first, documents={"a.md": SourceError("It timed out.")}))
    assert [(s.key, s.reason) for s in summary.skipped] == [("a.md", "It timed out.")]
    assert await docs.texts() == {"a.md": "Old."}


async def test_a_mistake_of_a_source_ends_the_sync(docs: Installation) -> None:
    """An error that is no SourceError is raised, removes nothing, and leaves nothing running."""

    class Mistaken(Scripted):
        async def items(self, known: Mapping[str, str]) -> AsyncIterator[Item]:
            async for item in Scripted.items(self, known):
                yield item
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await docs.sync(Mistaken(docs.folder, {"a.md": "# A\n\nWords.\n"}))
    assert len(asyncio.all_tasks()) == 1


# --- crashes and cancellation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("crash", ["before", "after"])
async def test_a_document_put_back_after_a_crash_is_not_taken_for_unchanged(
    docs: Installation, crash: str
) -> None:
    """Version 2 is being written, the process dies, the author puts version 1 back: version 1 is what is answered."""
    docs.write("a.md", "# A\n\nVersion one.\n")
    await docs.sync()
    docs.write("a.md", "# A\n\nVersion two.\n")
    docs.store.crash = crash
    with pytest.raises(KilledError):
        await docs.sync()
    docs.store.crash = None
    docs.write("a.md", "# A\n\nVersion one.\n")
    await docs.sync()
    assert await docs.texts() == {"a.md": "Version one."}


async def test_a_document_removed_after_a_crash_is_removed(docs: Installation) -> None:
    """A document is written for the first time, the process dies, the author deletes it: it is not answered from."""
    docs.write("a.md", "# A\n\nMistaken words.\n")
    docs.store.crash = "after"
    with pytest.raises(KilledError):
        await docs.sync()
    docs.store.crash = None
    (docs.folder / "a.md").unlink()
    await docs.sync()
    assert await docs.texts() == {}
    assert await docs.core.documents.of("docs") == {}


async def test_a_document_that_returns_after_a_crash_is_written_again(docs: Installation) -> None:
    """A vanished document is being removed, the process dies, the file comes back as it was: it is answered from."""
    path = docs.write("a.md", "# A\n\nWords.\n")
    await docs.sync()
    path.rename(docs.folder.parent / "away.md")
    docs.store.crash = "after"
    with pytest.raises(KilledError):
        await docs.sync()
    docs.store.crash = None
    (docs.folder.parent / "away.md").rename(path)
    await docs.sync()
    assert await docs.texts() == {"a.md": "Words."}


async def test_a_document_mended_after_a_crash_is_written_again(docs: Installation) -> None:
    """An unreadable document is being removed, the process dies, its old version is put back: it is answered from."""
    docs.write("a.md", "# A\n\nWords.\n")
    await docs.sync()
    docs.write("a.md", "")
    docs.store.crash = "after"
    with pytest.raises(KilledError):
        await docs.sync()
    docs.store.crash = None
    docs.write("a.md", "# A\n\nWords.\n")
    await docs.sync()
    assert await docs.texts() == {"a.md": "Words."}


async def test_a_cancelled_sync_stops_and_can_be_run_again(docs: Installation) -> None:
    """Cancelled while writing, it leaves nothing running and every document whole; the next one completes."""
    for n in range(300):
        docs.write(f"{n:03}.md", f"# D{n}\n\nWords one.\n\n# E{n}\n\nWords two.\n")
    docs.store.hold = asyncio.Event()
    running = asyncio.create_task(docs.sync())
    await asyncio.wait_for(docs.store.hold.wait(), 30)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(asyncio.all_tasks()) == 1
    docs.store.hold = None
    assert {len(p) for p in (await docs.passages()).values()} <= {2}
    await docs.sync()
    passages = await docs.passages()
    assert len(passages) == 300
    assert {len(p) for p in passages.values()} == {2}


async def test_a_sync_of_a_huge_listing_can_be_cancelled(docs: Installation) -> None:
    """With more items listed ahead than are kept, cancelling takes effect at once."""
    documents = {f"{n}.md": "" for n in range(LISTED_AHEAD + 50)}
    source = Scripted(docs.folder, documents, stop_at="0.md")
    running = asyncio.create_task(docs.sync(source))
    await source.stopped.wait()
    await asyncio.sleep(0.1)
    assert docs.progress[-1].listed > LISTED_AHEAD
    running.cancel()
    _, late = await asyncio.wait([running], timeout=5)
    assert not late


async def test_a_long_run_without_passages_is_recorded_as_it_goes(docs: Installation) -> None:
    """Thousands of documents that cannot be read are put down on the way, not held in memory until the end."""
    documents: dict[str, str | Exception] = {f"{n}.md": DocumentError("is odd") for n in range(2_500)}
    source = Scripted(docs.folder, documents, stop_at="2499.md")
    running = asyncio.create_task(docs.sync(source))
    await source.stopped.wait()
    await asyncio.sleep(0.1)
    running.cancel()
    await asyncio.wait([running])
    assert len(await docs.core.documents.of("docs")) >= 2_000


# --- processes -------------------------------------------------------------------------------------------------------


async def test_two_syncs_at_once_are_refused(core: Core, settings: Settings) -> None:
    """While one process synchronises, another is told so at once; afterwards it may."""
    async with open_library(core), open_core(settings) as other:
        with pytest.raises(Busy, match="Another process is synchronising"):
            async with open_library(other):
                pass
    async with open_library(core):
        pass


def start_ingest(home: Path, folder: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-c",
        "from bots.cli import main; main()",
        "--home",
        str(home),
        "ingest",
        str(folder),
    ]
    return subprocess.Popen(
        [*command, "--name", "docs", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
        start_new_session=True,
    )


def ingest(home: Path, folder: Path) -> dict[str, Any]:
    done = commands.run(["--home", str(home), "ingest", str(folder), "--name", "docs", "--json"], home)
    assert done.returncode == 0, done.stderr
    return summary_of(done.stdout)


def summary_of(said: str) -> dict[str, Any]:
    (summary,) = json.loads(said.splitlines()[-1])["sources"]
    return dict(summary)


def write_version(folder: Path, number: int, documents: int) -> None:
    """Every document in this version; even versions have nine passages, odd ones seven."""
    folder.mkdir(exist_ok=True)
    for d in range(documents):
        parts = range(9 if number % 2 == 0 else 7)
        text = "".join(f"## Part {p}\n\nversion {number} of {len(parts)}\n\n" for p in parts)
        (folder / f"doc{d}.md").write_text(f"# Document {d}\n\n{text}")


def wait_for_first_write(home: Path, process: subprocess.Popen[str]) -> None:
    """Until this process has begun to change the index, or ended."""
    versions = next((home / "index").glob("*.lance/_versions"))
    before = versions.stat().st_mtime_ns
    deadline = time.monotonic() + 30
    while versions.stat().st_mtime_ns == before and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)


@asynccontextmanager
async def index_of(home: Path) -> AsyncIterator[VectorStore]:
    async with open_core(Settings(home=home)) as core:
        yield core.store


async def versions_of(home: Path) -> list[int]:
    """The version of each document in the index, after checking that it is whole."""
    found: dict[str, list[str]] = defaultdict(list)
    async with index_of(home) as store:
        for passage in await stored(store):
            found[passage.document].append(passage.text)
    versions = []
    for document, texts in found.items():
        assert len(set(texts)) == 1, f"{document} is mixed: {set(texts)}"
        match = re.fullmatch(r"version (\d+) of (\d+)", texts[0])
        assert match
        assert len(texts) == int(match[2])
        versions.append(int(match[1]))
    return versions


async def test_a_killed_ingest_leaves_every_document_old_or_new(home: Path, tmp_path: Path) -> None:
    """`answerloop ingest` dies of kill -9 at random moments while it replaces sixty documents: each document in the
    index is wholly of one version, none is lost, and the next ingest finishes."""
    folder, documents = tmp_path / "documents", 60
    write_version(folder, 1, documents)
    started = time.monotonic()
    said, problem = await asyncio.to_thread(start_ingest(home, folder).communicate, timeout=100)
    assert summary_of(said)["added"] == documents, problem
    whole_run = time.monotonic() - started  # of a process like those that are killed
    chance = random.Random(11)
    for number in range(2, 6):
        write_version(folder, number, documents)
        process = start_ingest(home, folder)
        if number % 2 == 0:
            await asyncio.to_thread(wait_for_first_write, home, process)
            await asyncio.sleep(chance.uniform(0, 0.5))
        else:
            await asyncio.sleep(whole_run * chance.uniform(0.2, 0.9))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        versions = await versions_of(home)
        assert len(versions) == documents
        assert set(versions) <= set(range(1, number + 1))
    summary = ingest(home, folder)
    assert summary["changed"] + summary["unchanged"] == documents
    assert summary["error"] is None
    assert await versions_of(home) == [5] * documents
    assert ingest(home, folder)["changed"] == 0


async def test_ingesting_twice_at_once_is_refused(core: Core, home: Path, tmp_path: Path) -> None:
    """The second `answerloop ingest` ends with a sentence and changes nothing."""
    write_version(tmp_path / "documents", 1, 3)
    async with open_library(core):
        process = start_ingest(home, tmp_path / "documents")
        said, problem = await asyncio.to_thread(process.communicate, timeout=60)
    assert process.returncode == 1
    assert said == ""
    assert "Another process is synchronising" in problem
    assert "Traceback" not in problem
    assert (await core.store.state()).passages == 0


async def test_only_text_files_have_line_numbers(core: Core, tmp_path: Path) -> None:
    """A line of what was converted from HTML is no line that a reader could look up."""
    folder = tmp_path / "lines"
    folder.mkdir()
    (folder / "a.md").write_text("# Ducks\n\nThey swim.\n")
    (folder / "b.html").write_text("<h1 id='geese'>Geese</h1><p>They fly in a wedge.</p>")
    async with open_library(core) as library:
        source = FolderSource(name="lines", path=folder)
        await library.add(source)
        await library.sync(source)
    state = await core.store.search(core.embedder.embed_query("birds"), "swim wedge", None, 10)
    places = {p.document: p.place for p in await core.store.fetch(state, None)}
    assert (places["lines/a.md"].line, places["lines/b.html"].line) == (1, None)
    assert places["lines/b.html"].anchor == "geese"
