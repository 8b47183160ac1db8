"""Redis servers of our own on free loopback ports, which can be killed, hung, filled and started again; nothing is saved.

Also a master with its replica and three Sentinels, a cluster of three nodes, and a certificate for TLS.
"""

from __future__ import annotations

import datetime
import ipaddress
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

__all__ = ["Certificate", "Server", "cluster", "free_port", "sentinels", "server"]

PROGRAM = shutil.which("redis-server")
QUIET = (
    "--save",
    "",
    "--appendonly",
    "no",
    "--bind",
    "127.0.0.1",
    "--loglevel",
    "warning",
    "--repl-diskless-sync-delay",
    "0",
)


class Server:
    """One redis-server. Killing it loses all that it holds, since nothing is saved."""

    def __init__(
        self, folder: Path, *options: str, port: int | None = None, mode: Sequence[str] = ()
    ) -> None:
        self.port = port or free_port()
        self._folder = folder
        self._options = options
        self._mode = mode
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin, and wait until it answers."""
        assert PROGRAM
        self._folder.mkdir(parents=True, exist_ok=True)
        own = () if self._mode else ("--port", str(self.port), *QUIET)
        command = [PROGRAM, *self._mode, *own, "--dir", str(self._folder), *self._options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(self._answers)

    def _answers(self) -> bool:
        assert self._process
        assert self._process.poll() is None, (self._folder / "log").read_text()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 0.5).close()
            return True
        return False

    def kill(self) -> None:
        """As kill -9 does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def hang(self) -> None:
        """Connections are taken, and nothing is answered."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def fill(self) -> None:
        """It holds more than it may, and evicts nothing: reads work, writes do not."""
        self.command("CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1")

    def empty(self) -> None:
        """There is room again."""
        self.command("CONFIG", "SET", "maxmemory", "0")

    def command(self, *words: str | int, **options: Any) -> Any:
        with redis.Redis(port=self.port, decode_responses=True, protocol=2, **options) as client:
            return client.execute_command(*words)


@contextmanager
def server(folder: Path, *options: str) -> Iterator[Server]:
    """A server that runs."""
    _installed()
    made = Server(folder, *options)
    made.start()
    try:
        yield made
    finally:
        made.kill()


@dataclass(frozen=True)
class Sentinels:
    url: str
    master: Server
    replica: Server


@contextmanager
def sentinels(folder: Path) -> Iterator[Sentinels]:
    """A master called 'cache', a replica that takes its place a second after it has gone, and three Sentinels."""
    with ExitStack() as stack:
        master = stack.enter_context(server(folder / "master"))
        replica = stack.enter_context(
            server(folder / "replica", "--replicaof", "127.0.0.1", str(master.port))
        )
        ports = []
        for number in range(3):
            port = free_port()
            config = folder / f"sentinel{number}.conf"
            config.write_text(
                f"port {port}\nbind 127.0.0.1\nsentinel monitor cache 127.0.0.1 {master.port} 2\n"
                "sentinel down-after-milliseconds cache 500\nsentinel failover-timeout cache 2000\n"
            )
            one = Server(folder / f"sentinel{number}", port=port, mode=(str(config), "--sentinel"))
            stack.callback(one.kill)
            one.start()
            ports.append(port)
            last = one
        until(lambda: last.command("INFO", "sentinel")["master0"]["sentinels"] == 3)
        until(lambda: last.command("INFO", "sentinel")["master0"]["slaves"] == 1)
        until(lambda: replica.command("INFO", "replication")["master_link_status"] == "up")
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        yield Sentinels(f"redis+sentinel://{hosts}/cache", master, replica)


@contextmanager
def cluster(folder: Path) -> Iterator[list[Server]]:
    """Three masters that share the slots."""
    _installed()
    with ExitStack() as stack:
        nodes = []
        for number in range(3):
            options = (
                "--cluster-enabled",
                "yes",
                "--cluster-config-file",
                "nodes.conf",
                "--cluster-node-timeout",
                "2000",
            )
            nodes.append(stack.enter_context(server(folder / f"node{number}", *options)))
        for number, node in enumerate(nodes):
            first, last = 16384 * number // 3, 16384 * (number + 1) // 3 - 1
            node.command("CLUSTER", "ADDSLOTSRANGE", first, last)
            node.command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            node.command("CLUSTER", "MEET", "127.0.0.1", nodes[0].port)
        until(lambda: all(_is_whole(node) for node in nodes))
        yield nodes


def _is_whole(node: Server) -> bool:
    said = node.command("CLUSTER", "INFO")
    return "cluster_state:ok" in said and "cluster_known_nodes:3" in said


@dataclass(frozen=True)
class Certificate:
    """Self-signed, for 127.0.0.1 and localhost."""

    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder: Path) -> Certificate:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        now = datetime.datetime.now(datetime.UTC)
        places = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(places), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        folder.mkdir(parents=True, exist_ok=True)
        files = cls(folder / "cert.pem", folder / "key.pem")
        pem = serialization.Encoding.PEM
        files.certificate.write_bytes(made.public_bytes(pem))
        plain = serialization.NoEncryption()
        files.key.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        return files


def free_port() -> int:
    """Below those that clients take; a cluster's nodes also listen 10,000 above it."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port: int = listening.getsockname()[1]
        port = 10_000 + port % 15_000
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def until(happened: Callable[[], bool], limit_s: float = 20) -> None:
    """Wait for it."""
    end = time.monotonic() + limit_s
    while True:
        with suppress(redis.RedisError, KeyError):
            if happened():
                return
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def _installed() -> None:
    if PROGRAM is None:
        pytest.skip("redis-server is not installed (as root: sh tests/system-packages.sh)")
