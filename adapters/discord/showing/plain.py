"""Messages for where the bot may not show embeds. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.discord.showing.components import Json
from adapters.discord.showing.escaping import escaped
from adapters.discord.showing.rendering import contents

__all__ = ["without_embeds"]


def without_embeds(body: Mapping[str, Any]) -> Json:
    """The body with the words of its embeds below its text, as far as there is room."""
    texts = [str(body.get("content") or ""), *(_words(each) for each in body.get("embeds") or ())]
    shown = next(iter(contents("\n\n".join(filter(None, texts)))), "…")
    return {**body, "content": shown, "embeds": []}


def _words(embed: Mapping[str, Any]) -> str:
    return "\n".join(filter(None, _lines(embed)))


def _lines(embed: Mapping[str, Any]) -> Iterator[str]:
    if title := embed.get("title"):
        yield f"**{title}**"
    yield str(embed.get("description") or "")
    for field in embed.get("fields") or ():
        yield f"**{field.get('name')}**\n{field.get('value')}"
    footer = str((embed.get("footer") or {}).get("text") or "")
    for line in filter(str.strip, footer.split("\n")):
        yield f"-# {escaped(line)}"
