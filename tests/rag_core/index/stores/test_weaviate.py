"""Our client of Weaviate when the server refuses, fails, hangs, dies and comes back.

The server is our stand-in: these tests prove the client's side, not Weaviate's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

import pytest
from pydantic import SecretStr

from rag_core.errors import NotReady, SettingsError, Unavailable
from rag_core.index.stores import VectorStore
from rag_core.index.stores.opening import open_weaviate
from rag_core.index.stores.weaviate.objects import Stored, from_label, label
from rag_core.index.stores.weaviate.schema import collection_name
from rag_core.index.stores.weaviate.visibility import KEEP_FAILED_S, Visibility, seen
from rag_core.settings import Settings, Store
from tests.conformance.rows import DIMENSION, count, found, row, vector
from tests.servers.weaviate_process import WeaviateProcess

LIMIT_S = 1.0


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeaviateProcess]:
    with WeaviateProcess(tmp_path_factory.mktemp("weaviate") / "journal") as server:
        yield server


@pytest.fixture
def server(shared: WeaviateProcess) -> Iterator[WeaviateProcess]:
    yield shared
    shared.fail()


def settings(server: WeaviateProcess, **fields: Any) -> Settings:
    given = {"timeout_s": LIMIT_S, "write_timeout_s": 2 * LIMIT_S, **fields}
    return Settings(store=Store(url=server.url, grpc_port=server.grpc_port, **given))


def opened(
    server: WeaviateProcess, name: str, dimension: int = DIMENSION, **fields: Any
) -> AbstractAsyncContextManager[VectorStore]:
    return open_weaviate(settings(server, **fields), name, dimension)


@pytest.fixture
async def store(server: WeaviateProcess, request: pytest.FixtureRequest) -> AsyncIterator[VectorStore]:
    async with opened(server, request.node.name.partition("[")[0]) as made:
        yield made


async def blocked_s(waiting: asyncio.Task[Any]) -> float:
    """The longest that the event loop did nothing else until the task ended."""
    longest = 0.0
    while not waiting.done():
        before = time.perf_counter()
        await asyncio.sleep(0.005)
        longest = max(longest, time.perf_counter() - before)
    return longest


async def objects_in(store: Any) -> int:
    """All that the server keeps of the index, seen or not."""
    return int((await store._passages.aggregate.over_all(total_count=True)).total_count)


# --- writes that fail ------------------------------------------------------------------------------------------------


async def test_a_batch_refused_in_part_is_no_success(server: WeaviateProcess, store: VectorStore) -> None:
    """It is Unavailable, with the numbers and the first reason; what was stored stays, and nothing of the rest is left."""
    await store.replace(["a"], [row("a", 0, "old")])
    before = await store.state()
    server.fail(batch=1)
    with pytest.raises(Unavailable, match=r"5 of 11 passages: as the test wants it"):
        await store.replace(["a", "b"], [*(row("a", n, "new") for n in range(10)), row("b")])
    assert await found(store) == {"a#0": "old"}
    assert await store.state() == before
    await store.replace(["a", "b"], [row("a", 0, "new"), row("b", 0, "b")])
    assert await found(store) == {"a#0": "new", "b#0": "b"}


async def test_what_a_failed_write_left_is_not_seen_even_when_it_cannot_be_deleted(
    server: WeaviateProcess, store: VectorStore
) -> None:
    """Neither found, nor fetched, nor counted, nor scanned; the next write deletes it."""
    await store.replace(["a"], [row("a", 0, "old")])
    server.fail(batch=1, deletes=1)
    with pytest.raises(Unavailable):
        await store.replace(["a"], [row("a", n, "zyzzyva") for n in range(4)])
    assert await found(store, "zyzzyva") == {"a#0": "old"}
    assert await count(store) == 1
    assert [r.passage.text for page in [p async for p in store.scan()] for r in page.rows] == ["old"]
    assert await objects_in(store) > 1
    await store.optimize()
    assert await objects_in(store) == await count(store) == 1


async def test_replaced_passages_that_could_not_be_deleted_are_not_seen(
    server: WeaviateProcess, store: VectorStore
) -> None:
    """The replacement stands all the same, and the next write deletes them."""
    await store.replace(["a", "b"], [row("a", n, f"old {n}") for n in range(4)] + [row("b", 0, "b")])
    server.fail(deletes=1)
    await store.replace(["a"], [row("a", 0, "new")])
    for stored in (6, 2):
        assert await objects_in(store) == stored
        assert await found(store, "old") == {"a#0": "new", "b#0": "b"}
        assert await count(store) == 2
        assert {r.passage.text for page in [p async for p in store.scan()] for r in page.rows} == {"new", "b"}
        await store.optimize()


@pytest.mark.parametrize("step", [0, 1, 2, 3])
async def test_a_server_that_fails_at_any_step_leaves_documents_whole(
    server: WeaviateProcess, store: VectorStore, step: int
) -> None:
    """Old or new, and the next write succeeds."""
    name = f"doc{step}"
    await store.replace([name], [row(name, n, "old") for n in range(3)])
    server.fail(slow_s=0.15)
    writing = asyncio.create_task(store.replace([name], [row(name, n, "new") for n in range(2)]))
    await asyncio.sleep(0.15 * step + 0.2)
    server.fail(unavailable=1_000)
    with suppress(Unavailable):
        await writing
    server.fail()
    texts = [text for id, text in (await found(store)).items() if id.startswith(name)]
    assert texts in (["old"] * 3, ["new"] * 2)
    await store.replace([name], [row(name, 0, "newest")])
    assert (await found(store))[f"{name}#0"] == "newest"


# --- servers that do not answer --------------------------------------------------------------------------------------


async def test_a_hanging_server_is_unavailable_within_the_deadline(
    server: WeaviateProcess, store: VectorStore
) -> None:
    """Every call gives up in time, the event loop runs on meanwhile, and all is well once the server answers."""
    await store.replace(["a"], [row("a", 0, "kept")])
    candidates = await store.search(vector(1), "kept", None, 5)
    calls = {
        "search": lambda: store.search(vector(1), "kept", None, 5),
        "fetch": lambda: store.fetch(candidates, None),
        "state": lambda: store.state(),
        "optimize": lambda: store.optimize(),
        "replace": lambda: store.replace(["b"], [row("b")]),
    }
    server.hang()
    try:
        for call in calls.values():
            started = time.monotonic()
            waiting = asyncio.create_task(call())
            assert await blocked_s(waiting) < 0.5
            with pytest.raises(Unavailable, match=r"did not answer within"):
                await waiting
            assert time.monotonic() - started < 5 * LIMIT_S
    finally:
        server.go_on()
    assert await found(store, "kept") == {"a#0": "kept"}


async def test_a_server_that_says_unavailable_is_not_waited_for(
    server: WeaviateProcess, store: VectorStore
) -> None:
    """The client alone would sleep for a minute between its attempts."""
    server.fail(unavailable=1_000)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        await store.search(vector(1), "words", None, 5)
    assert time.monotonic() - started < 4 * LIMIT_S
    server.fail()
    assert await store.search(vector(1), "words", None, 5) == []


async def test_a_killed_server_is_used_again_when_it_is_back(
    server: WeaviateProcess, store: VectorStore
) -> None:
    """On the same connection, without opening the store anew."""
    await store.replace(["a"], [row("a", 0, "kept")])
    server.kill()
    with pytest.raises(Unavailable):
        await store.search(vector(1), "kept", None, 5)
    server.start()
    until = time.monotonic() + 20
    while True:
        try:
            assert await found(store, "kept") == {"a#0": "kept"}
            break
        except Unavailable:
            assert time.monotonic() < until
    await store.replace(["a"], [row("a", 0, "new")])
    assert await found(store) == {"a#0": "new"}


async def test_no_server_is_unavailable_at_once() -> None:
    """Opening names the address."""
    store = Store(url="http://127.0.0.1:9", grpc_port=10, timeout_s=LIMIT_S)
    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9"):
        async with open_weaviate(Settings(store=store), "nowhere", DIMENSION):
            pass


# --- opening ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded() -> Iterator[WeaviateProcess]:
    with WeaviateProcess(api_key="right") as server:
        yield server


@pytest.mark.parametrize("way", ["api_key", "client_secret", "bearer_token"])
async def test_the_right_secret_opens_the_door(guarded: WeaviateProcess, way: str) -> None:
    """An API key; an OIDC client's secret, which is exchanged for a token; or a token. REST and gRPC take it."""
    async with opened(guarded, "guarded", **{way: SecretStr("right")}) as store:
        await store.replace(["a"], [row("a")])
        assert await count(store) == 1


