"""Questions asked again, with the real parts and a real Redis: what is served from the cache, and what never is."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from rag_core.access import Access as Permissions
from rag_core.assistant import Assistant
from rag_core.bootstrap import Core, make_assistant, open_core, open_records
from rag_core.cache import LocalCache
from rag_core.conversation import Rewriter
from rag_core.errors import Unavailable
from rag_core.generation.extractive import Extractive
from rag_core.generation.protocol import Draft, Request, Said, nothing
from rag_core.index.embedding import ModelCard
from rag_core.index.stores import Candidate, StoreState, VectorStore
from rag_core.index.stores.protocol import Vector
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.records.database import transaction
from rag_core.records.feedback.recording import Feedback
from rag_core.records.index.releases import Releases
from rag_core.records.tables import answers
from rag_core.retrieval.refining import REFINED
from rag_core.retrieval.search import KEEP, Search
from rag_core.settings import Access, AccessRule, Answers, Cache, Settings
from rag_core.types import Answer, Passage, Principal, Question, Turn, Vote
from tests.conftest import EXPORTED
from tests.servers.redis import Server, server

DOCUMENTS = {
    "leave": ("public", "You have 30 days of leave a year. Ask your lead two weeks ahead."),
    "bonus": ("hr", "The yearly bonus is 2,500 euros. It is paid in March."),
    "office": ("public", "The office in Porto is at Rua do Farol 18."),
}
LEAVE = "How many days of leave do I have?"
BONUS = "How much is the bonus?"
RANKED = max(KEEP, REFINED)
GUEST = Principal("slack", "guest", "T1", direct=True)
HR = Principal("slack", "ada", "T1", roles=frozenset({"hr"}), direct=True)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("redis")) as made:
        yield made


@pytest.fixture
def redis(running: Server) -> Server:
    """Empty."""
    running.command("FLUSHALL")
    return running


@pytest.fixture(params=["local", "redis"])
def settings(request: pytest.FixtureRequest, home: Path) -> Settings:
    """With a cache of each kind."""
    url = request.getfixturevalue("redis").url if request.param == "redis" else None
    return with_cache(home, url)


def with_cache(home: Path, url: str | None, **fields: Any) -> Settings:
    rules = Access(rules=(AccessRule(scopes=("hr",), platform="slack", workspace="T1", role="hr"),))
    return Settings(home=home, access=rules, cache=Cache(url=url, timeout_ms=500, **fields))


async def store(core: Core, documents: dict[str, tuple[str, str]]) -> None:
    indexer = Indexer(core.embedder, core.store, core.compute)
    for id, (scope, text) in documents.items():
        parsed = Parsed(f"docs/{id}", "docs", scope, id, f"https://docs.example/{id}", text)
        await indexer.write([await indexer.divide(parsed)])


async def installed(settings: Settings, model_folder: Path) -> None:
    async with open_records(settings) as database:
        releases = Releases(database)
        release = await releases.add(EXPORTED, ModelCard.read(model_folder))
        await releases.activate(release.id)


@dataclass
class Counted:
    """How often each part did its work."""

    embedded: int = 0
    searched: int = 0
    fetched: int = 0
    generated: int = 0


class CountingStore:
    """A VectorStore that counts what it is asked, on the real one."""

    def __init__(self, store: VectorStore, counted: Counted) -> None:
        self._store, self._counted = store, counted
        self.broken = False

    async def search(
        self, vector: Any, text: str, scopes: frozenset[str] | None, limit: int
    ) -> list[Candidate]:
        self._counted.searched += 1
        if self.broken:
            await asyncio.sleep(0.2)
            raise Unavailable("The index is on fire.")
        return await self._store.search(vector, text, scopes, limit)

    async def fetch(self, candidates: Sequence[Candidate], scopes: frozenset[str] | None) -> list[Passage]:
        self._counted.fetched += 1
        return await self._store.fetch(candidates, scopes)

    async def state(self) -> StoreState:
        return await self._store.state()


class CountingEmbedder:
    def __init__(self, core: Core, counted: Counted) -> None:
        self.card, self._embedder, self._counted = core.embedder.card, core.embedder, counted

    def embed_query(self, text: str) -> Vector:
        self._counted.embedded += 1
        return self._embedder.embed_query(text)


class CountingGenerator(Extractive):
    def __init__(self, answers: Answers, top_k: int, counted: Counted) -> None:
        super().__init__(answers, top_k)
        self._counted = counted

    async def generate(self, request: Request, said: Said = nothing) -> Draft:
        self._counted.generated += 1
        return await super().generate(request, said)


def counting(core: Core) -> tuple[Assistant, Counted, CountingStore]:
    """An assistant of the real parts, each counted."""
    counted = Counted()
    store = CountingStore(core.store, counted)
    retrieval = core.settings.retrieval
    embedder: Any = CountingEmbedder(core, counted)
    generator = CountingGenerator(core.settings.answers, retrieval.top_k, counted)
    wrapped: Any = store
    rules = core.settings.access
    assistant = Assistant(
        core.release,
        wrapped,
        Search(embedder, wrapped, core.compute, retrieval, core.caching),
        generator,
        Permissions(rules.rules, rules.groups),
        Feedback(core.database),
        compute=core.compute,
        caching=core.caching,
        rewriter=Rewriter(core.settings.conversation),
        standard=core.standard,
        searched=nowhere,
    )
    return assistant, counted, store


async def nowhere(scopes: frozenset[str] | None) -> list[str]:
    return []


def asked(text: str, principal: Principal = GUEST, turns: tuple[Turn, ...] = ()) -> Question:
    return Question(text, principal, thread="t1", turns=turns)


async def kept(core: Core) -> None:
    """Wait until what is written in the background is there."""
    while core.caching._tasks:  # noqa: ASYNC110
        await asyncio.sleep(0.005)


def said(answer: Answer) -> tuple[object, ...]:
    """All of an answer but what is its own."""
    return (
        answer.text,
        answer.citations,
        answer.nearest,
        answer.confidence,
        answer.abstained,
        answer.release,
    )


# --- asked again -------------------------------------------------------------------------------------------------


async def test_the_same_question_is_answered_from_the_cache(core: Core) -> None:
    """Also in another spelling; nothing is searched or generated for it, and the answer is the same."""
    await store(core, DOCUMENTS)
    assistant, counted, _ = counting(core)
    first = await assistant.ask(asked(LEAVE))
    await kept(core)
    again = await assistant.ask(asked(f"  {LEAVE[0].lower()}{LEAVE[1:].replace('?', ' ')} "))
    assert said(again) == said(first)
    assert (first.cached, again.cached) == (False, True)
    assert counted == Counted(embedded=1, searched=1, fetched=1, generated=1)
    assert list(again.timings_ms) == ["understand", "cache", "record", "total"]


async def test_an_answer_from_the_cache_has_its_own_record_and_votes(core: Core) -> None:
    """With everything that is recorded of an answer made anew, and its own asker."""
    await store(core, DOCUMENTS)
    assistant = make_assistant(core)
    first = await assistant.ask(asked(LEAVE))
    await kept(core)
    again = await assistant.ask(asked(LEAVE, replace(GUEST, user="other")))
    assert again.cached
    assert again.id != first.id
    await assistant.vote(Vote(again.id, "slack", "other", 1))
    feedback = Feedback(core.database)
    assert (len(await feedback.votes_on(again.id)), await feedback.votes_on(first.id)) == (1, [])
    async with transaction(core.database) as connection:
        rows = {row["id"]: row for row in (await connection.execute(select(answers))).mappings()}
    own = {"id", "created_at", "user_id", "timings_ms", "took_ms", "cached"}
    one, other = ({k: v for k, v in rows[a.id].items() if k not in own} for a in (first, again))
    assert one == other
    assert one["passages"]
    assert (rows[again.id]["user_id"], rows[first.id]["user_id"]) == ("other", "guest")
    assert (rows[again.id]["cached"], rows[first.id]["cached"]) == (True, False)


async def test_an_abstention_is_served_again_with_the_nearest_documents(core: Core) -> None:
    await store(core, DOCUMENTS)
    assistant = make_assistant(core)
    first = await assistant.ask(asked("What is the boiling point of tungsten?"))
    await kept(core)
    again = await assistant.ask(asked("What is the boiling point of tungsten?"))
    assert first.abstained
    assert first.nearest
    assert again.cached
    assert said(again) == said(first)


async def test_earlier_turns_count_where_the_question_leans_on_them(core: Core) -> None:
    """A question that stands alone is the same in every conversation; the same three words after another are not."""
    await store(core, DOCUMENTS)
    assistant, _, _ = counting(core)
    await assistant.ask(asked(LEAVE))
    await kept(core)
    assert (await assistant.ask(asked(LEAVE, turns=(Turn("user", "Where is the office in Porto?"),)))).cached
    await assistant.ask(asked("And in Porto?", turns=(Turn("user", LEAVE),)))
    await kept(core)
    other = (Turn("user", "How high is the yearly bonus?"),)
    assert not (await assistant.ask(asked("And in Porto?", turns=other))).cached


async def test_other_settings_make_other_answers(core: Core, settings: Settings) -> None:
    """One sentence instead of three, in a process that shares the cache."""
    await store(core, DOCUMENTS)
    await make_assistant(core).ask(asked(LEAVE))
    await kept(core)
    short = settings.model_copy(update={"answers": Answers(max_sentences=1)})
    async with open_core(short) as other:
        assert not (await make_assistant(other).ask(asked(LEAVE))).cached


async def test_switched_off_nothing_is_kept(home: Path, model_folder: Path) -> None:
    """Each question is answered anew; the state says so."""
    settings = with_cache(home, None, enabled=False)
    await installed(settings, model_folder)
    async with open_core(settings) as core:
        await store(core, DOCUMENTS)
        assistant, counted, _ = counting(core)
        assert [(await assistant.ask(asked(LEAVE))).cached for _ in range(3)] == [False] * 3
        assert counted == Counted(embedded=3, searched=3, fetched=3, generated=3)
        assert (await assistant.state())["cache"]["state"] == "off"  # type: ignore[index]


async def test_the_state_tells_how_often_something_was_found(core: Core) -> None:
    """By kind; what a page of metrics will show."""
    await store(core, DOCUMENTS)
    assistant = make_assistant(core)
    await assistant.ask(asked(LEAVE))
    await kept(core)
    await assistant.ask(asked(LEAVE))
    cache: Any = (await assistant.state())["cache"]
    assert cache["answer"] == {"hits": 1, "misses": 1, "errors": 0}
    assert cache["ranking"] == cache["embedding"] == {"hits": 0, "misses": 1, "errors": 0}


# --- one generation for many -------------------------------------------------------------------------------------


async def test_five_hundred_cold_askers_share_one_retrieval_and_one_generation(core: Core) -> None:
    """Each has an answer with an id of its own, recorded."""
    await store(core, DOCUMENTS)
    assistant, counted, _ = counting(core)
    given = await asyncio.gather(*(assistant.ask(asked(LEAVE)) for _ in range(500)))
    assert counted == Counted(embedded=1, searched=1, fetched=1, generated=1)
    assert len({said(answer) for answer in given}) == 1
    assert "30 days" in given[0].text
    async with transaction(core.database) as connection:
        recorded = await connection.scalar(select(func.count()).select_from(answers))
    assert len({answer.id for answer in given}) == recorded == 500


async def test_askers_with_other_rights_do_not_share(core: Core) -> None:
    """At the same moment: one retrieval for each set of scopes."""
    await store(core, DOCUMENTS)
    assistant, counted, _ = counting(core)
    given = await asyncio.gather(*(assistant.ask(asked(BONUS, who)) for who in [GUEST, HR] * 50))
    assert (counted.searched, counted.generated) == (2, 2)
    assert all(("2,500" in answer.text) == (number % 2 == 1) for number, answer in enumerate(given))


async def test_an_asker_who_goes_leaves_the_others_their_answer(core: Core) -> None:
    """Also the one whose question it was first."""
    await store(core, DOCUMENTS)
    assistant, counted, _ = counting(core)
    asking = [asyncio.create_task(assistant.ask(asked(LEAVE))) for _ in range(10)]
    while not counted.searched:  # noqa: ASYNC110
        await asyncio.sleep(0)
    asking[0].cancel()
    given = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(given[0], asyncio.CancelledError)
    assert all(isinstance(answer, Answer) and "30 days" in answer.text for answer in given[1:])
    assert counted.generated == 1


async def test_a_failure_reaches_all_who_wait_and_is_not_remembered(core: Core) -> None:
    """The next question is answered."""
    await store(core, DOCUMENTS)
    assistant, counted, broken = counting(core)
    broken.broken = True
    failed = await asyncio.gather(*(assistant.ask(asked(LEAVE)) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(error, Unavailable) for error in failed)
    assert counted.searched == 1
    broken.broken = False
    answer = await assistant.ask(asked(LEAVE))
    assert "30 days" in answer.text
    assert not answer.cached


# --- never served ------------------------------------------------------------------------------------------------


async def test_nothing_of_one_set_of_scopes_is_served_under_another(core: Core) -> None:
    """The cache is warmed by one who may read everything; and by one who may not."""
    await store(core, DOCUMENTS)
    assistant = make_assistant(core)
    for warm in (HR, Principal("console", "root"), GUEST):
        for question in (BONUS, LEAVE):
            await assistant.ask(asked(question, warm))
            await kept(core)
    guest, ada = await assistant.ask(asked(BONUS, GUEST)), await assistant.ask(asked(BONUS, HR))
    assert guest.cached
    assert ada.cached
    assert "2,500" in ada.text
    assert guest.abstained
    assert "bonus" not in str(guest)
    assert "2,500" not in str(guest)


WRITER = textwrap.dedent(
    """
    import asyncio, json, sys
    from pathlib import Path
    from rag_core.bootstrap import open_core
    from rag_core.ingest.indexing import Indexer, Parsed
    from rag_core.settings import Settings

    async def write():
        async with open_core(Settings(home=Path(sys.argv[1]))) as core:
            indexer = Indexer(core.embedder, core.store, core.compute)
            for line in sys.stdin:
                text, scope = json.loads(line)
                if text:
                    parsed = Parsed("docs/leave", "docs", scope, "leave", "https://docs.example/leave", text)
                    await indexer.write([await indexer.divide(parsed)])
                else:
                    await core.store.replace({"docs/leave"}, [])
                print("written", flush=True)

    asyncio.run(write())
    """
)


@contextmanager
def another_process(settings: Settings) -> Iterator[Callable[..., None]]:
    """Replaces the document about leave; without text it is removed."""
    command = [sys.executable, "-c", WRITER, str(settings.home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout

        def write(text: str, scope: str = "public") -> None:
            print(json.dumps([text, scope]), file=process.stdin, flush=True)
            assert process.stdout.readline() == "written\n"  # type: ignore[union-attr]

        yield write


async def test_a_document_that_another_process_changed_is_never_served_as_it_was(
    core: Core, settings: Settings
) -> None:
    """Replaced, taken out of the scopes, put back, removed: each time the next question sees it."""
    await store(core, DOCUMENTS)
    assistant = make_assistant(core)

    async def answered() -> str:
        answer = await assistant.ask(asked(LEAVE))
        await kept(core)
        again = await assistant.ask(asked(LEAVE))
        assert again.cached
        assert said(again) == said(answer)
        return str(said(answer))

    with another_process(settings) as write:
        assert "30 days" in await answered()
        write("You have 31 days of leave a year.")
        assert "31 days" in (after := await answered())
        assert "30 days" not in after
        write("You have 32 days of leave a year.", "hr")
        after = await answered()
        assert not any(number in after for number in ("30 days", "31 days", "32 days"))
        write("You have 33 days of leave a year.")
        assert "33 days" in await answered()
        write("")
        after = await answered()
    assert "docs.example/leave" not in after
    assert "days of leave" not in after


async def test_what_was_found_is_fetched_anew_and_checked(core: Core) -> None:
    """A ranking holds no text. Were one served to a person with fewer rights, they would see nothing of it."""
    await store(core, DOCUMENTS)
    assistant = make_assistant(core)
    await assistant.ask(asked(BONUS, HR))
    await kept(core)
    caching, generation = core.caching, (await core.store.state()).generation
    entries = await caching.ranking(
        caching.keys.ranking(BONUS, frozenset({"hr", "public"}), generation, RANKED)
    )
    assert entries is not None
    assert "docs/bonus#0" in {entry.id for entry in entries}
    caching.keep_ranking(caching.keys.ranking(BONUS, frozenset({"public"}), generation, RANKED), entries)
    await kept(core)
    answer = await assistant.ask(asked(BONUS, GUEST))
    assert "bonus" not in str(said(answer))


async def test_that_there_are_no_documents_is_not_remembered(core: Core) -> None:
    """Nor that an asker may read none of them."""
    assistant, counted, _ = counting(core)
    await assistant.ask(asked(LEAVE))
    await kept(core)
    assert not (await assistant.ask(asked(LEAVE))).cached
    await store(core, {"bonus": DOCUMENTS["bonus"]})
    for _ in range(2):
        assert not (await assistant.ask(asked(BONUS))).cached
        await kept(core)
    assert counted.searched == 4


# --- Redis -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[Core, Assistant, Counted]]:
    async with open_core(settings) as core:
        assistant, counted, _ = counting(core)
        yield core, assistant, counted


async def test_a_restart_keeps_what_is_in_redis(home: Path, model_folder: Path, redis: Server) -> None:
    """The next process finds answers, rankings and vectors of the last, even of one that answered a single question and
    ended."""
    settings = with_cache(home, redis.url)
    await installed(settings, model_folder)
    async with opened(settings) as (core, assistant, _):
        await store(core, DOCUMENTS)
        first = await assistant.ask(asked(LEAVE))
    async with opened(settings) as (_, assistant, counted):
        again = await assistant.ask(asked(LEAVE))
        assert again.cached
        assert said(again) == said(first)
    shorter = settings.model_copy(update={"answers": Answers(max_sentences=1)})
    async with opened(shorter) as (_, assistant, counted):
        assert not (await assistant.ask(asked(LEAVE))).cached
        assert counted == Counted(embedded=0, searched=0, fetched=1, generated=1)


async def test_two_installations_in_one_redis_do_not_see_each_other(
    home: Path, tmp_path: Path, model_folder: Path, redis: Server
) -> None:
    """The same release number, generation, scopes and question, other documents; also each other's numbers."""
    other_home = tmp_path / "other"
    (other_home / "models").mkdir(parents=True)
    (other_home / "models" / EXPORTED).symlink_to(model_folder, target_is_directory=True)
    ours, theirs = with_cache(home, redis.url), with_cache(other_home, redis.url)
    for settings in (ours, theirs):
        await installed(settings, model_folder)
    async with opened(ours) as (core, assistant, _), opened(theirs) as (other_core, other, _):
        await store(core, DOCUMENTS)
        await store(
            other_core, DOCUMENTS | {"leave": ("public", "You have 12 days of leave a year. Ask your lead.")}
        )
        assert (core.release.id, await core.store.state()) == (
            other_core.release.id,
            await other_core.store.state(),
        )
        assert "30 days" in (await assistant.ask(asked(LEAVE))).text
        await kept(core)
        answer = await other.ask(asked(LEAVE))
        assert "12 days" in answer.text
        assert not answer.cached
        await kept(other_core)
        cache: Any = core.caching._cache
        assert await cache.clear(core.caching.keys.prefix) == 3
        assert (await other.ask(asked(LEAVE))).cached


