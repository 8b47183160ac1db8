"""The stand-in of tests/servers/weaviate.py in a process of its own: started, stopped, killed, and back on its ports."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_S = 30


class WeaviateProcess:
    """Use as a context manager. journal: keeps the data over kill() and start()."""

    def __init__(self, journal: Path | None = None, api_key: str = "") -> None:
        self._held = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.http_port, self.grpc_port = (int(s.getsockname()[1]) for s in self._held)
        self._command = [
            *(sys.executable, "-m", "tests.servers.weaviate", str(self.http_port), str(self.grpc_port)),
            *(str(journal or ""), api_key),
        ]
        self._api_key = api_key
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def start(self) -> None:
        for held in self._held:
            held.close()
        self._process = subprocess.Popen(self._command, cwd=ROOT)
        until = time.monotonic() + START_S
        while True:
            try:
                self._ask("/v1/.well-known/ready")
                return
            except OSError:
                assert self._process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)

    def kill(self) -> None:
        """As kill -9 does."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def hang(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def fail(self, **faults: float) -> None:
        """See tests/servers/weaviate.py; without any, all is well again."""
        self._ask("/faults", json.dumps(faults).encode())

    def _ask(self, path: str, body: bytes | None = None) -> None:
        headers = {"Authorization": f"Bearer {self._api_key}"} if self._api_key else {}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, body, headers), timeout=5):
            pass

    def __enter__(self) -> WeaviateProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
