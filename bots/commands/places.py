"""What a person means by a folder, file or address on the command line, as a source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from rag_core.errors import SettingsError
from rag_core.settings import FolderSource, GitSource, SourceSettings, WebSource

__all__ = ["Place"]

_SITEMAP = re.compile(r"/sitemap[^/]*\.xml(\.gz)?$")
_GIT = re.compile(r"^(?:https?://.+|ssh://.+|[\w.-]+@[\w.-]+:.+)\.git$")
_WEB = re.compile(r"^https?://")


@dataclass(frozen=True, slots=True)
class Place:
    text: str
    name: str | None = None
    scope: str | None = None

    def source(self, known: Mapping[str, SourceSettings], configured: frozenset[str]) -> SourceSettings:
        """The source to read: the known one of this place, else a new one.

        known: by name. configured: names of those that stand in the settings file, which decides over them.

        Raises:
            SettingsError: the place does not exist, its name is taken, or its scope stands in the settings file.
        """
        new = self._new()
        same = next((s for s in known.values() if _where(s) == _where(new)), None)
        if same is None or (self.name and self.name != same.name):
            if new.name in known:
                raise SettingsError(
                    f"There is a source named {new.name} already; choose another with --name."
                )
            return new
        if self.scope in (None, same.scope):
            return same
        if same.name in configured:
            raise SettingsError(f"The scope of {same.name} stands in the settings file: change it there.")
        return same.model_copy(update={"scope": self.scope})

    def _new(self) -> SourceSettings:
        name, scope = self.name or _name_of(self.text), self.scope or "public"
        try:
            if _GIT.match(self.text):
                return GitSource(name=name, scope=scope, repository=self.text)
            if _WEB.match(self.text):
                pages = "sitemaps" if _SITEMAP.search(self.text) else "urls"
                return WebSource.model_validate({"name": name, "scope": scope, pages: (self.text,)})
            path = Path(self.text).expanduser().resolve()
            if not path.exists():
                raise SettingsError(f"{self.text}: there is no such file or folder.")
            return FolderSource(name=name, scope=scope, path=path)
        except ValidationError as error:
            field = error.errors()[0]["loc"][0]
            raise SettingsError(f"--{field}: use letters, digits, '.', '_' and '-' (at most 64).") from None


def _where(source: SourceSettings) -> object:
    """What tells two places apart."""
    if isinstance(source, FolderSource):
        return source.path.expanduser().resolve()
    if isinstance(source, WebSource):
        return source.urls, source.sitemaps
    return source.repository if isinstance(source, GitSource) else source


def _name_of(place: str) -> str:
    if _WEB.match(place) or _GIT.match(place):
        place = re.sub(r"^\w+://|^[\w.-]+@|\.git$", "", _SITEMAP.sub("", place))
    else:
        place = Path(place).expanduser().resolve().name
    return re.sub(r"[^A-Za-z0-9._-]+", "-", place).strip("-._")[:64] or "documents"
