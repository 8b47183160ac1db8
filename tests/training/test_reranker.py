"""A cross-encoder learned from judged questions: its data, its measure, and that it learns."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from rag_core.errors import NotReady
from tests.rerankers import RECIPE, judged, tiny_base
from training import reranker as module
from training.reranker import Judged, Recipe, combined_ndcg, held_out, rows_of, train


def question(n: int, *relevant: str, found: str = "abcdefgh", group: str = "set") -> Judged:
    """Finds a document for each letter, best first."""
    return Judged(
        f"question {n}",
        tuple(found),
        tuple(f"passage {letter}" for letter in found),
        tuple(0.9 - i / 10 for i in range(len(found))),
        dict.fromkeys(relevant, 1),
        group,
    )


# --- the data ----------------------------------------------------------------------------------------------------


def test_questions_that_one_document_answers_are_never_divided() -> None:
    """Also over a chain: a with b, b with c. Each question is in one of the parts."""
    asked = [question(n, f"d{n // 3}", *([f"d{n // 3 + 1}"] if n % 9 == 2 else [])) for n in range(90)]
    training, validation = held_out(asked, 0.3, seed=0)
    assert len(training) + len(validation) == len(asked)
    assert training
    assert validation
    documents = [{d for q in part for d in q.relevant} for part in (training, validation)]
    assert documents[0].isdisjoint(documents[1])


def test_documents_of_two_sets_with_one_id_are_two() -> None:
    """Sets number their documents alike."""
    asked = [question(n, f"d{n}", group=group) for n in range(20) for group in ("one", "other")]
    training, validation = held_out(asked, 0.5, seed=0)
    assert (len(training), len(validation)) == (20, 20)


def test_the_division_depends_on_the_seed_alone() -> None:
    """The same seed makes the same parts, another one others."""
    asked = [question(n, f"d{n}") for n in range(40)]
    assert held_out(asked, 0.3, 1) == held_out(asked, 0.3, 1)
    assert held_out(asked, 0.3, 1) != held_out(asked, 0.3, 2)


def test_negatives_are_what_was_found_and_is_not_judged_to_answer() -> None:
    """For one that answers as many as were asked for, none of them among the spared best."""
    rows = rows_of([question(1, "c")], Recipe(negatives=3, spared=2))
    assert [row.passage for row in rows if row.label] == ["passage c"]
    negatives = {row.passage for row in rows if not row.label}
    assert len(negatives) == 3
    assert negatives <= {f"passage {letter}" for letter in "defgh"}


def test_of_a_long_document_the_passage_found_first_answers() -> None:
    """Its other passages are no negatives."""
    asked = replace(question(1, "a"), documents=("x", "a", "a", "y"), passages=("1", "2", "3", "4"))
    rows = rows_of([asked], Recipe(negatives=5, spared=0))
    assert sorted((row.passage, row.label) for row in rows) == [("1", 0.0), ("2", 1.0), ("4", 0.0)]


def test_a_question_whose_answer_was_not_found_teaches_nothing() -> None:
    """Neither does one without a negative."""
    assert rows_of([question(1, "z"), question(2, "a", found="a")], Recipe()) == []


def test_there_are_never_more_rows_than_asked_for() -> None:
    """Whole questions are left out; the same seed chooses the same ones."""
    asked = [question(n, "a") for n in range(50)]
    rows = rows_of(asked, Recipe(rows=30, negatives=3))
    assert len(rows) == 28
    assert rows == rows_of(asked, Recipe(rows=30, negatives=3))
    assert rows != rows_of(asked, Recipe(rows=30, negatives=3, seed=1))


# --- the measure -------------------------------------------------------------------------------------------------


def test_the_served_order_is_that_of_the_weighted_sum() -> None:
    """Worked out by hand: fused .9, .8, .7; the model is for the last."""
    asked = [question(1, "c", found="abc")]
    p = [np.array([0.0, 0.0, 1.0], np.float32)]
    assert combined_ndcg(asked, p, 0.0) == pytest.approx(1 / math.log2(4))
    assert combined_ndcg(asked, p, 0.1) == pytest.approx(1 / math.log2(3))  # .81, .72, .73: second
    assert combined_ndcg(asked, p, 0.5) == 1.0


def test_each_set_weighs_the_same() -> None:
    """However many questions it has."""
    asked = [question(1, "a"), question(2, "a"), question(3, "z", group="other")]
    assert combined_ndcg(asked, [np.empty(0, np.float32)] * 3, 0.0) == 0.5


# --- the training ------------------------------------------------------------------------------------------------


def test_what_is_trained_is_safetensors_with_its_weight(cross_encoder: Path) -> None:
    """No pickle beside it, no row of the training data in its card, and its weight where the export looks for it."""
    assert {path.suffix for path in cross_encoder.iterdir()} == {".json", ".safetensors", ".md"}
    with safe_open(cross_encoder / "model.safetensors", "pt") as weights:
        assert "classifier.weight" in weights.keys()  # noqa: SIM118 (not a mapping)
    config = json.loads((cross_encoder / "config.json").read_text())
    assert config["answerloop"]["weight"] > 0.5
    said = (cross_encoder / "README.md").read_text()
    assert "| learning_rate | 0.002 |" in said
    assert "lantern" not in said


def test_training_stops_early_and_keeps_the_best(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a learning rate of zero nothing gets better: three evaluations of fifteen, and it is over."""
    recipe = replace(RECIPE, base=str(tiny_base(tmp_path / "base")), learning_rate=0.0, evaluations=5)
    trained = train(judged(160), judged(164)[160:], recipe, tmp_path / "out")
    evaluated = [
        line.split("step ")[1].split(":")[0]
        for line in capsys.readouterr().out.splitlines()
        if "step " in line
    ]
    assert evaluated == ["4", "8", "12"]
    assert trained.step in (4, 8, 12)
    assert trained.after >= trained.before


def test_frozen_layers_stay_as_they_are(tmp_path: Path) -> None:
    """With the embeddings below them; the layers above learn."""
    from safetensors.torch import load_file

    base = tiny_base(tmp_path / "base")
    recipe = replace(RECIPE, base=str(base), frozen_layers=1, rows=64, epochs=1, evaluations=1)
    train(judged(20), judged(24)[20:], recipe, tmp_path / "out")
    before = load_file(base / "model.safetensors")
    after = load_file(tmp_path / "out" / "model.safetensors")
    same = {name: bool((tensor == after[f"bert.{name}"]).all()) for name, tensor in before.items()}
    assert same["embeddings.word_embeddings.weight"]
    assert same["encoder.layer.0.attention.self.query.weight"]
    assert not same["encoder.layer.1.attention.self.query.weight"]


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    """Before anything is loaded or written."""
    with pytest.raises(NotReady, match=r"^There is nothing to learn from"):
        train([question(1, "z")], [question(2, "a")], Recipe(), tmp_path / "out")
    with pytest.raises(NotReady, match=r"^There is nothing to learn from"):
        train([question(1, "a")], [], Recipe(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_base_that_cannot_be_loaded_is_said(tmp_path: Path) -> None:
    """In one sentence that names it."""
    with pytest.raises(NotReady, match=r"^The base model /no/such could not be loaded: "):
        train(judged(8), judged(8), replace(RECIPE, base="/no/such"), tmp_path / "out")


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
    monkeypatch.setattr(sys, "argv", ["reranker", *words])
    assert module.main() == 0
    assert (tmp_path / "out" / "model.safetensors").is_file()
    assert "24 pairs; nDCG@10 on held-out questions" in capsys.readouterr().out
