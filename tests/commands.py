"""`answerloop` in processes of their own, without importing everything anew for each: they are forked from one that has.

Each command has its own directory, environment, standard streams and exit code, as if started from a shell. What must see
Python start (what is imported, a signal, a variable that is read at import) starts one with subprocess instead.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
FIXED = {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "HF_HUB_OFFLINE": "1", "LC_ALL": "C.UTF-8"}
WITHOUT_THREADS = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""For numpy and pyarrow."""
_STARTED: list[tuple[subprocess.Popen[bytes], str]] = []
_HEAD = 8
"""Bytes that say how long a request is."""


def environment(**variables: str) -> dict[str, str]:
    """That of a command: nothing of ours but what is named."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("ANSWERLOOP_")}
    return {**own, **FIXED, "ANSWERLOOP_ADMIN__PORT": "0", **variables}  # several serve side by side


def run(
    arguments: Sequence[str],
    cwd: Path,
    given: str = "",
    variables: Mapping[str, str] | None = None,
    timeout_s: float = 120,
) -> subprocess.CompletedProcess[str]:
    """As subprocess.run does it, its output captured as text.

    Raises:
        subprocess.TimeoutExpired: it was killed after timeout_s.
    """
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        files[0].write(given.encode())
        files[0].seek(0)
        running = stack.enter_context(Running(arguments, cwd, [file.fileno() for file in files], variables))
        code = running.wait(timeout_s)
        return subprocess.CompletedProcess(list(arguments), code, _text(files[1]), _text(files[2]))


class Running:
    """A command that runs. It is killed at the end of the context, should it still run.

    streams: the descriptors of its standard input, output and error.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        cwd: Path,
        streams: Sequence[int],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._arguments = list(arguments)
        self._code: int | None = None
        asked = {
            "arguments": self._arguments,
            "cwd": str(cwd),
            "environment": environment(**(variables or {})),
        }
        self._channel = socket.socket(socket.AF_UNIX)
        self._channel.connect(_address())
        _send(self._channel, json.dumps(asked).encode(), streams)
        self.pid = int(self._line())

    def wait(self, timeout_s: float) -> int:
        """Its exit code, as subprocess has it.

        Raises:
            subprocess.TimeoutExpired: it was killed after timeout_s.
        """
        if self._code is None:
            self._channel.settimeout(timeout_s)
            try:
                self._code = int(self._line())
            except TimeoutError:
                self.send_signal(signal.SIGKILL)
                raise subprocess.TimeoutExpired(["answerloop", *self._arguments], timeout_s) from None
        return self._code

    def send_signal(self, number: signal.Signals) -> None:
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(10)
        self._channel.close()

    def _line(self) -> str:
        """The number comes first, then the exit code."""
        line = b""
        while not line.endswith(b"\n"):
            got = self._channel.recv(1)
            assert got, "the process that commands are forked from is gone"
            line += got
        return line.decode()


def _send(channel: socket.socket, body: bytes, streams: Sequence[int]) -> None:
    descriptors = array.array("i", streams)
    channel.sendmsg([len(body).to_bytes(_HEAD)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
    channel.sendall(body)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _address() -> str:
    if not _STARTED:
        folder = tempfile.TemporaryDirectory(prefix="answerloop-commands-")
        address = f"{folder.name}/socket"
        command = [sys.executable, "-c", "from tests.commands import serve; serve()", address]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(**WITHOUT_THREADS), stdin=subprocess.DEVNULL
        )
        atexit.register(folder.cleanup)
        atexit.register(process.kill)
        _STARTED.append((process, address))
        end = time.monotonic() + 60
        while not Path(address).exists():  # it is renamed to this name when it listens
            assert process.poll() is None, "no process to fork commands from"
            assert time.monotonic() < end
            time.sleep(0.01)
    return _STARTED[0][1]


def serve() -> None:
    """Fork a process for each command that is asked for at the socket named last on the command line."""
    from bots.cli import main

    _import_what_commands_import()
    address = sys.argv[-1]
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address + ".new")
        listening.listen(64)
        Path(address + ".new").rename(address)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait for the commands
        while True:
            channel, _ = listening.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                break
            channel.close()
    asked, files = _received(channel)
    if command := os.fork():
        channel.sendall(b"%d\n" % command)
        channel.sendall(b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(command, 0)[1]))
        os._exit(0)
    channel.close()
    listening.close()
    _become(asked, files)
    main()


def _import_what_commands_import() -> None:
    """Nothing that starts a thread, as lancedb and onnxruntime do: a thread does not come along."""
    import aiosqlite
    import alembic.command
    import filelock
    import numpy
    import overrides
    import pathspec
    import pebble
    import rich.console
    import rich.markdown
    import rich.progress
    import rich.table
    import tokenizers

    import bots.admin_serving
    import bots.discord_serving
    import bots.slack_serving
    import rag_core.bootstrap
    import rag_core.ingest.library
    import rag_core.ingest.reading
    import rag_core.records.migrations
    from rag_core.index.stores.lance_import import _lean_import

    with _lean_import():
        import pyarrow.dataset

    assert all((aiosqlite, alembic, filelock, numpy, overrides, pathspec, pebble, pyarrow, rich, tokenizers))
    assert all((bots, rag_core))
    assert len(list(Path("/proc/self/task").iterdir())) == 1
    gc.collect()
    gc.freeze()  # or every command walks through all of it at its end, and so copies it


def _received(channel: socket.socket) -> tuple[dict[str, Any], list[int]]:
    head, files, _, _ = socket.recv_fds(channel, _HEAD, 3)
    with channel.makefile("rb") as rest:
        return json.loads(rest.read(int.from_bytes(head))), files


def _become(asked: Mapping[str, Any], files: Sequence[int]) -> None:
    """The command: its directory, environment, arguments and streams."""
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["-c", *asked["arguments"]]
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout = open(0, encoding="utf-8"), open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1)  # noqa: SIM115
