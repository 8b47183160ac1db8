"""An embedding model learned from reviewed questions: its batches, its loss, that it learns, and that it goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from rag_core.errors import NotReady
from rag_core.settings.training import RetrieverRecipe
from tests.rerankers import THINGS, tiny_base
from training.dataset.rows import Example, Origin, Part, Text
from training.tasks import retriever
from training.tasks.contrastive import batches, contrast, rows_of
from training.tasks.retriever import train_retriever, validation_of
from training.tasks.task import Refused

RECIPE = RetrieverRecipe(
    learning_rate=5e-3,
    batch_size=12,
    epochs=4,
    min_steps=0,
    frozen_layers=0,
    max_length=24,
    near=4,
    hard_negatives=1,
    share=1.0,
)
ASKS = ("What of the {}?", "Tell me of the {}.", "Where is a {}?", "Is there some {} left?")


def text(words: str, document: str = "") -> Text:
    return Text(words, document or words, words)


def example(question: str, *right: str, part: Part = "train", **others: Sequence[str]) -> Example:
    kept: dict[str, Any] = {name: tuple(map(text, words)) for name, words in others.items()}
    return Example(question, Origin("review", question), tuple(map(text, right)), part=part, **kept)


def taught() -> list[Example]:
    """Questions about a thing are answered by what is said of the next one, which only feedback tells."""
    said = [f"Here it is about a {THINGS[(n + 1) % len(THINGS)]}." for n in range(len(THINGS))]
    return [
        example(
            ask.format(thing), said[n], mined=[said[n - 1]], part="validation" if ask == ASKS[-1] else "train"
        )
        for ask in ASKS
        for n, thing in enumerate(THINGS)
    ]


@pytest.fixture(autouse=True)
def measured_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each epoch, however few its steps."""
    monkeypatch.setattr(retriever, "APART", 1)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return tiny_base(tmp_path_factory.mktemp("retriever") / "base")


class Heard:
    """A watcher that remembers the curves."""

    def __init__(self, stop_at: int = -1) -> None:
        self.points: list[tuple[str, float, float]] = []
        self._stop_at = stop_at

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        if words.startswith("training") and done == self._stop_at:
            raise KeyboardInterrupt

    def point(self, curve: str, x: float, y: float) -> None:
        self.points.append((curve, x, y))

    def figure(self, name: str, value: float) -> None: ...


# --- batches -----------------------------------------------------------------------------------------------------


def test_questions_that_are_the_same_are_one() -> None:
    """But for case and space; what is right in one of them is never wrong in the other. Without an answer there is none."""
    rows = rows_of(
        [example("Where?", "a", mined=["b"]), example("where? ", "b", wrong=["c"]), example("Who?")]
    )
    assert rows.questions == ("Where?",)
    assert [{rows.passages[n] for n in right} for right in rows.right] == [{"a", "b"}]
    assert [[rows.passages[n] for n in wrong] for wrong in rows.wrong] == [["c"]]
    assert len(rows.pairs) == 2


def test_what_people_judged_wrong_comes_before_what_was_mined() -> None:
    """Each once."""
    [wrong] = (rows := rows_of([example("Where?", "a", mined=["b", "c"], wrong=["c", "d"])])).wrong
    assert [rows.passages[n] for n in wrong] == ["c", "d", "b"]


def test_a_batch_never_has_a_question_or_a_right_passage_twice() -> None:
    """In an epoch each pair comes once."""
    rows = rows_of([example(f"q{n}", f"p{n % 7}", f"p{n % 5}") for n in range(40)])
    vectors = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    seen = []
    for batch in batches(rows, 8, 0, 4, vectors, seed=1):
        right = batch.passages[: len(batch.questions)]
        assert len(set(batch.questions)) == len(batch.questions)
        assert len(set(right)) == len(right)
        seen += list(zip(batch.questions, right, strict=True))
    assert sorted(seen) == sorted(rows.pairs)


