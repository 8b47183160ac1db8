"""What the embedder promises, with the real exported model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rag_core.errors import NotReady
from rag_core.index.embedding import Embedder, unit_similarities
from training.export import packaged

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
SENTENCES = [
    "The office opens at nine in the morning.",
    "Expenses are refunded within 30 days of the claim.",
    "How do I reset my password?",
    "Der Akku hält etwa zehn Stunden.",
    "beacon deploy --region eu-west-1 --dry-run",
    "| Battery | 5,000 mAh | 12 h |",
    "France won the 2018 FIFA World Cup in Russia.",
    "猫は魚が好きです。",
    "Ünïcödé 🦆 and emoji",
    "a",
    "Please restart the router, wait two minutes, and try to connect again. " * 8,
]


def test_vectors_are_those_of_the_original(embedder: Embedder) -> None:
    """The quantised model means what the float32 original in sentence-transformers means."""
    from sentence_transformers import SentenceTransformer

    original = SentenceTransformer(packaged(MODEL) or MODEL, device="cpu")
    expected = original.encode(SENTENCES, normalize_embeddings=True)
    cosines = (embedder.embed_passages(SENTENCES).vectors * expected).sum(1)
    assert cosines.mean() >= 0.985
    assert cosines.min() >= 0.95


def test_vectors_have_length_one(embedder: Embedder) -> None:
    """Of passages and of questions, so that a dot product is the cosine."""
    vectors = embedder.embed_passages(SENTENCES).vectors
    assert vectors.shape == (len(SENTENCES), embedder.card.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.linalg.norm(embedder.embed_query("How long?")) == pytest.approx(1, abs=1e-5)


def test_the_batch_does_not_matter(embedder: Embedder) -> None:
    """A passage's vector is nearly the same alone, among others, and in another order; results keep their order.

    Not quite: int8 activations are scaled by the largest of the batch.
    """
    together = embedder.embed_passages(SENTENCES).vectors
    reverse = embedder.embed_passages(SENTENCES[::-1]).vectors[::-1]
    alone = np.stack([embedder.embed_passages([text]).vectors[0] for text in SENTENCES])
    assert (together * alone).sum(1).min() > 0.975
    assert (together * alone).sum(1).mean() > 0.985
    assert (together * reverse).sum(1).min() > 0.975
    assert (together @ alone.T).argmax(1).tolist() == list(range(len(SENTENCES)))


def test_a_question_and_a_passage_of_the_same_words_agree(embedder: Embedder) -> None:
    """This model has no prefixes, so that both are embedded alike."""
    text = "How do I reset my password?"
    assert embedder.embed_query(text) @ embedder.embed_passages([text]).vectors[0] == pytest.approx(
        1, abs=1e-3
    )


def test_no_passages_make_no_vectors(embedder: Embedder) -> None:
    """An empty batch is no error."""
    embedded = embedder.embed_passages([], [])
    assert embedded.vectors.shape == (0, embedder.card.dimension)
    assert embedded.unit_vectors == []


def test_a_passage_beyond_the_window_is_refused(embedder: Embedder) -> None:
    """A passage is never truncated silently: one token too many is an error that tells the numbers."""
    fits = "word " * embedder.room
    assert embedder.count([fits]) == [embedder.room]
    assert len(embedder.embed_passages([fits]).vectors) == 1
    with pytest.raises(
        ValueError, match=f"has {embedder.card.window + 1} tokens, .* {embedder.card.window}$"
    ):
        embedder.embed_passages(["short", fits + "word"])


def test_a_question_beyond_the_window_is_read_as_far_as_it_fits(embedder: Embedder) -> None:
    """What follows the window changes nothing; what stands before it counts."""
    long = "How do I reset the password of my account? " * 60
    vector = embedder.embed_query(long)
    np.testing.assert_allclose(vector, embedder.embed_query(long + "bananas " * 50), atol=1e-6)
    said = embedder.embed_query("How do I reset the password of my account?")
    assert vector @ said > 0.5 > 0.2 > vector @ embedder.embed_query("Where do penguins live?")


@pytest.mark.parametrize("text", ["", " ", "\n", "\x00", "🦆" * 3000, "x" * 5000])
def test_any_text_can_be_a_question(embedder: Embedder, text: str) -> None:
    """The embedder leaves it to others to refuse a question; it gives a vector of finite numbers."""
    assert np.isfinite(embedder.embed_query(text)).all()


def test_the_unit_that_says_it_scores_highest(embedder: Embedder) -> None:
    """Of a passage's sentences, the one that answers is the most similar to the question."""
    sentences = [
        "The office is closed on public holidays.",
        "Parking is free for visitors.",
        "The Wi-Fi password is changed every Monday.",
        "Lunch is served from noon to two.",
    ]
    text = " ".join(sentences)
    units = [(text.index(s), text.index(s) + len(s)) for s in sentences]
    blob = embedder.embed_passages([text], [units]).unit_vectors[0]
    for question, best in [
        ("When is the Wi-Fi password changed?", 2),
        ("Where can guests park?", 1),
        ("lunch hours", 3),
    ]:
        similarities = unit_similarities(embedder.embed_query(question), blob)
        assert similarities.shape == (4,)
        assert np.abs(similarities).max() <= 1.001
        assert similarities.argmax() == best


def test_units_belong_to_their_passage(embedder: Embedder) -> None:
    """Each passage gets as many unit vectors as it has units, in whatever order batches were formed."""
    texts = ["long words " * 40 + "end.", "Short one.", "Middle sentence here. And another."]
    units = [[(0, 10), (11, 40), (41, 60)], [(0, 10)], [(0, 21), (22, 34)]]
    embedded = embedder.embed_passages(texts, units)
    dimension = embedder.card.dimension
    assert [len(blob) // dimension for blob in embedded.unit_vectors] == [3, 1, 2]
    alone = embedder.embed_passages(texts[2:], units[2:]).unit_vectors[0]
    for i in range(2):
        unit = np.frombuffer(embedded.unit_vectors[2], np.int8).reshape(2, -1)[i].astype(np.float32)
        assert unit_similarities(unit / np.linalg.norm(unit), alone).argmax() == i


def test_a_unit_without_tokens_is_similar_to_nothing(embedder: Embedder) -> None:
    """An empty range, or one of white space, scores zero, and no passage without units has vectors."""
    blob = embedder.embed_passages(["one  two"], [[(0, 3), (4, 4), (3, 5)]]).unit_vectors[0]
    assert unit_similarities(embedder.embed_query("one"), blob)[1:].tolist() == [0, 0]
    assert embedder.embed_passages(["one"], [[]]).unit_vectors == [b""]
    assert unit_similarities(embedder.embed_query("one"), b"").shape == (0,)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    """Opening what is not there names the folder and the command that makes one."""
    with pytest.raises(NotReady, match=r"(?s)nowhere.*answerloop ingest"):
        Embedder(tmp_path / "nowhere")


def test_embedding_imports_no_torch(model_folder: Path) -> None:
    """Loading the model and embedding a question bring in no training framework."""
    script = (
        "import sys, pathlib; from rag_core.index.embedding import Embedder;"
        f"Embedder(pathlib.Path({str(model_folder)!r})).embed_query('hello');"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & {'torch', 'transformers', 'sentence_transformers'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
