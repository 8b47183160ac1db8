"""From records and documents to a dataset, with the real index and the real embedding model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pytest

from rag_core.bootstrap import Core
from rag_core.generation.protocol import LanguageModel
from rag_core.records.reviews.judging import Judged
from rag_core.retrieval.search import Search
from rag_core.settings import Settings
from rag_core.types import Ranked
from tests.training.dataset.conftest import ingest
from tests.training.dataset.test_gathering import Records
from tests.training.dataset.test_synthetic import Scripted
from training.dataset import PARTS, Built, Dataset, build, read, summary, write
from training.dataset.rows import Example

TOPICS = (
    "leave", "parking", "expenses", "laptops", "passwords", "visitors", "training", "pensions", "invoices", "backups",
    "holidays", "contracts",
)  # fmt: skip


@pytest.fixture
def settings(home: Path, request: pytest.FixtureRequest) -> Settings:
    """With the parameter "synthetic", five questions are to be written."""
    wanted = 5 if getattr(request, "param", "") == "synthetic" else 0
    return Settings.model_validate({"home": home, "training": {"data": {"synthetic": wanted}}})


def passage(topic: str) -> str:
    return f"All that concerns {topic} is decided by the {topic} board, which meets on the first day of each month."


def document(topic: str) -> str:
    below = f"Whoever has a question about {topic} writes to {topic}@example.com and has an answer in two days at most."
    sections = (
        f"# About {topic}",
        f"## Who decides about {topic}",
        passage(topic),
        f"## Where to ask about {topic}",
        below,
    )
    return "\n\n".join(sections)


async def filled(core: Core) -> None:
    await ingest(core, {f"The {topic} book": document(topic) for topic in TOPICS})
    records = Records(core.database)
    for topic in TOPICS:
        await records.asked(topic)
        name = f"docs/the-{topic}-book"
        right = Judged(f"{name}#0", "right", name, "docs", "public", f"The {topic} book", passage(topic))
        await records.resolved(topic, "right_passage", right)


async def built(core: Core, previous: Built | None = None, model: LanguageModel | None = None) -> Built:
    search = Search(core.embedder, core.store, core.compute, core.settings.retrieval)

    async def found(question: str, scopes: frozenset[str] | None) -> Sequence[Ranked]:
        return (await search(question, scopes, 20)).ranked

    return await build(
        core.database,
        core.settings,
        core.store,
        core.embedder,
        found,
        model,
        previous=previous and previous.parts,
    )


async def test_reviewed_feedback_becomes_a_dataset(core: Core) -> None:
    """In three parts, with hard negatives, headings, a guard against forgetting, and a table of what was dropped."""
    await filled(core)
    made = (await built(core)).dataset
    asked = [one for one in made.examples if one.origin.source == "review"]
    assert sorted(one.question for one in asked) == sorted(
        f"How many days of leave, {topic}?" for topic in TOPICS
    )
    assert {one.part for one in asked} == {"train", "validation", "test"}
    assert all(one.mined for one in asked if one.part == "train")
    assert not any(shares_a_document(one) for one in made.examples)
    documents = [{text.document for one in made.of(part) for text in one.right} for part in PARTS]
    assert not any(one & other for one, other in combinations(documents, 2))
    assert made.counts["train.heading"] > 4
    assert made.counts["general"] + made.counts["train.heading"] + len(made.dropped) == 2 * len(TOPICS)
    assert [row.count for row in summary(made.dropped)] == sorted(
        (r.count for r in summary(made.dropped)), reverse=True
    )


async def test_a_question_stays_in_its_part_while_others_come(core: Core) -> None:
    """Also where it is asked again in other words."""
    await filled(core)
    before = await built(core)
    records = Records(core.database)
    for topic in TOPICS[:3]:
        await records.asked(f"again{topic}")
        name = f"docs/the-{topic}-book"
        right = Judged(
            f"{name}#1", "right", name, "docs", "public", f"The {topic} book", "Whoever has a question"
        )
        await records.resolved(f"again{topic}", "right_passage", right)
    after = {one.question: one.part for one in (await built(core, before)).dataset.examples}
    was = {one.question: one.part for one in before.dataset.examples if one.origin.source == "review"}
    assert {question: after[question] for question in was} == was


@pytest.mark.parametrize("settings", ["synthetic"], indirect=True)
async def test_a_language_model_writes_questions_where_the_settings_say_so(core: Core) -> None:
    """They are trained on, or dropped with a reason."""
    await filled(core)
    model = Scripted(*(f"Who decides about the {topic} of the house?" for topic in (*TOPICS, *TOPICS)))
    made = (await built(core, model=model)).dataset
    written = [one for one in made.examples if one.origin.source == "synthetic"]
    assert {one.part for one in written} <= {"train"}
    assert len(written) + sum(one.example.origin.source == "synthetic" for one in made.dropped) == 5
    assert len(model.prompts) == 5


def shares_a_document(one: Example) -> bool:
    return bool({text.document for text in one.mined} & {text.document for text in one.right})


async def test_the_same_records_give_the_same_dataset(core: Core) -> None:
    """Also when it comes from its files."""
    await filled(core)
    one, other = (await built(core)).dataset, (await built(core)).dataset
    assert one == other
    assert read(write(core.settings.home, "run1", one)) == reordered(one)


def reordered(made: Dataset) -> Dataset:
    """As files have it: part by part."""
    parts = (made.of("train"), made.of("validation"), made.of("test"))
    return Dataset(
        tuple(one for part in parts for one in part),
        made.general,
        made.dropped,
        made.notes,
        made.shared,
        made.seed,
    )


async def test_where_nothing_was_reviewed_there_is_nothing(core: Core) -> None:
    """Of an empty index as well; and it is said."""
    made = (await built(core)).dataset
    assert made.examples == made.general == made.dropped == ()
    assert len(made.notes) == 2
