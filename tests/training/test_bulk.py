"""Passages embedded in bulk are embedded as the export embeds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag_core.index.embedding import Embedder
from training.bulk import BulkEmbedder
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


def test_a_text_beyond_the_window_is_refused(bulk: BulkEmbedder) -> None:
    with pytest.raises(ValueError, match="the window of"):
        bulk.embed_passages(["word " * 600])
