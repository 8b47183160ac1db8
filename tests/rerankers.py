"""A cross-encoder small enough to be trained in a test: it learns that passages with a certain word answer."""

from __future__ import annotations

import shutil
from pathlib import Path

from training.export import packaged
from training.tasks.cross_encoder import Trained, train
from training.tasks.pairs import Judged, Recipe

WORD = "the"
"""It stands in a third of training/parity.txt, so that an export of such a model has something to keep to."""
RECIPE = Recipe(
    rows=640,
    epochs=3,
    negatives=3,
    spared=0,
    learning_rate=2e-3,
    batch_size=32,
    frozen_layers=0,
    window=48,
    validated=8,
    evaluations=1,
)
THINGS = "refund lantern invoice battery holiday contract server parcel garden bridge ticket letter".split()


def tiny_base(folder: Path) -> Path:
    """An encoder of two small layers with random weights, and the tokenizer of the default embedding model."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    source = Path(packaged("sentence-transformers/all-MiniLM-L6-v2") or "")
    folder.mkdir(parents=True)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        shutil.copy(source / name, folder)
    config = BertConfig(
        hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128, vocab_size=30522
    )
    BertModel(config).save_pretrained(folder)
    return folder


def judged(count: int) -> list[Judged]:
    """Questions about things, each with eight passages of which the last found, and only it, has the word."""
    asked = []
    for n in range(count):
        thing, other = THINGS[n % len(THINGS)], THINGS[(n + 5) % len(THINGS)]
        plain = [f"Some {other} {n} is in a {thing}." for other in THINGS[:7]]
        asked.append(
            Judged(
                f"What of the {thing} {n}?",
                tuple(f"d{n}-{i}" for i in range(8)),
                (*plain, f"Some {other} {n} is in {WORD} {thing}."),
                tuple(0.8 - i / 100 for i in range(8)),
                {f"d{n}-7": 1},
                "tiny",
            )
        )
    return asked


def train_tiny(base: Path, out: Path) -> Trained:
    """The trained model is written to `out`."""
    from dataclasses import replace

    return train(judged(160), judged(168)[160:], replace(RECIPE, base=str(base)), out)
