"""What a person means by a place on the command line, and that it never widens who may read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bots.commands.places import Place
from rag_core.errors import SettingsError
from rag_core.settings import FolderSource, GitSource, SourceSettings, WebSource

NOBODY: frozenset[str] = frozenset()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "hr"
    made.mkdir()
    return made


def known(*sources: SourceSettings) -> dict[str, SourceSettings]:
    return {source.name: source for source in sources}


def test_a_folder_is_named_after_itself_and_public(folder: Path) -> None:
    """The shortest command makes the plainest source."""
    assert Place(str(folder)).source({}, NOBODY) == FolderSource(name="hr", path=folder)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("https://docs.example.com/install", WebSource(name="docs.example.com-install", urls=("https://docs.example.com/install",))),
        (
            "https://docs.example.com/sitemap.xml",
            WebSource(name="docs.example.com", sitemaps=("https://docs.example.com/sitemap.xml",)),
        ),
        ("https://git.example.com/a/b.git", GitSource(name="git.example.com-a-b", repository="https://git.example.com/a/b.git")),
        ("git@git.example.com:a/b.git", GitSource(name="git.example.com-a-b", repository="git@git.example.com:a/b.git")),
    ],
)  # fmt: skip
def test_an_address_tells_its_kind(text: str, made: SourceSettings) -> None:
    """A page, a sitemap, a repository over https or ssh."""
    assert Place(text).source({}, NOBODY) == made


def test_a_known_place_keeps_its_scope_and_settings(folder: Path) -> None:
    """Reading the confidential folder again by hand does not make it public."""
    secret = FolderSource(name="personnel", path=folder, scope="hr-team", ignore=("drafts/",))
    assert Place(str(folder)).source(known(secret), frozenset({"personnel"})) == secret


def test_the_settings_file_decides_over_its_sources(folder: Path) -> None:
    """The command line cannot change the scope of a source that stands there."""
    secret = FolderSource(name="hr", path=folder, scope="hr-team")
    with pytest.raises(SettingsError, match="settings file"):
        Place(str(folder), scope="public").source(known(secret), frozenset({"hr"}))


def test_a_source_added_by_hand_can_change_its_scope(folder: Path) -> None:
    """Who added it may say anew who reads it."""
    before = FolderSource(name="hr", path=folder)
    after = Place(str(folder), scope="hr-team").source(known(before), NOBODY)
    assert after == before.model_copy(update={"scope": "hr-team"})


def test_two_places_do_not_share_a_name(folder: Path, tmp_path: Path) -> None:
    """The second must be named, or it would replace the documents of the first."""
    other = FolderSource(name="hr", path=tmp_path / "elsewhere" / "hr")
    with pytest.raises(SettingsError, match="--name"):
        Place(str(folder)).source(known(other), NOBODY)
    assert Place(str(folder), name="hr-2").source(known(other), NOBODY).name == "hr-2"


def test_what_does_not_exist_is_named(tmp_path: Path) -> None:
    """A misspelt folder is an error, not an empty source."""
    with pytest.raises(SettingsError, match="no such file or folder"):
        Place(str(tmp_path / "dcos")).source({}, NOBODY)


def test_a_bad_name_names_the_option(folder: Path) -> None:
    """And says which characters are allowed."""
    with pytest.raises(SettingsError, match="--name: use letters"):
        Place(str(folder), name="a b").source({}, NOBODY)
