"""What retrieval and training each bring, measured with real models: a released embedder, a tiny language model, a LoRA."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag_core.bootstrap import Core, open_core
from rag_core.errors import NotFound
from rag_core.ingest.indexing import Indexer
from rag_core.records.index.releases import Release, Releases
from rag_core.retrieval.query_map import QueryMap
from rag_core.settings import Generator, Settings
from tests.models import ANSWER, QUESTION
from tests.training.evaluate.conftest import write
from tests.training.report.made import begun
from training.dataset import Dataset, Example, Origin, Text
from training.dataset import write as write_dataset
from training.evaluate import BeirDocument, index_beir
from training.report.comparing import compare_on
from training.report.four import NAMES, Compared, Given, as_markdown, draw, measured, not_asked

CORPUS = {
    "files": "Deleted files are kept for 27 days.",
    "office": "The office in Porto is at Rua do Farol 18.",
    "leave": "You have 30 days of leave a year. Ask your lead two weeks ahead.",
}
ASKED = {
    "q1": (QUESTION, "files", "Deleted files are kept for 27 days."),
    "q2": ("Where in Porto is the office?", "office", "Rua do Farol 18"),
}


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """A set of two questions with answers."""
    folder = tmp_path / "judged"
    (folder / "qrels").mkdir(parents=True)
    write(folder / "corpus.jsonl", [{"_id": n, "title": "", "text": t} for n, t in CORPUS.items()])
    write(folder / "queries.jsonl", [{"_id": n, "text": one[0]} for n, one in ASKED.items()])
    write(folder / "answers.jsonl", [{"query_id": n, "answers": [one[2]]} for n, one in ASKED.items()])
    (folder / "qrels" / "test.tsv").write_text("".join(f"{n}\t{one[1]}\t1\n" for n, one in ASKED.items()))
    return folder


async def trained(core: Core, adapter: Path | None = None) -> Release:
    """A release like the active one, with a map of questions' vectors, and with the adapter."""
    card, models = core.release.card, core.settings.home / "models"
    (models / "run-query-side").mkdir()
    QueryMap(np.eye(card.dimension, dtype=np.float32), card.weights_sha256).write(models / "run-query-side")
    made = replace(core.release, query_map="run-query-side")
    if adapter:
        (models / "run-generator").symlink_to(adapter)
        made = replace(made, adapter="run-generator")
    return await Releases(core.database).add_from(made, "20260101-000000-abcd", "trained", own_index=False)


async def filled(core: Core) -> None:
    """Its index has the corpus."""
    documents = [BeirDocument(name, "", text) for name, text in CORPUS.items()]
    await index_beir(documents, Indexer(core.embedder, core.store, core.compute))
    await core.store.optimize()


def kept(home: Path) -> str:
    """A run that kept test rows: those asked, and one that nothing answers; its name."""
    rows = [
        Example(
            asked,
            Origin("review", name, scopes=("public",)),
            right=(Text(f"set:{document}#0", document, CORPUS[document], "public", "set"),),
            answer=f"{answer} [1]",
            group=name,
            part="test",
        )
        for name, (asked, document, answer) in ASKED.items()
    ]
    nobody = Example("Who am I?", Origin("review", "q9"), abstain=True, part="test")
    run = begun(home)
    write_dataset(home, run.id, Dataset((*rows, nobody)))
    return run.id


async def compared(
    settings: Settings, sets: list[Path], release: str | None = None
) -> tuple[Compared, list[str]]:
    """And the stages that were told."""
    stages: list[str] = []
    found = await compare_on(settings, sets, "test", None, release, lambda stage, *_: stages.append(stage))
    return found[0], list(dict.fromkeys(stages))


async def test_four_systems_answer_the_same_questions(
    core: Core, judged: Path, causal_model: Path, lora_adapter: Path
) -> None:
    """The base model and the trained one each from memory and from passages, the embedders alone and in a whole search."""
    generator = Generator(kind="local", model=str(causal_model), device="cpu", max_tokens=40)
    release = await trained(core, lora_adapter)
    settings = core.settings.model_copy(update={"generator": generator})
    found, stages = await compared(settings, [judged], release.id)
    base, retrieval, tuned, both = found.systems
    assert tuple(one.name for one in found.systems) == NAMES
    assert (found.questions, found.answered) == (2, 2)
    assert set(NAMES) <= set(stages)
    for one in found.systems:
        assert one.missing == ""
        assert one.measures is not None
        assert one.measures["nDCG@10"].estimate == 1.0
        assert set(one.measures) == {
            "nDCG@10", "ROUGE-L", "BLEU / 100", "F1", "exact match", "groundedness", "answered",
        }  # fmt: skip
    # From memory the base model knows one of both by heart, and the adapter says the same to everything.
    remembered, forgot = base.value("F1"), tuned.value("F1")
    assert remembered is not None
    assert forgot is not None
    assert remembered.estimate > forgot.estimate
    assert retrieval.value("groundedness").estimate > 0.4  # type: ignore[union-attr]
    assert "from memory" in base.writes
    assert "run-query-side" in both.finds
    assert "from the passages" in both.writes


