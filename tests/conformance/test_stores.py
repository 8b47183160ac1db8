"""What every VectorStore does, held against each implementation of tests/conformance/backends.py.

"weaviate" is a real server, named by WEAVIATE_URL; without one, one test is skipped and says so. "weaviate-protocol" is our
own stand-in, which speaks Weaviate's protocol and is no Weaviate.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rag_core.index.stores import Page, Row, VectorStore
from rag_core.types import Passage, Place
from tests.conformance.backends import BACKENDS, REAL_SERVER, STAND_IN, Backend, Weaviate
from tests.conformance.rows import clustered, count, found, row, vector
from tests.servers.weaviate_process import WeaviateProcess

FORK = multiprocessing.get_context("forkserver")
"""Other processes, which come from one that has imported all of this; what the stores start is started in each anew."""
FORK.set_forkserver_preload([__name__, "lance_namespace", "weaviate"])


@pytest.fixture(scope="session")
def stand_in() -> Any:
    with WeaviateProcess() as server:
        yield server


@pytest.fixture(params=[*BACKENDS, STAND_IN])
async def backend(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    name = f"test_{secrets.token_hex(6)}"
    if request.param == STAND_IN:
        server: WeaviateProcess = request.getfixturevalue("stand_in")
        yield Weaviate(server.url, server.grpc_port, name)
        return
    made = BACKENDS[request.param](tmp_path / "index", name)
    yield made
    await made.clean()


@pytest.fixture
async def store(backend: Backend) -> AsyncIterator[VectorStore]:
    async with backend.connect() as opened:
        yield opened


def test_the_suite_ran_over_a_real_weaviate() -> None:
    """Our stand-in proves that the client speaks the protocol; only a real server proves that it understands us."""
    if REAL_SERVER not in os.environ:
        pytest.skip(
            f"no real Weaviate server was tested: name one with {REAL_SERVER} (and WEAVIATE_GRPC_PORT)"
        )
    assert "weaviate" in BACKENDS


# --- writing ---------------------------------------------------------------------------------------------------------


async def test_an_empty_store_finds_nothing(store: VectorStore) -> None:
    """Before the first document searches work, and find nothing."""
    assert await store.search(vector(1), "words", None, 10) == []
    assert await store.fetch([], None) == []
    assert await count(store) == 0


async def test_documents_are_inserted(store: VectorStore) -> None:
    """What was put in is found and counted."""
    await store.replace(["a", "b"], [row("a"), row("a", 1), row("b")])
    assert set(await found(store)) == {"a#0", "a#1", "b#0"}
    assert await count(store) == 3


async def test_a_document_is_replaced_whole(store: VectorStore) -> None:
    """Of its previous version nothing stays, whether the new one has more passages or fewer; others stay."""
    await store.replace(["a", "b"], [row("a", 0, "old"), row("b", 0, "other")])
    await store.replace(["a"], [row("a", n, f"longer {n}") for n in range(3)])
    assert await found(store) == {"a#0": "longer 0", "a#1": "longer 1", "a#2": "longer 2", "b#0": "other"}
    await store.replace(["a"], [row("a", 7, "short")])
    assert await found(store) == {"a#7": "short", "b#0": "other"}
    assert await count(store) == 2


async def test_a_document_without_rows_is_removed(store: VectorStore) -> None:
    """Alone, or together with others that are replaced."""
    await store.replace(["a", "b", "c"], [row("a"), row("b"), row("c")])
    await store.replace(["a"], [])
    assert set(await found(store)) == {"b#0", "c#0"}
    await store.replace(["b", "c"], [row("c", 0, "new")])
    assert await found(store) == {"c#0": "new"}
    await store.replace(["c"], [])
    assert await count(store) == 0


async def test_removing_what_is_not_there_is_no_error(store: VectorStore) -> None:
    """Nor is replacing nothing."""
    await store.replace(["a"], [row("a")])
    await store.replace(["stranger"], [])
    await store.replace([], [])
    assert set(await found(store)) == {"a#0"}


async def test_rows_of_other_documents_are_refused(store: VectorStore) -> None:
    """A row whose document is not replaced is a mistake of the caller; nothing is written."""
    with pytest.raises(ValueError, match="stranger"):
        await store.replace(["a"], [row("a"), row("stranger")])
    assert await count(store) == 0


@pytest.mark.parametrize(
    "name", ["it's", "a'); --", 'double "quotes"', "päth/日本 語.md", "a\\b%_", "docs/x.md#y"]
)
async def test_documents_may_have_any_name(store: VectorStore, name: str) -> None:
    """Quotes and other signs in ids are signs."""
    await store.replace([name, "other"], [row(name, 0, "old"), row("other")])
    await store.replace([name], [row(name, 0, "new")])
    assert (await found(store))[f"{name}#0"] == "new"
    await store.replace([name], [])
    assert set(await found(store)) == {"other#0"}


async def test_many_documents_are_replaced_in_one_step(store: VectorStore) -> None:
    """Hundreds of documents, and hundreds of removals, are one call each."""
    names = [f"folder/document {n}" for n in range(500)]
    await store.replace(names, [row(name) for name in names])
    assert await count(store) == 500
    await store.replace(names[:499], [])
    assert set(await found(store)) == {f"{names[499]}#0"}


async def test_passages_come_back_as_they_were(store: VectorStore) -> None:
    """Every field, with any characters, and the bytes of the unit vectors."""
    passages = [
        Passage(
            id="d#0",
            document="d",
            source="s",
            scope="team:a/b",
            title='Tïtle "1"',
            headings=("A > B", "C\nD", ""),
            text="Header\nÜnï 🦆\n```\n\tx\n```\n",
            url="https://e.example/a?b=c&d#",
            place=Place(line=3, page=2, anchor="x'y"),
            units=((0, 6), (7, 12)),
            unit_vectors=bytes(range(256)),
        ),
        row("d", 1, place=Place()).passage,
    ]
    await store.replace(["d"], [Row(passages[0], "Head\ner", vector(1)), Row(passages[1], "", vector(2, 1))])
    candidates = await store.search(vector(1), "", None, 10)
    assert sorted(await store.fetch(candidates, None), key=lambda p: p.id) == passages


# --- searching -------------------------------------------------------------------------------------------------------


async def test_vectors_are_found_by_cosine(store: VectorStore) -> None:
    """The nearest `limit` come back, each with its exact cosine."""
    rows = [row("a", n, vector=vector(10 - n, n)) for n in range(10)]
    await store.replace(["a"], rows)
    candidates = await store.search(vector(1, 0.1), "", None, 3)
    expected = {r.passage.id: float(r.vector @ vector(1, 0.1)) for r in rows[:3]}
    assert {c.id: c.cosine for c in candidates} == pytest.approx(expected, abs=1e-5)
    assert {c.bm25 for c in candidates} == {0.0}


async def test_words_are_found_with_their_exact_cosine(store: VectorStore) -> None:
    """A passage that only keyword search finds comes with BM25 and with the cosine of its vector."""
    near = [row("near", n, "nothing of note", vector=vector(1, n / 100)) for n in range(5)]
    far = row("far", 0, "the zyzzyva beetle", vector=vector(-1, 3))
    await store.replace(["near", "far"], [*near, far])
    candidates = {c.id: c for c in await store.search(vector(1), "zyzzyva", None, 2)}
    assert len(candidates) == 3
    assert candidates["far#0"].bm25 > 0
    assert candidates["far#0"].cosine == pytest.approx(float(far.vector @ vector(1)), abs=1e-5)
    assert {c.bm25 for id, c in candidates.items() if id != "far#0"} == {0.0}


async def test_a_passage_found_by_both_comes_once(store: VectorStore) -> None:
    """With what each search says of it."""
    await store.replace(["a"], [row("a", 0, "a zyzzyva", vector=vector(1))])
    (candidate,) = await store.search(vector(1), "zyzzyva", None, 10)
    assert candidate.cosine == pytest.approx(1, abs=1e-5)
    assert candidate.bm25 > 0


async def test_keyword_search_prefers_rare_words_and_short_passages(store: VectorStore) -> None:
    """That is BM25: the rare word outweighs the common one."""
    common = [row("common", n, "battery charge time") for n in range(20)]
    await store.replace(["common", "rare"], [*common, row("rare", 0, "battery zyzzyva")])
    candidates = await store.search(vector(0, 0, 1), "battery zyzzyva", None, 50)
    assert max(candidates, key=lambda c: c.bm25).id == "rare#0"


async def test_headers_are_searched_by_keyword(store: VectorStore) -> None:
    """Title and headings are found, and are not part of the text that comes back."""
    await store.replace(
        ["a", "b"], [row("a", 0, "words", header="Zyzzyva > Care"), row("b", 0, "more words")]
    )
    candidates = await store.search(vector(1), "zyzzyva", None, 10)
    assert [c.id for c in candidates if c.bm25 > 0] == ["a#0"]
    assert (await found(store, "zyzzyva"))["a#0"] == "words"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The batteries were charging.", "battery charge"),
        ("Naïve café in ZÜRICH", "zürich"),
        ("Die Straße nach Köln", "köln"),
        ("Обновление системы", "системы"),
        ("東京は日本の首都です。", "東京"),
        ("北京是中国的首都", "北京"),
        ("error E1234-X at 10.0.0.1", "E1234"),
        ("call max_file_mb here", "max_file_mb"),
    ],
)
async def test_words_are_found_in_many_scripts(store: VectorStore, text: str, words: str) -> None:
    """Words are told apart by the rules of Unicode, in scripts without spaces too; English ones by their stem."""
    await store.replace(["a", "b"], [row("a", 0, text), row("b", 0, "unrelated passage")])
    candidates = await store.search(vector(1), words, None, 10)
    assert [c.id for c in candidates if c.bm25 > 0] == ["a#0"]


@pytest.mark.parametrize(
    "text",
    [
        '"zyzzyva',
        "zyzzyva AND (",
        "content:zyzzyva",
        "zyzzyva* OR ~2^3",
        "+zyzzyva -beetle",
        "zyzzyva\\",
        "'zyzzyva';--",
    ],
)
async def test_query_syntax_is_text(store: VectorStore, text: str) -> None:
    """Signs that mean something in query languages mean nothing in a question."""
    await store.replace(["a", "b"], [row("a", 0, "a zyzzyva beetle"), row("b", 0, "something else")])
    candidates = await store.search(vector(1), text, None, 10)
    assert [c.id for c in candidates if c.bm25 > 0] == ["a#0"]


@pytest.mark.parametrize("text", ["", "  \n", "?!", "the of and", "\x00", "🦆", "x" * 4000, "word " * 800])
async def test_a_question_without_usable_words_is_searched_by_vector(store: VectorStore, text: str) -> None:
    """An empty or odd text is no error."""
    await store.replace(["a"], [row("a", 0, "a beetle")])
    assert set(await found(store, text)) == {"a#0"}


async def test_scopes_restrict_both_searches(store: VectorStore) -> None:
    """None is no restriction, the empty set finds nothing, one or many find what is theirs."""
    scopes = ["public", "team", "o'hara", "x') OR true --"]
    await store.replace(scopes, [row(scope, 0, "zyzzyva", scope=scope) for scope in scopes])
    assert len(await found(store, "zyzzyva")) == 4
    assert await store.search(vector(1), "zyzzyva", frozenset(), 10) == []
    for scope in scopes:
        assert set(await found(store, "zyzzyva", scopes=frozenset([scope]))) == {f"{scope}#0"}
    assert set(await found(store, "zyzzyva", scopes=frozenset(scopes[:2]))) == {"public#0", "team#0"}
    assert await found(store, "zyzzyva", scopes=frozenset(["unknown"])) == {}


async def test_scopes_are_applied_before_the_limit(store: VectorStore) -> None:
    """What one may not read takes no place among the candidates, however near it is."""
    secret = [row("secret", n, "zyzzyva zyzzyva", scope="hr", vector=vector(1)) for n in range(50)]
    mine = row("mine", 0, "a zyzzyva among other words", vector=vector(-1, 1))
    await store.replace(["secret", "mine"], [*secret, mine])
    (candidate,) = await store.search(vector(1), "zyzzyva", frozenset(["public"]), 5)
    assert candidate.id == "mine#0"
    assert candidate.bm25 > 0


# --- fetching --------------------------------------------------------------------------------------------------------


async def test_passages_are_fetched_in_the_order_asked(store: VectorStore) -> None:
    """The order of the candidates is the order of the passages."""
    await store.replace(["a"], [row("a", n) for n in range(20)])
    candidates = sorted(await store.search(vector(1), "", None, 20), key=lambda c: c.id, reverse=True)
    assert [p.id for p in await store.fetch(candidates, None)] == [c.id for c in candidates]


async def test_what_was_removed_since_is_left_out(store: VectorStore) -> None:
    """Between search and fetch a document may vanish; the others are fetched."""
    await store.replace(["a", "b"], [row("a"), row("b")])
    candidates = await store.search(vector(1), "", None, 10)
    await store.replace(["a"], [])
    assert [p.id for p in await store.fetch(candidates, None)] == ["b#0"]


async def test_what_left_the_scopes_since_is_left_out(store: VectorStore) -> None:
    """Between search and fetch a document may become private."""
    await store.replace(["a", "b"], [row("a"), row("b")])
    candidates = await store.search(vector(1), "", frozenset(["public"]), 10)
    await store.replace(["a"], [row("a", 0, "now secret", scope="hr")])
    assert [p.id for p in await store.fetch(candidates, frozenset(["public"]))] == ["b#0"]


async def test_fetching_after_tidying_finds_the_same(store: VectorStore) -> None:
    """Rows may move when the store is optimized; their passages are still found."""
    for n in range(12):
        await store.replace([f"d{n}"], [row(f"d{n}", 0, f"text {n}")])
    candidates = await store.search(vector(1), "", None, 20)
    await store.replace(["d3"], [])
    await store.optimize()
    passages = {p.id: p.text for p in await store.fetch(candidates, None)}
    assert passages == {f"d{n}#0": f"text {n}" for n in range(12) if n != 3}


async def test_a_replaced_document_is_never_fetched_in_two_versions(store: VectorStore) -> None:
    """Fetching after a replacement gives passages of one version only."""
    await store.replace(["a"], [row("a", n, "old") for n in range(4)])
    candidates = await store.search(vector(1), "", None, 10)
    await store.replace(["a"], [row("a", n, "new") for n in range(2)])
    passages = await store.fetch(candidates, None)
    assert len({p.text for p in passages}) <= 1
    assert "old" not in {p.text for p in passages}


# --- reading all -----------------------------------------------------------------------------------------------------


async def pages_of(store: VectorStore, after: str = "") -> list[Page]:
    return [page async for page in store.scan(after)]


def same(one: Row, other: Row) -> bool:
    return (one.passage, one.header) == (other.passage, other.header) and np.allclose(
        one.vector, other.vector, atol=1e-6
    )


async def test_a_scan_brings_every_row_as_it_was(store: VectorStore) -> None:
    """Passage, header and vector, each once; nothing from an empty store."""
    assert await pages_of(store) == []
    rows = [
        row(f"d{n}", k, f"text {n}", header=f"H{n}", vector=vector(n + 1, k + 1))
        for n in range(30)
        for k in range(3)
    ]
    rows.append(row("d99", 0, header="", units=((0, 4),), unit_vectors=bytes(64)))
    await store.replace({r.passage.document for r in rows}, rows)
    await store.replace(["d7"], [])
    scanned = {r.passage.id: r for page in await pages_of(store) for r in page.rows}
    left = {r.passage.id: r for r in rows if r.passage.document != "d7"}
    assert set(scanned) == set(left)
    assert all(same(scanned[id], left[id]) for id in left)


async def test_a_scan_goes_on_from_any_page(store: VectorStore) -> None:
    """Pages hold whole documents; from the position of each, the rest follows, and no more."""
    names = [f"document {n}" for n in range(900)]
    await store.replace(names, [row(name, k) for name in names for k in range(3)])
    pages = await pages_of(store)
    ids = [[r.passage.id for r in page.rows] for page in pages]
    assert len(pages) > 1
    assert len({id for page in ids for id in page}) == sum(map(len, ids)) == 2_700
    owners = [{id.partition("#")[0] for id in page} for page in ids]
    assert sum(map(len, owners)) == 900
    for number in (0, len(pages) // 2, len(pages) - 1):
        rest = [[r.passage.id for r in page.rows] for page in await pages_of(store, pages[number].position)]
        assert [id for page in rest for id in page] == [id for page in ids[number + 1 :] for id in page]


async def test_two_indexes_side_by_side_are_two(backend: Backend) -> None:
    """A release is built beside the one that answers, and readers change over: nothing of one shows in the other."""
    async with backend.connect() as old, backend.beside("next").connect() as new:
        await old.replace(["a", "b"], [row("a", 0, "old"), row("b", 0, "old")])
        before = await old.state()
        await new.replace(["a"], [row("a", 0, "new"), row("a", 1, "new")])
        assert await found(old) == {"a#0": "old", "b#0": "old"}
        assert await found(new) == {"a#0": "new", "a#1": "new"}
        assert await old.state() == before
        await old.replace(["a", "b"], [])
        assert await count(new) == 2


# --- generation ------------------------------------------------------------------------------------------------------


async def test_the_generation_grows_with_every_change(store: VectorStore) -> None:
    """Inserting, replacing and removing make it greater, searching and counting do not."""
    generations = [(await store.state()).generation]
    for rows in ([row("a")], [row("a", 0, "new")], []):
        await store.replace(["a"], rows)
        generations.append((await store.state()).generation)
        await store.search(vector(1), "words", None, 5)
        assert (await store.state()).generation == generations[-1]
    assert generations == sorted(set(generations))


async def test_the_generation_rests_when_nothing_changes(store: VectorStore) -> None:
    """Optimizing what is in order, replacing nothing and opening again leave it as it is."""
    await store.replace(["a"], [row("a")])
    await store.optimize()
    before = await store.state()
    await store.optimize()
    await store.replace([], [])
    assert await store.state() == before


async def test_what_is_stored_is_there_when_opened_again(backend: Backend) -> None:
    """Closing loses nothing, and the generation goes on from where it was."""
    async with backend.connect() as store:
        await store.replace(["a"], [row("a", 0, "kept")])
        before = await store.state()
    async with backend.connect() as store:
        assert await found(store) == {"a#0": "kept"}
        assert await store.state() == before


# --- many passages ---------------------------------------------------------------------------------------------------


async def test_ten_thousand_passages_are_searched_well(store: VectorStore) -> None:
    """Above the size at which vectors are indexed at least 95 of 100 nearest are found, also among later writes,
    within scopes, and by words."""
    vectors = clustered(10_000, seed=1)
    rows = [
        row(
            f"d{n // 10}",
            n % 10,
            f"passage number w{n}",
            vector=vectors[n],
            scope="even" if n % 2 == 0 else "odd",
        )
        for n in range(10_000)
    ]
    for start in range(0, 9_000, 3_000):
        part = rows[start : start + 3_000]
        await store.replace({r.passage.document for r in part}, part)
    await store.optimize()
    late = rows[9_000:]
    await store.replace({r.passage.document for r in late}, late)
    assert await count(store) == 10_000
    questions = clustered(30, seed=2)
    even = np.arange(0, 10_000, 2)
    assert await recall(store, questions, vectors, np.arange(10_000), None) >= 0.95
    assert await recall(store, questions, vectors, even, frozenset(["even"])) >= 0.95
    await store.optimize()
    assert await recall(store, questions, vectors, np.arange(10_000), None) >= 0.95
    for n in (0, 4321, 9_999):
        hits = await store.search(questions[0], f"w{n}", None, 5)
        best = max(hits, key=lambda c: c.bm25)
        assert best.id == rows[n].passage.id
        assert best.cosine == pytest.approx(float(vectors[n] @ questions[0]), abs=1e-4)
    await store.replace(["d7"], [row("d7", 0, "alone", vector=vectors[70])])
    assert await count(store) == 9_991
    assert "d7#1" not in await found(store, "w71", at=vectors[71])


async def recall(
    store: VectorStore,
    questions: NDArray[np.float32],
    vectors: NDArray[np.float32],
    among: NDArray[np.int64],
    scopes: frozenset[str] | None,
) -> float:
    """The share of the ten truly nearest that search finds; every cosine must be exact."""
    shares = []
    for question in questions:
        cosines = vectors[among] @ question
        nearest = {f"d{n // 10}#{n % 10}" for n in among[np.argsort(-cosines)[:10]]}
        candidates = await store.search(question, "", scopes, 10)
        exact = {f"d{n // 10}#{n % 10}": c for n, c in zip(among, cosines, strict=True)}
        for c in candidates:
            assert c.cosine == pytest.approx(float(exact[c.id]), abs=1e-4)
        shares.append(len(nearest & {c.id for c in candidates}) / 10)
    return float(np.mean(shares))


# --- several at once, and crashes ------------------------------------------------------------------------------------

NAMES = [f"doc{n}" for n in range(8)]


def version(number: int, names: Sequence[str] = tuple(NAMES)) -> list[Row]:
    """All documents in one version. Even versions have five passages, odd ones three."""
    size = 5 if number % 2 == 0 else 3
    return [row(name, n, f"version {number} of {size} zyzzyva") for name in names for n in range(size)]


def check_whole(passages: Sequence[Passage]) -> dict[str, int]:
    """Each document stands in one version, complete; returns that version by document."""
    texts: dict[str, list[str]] = defaultdict(list)
    for passage in passages:
        texts[passage.document].append(passage.text)
    for name, said in texts.items():
        assert len(set(said)) == 1, f"{name} is mixed: {sorted(set(said))}"
        assert len(said) == int(said[0].split()[3]), f"{name} has {len(said)} passages of {said[0]!r}"
    assert set(texts) == set(NAMES)
    return {name: int(said[0].split()[1]) for name, said in texts.items()}


async def everything(store: VectorStore) -> list[Passage]:
    return await store.fetch(await store.search(vector(1), "zyzzyva", None, 100), None)


async def test_readers_see_each_document_whole_while_it_is_written(backend: Backend) -> None:
    """Readers on the writer's own connection and on another never see a document missing, doubled or half."""
    async with backend.connect() as writer, backend.connect() as other:
        await writer.replace(NAMES, version(0))
        versions: dict[int, list[int]] = {0: [], 1: []}
        done = asyncio.Event()

        async def read(number: int, store: VectorStore) -> None:
            while not done.is_set():
                candidates = await store.search(vector(1), "zyzzyva", None, 100)
                ids = [c.id for c in candidates]
                assert len(ids) == len(set(ids))
                passages = await store.fetch(candidates, None)
                by_document: dict[str, set[str]] = defaultdict(set)
                for passage in passages:
                    by_document[passage.document].add(passage.text)
                assert set(by_document) == set(NAMES)
                assert all(len(texts) == 1 for texts in by_document.values())
                versions[number].append(
                    min(int(t.split()[1]) for texts in by_document.values() for t in texts)
                )

        readers = [asyncio.create_task(read(0, writer)), asyncio.create_task(read(1, other))]
        for number in range(1, 40):
            await writer.replace(NAMES, version(number))
            if number % 15 == 0:
                await writer.optimize()
        done.set()
        await asyncio.gather(*readers)
        for seen in versions.values():
            assert seen == sorted(seen)
            assert len(set(seen)) > 5
        assert set(check_whole(await everything(other)).values()) == {39}