@pytest.mark.parametrize("way", ["", "api_key", "client_secret", "bearer_token"])
async def test_a_wrong_secret_is_a_mistake_in_the_settings(guarded: WeaviateProcess, way: str) -> None:
    """So is none. The message names the variables, and not the secret."""
    given = {way: SecretStr("hush-hush")} if way else {}
    with pytest.raises(SettingsError, match="ANSWERLOOP_STORE__API_KEY") as error:
        async with opened(guarded, "guarded", **given):
            pass
    assert "hush-hush" not in str(error.value)


async def test_a_token_is_renewed_before_it_expires(
    guarded: WeaviateProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """One of a second outlasts three; a provider that fails meanwhile is asked again."""
    guarded.fail(expires_s=1)
    async with opened(guarded, "renewed", client_secret=SecretStr("right")) as store:
        for _ in range(6):
            await asyncio.sleep(0.5)
            assert await count(store) == 0
            await store.optimize()
    guarded.fail()
    assert "not renewed" not in caplog.text


async def test_tenants_see_nothing_of_each_other(server: WeaviateProcess) -> None:
    """Each workspace has its own passages, count and generation, in one collection; or none is used at all."""
    async with opened(server, "shared", tenant="one") as one, opened(server, "shared", tenant="two") as two:
        await one.replace(["a"], [row("a", 0, "of one")])
        before = await two.state()
        await one.replace(["a"], [row("a", 0, "of one, again")])
        assert await two.state() == before
        assert before.passages == 0
        assert await found(two) == {}
    async with opened(server, "undivided", tenant="") as store:
        await store.replace(["a"], [row("a", 0, "alone")])
        assert await found(store) == {"a#0": "alone"}


async def test_another_dimension_is_refused(server: WeaviateProcess) -> None:
    """The message says what builds the index anew."""
    async with opened(server, "sized"):
        pass
    with pytest.raises(NotReady, match="answerloop ingest --rebuild"):
        async with opened(server, "sized", dimension=8):
            pass


@pytest.mark.parametrize("quantization", ["rq", "sq", "bq"])
async def test_cosines_are_exact_with_compressed_vectors_too(
    server: WeaviateProcess, quantization: str
) -> None:
    """They are computed from the vectors themselves."""
    async with opened(server, f"small_{quantization}", quantization=quantization) as store:
        await store.replace(["a"], [row("a", 1)])
        (candidate,) = await store.search(vector(1, 0.1), "", None, 5)
        assert candidate.cosine == pytest.approx(float(vector(1, 2) @ vector(1, 0.1)), abs=1e-6)


async def test_any_text_can_be_stored(store: VectorStore) -> None:
    """Also what is no UTF-8, blanks at the ends, and what looks like our own marks."""
    names = [
        "\ud800 half",
        " ahead",
        "behind ",
        "json:x",
        'json:"y"',
        "\x00",
        "a\nb",
        "é",
        "e\u0301",
        "\u3000",
    ]
    await store.replace(names, [row(name, 0, f"text {name}", scope=name) for name in names])
    assert await found(store) == {f"{name}#0": f"text {name}" for name in names}
    for name in names:
        assert set(await found(store, scopes=frozenset([name]))) == {f"{name}#0"}
    await store.replace([" ahead"], [])
    assert await count(store) == len(names) - 1


async def test_messages_stay_below_the_limit_of_the_server(store: VectorStore) -> None:
    """The stand-in takes 10 MB; long passages are written, fetched and scanned in several messages."""
    rows = [row("a", n, f"{n} " + "word " * 15_000) for n in range(150)]
    await store.replace(["a"], rows)
    assert len(await found(store, limit=150)) == 150
    assert sum([len(page.rows) async for page in store.scan()]) == 150


# --- pure parts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["docs/a b.md", "", " x", "x\n", "json:", "\ud800", "日本", "\x00", "x" * 5_000]
)
def test_labels_give_the_text_back(text: str) -> None:
    """And travel as UTF-8, without blanks at the ends."""
    assert from_label(label(text)) == text
    assert label(text).encode().decode().strip() == label(text) != ""


