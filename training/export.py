"""A sentence-transformers model -> a model folder that serving opens: ONNX int8, tokenizer, card. Parity checked.

    python -m training.export MODEL FOLDER [--check BEIR_DIR]
    python -m training.export MODEL FOLDER --reranker

MODEL is a hub name or a folder: an embedder or, with --reranker, a cross-encoder. An embedder's export is refused unless
the int8 vectors point where the float32 ones do (mean cosine on training/parity.txt) and, with --check, rank a judged set
as well (nDCG@10 within 0.005); a cross-encoder's unless its logits put pairs of these texts in the same order.
Runs in a process of its own, so that no command that serves ever imports torch.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.errors import AnswerloopError
from rag_core.index.embedding import Embedder, ModelCard
from rag_core.retrieval.reranking import DEFAULT_WEIGHT, PairScorer, RerankerCard
from training.conversion import (
    MODEL_ARGUMENTS,
    ParityError,
    convert,
    fingerprint,
    local_model,
    packaged,
    parity_texts,
    replacing,
)

__all__ = ["ParityError", "export", "export_reranker", "packaged"]

EXAMPLE = ["a text", "another text, a little longer"]
"""What is traced."""
MIN_COSINE = 0.985
MAX_NDCG_LOSS = 0.005
MIN_CORRELATION = 0.97
PAIRED_WITH = (0, 1, 5, 11)
"""Each text of training/parity.txt is a question to itself and to those so many lines below."""


def export(model: str, folder: Path, check: Path | None = None) -> ModelCard:
    """Write the model folder of an embedder; it appears whole or not at all.

    Raises:
        NotReady: a package or the model is missing; the message says what to install.
        ParityError: the exported model strays from the original.
    """
    # 1. Load the float32 original.
    original = _load(model)
    with replacing(folder) as work:
        # 2. Trace it, and quantise its weights to int8.
        example = original.tokenizer(EXAMPLE, padding=True, return_tensors="pt")
        inputs = ["input_ids", "attention_mask"]
        convert(_token_embeddings(original), example, inputs, "token_embeddings", work)
        original.tokenizer.backend_tokenizer.save(str(work / "tokenizer.json"))
        # 3. Compare, and write down what was measured.
        card = _card(model, original)
        card.write(work)
        card = _measured(card, original, Embedder(work))
        card.write(work)
        if check:
            _check_ranking(original, Embedder(work), check)
    return card


def _load(model: str) -> Any:
    with local_model(f"The embedding model {model}"):
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(
            packaged(model) or model, device="cpu", model_kwargs=MODEL_ARGUMENTS
        ).eval()


def _token_embeddings(original: Any) -> Any:
    import torch

    class TokenEmbeddings(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, encoder: Any) -> None:
            super().__init__()
            self.encoder = encoder

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    return TokenEmbeddings(original[0].auto_model)


def _card(model: str, original: Any) -> ModelCard:
    pooling: Any = next((m.pooling_mode for m in original if type(m).__name__ == "Pooling"), "mean")
    if pooling not in ("mean", "cls"):
        raise ParityError(f"{model} pools its tokens by {pooling!r}; only mean and cls are served.")
    kinds = {type(module).__name__ for module in original}
    if strange := kinds - {"Transformer", "Pooling", "Normalize"}:
        raise ParityError(f"{model} has a module that is not served: {', '.join(sorted(strange))}.")
    prompts = original.prompts or {}
    return ModelCard(
        name=model,
        dimension=int(original.get_embedding_dimension()),
        window=int(original.max_seq_length),
        pooling=pooling,
        query_prefix=prompts.get("query") or "",
        passage_prefix=prompts.get("document") or prompts.get("passage") or "",
        weights_sha256=fingerprint(original),
    )


def _measured(card: ModelCard, original: Any, exported: Embedder) -> ModelCard:
    texts = parity_texts()
    before = original.encode([card.passage_prefix + t for t in texts], normalize_embeddings=True)
    cosines = (before * exported.embed_passages(texts).vectors).sum(1)
    card = replace(
        card, cosine_mean=round(float(cosines.mean()), 4), cosine_min=round(float(cosines.min()), 4)
    )
    if card.cosine_mean < MIN_COSINE:
        raise ParityError(
            f"The int8 export of {card.name} strays from the original: mean cosine {card.cosine_mean}, at least "
            f"{MIN_COSINE} is required. Name another model under embedding.model."
        )
    return card


def _check_ranking(original: Any, exported: Embedder, folder: Path) -> None:
    from training.evaluate import ndcg_of_vectors, read_beir

    data = read_beir(folder, "test")
    texts = [d.whole for d in data.documents]
    room = exported.card.window
    short = [
        original.tokenizer.decode(
            original.tokenizer(t, truncation=True, max_length=room - 8)["input_ids"][1:-1]
        )
        for t in texts
    ]
    questions = list(data.queries.values())
    before = ndcg_of_vectors(
        data,
        np.asarray(original.encode(questions)),
        np.asarray(original.encode(short, show_progress_bar=True)),
    )
    after = ndcg_of_vectors(
        data, np.stack([exported.embed_query(q) for q in questions]), exported.embed_passages(short).vectors
    )
    print(f"nDCG@10 on {folder.name}: float32 {before:.4f}, int8 {after:.4f}")
    if before - after > MAX_NDCG_LOSS:
        raise ParityError(
            f"The int8 export loses {before - after:.4f} nDCG@10 on {folder.name}, more than {MAX_NDCG_LOSS}."
        )


# --- cross-encoders ----------------------------------------------------------------------------------------------


def export_reranker(model: str, folder: Path) -> RerankerCard:
    """Write the model folder of a cross-encoder; it appears whole or not at all.

    Raises:
        NotReady: a package or the model is missing; the message says what to install.
        ParityError: the model gives no single score, or the exported one strays from the original.
    """
    # 1. Load the float32 original.
    original = _load_reranker(model)
    tokenizer = original.tokenizer
    with replacing(folder) as work:
        # 2. Trace it, and quantise its weights to int8.
        example = tokenizer(EXAMPLE, EXAMPLE[::-1], padding=True, return_tensors="pt")
        names = ("input_ids", "attention_mask", "token_type_ids")
        inputs = [name for name in names if name in tokenizer.model_input_names]
        convert(_logits(original), example, inputs, "logits", work)
        tokenizer.backend_tokenizer.save(str(work / "tokenizer.json"))
        # 3. Compare, and write down what was measured.
        card = RerankerCard(
            model, _window(original), weight=_weight(original), weights_sha256=fingerprint(original)
        )
        card.write(work)
        card = _measured_reranker(card, original, PairScorer(work))
        card.write(work)
    return card


def _load_reranker(model: str) -> Any:
    with local_model(f"The reranker {model}"):
        from sentence_transformers import CrossEncoder

        loaded = CrossEncoder(model, device="cpu", model_kwargs=MODEL_ARGUMENTS).eval()
    # Of a model without an output layer a random one would be made.
    trained = any("ForSequenceClassification" in name for name in loaded.model.config.architectures or ())
    if not trained or len(loaded) != 1 or loaded.num_labels != 1:
        raise ParityError(
            f"{model} is no cross-encoder with one score for a pair; name another model under reranking.model."
        )
    return loaded


def _logits(original: Any) -> Any:
    import torch

    class Logits(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None) -> Any:
            given = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
            return self.model(input_ids=input_ids, attention_mask=attention_mask, **given).logits

    return Logits(original.model)


def _window(original: Any) -> int:
    """A tokenizer without a limit of its own has an absurd one."""
    return int(
        min(original.max_seq_length or 512, getattr(original.model.config, "max_position_embeddings", 512))
    )


def _weight(original: Any) -> float:
    """What training/tasks/reranker.py learned; a model from elsewhere gets the default."""
    learned = getattr(original.model.config, "answerloop", None) or {}
    return float(learned.get("weight", DEFAULT_WEIGHT))


def _measured_reranker(card: RerankerCard, original: Any, exported: PairScorer) -> RerankerCard:
    import torch

    texts = parity_texts()
    groups = [[texts[(n + k) % len(texts)] for k in PAIRED_WITH] for n in range(len(texts))]
    pairs = [(question, text) for question, group in zip(texts, groups, strict=True) for text in group]
    before = np.asarray(original.predict(pairs, activation_fn=torch.nn.Identity()))
    after = np.concatenate(
        [exported.logits(question, group) for question, group in zip(texts, groups, strict=True)]
    )
    card = replace(
        card,
        correlation=_correlation(before, after),
        spearman=_correlation(before.argsort().argsort(), after.argsort().argsort()),
    )
    if min(card.correlation, card.spearman) < MIN_CORRELATION:
        raise ParityError(
            f"The int8 export of {card.name} strays from the original: its logits' correlation is {card.correlation}, "
            f"that of their order {card.spearman}, and at least {MIN_CORRELATION} is required. Name another model under "
            "reranking.model."
        )
    return card


def _correlation(before: NDArray[Any], after: NDArray[Any]) -> float:
    return round(float(np.corrcoef(before, after)[0, 1]), 4)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--check", type=Path, help="a BEIR folder whose test split must be ranked as well as before"
    )
    parser.add_argument("--reranker", action="store_true", help="the model is a cross-encoder")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        if arguments.reranker:
            said = _said_of_reranker(export_reranker(arguments.model, arguments.folder))
        else:
            said = _said(export(arguments.model, arguments.folder, arguments.check))
    except AnswerloopError as error:
        print(error, file=sys.stderr)
        return 1
    print(said)
    return 0


def _said(card: ModelCard) -> str:
    return f"{card.name}: {card.dimension} dimensions, cosine to float32 {card.cosine_mean} (lowest {card.cosine_min})"


def _said_of_reranker(card: RerankerCard) -> str:
    return (
        f"{card.name}: logits' correlation to float32 {card.correlation}, that of their order {card.spearman}"
    )


if __name__ == "__main__":
    sys.exit(main())