def converse(backend: Backend, pipe: Connection) -> None:
    """Runs in another process: writes the version it is told, and tells what it sees."""

    async def run() -> None:
        async with backend.connect() as store:
            pipe.send("ready")
            while (order := pipe.recv()) != "stop":
                if order != "read":
                    await store.replace(NAMES, version(order))
                pipe.send(await everything(store))

    asyncio.run(run())


async def test_another_process_sees_writes_at_once(backend: Backend) -> None:
    """And we see what it writes: the first search after a write has it, in both directions."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=converse, args=(backend, theirs), daemon=True)
    async with backend.connect() as store:
        await store.replace(NAMES, version(0))
        process.start()
        await _received(ours)
        for number in range(1, 21, 2):
            before = (await store.state()).generation
            ours.send(number)
            await _received(ours)
            assert set(check_whole(await everything(store)).values()) == {number}
            assert (await store.state()).generation > before
            await store.replace(NAMES, version(number + 1))
            ours.send("read")
            assert set(check_whole(await _received(ours)).values()) == {number + 1}
        ours.send("stop")
        await asyncio.to_thread(process.join, 10)
    assert process.exitcode == 0


async def _received(pipe: Connection) -> Any:
    assert await asyncio.to_thread(pipe.poll, 30)
    return pipe.recv()


def write_until_killed(backend: Backend, start: int, pipe: Connection) -> None:
    """Runs in another process: replaces all documents again and again, a few at a time."""

    async def run() -> None:
        async with backend.connect() as store:
            number = start
            while True:
                number += 1
                for begin in range(0, len(NAMES), 3):
                    names = NAMES[begin : begin + 3]
                    await store.replace(names, version(number, names))
                if number == start + 1:
                    pipe.send("writing")
                if number % 4 == 0:
                    await store.optimize()

    asyncio.run(run())


async def test_a_killed_writer_leaves_every_document_whole(backend: Backend) -> None:
    """After kill -9 at any moment the store opens, each document is as it was before or after a write, and the next
    writer goes on."""
    chance = random.Random(7)
    async with backend.connect() as store:
        await store.replace(NAMES, version(0))
    newest = 0
    for _ in range(backend.kills):
        ours, theirs = FORK.Pipe()
        process = FORK.Process(target=write_until_killed, args=(backend, newest, theirs), daemon=True)
        process.start()
        await _received(ours)
        time.sleep(chance.uniform(0, 0.12))  # noqa: ASYNC251
        process.kill()
        process.join()
        async with backend.connect() as store:
            versions = check_whole(await everything(store))
            assert min(versions.values()) > newest
            assert max(versions.values()) - min(versions.values()) <= 1
            assert await count(store) == sum(5 if v % 2 == 0 else 3 for v in versions.values())
            newest = max(versions.values()) + 1
            await store.replace(NAMES, version(newest))
            await store.optimize()
            assert set(check_whole(await everything(store)).values()) == {newest}
