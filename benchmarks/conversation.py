"""Follow-ups made of pairs of questions about one document: what is found with them as they are, and rewritten by rules.

    python -m benchmarks.conversation MODEL_FOLDER DIR [--split test] [--most 300]

DIR is a judged set in BEIR layout. What both questions name becomes a pronoun in the second, or is left out of it
(training/conversation.py); so its original is what a perfect rewriter would find. Ranked by cosine over whole documents.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rag_core.conversation import stand_alone
from rag_core.index.embedding import Embedder
from training.conversation import Asked, made
from training.evaluate import ndcg, read_beir
from training.evaluate.conversation import untitled

SEED = 9


def pasted(asked: Asked) -> str:
    return " ".join([*(turn.text for turn in asked.turns if turn.role == "user"), asked.question])


WAYS: dict[str, Callable[[Asked], str]] = {
    "last turn": lambda asked: asked.question,
    "ours, by rules": lambda asked: stand_alone(asked.question, untitled(asked.turns)).text,
    "ours, knowing what answers cite": lambda asked: stand_alone(asked.question, asked.turns).text,
    "original": lambda asked: asked.rewrite,
    "all turns": pasted,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--most", type=int, default=300)
    args = parser.parse_args()
    embedder = Embedder(args.model)
    data = read_beir(args.folder, args.split)
    ids = [document.id for document in data.documents]
    documents = np.array([embedder.embed_query(document.whole) for document in data.documents])
    by_text = {text: query for query, text in data.queries.items()}
    asked = [
        one for one in made([args.folder], args.split, SEED, args.most, titled=True) if one.rewrite in by_text
    ]
    for name, text_of in WAYS.items():
        scores = []
        for one in asked:
            order = np.argsort(-(documents @ embedder.embed_query(text_of(one))))[:10]
            scores.append(ndcg([ids[i] for i in order], data.relevant[by_text[one.rewrite]]))
        print(f"{name:31} {len(asked):5} nDCG@10 {statistics.fmean(scores):.4f}")


if __name__ == "__main__":
    main()
