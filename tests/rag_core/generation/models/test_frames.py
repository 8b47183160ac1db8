from __future__ import annotations

import asyncio
import io
import struct

import pytest

from rag_core.generation.models.frames import (
    Ask,
    Broken,
    Done,
    Failed,
    Heard,
    Load,
    Piece,
    Ping,
    Pong,
    Ready,
    Said,
    Stop,
    TooLong,
    packed,
    received,
    received_heard,
)
from rag_core.generation.protocol import Message

SAID: list[Said] = [
    Load("a/b", None, "auto", None, 700, 0.0),
    Ask(1, (Message("system", "Grüße 👋"), Message("user", "\n\x00")), 50),
    Stop(1),
    Ping(),
]
HEARD: list[Heard] = [
    Ready(1024, "", "cpu"),
    Failed("no"),
    Piece(1, "👋"),
    Done(1, 2, 3),
    TooLong(1, 9, 8),
    Broken(1, "x"),
    Pong(),
]


def stream_of(content: bytes) -> asyncio.StreamReader:
    stream = asyncio.StreamReader()
    stream.feed_data(content)
    stream.feed_eof()
    return stream


def test_what_is_said_arrives() -> None:
    """Every kind of message, one after the other, to the end."""
    pipe = io.BytesIO(b"".join(map(packed, SAID)))
    assert [received(pipe) for _ in SAID] == SAID
    assert received(pipe) is None


async def test_what_is_heard_arrives() -> None:
    assert [m async for m in received_heard(stream_of(b"".join(map(packed, HEARD))))] == HEARD


@pytest.mark.parametrize("cut", [1, 3, 5])
async def test_a_message_cut_off_is_the_end(cut: int) -> None:
    """As when the child is killed while it writes."""
    assert [m async for m in received_heard(stream_of(packed(Pong()) + packed(Piece(1, "x"))[:cut]))] == [
        Pong()
    ]


@pytest.mark.parametrize(
    "content",
    [b"Loading weights: 100%|####|", struct.pack(">I", 4) + b"null", packed(Ping())],
    ids=["prose", "no message", "not of the child"],
)
async def test_anything_else_is_no_message(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"(?i)bytes|expected|invalid"):
        _ = [m async for m in received_heard(stream_of(content))]
