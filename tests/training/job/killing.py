"""Runs of the learning loop in processes of their own, which are killed at a chosen point.

All of them are forked from one process that has imported what they import and started no thread (see tests/commands.py). A
point is the N-th time that a run is about to change something (a file, a folder, a row, a transaction) or tells what it
does; or so many seconds of its processor time, for what happens inside of native code.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.commands import ROOT, WITHOUT_THREADS, environment

__all__ = ["Ended", "Forks", "forking"]

THREADS = {**WITHOUT_THREADS, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
LONGEST_S = 120.0
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = ("os.", "shutil.", "tempfile.", "sqlite3.connect")
LOOKS = (
    "os.listdir",
    "os.scandir",
    "os.walk",
    "os.fwalk",
    "os.putenv",
    "os.unsetenv",
    "os.getxattr",
    "os.listxattr",
)


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a run."""

    killed: bool
    points: int
    """That it came by; 0 where it was killed."""
    cpu_s: float
    step: str
    """The last that it told before its end."""
    state: str = ""
    """Of its outcome; '': it had none, by an error if it was not killed."""
    reason: str = ""


class Forks:
    """Runs of the learning loop, one after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, home: Path, method: str, at: int = 0, after_s: float = 0.0, **training: Any) -> Ended:
        """One run, killed at that point or after so much processor time; 0: not. training: other settings."""
        assert self._process.stdin
        assert self._process.stdout
        asked = {"home": str(home), "method": method, "at": at, "after_s": after_s, "training": training}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process that runs are forked from is gone"
        return Ended(**json.loads(answer))


@contextmanager
def forking() -> Iterator[Forks]:
    command = [sys.executable, "-c", "from tests.training.job.killing import serve; serve()"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(**THREADS),
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield Forks(process)
    finally:
        process.kill()
        process.communicate()


def serve() -> None:
    """Fork a process for each line of standard input."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _import_what_runs_import()
    for line in sys.stdin:
        asked = json.loads(line)
        said = Path(asked["home"]).parent / "said"
        said.unlink(missing_ok=True)
        if (child := os.fork()) == 0:
            _child(asked, said)
        print(json.dumps(asdict(_awaited(child, asked["after_s"], said))), file=answers, flush=True)


def _import_what_runs_import() -> None:
    """But onnxruntime and lancedb, which start threads."""
    import gc

    import matplotlib.pyplot
    import onnxscript
    import sentence_transformers
    import torch.onnx._internal.exporter._core
    import transformers.models.bert.modeling_bert

    import tests.training.job.installation
    import training.evaluate.releases
    import training.evaluate.tuning
    import training.export
    import training.report
    import training.tasks.query_side
    import training.tasks.retriever
    from tests.commands import _import_what_commands_import

    assert all((matplotlib, onnxscript, sentence_transformers, torch, transformers, tests, training))
    _import_what_commands_import()
    gc.freeze()


def _awaited(child: int, after_s: float, said: Path) -> Ended:
    """How it ended; it is killed when it has had its time."""
    clock, began = (~child << 3) | 2, time.monotonic()  # of all its threads: see clock_getcpuclockid(3)
    cpu = 0.0
    while True:
        done, status, used = os.wait4(child, os.WNOHANG)
        if done:
            return _ended(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, said)
        with suppress(OSError):
            cpu = time.clock_gettime(clock)
        if (after_s and cpu >= after_s) or time.monotonic() - began > LONGEST_S:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.002)


def _ended(code: int, cpu_s: float, said: Path) -> Ended:
    lines = said.read_text(encoding="utf-8").splitlines() if said.exists() else []
    outcome = json.loads(lines.pop()) if code == 0 else {}
    step = lines[-1] if lines else ""
    return Ended(code == -signal.SIGKILL, outcome.pop("points", 0), round(cpu_s, 3), step, **outcome)


def _child(asked: dict[str, Any], said: Path) -> None:
    import asyncio
    import traceback

    code = 1
    try:
        points = Points(asked["at"], said)
        outcome = asyncio.run(_run(asked, points))
        points.say(json.dumps({**outcome, "points": points.passed}))
        code = 0
    except BaseException:
        traceback.print_exc()
    os._exit(code)


async def _run(asked: dict[str, Any], points: Points) -> dict[str, str]:
    from rag_core.bootstrap import open_records
    from tests.training.job.installation import settings_of
    from training.job.run import run_once

    settings = settings_of(Path(asked["home"]), asked["method"], **asked["training"])
    async with open_records(settings) as database:
        points.count()
        outcome = await run_once(settings, database, watched=lambda recording: points)
    return {"state": outcome.state, "reason": outcome.reason}


class Points:
    """A Watcher too."""

    def __init__(self, at: int, said: Path) -> None:
        self._at, self._numbers = at, itertools.count(1)
        self._said = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._words = ""
        self.passed = 0

    def count(self) -> None:
        """From now on."""
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        sys.addaudithook(self._audited)
        event.listen(Engine, "before_cursor_execute", lambda *rest: self._here())
        event.listen(Engine, "commit", lambda *rest: self._here())

    def say(self, words: str) -> None:
        os.write(self._said, f"{words}\n".encode())

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        if words != self._words:
            self._words = words
            self.say(words)
        self._here()

    def point(self, curve: str, x: float, y: float) -> None:
        self._here()

    def figure(self, name: str, value: float) -> None: ...

    def _audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if writes or (event.startswith(CHANGES) and event not in LOOKS):
            self._here()

    def _here(self) -> None:
        self.passed = next(self._numbers)
        if self.passed == self._at:
            os.kill(os.getpid(), signal.SIGKILL)
