"""`answerloop init discord` and what `answerloop doctor` says of Discord."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest

from adapters.discord.connection.inviting import permission_bits
from bots.commands.discord_checks import examined
from rag_core.errors import AnswerloopError
from rag_core.settings import Settings
from tests.place import Place, made
from tests.servers.discord import LocalDiscord

APPLICATION = "123456789012345678"
TOKEN = f"{base64.b64encode(APPLICATION.encode()).decode().rstrip('=')}.abcdef.secret"


@pytest.fixture
def empty(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def local() -> Iterator[LocalDiscord]:
    with LocalDiscord() as running:
        yield running


def test_init_discord_prints_the_link_and_the_steps(empty: Place) -> None:
    """The token tells the application, without Discord; the token itself is not shown."""
    done = empty.run("init", "discord", DISCORD_BOT_TOKEN=TOKEN, DISCORD_API_URL="http://127.0.0.1:9/api/v10")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"client_id={APPLICATION}" in done.stdout
    assert f"permissions={permission_bits()}" in done.stdout
    for said in (
        "Message Content Intent",
        "Reset Token",
        "answerloop serve --only discord",
        "@mention this role",
    ):
        assert said in done.stdout
    assert TOKEN not in done.stdout


def test_the_application_is_named_on_the_command_line(empty: Place) -> None:
    """--json is for scripts."""
    told = empty.json("init", "discord", "--client-id", APPLICATION, DISCORD_BOT_TOKEN="")
    assert told["client_id"] == APPLICATION
    assert told["permissions"] == str(permission_bits())
    assert told["scopes"] == ["bot", "applications.commands"]
    assert f"client_id={APPLICATION}" in told["invite"]
    assert "Create Private Threads" not in told["permission_names"]


def test_drafts_for_a_role_take_a_permission_more(empty: Place) -> None:
    """--role-drafts asks for it."""
    told = empty.json("init", "discord", "--client-id", APPLICATION, "--role-drafts")
    assert "Create Private Threads" in told["permission_names"]
    assert told["permissions"] == str(permission_bits(role_drafts=True))


def test_a_token_that_does_not_tell_the_application_is_asked_about(empty: Place, local: LocalDiscord) -> None:
    """At Discord."""
    local.world.token = "a-token-of-another-kind"
    variables = {**local.environment, "DISCORD_BOT_TOKEN": local.world.token}
    assert empty.json("init", "discord", **variables)["client_id"] == local.world.state.application.id


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--client-id"),
        (["--client-id", "my bot"], "'my bot' is no application id"),
    ],
)
def test_an_application_that_is_not_known_is_a_sentence(
    empty: Place, arguments: list[str], said: str
) -> None:
    """With what to do about it."""
    done = empty.run("init", "discord", *arguments, DISCORD_BOT_TOKEN="")
    assert done.returncode == 2
    assert said in done.stderr


def test_doctor_says_how_to_mend_what_discord_refuses(
    tmp_path: Path, model_folder: Path, local: LocalDiscord
) -> None:
    """Beside the other parts; what it looks at follows below."""
    variables = {**local.environment, "DISCORD_BOT_TOKEN": TOKEN}
    checks = made(tmp_path, model_folder).json("doctor", code=1, **variables)["checks"]
    [told] = [check for check in checks if check["part"] == "discord"]
    assert (told["ok"], told["found"]) == (False, "Discord refuses DISCORD_BOT_TOKEN.")
    assert "answerloop init discord" in told["remedy"]


def configured(local: LocalDiscord, **changed: object) -> Settings:
    own = {"bot_token": local.bot_token, "api_url": local.environment["DISCORD_API_URL"]}
    return Settings.model_validate({"discord": {**own, **changed}})


async def test_what_is_there_is_told(local: LocalDiscord) -> None:
    """Commands that are not there yet are no fault: `serve` registers them."""
    found = await examined(configured(local))
    assert found == (
        "bot answerloop, with the message content intent, commands not registered yet, which `answerloop serve` does: "
        "ask, review, mydata, answerloop, 1 server, no permission missing"
    )


async def test_a_missing_intent_is_no_fault_unless_it_is_asked_for(local: LocalDiscord) -> None:
    """What there is not without it is said."""
    local.without_message_content()
    assert "without the message content intent (there are no auto-answers" in await examined(
        configured(local)
    )
    with pytest.raises(AnswerloopError, match=r"discord\.message_content is true, but"):
        await examined(configured(local, message_content=True))


async def test_missing_permissions_are_told_by_server(local: LocalDiscord) -> None:
    """As Discord names them."""

    def take(world: Any) -> None:
        for role in local.guild().roles.values():
            role.permissions &= ~discord.Permissions(attach_files=True, embed_links=True).value

    local.inside(take)
    with pytest.raises(AnswerloopError, match=r"Test: .*Embed Links.*Attach Files"):
        await examined(configured(local))


async def test_few_connections_left_are_told(local: LocalDiscord) -> None:
    """`serve` would wait."""
    local.world.session_starts_left = 2
    with pytest.raises(AnswerloopError, match="Discord allows 2 more connections"):
        await examined(configured(local))


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"bot_token": TOKEN}, "Discord refuses DISCORD_BOT_TOKEN."),
        ({"bot_token": None}, "set DISCORD_BOT_TOKEN in the environment"),
        ({"api_url": "http://127.0.0.1:9/api/v10"}, "Discord is not reached"),
    ],
)
async def test_what_is_wrong_is_a_sentence_that_names_it(
    local: LocalDiscord, changed: dict[str, object], wrong: str
) -> None:
    """But not the token."""
    with pytest.raises(AnswerloopError) as caught:
        await examined(configured(local, **changed))
    assert wrong in str(caught.value)
    assert TOKEN not in str(caught.value)