async def test_without_a_language_model_documents_are_quoted_and_nothing_answers_from_memory(
    core: Core, judged: Path
) -> None:
    """What cannot be run is said; searching is compared all the same."""
    release = await trained(core)
    found, _ = await compared(core.settings, [judged], release.id)
    base, retrieval, tuned, both = found.systems
    for one in (base, tuned):
        assert "No language model is configured" in one.missing
        assert list(one.measures or {}) == ["nDCG@10"]
    for one in (retrieval, both):
        assert one.writes == "extractive from the passages"
        assert one.value("answered").estimate == 1.0  # type: ignore[union-attr]
    text = as_markdown(found)
    assert "| nDCG@10 | 1.000" in text
    assert "| ROUGE-L | – |" in text
    assert "- base model only: the nearest passages by " in text


async def test_without_a_trained_release_half_of_it_is_asked(settings: Settings, judged: Path) -> None:
    """On an installation that has read nothing as well."""
    found, _ = await compared(settings, [judged])
    assert [bool(one.measures) for one in found.systems] == [True, True, False, False]
    assert "`answerloop train` does" in found.systems[3].missing
    json.dumps(found.as_json(), allow_nan=False)


async def test_an_installations_own_test_rows_are_asked_of_its_own_index(core: Core) -> None:
    """Those that the last run kept, with the passages and the approved answers that people gave."""
    await filled(core)
    with pytest.raises(NotFound, match="answerloop train"):
        await compared(core.settings, [])
    run = kept(core.settings.home)
    release = await trained(core)
    found, _ = await compared(core.settings, [], release.id)
    assert found.set == f"test questions of run {run}"
    assert (found.questions, found.answered) == (2, 2)
    assert [one.value("nDCG@10").estimate for one in found.systems] == [1.0] * 4  # type: ignore[union-attr]
    assert ASKED["q1"][0] not in as_markdown(found)


async def test_a_trained_embedder_searches_its_own_index(core: Core, model_folder: Path) -> None:
    """And the untrained one the same passages, with vectors of its own."""
    (core.settings.home / "models" / "run-retriever").symlink_to(model_folder)
    made = replace(core.release, embedder="run-retriever")
    release = await Releases(core.database).add_from(made, "20260101-000000-abcd", "trained", own_index=True)
    async with open_core(core.settings, release) as other:
        await filled(other)
    kept(core.settings.home)
    found, stages = await compared(core.settings, [], release.id)
    assert "A sample of the passages is embedded" in stages
    assert [one.value("nDCG@10").estimate for one in found.systems] == [1.0] * 4  # type: ignore[union-attr]
    assert "run-retriever" in found.systems[3].finds


def test_an_abstention_scores_nothing_where_an_answer_is_accepted() -> None:
    """It is no answer, and not grounded in anything; what nobody judged is left out."""
    given = [
        Given("a", 1.0, "27 days", ("27 days",), 1.0),
        Given("b", 0.0, "", ("30 days",)),
        Given("c", float("nan"), "Anything", ()),
    ]
    found = measured("both", "search", "a model", "", given)
    values = {name: one.estimate for name, one in (found.measures or {}).items()}
    assert values["nDCG@10"] == values["F1"] == values["exact match"] == 0.5
    assert values["groundedness"] == 1.0
    assert values["answered"] == pytest.approx(2 / 3)
    interval = found.value("F1")
    assert interval is not None
    assert 0 <= interval.low <= 0.5 <= interval.high <= 1


def test_one_plot_shows_all_four(tmp_path: Path) -> None:
    """Of several sets, one above the other; what was not run is in the legend as such."""
    given = [Given(str(n), n / 4, ANSWER, (ANSWER,), 1.0) for n in range(5)]
    asked = [measured(name, "search", "a model", "", given) for name in NAMES[:2]]
    whole = Compared(
        "medquad", 5, 5, (*asked, *(not_asked(name, "Nothing was trained.") for name in NAMES[2:]))
    )
    draw([whole, replace(whole, set="squad")], tmp_path / "new" / "four.svg")
    drawn = (tmp_path / "new" / "four.svg").read_text()
    for words in ("medquad", "squad", "retrieval only", "both (not run)", "nDCG@10", "groundedness"):
        assert words in drawn
