"""The process of a local model, seen from the serving process: started, listened to, ended, and started again."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from rag_core.errors import Unavailable
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
    received_heard,
    well_formed,
)
from rag_core.generation.protocol import Message

__all__ = ["Asked", "Child"]

WORKER = "rag_core.generation.models.worker"
ROOT = Path(__file__).parents[3]
END_S = 2.0
"""From being asked to end to being killed."""
SECOND_LOOK_S = 0.2
LOADING = 6
"""Times the patience, while large libraries are being loaded."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 300.0
KEPT_LINES = 5
"""Of what the child wrote to its standard error, told when it ends by itself."""
log = logging.getLogger(__name__)

Reply = Piece | Done | TooLong | Broken | Unavailable


class Asked:
    """One request: its replies, as they come."""

    def __init__(self, number: int, before: int) -> None:
        self.number = number
        self.before = before
        """Requests that the child had not ended when this one came."""
        self.replies: asyncio.Queue[Reply] = asyncio.Queue()
        self.given_up = False


class Child:
    """Keeps one process with a loaded model running.

    When it ends by itself, all requests get Unavailable, and it is started again after a pause, which doubles from half a
    second to five minutes until an answer is finished. When the model cannot be loaded, it is tried again after the same
    pauses, and only once somebody asks.

    load: what it is sent first. patience_s: how long it may leave a Ping without reply before it counts as hung; stop_s:
    how long it may go on with a request after it was told to stop. In both cases it is killed.
    learned: called with each Ready.
    """

    def __init__(
        self, load: Load, patience_s: float, stop_s: float, learned: Callable[[Ready], None]
    ) -> None:
        self._load = load
        self._patience_s, self._stop_s = patience_s, stop_s
        self._learned = learned
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._process: asyncio.subprocess.Process | None = None
        self._settled, self._wanted = asyncio.Event(), asyncio.Event()
        self._refusal = ""
        """Why the model cannot be loaded; '' while it can, or is not known not to."""
        self._open: dict[int, Asked] = {}
        self._number = 0
        self._timers: dict[int, asyncio.TimerHandle] = {}
        """Until when a request that was given up must have ended; under 0, until when a Ping must be replied to."""
        self._answered = False
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Begin to load, in the background. Nothing happens when it has begun."""
        if self._task is None and not self._closed:
            self._task = asyncio.create_task(self._supervise())

    async def ready(self) -> None:
        """Wait until the model is loaded.

        Raises:
            Unavailable: it cannot be; the sentence names the remedy.
        """
        self.start()
        self._wanted.set()
        await self._settled.wait()
        if self._refusal:
            raise Unavailable(self._refusal)

    def ask(self, messages: Sequence[Message], max_tokens: int) -> Asked:
        """To be called when it is ready; the replies end with anything but a Piece."""
        self._number += 1
        asked = Asked(self._number, len(self._open))
        self._open[asked.number] = asked
        said = tuple(Message(m.role, well_formed(m.text)) for m in messages)
        self._send(Ask(asked.number, said, max_tokens))
        return asked

    def give_up(self, asked: Asked) -> None:
        """Have the child stop; what it still says to this request goes nowhere."""
        if asked.number in self._open and not asked.given_up:
            asked.given_up = True
            self._send(Stop(asked.number))
            # What was asked before may have to be ended first.
            self._expect(asked.number, self._stop_s * (asked.before + 1), "does not stop")
            self.check()

    def check(self) -> None:
        """Make sure that it is alive, else have it killed."""
        if self._process and 0 not in self._timers:
            self._send(Ping())
            patience_s = self._patience_s if self._settled.is_set() else LOADING * self._patience_s
            self._expect(0, patience_s, "does not react")

    async def close(self) -> None:
        """End the process, whatever it is doing, for good."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._refuse(f"The model {self._load.model} was closed; start answerloop again.")

    async def _supervise(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            self._answered = False
            try:
                await self._run()
            except OSError as error:
                self._refuse(f"The process of the model {self._load.model} cannot be started: {error}.")
            if self._refusal:
                log.error("%s", self._refusal)
                self._wanted.clear()
            pause = FIRST_PAUSE_S if self._answered else pause
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
            if self._refusal:
                await self._wanted.wait()

    def _refuse(self, reason: str) -> None:
        self._refusal = reason
        self._settled.set()

    async def _run(self) -> None:
        """One life of the process."""
        process = self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", WORKER),  # -P: modules of the current folder are none of ours
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(),
            start_new_session=True,  # an interrupt at the terminal is for the serving process
        )
        logging_of = asyncio.create_task(self._log(process))
        try:
            self._send(self._load)
            assert process.stdout
            async for message in received_heard(process.stdout):
                self._hear(message)
        except ValueError as error:
            log.warning("What the process of the model %s says is no message: %s", self._load.model, error)
        finally:
            was_ready = self._settled.is_set()
            self._process = None
            self._settled_down()
            await _end(process)
            logging_of.cancel()
        self._explain(process.returncode or 0, was_ready=was_ready)

    def _hear(self, message: Heard) -> None:
        self._forget_timer(0)
        match message:
            case Ready():
                self._refusal = ""
                self._learned(message)
                self._settled.set()
            case Failed(reason=reason):
                self._refuse(reason)
            case Pong():
                pass
            case Piece(id=number):
                if asked := self._open.get(number):
                    asked.replies.put_nowait(message)
            case Done(id=number) | TooLong(id=number) | Broken(id=number):
                self._forget_timer(number)
                self._answered = True
                if asked := self._open.pop(number, None):
                    asked.replies.put_nowait(message)

    def _settled_down(self) -> None:
        """The process has ended, or is about to."""
        for number in list(self._timers):
            self._forget_timer(number)
        if not self._refusal:
            self._settled.clear()
        reason = (
            f"The process of the model {self._load.model} ended while it was writing; it is started again, and the log has "
            "the reason."
        )
        for asked in self._open.values():
            asked.replies.put_nowait(Unavailable(reason))
        self._open.clear()

    def _explain(self, code: int, *, was_ready: bool) -> None:
        """Why the process ended, where it did not tell itself."""
        if self._refusal:
            return
        how = f"signal {-code}" if code < 0 else f"code {code}"
        last = " / ".join(self._lines) or "nothing"
        log.warning("The process of the model %s ended with %s. It wrote: %s", self._load.model, how, last)
        if not was_ready:
            self._refuse(
                f"The process of the model {self._load.model} ended with {how} while it was loading; with signal 9 the "
                "memory was probably too small for it, otherwise the log has the reason."
            )

    def _send(self, message: Said) -> None:
        """Without waiting: what is buffered is bounded by the requests that wait."""
        process = self._process
        if process and process.stdin and not process.stdin.is_closing():
            process.stdin.write(packed(message))

    def _expect(self, number: int, within_s: float, what: str) -> None:
        later = asyncio.get_running_loop().call_later

        def late() -> None:
            # If it was this process that was held up, what came meanwhile is read first.
            self._timers[number] = later(SECOND_LOOK_S, self._kill, what)

        self._timers[number] = later(within_s, late)

    def _forget_timer(self, number: int) -> None:
        if timer := self._timers.pop(number, None):
            timer.cancel()

    def _kill(self, what: str) -> None:
        log.warning("The process of the model %s %s; it is killed.", self._load.model, what)
        if self._process:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def _log(self, process: asyncio.subprocess.Process) -> None:
        """Standard error goes to our log, line by line, however long its lines are."""
        assert process.stderr
        while chunk := await process.stderr.read(4096):
            for line in chunk.decode(errors="replace").splitlines():
                if line.strip():
                    self._lines.append(line.strip()[:500])
                    log.debug("model process: %s", line.strip()[:500])


async def _end(process: asyncio.subprocess.Process) -> None:
    """Terminate, then kill; no zombie is left."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), END_S)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _environment() -> dict[str, str]:
    """Ours, without which no proxy, hub or GPU setting would reach the child; and where rag_core is, run from a folder."""
    found = os.environ.get("PYTHONPATH", "")
    root = [] if "site-packages" in ROOT.parts else [str(ROOT)]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*([found] if found else []), *root]),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
