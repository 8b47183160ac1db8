"""The bot's commands as Discord keeps them: registered where they changed or are gone, and nowhere else.

Discord allows 200 registrations a day, and shows people a changed command anew; so what was registered last is remembered.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord.http import Route

from adapters.discord.connection.outages import Outage, Paces, brief
from rag_core.messages import say
from rag_core.records.platforms.registrations import Registrations

__all__ = ["LOCALES", "keep_registered", "localised", "register"]

Payload = Mapping[str, Any]
LOCALES = {"de": "de", "es-ES": "es", "es-419": "es", "fr": "fr"}
"""Discord's locales, and our catalogue for each. Where there is none, Discord shows the English."""
PLATFORM = "discord"
_COMMANDS = "/applications/{application_id}/commands"
_WORDED = (
    "command-ask",
    "command-ask-private",
    "command-ask-question",
    "command-mydata",
    "command-review",
    "command-settings",
)
_MOST = 100
"""Characters of a description."""
_CALL_S = 30.0
_REFUSED_S = 3600.0
log = logging.getLogger(__name__)


async def keep_registered(
    client: discord.Client,
    payloads: Sequence[Payload],
    registrations: Registrations,
    *,
    alone: bool,
    paces: Paces = Paces(first_s=5.0, longest_s=300.0),  # noqa: B008 - it is frozen
) -> None:
    """Until Discord has the commands. What fails is logged once and tried again.

    payloads, alone: as register takes them.
    """
    outage = Outage("What keeps the bot's commands")
    for pause in paces.pauses():
        try:
            if client.application_id is not None:
                await register(client, payloads, registrations, alone=alone)
                return outage.over()
        except discord.HTTPException as error:
            if _is_refusal(error):
                log.error("Discord refuses the bot's commands (status %d, code %d)", error.status, error.code)
                pause = _REFUSED_S
            else:
                outage.began(brief(error))
        except Exception as error:
            outage.began(brief(error))
        await asyncio.sleep(pause)


def _is_refusal(error: discord.HTTPException) -> bool:
    """It would be refused again."""
    return 400 <= error.status < 500 and error.status not in (408, 429)


async def register(
    client: discord.Client, payloads: Sequence[Payload], registrations: Registrations, *, alone: bool
) -> bool:
    """Have Discord know these commands; whether it had to be told.

    payloads: in English. alone: the bot has no others, so that all others go; else each is put beside the host's.

    Raises:
        discord.HTTPException: Discord refused.
        Unavailable: the database does not answer.
    """
    application = str(client.application_id)
    worded = [localised(payload) for payload in payloads]
    fingerprint = _fingerprint(worded, alone)
    known, own = await _known(client, application), _keys(worded)
    there = known is None or (known == own if alone else own <= known)
    if there and await registrations.fingerprint(PLATFORM, application) == fingerprint:
        return False
    async with asyncio.timeout(_CALL_S):
        if alone:
            await _request(client, "PUT", application, worded)
        else:
            for payload in worded:
                await _request(client, "POST", application, payload)
    await registrations.keep(PLATFORM, application, fingerprint)
    return True


def localised(payload: Payload) -> dict[str, Any]:
    """The same with its descriptions in all languages, as far as they are ours."""
    worded = dict(payload)
    if options := payload.get("options"):
        worded["options"] = [localised(option) for option in options]
    if message := _messages().get(str(payload.get("description") or "")):
        worded["description_localizations"] = {
            locale: say(language, message)[:_MOST] for locale, language in LOCALES.items()
        }
    return worded


def _messages() -> dict[str, str]:
    return {say("en", message)[:_MOST]: message for message in _WORDED}


async def _known(client: discord.Client, application: str) -> set[tuple[str, int]] | None:
    """What Discord has; None: it does not tell, as what stands in its place may not, and what was registered last counts."""
    try:
        async with asyncio.timeout(_CALL_S):
            return _keys(await _request(client, "GET", application))
    except discord.HTTPException as error:
        if error.status not in (404, 405):
            raise
        return None


def _fingerprint(payloads: Sequence[Payload], alone: bool) -> str:
    ordered = sorted(json.dumps(payload, sort_keys=True) for payload in payloads)
    return hashlib.sha256(json.dumps([alone, ordered]).encode()).hexdigest()


def _keys(commands: Any) -> set[tuple[str, int]]:
    """Names and types: a command and an entry of a context menu may have the same name."""
    if not isinstance(commands, list):
        return set()
    found = [command for command in commands if isinstance(command, Mapping)]
    return {(str(command.get("name")), int(command.get("type") or 1)) for command in found}


async def _request(client: discord.Client, method: str, application: str, body: Any = None) -> Any:
    route = Route(method, _COMMANDS, application_id=application)
    return await client.http.request(route, **({} if body is None else {"json": body}))
