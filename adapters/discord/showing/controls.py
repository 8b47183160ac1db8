"""What is below an answer to press. Buttons carry the answer's id and nothing else of it."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.discord.ids import Ids
from adapters.discord.showing.components import Json, button, row
from rag_core.messages import say

__all__ = ["Rendering", "controls", "retry"]

_GOOD, _BAD = "👍", "👎"


@dataclass(frozen=True, slots=True)
class Rendering:
    """What can be done with an answer where it is shown."""

    feedback: bool = True
    escalation: bool = False
    """'Ask a person'."""
    share: bool = False
    """'Share with the channel', where only the asker sees the answer."""
    silence: bool = False
    """'Stop answering in this thread'."""


def controls(answer: str, language: str, ids: Ids, options: Rendering) -> list[Json]:
    """The row to press for the answer of this id, if there is anything to.

    Names of the buttons: 'vote_good', 'vote_bad', 'escalate', 'share' and 'silence'; the argument of each is the answer's
    id.
    """
    found = []
    if options.feedback:
        found += [
            button("", ids.of("vote_good", answer), emoji=_GOOD),
            button("", ids.of("vote_bad", answer), emoji=_BAD),
        ]
    for wanted, name, words in (
        (options.escalation, "escalate", "ask-a-person"),
        (options.share, "share", "share-answer"),
        (options.silence, "silence", "stop-in-thread"),
    ):
        if wanted:
            found.append(button(say(language, words), ids.of(name, answer)))
    return [row(*found)] if found else []


def retry(key: str, language: str, ids: Ids) -> list[Json]:
    """'Try again', by the name 'retry'. key: by which the question is found again, as short as a custom id has to be."""
    return [row(button(say(language, "try-again"), ids.of("retry", key)))]
