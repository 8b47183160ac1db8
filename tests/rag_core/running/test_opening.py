"""The core opened for a process that runs for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from rag_core.errors import SettingsError
from rag_core.running.opening import open_running, settings_loader
from rag_core.settings import Settings
from rag_core.types import Principal, Question
from tests.rag_core.running import test_live as live
from tests.rag_core.running.test_live import BONUS, WITHIN_S, Serving, write

file = live.file

MEMBER = Principal("slack", "U1", "T1", "C1")


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_it_answers_from_the_documents_and_by_the_rules_of_now(file: Path, home: Path) -> None:
    """A new installation: its first release is made, its sources are read, and a rule taken away holds without a restart."""
    async with open_running(settings_loader(file, home), look_every_s=0.05) as running:
        await Serving(running.assistant).until("2,500", said=True)
        access = running.access
        write(file, granted="others")
        await until(lambda: "staff" not in (access.scopes_of(BONUS.principal) or ()))
        assert "2,500" not in str(await running.assistant.ask(BONUS))
        assert running.settings().access.rules[0].scopes == ("others",)


async def test_what_is_adjusted_stays_so(file: Path, home: Path) -> None:
    """Also when the settings are read again."""

    def adjusted(settings: Settings) -> Settings:
        return settings.model_copy(update={"language": "de"})

    load = settings_loader(file, home)
    async with open_running(load, adjust=adjusted, look_every_s=0.05) as running:
        answer = await running.assistant.ask(Question("Where is the office?", MEMBER))
        assert answer.abstained
        assert running.settings().language == "de"
        write(file, granted="others")
        await until(lambda: running.settings().access.rules[0].scopes == ("others",))
        assert running.settings().language == "de"


async def test_everything_beside_it_ends_with_the_context(file: Path, home: Path) -> None:
    """Also where what was done inside failed."""

    async def broken() -> None:
        async with open_running(settings_loader(file, home)):
            await asyncio.sleep(0.1)
            raise ValueError("broken")

    before = asyncio.all_tasks()
    with pytest.raises(ValueError, match="broken"):
        await broken()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before


def test_the_settings_file_is_the_one_of_the_start(
    file: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should it go, that is a mistake, and not a wish for the defaults."""
    monkeypatch.chdir(file.parent)
    load = settings_loader(home=home)
    assert load().sources[0].name == "docs"
    file.unlink()
    with pytest.raises(SettingsError, match="no such settings file"):
        load()
    with pytest.raises(SettingsError, match="no such settings file"):
        settings_loader(file)
