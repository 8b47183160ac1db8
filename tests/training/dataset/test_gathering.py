"""What is read from real records: only what a person resolved, with where it comes from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.bootstrap import Core
from rag_core.records.database import transaction
from rag_core.records.evaluation.golden import GoldenQuestions
from rag_core.records.feedback.recording import Feedback
from rag_core.records.reviews.judging import Judged, keep
from rag_core.records.reviews.reviews import Resolution, Reviews
from rag_core.records.standard import StandardRecords
from rag_core.records.tables import answers, documents, reviews, votes
from rag_core.settings.training import TrainingData
from rag_core.standard.answer import StandardAnswer
from rag_core.types import Citation, Principal, Question, Vote
from tests.fakes import an_answer
from tests.training.dataset.conftest import ingest
from training.dataset.gathering import DECIDED_AGAIN, gather
from training.dataset.meaning import FILES
from training.dataset.passages import Named, standing
from training.dataset.rows import Example

LEAVE = "You have 30 days of leave a year. Ask your lead two weeks ahead of the first of them."
OFFICE = "The office in Porto is at Rua do Farol 18, on the second floor."
DOCUMENTS = {"Leave": f"# Leave\n\n## Days\n\n{LEAVE}\n", "Office": f"# Office\n\n{OFFICE}\n"}
WRITTEN = {"created_at": datetime(2026, 1, 1, tzinfo=UTC), "updated_at": datetime(2026, 1, 1, tzinfo=UTC)}
CITED = Citation(
    1, "Leave", "https://docs.example/leave", "You have 30 days of leave a year.", "docs/leave#0"
)


def judged(label: Any = "right", text: str = LEAVE, document: str = "docs/leave") -> Judged:
    return Judged(f"{document}#0", label, document, "docs", "public", "Leave", text)


class Records:
    def __init__(self, database: AsyncEngine) -> None:
        self.database = database

    async def asked(
        self, id: str, platform: str = "slack", user: str = "U1", scopes: Any = frozenset({"public"})
    ) -> None:
        question = Question(f"How many days of leave, {id}?", Principal(platform, user, "T1", "C1"))
        answer = an_answer(id, text="30 days [1].", citations=(CITED,))
        kept: dict[str, Any] = {"passages": [{"passage": "docs/leave#0"}], "scopes": scopes, "generation": 1}
        await Feedback(self.database).record_answer(question, answer, **kept)

    async def resolved(
        self,
        id: str,
        resolution: Resolution = "good_example",
        *passages: Judged,
        by: str = "web:rita",
        correction: str = "",
    ) -> None:
        found = Reviews(self.database)
        await found.propose(id, "person")
        (review,) = [one for one in await found.pending(99) if one.answer_id == id]
        assert await found.decide(review.id, resolution, by, correction)
        async with transaction(self.database) as connection:
            await keep(connection, review.id, passages)

    async def reviewed(self, id: str, platform: str = "slack", **fields: Any) -> None:
        await self.asked(id, platform, **fields)
        await self.resolved(id, "right_passage", judged())


async def gathered(
    core: Core, database: AsyncEngine, **data: Any
) -> tuple[list[Example], list[tuple[str, str]]]:
    found = await gather(database, core.store, TrainingData(**data))
    return list(found.examples), [(one.reason, one.example.question) for one in found.dropped]


async def test_what_nobody_reviewed_never_enters(core: Core, database: AsyncEngine) -> None:
    """Neither what was only asked and voted on, nor what waits for a decision."""
    await ingest(core, DOCUMENTS)
    records = Records(database)
    for id in ("asked", "pending", "done"):
        await records.asked(id)
    await Feedback(database).record_vote(Vote("asked", "slack", "U2", 1))
    await Reviews(database).propose("pending", "person", "Thirty days.", "slack:U2")
    await records.resolved("done")
    examples, dropped = await gathered(core, database)
    assert ([one.question for one in examples], dropped) == (["How many days of leave, done?"], [])


async def test_an_example_has_what_the_index_embeds_and_where_it_comes_from(
    core: Core, database: AsyncEngine
) -> None:
    """Title and headings before the text; votes as far as they count; the kind of question that the reviewer named."""
    await ingest(core, DOCUMENTS)
    records = Records(database)
    await records.asked("a1", scopes=frozenset({"public", "hr"}))
    for user in ("U2", "U3", "U4"):
        await Feedback(database).record_vote(Vote("a1", "slack", user, 1 if user != "U4" else -1))
    await records.resolved("a1", "good_example", judged())
    async with transaction(database) as connection:
        await connection.execute(update(reviews).values(route="answer"))
        await connection.execute(update(votes).where(votes.c.user_id == "U3").values(excluded="cap"))
    ((made,), _) = await gathered(core, database)
    assert made.right[0].text == f"Leave > Days\n{LEAVE}"
    assert (made.answer, made.votes, made.route) == ("30 days [1].", 0, "answer")
    assert (made.origin.people, made.origin.reviewer) == (("slack:U1", "web:rita"), "web:rita")
    assert (made.origin.scopes, made.origin.licence) == (("hr", "public"), "training.data.slack")


async def test_of_several_decisions_on_an_answer_the_last_one_stands(
    core: Core, database: AsyncEngine
) -> None:
    """The others are dropped with that reason."""
    await ingest(core, DOCUMENTS)
    records = Records(database)
    await records.asked("a1")
    await records.resolved("a1", "wrong_passage", judged("wrong"))
    await records.resolved("a1", "corrected_answer", judged(), by="web:otto", correction="31 days.")
    examples, dropped = await gathered(core, database)
    assert [(one.answer, one.rejected, one.origin.reviewer) for one in examples] == [
        ("31 days.", "30 days [1].", "web:otto")
    ]
    assert [reason for reason, _ in dropped] == [DECIDED_AGAIN]


async def test_a_platform_that_is_not_learned_from_gives_nothing(core: Core, database: AsyncEngine) -> None:
    """Nor does what was made from its answers, whatever became of these; no word of it is kept."""
    records = Records(database)
    for platform in ("slack", "discord", "web", "console"):
        await records.reviewed(platform, platform)
        await GoldenQuestions(database).add(f"Golden of {platform}", None, [], from_answer=platform)
        made = StandardAnswer(
            "Yes.", (f"Standard of {platform}",), id=platform, from_answer=platform, **WRITTEN
        )
        await StandardRecords(database).put([made])
    await GoldenQuestions(database).add("Golden of nobody knows", None, [], from_answer="gone")
    assert len((await gathered(core, database))[0]) == 13
    for never in ("slack", "discord", "web", "other"):
        examples, dropped = await gathered(core, database, **{never: "never"})
        assert ("console" if never == "other" else never) not in {one.origin.platform for one in examples}
        assert (len(examples), {reason for reason, _ in dropped}) == (
            9,
            {f'training.data.{never} is "never"'},
        )


async def test_what_was_found_where_nothing_answers_does_not_answer(
    core: Core, database: AsyncEngine
) -> None:
    """Unless its document was read again since: it may say it now."""
    await ingest(core, DOCUMENTS)
    records = Records(database)
    await records.asked("a1")
    await records.resolved("a1", "missing_document")
    ((made,), _) = await gathered(core, database)
    assert (made.abstain, [text.id for text in made.mined]) == (True, ["docs/leave#0"])
    new = {
        "index_name": "i",
        "source": "docs",
        "key": "leave",
        "fingerprint": "",
        "digest": "",
        "title": "",
        "url": "",
    }
    async with transaction(database) as connection:
        later = {"passages": 1, "synced_at": datetime.now(UTC) + timedelta(minutes=1)}
        await connection.execute(insert(documents).values(**new, **later))
    ((made,), _) = await gathered(core, database)
    assert (made.abstain, made.mined) == (True, ())


async def test_files_of_a_chat_never_enter(core: Core, database: AsyncEngine) -> None:
    """Nobody else has them; not even what was asked is kept."""
    records = Records(database)
    await records.reviewed("a1", scopes=frozenset({"public", "@f1"}))
    assert await gathered(core, database) == ([], [(FILES, "")])


async def test_who_is_gone_leaves_nothing(core: Core, database: AsyncEngine) -> None:
    """An answer takes its review with it."""
    await Records(database).reviewed("a1")
    async with transaction(database) as connection:
        await connection.execute(delete(answers))
    assert await gathered(core, database) == ([], [])


async def test_golden_questions_and_standard_answers_are_examples(core: Core, database: AsyncEngine) -> None:
    """Golden ones to be measured on; each wording of a standard answer; what is switched off is not."""
    await ingest(core, DOCUMENTS)
    golden = GoldenQuestions(database)
    expected = {"document": "docs/office", "source": "docs", "title": "Office", "text": OFFICE}
    await golden.add("Where is the office?", ["public"], [expected], author="web:rita")
    await golden.add("Who is the pope?", None, [], author="web:rita")
    await golden.disable(await golden.add("Off?", None, []), "web:rita")
    wordings = ("How much leave?", "How many holidays?")
    entry = StandardAnswer(
        "30 days [1]. See [this](https://x.example).",
        wordings,
        id="s1",
        citations=(CITED,),
        author="web:rita",
        **WRITTEN,
    )
    await StandardRecords(database).put(
        [entry, StandardAnswer("No.", ("Off?",), id="s2", enabled=False, **WRITTEN)]
    )
    where, pope, *standard = (await gathered(core, database))[0]
    assert ([text.id for text in where.right], where.part, where.origin.source) == (
        ["docs/office#0"],
        "test",
        "golden",
    )
    assert (pope.abstain, pope.part, pope.origin.scopes) == (True, "test", None)
    assert [one.question for one in standard] == list(wordings)
    assert {one.answer for one in standard} == {"30 days [1]. See this."}
    assert [text.id for text in standard[0].right] == ["docs/leave#0"]
    assert (standard[0].origin.people, standard[0].origin.scopes) == (("web:rita",), ("public",))


async def test_a_passage_is_found_where_its_document_was_cut_anew(core: Core) -> None:
    """What stands nowhere is taken as it was, by an id that no other text has; a quote of it is nothing."""
    await ingest(core, {"Leave": f"# Leave\n\n## Before\n\nSomething else now.\n\n## Days\n\n{LEAVE}\n"})
    there = Named("docs/leave", "docs", "Leave", LEAVE, "docs/leave#0")
    gone = Named("docs/leave", "docs", "Leave", "What nobody says any more in this house.", "docs/leave#0")
    quote = Named("docs/leave", "docs", "Leave", "two weeks … ahead", "docs/leave#0", quoted=True)
    lost = Named("docs/other", "docs", "Other", "It is gone", "docs/other#3", quoted=True)
    found = await standing(core.store, [there, gone, quote, lost])
    assert [text.id for text in found[there]] == ["docs/leave#1"]
    assert [text.id for text in found[quote]] == ["docs/leave#1"]
    assert found[gone][0].text == "Leave\nWhat nobody says any more in this house."
    assert found[gone][0].id not in {"docs/leave#0", "docs/leave#1"}
    assert found[lost] == ()
