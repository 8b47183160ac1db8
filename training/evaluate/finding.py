"""Which of the passages that were found are those an example calls right, whatever became of the index since. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rag_core.records.evaluation.golden import Expected
from rag_core.retrieval.reranking import readable
from rag_core.review.golden.matching import found_at
from rag_core.types import Passage, Ranked
from training.dataset.rows import Example, Text
from training.evaluate.ranking import DEPTH, ndcg, recall, reciprocal_rank

__all__ = ["cites_right", "rank_of", "ranking", "ranking_scores", "ranks_to_judge", "scopes_of"]


def scopes_of(example: Example) -> frozenset[str] | None:
    """What is read for it: what the asker might read, and what its answer stands in; None: everything. Where nobody asked
    and nothing answers, nothing narrows it."""
    scopes = example.origin.scopes
    if scopes is None:
        return None
    return frozenset({*scopes, *(text.scope for text in example.right if text.scope)}) or None


def rank_of(text: Text, passages: Sequence[Passage]) -> int | None:
    """The rank, from 1, at which it is found: by its id, where the words agree; else by its words (matching.py)."""
    for rank, passage in enumerate(passages, 1):
        if passage.id == text.id and _flat(passage.text) in _flat(text.text):
            return rank
    expected = Expected(text.document, text.source, "", text.text)
    found = found_at([expected], [replace(passage, text=readable(passage)) for passage in passages])
    return found[0] if found else None


def ranking(right: Sequence[Text], ranked: Sequence[Ranked]) -> tuple[list[str], dict[str, int]]:
    """What was found, best first, and what is relevant, as ranking.py takes them; of several right texts that one passage
    holds, as of a document that is cut coarser now, one counts.

    Reviewers judge what the active release finds. Another passage of the same document may answer as well and is neither
    right nor wrong: the ranking is condensed to the others (condensed lists, Sakai 2007), or a candidate that finds it first
    would be held to be worse.
    """
    passages = [entry.passage for entry in ranked[:DEPTH]]
    ranks = [rank_of(text, passages) for text in right]
    found = [f"{n}" for n in ranks_to_judge(right, passages, ranks)]
    names = (f"{rank}" if rank else f"missing {n}" for n, rank in enumerate(ranks))
    return found, dict.fromkeys(names, 1)


def ranking_scores(right: Sequence[Text], ranked: Sequence[Ranked]) -> Mapping[str, Any]:
    """nDCG@10, recall@10 and reciprocal rank, by their columns in Scored; {} where nothing is right."""
    if not right:
        return {}
    found, relevant = ranking(right, ranked)
    return {
        "ndcg": ndcg(found, relevant),
        "recall": recall(found, relevant),
        "mrr": reciprocal_rank(found, relevant),
    }


def ranks_to_judge(
    right: Sequence[Text], passages: Sequence[Passage], ranks: Sequence[int | None]
) -> list[int]:
    """Ranks, from 1, of what is right or of another document than what is right. ranks: those of the right ones."""
    documents = {text.document for text in right}
    return [n for n, one in enumerate(passages, 1) if n in ranks or one.document not in documents]


def cites_right(right: Sequence[Text], passages: Sequence[Passage]) -> bool:
    """Whether one of the passages that an answer cites is right."""
    return any(rank_of(text, passages) for text in right)


def _flat(text: str) -> str:
    return " ".join(text.split())
