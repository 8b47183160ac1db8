"""A set answered by real parts, and by generators that do as they are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from rag_core.compute import Compute
from rag_core.errors import DocumentError, Unavailable
from rag_core.generation.extractive import Extractive
from rag_core.generation.protocol import Draft, Generator, Request, Said, nothing
from rag_core.index.embedding import Embedder
from rag_core.index.stores.lance import LanceStore
from rag_core.ingest.indexing import Indexer
from rag_core.retrieval.search import Search
from rag_core.settings import Answers, Settings
from rag_core.types import Passage
from tests.training.evaluate.conftest import write
from training.evaluate import Reply, evaluate_answers, read_questions, scores

Ask = Callable[..., asyncio.Future[list[Reply]]]


@pytest.fixture
def answered(folder: Path) -> Path:
    """Answers to both questions, and one to decline."""
    rows: list[dict[str, object]] = [
        {"query_id": "q1", "answers": ["25th of each month", "the 25th"]},
        {"query_id": "q2", "answers": ["Porto"]},
    ]
    write(folder / "answers.jsonl", rows)
    write(folder / "unanswerable.jsonl", [{"text": "Which planet has the most moons?"}])
    return folder


@pytest.fixture
async def store(tmp_path: Path, embedder: Embedder) -> AsyncIterator[LanceStore]:
    opened = await LanceStore.open(tmp_path / "index", "passages", embedder.card.dimension)
    yield opened
    await opened.close()


@pytest.fixture
def ask(answered: Path, store: LanceStore, embedder: Embedder, compute: Compute) -> Ask:
    """Evaluate a generator on the set."""

    def run(generator: Generator, **options: object) -> object:
        search = Search(embedder, store, compute, Settings().retrieval)
        options = {"declines": lambda request, draft: draft.confidence < 0.3, **options}
        data = read_questions(answered, "test")
        return evaluate_answers(
            data, Indexer(embedder, store, compute), search, generator, compute, **options
        )  # type: ignore[arg-type]

    return run  # type: ignore[return-value]


class Scripted:
    """A Generator that says a sentence, and how many questions it was asked at the same time."""

    name = version = "scripted"

    def __init__(self, error: Exception | None = None) -> None:
        self.most = self._now = 0
        self._error = error

    async def generate(self, request: Request, said: Said = nothing) -> Draft:
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(0.05)
        self._now -= 1
        if self._error:
            raise self._error
        return Draft("It is in Porto.", (), 0.6, abstained=False, notices=("generator-failed",))


def extractive() -> Extractive:
    return Extractive(Answers(min_confidence=0), Settings().retrieval.top_k)


async def test_a_set_is_answered_as_a_person_is(ask: Ask) -> None:
    """Both answers are right and cite their document; each reply knows what was asked."""
    told: list[tuple[str, int, int]] = []
    replies = await ask(extractive(), progress=lambda *step: told.append(step))
    assert [(r.asked.id, r.asked.kind) for r in replies] == [
        ("q1", "answerable"),
        ("q2", "answerable"),
        ("unanswerable-1", "unanswerable"),
    ]
    assert [r.right for r in replies] == [True, True, False]
    assert [r.cited[0] for r in replies[:2]] == ["d1", "d2"]
    assert "cork" in replies[1].text
    assert "[1]" not in replies[1].text
    assert "[1]" in replies[1].draft.text
    assert all(r.ms > 0 for r in replies)
    assert told[-1] == ("answering", 3, 3)
    assert ("indexing", 3, 3) in told


async def test_what_would_have_been_said_is_known_below_the_threshold(ask: Ask) -> None:
    """Abstained on, counted as such, and right all the same."""
    replies = await ask(extractive(), declines=lambda request, draft: True)
    assert all(r.abstained for r in replies)
    assert [r.said for r in replies] == ["", "", ""]
    assert [r.right for r in replies] == [True, True, False]
    result = scores(replies)
    assert (result["answer_in_reply"], result["abstention_recall"]) == (0.0, 1.0)
    assert result["abstention_precision"] == pytest.approx(1 / 3, abs=1e-4)


async def test_questions_wait_for_a_model_side_by_side_within_bounds(ask: Ask) -> None:
    """And come back in order; what failed is counted."""
    model = Scripted()
    replies = await ask(model, at_once=2, strangers=[f"What is {n}?" for n in range(6)])
    assert model.most == 2
    assert [r.asked.id for r in replies[2:]] == ["unanswerable-1", *(f"stranger-{n}" for n in range(1, 7))]
    result = scores(replies)
    assert result["generator_failed"] == len(replies) == 9
    assert (result["answer_in_reply"], result["strangers"]) == (0.5, 6)


async def test_an_error_stops_all_and_comes_out_by_itself(ask: Ask) -> None:
    """Not in a group, which the command line would not know."""
    with pytest.raises(Unavailable, match="the disk is gone"):
        await ask(Scripted(Unavailable("the disk is gone")), at_once=2)


async def test_a_question_without_words_is_named_before_anything_is_indexed(
    ask: Ask, answered: Path, store: LanceStore
) -> None:
    """By its id."""
    write(answered / "unanswerable.jsonl", [{"text": "Who?"}, {"text": "?!"}])
    with pytest.raises(DocumentError, match="unanswerable-2 cannot be asked"):
        await ask(extractive())
    assert (await store.state()).passages == 0


async def test_a_corpus_with_nothing_to_find_is_abstained_on(ask: Ask, answered: Path) -> None:
    """An empty corpus is no error."""
    (answered / "corpus.jsonl").write_text("")
    replies = await ask(extractive())
    assert all(r.abstained and r.right is False for r in replies)
    assert scores(replies)["abstained_on_answerable"] == 1.0


async def test_a_reply_as_a_row_can_be_read_without_the_program(ask: Ask) -> None:
    """JSON of plain values; the reply below the threshold too."""
    replies = await ask(extractive(), declines=lambda request, draft: True)
    row = json.loads(json.dumps(replies[1].row()))
    assert (row["id"], row["kind"], row["accepted"], row["relevant"]) == (
        "q2",
        "answerable",
        ["Porto"],
        ["d2"],
    )
    assert (row["right"], row["abstained"], row["generator"]) == (True, True, "extractive")
    assert "Porto" in row["reply"]
    assert 0 <= row["confidence"] <= 1
    assert row["citations"][0]["document"] == "d2"


async def test_long_answers_are_compared_by_what_they_have_in_common(ask: Ask, answered: Path) -> None:
    """A paragraph stands word for word in no reply; F1, ROUGE-L and BLEU tell how near it comes."""
    long = (
        "The office that we have in Porto is in a warehouse; the building is old, and cork was stored there."
    )
    write(answered / "answers.jsonl", [{"query_id": "q2", "answers": [long]}])
    result = scores(await ask(extractive()))
    assert result["answer_in_reply"] == 0.0
    assert 0 < result["bleu"] < 100
    assert 0.2 < result["f1"] < 1
    assert 0.2 < result["rouge_l"] < 1


async def test_each_sentence_that_cites_is_checked_against_what_it_cites(ask: Ask) -> None:
    """Where somebody checks. Answers that are not given are not checked, nor what strangers were told counted."""
    asked: list[tuple[str, list[str]]] = []

    async def supports(sentence: str, passages: Sequence[Passage]) -> bool:
        asked.append((sentence, [p.document for p in passages]))
        return "Porto" in sentence

    replies = await ask(extractive(), supports=supports, strangers=["Where is the office?"])
    assert ("The office in Porto is in an old cork warehouse.", ["d2"]) in asked
    assert all("[1]" not in sentence for sentence, _ in asked)
    assert [r.supported[:1] for r in replies] == [(False,), (True,), (), (True,)]
    assert scores(replies)["citation_support"] == 0.5
    assert scores(await ask(extractive()))["citation_support"] is None
