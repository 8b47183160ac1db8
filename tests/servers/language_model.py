"""A server on a free loopback port that speaks OpenAI's chat completions as a test tells it to, faults included.

`python -m tests.servers.language_model --port 8081 --obey` runs it alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import ssl
import threading
import time
from collections import deque

from tests.servers.background import Background, until
from tests.servers.replies import Answering, Asked, Reply, completion, echo, events, obeying, refusal

__all__ = ["Asked", "LanguageServer", "Reply", "echo", "obeying", "refusal", "until"]


class LanguageServer(Background):
    """Use as a context manager, plain or async; it runs in a thread of its own.

    Requests are answered by `script`, one step each, and by `answering` when it is used up.
    """

    def __init__(
        self,
        *script: Reply | Answering,
        answering: Answering = echo,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__()
        self.script: deque[Reply | Answering] = deque(script)
        self.answering = answering
        self.refuses: set[str] = set()
        """Parameters that are answered with 400."""
        self.key: str | None = None
        """Without it: 401."""
        self.models = ["scripted"]
        """Others are answered with 404."""
        self.window: int | None = None
        """Words that a prompt and its answer may have; more is answered with 400."""
        self.asked: list[Asked] = []
        """Requests for completions."""
        self.connections = 0
        self.port = port
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """As base_url wants it."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v1"

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = self._loop.create_task(self._converse(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Requests of one connection, one after the other."""
        first = b""
        try:
            while (asked := await _read_request(reader, first)) is not None:
                answering = self._loop.create_task(self._answer(asked, writer))
                first, went = await _while_connected(reader, answering)
                if went or asked.ended != "answered":
                    asked.ended = "disconnected" if went else "dropped"
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass  # clients that hang up, or speak TLS to it, are what some tests are about
        finally:
            writer.transport.abort()

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        reply = self._reply(asked)
        await asyncio.sleep(reply.before_headers_s)
        if reply.drop == "before headers":
            return
        if reply.body is not None:
            _write_whole(writer, reply)
        elif not asked.body.get("stream"):
            _write_whole(writer, completion(asked, reply))
        else:
            await self._stream(asked, reply, writer)
            if reply.drop:
                return
        await writer.drain()
        asked.ended = "answered"

    async def _stream(self, asked: Asked, reply: Reply, writer: asyncio.StreamWriter) -> None:
        fields = {"Content-Type": "text/event-stream", **reply.headers, "Transfer-Encoding": "chunked"}
        _write_head(writer, reply.status, fields)
        await writer.drain()
        await asyncio.sleep(reply.before_first_s)
        for event in events(asked, reply):
            if asked.sent > 1:  # the first event tells the role
                await asyncio.sleep(reply.between_s)
            data = f"{event}\n\n".encode()
            writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            await writer.drain()
            asked.sent += 1
        if not reply.drop:
            writer.write(b"0\r\n\r\n")

    def _reply(self, asked: Asked) -> Reply:
        if self.key is not None and self.key not in (
            asked.headers.get("authorization", "").removeprefix("Bearer "),
            asked.headers.get("api-key"),
        ):
            return refusal(401, "Incorrect API key provided.", "invalid_api_key")
        if asked.path.endswith("/models"):
            listed = [
                {"id": name, "object": "model", "created": 0, "owned_by": "test"} for name in self.models
            ]
            return Reply(body=json.dumps({"object": "list", "data": listed}).encode())
        if not asked.path.split("?")[0].endswith("/chat/completions"):
            return Reply(status=404, headers={"Content-Type": "text/plain"}, body=b"404 page not found")
        self.asked.append(asked)
        return self._refusal(asked) or self._next(asked)

    def _refusal(self, asked: Asked) -> Reply | None:
        if asked.body.get("model") not in self.models:
            return refusal(404, f"The model `{asked.body.get('model')}` does not exist.", "model_not_found")
        for name in sorted(self.refuses & asked.body.keys()):
            return refusal(
                400,
                f"Unsupported parameter: '{name}' is not supported with this model.",
                "unsupported_parameter",
            )
        words = sum(len(m["content"].split()) for m in asked.body["messages"])
        if self.window is not None and words > self.window:
            return refusal(
                400,
                f"This model's maximum context length is {self.window} tokens.",
                "context_length_exceeded",
            )
        return None

    def _next(self, asked: Asked) -> Reply:
        step = self.script.popleft() if self.script else self.answering
        return step if isinstance(step, Reply) else step(asked)


async def _read_request(reader: asyncio.StreamReader, first: bytes) -> Asked | None:
    line = first + await reader.readline()
    if not line.strip():
        return None
    method, path, _ = line.decode().split(" ", 2)
    headers: dict[str, str] = {}
    while field_ := (await reader.readline()).decode().strip():
        name, _, value = field_.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, path, headers, json.loads(body) if body else {}, time.monotonic())


async def _while_connected(reader: asyncio.StreamReader, answering: asyncio.Task[None]) -> tuple[bytes, bool]:
    """Answer unless the client goes away. Gives what it sent meanwhile, and whether it went."""
    hearing = asyncio.create_task(reader.read(1))
    try:
        await asyncio.wait((answering, hearing), return_when=asyncio.FIRST_COMPLETED)
        if hearing.done() and not answering.done() and (hearing.exception() or not hearing.result()):
            return b"", True
        await answering
        if hearing.done() and hearing.exception() is None:
            return hearing.result(), False
        return b"", False
    except ConnectionError:
        return b"", True
    finally:
        for task in (hearing, answering):
            task.cancel()
        await asyncio.gather(hearing, answering, return_exceptions=True)


def _write_head(writer: asyncio.StreamWriter, status: int, fields: dict[str, str]) -> None:
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in fields.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())


def _write_whole(writer: asyncio.StreamWriter, reply: Reply) -> None:
    body = reply.body or b""
    length = {"Content-Length": str(len(body))}
    _write_head(writer, reply.status, {"Content-Type": "application/json"} | length | reply.headers)
    writer.write(body[: len(body) // 2] if reply.drop else body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--obey", action="store_true", help="do whatever the prompt says, instead of repeating it"
    )
    parser.add_argument("--text", help="always answer this")
    parser.add_argument("--between", type=float, default=0.0, help="seconds between two words")
    options = parser.parse_args()

    def answering(asked: Asked) -> Reply:
        made = Reply.text(options.text) if options.text else (obeying if options.obey else echo)(asked)
        return Reply(made.pieces, between_s=options.between)

    with (
        LanguageServer(answering=answering, port=options.port) as server,
        contextlib.suppress(KeyboardInterrupt),
    ):
        print(f"{server.url} serves the model {server.models[0]!r}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
