"""Where a question goes: only what is sure is not answered."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from rag_core.routing import Route, Router, RouterCard, RouterHead
from rag_core.routing.router import decided

LABELS = ("answer", "person", "small-talk")


def routes(*rows: list[float], **thresholds: float) -> list[str]:
    named = {name.replace("_", "-"): value for name, value in thresholds.items()}
    return [route.label for route in decided(LABELS, named, np.array(rows, np.float32))]


def test_a_label_is_taken_from_its_threshold_on() -> None:
    """Below, the question is answered."""
    assert routes([0.1, 0.8, 0.1], [0.2, 0.7, 0.1], person=0.75) == ["person", "answer"]
    assert routes([0.25, 0.75, 0.0], person=0.75) == ["person"]


def test_a_label_without_a_threshold_is_never_taken() -> None:
    """It was not told from the others surely enough."""
    assert routes([0.0, 0.0, 1.0], person=0.5) == ["answer"]


def test_what_is_likeliest_an_answer_is_answered() -> None:
    """However low a threshold is."""
    assert routes([0.5, 0.3, 0.2], person=0.1, small_talk=0.1) == ["answer"]


def test_the_probability_is_that_of_the_route_taken() -> None:
    """Also where it is 'answer' for want of another."""
    found = decided(LABELS, {"person": 0.9}, np.array([[0.25, 0.75, 0.0]], np.float32))
    assert found == [Route("answer", 0.25)]


def test_one_vector_is_routed_as_many_are() -> None:
    """The same vectors, one after another and at once."""
    rng = np.random.default_rng(0)
    card = RouterCard(LABELS, {"person": 0.4, "small-talk": 0.4}, 8, "abc")
    router = Router(RouterHead(card, rng.normal(size=(3, 8)).astype(np.float32), np.zeros(3, np.float32)))
    vectors = rng.normal(size=(40, 8)).astype(np.float32)
    together = router.routes(vectors)
    for vector, route in zip(vectors, together, strict=True):
        alone = router.route(vector)
        assert alone.label == route.label
        assert alone.probability == pytest.approx(route.probability, abs=1e-6)
    assert {route.label for route in together} == set(LABELS)


def test_serving_a_route_imports_no_torch() -> None:
    """Nor transformers."""
    said = "import sys, rag_core.routing; print([m for m in ('torch', 'transformers') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
