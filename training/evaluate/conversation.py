"""How well follow-ups are understood: what is found once they are rewritten, and the words added against people's."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag_core.conversation import Standalone
from rag_core.conversation.mentions import content_stems
from rag_core.errors import DocumentError, NotFound
from rag_core.types import Turn
from training.evaluate.ranking import ndcg, recall
from training.evaluate.sets import Beir, read_beir, read_optional
from training.evaluate.wording import bleu, rouge_l

if TYPE_CHECKING:
    from rag_core.retrieval.search import Search

__all__ = [
    "Conversations",
    "FollowUp",
    "alternating",
    "evaluate_rewrites",
    "evaluate_searches",
    "read_conversations",
    "untitled",
]

SCOPES = frozenset({"public"})
DEEP = 100
"""Passages looked at for ten documents."""
Rewrite = Callable[[str, Sequence[Turn]], Awaitable[Standalone]]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question in a conversation, and how a person made it stand alone."""

    turns: tuple[Turn, ...]
    question: str
    rewrite: str

    @property
    def pasted(self) -> str:
        """All that the user asked, in one text."""
        return " ".join([*(turn.text for turn in self.turns if turn.role == "user"), self.question])


@dataclass(frozen=True, slots=True)
class Conversations:
    judged: Beir | None
    """Documents and judgements, where the set has them."""
    asked: dict[str, FollowUp]
    """The judged questions by their ids."""
    rewrites: list[FollowUp]
    """All that have a person's rewrite and turns before them."""


def read_conversations(folder: Path, split: str, limit: int | None = None) -> Conversations:
    """Read queries with metadata.history and metadata.rewrite, and rewrites.jsonl, of which a set has one or both.

    rewrites.jsonl has either history (question, answer, question, …), question and rewrite, or questions (the user's, the
    last one last) and rewrite. Where a row with a history has a title, that is of the document that its answers come from,
    and they cite it. Rows that name a split are taken if it is this one, and others if their _id is judged in it;
    without judgements all of them.

    Raises:
        NotFound: there is neither, or a file is missing that the one there needs.
        DocumentError: a line cannot be read, or the split has no questions.
    """
    judged = read_beir(folder, split, limit) if (folder / "qrels").is_dir() else None
    asked = _asked(folder, judged) if judged else {}
    rewrites = _rewrites(folder, split, judged)
    if not asked and not rewrites:
        raise NotFound(
            f"{folder} has no conversations: queries need metadata.history and metadata.rewrite, or there must be "
            f"a rewrites.jsonl with rows of the split {split!r}."
        )
    return Conversations(judged if asked else None, asked, rewrites[:limit])


def _asked(folder: Path, judged: Beir) -> dict[str, FollowUp]:
    found: dict[str, FollowUp] = {}
    for row in read_optional(folder, "queries", "_id", "text"):
        about = row.get("metadata")
        if row["_id"] not in judged.queries or not isinstance(about, dict) or "rewrite" not in about:
            continue
        try:
            turns = tuple(
                Turn("user" if turn["speaker"] == "user" else "assistant", turn["text"])
                for turn in about.get("history", ())
            )
        except (KeyError, TypeError):
            raise DocumentError(
                f"{folder}, query {row['_id']}: metadata.history must be a list of objects with speaker and text."
            ) from None
        found[row["_id"]] = FollowUp(turns, row["text"], about["rewrite"])
    return found if len(found) == len(judged.queries) else {}


def _rewrites(folder: Path, split: str, judged: Beir | None) -> list[FollowUp]:
    found = []
    for row in read_optional(folder, "rewrites", "rewrite"):
        if row.get("split", split) != split:
            continue
        if "split" not in row and judged and row.get("_id") not in judged.queries:
            continue
        if isinstance(questions := row.get("questions"), list) and questions:
            turns = tuple(Turn("user", text) for text in questions[:-1])
            question = questions[-1]
        elif isinstance(history := row.get("history"), list) and "question" in row:
            turns = alternating(history, row.get("title", ""))
            question = row["question"]
        else:
            raise DocumentError(f"{folder}, rewrites: a row needs history and question, or questions.")
        if turns:
            found.append(FollowUp(turns, question, row["rewrite"]))
    return found


def alternating(texts: Sequence[str], title: str) -> tuple[Turn, ...]:
    """Question, answer, question, …; title: of the document that the answers cite, '' for none."""
    cited = (title,) if title else ()
    return tuple(
        Turn("assistant", text, titles=cited) if n % 2 else Turn("user", text) for n, text in enumerate(texts)
    )


