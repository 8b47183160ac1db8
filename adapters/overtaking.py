"""Work on a message ends when the message is edited or deleted: nobody waits for an answer to what it said before."""

from __future__ import annotations

from collections import OrderedDict

from adapters.inbox import Inbox

__all__ = ["Overtaking"]

_KEPT = 2_000


class Overtaking:
    """Knows the latest edits, so that these are overtaken as well as the questions themselves."""

    def __init__(self, platform: str) -> None:
        self._platform = platform
        self._edits: OrderedDict[str, str] = OrderedDict()

    def edited(self, question: str, edit: str) -> None:
        """An edit is taken. question, edit: the keys of the message's delivery and of the edit's."""
        self._edits[question] = edit
        while len(self._edits) > _KEPT:
            self._edits.popitem(last=False)

    def interrupt(self, inbox: Inbox, question: str) -> bool:
        """End work on the message and on its latest edit; their lane would keep what comes waiting for it. Whether there was
        any in this process."""
        keys = (question, self._edits.pop(question, ""))
        ended = [inbox.interrupt(self._platform, key) for key in keys if key]
        return any(ended)
