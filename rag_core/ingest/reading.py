"""Documents are read in processes of their own, which can be stopped: parsers hang, crash and eat memory."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, TimeoutError
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from pebble import ProcessExpired, ProcessPool

from rag_core.errors import DocumentError
from rag_core.ingest.loaders import Loaded, load

__all__ = ["ReadingPool"]

_DOCUMENTS_PER_PROCESS = 500
"""Then a fresh process takes over, so that what parsers leak never adds up to the limit."""
_CLOSE_S = 5.0


class ReadingPool:
    """Reads documents, several at once, each bounded in time and memory.

    All kinds go through it, text as well: a hostile Markdown file can hold the parser for minutes, handing a
    file over takes a fraction of a millisecond, and there is one path to test. The first load starts the
    processes.

    workers: how many documents are read at the same time.
    timeout_s: one that takes longer is given up.
    memory_mb: the address space of a process; on platforms without such limits there is none.
    read: called in the process with path and suffix; must be importable there, so no lambda.
    """

    def __init__(
        self,
        workers: int,
        timeout_s: float,
        memory_mb: int,
        *,
        read: Callable[[Path, str], Loaded] = load,
    ) -> None:
        self._workers = workers
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._read = read
        self._pool: ProcessPool | None = None

    async def load(self, path: Path, suffix: str) -> Loaded:
        """Read a file; see rag_core.ingest.loaders.load. Cancelling the call stops the reading.

        Raises:
            DocumentError: it cannot be read, or not within the limits.
        """
        pool = self._pool or self._start()
        with _sigint_blocked():  # a process that scheduling starts inherits the mask
            future: Future[Loaded] = pool.schedule(self._read, args=(path, suffix), timeout=self._timeout_s)
        try:
            return await asyncio.wrap_future(future)
        except TimeoutError:
            raise DocumentError(f"took longer than {self._timeout_s:g} s to read") from None
        except MemoryError:
            raise DocumentError(f"needs more than {self._memory_mb:,} MB of memory to read") from None
        except ProcessExpired as error:
            raise DocumentError(f"ended the process that read it ({_how(error.exitcode)})") from None

    async def close(self) -> None:
        """Stop all processes, whatever they are doing. Safe to call twice."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            with suppress(TimeoutError):
                await asyncio.to_thread(pool.join, _CLOSE_S)

    async def __aenter__(self) -> ReadingPool:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _start(self) -> ProcessPool:
        # spawn: a fork of a process with threads (ONNX Runtime, LanceDB) may inherit a lock held forever
        self._pool = ProcessPool(
            max_workers=self._workers,
            max_tasks=_DOCUMENTS_PER_PROCESS,
            initializer=_limit_this_process,
            initargs=(self._memory_mb,),
            context=multiprocessing.get_context("spawn"),
        )
        return self._pool


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Ctrl-C reaches all processes of a terminal; those started in here never see it, even while starting."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _limit_this_process(memory_mb: int) -> None:
    """Runs first in each reading process: below others in priority, deaf to Ctrl-C, bounded in memory."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(10)
    _end_with_parent()
    try:
        import resource
    except ImportError:  # Windows
        return
    limit = memory_mb * 2**20
    with suppress(ValueError, OSError):  # macOS knows the limit but may refuse to set it
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _end_with_parent() -> None:
    """A process that hangs in a parser would outlive a killed parent for good."""
    import threading

    if (parent := multiprocessing.parent_process()) is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _how(exit_code: Any) -> str:
    """'SIGSEGV' or 'exit code 3'; an unknown end reads as the likeliest, the system short of memory."""
    if isinstance(exit_code, int) and exit_code < 0:
        with suppress(ValueError):
            return signal.Signals(-exit_code).name
    return f"exit code {exit_code}" if exit_code else "out of memory?"
