"""What `answerloop doctor` looks at in Discord: the token, intents, commands, and what the bot may do in its servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rag_core.errors import AnswerloopError, Unavailable

if TYPE_CHECKING:
    from adapters.discord.connection.looking import Looking
    from rag_core.settings import Discord, Settings

__all__ = ["examined"]

_PAGE = 200
"""Servers that are looked at."""
_SHOWN = 3


async def examined(settings: Settings) -> str:
    """
    Raises:
        AnswerloopError: the token is missing or refused, an intent or permissions are missing; or Discord does not answer.
    """
    from adapters.discord.connection.looking import Looking
    from bots.discord_serving import check_discord

    discord = settings.discord
    check_discord(discord)
    async with Looking(discord) as looking:
        user = await looking.get("/users/@me")
        application = await looking.get("/oauth2/applications/@me")
        found = [
            f"bot {user.get('username')}",
            _intents(discord, application),
            await _commands(discord, looking, str(application.get("id"))),
            await _servers(looking),
            await _starts(looking),
        ]
    return ", ".join(filter(None, found))


def _intents(discord: Discord, application: dict[str, Any]) -> str:
    from discord import ApplicationFlags

    from adapters.discord.connection.client import CONTENT_LACKING

    flags = ApplicationFlags._from_value(int(application.get("flags") or 0))
    allowed = flags.gateway_message_content or flags.gateway_message_content_limited
    if discord.message_content and not allowed:
        raise AnswerloopError(
            "discord.message_content is true, but the message content intent is not switched on for the application."
        )
    if discord.message_content is False or not allowed:
        return f"without the message content intent (there are no {CONTENT_LACKING})"
    return "with the message content intent"


async def _commands(discord: Discord, looking: Looking, application: str) -> str:
    registered = await looking.get(f"/applications/{application}/commands")
    there = {str(command.get("name")) for command in registered}
    missing = [
        name for name in (discord.command, "review", "mydata", discord.prefix.lower()) if name not in there
    ]
    if missing:
        return f"commands not registered yet, which `answerloop serve` does: {', '.join(missing)}"
    return "commands registered"


async def _servers(looking: Looking) -> str:
    from adapters.discord.connection.inviting import lacking

    servers = await looking.get(f"/users/@me/guilds?limit={_PAGE}")
    if not servers:
        raise AnswerloopError("The bot is in no server.")
    wrong = [
        f"{server.get('name')}: {', '.join(missing)}"
        for server in servers
        if "permissions" in server and (missing := lacking(int(server["permissions"])))
    ]
    if wrong:
        more = f"; and {len(wrong) - _SHOWN} servers more" if len(wrong) > _SHOWN else ""
        raise AnswerloopError(f"The bot's roles lack permissions. {'; '.join(wrong[:_SHOWN])}{more}.")
    count = (
        f"{_PAGE} servers or more"
        if len(servers) == _PAGE
        else f"{len(servers)} server" + "s" * (len(servers) > 1)
    )
    return f"{count}, no permission missing"


async def _starts(looking: Looking) -> str:
    """How often it may connect anew today: where few are left, `serve` waits."""
    from adapters.discord.connection.identifying import gateway_of

    try:
        gateway = gateway_of(await looking.get("/gateway/bot"))
    except ValueError:
        raise Unavailable("Discord does not say where its gateway is.") from None
    if gateway.is_nearly_used_up:
        raise Unavailable(
            f"Discord allows {gateway.remaining} more connections in the next {gateway.reset_after_s / 3600:.1f} hours; "
            "`serve` waits for more."
        )
    return ""