def test_what_answers_a_question_is_never_its_negative() -> None:
    """Neither another right passage, nor what stands beside one in the same document, unless people judged that wrong."""
    first = Example(
        "q0", Origin("review", "0"), (text("a", "one"), text("b", "two")), wrong=(text("c", "one"),)
    )
    second = Example("q1", Origin("review", "1"), (text("d", "one"),))
    third = Example("q2", Origin("review", "2"), (text("b", "two"),), mined=(text("e", "three"),))
    rows = rows_of([first, second, third])
    for batch in batches(rows, 3, 1, 1, np.zeros((3, 4), np.float32), seed=0):
        for n, question in enumerate(batch.questions):
            own = batch.passages[n]
            masked = {rows.passages[p] for p, m in zip(batch.passages, batch.masked[n], strict=True) if m}
            spared = {0: {"a", "b", "d"}, 1: {"a", "c", "d"}, 2: {"b"}}[question] - {rows.passages[own]}
            assert masked == spared & {rows.passages[p] for p in batch.passages}


def test_each_question_brings_negatives_of_its_own() -> None:
    """As many as were asked for, where it has them."""
    rows = rows_of([example(f"q{n}", f"p{n}", mined=[f"m{n}", f"n{n}"]) for n in range(4)])
    [batch] = batches(rows, 4, 1, 1, np.zeros((4, 4), np.float32), seed=0)
    assert sorted(rows.passages[p][1:] for p in batch.passages[4:]) == ["0", "1", "2", "3"]
    [batch] = batches(rows, 4, 9, 1, np.zeros((4, 4), np.float32), seed=0)
    assert len(batch.passages) == 12


def test_questions_like_each_other_are_put_into_one_batch() -> None:
    """Here those of one direction."""
    rows = rows_of([example(f"q{n}", f"p{n}") for n in range(24)])
    vectors = np.eye(6, dtype=np.float32)[[n % 6 for n in range(24)]]
    made = [{n % 6 for n in batch.questions} for batch in batches(rows, 4, 0, 4, vectors, seed=3)]
    assert sorted(made) == [{n} for n in range(6)] or all(len(kinds) == 1 for kinds in made)


def test_the_batches_depend_on_the_seed_alone() -> None:
    rows = rows_of([example(f"q{n}", f"p{n}", mined=["x", "y"]) for n in range(20)])
    vectors = np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32)

    def made(seed: int) -> list[tuple[int, ...]]:
        return [batch.questions + batch.passages for batch in batches(rows, 6, 1, 3, vectors, seed)]

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_the_loss_is_that_of_both_directions() -> None:
    """Worked out by hand: two pairs and a negative, at a temperature of one, the second passage right for both."""
    questions = torch.eye(3)[:2]
    passages = torch.eye(3)
    masked = torch.tensor([[False, True, False], [False, False, False]])
    there = (-np.log(np.e / (np.e + 1)) - np.log(np.e / (np.e + 2))) / 2
    back = (-np.log(np.e / (np.e + 1)) - np.log(1.0)) / 2
    assert float(contrast(questions, passages, masked, 1.0)) == pytest.approx((there + back) / 2)


def test_shorter_vectors_learn_too() -> None:
    """The loss of the first numbers alone counts as much as that of all."""
    questions, passages = torch.randn(3, 8), torch.randn(5, 8)
    masked = torch.zeros((3, 5), dtype=torch.bool)
    whole, half = (contrast(questions[:, :d], passages[:, :d], masked, 0.1) for d in (8, 4))
    both = contrast(questions, passages, masked, 0.1, (4,))
    assert float(both) == pytest.approx(float(whole + half) / 2)


