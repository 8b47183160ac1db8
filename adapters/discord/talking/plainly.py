"""Answers where the bot may not embed: what stands in embeds is written below the text instead."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from adapters.answering import Surface
from adapters.chat import Reply
from adapters.discord.received import Json
from adapters.discord.rest.errors import PlaceClosed
from adapters.discord.showing.escaping import escaped
from adapters.discord.showing.rendering import body, contents

__all__ = ["Plainly", "Shown", "without_embeds"]

_KEPT_S = 3600.0
"""For so long a channel that refused embeds is not asked again."""
_MISSING = 50013
"""Discord's code for: a permission is missing."""
_MOST = 1_000


class Plainly:
    """The channels that refused embeds lately."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def knows(self, channel: str) -> bool:
        return time.monotonic() - self._since.get(channel, -_KEPT_S) < _KEPT_S

    def learn(self, channel: str) -> None:
        if len(self._since) >= _MOST:
            self._since.clear()
        self._since[channel] = time.monotonic()

    def forget(self, channel: str) -> None:
        """It was not the embeds that were refused."""
        self._since.pop(channel, None)

    def final(
        self, channel: str, look: Callable[[Reply], Sequence[Json]]
    ) -> Callable[[Reply], Sequence[Json]]:
        """The same look, as the channel takes it when it is needed."""
        return lambda reply: without_embeds(look(reply)) if self.knows(channel) else look(reply)


class Shown:
    """A surface in a channel whose look is of Plainly.final(): without embeds once they are refused."""

    def __init__(self, surface: Surface, plainly: Plainly, channel: str) -> None:
        self._surface = surface
        self._plainly = plainly
        self._channel = channel

    async def begin(self) -> None:
        await self._surface.begin()

    def said(self, text: str) -> None:
        self._surface.said(text)

    async def finish(self, reply: Reply) -> Sequence[str]:
        """Raises what the surface does."""
        try:
            return await self._surface.finish(reply)
        except PlaceClosed as error:
            if error.code != _MISSING or self._plainly.knows(self._channel) or reply.answer is None:
                raise
        self._plainly.learn(self._channel)
        try:
            return await self._surface.finish(reply)
        except PlaceClosed:
            self._plainly.forget(self._channel)
            raise

    async def give_up(self) -> None:
        await self._surface.give_up()

    async def withdraw(self) -> None:
        await self._surface.withdraw()


def without_embeds(bodies: Sequence[Json]) -> list[Json]:
    """The same to read, in as many messages as it takes; what is to be pressed is in the last."""
    text = "\n\n".join(part for one in bodies for part in _texts(one) if part)
    shown = [body(content) for content in contents(text)] or [body("…")]
    shown[-1]["components"] = [row for one in bodies for row in one.get("components") or ()]
    return shown


def _texts(one: Mapping[str, Any]) -> Iterator[str]:
    yield str(one.get("content") or "")
    for embed in one.get("embeds") or ():
        title, footer = embed.get("title"), (embed.get("footer") or {}).get("text")
        yield "\n".join(filter(None, (f"**{title}**" if title else "", embed.get("description"))))
        yield "\n".join(f"-# {escaped(line)}" for line in str(footer or "").splitlines())
