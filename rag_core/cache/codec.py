"""Values -> bytes and back. What does not decode is None, whatever is wrong with it, and nothing is ever unpickled.

A value is a version, the CRC-32 of what follows, and MessagePack of a typed list whose first item names its kind. The
sum finds what was damaged in numbers, where MessagePack would not notice.
"""

from __future__ import annotations

import struct
import zlib
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from rag_core.types import Citation

__all__ = [
    "VERSION",
    "CachedAnswer",
    "CachedRanking",
    "CachedVector",
    "Entry",
    "decode",
    "decode_vector",
    "encode",
]

VERSION = 3
_HEAD = struct.Struct("<BI")


class CachedVector(msgspec.Struct, frozen=True, array_like=True, tag="vector"):
    values: bytes
    """float32, little-endian."""

    @classmethod
    def of(cls, vector: NDArray[np.float32]) -> CachedVector:
        return cls(np.ascontiguousarray(vector, "<f4").tobytes())


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One candidate of a ranking. Its passage is fetched from the store, which checks that it is there and may be read."""

    id: str
    key: int
    cosine: float
    bm25: float
    score: float


class CachedRanking(msgspec.Struct, frozen=True, array_like=True, tag="ranking"):
    entries: tuple[Entry, ...]
    """Best first."""


class CachedAnswer(msgspec.Struct, frozen=True, array_like=True, tag="answer"):
    """An answer before it has an id, and what is recorded of how it came about."""

    text: str
    citations: tuple[Citation, ...]
    confidence: float
    abstained: bool
    nearest: tuple[Citation, ...]
    passages: tuple[dict[str, str | float], ...]
    """What was found, as it is recorded with an answer."""
    generator: str = "extractive"
    notices: tuple[str, ...] = ()
    """Ids of messages."""
    prompt_version: str = ""
    """Of the prompt that it was written to; '': no language model wrote it."""


T = TypeVar("T", CachedVector, CachedRanking, CachedAnswer)


def encode(value: CachedVector | CachedRanking | CachedAnswer) -> bytes:
    body = msgspec.msgpack.encode(value)
    return _HEAD.pack(VERSION, zlib.crc32(body)) + body


def decode(data: bytes, kind: type[T]) -> T | None:
    """The value; None where the bytes are not one of this kind and version, whole."""
    try:
        version, checksum = _HEAD.unpack_from(data)
        body = data[_HEAD.size :]
        if version != VERSION or zlib.crc32(body) != checksum:
            return None
        return msgspec.msgpack.decode(body, type=kind)
    except (struct.error, msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        return None


def decode_vector(data: bytes, dimension: int) -> NDArray[np.float32] | None:
    """(dimension,); None also where the length is another."""
    value = decode(data, CachedVector)
    if value is None or len(value.values) != 4 * dimension:
        return None
    return np.frombuffer(value.values, "<f4").astype(np.float32)
