"""What answerloop listens on and connects to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from rag_core.settings.group import Group, duration_s

__all__ = ["Cache", "Database", "Store", "Web"]


class Store(Group):
    """Where the index is kept. See docs/weaviate.md."""

    url: str | None = Field(default=None, pattern=r"^https?://[^\s/?#@]+/?$")
    """Address of a Weaviate server, `"http://localhost:8080"`. Unset: LanceDB in the home directory, nothing to run."""
    grpc_host: str | None = None
    """Where Weaviate listens for gRPC, when that is another host than url's."""
    grpc_port: int = Field(default=50051, ge=1, le=65535)
    """Weaviate's port for gRPC; it is encrypted when url begins with https."""
    embedded: bool = False
    """Whether Weaviate runs as a child process of the bot, with its data in the home directory, in place of url."""
    tenant: str = Field(default="default", pattern=r"^[A-Za-z0-9_-]{0,64}$")
    """The tenant of the collection that holds this installation's passages; made when missing. `""`: a collection without
    tenants, which Weaviate divides into shards over all nodes."""
    replication_factor: int = Field(default=1, ge=1, le=99)
    """Copies of each shard, when the collection is made."""
    consistency: Literal["one", "quorum", "all"] = "quorum"
    """How many of the copies must answer a read or take a write."""
    quantization: Literal["none", "rq", "sq", "bq"] = "none"
    """How vectors are compressed in Weaviate's memory, when the collection is made: rotational, scalar or binary."""
    timeout_s: float = Field(default=5, gt=0)
    """A request that reads, and takes longer, has failed."""
    write_timeout_s: float = Field(default=60, gt=0)
    """A request that writes, and takes longer, has failed."""
    client_scope: str | None = None
    """OIDC with client credentials: scopes to ask of the provider, separated by spaces. Unset: what Weaviate names."""
    api_key: SecretStr | None = None
    """From the environment variable ANSWERLOOP_STORE__API_KEY only."""
    client_secret: SecretStr | None = None
    """For OIDC with client credentials, from the environment variable ANSWERLOOP_STORE__CLIENT_SECRET only; Weaviate names
    the client and the provider."""
    bearer_token: SecretStr | None = None
    """An OIDC access token, from the environment variable ANSWERLOOP_STORE__BEARER_TOKEN only."""

    @model_validator(mode="after")
    def _one_server_and_one_way_in(self) -> Store:
        if self.url and self.embedded:
            raise ValueError("url names a server and embedded starts one: leave one of them out")
        if sum(1 for way in (self.api_key, self.client_secret, self.bearer_token) if way) > 1:
            raise ValueError("an API key, a client secret and a bearer token exclude each other: give one")
        return self


class Web(Group):
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    """0 takes any free port."""
    hosts: tuple[str, ...] = ()
    """Host names that people reach the page by, besides this machine's own, when a proxy stands before it."""
    suggestions: tuple[str, ...] = ()
    """Questions offered on the empty page."""
    embed_origins: tuple[
        Annotated[str, Field(pattern=r"^https?://(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?$")], ...
    ] = ()
    """Sites that may show the page in a frame, `["https://docs.example.com", "https://*.example.org"]`. See
    docs/embedding.md."""


class Database(Group):
    url: str | None = None
    """An SQLAlchemy address such as postgresql+asyncpg://user@host/name; password from the environment variable
    ANSWERLOOP_DATABASE__URL. Unset: answerloop.db in the home directory."""


class Cache(Group):
    enabled: bool = True
    """Whether the vectors of questions, rankings and answers are kept for whoever asks the same again."""
    url: str | None = None
    """Redis, shared by processes and kept over restarts: redis://host:6379/0, rediss:// for TLS, unix:///path,
    redis+sentinel://host:26379,host2/service, redis+cluster://host,host2; user and password from the environment
    variable ANSWERLOOP_CACHE__URL, or see password. Unset: each process keeps its own."""
    password: SecretStr | None = None
    """Of Redis; from the environment variable ANSWERLOOP_CACHE__PASSWORD only. Goes before one in the address."""
    sentinel_password: SecretStr | None = None
    """Of the Sentinels themselves, where they ask for one; from ANSWERLOOP_CACHE__SENTINEL_PASSWORD only."""
    ca_file: Path | None = None
    """With TLS: certificates (PEM) of those who may vouch for Redis. Unset: the system's."""
    cert_file: Path | None = None
    """With TLS: our own certificate (PEM), where Redis asks for one."""
    key_file: Path | None = None
    """With TLS: the key (PEM) of cert_file."""
    ttl: str = "1d"
    """How long an entry is kept at most: '15m', '1h', '1d'. What changed is never served however long it is kept."""
    size_mb: int = Field(default=32, ge=1)
    """Of the cache in the process, used without a url and while Redis is down; the least recently used goes first."""
    timeout_ms: int = Field(default=50, ge=5, le=1000)
    """The longest a question waits for Redis before it goes on without."""
    semantic: bool = False
    """Whether a question is also answered with what a paraphrase of it was answered; docs/cache.md says how often that
    errs and how often it helps."""
    semantic_threshold: float = Field(default=0.85, ge=0.85, le=1)
    """The cosine at least between a question and its paraphrase. The default is the measured one."""

    @field_validator("ttl")
    @classmethod
    def _ttl_is_a_duration(cls, value: str) -> str:
        duration_s(value)
        return value

    @field_validator("url")
    @classmethod
    def _url_is_understood(cls, value: str | None) -> str | None:
        if value is not None:
            from rag_core.cache.address import Address

            Address.parse(value)
        return value

    @model_validator(mode="after")
    def _certificate_has_its_key(self) -> Cache:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("expected cert_file and key_file together")
        return self
