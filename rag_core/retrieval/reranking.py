"""Reads question and passage together with a cross-encoder, and puts the best passages first. No torch.

A reranker's folder holds model.onnx (one logit for each pair), tokenizer.json and card.json; training/export.py writes
it. Nothing here is imported unless the active release has a reranker.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag_core.compute import Compute
from rag_core.errors import NotReady
from rag_core.types import Passage, Ranked

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

__all__ = ["CARD", "DEFAULT_WEIGHT", "PairScorer", "Reranker", "RerankerCard", "readable"]

CARD = "card.json"
KIND = "reranker"
DEFAULT_WEIGHT = 0.5
"""For models that were not trained here."""
QUESTION_SHARE = 0.5
"""The most of the window that a question may take; a longer one is cut, so that the passage is read at all."""
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RerankerCard:
    """What must be known of an exported cross-encoder to use it as it was trained."""

    name: str
    window: int
    """The most tokens of question and passage together, with the special ones."""
    weight: float = DEFAULT_WEIGHT
    """Of the model's probability against the fused score; see Reranker."""
    weights_sha256: str = ""
    """Of the float32 weights the export was made from."""
    quantized: bool = True
    correlation: float = 1.0
    """Of the exported model's logits with those of the float32 original, on pairs made from training/parity.txt."""
    spearman: float = 1.0
    """Of their orders."""
    kind: str = KIND

    def write(self, folder: Path) -> None:
        (folder / CARD).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> RerankerCard:
        """Raises NotReady: the folder holds no card of a reranker."""
        try:
            values = json.loads((folder / CARD).read_text(encoding="utf-8"))
            known = {field.name for field in fields(cls)}
            card = cls(**{name: value for name, value in values.items() if name in known})
            if values.get("kind") == KIND:
                return card
        except (OSError, ValueError, TypeError, AttributeError):
            pass
        raise _unusable(folder, "it has no card of a reranker")


def _tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def readable(passage: Passage) -> str:
    """What the model reads of a passage: title and headings in a line, then the text."""
    header = " > ".join(dict.fromkeys(part for part in (passage.title, *passage.headings) if part))
    return f"{header}\n{passage.text}" if header else passage.text


class PairScorer:
    """An exported cross-encoder. Thread-safe: one thread per inference, as many inferences as there are callers."""

    def __init__(self, folder: Path) -> None:
        """Opens an exported model.

        Raises:
            NotReady: the folder holds none, or it is damaged; the message names the remedy.
        """
        import onnxruntime

        self.card = RerankerCard.read(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._questions, self._pairs = (_tokenizer(folder) for _ in range(2))
            self._session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # both libraries raise their own, some of them a bare Exception
            raise _unusable(folder, str(error).splitlines()[0].rstrip(".")) from None
        self._pairs.enable_truncation(self.card.window, strategy="only_second")
        self._question_room = int(self.card.window * QUESTION_SHARE)
        self._inputs = [i.name for i in self._session.get_inputs()]

    def tokenize(self, question: str, texts: Sequence[str]) -> list[Encoding]:
        """Pairs within the window. Of a passage that is too long, the end is not read."""
        question = self._cut(question)
        return self._pairs.encode_batch([(question, text) for text in texts])

    def _cut(self, question: str) -> str:
        encoding = self._questions.encode(question, add_special_tokens=False)
        room = self._question_room
        return question if len(encoding.ids) <= room else question[: encoding.offsets[room - 1][1]]

    def logit(self, pair: Encoding) -> float:
        """One pair in an inference of its own: with int8 activations a batch would change its members' scores."""
        feed: dict[str, Any] = {
            "input_ids": np.array([pair.ids], np.int64),
            "attention_mask": np.array([pair.attention_mask], np.int64),
            "token_type_ids": np.array([pair.type_ids], np.int64),
        }
        (logits,) = self._session.run(None, {name: feed[name] for name in self._inputs})
        return float(logits.reshape(-1)[0])

    def logits(self, question: str, texts: Sequence[str]) -> Scores:
        """(texts,) one after another, on the caller's thread."""
        return np.array([self.logit(pair) for pair in self.tokenize(question, texts)], np.float32)


class Reranker:
    """Orders passages by (1 - weight) * fused score + weight * the model's probability.

    The weight comes with the model: it was learned on held-out questions (training/tasks/reranker.py). The sum keeps what
    fusion knows, above all of rare words, which a model trained on few questions does not.
    """

    def __init__(self, scorer: PairScorer, compute: Compute, limit: int) -> None:
        """limit: how many passages are read, those with the best fused scores."""
        self.limit = limit
        self._scorer = scorer
        self._compute = compute

    async def __call__(self, question: str, ranked: Sequence[Ranked]) -> list[Ranked]:
        """All of them, those that were read first, best first.

        The fused scores are given out anew, the highest to the first: what was calibrated on their spread
        (rag_core/generation/calibration.py) holds in the new order.
        """
        read = ranked[: self.limit]
        probabilities = await self.probabilities(question, [readable(entry.passage) for entry in read])
        weight = self._scorer.card.weight
        combined = (1 - weight) * np.array([entry.score for entry in read]) + weight * probabilities
        order = np.argsort(-combined, kind="stable")
        best_first = [
            replace(read[i], score=entry.score, probability=float(probabilities[i]))
            for i, entry in zip(order, read, strict=True)
        ]
        return [*best_first, *ranked[self.limit :]]

    async def probabilities(self, question: str, texts: Sequence[str]) -> Scores:
        """(texts,) the logistic function of each logit.

        At any time only as many pairs wait as there are threads, so that another question's embedding waits for one
        of them and not for all.
        """
        pairs = await self._compute.run(self._scorer.tokenize, question, texts)
        logits = np.zeros(len(pairs), np.float32)
        waiting = sorted(range(len(pairs)), key=lambda i: len(pairs[i].ids))

        async def work() -> None:
            while waiting:
                longest = waiting.pop()
                logits[longest] = await self._compute.run(self._scorer.logit, pairs[longest])

        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._compute.threads):
                tasks.create_task(work())
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def _unusable(folder: Path, reason: str) -> NotReady:
    return NotReady(
        f"The reranker in {folder} cannot be used: {reason}; delete that folder, and `answerloop ingest` exports it anew."
    )
