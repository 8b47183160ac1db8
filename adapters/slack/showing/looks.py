"""How replies look in one place, and the surfaces that show them so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from adapters.answering import Surface
from adapters.chat import Reply
from adapters.slack.ids import Ids
from adapters.slack.showing.controls import Rendering
from adapters.slack.showing.rendering import answer_messages, sentence_message, streaming_text
from adapters.slack.showing.surfaces import Look
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import SlackRefusal, blocks_refused

__all__ = ["Looks", "Shown"]

_NATIVE, _MARKDOWN = "feedback_buttons", "markdown"
"""What api.unsupported remembers Slack's own feedback buttons and its blocks of Markdown by."""


class Looks:
    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def of(self, api: Api, channel: str, language: str, options: Rendering, again: str = "") -> Look:
        """again: the value of the button to try again below a failure; '': there is none."""

        def final(reply: Reply) -> Sequence[Mapping[str, Any]]:
            if reply.answer is None:
                retry = again if reply.reference else ""
                return [sentence_message(reply.text, language, ids=self._ids, again=retry)]
            native = options.native_feedback and not api.unsupported.knows(_NATIVE, channel)
            blocks = not api.unsupported.knows(_MARKDOWN, channel)
            shown = replace(options, native_feedback=native, markdown_blocks=blocks)
            return answer_messages(reply.answer, language, ids=self._ids, options=shown)

        return Look(final, partial(streaming_text, open_ended=True))

    def sentence(self, text: str, language: str, again: str = "") -> dict[str, Any]:
        """A message of the bot's own. text: Markdown. again: as for of()."""
        return sentence_message(text, language, ids=self._ids, again=again)


class Shown:
    """A surface that was begun, and that goes without Slack's feedback buttons and then without its blocks of Markdown where
    Slack refuses them."""

    def __init__(self, surface: Surface, api: Api, channel: str) -> None:
        self._surface = surface
        self._api = api
        self._channel = channel
        self.said: Callable[[str], None] = surface.said

    async def begin(self) -> None:
        """It was: before the question was put together."""

    async def finish(self, reply: Reply) -> Sequence[str]:
        known = self._api.unsupported
        for feature, where in ((_NATIVE, ""), (_MARKDOWN, self._channel)):
            if known.knows(feature, self._channel):
                continue
            try:
                return await self._surface.finish(reply)
            except SlackRefusal as error:
                if not blocks_refused(error):
                    raise
            known.learn(feature, where)
        return await self._surface.finish(reply)

    async def give_up(self) -> None:
        await self._surface.give_up()

    async def withdraw(self) -> None:
        await self._surface.withdraw()
