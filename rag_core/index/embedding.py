"""Text -> vectors, with the tokenizers library and ONNX Runtime. No torch.

A model folder holds model.onnx (token embeddings as output), tokenizer.json and card.json; training/export.py
writes it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from rag_core.errors import NotReady

if TYPE_CHECKING:
    from tokenizers import Encoding

__all__ = ["Embedded", "Embedder", "ModelCard", "Span", "unit_similarities"]

Span = tuple[int, int]
"""A character range, end exclusive."""
Vectors = NDArray[np.float32]

CARD = "card.json"
BATCH_TOKENS = 256
"""Padded tokens of one inference: one long passage, or a few short ones. Larger batches leave the core's cache: 512 is at
most 3% faster and takes 20 MB more, 1024 is slower."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What must be known of an exported embedding model to use it as it was trained."""

    name: str
    dimension: int
    window: int
    """The most tokens of one text, with the special ones."""
    pooling: Literal["mean", "cls"] = "mean"
    query_prefix: str = ""
    passage_prefix: str = ""
    weights_sha256: str = ""
    """Of the float32 weights the export was made from."""
    quantized: bool = True
    cosine_mean: float = 1.0
    """Mean cosine of the exported model's vectors to those of the float32 original, on training/parity.txt."""
    cosine_min: float = 1.0

    def write(self, folder: Path) -> None:
        (folder / CARD).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> ModelCard:
        values = json.loads((folder / CARD).read_text(encoding="utf-8"))
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})


@dataclass(frozen=True, slots=True)
class Embedded:
    vectors: Vectors
    """(n, dimension), rows of length one."""
    unit_vectors: list[bytes]
    """For each text int8, units x dimension, row-major; see unit_similarities."""


class Embedder:
    """Thread-safe. Vectors have length one, so that a dot product is the cosine."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """Opens an exported model.

        threads: inferences at a time when passages are embedded; 0 takes one per core. Each inference has one thread:
        on two cores, two of them side by side embed 1.3 times the passages of one with two threads, and a question
        alone is answered sooner without threads that wait for each other (benchmarks/ingest.py, benchmarks/ask.py).

        Raises:
            NotReady: the folder holds no exported model.
        """
        import onnxruntime
        from tokenizers import Tokenizer

        if not (folder / CARD).is_file():
            raise NotReady(f"{folder} holds no exported embedding model; `answerloop ingest` makes one.")
        self.card = ModelCard.read(folder)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._pad = self._tokenizer.token_to_id("[PAD]") or 0
        self._specials = self._tokenizer.num_special_tokens_to_add(False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = [i.name for i in self._session.get_inputs()]
        self._threads = ThreadPoolExecutor(threads or os.cpu_count() or 1, thread_name_prefix="embed")

    def count(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, without the special ones."""
        return [len(e.ids) for e in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    @property
    def room(self) -> int:
        """Tokens of a passage that fit the window, next to the special ones and the prefix."""
        prefix = self.count([self.card.passage_prefix])[0] if self.card.passage_prefix else 0
        return self.card.window - self._specials - prefix

    def embed_query(self, text: str) -> Vectors:
        """(dimension,). What lies beyond the window of a very long question is not read."""
        text = self.card.query_prefix + text
        encoding = self._tokenizer.encode(text)
        if len(encoding.ids) > self.card.window:
            # Cut the text and not the tokens: the special ones at the end stay.
            encoding = self._tokenizer.encode(text[: encoding.offsets[self.card.window - self._specials][1]])
            encoding.truncate(self.card.window)
        vector, _ = self._pooled([encoding], [()])
        return np.asarray(vector[0])

    def embed_passages(self, texts: Sequence[str], units: Sequence[Sequence[Span]] | None = None) -> Embedded:
        """Vectors of passages and, from the same inference, of the units within them.

        A unit's vector is the mean of its tokens' vectors in the context of the whole passage, the "late chunking" of
        Günther et al. 2024 (arXiv 2409.04701): choosing sentences at question time then costs no inference.

        Raises:
            ValueError: a text has more tokens than the window; the chunker never makes one.
        """
        prefix = self.card.passage_prefix
        encodings = self._tokenizer.encode_batch([prefix + text for text in texts])
        if texts and (longest := max(len(e.ids) for e in encodings)) > self.card.window:
            raise ValueError(
                f"a passage has {longest} tokens, the window of {self.card.name} {self.card.window}"
            )
        spans = (
            [[(a + len(prefix), b + len(prefix)) for a, b in s] for s in units]
            if units
            else [()] * len(texts)
        )
        vectors = np.zeros((len(texts), self.card.dimension), np.float32)
        unit_vectors = [b""] * len(texts)
        batches = _batches([len(e.ids) for e in encodings])
        pooled = self._threads.map(
            lambda batch: self._pooled([encodings[i] for i in batch], [spans[i] for i in batch]), batches
        )
        for batch, (rows, blobs) in zip(batches, pooled, strict=True):
            vectors[batch] = rows
            for i, blob in zip(batch, blobs, strict=True):
                unit_vectors[i] = blob
        return Embedded(vectors, unit_vectors)

    def _pooled(
        self, encodings: list[Encoding], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[bytes]]:
        tokens, mask = self._infer(encodings)
        if self.card.pooling == "cls":
            pooled = tokens[:, 0]
        else:
            pooled = (tokens * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        blobs = [_unit_vectors(tokens[i], encodings[i].offsets, spans[i]) for i in range(len(encodings))]
        return _normalised(pooled), blobs

    def _infer(self, encodings: list[Encoding]) -> tuple[Vectors, Vectors]:
        width = max(len(e.ids) for e in encodings)
        ids = np.full((len(encodings), width), self._pad, np.int64)
        mask = np.zeros((len(encodings), width), np.int64)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        feed: dict[str, Any] = {
            "input_ids": ids,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(ids),
        }
        (tokens,) = self._session.run(None, {name: feed[name] for name in self._inputs})
        return tokens, mask.astype(np.float32)


def unit_similarities(query: Vectors, blob: bytes) -> Vectors:
    """Cosine of a question's vector (dimension,) with each unit that the blob holds: (units,)."""
    units = np.frombuffer(blob, np.int8).reshape(-1, len(query)).astype(np.float32)
    lengths = np.linalg.norm(units, axis=1)
    return np.asarray((units @ query) / np.maximum(lengths, 1e-6))


def _batches(lengths: list[int]) -> list[list[int]]:
    """Indexes of texts in batches of like length, so that little is padded."""
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batches and lengths[i] * (len(batches[-1]) + 1) <= BATCH_TOKENS:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def _unit_vectors(tokens: Vectors, offsets: list[Span], spans: Sequence[Span]) -> bytes:
    """The mean token vector of each span, scaled into int8: cosine needs the direction only."""
    if not spans:
        return b""
    starts = np.array([a for a, b in offsets])
    real = np.array([b > a for a, b in offsets])
    sums = np.zeros((len(spans), tokens.shape[1]), np.float32)
    for row, (a, b) in enumerate(spans):
        inside = real & (starts >= a) & (starts < b)
        if inside.any():
            sums[row] = tokens[: len(offsets)][inside].mean(0)
    peaks = np.abs(sums).max(1, keepdims=True)
    scaled: NDArray[np.int8] = np.rint(sums / np.maximum(peaks, 1e-9) * 127).astype(np.int8)
    return scaled.tobytes()


def _normalised(rows: Vectors) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), np.float32)
