"""Where documents come from: [[sources]]."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from rag_core.settings.group import Group, duration_s

__all__ = ["FolderSource", "GitSource", "ReaderSource", "SourceSettings", "WebSource"]


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
    args: dict[str, Any] = Field(default={})
    """Arguments of its constructor. 'env:NAME' is replaced by that environment variable."""
    load: dict[str, Any] = Field(default={})
    """Arguments of its load_data. 'env:NAME' is replaced as well."""


SourceSettings = Annotated[FolderSource | WebSource | GitSource | ReaderSource, Field(discriminator="kind")]
