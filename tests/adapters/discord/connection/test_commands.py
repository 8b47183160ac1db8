"""Commands are registered where they changed or are gone, beside a host's own or in place of all others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from adapters.discord.connection.commands import LOCALES, keep_registered, localised, register
from adapters.discord.connection.outages import Paces
from rag_core.messages import say
from rag_core.records.database import open_database
from rag_core.records.platforms.registrations import Registrations
from tests.servers.discord import LocalDiscord

ASK: dict[str, Any] = {"name": "ask", "description": say("en", "command-ask"), "type": 1, "options": []}
MENU: dict[str, Any] = {"name": "Answer this", "type": 3}
HOSTS: dict[str, Any] = {"name": "ban", "description": "The host's own", "type": 1}
ALL = "/applications/{id}/commands"


@pytest.fixture
async def client(local: LocalDiscord) -> AsyncIterator[discord.Client]:
    """Logged in, and not connected."""
    async with discord.Client(intents=discord.Intents.none()) as made:
        await made.login(local.bot_token)
        yield made


@pytest.fixture
async def kept(database_address: str) -> AsyncIterator[Registrations]:
    database = await open_database(database_address)
    yield Registrations(database)
    await database.dispose()


def names(local: LocalDiscord) -> list[str]:
    return sorted(command["name"] for command in local.commands)


def written(local: LocalDiscord) -> int:
    """Calls that changed commands."""
    return len(local.calls(f"PUT {ALL}")) + len(local.calls(f"POST {ALL}"))


async def test_what_is_registered_already_is_not_registered_again(
    local: LocalDiscord, client: discord.Client, kept: Registrations
) -> None:
    """One call that asks for the names, and no more."""
    assert await register(client, [ASK, MENU], kept, alone=True)
    assert names(local) == ["Answer this", "ask"]
    assert not await register(client, [MENU, ASK], kept, alone=True)
    assert (written(local), len(local.calls(f"GET {ALL}"))) == (1, 2)


@pytest.mark.parametrize(
    "changed",
    [
        {"description": "Another"},
        {"options": [{"name": "question", "description": "What", "type": 3}]},
        {"contexts": [0]},
    ],
)
async def test_a_command_that_changed_is_registered_anew(
    local: LocalDiscord, client: discord.Client, kept: Registrations, changed: dict[str, Any]
) -> None:
    """Whatever of it changed."""
    await register(client, [ASK], kept, alone=True)
    assert await register(client, [{**ASK, **changed}], kept, alone=True)
    assert written(local) == 2


async def test_commands_that_are_gone_come_back(
    local: LocalDiscord, client: discord.Client, kept: Registrations
) -> None:
    """Though nothing of them changed."""
    await register(client, [ASK, MENU], kept, alone=True)
    await client.http.bulk_upsert_global_commands(client.application_id or 0, [])
    assert await register(client, [ASK, MENU], kept, alone=True)
    assert names(local) == ["Answer this", "ask"]


async def test_a_hosts_commands_stay(
    local: LocalDiscord, client: discord.Client, kept: Registrations
) -> None:
    """In a bot of our own, what is not of it goes."""
    await client.http.upsert_global_command(client.application_id or 0, HOSTS)  # type: ignore[arg-type]
    await register(client, [ASK, MENU], kept, alone=False)
    assert names(local) == ["Answer this", "ask", "ban"]
    assert local.calls(f"PUT {ALL}") == []
    assert not await register(client, [ASK, MENU], kept, alone=False)
    await register(client, [ASK, MENU], kept, alone=True)
    assert names(local) == ["Answer this", "ask"]


async def test_what_fails_is_tried_again(
    local: LocalDiscord, client: discord.Client, kept: Registrations, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said once, and ends nothing."""
    local.fail(f"GET {ALL}", 503, times=3)
    await keep_registered(client, [ASK], kept, alone=True, paces=Paces(first_s=0.01, longest_s=0.02))
    assert names(local) == ["ask"]
    assert caplog.text.count("commands is not reached (status 503)") == 1


async def test_they_are_registered_where_nobody_tells_which_there_are(
    local: LocalDiscord, client: discord.Client, kept: Registrations
) -> None:
    """Once: what was registered last counts then."""
    local.fail(f"GET {ALL}", 404, times=3)
    assert await register(client, [ASK], kept, alone=True)
    assert names(local) == ["ask"]
    assert not await register(client, [ASK], kept, alone=True)
    assert await register(client, [ASK, MENU], kept, alone=True)


async def test_descriptions_are_in_all_languages() -> None:
    """Also those of options and subcommands; what is not ours stays as it is."""
    group = {"name": "x", "description": "Something else", "options": [ASK]}
    worded = localised(group)
    assert "description_localizations" not in worded
    told = worded["options"][0]["description_localizations"]
    assert told == {locale: say(language, "command-ask") for locale, language in LOCALES.items()}
    assert len(set(told.values())) == 3
    assert max(len(text) for text in told.values()) <= 100
