"""Nobody is shown, in any way, what they may not read; with the caches warmed by those who may.

Generated people, channels, rules and documents; the real embedder, index, caches and records. The stores are those of
the conformance suite: LanceDB, our stand-in for a Weaviate server, and a real one where the environment names it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from rag_core.access import Access
from rag_core.bootstrap import Core, make_assistant, open_core, open_records
from rag_core.index.embedding import ModelCard
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.records.database import transaction
from rag_core.records.index.releases import Releases
from rag_core.records.tables import answers
from rag_core.retrieval.search import Search
from rag_core.settings import AccessRule, Settings, Store
from rag_core.types import Answer, Principal, Question
from tests.conformance.backends import REAL_SERVER
from tests.conftest import EXPORTED
from tests.servers.weaviate_process import WeaviateProcess

T = TypeVar("T")
PRIVATE = ("board", "hr", "sales", "team:a/b")
TOPICS = (
    "travel budget",
    "yearly bonus",
    "office keys",
    "parental leave",
    "supplier contract",
    "server password",
)
PLACES = ("Porto", "Oslo", "Lyon", "Graz", "Turku")
SCOPES = ("public", *PRIVATE)
OPERATOR = Principal("console", "root")
ALL_OF_IT = [AccessRule(scopes=PRIVATE)]
TOGETHER = 16
"""People who ask the same at the same moment; 200 crowds are shown nothing they should not be, 60 find the same; with the
1,000 cases of test_access.py these are 5,000 for each store."""


def secret(scope: str, topic: int) -> str:
    """A word that stands in one document only, and nowhere else."""
    drawn = random.Random(f"{scope} {topic}")
    return "zq" + "".join(drawn.choice("bcdfghjklmnprtvwx") + drawn.choice("aeiou") for _ in range(4))


def documents() -> Iterator[Parsed]:
    """On each topic one document of each scope, all but the same, so that each would answer the others' questions."""
    for scope in SCOPES:
        for number, topic in enumerate(TOPICS):
            word, place = secret(scope, number), PLACES[(number + SCOPES.index(scope)) % len(PLACES)]
            text = (
                f"# The {topic}\n\nThe {topic} for {place} is kept by {word.title()}. The {topic} was changed in 2025, "
                f"and {word} says so twice.\n\n## Exceptions\n\nWhoever asks for the {topic} in {place} waits "
                f"{number + 2} days; {word} decides.\n"
            )
            yield Parsed(
                f"{word}/{number}.md", scope, scope, f"{topic} ({word})", f"https://docs.example/{word}", text
            )


SECRETS = {scope: {secret(scope, n) for n in range(len(TOPICS))} for scope in SCOPES}
QUESTIONS = [
    *(f"Who keeps the {topic}?" for topic in TOPICS),
    *(f"How long does one wait for the {topic} in {PLACES[n % 5]}?" for n, topic in enumerate(TOPICS)),
    *(f"What does {secret(scope, n)} decide?" for scope in SCOPES for n in (0, 3)),
    *(f"{secret(scope, 1)} {secret('public', 1)}" for scope in PRIVATE),
    "Tell me everything about hr and board.",
    "What is the boiling point of tungsten?",
]


@dataclass(frozen=True)
class Found:
    """What one set of scopes gets for a question, through the cache and from the store itself."""

    ranked: frozenset[str]
    """Ids of the passages that Search finds."""
    cosines: dict[str, float]
    """Of all candidates."""
    by_word: frozenset[str]
    weights: dict[str, float] | None = None
    """What each match by word counts for."""
    answer: tuple[object, ...] | None = None


async def found(core: Core, text: str, scopes: frozenset[str], exact: bool) -> Found:
    """exact: the store counts words over what may be read alone, so that the weights and the answer are told as well."""
    search = Search(core.embedder, core.store, core.compute, core.settings.retrieval, core.caching)
    everything = 2 * len(SCOPES) * len(TOPICS)
    ranked = (await search(text, scopes, keep=everything)).ranked
    candidates = await core.store.search(core.embedder.embed_query(text), text, scopes, everything)
    told = Found(
        frozenset(r.passage.id for r in ranked),
        {c.id: round(c.cosine, 4) for c in candidates},
        frozenset(c.id for c in candidates if c.bm25 > 0),
    )
    if not exact:
        return told
    assistant = make_assistant(core, Access([AccessRule(scopes=tuple(sorted(scopes)))]))
    said = await assistant.ask(Question(text, Principal("slack", "boss", direct=True)))
    return replace(
        told,
        weights={c.id: round(c.bm25, 3) for c in candidates},
        answer=(said.text, said.abstained, said.citations, said.nearest, round(said.confidence, 3)),
    )


