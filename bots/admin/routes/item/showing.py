"""What the page of one answer shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bots.admin.services import Services
from rag_core.errors import InvalidQuestion, NotFound, Unavailable
from rag_core.messages import say
from rag_core.records.reviews.items import GivenAnswer, Item, Items, Said
from rag_core.records.reviews.judging import Judged, Judging
from rag_core.records.reviews.reviews import Review
from rag_core.records.reviews.routes import known_routes
from rag_core.retrieval.search import clean_question
from rag_core.review.resolving.evidence import Evidence, evidence, passages_of
from rag_core.review.resolving.previewing import Readable, readable
from rag_core.standard.answer import StandardAnswer
from rag_core.types import Principal

__all__ = ["RESOLUTIONS", "Shown", "Stage", "Version", "item_of", "shown", "versions_of"]

RESOLUTIONS = (
    ("good_example", "Good example", "right as it is"),
    ("right_passage", "Right passage", "these answer it: pick or search"),
    ("wrong_passage", "Wrong passage", "these do not: pick them"),
    ("corrected_answer", "Corrected answer", "it should say something else"),
    ("missing_document", "Missing document", "nothing says it: note what is missing"),
    ("stale_document", "Stale document", "a source is out of date: pick it"),
    ("no_fault", "No fault", "nothing to learn from it"),
)
"""Resolution, its name, and when to choose it."""


@dataclass(frozen=True, slots=True)
class Version:
    """A text that is, or could be, the answer."""

    key: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    ms: float


@dataclass(frozen=True, slots=True)
class Shown:
    item: Item
    evidence: Sequence[Evidence]
    out_of_order: str
    """Why the passages cannot be shown now; '': they can."""
    readable: Readable
    notices: Sequence[str]
    stages: Sequence[Stage]
    versions: Sequence[Version]
    judged: Sequence[Judged]
    routes: Sequence[str]
    """Kinds of questions to choose from; none where nothing is to be decided."""

    @property
    def given(self) -> GivenAnswer:
        return self.item.given


async def item_of(services: Services, answer_id: str) -> Item:
    """
    Raises:
        NotFound: there is no such answer, or not any more.
    """
    item = await Items(services.database).item(answer_id)
    if item is None:
        raise NotFound("There is no such answer; it may have been forgotten.")
    return item


async def shown(services: Services, item: Item, review: Review | None) -> Shown:
    """review: the one that the page is about; None: it is about the answer alone."""
    given, out_of_order = item.given, ""
    standard: StandardAnswer | None = None
    try:
        found = await _evidence(services, given)
        standard = await _standard(services, given)
    except Unavailable as error:
        found, out_of_order = evidence(given, {}), str(error)
    judged = await Judging(services.database).of(review.id) if review and not review.is_pending else []
    routes = await known_routes(services.database) if review and review.is_pending else []
    return Shown(
        item,
        found,
        out_of_order,
        readable(given.scopes),
        [say("en", notice) for notice in given.notices],
        [Stage(name, ms) for name, ms in given.timings_ms.items() if name not in ("total", "record")],
        versions_of(item, standard),
        judged,
        routes,
    )


async def _evidence(services: Services, given: GivenAnswer) -> list[Evidence]:
    ids = [str(one["passage"]) for one in given.passages]
    async with services.assistant.core() as core:
        passages = await passages_of(core.store, [*ids, *(one.passage for one in given.citations)])
        documents = {passage.document for passage in passages.values()}
        index = core.release.index_name
    changed = await Items(services.database).changed(index, documents, given.created_at)
    return evidence(given, passages, changed)


async def _standard(services: Services, given: GivenAnswer) -> StandardAnswer | None:
    """What would be given before anything is searched."""
    asker = Principal(given.platform, given.user_id, given.workspace, given.channel)
    async with services.assistant.core() as core:

        async def embed(text: str):  # type: ignore[no-untyped-def]
            return await core.compute.run(core.embedder.embed_query, text)

        try:
            text = clean_question(given.asked)
        except InvalidQuestion:
            return None
        return await core.standard.find(text, asker, readable(given.scopes).scopes, embed)


def versions_of(item: Item, standard: StandardAnswer | None) -> list[Version]:
    """The answer as it was given first."""
    made = [Version("given", "As it was given", item.given.answer)]
    if item.pending and item.pending.proposed:
        by = _name(item, item.pending.proposed_by)
        made.append(Version("proposed", f"Proposed by {by}", item.pending.proposed))
    corrected: list[Said] = [vote for vote in item.votes if vote.correction]
    for number, vote in enumerate(corrected, start=1):
        if all(vote.correction != one.text for one in made):
            name = f"Correction of {_name(item, vote.identity)}"
            made.append(Version(f"vote-{number}", name, vote.correction))
    for review in item.reviews:
        if review.correction:
            name = f"Corrected by {_name(item, review.reviewer)}"
            made.append(Version(f"review-{review.id}", name, review.correction))
    for one in item.alike:
        name = f"Reviewed answer to the same words, by {_name(item, one.reviewer)}"
        made.append(Version(f"alike-{one.review}", name, one.text))
    if standard is not None:
        made.append(Version(f"standard-{standard.id}", "Standard answer", standard.answer))
    return made


def _name(item: Item, identity: str) -> str:
    return item.names.get(identity, identity) or "somebody"
