"""How a draft looks to those who decide about it."""

from __future__ import annotations

from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.showing.blocks import Json, actions, button, context, section, size
from adapters.slack.showing.controls import Rendering
from adapters.slack.showing.escaping import escaped, label
from adapters.slack.showing.mrkdwn import sections
from adapters.slack.showing.quoting import quoted
from adapters.slack.showing.rendering import answer_messages, message
from adapters.slack.showing.whispers import Whispers
from adapters.slack.web_api.api import Api
from adapters.text import shortened
from rag_core.messages import say
from rag_core.records.feedback.recording import RecordedAnswer

__all__ = ["DraftMessages"]

_PLACE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Where a name goes that is in bold."""
_NAME, _QUESTION = 80, 1_500
_MOST = 11_000
"""As size() counts, of a message's blocks."""
_BEGINNING = 5_000
"""Characters of an answer that is too long to be seen whole together with its question."""


class DraftMessages:
    def __init__(self, ids: Ids, identity: Identity, whispers: Whispers) -> None:
        self._ids = ids
        self._identity = identity
        self._whispers = whispers

    async def open(self, api: Api, channel: str, given: RecordedAnswer) -> Json:
        """Question and answer, with what can be decided. channel: where it is shown."""
        language = await self._whispers.language(api, channel)
        pressed = [
            button(say(language, words), self._ids.of(action), given.id, style=style)
            for action, words, style in (
                ("draft_send", "draft-send", "primary"),
                ("draft_edit", "draft-edit", None),
                ("draft_discard", "draft-discard", "danger"),
            )
        ]
        return message([*await self._shown(api, given, language), actions(*pressed)])

    async def decided(self, api: Api, channel: str, given: RecordedAnswer, words: str, user: str) -> Json:
        """The same with who decided what. words: a message of the catalogues with a $name."""
        language = await self._whispers.language(api, channel)
        said = await self._named(api, language, words, user)
        return message([*await self._shown(api, given, language), context(said)])

    async def _shown(self, api: Api, given: RecordedAnswer, language: str) -> list[Json]:
        asks = await self._named(api, language, "draft-asks", given.user)
        head = [
            section(asks),
            *quoted(shortened(given.question, _QUESTION)),
            context(escaped(say(language, "draft-answer"))),
        ]
        whole = answer_messages(
            given.as_given(language), language, ids=self._ids, options=Rendering(feedback=False)
        )
        blocks = [*head, *whole[0]["blocks"]]
        if len(whole) == 1 and size(blocks) <= _MOST:
            return blocks
        cut = [section(part) for part in sections(shortened(given.text, _BEGINNING))]
        return [*head, *cut, context(escaped(say(language, "draft-long")))]

    async def _named(self, api: Api, language: str, words: str, user: str) -> str:
        person = await self._identity.person(api, user)
        said = escaped(say(language, words, name=_PLACE))
        return said.replace(_PLACE, f"*{label(person.name or user, _NAME)}*")
