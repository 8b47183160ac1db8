"""Interrupted training goes on; what cannot be trained is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rag_core.errors import NotReady
from tests.lessons import RECIPE, SERVING, Watched, lessons
from training.tasks.generator import train_generator
from training.tasks.task import Refused, Result

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """So small a model's arithmetic waits for threads more than it gains by them."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def run(
    base: Path, out: Path, watched: Watched | None = None, checkpoints: Path | None = None, **recipe: Any
) -> Result:
    return train_generator(
        lessons(8, 3),
        str(base),
        RECIPE.model_copy(update={"epochs": 1} | recipe),
        out,
        device="cpu",
        watcher=watched,
        checkpoints=checkpoints,
        serving=SERVING,
    )


# --- interruptions -----------------------------------------------------------------------------------------------


def test_an_interrupted_run_goes_on_as_if_nothing_had_been(causal_model: Path, tmp_path: Path) -> None:
    """In the middle of either stage; what was written for it holds no pickle."""
    from safetensors.torch import load_file

    whole = run(causal_model, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(causal_model, tmp_path / "resumed", Watched(stops=2), tmp_path / "kept")
    assert not (tmp_path / "resumed").exists()
    second = Watched()
    second.step = _stops_in("better", 2)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        run(causal_model, tmp_path / "resumed", second, tmp_path / "kept")
    assert min(x for x, _ in second.curves["sft loss"]) == 3
    third = Watched()
    resumed = run(causal_model, tmp_path / "resumed", third, tmp_path / "kept")
    assert "sft loss" not in third.curves
    assert resumed.after == pytest.approx(whole.after, rel=1e-6)
    expected, got = (load_file(tmp_path / f / "adapter_model.safetensors") for f in ("whole", "resumed"))
    assert all(expected[name].allclose(got[name], atol=1e-6) for name in expected)
    kept = [f.suffix for f in (tmp_path / "kept").rglob("*") if f.is_file()]
    assert set(kept) == {".safetensors", ".json"}


def _stops_in(words: str, step: int) -> Any:
    def told(what: str, done: int = 0, total: int = 0) -> None:
        if words in what and done == step:
            raise KeyboardInterrupt

    return told


# --- refusals ----------------------------------------------------------------------------------------------------


def test_what_gains_nothing_is_refused(causal_model: Path, tmp_path: Path) -> None:
    """And writes nothing."""
    with pytest.raises(Refused, match=r"Nothing was gained .*loss [\d.]+ before, never less in 3 steps"):
        run(causal_model, tmp_path / "out", method="sft", learning_rate=1e-30)
    assert not (tmp_path / "out").exists()


def test_a_base_that_is_a_pickle_is_refused(causal_model: Path, tmp_path: Path) -> None:
    """Unopened."""
    folder = Path(shutil.copytree(causal_model, tmp_path / "base"))
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(NotReady, match="a pickle, which is not loaded"):
        run(folder, tmp_path / "out")


def test_another_gpu_than_the_first_is_chosen_by_the_environment(causal_model: Path, tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="CUDA_VISIBLE_DEVICES=1"):
        train_generator(lessons(), str(causal_model), RECIPE, tmp_path / "out", device="cuda:1")
