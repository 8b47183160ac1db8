"""How the week was, in words."""

from __future__ import annotations

import pytest

from adapters.week_figures import week_lines
from rag_core.messages import LANGUAGES
from rag_core.records.analytics.figures import Figures

NOTHING = Figures(0, (0,) * 7, 0, 0, 0, 0, 0, None)
WEEK = Figures(
    questions=20, per_day=(0, 1, 2, 4, 8, 4, 1), good=3, bad=1, abstained=5, escalated=4, resolved=3, median_ms=1234
)  # fmt: skip


def test_each_figure_has_a_line() -> None:
    """With its interval, and beside the week before."""
    questions, helpful, abstained, escalated, median = week_lines(WEEK, NOTHING, "en")
    assert "20" in questions
    assert questions.endswith("▁▂▃▄█▄▂") or questions.endswith("▁▂▃▅█▅▂")
    assert "75" in helpful
    assert "25" in abstained
    assert all(number in escalated for number in ("4", "3", "1"))
    assert "1.23" in median


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_week_without_anything_has_lines_too(language: str) -> None:
    """Rates of nothing are unknown, and there is nothing to draw."""
    lines = week_lines(NOTHING, NOTHING, language)
    assert len(lines) == 5
    assert all("–" in line for line in lines[1:3])
    assert "▁" not in lines[0]
