"""A small cross-encoder, trained and exported for these tests, in the search that serves."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from rag_core.bootstrap import make_assistant, open_core, open_library, open_records
from rag_core.compute import Compute
from rag_core.errors import NotReady
from rag_core.index.embedding import Embedder, ModelCard
from rag_core.index.stores.lance import LanceStore
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.records.index.releases import Releases
from rag_core.retrieval.reranking import PairScorer, Reranker, readable
from rag_core.retrieval.search import Search
from rag_core.settings import FolderSource, Retrieval, Settings
from rag_core.types import Passage, Place, Principal, Question, Ranked
from tests.conftest import EXPORTED

ROOT = Path(__file__).parents[3]
QUESTION = "What of the lantern?"
ANSWERS, OTHERS = "Some battery is in the lantern.", "Some battery is in a lantern."
"""The model has learned that passages with the word 'the' answer; see tests/rerankers.py."""


@pytest.fixture(scope="module")
def scorer(reranker_folder: Path) -> PairScorer:
    return PairScorer(reranker_folder)


def ranked(texts: Sequence[str]) -> list[Ranked]:
    """As fusion leaves them: best first."""
    return [
        Ranked(passage(f"p{n}", text), cosine=0.5, bm25=1.0, score=0.9 - n / 100)
        for n, text in enumerate(texts)
    ]


def passage(name: str, text: str, title: str = "", headings: tuple[str, ...] = ()) -> Passage:
    return Passage(name, name, "docs", "public", title, headings, text, "https://docs.example", Place())


# --- the scores --------------------------------------------------------------------------------------------------


def test_what_answers_has_the_higher_logit(scorer: PairScorer) -> None:
    """As it was trained to, by more than what int8 loses."""
    answers, others = scorer.logits(QUESTION, [ANSWERS, OTHERS])
    assert answers > others + 0.5


def test_a_score_does_not_depend_on_what_else_is_scored(scorer: PairScorer) -> None:
    """To the last bit, whatever the lengths of the others."""
    texts = [OTHERS, ANSWERS, OTHERS * 5, "No."]
    together = scorer.logits(QUESTION, texts)
    assert [scorer.logits(QUESTION, [text])[0] for text in texts] == together.tolist()


def test_of_a_long_passage_the_end_is_not_read(scorer: PairScorer) -> None:
    """What is beyond the window changes nothing; the question is read whole."""
    filler = "Some battery is in a lantern. " * 20
    inside, beyond, without = scorer.logits(QUESTION, [f"{ANSWERS} {filler}", f"{filler} {ANSWERS}", filler])
    assert beyond == without
    assert inside > without


def test_a_question_longer_than_the_window_leaves_room_for_the_passage(scorer: PairScorer) -> None:
    """It is cut; the passage still decides."""
    answers, others = scorer.logits("lantern battery " * 200, [ANSWERS, OTHERS])
    assert answers > others


def test_a_passage_is_read_with_its_title_and_headings() -> None:
    """In one line before its text; a name that comes twice stands once."""
    assert readable(passage("p", "Text.", "Guide", ("Guide", "Setup"))) == "Guide > Setup\nText."
    assert readable(passage("p", "Text.")) == "Text."


# --- the order ---------------------------------------------------------------------------------------------------


async def test_the_scores_decide_the_order(scorer: PairScorer, compute: Compute) -> None:
    """The passage that answers comes from the last place to the first, and the others keep their order."""
    found = ranked([OTHERS] * 3 + [ANSWERS])
    reranked = await Reranker(scorer, compute, 20)(QUESTION, found)
    assert [r.passage.id for r in reranked] == ["p3", "p0", "p1", "p2"]
    assert reranked[0].probability is not None
    assert reranked[1].probability is not None
    assert 1 > reranked[0].probability > reranked[1].probability > 0


async def test_the_fused_scores_are_given_out_anew(scorer: PairScorer, compute: Compute) -> None:
    """Their spread is what confidence is calibrated on; cosine and BM25 stay with their passage."""
    found = ranked([OTHERS, OTHERS, ANSWERS])
    reranked = await Reranker(scorer, compute, 20)(QUESTION, found)
    assert [r.score for r in reranked] == [r.score for r in found]
    assert {(r.passage.id, r.cosine, r.bm25) for r in reranked} == {
        (r.passage.id, r.cosine, r.bm25) for r in found
    }


async def test_passages_beyond_the_limit_are_not_read(scorer: PairScorer, compute: Compute) -> None:
    """They stay where they were, behind those that were."""
    reranked = await Reranker(scorer, compute, 2)(QUESTION, ranked([OTHERS, OTHERS, ANSWERS, ANSWERS]))
    assert [r.passage.id for r in reranked] == ["p0", "p1", "p2", "p3"]
    assert [r.probability is None for r in reranked] == [False, False, True, True]


async def test_nothing_found_is_nothing_to_read(scorer: PairScorer, compute: Compute) -> None:
    """No error."""
    assert await Reranker(scorer, compute, 20)(QUESTION, []) == []


async def test_other_work_waits_for_one_pair_and_not_for_all(scorer: PairScorer) -> None:
    """On a single thread another question's embedding gets in between two pairs."""
    compute = Compute(1)
    reranker = Reranker(scorer, compute, 500)
    reranking = asyncio.create_task(reranker.probabilities(QUESTION, [OTHERS * 5] * 500))
    for _ in range(3):
        await compute.run(int)
        assert not reranking.done()
    assert len(await reranking) == 500
    compute.close()


