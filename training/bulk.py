"""Passages -> vectors on a GPU, many thousands a second: how an index is built where there is one.

The same model in half precision in the place of its int8 export, batches of like length, and units pooled on the GPU too.
Its vectors are as near to float32's as the export's are, so that questions that the export embeds find what this embedded.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.index.embedding import Embedded, ModelCard, Span
from training.conversion import local_model
from training.tasks.task import uses_bf16

__all__ = ["AT_ONCE", "BulkEmbedder", "tokens_of"]

BATCH_TOKENS = 131_072
"""Padded tokens of one pass."""
AHEAD = 4_096
"""Texts that are tokenised together."""
AT_ONCE = 8_192
"""Passages that are best given together, so that passes are full."""


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
        self._pad = loaded.tokenizer.pad_token_id or 0
        # The wrapper around it takes longer than a GPU does.
        self._tokenizer = copy.deepcopy(loaded.tokenizer.backend_tokenizer)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        if device.startswith("cuda"):
            os.environ["TOKENIZERS_PARALLELISM"] = "true"  # on all cores; nothing forks beside it
        self._device = device
        self._batch_tokens = batch_tokens

    def embed_passages(self, texts: Sequence[str], units: Sequence[Sequence[Span]] | None = None) -> Embedded:
        """As rag_core.index.embedding.Embedder does it. Texts are tokenised while those before them are embedded.

        Raises:
            ValueError: a text has more tokens than the window.
        """
        marked = units or [()] * len(texts)
        vectors = np.zeros((len(texts), self.card.dimension), np.float32)
        blobs = [b""] * len(texts)
        parts = [slice(start, start + AHEAD) for start in range(0, len(texts), AHEAD)]
        with ThreadPoolExecutor(1) as ahead:
            waiting = [ahead.submit(self._tokenised, texts[part], marked[part]) for part in parts[:1]]
            for n, part in enumerate(parts):
                ids, spans = waiting.pop().result()
                waiting += [
                    ahead.submit(self._tokenised, texts[following], marked[following])
                    for following in parts[n + 1 : n + 2]
                ]
                for batch in _batches([len(some) for some in ids], self._batch_tokens):
                    pooled, of_units = self._passed([ids[i] for i in batch], [spans[i] for i in batch])
                    vectors[[part.start + i for i in batch]] = pooled
                    ends = np.cumsum([len(spans[i]) for i in batch])
                    for i, rows in zip(batch, np.split(of_units, ends[:-1]), strict=True):
                        blobs[part.start + i] = rows.tobytes()
        return Embedded(vectors, blobs)

    def _tokenised(
        self, texts: Sequence[str], units: Sequence[Sequence[Span]]
    ) -> tuple[list[NDArray[np.int64]], list[list[Span]]]:
        """Of each text its tokens, and those of its units: first, and behind the last."""
        prefix = self.card.passage_prefix
        encodings = self._tokenizer.encode_batch([prefix + text for text in texts])
        longest = max(len(one) for one in encodings)
        if longest > self.card.window:
            raise ValueError(
                f"a passage has {longest} tokens, the window of {self.card.name} {self.card.window}"
            )
        spans = [
            [tokens_of(encoding, a + len(prefix), b + len(prefix)) for a, b in marked]
            for encoding, marked in zip(encodings, units, strict=True)
        ]
        return [np.array(one.ids, np.int64) for one in encodings], spans

    def _passed(
        self, ids: Sequence[NDArray[np.int64]], spans: Sequence[Sequence[Span]]
    ) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
        """(texts, dimension), and of all units one behind the other (units, dimension)."""
        import torch

        width = max(map(len, ids))
        padded = np.full((len(ids), width), self._pad, np.int64)
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


def tokens_of(encoding: Any, start: int, end: int) -> Span:
    """The tokens of these characters: the first that begins among them, and behind the last; (0, 0): none does."""
    if start < end:
        first, last = encoding.char_to_token(start), encoding.char_to_token(end - 1)
        # else there is a space, or a token that begins before
        if first is not None and last is not None and encoding.token_to_chars(first)[0] == start:
            return first, last + 1
    begins = np.array([a if b > a else -1 for a, b in encoding.offsets])
    inside = np.flatnonzero((begins >= start) & (begins < end))
    return (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, 0)
