"""What a local model's two processes say to each other: JSON with its length before it, over the child's stdin and stdout.

    serving process          child (worker.py)
    Load                 ->
                         <-  Ready, or Failed and the end of the process
    Ask                  ->
                         <-  Piece, Piece, … then Done, TooLong or Broken; one of these ends every Ask
    Stop                 ->  (that Ask ends with Done soon)
    Ping                 ->
                         <-  Pong, at once, whatever the model is doing

Nothing is pickled, on either side.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from typing import BinaryIO

import msgspec

from rag_core.generation.protocol import Message

__all__ = [
    "Ask",
    "Broken",
    "Done",
    "Failed",
    "Heard",
    "Load",
    "Piece",
    "Ping",
    "Pong",
    "Ready",
    "Said",
    "Stop",
    "TooLong",
    "packed",
    "received",
    "received_heard",
    "well_formed",
]

LONGEST = 64 << 20
"""Bytes of one message. A longer one is no message: something else wrote into the pipe."""
_LENGTH = struct.Struct(">I")


class Load(msgspec.Struct, frozen=True, tag=True):
    """The first message: what to load. Fields as in rag_core.settings.Generator."""

    model: str
    adapter: str | None
    device: str
    window: int | None
    max_tokens: int
    temperature: float


class Ask(msgspec.Struct, frozen=True, tag=True):
    id: int
    messages: tuple[Message, ...]
    max_tokens: int


class Stop(msgspec.Struct, frozen=True, tag=True):
    id: int


class Ping(msgspec.Struct, frozen=True, tag=True):
    pass


class Ready(msgspec.Struct, frozen=True, tag=True):
    window: int
    """Tokens that prompt and answer may have together."""
    tokenizer: str
    """Path of the model's tokenizer.json; '' where it has none."""
    device: str


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The model cannot be loaded; a sentence with the remedy."""

    reason: str


class Piece(msgspec.Struct, frozen=True, tag=True):
    id: int
    text: str


class Done(msgspec.Struct, frozen=True, tag=True):
    id: int
    prompt: int
    answer: int


class TooLong(msgspec.Struct, frozen=True, tag=True):
    id: int
    tokens: int
    """Of the prompt."""
    window: int


class Broken(msgspec.Struct, frozen=True, tag=True):
    """This one could not be answered; a sentence with the remedy."""

    id: int
    reason: str


class Pong(msgspec.Struct, frozen=True, tag=True):
    pass


Said = Load | Ask | Stop | Ping
"""By the serving process."""
Heard = Ready | Failed | Piece | Done | TooLong | Broken | Pong
"""By the serving process, from the child."""

_encoder = msgspec.json.Encoder()
_said: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)
_heard: msgspec.json.Decoder[Heard] = msgspec.json.Decoder(Heard)


def well_formed(text: str) -> str:
    """The text with a question mark for each half of a surrogate pair, which neither JSON nor a tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def packed(message: Said | Heard) -> bytes:
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


def received(pipe: BinaryIO) -> Said | None:
    """The next message, in the child; None at the end.

    Raises:
        ValueError: what came is no message.
    """
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    body = pipe.read(_length(head))
    return _said.decode(body)


async def received_heard(pipe: asyncio.StreamReader) -> AsyncIterator[Heard]:
    """The child's messages until its end.

    Raises:
        ValueError: what came is no message.
    """
    while True:
        try:
            head = await pipe.readexactly(_LENGTH.size)
            body = await pipe.readexactly(_length(head))
        except asyncio.IncompleteReadError:
            return
        yield _heard.decode(body)


def _length(head: bytes) -> int:
    (length,) = _LENGTH.unpack(head)
    if length > LONGEST:
        raise ValueError(f"a message of {length:,} bytes is announced, more than {LONGEST:,}")
    return int(length)
