"""The one composition root: settings -> open resources -> an assistant, a library. Owns closing them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.access import Access
from rag_core.assistant import Assistant
from rag_core.cache import Address, Cache, Caching, Keys, LocalCache
from rag_core.compute import Compute
from rag_core.conversation import Rewriter
from rag_core.errors import Busy, NotReady, Unavailable
from rag_core.generation.opening import make_generator, open_language_model
from rag_core.generation.protocol import Generator, LanguageModel
from rag_core.index.embedding import Embedder
from rag_core.index.stores import VectorStore
from rag_core.index.stores.opening import index_folder, open_store
from rag_core.records.database import open_database
from rag_core.records.feedback.recording import Feedback
from rag_core.records.index.documents import Documents
from rag_core.records.index.releases import NamedModels, Release, Releases
from rag_core.retrieval.search import Search
from rag_core.saying import Searched
from rag_core.settings import Settings, duration_s
from rag_core.standard.answers import StandardAnswers

if TYPE_CHECKING:
    from rag_core.attachments import Attachments
    from rag_core.cache.semantic import SemanticCache
    from rag_core.ingest.library import Library
    from rag_core.retrieval.query_map import QueryMap
    from rag_core.retrieval.reranking import Reranker
    from rag_core.routing import Router

__all__ = [
    "Core",
    "active_release",
    "make_assistant",
    "make_attachments",
    "make_search",
    "model_folder",
    "named_models",
    "only_writer",
    "open_cache",
    "open_core",
    "open_library",
    "open_records",
    "warm_up",
]

_NO_RELEASE = "There is nothing to answer from yet: run `answerloop ingest FOLDER` first."


@dataclass(frozen=True, slots=True)
class Core:
    """The open resources of one release."""

    settings: Settings
    database: AsyncEngine
    release: Release
    embedder: Embedder
    store: VectorStore
    compute: Compute
    documents: Documents
    caching: Caching
    generator: Generator
    standard: StandardAnswers
    model: LanguageModel | None = None
    """What the generator has write, where it is one of those."""
    reranker: Reranker | None = None
    query_map: QueryMap | None = None
    router: Router | None = None


def model_folder(settings: Settings, embedder: str) -> Path:
    return settings.home / "models" / embedder


def named_models(settings: Settings) -> NamedModels:
    """Of the next release that is made by the settings alone."""
    return NamedModels(settings.embedding.model, settings.reranking.model)


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The database alone, its tables up to date.

    Raises:
        Unavailable: the home directory or the database cannot be written.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"The home directory {settings.home} cannot be made: {error.strerror}.") from None
    database = await open_database(settings.database_url)
    try:
        yield database
    finally:
        await database.dispose()


@asynccontextmanager
async def open_core(settings: Settings, release: Release | None = None) -> AsyncIterator[Core]:
    """All that answering and ingesting share.

    release: the one to open; None takes the active one.

    Raises:
        NotReady: there is no release yet, its model is missing, or its index cannot be read.
        Unavailable: the database does not answer.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_records(settings))
        release = release or await Releases(database).active()
        if release is None:
            raise NotReady(_NO_RELEASE)
        compute = Compute()
        stack.callback(compute.close)
        # Loading the model is native work of a tenth of a second; the store's packages are imported meanwhile.
        folder = model_folder(settings, release.embedder)
        opening = asyncio.create_task(compute.run(Embedder, folder, settings.embedding.threads))
        try:
            store = await stack.enter_async_context(open_store(settings, release))
        except BaseException:
            opening.cancel()
            raise
        documents = Documents(database, release.index_name)
        await _refuse_lost(settings, store, documents)
        embedder = await opening
        settings = _as_trained(settings, release)
        model = await stack.enter_async_context(open_language_model(settings))
        tuning = release.tuning
        generator = make_generator(settings, model, embedder, compute, tuning.scale, tuning.threshold)
        standard = StandardAnswers(database)
        stack.push_async_callback(standard.close)
        caching = _caching(settings, release, generator)
        stack.push_async_callback(caching.close)
        yield Core(
            settings,
            database,
            release,
            embedder,
            store,
            compute,
            documents,
            caching,
            generator,
            standard,
            model,
            await _open_reranker(settings, release, compute),
            await _open_query_map(settings, release, compute),
            await _open_router(settings, release, compute),
        )


def _as_trained(settings: Settings, release: Release) -> Settings:
    """With the language model that was trained for the release in the place of the one it was trained from: an adapter of
    it, or a whole one."""
    if release.adapter is None or settings.generator.kind != "local":
        return settings
    folder = model_folder(settings, release.adapter)
    whole = not (folder / "adapter_config.json").is_file()
    trained = {"model": str(folder), "adapter": None} if whole else {"adapter": folder}
    return settings.model_copy(update={"generator": settings.generator.model_copy(update=trained)})


async def _open_query_map(settings: Settings, release: Release, compute: Compute) -> QueryMap | None:
    if release.query_map is None:
        return None
    from rag_core.retrieval.query_map import QueryMap

    folder, card = model_folder(settings, release.query_map), release.card
    return await compute.run(QueryMap.read, folder, card.weights_sha256, card.dimension)


async def _open_router(settings: Settings, release: Release, compute: Compute) -> Router | None:
    if release.router is None:
        return None
    from rag_core.routing import Router, RouterHead

    folder, card = model_folder(settings, release.router), release.card
    return Router(await compute.run(RouterHead.read, folder, card.weights_sha256, card.dimension))


async def _open_reranker(settings: Settings, release: Release, compute: Compute) -> Reranker | None:
    if release.reranker is None:
        return None
    from rag_core.retrieval.reranking import PairScorer, Reranker

    scorer = await compute.run(PairScorer, model_folder(settings, release.reranker))
    return Reranker(scorer, compute, settings.retrieval.rerank_candidates)


