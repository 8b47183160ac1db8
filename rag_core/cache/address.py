"""The address of a Redis, of its Sentinels, or of a cluster, read without the redis package."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

__all__ = ["Address", "Kind"]

Kind = Literal["server", "socket", "sentinel", "cluster"]
REDIS, SENTINEL = 6379, 26379
"""The ports where none is given."""
_SCHEMES: dict[str, tuple[Kind, bool]] = {
    "redis": ("server", False),
    "rediss": ("server", True),
    "unix": ("socket", False),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}


@dataclass(frozen=True, slots=True)
class Address:
    kind: Kind
    tls: bool = False
    hosts: tuple[tuple[str, int], ...] = ()
    """Of one server, of all Sentinels, or of some nodes of the cluster, which name the others."""
    path: str = ""
    """Of the socket."""
    service: str = ""
    """What the Sentinels call the master."""
    db: int = 0
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read an address.

        Raises:
            ValueError: it is not understood; the message says what was expected and repeats nothing that could be secret.
        """
        scheme, separator, rest = url.strip().partition("://")
        if not separator or scheme.lower() not in _SCHEMES:
            raise ValueError(
                f"expected an address that begins with one of {', '.join(f'{s}://' for s in _SCHEMES)}"
            )
        kind, tls = _SCHEMES[scheme.lower()]
        rest, _, query = rest.partition("?")
        if query and kind != "socket":
            raise ValueError("expected nothing after '?' (percent-encode it where it belongs to a password)")
        if kind == "socket":
            return cls._of_socket(rest, query)
        place, _, path = rest.partition("/")
        credentials, _, names = place.rpartition("@")
        user, _, password = credentials.partition(":")
        port = SENTINEL if kind == "sentinel" else REDIS
        hosts = tuple(_host(name, port) for name in names.split(","))
        if kind == "server" and len(hosts) > 1:
            raise ValueError("expected one host; several are for redis+sentinel:// and redis+cluster://")
        service, db = _below(kind, path.rstrip("/"))
        return cls(kind, tls, hosts, "", service, db, unquote(user), unquote(password))

    @classmethod
    def _of_socket(cls, path: str, query: str) -> Address:
        if not path.startswith("/"):
            raise ValueError("expected an absolute path, as in unix:///run/redis/redis.sock")
        key, _, value = query.partition("=")
        if query and key != "db":
            raise ValueError("expected nothing but db after '?', as in unix:///run/redis/redis.sock?db=1")
        return cls("socket", path=unquote(path), db=_number(value) if query else 0)

    def __str__(self) -> str:
        """The address without user and password."""
        if self.kind == "socket":
            return f"unix://{self.path}" + (f"?db={self.db}" if self.db else "")
        scheme = next(scheme for scheme, meant in _SCHEMES.items() if meant == (self.kind, self.tls))
        hosts = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)
        below = [self.service] if self.service else []
        return "/".join([f"{scheme}://{hosts}", *below, *([str(self.db)] if self.db else [])])


def _host(text: str, port: int) -> tuple[str, int]:
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise ValueError("expected an IPv6 address in brackets, as in redis://[::1]:6379")
        named = rest[1:] if rest else None
    else:
        host, colon, after = text.partition(":")
        named = after if colon else None
    if not host:
        raise ValueError("expected a host, as in redis://localhost:6379/0")
    if named is None:
        return host, port
    if not (named.isascii() and named.isdigit() and 0 < int(named) < 65536):
        raise ValueError("expected a port from 1 to 65535 after the host")
    return host, int(named)


def _below(kind: Kind, path: str) -> tuple[str, int]:
    """Service and number of the database, from what follows the hosts."""
    if kind == "cluster":
        if path:
            raise ValueError("expected nothing after the hosts: a cluster has one database")
        return "", 0
    if kind == "server":
        return "", _number(path) if path else 0
    service, _, db = path.partition("/")
    if not service:
        raise ValueError("expected the name of the service, as in redis+sentinel://host:26379/service")
    return unquote(service), _number(db) if db else 0


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("expected the number of the database, as in redis://localhost:6379/0")
    return int(text)
