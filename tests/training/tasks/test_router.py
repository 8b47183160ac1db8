"""A router learned from reviewed routes: its questions, its thresholds, its measures, and that it learns."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag_core.index.embedding import ModelCard
from rag_core.routing import Router, RouterHead
from rag_core.settings.training import RouterRecipe
from training.dataset.rows import Example, Origin, Part, Text
from training.tasks.router import train_router
from training.tasks.routes import built_in, folds, learnable, measures, questions_of, thresholds
from training.tasks.task import Nobody, Refused

THINGS = "refund lantern invoice battery holiday contract server parcel garden bridge ticket letter".split()
PASSAGE = Text("p", "d", "text")
DIMENSION = 64
RECIPE = RouterRecipe(epochs=20, learning_rate=0.05)


def embed(questions: Sequence[str]) -> np.ndarray:
    """Bags of words, each with a direction of its own, of length one."""
    return np.stack([_embedded(question) for question in questions])


def _embedded(question: str) -> np.ndarray:
    words = ["".join(c for c in word if c.isalnum()) for word in question.casefold().split()]
    vectors = [np.random.default_rng(zlib.crc32(word.encode())).normal(size=DIMENSION) for word in words]
    total = np.sum(vectors, 0)
    return np.asarray(total / np.linalg.norm(total), np.float32)


def part_of(n: int) -> Part:
    return "validation" if n % 4 == 3 else "train"


def asked(question: str, n: int, route: str = "", **changes: object) -> Example:
    example = Example(question, Origin("review", str(n)), route=route, group=question, part=part_of(n))
    return replace(example, **changes)


def examples(count: int = 48) -> list[Example]:
    """Questions that passages answer, and such that want a person."""
    plain = [
        asked(f"How does the {THINGS[n % 12]} number {n} work", n, right=(PASSAGE,)) for n in range(count)
    ]
    people = [
        asked(f"Let a human call me back about {THINGS[n % 12]} {n}", n, "person") for n in range(count // 2)
    ]
    return plain + people


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Of an exported embedder the card is all that is read."""
    folder = tmp_path / "embedder"
    folder.mkdir()
    ModelCard("bag of words", DIMENSION, 128, weights_sha256="abc").write(folder)
    return folder


# --- the data ----------------------------------------------------------------------------------------------------


def test_a_reviewed_question_that_passages_answer_is_one_to_answer() -> None:
    """Whatever a reviewer said goes before; headings and synthetic questions were never asked."""
    rows = [
        asked("a", 0, right=(PASSAGE,)),
        asked("b", 0, "billing", right=(PASSAGE,)),
        asked("c", 0),
        asked("d", 0, right=(PASSAGE,), origin=Origin("heading", "h")),
        asked("e", 0, right=(PASSAGE,), origin=Origin("synthetic", "s")),
    ]
    assert [(q.question, q.label) for q in questions_of(rows) if not q.built_in] == [
        ("a", "answer"),
        ("b", "billing"),
    ]


def test_the_test_part_is_left_alone() -> None:
    """Also where what is built in says the same in other letters."""
    questions = questions_of([asked("HELLO!", 0, "small-talk", part="test")])
    assert "hello" not in {question.question for question in questions}
    assert "hello" in {question.question for question in questions_of([])}


def test_small_talk_and_questions_are_built_in_in_four_languages() -> None:
    """Each once, and a fifth of both held out."""
    texts = dict(built_in())
    assert len(texts) == len(built_in())
    assert {texts[text] for text in ("hello", "danke!", "bonjour", "¿quién eres?")} == {"small-talk"}
    assert {texts[text] for text in ("how do I install it?", "wo finde ich die Rechnung?")} == {"answer"}
    held = [question.label for question in questions_of([]) if question.part == "validation"]
    assert len(held) == pytest.approx(len(texts) / 5, abs=1)
    assert set(held) == {"answer", "small-talk"}


def test_routes_with_too_few_rows_are_not_learned() -> None:
    """What is built in counts as small talk and not as what the team asks."""
    questions = questions_of([*examples(16), asked("Bill me", 1, "billing")])
    assert learnable(questions, 8) == ("answer", "person", "small-talk")
    assert learnable(questions, 9) == ("answer", "small-talk")
    assert learnable(questions_of([]), 8) == ("small-talk",)


def test_groups_stay_in_one_fold() -> None:
    """All folds have some of each label, and the same seed makes the same ones."""
    questions = [replace(q, group=q.question[:-1]) for q in questions_of(examples())]
    numbers = folds(questions, 0)
    by_group = {(question.group, int(fold)) for question, fold in zip(questions, numbers, strict=True)}
    assert len(by_group) == len({question.group for question in questions})
    for label in ("answer", "person", "small-talk"):
        assert {int(f) for q, f in zip(questions, numbers, strict=True) if q.label == label} == set(range(5))
    assert (folds(questions, 0) == numbers).all()
    assert (folds(questions, 1) != numbers).any()


# --- thresholds and measures -------------------------------------------------------------------------------------


