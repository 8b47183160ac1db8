"""Work that a page starts and does not wait for: one of each name at a time in this process, its progress on the page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fastapi import FastAPI

from rag_core.errors import AnswerloopError, Busy

__all__ = ["Job", "Jobs", "jobs_of"]

log = logging.getLogger(__name__)


@dataclass
class Job:
    name: str
    of: str = ""
    """What it works on, for a reader."""
    done: int = 0
    total: int = 0
    """0: not known yet."""
    error: str = ""
    """Why it failed, in a sentence; '': it did not."""
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def running(self) -> bool:
        return self.task is not None and not self.task.done()

    def progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total


class Jobs:
    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def start(self, name: str, work: Callable[[Job], Awaitable[None]], of: str = "") -> Job:
        """
        Raises:
            Busy: one of that name is running.
        """
        known = self.get(name)
        if known and known.running:
            raise Busy("This is running already; wait until it is done.")
        job = self._jobs[name] = Job(name, of)
        job.task = asyncio.create_task(_finished(job, work))
        return job

    def get(self, name: str) -> Job | None:
        """The last one of that name, running or not."""
        return self._jobs.get(name)


async def _finished(job: Job, work: Callable[[Job], Awaitable[None]]) -> None:
    try:
        await work(job)
    except AnswerloopError as error:
        job.error = str(error)
    except Exception:
        log.exception("%s failed", job.name)
        job.error = "Something went wrong that the log tells more of."


def jobs_of(app: FastAPI) -> Jobs:
    if not hasattr(app.state, "jobs"):
        app.state.jobs = Jobs()
    jobs: Jobs = app.state.jobs
    return jobs
