"""What the reading pool promises, with readers that misbehave on purpose."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from rag_core.errors import DocumentError
from rag_core.ingest.loaders import Loaded
from rag_core.ingest.reading import ReadingPool


def misbehave(path: Path, suffix: str) -> Loaded:
    """A reader that does what the suffix says; runs in the reading process."""
    if suffix == ".hang":
        path.with_suffix(".started").touch()
        time.sleep(60)
    if suffix == ".hog":
        bytearray(8 * 2**30)
    if suffix == ".crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if suffix == ".exit":
        os._exit(3)
    if suffix == ".refuse":
        raise DocumentError("is encrypted")
    return Loaded(str(os.getpid()), f"nice {os.nice(0)}")


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[ReadingPool]:
    async with ReadingPool(workers=1, timeout_s=1, memory_mb=1024, read=misbehave) as pool:
        yield pool


async def test_reads_a_document_in_another_process(tmp_path: Path) -> None:
    """With its default reader, a document comes back as the loaders read it."""
    path = tmp_path / "a.md"
    path.write_text("# Ducks\n\nThey swim.\n")
    async with ReadingPool(workers=1, timeout_s=30, memory_mb=1024) as pool:
        assert await pool.load(path, ".md") == Loaded("Ducks", "# Ducks\n\nThey swim.\n", lines=True)


async def test_reading_leaves_the_processor_to_others(pool: ReadingPool, tmp_path: Path) -> None:
    """The reading process is not this one, and yields to others in priority."""
    loaded = await pool.load(tmp_path / "a", ".ok")
    assert loaded.title != str(os.getpid())
    assert loaded.markdown == f"nice {os.nice(0) + 10}"


async def test_a_reader_that_hangs_is_given_up(pool: ReadingPool, tmp_path: Path) -> None:
    """After timeout_s a document is refused with that reason, and the next one is read."""
    with pytest.raises(DocumentError, match="took longer than 1 s to read"):
        await pool.load(tmp_path / "a", ".hang")
    assert await pool.load(tmp_path / "b", ".ok")


async def test_a_reader_that_takes_too_much_memory_is_stopped(pool: ReadingPool, tmp_path: Path) -> None:
    """Beyond memory_mb a document is refused with that reason, and the next one is read."""
    with pytest.raises(DocumentError, match="needs more than 1,024 MB of memory to read"):
        await pool.load(tmp_path / "a", ".hog")
    assert await pool.load(tmp_path / "b", ".ok")


@pytest.mark.parametrize(("suffix", "reason"), [(".crash", "SIGSEGV"), (".exit", "exit code 3")])
async def test_a_reader_that_crashes_costs_one_document(
    pool: ReadingPool, tmp_path: Path, suffix: str, reason: str
) -> None:
    """A process that ends refuses the document it was reading, says how it ended, and the next is read."""
    with pytest.raises(DocumentError, match=f"^ended the process that read it .*{reason}"):
        await pool.load(tmp_path / "a", suffix)
    assert await pool.load(tmp_path / "b", ".ok")


async def test_a_refusal_keeps_its_reason(pool: ReadingPool, tmp_path: Path) -> None:
    """What the reader says of a document arrives unchanged."""
    with pytest.raises(DocumentError, match="is encrypted"):
        await pool.load(tmp_path / "a", ".refuse")


async def test_cancelling_frees_the_process(tmp_path: Path) -> None:
    """A cancelled load is not waited for, though its reader hangs."""
    async with ReadingPool(workers=1, timeout_s=60, memory_mb=1024, read=misbehave) as pool:
        task = asyncio.create_task(pool.load(tmp_path / "a", ".hang"))
        await _exists(tmp_path / "a.started")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        start = time.monotonic()
        await pool.load(tmp_path / "b", ".ok")
        assert time.monotonic() - start < 10


async def test_closing_does_not_wait_for_a_stuck_reader(tmp_path: Path) -> None:
    """Close returns within seconds while a document is being read; twice is as good as once."""
    pool = ReadingPool(workers=1, timeout_s=60, memory_mb=1024, read=misbehave)
    task = asyncio.create_task(pool.load(tmp_path / "a", ".hang"))
    await _exists(tmp_path / "a.started")
    start = time.monotonic()
    await pool.close()
    await pool.close()
    assert time.monotonic() - start < 5
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_starts_no_process_before_the_first_load() -> None:
    """A pool that reads nothing costs nothing: opening and closing it takes no time."""
    start = time.monotonic()
    async with ReadingPool(workers=4, timeout_s=60, memory_mb=1024):
        pass
    assert time.monotonic() - start < 0.1


_SCRIPT = """
import asyncio, sys
from pathlib import Path
from rag_core.ingest.reading import ReadingPool
from tests.rag_core.ingest.test_reading import misbehave

async def main() -> None:
    async with ReadingPool(1, 60, 1024, read=misbehave) as pool:
        await pool.load(Path(sys.argv[1]), ".hang")

if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        print("stopped by hand")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are signalled otherwise there")
async def test_ctrl_c_ends_quietly(tmp_path: Path) -> None:
    """Ctrl-C during reading ends the program at once, and no reading process prints a traceback."""
    script = tmp_path / "script.py"
    script.write_text(_SCRIPT)
    root = Path(__file__).parents[3]
    program = subprocess.Popen(  # noqa: ASYNC220 (a moment; what follows is what takes time)
        [sys.executable, str(script), str(tmp_path / "a")],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    await _exists(tmp_path / "a.started")
    os.killpg(program.pid, signal.SIGINT)
    output, errors = await asyncio.to_thread(program.communicate, timeout=15)
    assert (output, errors) == ("stopped by hand\n", "")


async def _exists(path: Path) -> None:
    async with asyncio.timeout(20):
        while not path.exists():  # noqa: ASYNC110, ASYNC240 (another process makes it)
            await asyncio.sleep(0.02)
