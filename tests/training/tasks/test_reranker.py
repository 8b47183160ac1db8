"""A cross-encoder learned from reviewed questions, or from judged sets."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag_core.settings.training import RerankerRecipe
from rag_core.types import Passage, Place, Ranked
from tests.rerankers import judged, tiny_base
from training.dataset.rows import Example, Origin, Part, Text
from training.tasks import reranker as module
from training.tasks.pairs import combined_ndcg
from training.tasks.reranker import judged_example, train_reranker
from training.tasks.task import Refused


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """With so small a model threads on busy cores mostly wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- what people judged, in what is found ---------------------------------------------------------------------------


def passage(id: str, text: str, title: str = "Guide") -> Passage:
    return Passage(id, id.split("#")[0], "source", "public", title, (), text, "https://x/y", Place())


def ranked(*passages: Passage) -> list[Ranked]:
    return [Ranked(one, 0.5, 1.0, 0.9 - n / 50) for n, one in enumerate(passages)]


WORDS = "The lamp in the hall is changed by the caretaker once in every year before the winter begins".split()
RIGHT = " ".join(WORDS)


def reviewed(*right: Text, wrong: tuple[Text, ...] = (), mined: tuple[Text, ...] = ()) -> Example:
    return Example("Who changes the lamp?", Origin("review", "r"), right, wrong, mined)


def test_a_right_passage_is_known_by_its_words() -> None:
    """Whatever its id is now, with another heading above it, and in a renamed copy; another text with its id is not it."""
    right = Text("d#0", "d", f"Guide\n{RIGHT}")
    found = ranked(
        passage("d#0", "Something else stands here since the document was cut anew."),
        passage("d#4", RIGHT),
        passage("e#1", f"{RIGHT}, they say.", title="Copy"),
    )
    made = judged_example(reviewed(right), found)
    assert set(made.relevant) == {"d#4", "e#1"}
    assert made.unsure == {"d#0"}
    assert made.right == right.text


def test_a_right_passage_that_was_not_found_counts_as_missed() -> None:
    """So that nDCG falls short of one; of two the other one still counts."""
    first, second = (
        Text("d#0", "d", f"Guide\n{RIGHT}"),
        Text("f#0", "f", "Other\nQuite another text that answers it."),
    )
    made = judged_example(reviewed(first, second), ranked(passage("d#0", RIGHT)))
    assert set(made.relevant) == {"d#0", "f#0"}
    assert combined_ndcg([made], [np.empty(0, np.float32)], 0.0) < 1


def test_what_reviewers_judged_wrong_is_a_negative_before_what_was_mined() -> None:
    """Worded as the model will read it; never what answers after all, and not unsure though it is beside the right one."""
    right = Text("d#0", "d", f"Guide\n{RIGHT}")
    beside = Text("d#1", "d", "Guide\nNobody knows anything about the windows of the hall, sadly.")
    far = Text("f#0", "f", "Old title\nA text that is in no index any more.")
    found = ranked(passage("d#0", RIGHT), passage("d#1", beside.text.split("\n")[1], title="New guide"))
    made = judged_example(reviewed(right, wrong=(beside, right), mined=(far,)), found)
    assert made.wrong == ("New guide\nNobody knows anything about the windows of the hall, sadly.", far.text)
    assert made.unsure == frozenset()


# --- the training ------------------------------------------------------------------------------------------------


def examples(count: int) -> tuple[list[Example], dict[str, list[Ranked]]]:
    """The questions of tests/rerankers.py as people reviewed them, and what a search finds for them."""
    rows, found = [], {}
    for n, one in enumerate(judged(count)):
        texts = list(zip(one.documents, one.passages, strict=True))
        found[one.question] = ranked(*(passage(id, text, title="") for id, text in texts))
        right = tuple(Text(id, id, text) for id, text in texts if id in one.relevant)
        part: Part = "validation" if n % 5 == 0 else "train"
        rows.append(Example(one.question, Origin("review", str(n)), right, group=str(n), part=part))
    return rows, found


async def test_reviewed_questions_become_a_cross_encoder(tmp_path: Path) -> None:
    """That orders what the search finds better, and carries its weight; the test part and headings are not asked."""
    rows, found = examples(160)
    rows.append(replace(rows[0], question="of the test part", part="test"))
    rows.append(replace(rows[1], question="a heading", origin=Origin("heading", "h")))
    asked: list[str] = []

    async def search(question: str) -> Sequence[Ranked]:
        asked.append(question)
        return found[question]

    recipe = RerankerRecipe(
        learning_rate=2e-3, batch_size=16, epochs=3, frozen_layers=0, max_length=48, patience=9
    )
    base = str(tiny_base(tmp_path / "base"))
    result = await train_reranker(rows, base, recipe, tmp_path / "out", search=search, device="cpu")
    assert (result.measure, result.folder) == ("nDCG@10", tmp_path / "out")
    assert result.after > result.before + 0.2
    assert result.figures["weight"] > 0.5
    assert set(asked) == set(found)
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["answerloop"]["weight"] == result.figures["weight"]


async def test_what_gains_nothing_is_refused(tmp_path: Path) -> None:
    """Where the search has the right passage first already; nothing is written."""
    rows, found = examples(40)

    async def search(question: str) -> Sequence[Ranked]:
        *plain, right = [one.passage for one in found[question]]
        return ranked(right, *plain)

    recipe = RerankerRecipe(batch_size=32, frozen_layers=1, max_length=48)
    base = str(tiny_base(tmp_path / "base"))
    with pytest.raises(Refused, match=r"^The reranker is not kept: .* without it 1\.0; review more"):
        await train_reranker(rows, base, recipe, tmp_path / "out", search=search, device="cpu")
    assert not (tmp_path / "out").exists()


async def test_a_validation_part_without_questions_is_refused(tmp_path: Path) -> None:
    """Golden, standard and reviewed questions count there; synthetic ones do not."""
    rows, found = examples(4)
    rows = [replace(row, origin=Origin("synthetic", "s")) for row in rows]

    async def search(question: str) -> Sequence[Ranked]:
        return found[question]

    with pytest.raises(Refused, match="the validation part has no two questions"):
        await train_reranker(rows, "/no/such", RerankerRecipe(), tmp_path / "out", search=search)


def test_a_judged_set_becomes_a_cross_encoder(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command asks the set's train questions of an index of its own; of the other splits nothing is read."""
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    things = "refund lantern invoice battery holiday contract server parcel".split()
    documents = [{"_id": f"d{n}", "text": f"About the {thing}: {n}."} for n, thing in enumerate(things)]
    queries = [{"_id": f"q{n}", "text": f"What of the {thing}?"} for n, thing in enumerate(things)]
    for name, rows in (("corpus", documents), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "qrels" / "train.tsv").write_text("".join(f"q{n}\td{n}\t1\n" for n in range(len(things))))
    options = ["--base", str(tiny_base(tmp_path / "base")), "--spared", "0", "--window", "32"]
    words = [str(model_folder), str(tmp_path / "out"), str(folder), *options, "--held-out", "0.25"]
    monkeypatch.setattr(sys, "argv", ["reranker", *words, "--frozen-layers", "1"])
    assert module.main() == 0
    assert (tmp_path / "out" / "model.safetensors").is_file()
    assert "24 pairs; nDCG@10 on held-out questions" in capsys.readouterr().out
