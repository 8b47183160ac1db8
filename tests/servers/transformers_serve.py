"""`transformers serve` as a process of its own on a free loopback port, over a model in a folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.servers.redis import free_port

__all__ = ["Serving", "serving"]

LIMIT_S = 120
"""Until it has loaded torch and the model, on a busy machine."""


@dataclass(frozen=True)
class Serving:
    url: str
    """As base_url wants it."""
    model: str
    """What requests call it."""


@contextmanager
def serving(model: Path, folder: Path) -> Iterator[Serving]:
    """It answers, and is stopped at the end. folder: where its log goes."""
    port = free_port()
    command = [
        sys.executable,
        "-c",
        "from transformers.cli.transformers import main; main()",
        "serve",
        str(model),
    ]
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with (folder / "transformers-serve.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
        )
    try:
        _wait(process, f"http://127.0.0.1:{port}/health", folder / "transformers-serve.log")
        yield Serving(f"http://127.0.0.1:{port}/v1", str(model))
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.1)
    raise AssertionError(f"waited too long: {log.read_text()}")
