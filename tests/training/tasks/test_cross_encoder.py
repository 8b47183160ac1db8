"""A cross-encoder that learns, stops, goes on, and is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from rag_core.errors import NotReady
from tests.rerankers import RECIPE, judged, tiny_base
from training.tasks.cross_encoder import train
from training.tasks.pairs import Recipe
from training.tasks.task import Nobody, Refused


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """With so small a model threads on busy cores mostly wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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


class Listening(Nobody):
    def __init__(self, stops_at: int = 0) -> None:
        self.evaluated: list[float] = []
        self._stops_at = stops_at

    def point(self, curve: str, x: float, y: float) -> None:
        if curve == "reranker nDCG@10":
            self.evaluated.append(x)

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        if words == "Training the reranker" and done == self._stops_at:
            raise KeyboardInterrupt


def test_training_stops_early_and_keeps_the_best(tmp_path: Path) -> None:
    """With a learning rate of zero nothing gets better: three evaluations of fifteen, and it is over."""
    recipe = replace(RECIPE, base=str(tiny_base(tmp_path / "base")), learning_rate=0.0, evaluations=5)
    recipe = replace(recipe, rows=160, batch_size=8, frozen_layers=1)
    watcher = Listening()
    trained = train(judged(50), judged(54)[50:], recipe, tmp_path / "out", watcher=watcher)
    assert watcher.evaluated == [4, 8, 12]
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


def weights(folder: Path) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return dict(load_file(folder / "model.safetensors"))


def test_an_interrupted_training_goes_on(tmp_path: Path) -> None:
    """From its last evaluation, to the weights that it would have come to; the checkpoint has no pickle."""
    recipe = replace(RECIPE, base=str(tiny_base(tmp_path / "base")), rows=256, epochs=2, evaluations=2)
    recipe = replace(recipe, frozen_layers=1, patience=9)
    parts = (judged(64), judged(72)[64:])
    whole = train(*parts, recipe, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(*parts, recipe, tmp_path / "out", watcher=Listening(11), checkpoints=tmp_path / "kept")
    assert {path.suffix for path in (tmp_path / "kept").iterdir()} == {".json", ".safetensors"}
    assert not (tmp_path / "out").exists()
    watcher = Listening()
    resumed = train(*parts, recipe, tmp_path / "out", watcher=watcher, checkpoints=tmp_path / "kept")
    assert watcher.evaluated == [12, 16]
    assert resumed == whole
    before, after = weights(tmp_path / "whole"), weights(tmp_path / "out")
    assert all(np.allclose(before[name], after[name], atol=1e-5) for name in before)


def test_a_checkpoint_of_another_training_is_left_alone(tmp_path: Path) -> None:
    """With another seed it begins anew."""
    recipe = replace(RECIPE, base=str(tiny_base(tmp_path / "base")), rows=128, epochs=1, frozen_layers=1)
    parts = (judged(32), judged(36)[32:])
    train(*parts, recipe, tmp_path / "out", checkpoints=tmp_path / "kept")
    for seed, steps in ((0, []), (1, [4])):
        watcher = Listening()
        another = replace(recipe, seed=seed)
        train(*parts, another, tmp_path / "out", watcher=watcher, checkpoints=tmp_path / "kept")
        assert watcher.evaluated == steps


def test_a_base_that_comes_as_a_pickle_is_refused(tmp_path: Path) -> None:
    """It is not opened."""
    base = tiny_base(tmp_path / "base")
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    with pytest.raises(NotReady, match=r"^The base model .*base could not be loaded: .*safetensors"):
        train(judged(8), judged(8), replace(RECIPE, base=str(base)), tmp_path / "out")


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    """Before anything is loaded or written."""
    with pytest.raises(Refused, match=r"^There is nothing to learn from"):
        train([], judged(8), Recipe(), tmp_path / "out")
    with pytest.raises(Refused, match=r"^There is nothing to learn from"):
        train(judged(8), judged(1), Recipe(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_base_that_cannot_be_loaded_is_said(tmp_path: Path) -> None:
    """In one sentence that names it."""
    with pytest.raises(NotReady, match=r"^The base model /no/such could not be loaded: "):
        train(judged(8), judged(8), replace(RECIPE, base="/no/such"), tmp_path / "out")