async def test_no_key_tells_a_question(home: Path, model_folder: Path, redis: Server) -> None:
    """Keys are digests below the installation's prefix; nothing is kept for ever."""
    settings = with_cache(home, redis.url)
    await installed(settings, model_folder)
    async with opened(settings) as (core, assistant, _):
        await store(core, DOCUMENTS)
        await assistant.ask(asked("How many days of leave may I have, asks Zebulon?"))
    keys = redis.command("KEYS", "*")
    assert len(keys) == 4
    assert all(key.startswith(f"answerloop:1:{core.release.index_name}:") for key in keys)
    assert "zebulon" not in str(keys).lower()
    assert all(redis.command("PTTL", key) > 0 for key in keys)


@pytest.mark.parametrize("fault", ["killed", "hung", "full", "damaged"])
async def test_whatever_happens_to_redis_every_question_is_answered(
    fault: str, home: Path, tmp_path: Path, model_folder: Path
) -> None:
    """While it lasts, and from the cache again afterwards."""
    with server(tmp_path / "redis") as own:
        settings = with_cache(home, own.url)
        await installed(settings, model_folder)
        async with opened(settings) as (core, assistant, _):
            await store(core, DOCUMENTS)
            await assistant.ask(asked(LEAVE))
            await kept(core)
            {"killed": own.kill, "hung": own.hang, "full": own.fill, "damaged": lambda: damage(own)}[fault]()
            for number in range(5):
                assert "30 days" in (await assistant.ask(asked(LEAVE))).text
                assert not (await assistant.ask(asked(f"Where is the office in Porto, {number}?"))).abstained
            {"killed": own.start, "hung": own.resume, "full": own.empty, "damaged": lambda: None}[fault]()
            async with asyncio.timeout(30):
                while not await found_again(core, assistant):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)


async def found_again(core: Core, assistant: Assistant) -> bool:
    again = await assistant.ask(asked("Which street is the office in Porto at?"))
    return again.cached and bool(core.caching.state()["state"] == "ready")


def damage(redis: Server) -> None:
    """Every entry becomes something else."""
    for number, key in enumerate(redis.command("KEYS", "*:*:*:*:*")):
        redis.command("SET", key, ["", "\x01\x02", "x" * 1000][number % 3])


async def test_while_redis_is_down_the_process_keeps_its_own(
    home: Path, tmp_path: Path, model_folder: Path
) -> None:
    """A question asked twice is answered from there, and never from before a change."""
    own = Server(tmp_path / "redis")
    settings = with_cache(home, own.url)
    await installed(settings, model_folder)
    async with opened(settings) as (core, assistant, counted):
        await store(core, DOCUMENTS)
        await assistant.ask(asked(LEAVE))
        await kept(core)
        assert (await assistant.ask(asked(LEAVE))).cached
        assert isinstance(core.caching._instead, LocalCache)
        with another_process(settings) as write:
            write("You have 31 days of leave a year.")
        assert "31 days" in (await assistant.ask(asked(LEAVE))).text
        assert counted.generated == 2
