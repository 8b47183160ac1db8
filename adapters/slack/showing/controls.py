"""What is below an answer to press. Buttons carry the answer's id and nothing else of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from adapters.slack.ids import Ids
from adapters.slack.showing.blocks import Json, actions, button, feedback_buttons, menu
from rag_core.messages import say

__all__ = ["Rendering", "ballot", "controls", "retry"]

_GOOD, _BAD = "👍", "👎"


@dataclass(frozen=True, slots=True)
class Rendering:
    """What can be done with an answer where it is shown."""

    feedback: bool = True
    native_feedback: bool = True
    """With Slack's own feedback buttons; False where the workspace does not take them."""
    escalation: bool = False
    """'Ask a person'."""
    share: bool = False
    """'Share with the channel', where only the asker sees the answer."""
    silence: bool = False
    """'Stop answering in this thread', in the menu."""
    markdown_blocks: bool = True
    """The answer in Slack's blocks of Markdown, which keep its tables; False where the workspace does not take them."""


def controls(answer: str, language: str, ids: Ids, options: Rendering) -> list[Json]:
    """The blocks to press for the answer of this id.

    Actions by name: 'vote' (value: read by ballot()), 'escalate' and 'share' (value: the answer's id), and 'more', whose
    chosen option has the value 'silence'.
    """
    found: list[Json] = []
    row = []
    good = (_GOOD, say(language, "page-good"), f"up:{answer}")
    bad = (_BAD, say(language, "page-bad"), f"down:{answer}")
    if options.feedback and options.native_feedback:
        found.append(feedback_buttons(ids.of("vote"), good, bad))
    elif options.feedback:
        for (shown, says, value), way in ((good, "up"), (bad, "down")):
            row.append(button(shown, ids.of(f"vote:{way}"), value, says=says))
    if options.escalation:
        row.append(button(say(language, "ask-a-person"), ids.of("escalate"), answer))
    if options.share:
        row.append(button(say(language, "share-answer"), ids.of("share"), answer))
    more = [menu(ids.of("more"), silence=say(language, "stop-in-thread"))] if options.silence else []
    return [*found, actions(*row, *more)] if row or more else found


def ballot(value: str) -> tuple[str, Literal[-1, 1]] | None:
    """A vote button's value -> the answer's id, and the vote. None: no such value."""
    way, _, answer = value.partition(":")
    if not answer or way not in ("up", "down"):
        return None
    return answer, 1 if way == "up" else -1


def retry(value: str, language: str, ids: Ids) -> Json:
    """'Try again', by the name 'retry'. value: by which the question is found again, 2,000 characters at most."""
    return actions(button(say(language, "try-again"), ids.of("retry"), value))
