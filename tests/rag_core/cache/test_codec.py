"""Values and their bytes: what was written is read, and anything else is nothing."""

from __future__ import annotations

import pickle
import struct
import zlib
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.cache import CachedAnswer, Entry
from rag_core.cache.codec import VERSION, CachedRanking, CachedVector, decode, decode_vector, encode
from rag_core.types import Citation

KINDS = (CachedVector, CachedRanking, CachedAnswer)
texts = st.text(max_size=20)
numbers = st.floats(allow_nan=False)
citations = st.builds(Citation, st.integers(0, 99), texts, texts, texts, texts, texts)
answers = st.builds(
    CachedAnswer,
    texts,
    st.lists(citations, max_size=3).map(tuple),
    numbers,
    st.booleans(),
    st.lists(citations, max_size=3).map(tuple),
    st.lists(st.dictionaries(texts, texts | numbers, max_size=3), max_size=3).map(tuple),
)
entries = st.builds(Entry, texts, st.integers(-(2**63), 2**64 - 1), numbers, numbers, numbers)
rankings = st.lists(entries, max_size=5).map(tuple).map(CachedRanking)

CITED = Citation(1, "Leave", "https://x/leave#days", "30 days", "leave#0", "line 3")
ANSWER = CachedAnswer("30 days [1].", (CITED,), 0.91, False, (), ({"passage": "leave#0", "cosine": 0.8},))


@given(answers | rankings)
def test_what_was_written_is_read(value: CachedAnswer | CachedRanking) -> None:
    """Equal in every field, numbers to the last bit."""
    assert decode(encode(value), type(value)) == value


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=20))
def test_a_vector_is_kept_exactly(values: list[float]) -> None:
    """float32 in, the same float32 out."""
    vector = np.array(values, np.float32)
    again = decode_vector(encode(CachedVector.of(vector)), len(values))
    assert again is not None
    assert again.dtype == np.float32
    assert again.tobytes() == vector.tobytes()
    again += 1  # it is the reader's own


def test_values_are_compact() -> None:
    """A vector takes its numbers and a few bytes; an answer less than it would as JSON."""
    assert len(encode(CachedVector.of(np.zeros(384, np.float32)))) < 384 * 4 + 20
    assert len(encode(ANSWER)) < len(msgspec.json.encode(msgspec.structs.asdict(ANSWER)))


@pytest.mark.parametrize("dimension", [383, 385, 0, 768])
def test_a_vector_of_another_length_is_nothing(dimension: int) -> None:
    """Such as one of another model."""
    assert decode_vector(encode(CachedVector.of(np.ones(384, np.float32))), dimension) is None


def test_a_truncated_value_is_nothing() -> None:
    """At whatever byte it was cut."""
    whole = encode(ANSWER)
    assert decode(whole, CachedAnswer) == ANSWER
    assert all(decode(whole[:end], CachedAnswer) is None for end in range(len(whole)))
    assert decode(whole + b"\x00", CachedAnswer) is None


def test_a_damaged_value_is_nothing() -> None:
    """Any bit of any byte, also within numbers, where nothing else would notice."""
    for value in (
        ANSWER,
        CachedRanking((Entry("a", 1, 0.5, 2.0, 0.7),)),
        CachedVector.of(np.ones(8, np.float32)),
    ):
        whole = encode(value)
        for place in range(len(whole)):
            for bit in range(8):
                damaged = bytearray(whole)
                damaged[place] ^= 1 << bit
                assert decode(bytes(damaged), type(value)) is None


def test_another_version_is_nothing() -> None:
    """What a later release of answerloop wrote is not guessed at."""
    body = msgspec.msgpack.encode(ANSWER)
    assert decode(struct.pack("<BI", VERSION, zlib.crc32(body)) + body, CachedAnswer) == ANSWER
    assert decode(struct.pack("<BI", VERSION + 1, zlib.crc32(body)) + body, CachedAnswer) is None


@pytest.mark.parametrize("kind", KINDS)
def test_another_kind_is_nothing(kind: type[CachedAnswer]) -> None:
    """A value says what it is."""
    values = [ANSWER, CachedRanking(()), CachedVector(b"")]
    assert [type(v) for value in values if (v := decode(encode(value), kind))] == [kind]


@pytest.mark.parametrize(
    "body",
    [
        ["answer", 5, [], 0.5, False, [], []],
        ["answer", "text", [], "0.5", False, [], []],
        ["answer", "text", [{"number": 1}], 0.5, False, [], []],
        ["answer", "text"],
        {"text": "text"},
        None,
    ],
)
def test_a_value_of_other_types_is_nothing(body: object) -> None:
    """Well-formed, with a right sum, and still not an answer."""
    data = msgspec.msgpack.encode(body)
    assert decode(struct.pack("<BI", VERSION, zlib.crc32(data)) + data, CachedAnswer) is None


@given(st.binary(max_size=200), st.booleans())
def test_arbitrary_bytes_are_nothing(body: bytes, summed: bool) -> None:
    """And never an exception, with a right sum or without."""
    data = struct.pack("<BI", VERSION, zlib.crc32(body)) + body if summed else body
    for kind in KINDS:
        assert decode(data, kind) is None
    assert decode_vector(data, 384) is None


def test_deep_nesting_is_nothing() -> None:
    """Brackets within brackets do not exhaust the stack."""
    body = b"\x91" * 100_000
    assert decode(struct.pack("<BI", VERSION, zlib.crc32(body)) + body, CachedAnswer) is None


class _Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return Path.touch, (self.path,)


def test_a_pickle_is_nothing_and_is_not_run(tmp_path: Path) -> None:
    """Who may write to Redis cannot run code here."""
    mark = tmp_path / "mark"
    data = pickle.dumps(_Evil(mark))
    assert decode(data, CachedAnswer) is None
    assert decode(struct.pack("<BI", VERSION, zlib.crc32(data)) + data, CachedAnswer) is None
    assert not mark.exists()
    pickle.loads(data)
    assert mark.exists()  # it would have been seen