@pytest.mark.parametrize("name", ["passages_r1_0a1b2c3d", "x y", "1", "é", "A" * 300])
def test_collections_have_names_that_weaviate_allows(name: str) -> None:
    """A capital first, then letters, digits and '_'; different for different indexes."""
    made = collection_name(name)
    assert made.isascii()
    assert made[0].isupper()
    assert made.replace("_", "").isalnum()
    assert made != collection_name(name + "2")


def test_a_write_is_seen_from_the_step_that_counts_it() -> None:
    """Before it the old objects, after it the new ones; in every step those of one write."""
    old, new = Stored("a#0", "a", 5), Stored("a#0", "a", 9)
    other = Stored("b#0", "b", 5)
    objects = {"old": old, "new": new, "other": other}
    before = Visibility(8, counted=5)
    assert seen({"old": old, "other": other}, before) == {"old", "other"}
    hiding = before.hiding(9)
    assert seen(objects, hiding) == {"old", "other"}
    counting = hiding.counting(9, ["a"])
    assert seen(objects, counting) == {"new", "other"}
    assert seen({"new": new, "other": other}, counting.cleaned()) == {"new", "other"}
    removed = before.counting(9, ["a"])
    assert seen({"old": old, "other": other}, removed) == {"other"}


def test_numbers_of_writes_only_grow() -> None:
    """Also when the clock goes back, and past those that failed."""
    far = 10**15 * 9
    visibility = Visibility(8, counted=far, hidden=(far + 7,))
    assert visibility.next() > far + 7
    assert Visibility(8, counted=0).next() > 10**15


def test_failed_writes_stay_hidden_for_a_while() -> None:
    """What a hanging server carries out late is not seen either."""
    now = time.time_ns() // 1000
    recent, long_ago = now - 1, now - (KEEP_FAILED_S + 1) * 1_000_000
    assert Visibility(8, 0, (long_ago, recent), frozenset("a")).cleaned() == Visibility(8, 0, (recent,))


def test_the_record_comes_back_as_it_was() -> None:
    """And one of another version is refused."""
    visibility = Visibility(384, 7, (9, 11), frozenset(["a b", label("\ud800")]))
    assert Visibility.decoded(visibility.encoded()) == visibility
    for text in ("[2, 8, 0, [], []]", "{}", "x", "[1]"):
        with pytest.raises(NotReady, match="answerloop ingest --rebuild"):
            Visibility.decoded(text)
