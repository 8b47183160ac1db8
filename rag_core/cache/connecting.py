"""An address -> a client of redis-py that never retries and never waits long.

redis-py's own defaults, with 5 s for a socket and ten retries, hold a question up for as long as a minute. RESP2 is spoken
because with RESP3 the client subscribes to notifications of maintenance, of which a cache has no need.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_core.cache.address import Address

__all__ = ["Client", "Tls", "connect"]

CONNECTIONS = 64
"""To one server, at most; the cache uses fewer."""


@dataclass(frozen=True, slots=True)
class Tls:
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """A client, with what must be closed beside it."""

    commands: Any
    """redis.asyncio.Redis or redis.asyncio.RedisCluster."""
    sentinels: Any = None

    async def close(self) -> None:
        await self.commands.aclose()
        if self.sentinels is not None:
            await self.sentinels.aclose()


def connect(
    address: Address,
    timeout_s: float,
    tls: Tls | None = None,
    password: str = "",
    sentinel_password: str = "",
) -> Client:
    """A client that connects when it is first used.

    timeout_s: of each connecting and each reply.
    """
    from redis import asyncio as redis
    from redis.asyncio import sentinel
    from redis.asyncio.cluster import ClusterNode

    limits = _limits(timeout_s)
    encrypted = _encrypted(tls or Tls()) if address.tls else {}
    login: dict[str, Any] = {
        "username": address.user or None,
        "password": password or address.password or None,
    }
    if address.kind == "socket":
        return Client(redis.Redis(unix_socket_path=address.path, db=address.db, **login, **limits))
    if address.kind == "cluster":
        nodes = [ClusterNode(host, port) for host, port in address.hosts]
        return Client(redis.RedisCluster(startup_nodes=nodes, **login, **limits, **encrypted))
    if address.kind == "sentinel":
        asking = {"password": sentinel_password or None, **limits, **encrypted}
        make: Any = sentinel.Sentinel  # has no annotations
        sentinels = make(address.hosts, sentinel_kwargs=asking, db=address.db, **login, **limits, **encrypted)
        return Client(sentinels.master_for(address.service), sentinels)
    host, port = address.hosts[0]
    return Client(redis.Redis(host=host, port=port, db=address.db, **login, **limits, **encrypted))


def _limits(timeout_s: float) -> dict[str, Any]:
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    return {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 0,
        "max_connections": CONNECTIONS,
        "protocol": 2,
        "driver_info": None,
    }


def _encrypted(tls: Tls) -> dict[str, Any]:
    return {
        "ssl": True,
        "ssl_ca_certs": _text(tls.ca_file),
        "ssl_certfile": _text(tls.cert_file),
        "ssl_keyfile": _text(tls.key_file),
    }


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