# --- in the search -----------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def store(embedder: Embedder, compute: Compute, tmp_path: Path) -> AsyncIterator[LanceStore]:
    """A document that answers, among several that are nearer to the question."""
    texts = {f"d{n}": f"Some battery number {n} is in a lantern of ours." for n in range(5)}
    texts["answers"] = "On cold days it is better to carry the spare parts along."
    opened = await LanceStore.open(tmp_path / "index", "passages", embedder.card.dimension)
    indexer = Indexer(embedder, opened, compute)
    parsed = [Parsed(name, "docs", "public", "", f"https://x/{name}", text) for name, text in texts.items()]
    await indexer.write([await indexer.divide(document) for document in parsed])
    await indexer.tidy()
    yield opened
    await opened.close()


async def test_a_search_with_a_reranker_ends_in_its_order(
    embedder: Embedder, store: LanceStore, compute: Compute, scorer: PairScorer
) -> None:
    """Also what was not among the first `keep` of the fused order comes first, when the reranker reads it."""
    question = "Is a battery in a lantern?"
    plain = await Search(embedder, store, compute, Retrieval())(question, None, keep=3)
    assert "answers" not in [r.passage.document for r in plain.ranked]
    assert all(r.probability is None for r in plain.ranked)
    reranker = Reranker(scorer, compute, 20)
    found = await Search(embedder, store, compute, Retrieval(), reranker=reranker)(question, None, keep=3)
    assert found.ranked[0].passage.document == "answers"
    assert len(found.ranked) == 3
    assert "rerank" in found.timings_ms
    assert "rerank" not in plain.timings_ms


# --- the folder --------------------------------------------------------------------------------------------------


def test_no_folder_is_not_ready(tmp_path: Path) -> None:
    """The message names the folder and the command."""
    with pytest.raises(NotReady, match=r"nowhere cannot be used: .*`answerloop ingest` exports it anew\.$"):
        PairScorer(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.onnx", b"garbage"),
        ("model.onnx", None),
        ("model.onnx", b""),
        ("tokenizer.json", b"garbage"),
        ("tokenizer.json", None),
        ("card.json", b"garbage"),
        ("card.json", b"[]"),
        ("card.json", b'{"name": "x"}'),
        ("card.json", b'{"name": "x", "window": 48}'),
    ],
)
def test_a_damaged_folder_is_not_ready(
    reranker_folder: Path, tmp_path: Path, name: str, content: bytes | None
) -> None:
    """Whichever of its files is gone, cut or overwritten; in one line."""
    folder = tmp_path / "reranker"
    shutil.copytree(reranker_folder, folder)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(NotReady, match=r"delete that folder, and `answerloop ingest`") as error:
        PairScorer(folder)
    assert "\n" not in str(error.value)


def test_an_embedder_is_no_reranker(model_folder: Path) -> None:
    """Its card says what it is."""
    with pytest.raises(NotReady, match="no card of a reranker"):
        PairScorer(model_folder)


# --- the release -------------------------------------------------------------------------------------------------


async def release(settings: Settings, model_folder: Path, reranker: str | None) -> None:
    async with open_records(settings) as database:
        releases = Releases(database)
        added = await releases.add(EXPORTED, ModelCard.read(model_folder), reranker)
        await releases.activate(added.id)


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.md").write_text("Some battery is in a lantern.\n")
    (folder / "b.md").write_text("It is better to carry the spare battery along.\n")
    return folder


async def test_a_release_answers_with_its_reranker(
    settings: Settings, model_folder: Path, reranker_folder: Path, documents: Path
) -> None:
    """It is opened beside the embedder, and the assistant's search uses it."""
    shutil.copytree(reranker_folder, settings.home / "models" / "tiny")
    await release(settings, model_folder, "tiny")
    async with open_core(settings) as core:
        async with open_library(core) as library:
            await library.sync(FolderSource(name="docs", path=documents))
        answer = await make_assistant(core).ask(
            Question("Is a battery in a lantern?", Principal("console", "me"))
        )
        assert core.reranker is not None
    assert "rerank" in answer.timings_ms


async def test_a_release_whose_reranker_is_gone_is_not_ready(settings: Settings, model_folder: Path) -> None:
    """It does not answer in another order than the one that was promised."""
    await release(settings, model_folder, "gone")
    with pytest.raises(NotReady, match=r"models/gone cannot be used"):
        async with open_core(settings):
            pass


async def test_without_a_reranker_nothing_of_it_is_loaded(
    settings: Settings, model_folder: Path, documents: Path
) -> None:
    """A process that ingests and answers imports no reranking and opens one inference session, the embedder's."""
    await release(settings, model_folder, None)
    script = (
        "import asyncio, sys, onnxruntime\nfrom pathlib import Path\n"
        "from rag_core.bootstrap import make_assistant, open_core\nfrom rag_core.settings import Settings\n"
        "from rag_core.types import Principal, Question\n"
        "opened = []\nsession = onnxruntime.InferenceSession\n"
        "onnxruntime.InferenceSession = lambda path, *a, **k: opened.append(path) or session(path, *a, **k)\n"
        "async def main():\n"
        "    async with open_core(Settings(home=Path(sys.argv[1]))) as core:\n"
        "        await make_assistant(core).ask(Question('A battery?', Principal('console', 'me')))\n"
        "asyncio.run(main())\nprint(len(opened), 'rag_core.retrieval.reranking' in sys.modules)\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(settings.home), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert said.split() == [b"1", b"False"]
