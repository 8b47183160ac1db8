"""The drawing of how far confidence can be relied on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rag_core.errors import NotReady
from training.evaluate import answers_plot, needs_matplotlib
from training.evaluate.plot import risk_at_coverage


def test_risk_grows_with_what_is_answered_beside_the_surest() -> None:
    """One point for each confidence: equally sure answers are given together."""
    coverage, risk = risk_at_coverage([0.9, 0.5, 0.5, 0.1], [True, True, False, False])
    assert coverage.tolist() == [0.25, 0.75, 1.0]
    assert risk == pytest.approx([0, 1 / 3, 1 / 2])


@pytest.mark.parametrize(("suffix", "begins"), [(".svg", b"<?xml"), (".png", b"\x89PNG"), (".pdf", b"%PDF")])
def test_a_plot_is_written_in_the_format_that_its_name_asks_for(
    tmp_path: Path, suffix: str, begins: bytes
) -> None:
    """In a folder that is made."""
    path = tmp_path / "new" / f"plot{suffix}"
    answers_plot([0.9, 0.2, 0.4], [True, False, True], 0.3, path, "toy")
    assert path.read_bytes().startswith(begins)


def test_a_plot_is_the_same_for_the_same_answers(tmp_path: Path) -> None:
    """So that it can stand in a repository; its words can be searched."""
    for name in ("one.svg", "two.svg"):
        answers_plot([0.9, 0.2], [True, False], 0.3, tmp_path / name, "toy")
    assert "80% precision" in (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_nothing_to_draw_is_said(tmp_path: Path) -> None:
    """And no file is made."""
    with pytest.raises(NotReady, match="no answer to draw"):
        answers_plot([], [], 0.3, tmp_path / "plot.svg", "toy")
    assert not (tmp_path / "plot.svg").exists()


def test_missing_packages_are_named_with_their_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """matplotlib, rouge-score and sacrebleu are not needed to serve."""
    from training.evaluate import wording

    for name in (
        "matplotlib.figure",
        "matplotlib.backends.backend_agg",
        "rouge_score.rouge_scorer",
        "sacrebleu.metrics",
    ):
        monkeypatch.setitem(sys.modules, name, None)  # as an import finds what is not installed
    with pytest.raises(NotReady, match=r"matplotlib.*pip install 'answerloop\[train\]'"):
        needs_matplotlib()
    wording._rouge.cache_clear()
    with pytest.raises(NotReady, match=r"rouge-score.*pip install 'answerloop\[train\]'"):
        wording.rouge_l("a", ["a"])
    with pytest.raises(NotReady, match=r"sacrebleu.*pip install 'answerloop\[train\]'"):
        wording.bleu(["a"], [["a"]])