async def _refuse_lost(settings: Settings, store: VectorStore, documents: Documents) -> None:
    """An index that was removed from the disk is not taken for one that has nothing to read."""
    if not (await store.state()).passages and await documents.passages():
        raise NotReady(
            f"The index in {settings.store.url or index_folder(settings)} is empty, though documents were read into it; "
            "`answerloop ingest --rebuild` builds it anew from the sources."
        )


def _caching(settings: Settings, release: Release, generator: Generator) -> Caching:
    """With Redis named, what the process keeps itself serves while Redis is down."""
    retrieval = settings.retrieval.model_dump(mode="json")
    answers = {"generator": generator.name, "as": generator.version, "version": _version()}
    keys = Keys(release, retrieval, answers)
    if not settings.cache.enabled:
        return Caching(keys, None)
    local = _local_cache(settings)
    return Caching(keys, _redis_cache(settings), local) if settings.cache.url else Caching(keys, local)


def _version() -> str:
    try:
        return metadata.version("answerloop")
    except metadata.PackageNotFoundError:  # run from a folder, not installed
        return ""


@asynccontextmanager
async def open_cache(settings: Settings) -> AsyncIterator[Cache]:
    """The cache that processes share, without anything else; this process's own where they share none."""
    cache = _redis_cache(settings) if settings.cache.url else _local_cache(settings)
    try:
        yield cache
    finally:
        await cache.close()


def _local_cache(settings: Settings) -> LocalCache:
    return LocalCache(settings.cache.size_mb << 20, duration_s(settings.cache.ttl))


def _redis_cache(settings: Settings) -> Cache:
    from rag_core.cache.connecting import Tls
    from rag_core.cache.redis import RedisCache

    said = settings.cache
    return RedisCache.open(
        Address.parse(said.url or ""),
        ttl_s=duration_s(said.ttl),
        limit_s=said.timeout_ms / 1000,
        tls=Tls(said.ca_file, said.cert_file, said.key_file),
        password=said.password.get_secret_value() if said.password else "",
        sentinel_password=said.sentinel_password.get_secret_value() if said.sentinel_password else "",
    )


async def warm_up(core: Core) -> None:
    """Load what the first question would have to wait for. What cannot be loaded now is told when it is needed."""
    with contextlib.suppress(Unavailable):
        await core.standard.open()
        if core.model is not None:
            await core.model.ready()


def make_search(core: Core, caching: Caching | None = None) -> Search:
    """Of the release, with all models that it has for it. caching: None works everything out anew."""
    retrieval, fusion = core.settings.retrieval, core.release.tuning.fusion
    return Search(
        core.embedder, core.store, core.compute, retrieval, caching, core.reranker, core.query_map, fusion
    )


def make_assistant(core: Core, access: Access | None = None) -> Assistant:
    """access: who may read what; None takes the rules of the settings."""
    rules = core.settings.access
    return Assistant(
        core.release,
        core.store,
        make_search(core, core.caching),
        core.generator,
        access or Access(rules.rules, rules.groups),
        Feedback(core.database, core.settings.votes),
        core.compute,
        core.caching,
        Rewriter(core.settings.conversation, core.model, core.settings.generator.first_token_timeout_s),
        core.standard,
        _searched(core.documents),
        _semantic_cache(core.settings),
        core.settings.language or "",
        core.settings.answers.ask_person,
        core.router,
    )


def make_attachments(core: Core) -> Attachments:
    """For the files of conversations. Who makes it closes it; its process begins with the first file."""
    from rag_core.attachments import Attachments, reading_pool  # what reads documents takes a while to import

    return Attachments(
        core.release.id, core.embedder, core.compute, reading_pool(core.settings.ingest.memory_mb)
    )


def _searched(documents: Documents) -> Searched:
    async def names(scopes: frozenset[str] | None) -> list[str]:
        sources = await documents.sources()
        return [s.name for s in sources if scopes is None or s.spec.get("scope", "public") in scopes]

    return names


def _semantic_cache(settings: Settings) -> SemanticCache | None:
    if not (settings.cache.enabled and settings.cache.semantic):
        return None
    from rag_core.cache.semantic import SemanticCache  # its patterns take 50 ms to compile

    return SemanticCache(settings.cache.semantic_threshold)


async def active_release(settings: Settings) -> Release:
    """
    Raises:
        NotReady: there is no release yet.
    """
    async with open_records(settings) as database:
        if release := await Releases(database).active():
            return release
    raise NotReady(_NO_RELEASE)


@contextmanager
def only_writer(settings: Settings) -> Iterator[None]:
    """While it is held nobody else writes to the index.

    Raises:
        Busy: another process is synchronising.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(settings.home / "ingest.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise Busy(
            f"Another process is synchronising {settings.home}; wait for it, or stop it, and try again."
        ) from None
    try:
        yield
    finally:
        lock.release()


@asynccontextmanager
async def open_library(core: Core) -> AsyncIterator[Library]:
    """The only writer of the index while it is open.

    Raises:
        Busy: another process is synchronising.
    """
    from rag_core.ingest.indexing import Indexer
    from rag_core.ingest.library import Library
    from rag_core.ingest.reading import ReadingPool
    from rag_core.ingest.scoping import Scoping
    from rag_core.ingest.sync import Sync

    limits = core.settings.ingest
    with only_writer(core.settings):
        async with ReadingPool(limits.workers, limits.timeout_s, limits.memory_mb) as pool:
            indexer = Indexer(core.embedder, core.store, core.compute)
            sync = Sync(core.documents, indexer, pool, limits)
            scoping = Scoping(core.documents, core.store)
            yield Library(core.documents, indexer, sync, scoping, core.settings.home / "sources", limits)