# --- training ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes", [{}, {"frozen_layers": 1, "lora_rank": 8, "learning_rate": 1e-2}, {"matryoshka": (32,)}]
)
def test_it_learns_what_feedback_tells(
    base: Path, tmp_path: Path, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured again with sentence-transformers on the folder that was written: safetensors, nothing pickled. The test part
    is never looked at."""
    from sentence_transformers import SentenceTransformer

    monkeypatch.setattr(retriever, "uses_bf16", lambda device: False)  # so that both measure the same
    heard = Heard()
    recipe = RECIPE.model_copy(update=changes)
    hidden = [example(f"hidden {n}", f"secret {n}", part="test") for n in range(9)]
    examples = [*taught(), *hidden]
    result = train_retriever(examples, str(base), recipe, tmp_path / "out", device="cpu", watcher=heard)
    assert result.after > result.before
    assert result.rows == 36
    assert ("nDCG@10", 0, pytest.approx(result.before, abs=1e-4)) in heard.points
    assert not list((tmp_path / "out").rglob("*.bin")) + list((tmp_path / "out").rglob("*.p*t*"))
    model = SentenceTransformer(str(tmp_path / "out"), device="cpu", model_kwargs={"use_safetensors": True})
    validation = validation_of(examples, (), recipe.seed)
    assert not [passage for passage in validation.passages if "secret" in passage]
    asked, read = (
        model.encode(list(texts), normalize_embeddings=True)
        for texts in (validation.questions, validation.passages)
    )
    assert validation.ndcg(asked, read) == pytest.approx(result.after, abs=1e-3)


def test_frozen_layers_stay_as_they_are(base: Path, tmp_path: Path) -> None:
    """With the embeddings below them; those above learn."""
    recipe = RECIPE.model_copy(update={"frozen_layers": 1})
    train_retriever(taught(), str(base), recipe, tmp_path / "out", device="cpu")
    before, after = load_file(base / "model.safetensors"), load_file(tmp_path / "out" / "model.safetensors")
    assert torch.equal(
        before["embeddings.word_embeddings.weight"], after["embeddings.word_embeddings.weight"]
    )
    name = "encoder.layer.{}.attention.self.query.weight"
    assert torch.equal(before[name.format(0)], after[name.format(0)])
    assert not torch.equal(before[name.format(1)], after[name.format(1)])


def test_a_share_of_what_was_learned_can_be_kept(base: Path, tmp_path: Path) -> None:
    """Each weight stands so far between the base's and the trained one."""
    for share in (1.0, 0.75):
        recipe = RECIPE.model_copy(update={"share": share, "epochs": 2})
        train_retriever(taught(), str(base), recipe, tmp_path / str(share), device="cpu")
    before, whole, part = (
        load_file(f / "model.safetensors") for f in (base, tmp_path / "1.0", tmp_path / "0.75")
    )
    name = "encoder.layer.1.output.dense.weight"
    torch.testing.assert_close(
        part[name], before[name] + 0.75 * (whole[name] - before[name]), atol=1e-5, rtol=1e-4
    )


def test_an_interrupted_training_goes_on(base: Path, tmp_path: Path) -> None:
    """From its last evaluation, to the same weights; its checkpoint is safetensors and JSON."""
    recipe = RECIPE.model_copy(update={"epochs": 3})
    train_retriever(taught(), str(base), recipe, tmp_path / "whole", device="cpu")
    with pytest.raises(KeyboardInterrupt):
        train_retriever(
            taught(),
            str(base),
            recipe,
            tmp_path / "parts",
            device="cpu",
            watcher=Heard(8),
            checkpoints=tmp_path / "at",
        )
    assert not (tmp_path / "parts").exists()
    assert {path.suffix for path in (tmp_path / "at").iterdir()} == {".safetensors", ".json"}
    said = json.loads((tmp_path / "at" / "checkpoint.json").read_text())
    assert {"of", "step", "best", "best_step", "without_gain", "seconds"} == set(said)
    heard = Heard()
    train_retriever(
        taught(),
        str(base),
        recipe,
        tmp_path / "parts",
        device="cpu",
        watcher=heard,
        checkpoints=tmp_path / "at",
    )
    assert min(x for curve, x, _ in heard.points if curve == "loss") > 1
    whole, parts = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "parts"))
    for name, tensor in whole.items():
        torch.testing.assert_close(tensor, parts[name])


