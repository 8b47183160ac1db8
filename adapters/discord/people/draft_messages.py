"""How a draft looks to those who decide about it."""

from __future__ import annotations

from adapters.chat import Reply
from adapters.discord.identity import Identity
from adapters.discord.ids import Ids
from adapters.discord.people.rooms import Rooms
from adapters.discord.rest.rest import Rest
from adapters.discord.showing.components import DANGER, SECONDARY, SUCCESS, Json, button, row
from adapters.discord.showing.controls import Rendering
from adapters.discord.showing.escaping import escaped, label, length
from adapters.discord.showing.looks import Looks
from adapters.discord.showing.markup import as_discord
from adapters.discord.showing.quoting import quoted
from adapters.discord.showing.rendering import DESCRIPTION, body, contents, embed
from adapters.text import shortened
from rag_core.generation.inert import inert
from rag_core.messages import say
from rag_core.records.feedback.recording import RecordedAnswer

__all__ = ["DraftMessages"]

_PLACE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Where a name goes that is in bold."""
_NAME, _QUESTION, _QUOTE = 80, 1_000, 1_400
_ALL = 5_900
"""Characters of a message's embeds."""
_BEGINNING = 3_000
"""Characters of an answer that is too long to be seen whole."""


class DraftMessages:
    def __init__(self, ids: Ids, rest: Rest, identity: Identity, rooms: Rooms, looks: Looks) -> None:
        self._ids = ids
        self._rest = rest
        self._identity = identity
        self._rooms = rooms
        self._looks = looks

    async def open(self, channel: str, guild: str, given: RecordedAnswer, role: str = "") -> Json:
        """Question and answer, with what can be decided. channel: where it is shown. role: it calls these."""
        language = await self._rooms.language(channel, guild)
        pressed = [
            button(say(language, words), self._ids.of(action, given.id), style)
            for action, words, style in (
                ("draft_send", "draft-send", SUCCESS),
                ("draft_edit", "draft-edit", SECONDARY),
                ("draft_discard", "draft-discard", DANGER),
            )
        ]
        asks = await self._named(guild, language, "draft-asks", given.user)
        shown = self._shown(given, language, f"<@&{role}> {asks}" if role else asks)
        called = {"allowed_mentions": {"parse": [], "roles": [role]}} if role else {}
        return shown | {"components": [row(*pressed)]} | called

    async def decided(self, channel: str, guild: str, given: RecordedAnswer, words: str, user: str) -> Json:
        """The same with who decided what. words: a message of the catalogues with a $name."""
        language = await self._rooms.language(channel, guild)
        asks = await self._named(guild, language, "draft-asks", given.user)
        said = await self._named(guild, language, words, user)
        return self._shown(given, language, asks, f"-# {said}")

    def _shown(self, given: RecordedAnswer, language: str, asks: str, ending: str = "") -> Json:
        """The answer as it would be sent, or where that does not fit its beginning."""
        reply = Reply(given.text, given.as_given(language))
        whole = self._looks.final(reply, language, Rendering(feedback=False))
        text = "\n".join(part["content"] for part in whole if part["content"])
        embeds = [shown for part in whole for shown in part["embeds"]]
        lines = [asks, *quoted(shortened(given.question, _QUESTION), _QUOTE)[:1]]
        if length(text) > DESCRIPTION or length(text) + sum(map(_size, embeds)) > _ALL or len(embeds) > 9:
            markdown = shortened(given.text, _BEGINNING)
            text = next(iter(contents(as_discord(inert(markdown, markdown)), DESCRIPTION)), "")
            embeds = []
            lines.append(f"-# {escaped(say(language, 'draft-long'))}")
        lines.append(f"-# {escaped(say(language, 'draft-answer'))}")
        content = "\n".join(filter(None, [*lines, ending]))
        return body(content) | {"embeds": [*([embed(text)] if text else []), *embeds]}

    async def _named(self, guild: str, language: str, words: str, user: str) -> str:
        name = await self._identity.name(self._rest, guild, user)
        return escaped(say(language, words, name=_PLACE)).replace(_PLACE, f"**{label(name, _NAME)}**")


def _size(shown: Json) -> int:
    texts = [shown.get("title"), shown.get("description"), (shown.get("footer") or {}).get("text")]
    texts += [text for field in shown.get("fields") or () for text in (field["name"], field["value"])]
    return sum(length(text) for text in texts if text)
