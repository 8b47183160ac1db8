"""What the confidence is computed from, over passages that were read, divided and embedded as they are served."""

from __future__ import annotations

import numpy as np
import pytest

from rag_core.generation.calibration import Calibration
from rag_core.generation.evidence import gather
from rag_core.generation.extractive import Extractive
from rag_core.generation.signals import SIGNALS
from rag_core.index.embedding import Embedder
from rag_core.settings import Answers
from rag_core.types import Passage, Place, Ranked

OSLO = "In Oslo the daily allowance is 80 euros."
SAME = "Guests in Oslo receive 80 euros as a daily allowance."
OTHER = "The lantern blinks red while it is charging."


def passage(embedder: Embedder, id: str, text: str, title: str = "") -> Passage:
    units = ((0, len(text)),)
    vectors = embedder.embed_passages([text], [units]).unit_vectors[0]
    return Passage(id, id, "docs", "public", title or id, (), text, "", Place(), units, vectors)


def measured(
    embedder: Embedder, question: str, texts: dict[str, str], bm25: dict[str, float] | None = None
) -> dict[str, float]:
    """The signals of an answer from these documents of one sentence each, the first found best."""
    vector = embedder.embed_query(question)
    ranked = []
    for n, (id, text) in enumerate(texts.items()):
        cosine = float(embedder.embed_passages([text]).vectors[0] @ vector)
        ranked.append(Ranked(passage(embedder, id, text), cosine, (bm25 or {}).get(id, 1.0), 0.9 - 0.1 * n))
    evidence = gather(question, vector, ranked, top_k=8)
    generator = Extractive(Answers(), 8, Calibration.read())
    return generator.signals(evidence, generator.choose(evidence), ranked)


def test_each_signal_is_measured(embedder: Embedder) -> None:
    """All that the calibration weighs, and finite also where one passage is all there is."""
    for texts in ({"a": OSLO}, {"a": OSLO, "b": SAME, "c": OTHER}, {"a": "?"}):
        values = measured(embedder, "How much is the allowance in Oslo?", texts)
        assert tuple(values) == SIGNALS
        assert all(np.isfinite(value) for value in values.values())


def test_passages_agree_where_another_document_adds_the_same(embedder: Embedder) -> None:
    """What the question itself says does not count, nor does what the same document says again."""
    question = "What is paid in Oslo?"
    agreed = measured(embedder, question, {"a": OSLO, "b": SAME})["agreement"]
    alone = measured(embedder, question, {"a": OSLO, "b": OTHER})["agreement"]
    assert agreed > 0.5 > alone
    assert measured(embedder, question, {"a": OSLO})["agreement"] == 0.0
    assert measured(embedder, question, {"a": OSLO, "b": "What is paid in Oslo is this."})["agreement"] == 0.0


def test_a_document_that_is_alone_leads_over_nothing(embedder: Embedder) -> None:
    """Where one document is all that may be read, that it was found first is no reason to believe it."""
    question = "What is the daily allowance in Oslo?"
    assert measured(embedder, question, {"a": OSLO})["lead"] == 0.0
    assert measured(embedder, question, {"a": OSLO, "b": OTHER})["lead"] == pytest.approx(0.1)


def test_passages_that_score_about_as_well_are_rivals(embedder: Embedder) -> None:
    """Each counts from 0 to 1."""
    question = "What is the daily allowance in Oslo?"
    many = measured(embedder, question, {"a": OSLO, "b": SAME, "c": SAME + " Always."})["rivals"]
    few = measured(embedder, question, {"a": OSLO, "b": OTHER})["rivals"]
    assert 0 < few < many < 2


def test_both_searches_have_to_find_the_document_first(embedder: Embedder) -> None:
    question = "What is the daily allowance in Oslo?"
    texts = {"a": OSLO, "b": OTHER}
    assert measured(embedder, question, texts, {"a": 9.0})["both_searches"] == 1.0
    assert measured(embedder, question, texts, {"b": 9.0})["both_searches"] == 0.0


def test_terms_that_the_best_unit_lacks_are_missing(embedder: Embedder) -> None:
    """Its title has them as well."""
    assert measured(embedder, "allowance Oslo", {"a": OSLO})["missing"] == 0.0
    assert measured(embedder, "allowance Porto", {"a": OSLO})["missing"] == 0.5
    assert measured(embedder, "allowance Porto", {"Porto": OSLO})["missing"] == 0.0


@pytest.mark.parametrize(
    ("name", "near", "answerable"),
    [
        ("names", "What is the allowance in Porto?", "What is the allowance in Oslo?"),
        ("numbers", "Who is paid 90 euros?", "Who is paid 80 euros?"),
        (
            "opposites",
            "What is the weekly allowance outside Oslo?",
            "What is the daily allowance inside Oslo?",
        ),
        ("denied", "What is not paid in Oslo?", "What is paid in Oslo?"),
    ],
)
def test_what_does_not_match_lowers_the_confidence(
    embedder: Embedder, name: str, near: str, answerable: str
) -> None:
    """A question that the text only nearly answers, against one that it answers."""
    texts = {"a": "Inside Oslo the daily allowance is 80 euros.", "b": OTHER}
    wrong, right = (measured(embedder, question, texts) for question in (near, answerable))
    if name != "opposites":
        assert (wrong[name], right[name]) == (1.0, 0.0)
    else:
        assert wrong[name] > right[name] == 0.0
    model = Calibration.read().confidence
    assert model.probability(wrong) < model.probability({**wrong, name: 0.0})
    assert model.probability(wrong) < model.probability(right)
