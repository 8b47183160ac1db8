"""The child's side of a local model: its pipes to the serving process, and the requests that come through them.

Requests are answered one after the other, first come, first served; one that was stopped while it waited is dropped.
transformers has continuous batching, for causal models with paged attention, with a scheduler and a memory of its own; one
request at a time behaves alike for every model and machine, and for many askers at once there are servers such as vLLM
(generator.kind = "openai").
"""

from __future__ import annotations

import ctypes
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, BinaryIO, Protocol

from rag_core.errors import NotReady, PromptTooLong
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
    Stop,
    TooLong,
    packed,
    received,
)
from rag_core.generation.protocol import Message

__all__ = ["Continues", "serve"]

_PR_SET_PDEATHSIG = 1


class Continues(Protocol):
    """A loaded model, as worker.Continuer is one."""

    window: int
    tokenizer_file: str
    device: Any

    def continued(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        say: Callable[[str], None],
        stopped: Callable[[], bool],
    ) -> tuple[int, int]: ...


def serve(open_model: Callable[[Load], Continues]) -> None:
    """Load what the first message names and answer until standard input ends; then end the process.

    open_model: raises NotReady with a sentence when the model cannot be loaded.
    """
    channel = _Channel()
    _die_with_parent()
    load = received(channel.inward)
    if not isinstance(load, Load):
        sys.exit("This is the process of a local model; answerloop starts it itself.")
    work = _Work(channel)
    # Listening goes on beside loading and computing: the end of the serving process must be heard at any time.
    threading.Thread(target=work.run, args=(open_model, load), daemon=True).start()
    while message := received(channel.inward):
        match message:
            case Ask():
                work.add(message)
            case Stop(id=number):
                work.stop(number)
            case Ping():
                channel.send(Pong())
    os._exit(0)  # without waiting for the thread that may be computing


class _Channel:
    """The pipes, out of the reach of libraries that print or read."""

    def __init__(self) -> None:
        self.inward: BinaryIO = os.fdopen(os.dup(0), "rb")
        self._outward = os.fdopen(os.dup(1), "wb")
        self._lock = threading.Lock()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)

    def send(self, message: Heard) -> None:
        try:
            with self._lock:
                self._outward.write(packed(message))
                self._outward.flush()
        except OSError:  # nobody listens any more
            os._exit(0)


class _Work:
    """What waits to be answered."""

    def __init__(self, channel: _Channel) -> None:
        self._channel = channel
        self._waiting: queue.SimpleQueue[Ask] = queue.SimpleQueue()
        self._open: set[int] = set()
        """Asked and not yet ended."""
        self._stopped: set[int] = set()

    def add(self, ask: Ask) -> None:
        self._open.add(ask.id)
        self._waiting.put(ask)

    def stop(self, number: int) -> None:
        if number in self._open:
            self._stopped.add(number)

    def run(self, open_model: Callable[[Load], Continues], load: Load) -> None:
        """Load, then answer for ever."""
        try:
            model = open_model(load)
        except NotReady as error:
            self._end(Failed(str(error)))
        except MemoryError:
            self._end(Failed(f"The model {load.model} does not fit the memory; take a smaller one."))
        except Exception as error:  # a checkpoint can be broken in many ways; all are told
            traceback.print_exc()
            self._end(Failed(f"The model {load.model} cannot be loaded: {_named(error)}; the log has more."))
        self._channel.send(Ready(model.window, model.tokenizer_file, str(model.device)))
        while True:
            ask = self._waiting.get()
            ending = self._answered(model, ask)
            self._open.discard(ask.id)
            self._stopped.discard(ask.id)
            self._channel.send(ending)

    def _answered(self, model: Continues, ask: Ask) -> Done | TooLong | Broken:
        if ask.id in self._stopped:
            return Done(ask.id, 0, 0)
        try:
            prompt, answer = model.continued(
                ask.messages,
                ask.max_tokens,
                lambda text: self._channel.send(Piece(ask.id, text)),
                lambda: ask.id in self._stopped,
            )
        except PromptTooLong as error:
            return TooLong(ask.id, int(str(error)), model.window)
        except Exception as error:
            traceback.print_exc()
            return self._broken(ask, error)
        return Done(ask.id, prompt, answer)

    def _broken(self, ask: Ask, error: Exception) -> Broken:
        if type(error).__name__ in {"OutOfMemoryError", "MemoryError"}:
            return Broken(
                ask.id, "has not enough memory for it; lower generator.window or generator.max_tokens"
            )
        broken = Broken(ask.id, f"failed with {_named(error)}; the log has more")
        if type(error).__name__ == "AcceleratorError" or "CUDA error" in str(error):
            self._end(broken)  # after such an error the process cannot use the GPU any more
        return broken

    def _end(self, message: Heard) -> None:
        self._channel.send(message)
        os._exit(0)


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip()[:300]}".split("\n")[0].rstrip(".: ")


def _die_with_parent() -> None:
    """On Linux also while this process hangs; elsewhere the end of standard input has to do."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
