"""How replies look in one place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from adapters.chat import Reply
from adapters.discord.ids import Ids
from adapters.discord.showing.components import Json
from adapters.discord.showing.controls import Rendering
from adapters.discord.showing.rendering import answer, sentence

__all__ = ["Looks"]


class Looks:
    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self.sentence = partial(sentence, ids=ids)
        """A message of the bot's own: see rendering.sentence()."""

    def final(self, reply: Reply, language: str, options: Rendering, again: str = "") -> Sequence[Json]:
        """The messages of a reply. again: the argument of the button to try again below a failure; '': there is none."""
        return answer(reply, language, options, ids=self._ids, again=again)
