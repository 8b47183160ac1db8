"""What a reader sees of a message or a modal, what can be clicked in it, and whom it called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.servers.discord.components import SELECTS, every
from tests.servers.discord.interactions import Modal
from tests.servers.discord.messages import Message

__all__ = ["buttons", "component", "pings", "readable", "select"]

Json = dict[str, Any]


def readable(shown: Message | Modal) -> str:
    """All text that is on the screen: content, embeds, components, names of files."""
    if isinstance(shown, Modal):
        return "\n".join(filter(None, [shown.title, *_component_lines(shown.components)]))
    lines = [shown.content, *_embed_lines(shown.embeds), *_component_lines(shown.components)]
    lines += [f"[{attachment.name}]" for attachment in shown.attachments]
    return "\n".join(line for line in lines if line)


def pings(shown: Message) -> list[str]:
    """Whom it notified, in any of its versions: "@everyone", "@here", "<@1>" for people, "<@&2>" for roles."""
    return shown.pinged.all


def buttons(shown: Message) -> list[str]:
    """What is written on its buttons, or their emoji."""
    return [_name(one) for one in every(shown.components) if one.get("type") == 2]


def component(shown: Message, name: str) -> Json:
    """A button or menu by its label, emoji, placeholder, custom id or the beginning of that."""
    found = [one for one in every(shown.components) if one.get("type") in (2, *SELECTS)]
    ways = (
        lambda one: name in (_name(one), one.get("label"), (one.get("emoji") or {}).get("name")),
        lambda one: one.get("custom_id") == name or one.get("placeholder") == name,
        lambda one: str(one.get("custom_id") or "").startswith(name),
    )
    for fits in ways:
        for one in found:
            if fits(one):
                return one
    names = [_name(one) or one.get("placeholder") or one.get("custom_id") for one in found]
    raise AssertionError(f"There is no {name!r} to click among {names}.")


def select(shown: Message, name: str) -> Json:
    """The same, for menus only."""
    found = component(shown, name)
    assert found["type"] in SELECTS, f"{name!r} is a button."
    return found


def _name(one: Json) -> str:
    emoji = (one.get("emoji") or {}).get("name") or ""
    return f"{emoji} {one.get('label') or ''}".strip()


def _embed_lines(embeds: list[Json]) -> Iterator[str]:
    for embed in embeds:
        yield (embed.get("author") or {}).get("name") or ""
        yield embed.get("title") or ""
        yield embed.get("description") or ""
        for field in embed.get("fields") or []:
            yield field["name"]
            yield field["value"]
        yield (embed.get("footer") or {}).get("text") or ""


def _component_lines(components: list[Json]) -> Iterator[str]:
    for one in every(components):
        kind = one["type"]
        if kind == 10:
            yield one["content"]
        elif kind == 2:
            yield f"[{_name(one)}]"
        elif kind == 4:
            yield from (one.get("label") or "", one.get("value") or "")
        else:
            yield from (one.get("label") or "", one.get("description") or "", one.get("placeholder") or "")
            for option in one.get("options") or []:
                yield f"( ) {option['label']}"