def test_of_few_rows_there_are_more_epochs(base: Path, tmp_path: Path) -> None:
    """Until there are steps enough."""
    recipe, heard = RECIPE.model_copy(update={"epochs": 1, "min_steps": 7, "patience": 9}), Heard()
    train_retriever(taught(), str(base), recipe, tmp_path / "out", device="cpu", watcher=heard)
    assert [x for curve, x, _ in heard.points if curve == "loss"] == [1, 2, 3, 4, 5, 6, 7]


def test_what_decides_is_read_to_its_end(base: Path, tmp_path: Path) -> None:
    """However little of a passage is learned from."""
    short, long = (
        train_retriever(
            taught(), str(base), RECIPE.model_copy(update={"max_length": n}), tmp_path / str(n), device="cpu"
        ).before
        for n in (8, 24)
    )
    assert short == long


def test_another_training_does_not_go_on_from_it(base: Path, tmp_path: Path) -> None:
    """Nor one whose checkpoint is damaged."""
    recipe, at = RECIPE.model_copy(update={"epochs": 1}), tmp_path / "at"
    train_retriever(taught(), str(base), recipe, tmp_path / "out", device="cpu", checkpoints=at)
    for damage in (False, True):
        if damage:
            (at / "checkpoint.safetensors").write_bytes(b"damaged")
        heard, other = Heard(), recipe.model_copy(update={"seed": 0 if damage else 1})
        train_retriever(
            taught(), str(base), other, tmp_path / "out", device="cpu", watcher=heard, checkpoints=at
        )
        assert min(x for curve, x, _ in heard.points if curve == "loss") == 1


def test_training_stops_early(base: Path, tmp_path: Path) -> None:
    """Where nothing is learned nothing is gained, and that is said; no folder is left."""
    heard = Heard()
    recipe = RECIPE.model_copy(update={"learning_rate": 1e-12, "epochs": 9, "patience": 2})
    with pytest.raises(
        Refused, match=r"^Training the retriever gained nothing: nDCG@10 on 12 validation questions"
    ):
        train_retriever(taught(), str(base), recipe, tmp_path / "out", device="cpu", watcher=heard)
    assert len([x for curve, x, _ in heard.points if curve == "nDCG@10"]) == 4
    assert not (tmp_path / "out").exists()


def test_validation_questions_are_ranked_among_the_hardest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not all passages fit: right ones, judged and mined ones, those of the same documents, then the others."""
    monkeypatch.setattr(retriever, "RANKED", 4)
    asked = Example("q", Origin("review", "q"), (text("a", "one"),), (text("b", "two"),), part="validation")
    corpus = [*(text(f"far {n}") for n in range(9)), text("near", "one")]
    passages = validation_of([asked], corpus, 0).passages
    assert passages[:3] == ("a", "b", "near")
    assert len(passages) == 4


@pytest.mark.parametrize(
    ("kept", "said"),
    [("train", "0 validation questions are too few"), ("validation", "0 questions with a passage")],
)
def test_too_few_rows_are_refused(base: Path, tmp_path: Path, kept: str, said: str) -> None:
    """Of either part, before anything is loaded."""
    with pytest.raises(Refused, match=said):
        train_retriever([e for e in taught() if e.part == kept], "/no/such", RECIPE, tmp_path / "out")


def test_a_base_that_is_only_a_pickle_is_refused(base: Path, tmp_path: Path) -> None:
    """It is not opened; the message names it."""
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    for path in base.iterdir():
        name = "pytorch_model.bin" if path.suffix == ".safetensors" else path.name
        (pickled / name).write_bytes(path.read_bytes())
    with pytest.raises(NotReady, match=rf"^The embedding model {pickled} could not be loaded: .*safetensors"):
        train_retriever(taught(), str(pickled), RECIPE, tmp_path / "out", device="cpu")
