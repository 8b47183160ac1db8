"""What a person has in front of them that nobody else sees, and that changes in place as they go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters.discord.ids import Ids
from adapters.discord.interactions import interaction_of
from adapters.discord.places import Place
from adapters.discord.received import Received
from adapters.discord.rest.errors import DiscordRefusal, form_refused
from adapters.discord.showing.escaping import escaped
from adapters.discord.showing.rendering import body
from adapters.discord.whispers import Whispers
from rag_core.messages import say

__all__ = ["Pages"]

_NOWHERE = Place("")


class Pages:
    def __init__(self, ids: Ids, whispers: Whispers) -> None:
        self._ids = ids
        self._whispers = whispers

    async def language(self, payload: Mapping[str, Any]) -> str:
        """The person's, wherever they are, as a BCP 47 tag. payload: of their interaction."""
        locale = interaction_of(payload, self._ids).locale
        return await self._whispers.language(_NOWHERE, locale or str(payload.get("guild_locale") or ""))

    async def show(self, received: Received, shown: Mapping[str, Any]) -> None:
        """In the place of what was clicked on, or as the response to a command. Twice shows once.

        Raises:
            DiscordRefusal: the person cannot be reached.
            Unavailable: not now.
        """
        spot = replace(await self._whispers.spot(received), thinking=True)
        try:
            await self._whispers.show(received.rest, spot, [shown])
        except DiscordRefusal as error:
            plain = _without_defaults(shown)
            if plain == shown or not form_refused(error):
                raise
            await self._whispers.show(received.rest, spot, [plain])

    async def say(self, received: Received, words: str, **values: object) -> None:
        """A message of the catalogues alone, as show() does."""
        language = await self.language(received.body)
        await self.show(received, body(escaped(say(language, words, **values))))


def _without_defaults(shown: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without what is chosen in menus: somebody may have left, or a role or channel be gone."""
    rows = [
        {**row, "components": [_without_default(one) for one in row.get("components") or ()]}
        for row in shown.get("components") or ()
    ]
    return {**shown, "components": rows}


def _without_default(component: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in component.items() if name != "default_values"}