class World:
    """An installation over one kind of store, with every document; and one for each set of scopes, with theirs only."""

    def __init__(self, folder: Path, model: Path, database: Path, store: Store) -> None:
        self._folder = folder
        self._model = model
        self._database = database
        self._store = store
        self._exact = not store.url
        self._stack = AsyncExitStack()
        self._runner = asyncio.Runner()
        self._twins: dict[frozenset[str], Core] = {}
        self._alone: dict[tuple[str, frozenset[str]], Found] = {}

    def __enter__(self) -> World:
        self.core = self.run(self._opened("all", frozenset(SCOPES)))
        self.run(self._warmed())
        return self

    def __exit__(self, *error: object) -> None:
        self.run(self._stack.aclose())
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def found(self, text: str, scopes: frozenset[str]) -> Found:
        """Through the cache, as a question is searched, and by the store itself."""
        return self.run(found(self.core, text, scopes, self._exact))

    def found_alone(self, text: str, scopes: frozenset[str]) -> Found:
        """In an index that has never held a document of another scope."""
        if scopes not in self._twins:
            self._twins[scopes] = self.run(self._opened("-".join(sorted(scopes)).replace("/", "."), scopes))
        if (text, scopes) not in self._alone:
            self._alone[text, scopes] = self.run(found(self._twins[scopes], text, scopes, self._exact))
        return self._alone[text, scopes]

    async def _opened(self, name: str, scopes: frozenset[str]) -> Core:
        home = self._folder / name
        (home / "models").mkdir(parents=True)
        (home / "models" / EXPORTED).symlink_to(self._model)
        shutil.copyfile(self._database, home / "answerloop.db")
        settings = Settings(home=home, store=self._store)
        async with open_records(settings) as database:
            release = await Releases(database).add(EXPORTED, ModelCard.read(self._model))
            await Releases(database).activate(release.id)
        core: Core = await self._stack.enter_async_context(open_core(settings))
        if scopes == frozenset(SCOPES):
            indexer = Indexer(core.embedder, core.store, core.compute)
            await indexer.write([await indexer.divide(one) for one in documents()])
        else:  # the same rows: a vector depends a little on what was embedded beside it
            rows = [row async for page in self.core.store.scan() for row in page.rows]
            mine = [row for row in rows if row.passage.scope in scopes]
            await core.store.replace({row.passage.document for row in mine}, mine)
        await core.store.optimize()
        for _ in range(3):  # a small table that is asked again is held in memory from then on
            await found(core, QUESTIONS[0], scopes, exact=False)
            if loading := getattr(core.store, "_loading", None):
                await loading
        return core

    async def _warmed(self) -> None:
        """Every question, asked before by those who may read everything."""
        self.access = Access(ALL_OF_IT)
        self.assistant = make_assistant(self.core, self.access)
        for text in QUESTIONS:
            for who in (OPERATOR, Principal("slack", "boss", direct=True)):
                await self.assistant.ask(Question(text, who))


def stores() -> list[Any]:
    stand_in = pytest.param("weaviate-protocol", marks=pytest.mark.slow)
    return ["lance", stand_in, *(["weaviate"] if REAL_SERVER in os.environ else [])]


