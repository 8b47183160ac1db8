"""The folder of a router: what is written is read, and nothing else is."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from rag_core.errors import NotReady
from rag_core.routing import RouterCard, RouterHead
from rag_core.routing.head import CARD, WEIGHTS

LABELS = ("answer", "person", "small-talk")


def head() -> RouterHead:
    weight = np.arange(12, dtype=np.float32).reshape(3, 4) / 10
    card = RouterCard(LABELS, {"person": 0.9}, 4, "abc", {"accuracy": 0.75})
    return RouterHead(card, weight, np.array([0.0, 0.5, -0.5], np.float32))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    head().write(tmp_path)
    return tmp_path


def read(folder: Path) -> RouterHead:
    return RouterHead.read(folder, "abc", 4)


def test_what_is_written_is_read(folder: Path) -> None:
    """Safetensors and JSON, and nothing besides."""
    assert {path.name for path in folder.iterdir()} == {CARD, WEIGHTS}
    again = read(folder)
    assert again.card == head().card
    assert (again.weight == head().weight).all()
    assert (again.bias == head().bias).all()


def test_probabilities_are_the_softmax_of_the_logits() -> None:
    """Worked out by hand for one vector; large logits do not overflow."""
    logits = np.array([0.3, 1.2, 0.6])  # 0.3 + 0, 0.7 + 0.5, 1.1 - 0.5
    vector = np.array([[0, 0, 0, 1]], np.float32)
    assert head().probabilities(vector)[0] == pytest.approx(np.exp(logits) / np.exp(logits).sum())
    assert head().probabilities(vector * 1e4).sum() == pytest.approx(1)


def test_an_empty_folder_holds_no_router(tmp_path: Path) -> None:
    """The message names the remedy."""
    with pytest.raises(
        NotReady, match=r"it has no card of a router; `answerloop releases rollback` .* `answerloop train`"
    ):
        read(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "reranker"},
        {"labels": ["person", "small-talk"]},
        {"labels": ["answer", "answer", "person"]},
        {"labels": 3},
        {"labels": ["answer", 3, "person"]},
        {"thresholds": {"person": 1.5}},
        {"thresholds": {"person": "0.9"}},
        {"thresholds": {"stranger": 0.9}},
        {"thresholds": None},
    ],
)
def test_a_card_that_is_none_is_refused(folder: Path, changes: dict[str, object]) -> None:
    """Of another model, without 'answer', with a label twice, or with thresholds that are no shares."""
    values = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(values | changes))
    with pytest.raises(NotReady, match="has no card of a router"):
        read(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense"])
def test_a_damaged_card_is_refused(folder: Path, text: str) -> None:
    """In one sentence."""
    (folder / CARD).write_text(text)
    with pytest.raises(NotReady, match="has no card of a router"):
        read(folder)


def test_a_router_for_another_embedder_is_refused(folder: Path) -> None:
    """By the weights' fingerprint, and by the dimension."""
    for fingerprint, dimension in (("other", 4), ("abc", 8)):
        with pytest.raises(NotReady, match="was trained for another embedding model"):
            RouterHead.read(folder, fingerprint, dimension)


class _Trap:
    """A pickle of it would say that it was opened."""

    def __reduce__(self) -> tuple[object, ...]:
        return (pytest.fail, ("a pickle was opened",))


def test_a_pickle_is_not_opened(folder: Path) -> None:
    """Whatever its name."""
    (folder / WEIGHTS).write_bytes(pickle.dumps({"weight": _Trap()}))
    with pytest.raises(NotReady, match=r"router.safetensors cannot be read"):
        read(folder)


def test_half_a_file_is_refused(folder: Path) -> None:
    """As after a crash, or a copy that broke off."""
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-8])
    with pytest.raises(NotReady, match="cannot be read"):
        read(folder)


@pytest.mark.parametrize(
    ("weight", "bias"),
    [
        (np.zeros((2, 4)), np.zeros(3)),
        (np.zeros((3, 5)), np.zeros(3)),
        (np.zeros((3, 4)), np.zeros((3, 1))),
        (np.full((3, 4), np.nan), np.zeros(3)),
    ],
)
def test_weights_that_do_not_fit_their_card_are_refused(
    folder: Path, weight: np.ndarray, bias: np.ndarray
) -> None:
    """Of another shape, or no numbers."""
    save_file({"weight": weight.astype(np.float32), "bias": bias.astype(np.float32)}, folder / WEIGHTS)
    with pytest.raises(NotReady, match="does not fit its card"):
        read(folder)
