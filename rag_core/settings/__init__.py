"""What can be set: frozen, typed, grouped as in answerloop.toml. Read by rag_core/configuration.py."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import field_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from rag_core.settings.access import Access, AccessRule
from rag_core.settings.answering import (
    Answers,
    Conversation,
    Embedding,
    Generator,
    Ingest,
    Reranking,
    Retrieval,
)
from rag_core.settings.connections import Cache, Database, Store, Web
from rag_core.settings.group import duration_s
from rag_core.settings.platforms import ChannelSettings, Discord, Slack
from rag_core.settings.review import Admin, Provider, Retention, Review, Votes
from rag_core.settings.sources import FolderSource, GitSource, ReaderSource, SourceSettings, WebSource
from rag_core.settings.training import Training

__all__ = [
    "Access",
    "AccessRule",
    "Admin",
    "Answers",
    "Cache",
    "ChannelSettings",
    "Conversation",
    "Discord",
    "FolderSource",
    "Generator",
    "GitSource",
    "Ingest",
    "Provider",
    "ReaderSource",
    "Reranking",
    "Retention",
    "Retrieval",
    "Review",
    "Settings",
    "Slack",
    "SourceSettings",
    "Store",
    "Training",
    "Votes",
    "WebSource",
    "duration_s",
]


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
    language: Literal["de", "en", "es", "fr"] | None = None
    """Of the bot's own sentences. Unset: the asker's, as the platform tells it, where it is one of these; else English."""
    sources: tuple[SourceSettings, ...] = ()
    embedding: Embedding = Embedding()
    reranking: Reranking = Reranking()
    ingest: Ingest = Ingest()
    retrieval: Retrieval = Retrieval()
    answers: Answers = Answers()
    generator: Generator = Generator()
    conversation: Conversation = Conversation()
    store: Store = Store()
    web: Web = Web()
    database: Database = Database()
    cache: Cache = Cache()
    access: Access = Access()
    slack: Slack = Slack()
    discord: Discord = Discord()
    channels: tuple[ChannelSettings, ...] = ()
    review: Review = Review()
    votes: Votes = Votes()
    retention: Retention = Retention()
    admin: Admin = Admin()
    training: Training = Training()

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
