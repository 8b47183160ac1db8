"""Passages embedded in bulk are embedded as the export embeds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag_core.index.embedding import Embedder
from training.bulk import BulkEmbedder, tokens_of
from training.conversion import packaged, parity_texts

MODEL = Path(packaged("sentence-transformers/all-MiniLM-L6-v2") or "")


@pytest.fixture(scope="module")
def bulk(embedder: Embedder) -> BulkEmbedder:
    """On a processor, where float32 is what it works in; several batches."""
    return BulkEmbedder(MODEL, embedder.card, "cpu", batch_tokens=256)


def test_vectors_point_where_the_exports_do(embedder: Embedder, bulk: BulkEmbedder) -> None:
    """Of length one, in the order of the texts, whatever their lengths."""
    texts = parity_texts()[:24]
    vectors = bulk.embed_passages(texts).vectors
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (vectors * embedder.embed_passages(texts).vectors).sum(1).min() > 0.97


def test_units_do_too(embedder: Embedder, bulk: BulkEmbedder) -> None:
    """One without a token has zeros; a text without units has none."""
    texts = ["The first sentence is here. The second one says more.", "Nothing is marked in this."]
    units = [[(0, 27), (28, 53), (53, 53)], []]
    here, there = (one.embed_passages(texts, units).unit_vectors for one in (bulk, embedder))
    assert [len(blob) for blob in here] == [len(blob) for blob in there] == [3 * 384, 0]
    a, b = (np.frombuffer(blob[0], np.int8).reshape(3, -1).astype(float) for blob in (here, there))
    for n in range(2):
        assert a[n] @ b[n] / np.linalg.norm(a[n]) / np.linalg.norm(b[n]) > 0.97
    assert not a[2].any()
    assert not b[2].any()


def test_a_unit_has_the_tokens_that_begin_in_it(bulk: BulkEmbedder) -> None:
    """Wherever it begins and ends: in a word, at a space, behind what is written otherwise, or nowhere."""
    for text in ("A naïve café — isn’t it?", "日本語 and  two spaces, unbelievably", "x\u0301y 🙂 z"):
        encoding = bulk._tokenizer.encode(text)
        begins = [(n, a) for n, (a, b) in enumerate(encoding.offsets) if b > a]
        for start in range(len(text)):
            for end in range(start, len(text) + 1):
                inside = [n for n, a in begins if start <= a < end]
                expected = (inside[0], inside[-1] + 1) if inside else (0, 0)
                assert tokens_of(encoding, start, end) == expected, (text, start, end)


def test_texts_are_tokenised_in_portions(bulk: BulkEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each vector and each unit is that of its own text."""
    texts = parity_texts()[:23]
    units = [[(0, 5), (2, len(text))][: n % 3] for n, text in enumerate(texts)]
    whole = bulk.embed_passages(texts, units)
    monkeypatch.setattr("training.bulk.AHEAD", 5)
    parts = bulk.embed_passages(texts, units)
    assert np.allclose(whole.vectors, parts.vectors, atol=1e-5)
    assert [len(blob) for blob in parts.unit_vectors] == [n % 3 * 384 for n in range(23)]


def test_a_text_beyond_the_window_is_refused(bulk: BulkEmbedder) -> None:
    with pytest.raises(ValueError, match="the window of"):
        bulk.embed_passages(["word " * 600])
