"""What a reviewer decides about an answer, kept in one transaction with all that comes of it.

A decision is one resolution; passages can be judged beside it, by these rules:

    good_example      the passages cited that were not judged otherwise are right; none of them may be wrong
    right_passage     at least one is right; others may be wrong
    wrong_passage     at least one is wrong; with a right one it becomes right_passage, which says more
    corrected_answer  needs a text; what it cites by [n] is right; others may be right or wrong
    missing_document  needs a note on what is missing; none is right, since nothing says it; some may be wrong
    stale_document    at least one is stale; others may be right or wrong
    no_fault          nothing is judged

No passage is judged twice. A correction cites nothing that its asker may not read, since they are told of it; nor does a
golden question expect it. A standard answer can be made of a good example or a corrected answer; a golden question of what
says which passages are right, or of an abstention with no_fault: then every release must abstain. An answer that was made
from files of a chat becomes neither, since nobody else has them.

With every resolution it may be said what kind of question it is (records/reviews/routes.py): the router learns from that.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import Busy, InvalidEntry, NotFound
from rag_core.index.stores import VectorStore
from rag_core.records import standard
from rag_core.records.audit import note
from rag_core.records.database import transaction
from rag_core.records.evaluation import golden
from rag_core.records.people.names import names_of
from rag_core.records.reviews import judging
from rag_core.records.reviews.items import GivenAnswer, Items
from rag_core.records.reviews.judging import Judged, Label
from rag_core.records.reviews.reviews import RESOLUTIONS, Resolution, Review, Reviews, resolve
from rag_core.records.reviews.routes import check_route, plain_route
from rag_core.records.tables import reviews
from rag_core.review.resolving.evidence import passages_of
from rag_core.review.resolving.marks import cited_numbers
from rag_core.review.resolving.previewing import readable
from rag_core.standard.answer import StandardAnswer
from rag_core.standard.checking import checked
from rag_core.standard.links import check_links
from rag_core.standard.provenance import scopes_of
from rag_core.types import Citation, Passage

__all__ = ["LONGEST", "NAMES", "Decision", "Outcome", "Resolving", "settled"]

LONGEST = 10_000
"""Characters of a correction, and of a note."""
MOST_PASSAGES = 50
"""Judged with one decision."""
QUOTED = 400
"""Characters of a passage that a correction cites."""
NAMES: Mapping[str, str] = {
    "good_example": "good example",
    "right_passage": "right passage",
    "wrong_passage": "wrong passage",
    "corrected_answer": "corrected answer",
    "missing_document": "missing document",
    "stale_document": "stale document",
    "no_fault": "no fault",
}


@dataclass(frozen=True, slots=True)
class Decision:
    resolution: Resolution
    right: tuple[str, ...] = ()
    """Ids of passages, as in wrong and stale."""
    wrong: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    correction: str = ""
    """Markdown; sentences end in the numbers of what they cite, [n]."""
    cites: Mapping[int, str] = field(default_factory=dict)
    """By number, the id of the passage."""
    note: str = ""
    route: str = ""
    """What kind of question it is; '': nobody said."""
    standard: bool = False
    """Also make it a standard answer."""
    golden: bool = False
    """Also make it a golden question."""


@dataclass(frozen=True, slots=True)
class Outcome:
    entry: int
    """Of the audit log: what takes it back."""
    resolution: Resolution
    standard: str
    """Id of the standard answer that was made; '': none."""
    golden: str


def settled(decision: Decision, given: GivenAnswer) -> Decision:
    """The decision as it is kept, by the rules of this module. Pure.

    Raises:
        InvalidEntry: its parts do not go together; the message says what to do.
    """
    if decision.resolution not in RESOLUTIONS:
        raise InvalidEntry("resolution: pick one of the seven.")
    decision = _trimmed(decision)
    cited = [one.passage for one in given.citations if one.passage]
    if decision.resolution == "good_example":
        _refuse(bool(set(cited) & set(decision.wrong)), "wrong: a good example cites no wrong passage.")
        judged = {*decision.right, *decision.stale}
        decision = replace(decision, right=(*decision.right, *(id for id in cited if id not in judged)))
    if decision.resolution == "wrong_passage" and decision.right:
        decision = replace(decision, resolution="right_passage")
    if decision.resolution == "corrected_answer":
        decision = _with_cited(decision)
    _check(decision, given)
    return decision


def _trimmed(decision: Decision) -> Decision:
    return replace(
        decision,
        right=tuple(dict.fromkeys(decision.right)),
        wrong=tuple(dict.fromkeys(decision.wrong)),
        stale=tuple(dict.fromkeys(decision.stale)),
        note=decision.note.strip(),
        route=plain_route(decision.route),
        correction=decision.correction.replace("\r\n", "\n").strip()
        if decision.resolution == "corrected_answer"
        else "",
    )


def _with_cited(decision: Decision) -> Decision:
    """Only what the text marks is cited, and what is cited is right."""
    numbers = cited_numbers(decision.correction)
    cites = {number: decision.cites[number] for number in numbers if number in decision.cites}
    judged = {*decision.right, *decision.wrong, *decision.stale}
    new = dict.fromkeys(id for id in cites.values() if id and id not in judged)
    return replace(decision, cites=cites, right=(*decision.right, *new))


def _check(decision: Decision, given: GivenAnswer) -> None:
    made, right, wrong, stale = decision.resolution, decision.right, decision.wrong, decision.stale
    twice = len({*right, *wrong, *stale}) < len(right) + len(wrong) + len(stale)
    _refuse(twice, "passages: one is judged twice; pick right, wrong or stale for each.")
    _refuse(len(right) + len(wrong) + len(stale) > MOST_PASSAGES, f"passages: judge up to {MOST_PASSAGES}.")
    _refuse(
        max(len(decision.note), len(decision.correction)) > LONGEST, f"Write up to {LONGEST:,} characters."
    )
    _refuse(made == "right_passage" and not right, "right: pick the passage that answers, or search for it.")
    _refuse(made == "wrong_passage" and not wrong, "wrong: pick the passage that does not answer.")
    _refuse(
        made == "stale_document" and not stale, "stale: pick a passage of the document that is out of date."
    )
    _refuse(made == "corrected_answer" and not decision.correction, "correction: write what it should say.")
    unchanged = made == "corrected_answer" and decision.correction == given.answer.strip()
    _refuse(unchanged, "correction: it says what the answer says; change it, or resolve as good example.")
    _refuse(made == "missing_document" and not decision.note, "note: say what is missing in the documents.")
    _refuse(
        made == "missing_document" and bool(right),
        "right: where a passage answers, no document is missing; resolve it as right passage.",
    )
    _refuse(
        made == "no_fault" and bool(right or wrong or stale),
        "passages: with no fault nothing is judged; unmark them, or pick another resolution.",
    )
    check_route(decision.route)
    _check_making(decision, given)


def _check_making(decision: Decision, given: GivenAnswer) -> None:
    made = decision.resolution
    either = decision.standard or decision.golden
    _refuse(
        either and readable(given.scopes).files,
        "This answer was made from files of a chat: it can be no standard answer and no golden question.",
    )
    _refuse(
        decision.standard
        and (
            made not in ("good_example", "corrected_answer") or (made == "good_example" and given.abstained)
        ),
        "standard: a standard answer needs a text; approve an answer, or correct it.",
    )
    abstains = made == "no_fault" and given.abstained
    _refuse(
        decision.golden and not decision.right and not abstains,
        "golden: a golden question needs the passages that answer it; pick them, or cite them.",
    )


def _refuse(wrong: bool, sentence: str) -> None:
    if wrong:
        raise InvalidEntry(sentence)


class Resolving:
    def __init__(self, database: AsyncEngine, store: VectorStore) -> None:
        """store: of the release that answers now."""
        self._database = database
        self._store = store

    async def resolve(self, review_id: str, decision: Decision, reviewer: str) -> Outcome:
        """Decide once and for all; those whom a correction concerns are told by the chat's processes.

        reviewer: PLATFORM:USER.

        Raises:
            NotFound: there is no such review.
            InvalidEntry: the decision's parts do not go together, or a passage is not in the index any more.
            Busy: somebody else decided before; the message says who, and what.
            Unavailable: the index or the database does not work now; nothing was kept.
        """
        review = await Reviews(self._database).get(review_id)
        given = await Items(self._database).given(review.answer_id) if review else None
        if review is None or given is None:
            raise NotFound("There is no such review; its answer may have been forgotten.")
        if not review.is_pending:
            raise Busy(await self._decided(review))
        picked = {*decision.right, *decision.wrong, *decision.stale, *decision.cites.values()}
        cited = {one.passage for one in given.citations}
        passages = await passages_of(self._store, picked | cited)
        decision = settled(decision, given)
        citations = _citations(decision, given, passages)
        judged = _judged(decision, passages, cited)
        made = await self._standard(decision, given, citations, reviewer) if decision.standard else None
        async with transaction(self._database) as connection:
            outcome = await self._keep(connection, review, given, decision, citations, judged, made, reviewer)
        if outcome is None:
            raise Busy(await self._decided(await Reviews(self._database).get(review_id) or review))
        return outcome

    async def _keep(
        self, connection: AsyncConnection, review: Review, given: GivenAnswer, decision: Decision,
        citations: Sequence[Citation], judged: Sequence[Judged], made: StandardAnswer | None, reviewer: str,
    ) -> Outcome | None:  # fmt: skip
        """None: somebody was faster."""
        what, said = decision.resolution, decision.correction
        if not await resolve(connection, review.id, what, reviewer, said, decision.note):
            return None
        kept = {"citations": [asdict(one) for one in citations] or None, "route": decision.route}
        await connection.execute(update(reviews).where(reviews.c.id == review.id).values(kept))
        await judging.keep(connection, review.id, judged)
        if made is not None:
            await standard.put(connection, [made])
        asked = await _golden(connection, given, decision, judged, reviewer) if decision.golden else ""
        entry = await note(
            connection,
            reviewer,
            "review.resolve",
            f"review:{review.id}",
            resolution=what,
            standard=made.id if made else "",
            golden=asked,
            route=decision.route,
            passages={
                label: sum(one.label == label for one in judged) for label in ("right", "wrong", "stale")
            },
        )
        return Outcome(entry, what, made.id if made else "", asked)

    async def _standard(
        self, decision: Decision, given: GivenAnswer, citations: Sequence[Citation], author: str
    ) -> StandardAnswer:
        text, cited = decision.correction, tuple(citations)
        if decision.resolution == "good_example":
            text, cited = given.answer, given.citations
        found = tuple(str(one["passage"]) for one in given.passages)
        scopes = None if given.scopes is None else frozenset(given.scopes)
        seen = standard.Given(given.asked, text, False, cited, found, scopes, given.generator)
        now = datetime.now(UTC)
        return checked(
            StandardAnswer(
                text,
                (given.asked,),
                scopes=await scopes_of(seen, self._store),
                author=author,
                citations=cited,
                from_answer=given.id,
                id=secrets.token_hex(8),
                created_at=now,
                updated_at=now,
            )
        )

    async def _decided(self, review: Review) -> str:
        async with transaction(self._database) as connection:
            names = await names_of(connection, [review.reviewer])
        who = names.get(review.reviewer) or "Somebody"
        return f"{who} decided this already: {NAMES.get(review.resolution, review.resolution)}."


async def _golden(
    connection: AsyncConnection, given: GivenAnswer, decision: Decision, judged: Sequence[Judged], author: str
) -> str:
    expected = [
        {"document": one.document, "source": one.source, "title": one.title, "text": one.text}
        for one in judged
        if one.label == "right"
    ]
    text = decision.correction or ("" if given.abstained else given.answer)
    scopes = readable(given.scopes).scopes
    hidden = scopes is not None and any(one.label == "right" and one.scope not in scopes for one in judged)
    _refuse(hidden, "golden: who asked may not read a passage that is right; pick what they may read.")
    return await golden.add(connection, given.asked, scopes, expected, text, author, given.id)


def _citations(decision: Decision, given: GivenAnswer, passages: Mapping[str, Passage]) -> list[Citation]:
    """What the correction marks. What the answer cited by the same number stays as it was quoted."""
    before, may_read = {one.number: one for one in given.citations}, readable(given.scopes).scopes
    made = []
    for number, id in decision.cites.items():
        known, passage = before.get(number), passages.get(id)
        if known is not None and known.passage == id:
            made.append(known)
        elif passage is not None and may_read is not None and passage.scope not in may_read:
            raise InvalidEntry(
                f"cites: who asked may not read what [{number}] stands for; cite what they may read."
            )
        elif passage is not None:
            where = (passage.title, passage.location, _quote(passage.text), id, passage.place.words())
            made.append(Citation(number, *where))
        else:
            raise InvalidEntry(
                f"cites: what [{number}] stands for is not in the index any more; pick another."
            )
    if decision.correction:
        check_links(decision.correction, made)
    return made


def _quote(text: str) -> str:
    """The beginning, in whole words."""
    return text if len(text) <= QUOTED else text[:QUOTED].rsplit(maxsplit=1)[0]


def _judged(decision: Decision, passages: Mapping[str, Passage], cited: set[str]) -> list[Judged]:
    labels: tuple[tuple[Label, tuple[str, ...]], ...] = (
        ("right", decision.right),
        ("wrong", decision.wrong),
        ("stale", decision.stale),
    )
    judged = []
    for label, ids in labels:
        for id in ids:
            passage = passages.get(id)
            if passage is not None:
                where = (passage.document, passage.source, passage.scope, passage.title, passage.text)
                judged.append(Judged(id, label, *where))
            elif label != "right" or id not in cited:
                raise InvalidEntry("passages: one is not in the index any more; reload the page, pick again.")
    return judged
