"""Passages embedded a second, in bulk on a GPU and by the int8 export on the processor: vectors and those of their units.

    python -m benchmarks.bulk MODEL_FOLDER SET [--passages 20000] [--device auto] [--json]

MODEL_FOLDER is an exported sentence-transformers/all-MiniLM-L6-v2 (.cache/models after `make test`). SET is a folder in BEIR
layout; its documents are divided as they are when they are ingested, and taken again until there are passages enough. What
is timed is BulkEmbedder.embed_passages, tokenising included, after a first pass; of the export a twentieth of the passages.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from rag_core.index.embedding import Embedder
from training.bulk import AT_ONCE, BulkEmbedder
from training.conversion import packaged
from training.evaluate import read_beir
from training.tasks.task import device_of

Unit = tuple[int, int]


def passages_of(folder: Path, embedder: Embedder, count: int) -> tuple[list[str], list[list[Unit]]]:
    """So many texts that fit the window, and their sentences."""
    texts, units = [], []
    for document in read_beir(folder, "test").documents:
        text = document.whole
        while embedder.count([text])[0] > embedder.room:
            text = text[: len(text) * 3 // 4]
        ends = [n + 1 for n, c in enumerate(text) if c in ".?!\n"] + [len(text)]
        texts.append(text)
        units.append([(a, b) for a, b in zip([0, *ends], ends, strict=False) if text[a:b].strip()])
    return list(islice(cycle(texts), count)), list(islice(cycle(units), count))


def rate(
    embed: Callable[[list[str], list[list[Unit]]], Any], texts: list[str], units: list[list[Unit]]
) -> float:
    """Passages a second."""
    embed(texts[:512], units[:512])
    began = time.perf_counter()
    for start in range(0, len(texts), AT_ONCE):
        embed(texts[start : start + AT_ONCE], units[start : start + AT_ONCE])
    return len(texts) / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("set", type=Path)
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    embedder, device = Embedder(arguments.model), device_of(arguments.device)
    texts, units = passages_of(arguments.set, embedder, arguments.passages)
    bulk = BulkEmbedder(Path(packaged(embedder.card.name) or embedder.card.name), embedder.card, device)
    few = max(512, len(texts) // 20)
    found = {
        "device": device,
        "passages": len(texts),
        "mean tokens": round(sum(embedder.count(texts[:2_000])) / len(texts[:2_000]), 1),
        "bulk, passages/s": round(rate(bulk.embed_passages, texts, units), 1),
        "int8 export, passages/s": round(rate(embedder.embed_passages, texts[:few], units[:few]), 1),
    }
    print(json.dumps(found) if arguments.json else "\n".join(f"{k}: {v}" for k, v in found.items()))


if __name__ == "__main__":
    main()
