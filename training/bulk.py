"""Passages -> vectors on a GPU, many thousands a second: how an index is built where there is one.

The same model in half precision in the place of its int8 export, batches of like length, and units pooled on the GPU too.
Its vectors are as near to float32's as the export's are, so that questions that the export embeds find what this embedded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.index.embedding import Embedded, ModelCard, Span
from training.conversion import local_model
from training.tasks.task import uses_bf16

__all__ = ["BulkEmbedder"]

BATCH_TOKENS = 131_072
"""Padded tokens of one pass."""


class BulkEmbedder:
    """What rag_core.ingest.indexing.embedded_rows asks of an Embedder."""

    def __init__(self, model: Path, card: ModelCard, device: str, batch_tokens: int = BATCH_TOKENS) -> None:
        """model: a sentence-transformers folder, of which card describes the export.

        Raises:
            NotReady: it cannot be loaded.
        """
        with local_model(f"The embedding model {model}"):
            import torch
            from sentence_transformers import SentenceTransformer

            half = torch.bfloat16 if uses_bf16(device) else torch.float16
            kind = torch.float32 if device == "cpu" else half
            loaded = SentenceTransformer(
                str(model), device=device, model_kwargs={"use_safetensors": True, "dtype": kind}
            )
        self.card = card
        self._encoder = loaded[0].auto_model.eval()
        self._tokenizer = loaded.tokenizer
        self._device = device
        self._batch_tokens = batch_tokens

    def embed_passages(self, texts: Sequence[str], units: Sequence[Sequence[Span]] | None = None) -> Embedded:
        """As rag_core.index.embedding.Embedder does it.

        Raises:
            ValueError: a text has more tokens than the window.
        """
        prefix = self.card.passage_prefix
        encoded = self._tokenizer(
            [prefix + text for text in texts], return_offsets_mapping=True, truncation=False, verbose=False
        )
        lengths = [len(ids) for ids in encoded["input_ids"]]
        if texts and max(lengths) > self.card.window:
            raise ValueError(
                f"a passage has {max(lengths)} tokens, the window of {self.card.name} {self.card.window}"
            )
        vectors = np.zeros((len(texts), self.card.dimension), np.float32)
        blobs = [b""] * len(texts)
        for batch in _batches(lengths, self._batch_tokens):
            spans = [
                _tokens_of(encoded["offset_mapping"][i], units[i] if units else (), len(prefix))
                for i in batch
            ]
            pooled, of_units = self._passed([encoded["input_ids"][i] for i in batch], spans)
            vectors[batch] = pooled
            ends = np.cumsum([len(some) for some in spans])
            for i, rows in zip(batch, np.split(of_units, ends[:-1]), strict=True):
                blobs[i] = rows.tobytes()
        return Embedded(vectors, blobs)

    def _passed(
        self, ids: Sequence[list[int]], spans: Sequence[Sequence[Span]]
    ) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
        """(texts, dimension), and of all units one behind the other (units, dimension)."""
        import torch

        width = max(map(len, ids))
        padded = np.full((len(ids), width), self._tokenizer.pad_token_id or 0, np.int64)
        mask = np.zeros((len(ids), width), np.int64)
        for row, some in enumerate(ids):
            padded[row, : len(some)], mask[row, : len(some)] = some, 1
        with torch.inference_mode():
            given = {"input_ids": padded, "attention_mask": mask}
            fed = {name: torch.from_numpy(rows).to(self._device) for name, rows in given.items()}
            tokens = self._encoder(**fed).last_hidden_state.float()
            shown = fed["attention_mask"].unsqueeze(-1)
            means = (tokens * shown).sum(1) / shown.sum(1)
            pooled = tokens[:, 0] if self.card.pooling == "cls" else means
            vectors = torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy()
            return vectors, self._units(tokens, spans)

    def _units(self, tokens: Any, spans: Sequence[Sequence[Span]]) -> NDArray[np.int8]:
        """Each the mean of its tokens, scaled into int8."""
        import torch

        flat = [(row, a, b) for row, some in enumerate(spans) for a, b in some]
        if not flat:
            return np.zeros((0, tokens.shape[-1]), np.int8)
        rows, starts, ends = torch.tensor(flat, device=tokens.device).T
        sums = torch.nn.functional.pad(tokens.double().cumsum(1), (0, 0, 1, 0))
        means = (sums[rows, ends] - sums[rows, starts]) / (ends - starts).clamp(min=1).unsqueeze(-1)
        peaks = means.abs().amax(1, keepdim=True).clamp(min=1e-9)
        scaled: NDArray[np.int8] = (means / peaks * 127).round().to(torch.int8).cpu().numpy()
        return scaled


def _batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Indexes of texts in batches of like length."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[i] * (len(batch) + 1) > most:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _tokens_of(offsets: Sequence[Span], units: Sequence[Span], shift: int) -> list[Span]:
    """Of each unit, in characters, its tokens: first, and behind the last. shift: characters of the prefix."""
    starts = np.array([a if b > a else -1 for a, b in offsets])
    found: list[Span] = []
    for a, b in units:
        inside = np.flatnonzero((starts >= a + shift) & (starts < b + shift))
        found.append((int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, 0))
    return found