def untitled(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """As if nobody knew what the answers cite."""
    return tuple(replace(turn, titles=()) for turn in turns)


async def evaluate_searches(
    conversations: Conversations, rewrite: Rewrite, turns: int, search: Search, progress: Progress
) -> dict[str, float]:
    """nDCG@10 and recall@10 of searching with the last turn, with ours as served and without the question as it was asked
    beside it, with a person's rewrite, and with all that the user asked. turns: those before a question that are looked at.

    The search's store holds the set's documents.
    """
    judged = conversations.judged
    assert judged is not None
    found: dict[str, dict[str, list[float]]] = {}
    changed = 0
    for n, (query, asked) in enumerate(conversations.asked.items(), start=1):
        ours = await rewrite(asked.question, asked.turns[-turns:] if turns else ())
        changed += ours.text != asked.question
        ways = {
            "last_turn": (asked.question, ""),
            "ours": (ours.text, ours.asked),
            "ours_unhedged": (ours.text, ""),
            "human_rewrite": (asked.rewrite, ""),
            "all_turns": (asked.pasted, ""),
        }
        for way, (text, as_asked) in ways.items():
            result = await search(text, SCOPES, keep=DEEP, asked=as_asked)
            ranked = list(dict.fromkeys(r.passage.document for r in result.ranked))
            for name, measure in (("ndcg@10", ndcg), ("recall@10", recall)):
                found.setdefault(name, {}).setdefault(way, []).append(measure(ranked, judged.relevant[query]))
        progress("searching", n, len(conversations.asked))
    means = {f"{name}_{way}": _mean(values) for name, ways in found.items() for way, values in ways.items()}
    return {
        **means,
        "queries": len(conversations.asked),
        "queries_changed": _share(changed, len(conversations.asked)),
    }


async def evaluate_rewrites(
    asked: Sequence[FollowUp], rewrite: Rewrite, turns: int, progress: Progress
) -> dict[str, float]:
    """The words added, by their stems and without small ones: the share of those that people added which ours adds too
    (term_recall), and of those that ours adds which people did (term_precision); the share of questions changed, of those
    that people made to lean on nothing and of those that they left as they were; BLEU and ROUGE-L of whole texts.

    The titles of cited documents are known, as they are to the bot, except for term_recall_without_titles,
    term_precision_without_titles and changed_without_titles.

    Raises:
        NotReady: sacrebleu or rouge-score is not installed.
    """
    texts: list[str] = []
    without: list[str] = []
    for n, one in enumerate(asked, start=1):
        seen = one.turns[-turns:] if turns else ()
        texts.append((await rewrite(one.question, seen)).text)
        plain = untitled(seen)
        without.append(texts[-1] if plain == seen else (await rewrite(one.question, plain)).text)
        progress("rewriting", n, len(asked))
    leaning = [bool(content_stems(one.rewrite) - content_stems(one.question)) for one in asked]
    changed = [text != one.question for text, one in zip(texts, asked, strict=True)]
    return {
        **_terms("", texts, asked),
        "changed_of_follow_ups": _share(
            sum(c for c, f in zip(changed, leaning, strict=True) if f), sum(leaning)
        ),
        "changed_of_standalone": _share(
            sum(c for c, f in zip(changed, leaning, strict=True) if not f), len(asked) - sum(leaning)
        ),
        **_terms("_without_titles", without, asked),
        **_wording("", texts, asked),
        **_wording("_last_turn", [one.question for one in asked], asked),
        "rewrites": len(asked),
    }


def _terms(suffix: str, texts: Sequence[str], asked: Sequence[FollowUp]) -> Mapping[str, float]:
    wanted = gave = both = 0
    for text, one in zip(texts, asked, strict=True):
        own = content_stems(one.question)
        theirs, ours = content_stems(one.rewrite) - own, content_stems(text) - own
        wanted, gave, both = wanted + len(theirs), gave + len(ours), both + len(theirs & ours)
    return {
        f"term_recall{suffix}": _share(both, wanted),
        f"term_precision{suffix}": _share(both, gave),
        f"changed{suffix}": _share(
            sum(text != one.question for text, one in zip(texts, asked, strict=True)), len(asked)
        ),
    }


def _wording(suffix: str, texts: Sequence[str], asked: Sequence[FollowUp]) -> Mapping[str, float]:
    return {
        f"bleu{suffix}": round(bleu(texts, [[one.rewrite] for one in asked]), 2),
        f"rouge_l{suffix}": _mean([rouge_l(t, [one.rewrite]) for t, one in zip(texts, asked, strict=True)]),
    }


def _mean(values: Sequence[float]) -> float:
    return round(statistics.fmean(values), 4)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
