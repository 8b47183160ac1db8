"""An index moves between stores: whole, without doubles, and on from where it was interrupted.

The Weaviate here is our stand-in.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rag_core.errors import NotReady, Unavailable
from rag_core.index.stores import Row, VectorStore
from rag_core.index.stores.copying import copy_index
from tests.conformance.backends import Backend, Lance, Weaviate
from tests.conformance.rows import clustered, count, row
from tests.servers.weaviate_process import WeaviateProcess

SPAWN = multiprocessing.get_context("spawn")
MANY = 3_000


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeaviateProcess]:
    with WeaviateProcess() as server:
        yield server


@pytest.fixture
def server(shared: WeaviateProcess) -> Iterator[WeaviateProcess]:
    yield shared
    shared.fail()


@pytest.fixture
def weaviate(server: WeaviateProcess, request: pytest.FixtureRequest) -> Weaviate:
    return Weaviate(server.url, server.grpc_port, request.node.name)


def some(number: int) -> list[Row]:
    vectors = clustered(number, seed=4)
    return [
        row(
            f"doc {n // 5}",
            n % 5,
            f"text {n} – Ünï",
            vector=vectors[n],
            header="H" * (n % 2),
            unit_vectors=b"\x01\xff",
        )
        for n in range(number)
    ]


async def fill(store: VectorStore, rows: list[Row]) -> None:
    await store.replace({r.passage.document for r in rows}, rows)


async def everything(store: VectorStore) -> dict[str, Row]:
    rows = [r for page in [p async for p in store.scan()] for r in page.rows]
    assert len(rows) == len({r.passage.id for r in rows})
    return {r.passage.id: r for r in rows}


def assert_same(one: dict[str, Row], other: dict[str, Row]) -> None:
    assert set(one) == set(other)
    for id, mine in one.items():
        assert (mine.passage, mine.header) == (other[id].passage, other[id].header)
        assert np.array_equal(mine.vector, other[id].vector)


def ignored(done: int, total: int) -> None:
    pass


async def test_there_and_back_again_every_row_is_the_same(tmp_path: Path, weaviate: Weaviate) -> None:
    """From LanceDB to Weaviate and to LanceDB: text, header, vectors bit by bit; progress ends at the whole."""
    told: list[tuple[int, int]] = []
    first, last = Lance(tmp_path / "first"), Lance(tmp_path / "last")
    async with first.connect() as a, weaviate.connect() as b, last.connect() as c:
        await fill(a, some(1_000))
        there = await copy_index(a, b, tmp_path / "mark", lambda *now: told.append(now))
        back = await copy_index(b, c, tmp_path / "mark", ignored)
        assert (there.passages, there.resumed, back.passages) == (1_000, False, 1_000)
        assert told[0] == (0, 1_000)
        assert told[-1] == (1_000, 1_000)
        assert_same(await everything(a), await everything(b))
        assert_same(await everything(a), await everything(c))
    assert not (tmp_path / "mark").exists()


def copy_slowly(source: Backend, target: Backend, mark: Path) -> None:
    """Runs in another process, and is killed."""

    async def run() -> None:
        async with source.connect() as a, target.connect() as b:
            await copy_index(a, b, mark, ignored)

    asyncio.run(run())


async def test_a_killed_copy_goes_on_where_it_was(
    tmp_path: Path, server: WeaviateProcess, weaviate: Weaviate
) -> None:
    """After kill -9 in the middle the next run ends complete, without doubles, and does not begin anew."""
    source, mark = Lance(tmp_path / "source"), tmp_path / "mark"
    async with source.connect() as a:
        await fill(a, some(MANY))
    server.fail(slow_s=0.02)
    process = SPAWN.Process(target=copy_slowly, args=(source, weaviate, mark), daemon=True)
    process.start()
    async with asyncio.timeout(60):
        while not mark.exists() or not 0 < json.loads(mark.read_text())["passages"] < MANY:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    process.kill()
    process.join()
    server.fail()
    reached = json.loads(mark.read_text())["passages"]
    assert 0 < reached < MANY
    told: list[int] = []
    async with source.connect() as a, weaviate.connect() as b:
        copied = await copy_index(a, b, mark, lambda done, total: told.append(done))
        assert copied.resumed
        assert (told[0], told[-1]) == (reached, MANY)
        assert_same(await everything(a), await everything(b))


async def test_an_emptied_target_is_filled_whole(tmp_path: Path, weaviate: Weaviate) -> None:
    """What the mark says is not believed when the counts differ."""
    source, mark = Lance(tmp_path / "source"), tmp_path / "mark"
    async with source.connect() as a, weaviate.connect() as b:
        await fill(a, some(50))
        pages = [page async for page in a.scan()]
        generation = (await a.state()).generation
        mark.write_text(
            json.dumps({"generation": generation, "position": pages[-1].position, "passages": 50})
        )
        assert (await copy_index(a, b, mark, ignored)).resumed
        assert_same(await everything(a), await everything(b))


async def test_what_the_source_has_no_more_leaves_the_target(tmp_path: Path, weaviate: Weaviate) -> None:
    """A copy that was begun before a document vanished, or of another state, ends like the source as it is."""
    source = Lance(tmp_path / "source")
    async with source.connect() as a, weaviate.connect() as b:
        await fill(a, some(50))
        await copy_index(a, b, tmp_path / "mark", ignored)
        await a.replace(["doc 3", "doc 4"], [row("doc 4", 0, "changed")])
        await copy_index(a, b, tmp_path / "mark", ignored)
        assert_same(await everything(a), await everything(b))


async def test_a_write_that_fails_ends_the_copy(
    tmp_path: Path, server: WeaviateProcess, weaviate: Weaviate
) -> None:
    """It is Unavailable, and the next run goes on."""
    async with Lance(tmp_path / "source").connect() as a, weaviate.connect() as b:
        await fill(a, some(100))
        server.fail(batch=1)
        with pytest.raises(Unavailable, match="of 100 passages"):
            await copy_index(a, b, tmp_path / "mark", ignored)
        assert await count(b) == 0
        await copy_index(a, b, tmp_path / "mark", ignored)
        assert await count(b) == 100


async def test_nothing_is_not_copied(tmp_path: Path, weaviate: Weaviate) -> None:
    """An empty index, or a folder without one, is a mistake."""
    async with Lance(tmp_path / "source").connect() as a, weaviate.connect() as b:
        with pytest.raises(NotReady, match="nothing to copy"):
            await copy_index(a, b, tmp_path / "mark", ignored)
