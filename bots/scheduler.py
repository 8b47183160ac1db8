"""Training by itself: a process of its own, of the lowest priority, whenever a run is due."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rag_core.bootstrap import open_records
from rag_core.errors import Unavailable
from rag_core.settings import Settings
from training.job.due import due

__all__ = ["be_polite", "begin_training", "keep_training", "train_command"]

LOOK_EVERY_S = 60.0
STOP_WITHIN_S = 15.0
log = logging.getLogger(__name__)


def train_command(home: Path | None, config: Path | None, if_due: bool = True) -> list[str]:
    """`answerloop train --if-due`, for this Python and these options. if_due: False: whether a run is due or not."""
    options = [
        f"--{name}={value}" for name, value in (("home", home), ("config", config)) if value is not None
    ]
    return [
        sys.executable,
        "-c",
        "from bots.cli import main; main()",
        *options,
        "train",
        *(["--if-due"] * if_due),
    ]


async def keep_training(
    settings: Callable[[], Settings], command: Sequence[str], look_every_s: float = LOOK_EVERY_S
) -> None:
    """Look again and again whether a run is due, and have it done, until cancelled; then the run is interrupted, and goes on
    the next time.

    settings: those in force now. command: what trains; see train_command.
    """
    if importlib.util.find_spec("torch") is None:
        log.info("nothing is trained here: that needs `pip install 'answerloop[train]'`")
        return
    async with open_records(settings()) as database:
        while True:
            decided = await due(settings(), database)
            if decided.now:
                log.warning("training begins: %s", decided.reason)
                await _trained(command)
            await asyncio.sleep(look_every_s)


async def begin_training(command: Sequence[str]) -> None:
    """Train once, as keep_training does; waits for the end, and interrupts the run when it is cancelled.

    Raises:
        Unavailable: it did not go to its end; the message is its last word.
    """
    if error := await _trained(command):
        raise Unavailable(error)


async def _trained(command: Sequence[str]) -> str:
    """Why it failed; '': it did not. In its own session, so that Ctrl+C reaches us alone."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    _leave_time(process.pid)
    try:
        said, _ = await process.communicate()
    except asyncio.CancelledError:
        await _stopped(process)
        raise
    lines = said.decode(errors="replace").strip().splitlines()
    last = lines[-1] if lines else f"status {process.returncode}"
    log.warning("training ended: %s", last)
    return last if process.returncode else ""


async def _stopped(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()


def be_polite() -> None:
    """Use only what time others leave: those who ask come first."""
    _leave_time(0)


def _leave_time(process: int) -> None:
    """0: this process. What it has begun before keeps its priority; what it begins from now on has the lowest."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, process, 19)
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0))