@pytest.fixture(scope="module", params=stores())
def world(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    model_folder: Path,
    migrated: Path,
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    if request.param == "weaviate-protocol":
        with WeaviateProcess() as server:
            where = Store(url=server.url, grpc_port=server.grpc_port, timeout_s=20)
            with World(folder, model_folder, migrated, where) as made:
                yield made
        return
    given: dict[str, Any] = {}
    if request.param == "weaviate":
        port = int(os.environ.get("WEAVIATE_GRPC_PORT", "50051"))
        given = {"url": os.environ[REAL_SERVER], "grpc_port": port}
    with World(folder, model_folder, migrated, Store(**given)) as made:
        yield made


# --- generated people, rules and questions -----------------------------------------------------------------------

PLATFORMS = ("slack", "discord")
platforms = st.sampled_from(PLATFORMS)
people = st.builds(
    Principal,
    platform=st.sampled_from((*PLATFORMS, "web", "Slack", "Console")),
    user=st.sampled_from(("U1", "U2", "")),
    workspace=st.sampled_from(("T1", "T2", "")),
    channel=st.sampled_from(("C1", "C2", "")),
    roles=st.frozensets(st.sampled_from(("R1", "R2", "")), max_size=2),
    direct=st.booleans(),
)
scopes_granted = st.lists(st.sampled_from(PRIVATE), min_size=1, max_size=2, unique=True)
conditions = st.one_of(
    st.fixed_dictionaries({"platform": platforms, "channel": st.sampled_from(("C1", "C2", ["C1", "C2"]))}),
    st.fixed_dictionaries({"platform": platforms, "user": st.sampled_from(("U1", "U2"))}),
    st.fixed_dictionaries(
        {"platform": platforms, "workspace": st.just("T1"), "role": st.sampled_from(("R1", "R2"))}
    ),
    st.fixed_dictionaries({"group": st.sampled_from(("one", "two")), "anywhere": st.booleans()}),
    st.fixed_dictionaries({"direct": st.just(True)}),
    st.fixed_dictionaries({"platform": st.just("web")}),
)
rules = st.lists(
    st.builds(
        lambda scopes, rest: AccessRule.model_validate({"scopes": scopes, **rest}), scopes_granted, conditions
    ),
    max_size=3,
)
GROUPS = {"one": ["slack:U1"], "two": ["slack:T1/U2", "discord:U1"]}
questions = st.sampled_from(QUESTIONS)
crowds = st.lists(people, min_size=TOGETHER, max_size=TOGETHER)
many = hypothesis_settings(max_examples=200, derandomize=True, deadline=None, database=None)
some = hypothesis_settings(many, max_examples=60)


def readable(given_rules: list[AccessRule], person: Principal) -> frozenset[str]:
    scopes = Access(given_rules, GROUPS).scopes_of(person)
    assert scopes is not None
    return scopes


async def asked(
    world: World, given_rules: list[AccessRule], crowd: list[Principal], text: str
) -> list[Answer]:
    """All at once, with the operator among them, of the assistant that was asked before by those who may read all."""
    world.access.replace(given_rules, GROUPS)
    answers = (world.assistant.ask(Question(text, person)) for person in (OPERATOR, *crowd))
    return (await asyncio.gather(*answers))[1:]


@many
@given(rules, crowds, questions)
def test_nothing_shown_or_recorded_is_of_a_scope_one_may_not_read(
    world: World, given_rules: list[AccessRule], crowd: list[Principal], text: str
) -> None:
    """Neither the answer, its citations, the nearest documents, nor the passages recorded with it."""
    answers = world.run(asked(world, given_rules, crowd, text))
    rows = world.run(recorded(world, [answer.id for answer in answers]))
    for person, answer in zip(crowd, answers, strict=True):
        scopes = readable(given_rules, person)
        hidden = set(chain.from_iterable(SECRETS[scope] for scope in SCOPES if scope not in scopes))
        kept = {name: value for name, value in rows[answer.id].items() if name != "question"}
        shown = json.dumps([asdict(answer), kept], ensure_ascii=False, default=str).lower()
        assert not {word for word in hidden if word in shown}
        assert set(kept["scopes"]) == scopes


async def recorded(world: World, ids: list[str]) -> dict[str, dict[str, Any]]:
    """What is kept of answers, for history, review and training."""
    async with transaction(world.core.database) as connection:
        rows = (await connection.execute(select(answers).where(answers.c.id.in_(ids)))).mappings().all()
    return {row["id"]: dict(row) for row in rows}


@some
@given(rules, crowds, questions)
def test_a_search_finds_what_it_would_find_without_the_others_documents(
    world: World, given_rules: list[AccessRule], crowd: list[Principal], text: str
) -> None:
    """The same passages by vector and by word, as near, as from an index that never had the others; and the same answer,
    as sure of itself, where words are counted over what may be read alone: see docs/access.md."""
    for scopes in {readable(given_rules, person) for person in crowd}:
        assert world.found(text, scopes) == world.found_alone(text, scopes)
