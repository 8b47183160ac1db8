"""`answerloop init discord`: the link by which a server's owner invites the bot, and what else is to be done."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import typer

from rag_core.errors import SettingsError

if TYPE_CHECKING:
    from rag_core.settings import Discord, Settings

__all__ = ["show_invitation"]

_PORTAL = "https://discord.com/developers/applications"


async def show_invitation(settings: Settings, client_id: str, role_drafts: bool, as_json: bool) -> None:
    """Print it. role_drafts: with the permission that drafts for a role need.

    Raises:
        SettingsError: the application is not known.
        AnswerloopError: Discord, asked for the application, refuses the token.
    """
    from adapters.discord.connection.inviting import NAMES, ROLE_DRAFTS, SCOPES, invite_link, permission_bits

    application = await _application(settings.discord, client_id)
    link = invite_link(application, role_drafts)
    names = [*NAMES.values(), *(ROLE_DRAFTS[1:] if role_drafts else ())]
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "invite": link,
                    "client_id": application,
                    "permissions": str(permission_bits(role_drafts)),
                    "permission_names": names,
                    "scopes": list(SCOPES),
                    "privileged_intents": ["Message Content Intent"],
                }
            )
        )
    else:
        typer.echo(_told(link, application, names, settings.discord))


async def _application(discord: Discord, client_id: str) -> str:
    from adapters.discord.connection.inviting import application_in
    from adapters.discord.connection.looking import Looking

    if client_id:
        if not re.fullmatch(r"\d{15,21}", client_id):
            raise SettingsError(
                f"--client-id: {client_id!r} is no application id, which is a number of 17 digits or more."
            )
        return client_id
    if discord.bot_token is None:
        raise SettingsError(
            f"init discord: the application is not known: make one on {_PORTAL}, then set DISCORD_BOT_TOKEN (Bot, Reset "
            "Token), or give --client-id (General Information, Application ID)."
        )
    if known := application_in(discord.bot_token.get_secret_value()):
        return known
    async with Looking(discord) as looking:
        return str((await looking.get("/oauth2/applications/@me"))["id"])


def _told(link: str, application: str, permissions: list[str], discord: Discord) -> str:
    return f"""Invite the bot: {link}
It asks for {", ".join(permissions)}; for nothing that administers, manages or mentions everyone.
1. {_PORTAL}/{application}/bot: Reset Token gives DISCORD_BOT_TOKEN, for the file .env.
2. On the same page, switch on Message Content Intent, for auto-answers, follow-ups without a mention, and forum posts;
   without it the bot answers mentions, replies to it, direct messages and commands. Leave Presence and Server Members off.
3. Open the link, and choose a server that you manage.
4. Run `answerloop serve --only discord`, and ask: /{discord.command}
For "Ask a person" to call a role, switch on "Allow anyone to @mention this role" in the role's settings."""
