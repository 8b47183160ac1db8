"""Where questions' vectors are taken before they are searched for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag_core.errors import NotReady
from rag_core.retrieval.query_map import QueryMap

CHANCE = np.random.default_rng(0)


def units(count: int, dimension: int = 8) -> np.ndarray:
    rows = CHANCE.normal(size=(count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_zero_leaves_every_vector_where_it_is() -> None:
    vectors = units(5)
    assert np.allclose(QueryMap(np.zeros((8, 8), np.float32))(vectors), vectors, atol=1e-6)


def test_one_vector_and_many_go_the_same_way_and_have_length_one() -> None:
    map_, vectors = QueryMap(CHANCE.normal(size=(8, 8)).astype(np.float32)), units(5)
    moved = map_(vectors)
    assert np.allclose(np.linalg.norm(moved, axis=1), 1, atol=1e-6)
    assert np.allclose(moved[2], map_(vectors[2]), atol=1e-6)


def test_what_was_written_is_read_for_the_same_embedder(tmp_path: Path) -> None:
    map_ = QueryMap(CHANCE.normal(size=(8, 8)).astype(np.float32), "abc")
    map_.write(tmp_path)
    assert np.array_equal(QueryMap.read(tmp_path, "abc", 8).matrix, map_.matrix)
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}


@pytest.mark.parametrize(
    ("weights", "dimension", "said"), [("other", 8, "another embedding"), ("abc", 4, "of 4")]
)
def test_it_is_refused_for_another_embedder(tmp_path: Path, weights: str, dimension: int, said: str) -> None:
    QueryMap(np.zeros((8, 8), np.float32), "abc").write(tmp_path)
    with pytest.raises(NotReady, match=said):
        QueryMap.read(tmp_path, weights, dimension)


@pytest.mark.parametrize("damage", ["card.json", "query_map.safetensors"])
def test_one_that_is_damaged_or_a_pickle_is_refused_with_a_remedy(tmp_path: Path, damage: str) -> None:
    import pickle

    QueryMap(np.zeros((8, 8), np.float32), "abc").write(tmp_path)
    (tmp_path / damage).write_bytes(pickle.dumps({"matrix": [0.0]}))
    with pytest.raises(NotReady, match="releases rollback"):
        QueryMap.read(tmp_path, "abc", 8)
