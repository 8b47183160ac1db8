"""What happens when the bot's token counts no more."""

from __future__ import annotations

import discord
import pytest

from adapters.discord.rest.errors import TokenGone
from adapters.discord.rest.rest import Rest
from tests.servers.discord import LocalDiscord

GET = "GET /channels/{id}"


async def test_a_refused_token_is_told_once_and_not_used_again(
    local: LocalDiscord, rest: Rest, caplog: pytest.LogCaptureFixture
) -> None:
    """Calls after it do not leave, as each would count against the bot."""
    channel = local.channel("help")
    local.reset_token()
    for _ in range(3):
        with pytest.raises(TokenGone, match="DISCORD_BOT_TOKEN"):
            await rest.channel(channel.id)

    assert rest.token_gone.is_set()
    assert len(local.calls(GET)) == 1
    assert len([each for each in caplog.records if "DISCORD_BOT_TOKEN" in each.getMessage()]) == 1


async def test_another_token_is_used_at_once(local: LocalDiscord, rest: Rest, client: discord.Client) -> None:
    """Or the same, when a login with it worked."""
    channel = local.channel("help")
    old, new = local.bot_token, local.reset_token()
    with pytest.raises(TokenGone):
        await rest.channel(channel.id)
    client.http.token = new
    assert (await rest.channel(channel.id))["id"] == channel.id

    client.http.token = old
    with pytest.raises(TokenGone):
        await rest.channel(channel.id)
    local.inside(lambda world: setattr(world, "token", old))
    rest.signed_in()
    assert (await rest.channel(channel.id))["id"] == channel.id
    assert not rest.token_gone.is_set()
