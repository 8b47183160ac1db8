"""A judged set as an installation that people have used: documents, questions asked, votes, and a review of each.

Everything goes the way that it goes in a team: the documents are files that are ingested, each question is asked of the
assistant, votes are recorded by those who asked (a share of them wrong), and a reviewer resolves what waits. What the
reviewer knows is the train split: which documents answer a question.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag_core.bootstrap import Core, make_assistant, open_library
from rag_core.records.reviews.reviews import Reviews
from rag_core.review.resolving.evidence import passages_of
from rag_core.review.resolving.resolving import Decision, Resolving
from rag_core.settings import FolderSource
from rag_core.types import Answer, Principal, Question, Ranked, Vote
from training.evaluate import BeirDocument

__all__ = ["SOURCE", "Replayed", "document_of", "ingest_set", "replay", "write_set"]

SOURCE = "set"
PEOPLE = 60
REVIEWER = "local:reviewer"
DEPTH = 60
"""Passages looked through for those of the right documents."""
FIRST = 12
"""Passages of a document looked at where none of it was found."""
_STRANGE = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Replayed:
    reviewed: int
    up: int
    down: int
    """Votes, as they were cast."""


def document_of(id: str) -> str:
    """The document that the set calls so, as the index does."""
    return f"{SOURCE}/{_name(id)}"


def _name(id: str) -> str:
    return f"{_STRANGE.sub('-', id)}.md"


def write_set(documents: Sequence[BeirDocument], folder: Path) -> None:
    """Each a file of Markdown that begins with its title."""
    folder.mkdir(parents=True, exist_ok=True)
    for document in documents:
        (folder / _name(document.id)).write_text(f"# {document.title}\n\n{document.text}\n", encoding="utf-8")


async def ingest_set(core: Core, folder: Path) -> None:
    async with open_library(core) as library:
        await library.add(FolderSource(name=SOURCE, path=folder))
        await library.sync(FolderSource(name=SOURCE, path=folder))


async def replay(
    core: Core,
    questions: Mapping[str, str],
    relevant: Mapping[str, Mapping[str, int]],
    noise: float = 0.1,
    seed: int = 0,
) -> Replayed:
    """questions: by id, in the order in which they are asked. relevant: question -> document of the set -> grade. noise:
    share of the votes that say the opposite of what is so."""
    assistant, chance = make_assistant(core), random.Random(seed)
    resolving, reviews = Resolving(core.database, core.store), Reviews(core.database)
    votes = {-1: 0, 1: 0}
    for number, (id, text) in enumerate(questions.items()):
        asker = f"p{chance.randrange(PEOPLE)}"
        answer = await assistant.ask(Question(text, Principal("web", asker)))
        right = {document_of(one) for one in relevant[id]}
        helped = any(citation.passage.rpartition("#")[0] in right for citation in answer.citations)
        value = 1 if helped != (chance.random() < noise) else -1
        votes[value] += 1
        # Somebody else's vote counts; one's own would too, but not more than a day's fifty.
        voter = f"v{number // 40}"
        await assistant.vote(Vote(answer.id, "web", voter, value))
        await reviews.propose(answer.id, "person")
        review = next(one for one in await reviews.pending(50) if one.answer_id == answer.id)
        ranked = await assistant.search(text, None, DEPTH)
        decision = await _decision(core, answer, text, right, ranked)
        await resolving.resolve(review.id, decision, REVIEWER)
    return Replayed(len(questions), votes[1], votes[-1])


async def _decision(
    core: Core, answer: Answer, text: str, documents: set[str], ranked: list[Ranked]
) -> Decision:
    """Of each right document the passage that answers, and what was cited although it does not."""
    right: dict[str, str] = {}
    for one in ranked:
        if one.passage.document in documents:
            right.setdefault(one.passage.document, one.passage.id)
    for document in documents - set(right):
        there = await passages_of(core.store, [f"{document}#{n}" for n in range(FIRST)])
        if there:
            vectors = core.embedder.embed_passages([passage.text for passage in there.values()]).vectors
            right[document] = list(there)[int((vectors @ core.embedder.embed_query(text)).argmax())]
    cited = [one.passage for one in answer.citations if one.passage]
    wrong = tuple(dict.fromkeys(one for one in cited if one.rpartition("#")[0] not in documents))
    if cited and not wrong:
        return Decision("good_example", right=tuple(right.values()))
    return Decision("right_passage", right=tuple(right.values()), wrong=wrong)