def found(rows: list[tuple[float, str]]) -> dict[str, float]:
    """Of probabilities that it is one for a person, with what it is."""
    probabilities = np.array([[1 - p, p] for p, _ in rows], np.float32)
    return thresholds(("answer", "person"), probabilities, [label for _, label in rows])


def test_a_threshold_keeps_nine_of_ten_detours_right() -> None:
    """The lowest that does; what is below is not looked at."""
    right = [(0.99 - n / 200, "person") for n in range(9)]
    assert found([*right, (0.9, "answer"), (0.85, "answer")])["person"] == pytest.approx(0.9)
    assert found([(0.995, "answer"), *right[:4]]) == {}


def test_a_threshold_needs_evidence_and_is_never_low() -> None:
    """Two that went right are chance; the least sure of three is lifted to 0.8."""
    assert found([(0.99, "person")] * 2) == {}
    assert found([(0.99, "person"), (0.98, "person"), (0.6, "person")]) == {"person": 0.8}


def test_measures_are_those_of_the_textbook() -> None:
    """Worked out by hand; a label that never occurs weighs nothing."""
    truth = ["answer", "answer", "answer", "person"]
    given = ["answer", "answer", "person", "person"]
    said = measures(("answer", "person", "topic"), truth, given)
    assert said["accuracy"] == 0.75
    assert said["precision person"] == 0.5
    assert said["recall person"] == 1.0
    assert said["macro F1"] == pytest.approx((0.8 + 2 / 3) / 2)
    assert "precision topic" not in said


# --- the training ------------------------------------------------------------------------------------------------


class Listening(Nobody):
    def __init__(self) -> None:
        self.points: list[tuple[str, float]] = []
        self.figures: dict[str, float] = {}

    def point(self, curve: str, x: float, y: float) -> None:
        self.points.append((curve, x))

    def figure(self, name: str, value: float) -> None:
        self.figures[name] = value


def test_a_router_learns_who_wants_a_person(base: Path, tmp_path: Path) -> None:
    """What is served sends new questions where they belong, and small talk nobody labelled as well."""
    watcher = Listening()
    out = tmp_path / "router"
    result = train_router(examples(), base, RECIPE, out, embed=embed, watcher=watcher)
    assert (result.measure, result.folder) == ("accuracy", out)
    assert result.after > result.before
    assert result.figures["reviewed accuracy"] > 0.9 > result.figures["reviewed accuracy before"]
    assert result.figures["precision person"] >= 0.9
    assert watcher.figures["router: macro F1"] == result.figures["macro F1"]
    assert [x for _, x in watcher.points] == list(range(1, len(watcher.points) + 1))
    router = Router(RouterHead.read(out, "abc", DIMENSION))
    asks = [
        "How does the violin number 7 work",
        "Let a human call me back about violins",
        "thank you so much",
    ]
    assert [route.label for route in router.routes(embed(asks))] == ["answer", "person", "small-talk"]


def test_the_same_rows_make_the_same_router(base: Path, tmp_path: Path) -> None:
    """To the last bit; another seed goes through them in another order."""
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        recipe = RECIPE.model_copy(update={"seed": seed, "epochs": 3})
        train_router(examples(), base, recipe, tmp_path / name, embed=embed)
    a, b, c = ((tmp_path / name / "router.safetensors").read_bytes() for name in "abc")
    assert a == b != c


def test_training_stops_where_it_gets_no_better(base: Path, tmp_path: Path) -> None:
    """With a rate far too high the first epoch is as good as any."""
    watcher = Listening()
    recipe = RECIPE.model_copy(update={"learning_rate": 50.0, "patience": 2, "epochs": 40})
    with contextlib.suppress(Refused):
        train_router(examples(), base, recipe, tmp_path / "out", embed=embed, watcher=watcher)
    assert len(watcher.points) < 40


def test_too_few_questions_are_refused(base: Path, tmp_path: Path) -> None:
    """Said with what there is; nothing is written."""
    with pytest.raises(
        Refused, match=r"need 8 reviewed questions each .*small-talk \d+.*training.router.min_rows"
    ):
        train_router(examples(4), base, RECIPE, tmp_path / "out", embed=embed)
    training_only = [replace(example, part="train") for example in examples()]
    with pytest.raises(Refused, match="no question with a route is in the validation part"):
        train_router(training_only, base, RECIPE, tmp_path / "out", embed=embed)
    assert not (tmp_path / "out").exists()


def test_routes_that_cannot_be_told_apart_are_refused(base: Path, tmp_path: Path) -> None:
    """With vectors that say nothing no route is open, and the folder that was there stays."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "kept").touch()

    def blind(questions: Sequence[str]) -> np.ndarray:
        return np.tile(np.eye(DIMENSION, dtype=np.float32)[0], (len(questions), 1))

    with pytest.raises(Refused, match="The router is not kept"):
        train_router(examples(), base, RECIPE, out, embed=blind)
    assert [path.name for path in out.iterdir()] == ["kept"]
