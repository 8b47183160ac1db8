"""What people think of answers, on platforms where one person says so in several ways: buttons, reactions, words."""

from __future__ import annotations

from dataclasses import replace

from adapters.chat import Answerer
from rag_core.errors import AnswerloopError, Unavailable
from rag_core.records.feedback.recording import Feedback
from rag_core.types import Vote

__all__ = ["Voting"]


class Voting:
    """A toggle is one vote, and what goes takes back no other than it gave."""

    def __init__(self, assistant: Answerer, feedback: Feedback) -> None:
        self._assistant = assistant
        self._feedback = feedback

    async def given(self, answer: str, platform: str, user: str) -> Vote | None:
        """The vote of this person that is in force."""
        votes = await self._feedback.votes_on(answer)
        return next((vote for vote in votes if (vote.platform, vote.user) == (platform, user)), None)

    async def cast(self, vote: Vote) -> bool:
        """Whether it changed anything. The same value again is still that vote, with what was said of it.

        Raises:
            NotFound: there is no such answer.
            Unavailable: it cannot be recorded now.
        """
        before = await self.given(vote.answer, vote.platform, vote.user)
        changed = (
            before is None or before.value != vote.value or _words(vote) not in (("", "", ""), _words(before))
        )
        if changed:
            await self._assistant.vote(vote)
        return changed

    async def recorded(self, vote: Vote) -> bool | None:
        """As cast(); None: there is no such answer, or not any more.

        Raises:
            Unavailable: it cannot be recorded now.
        """
        try:
            return await self.cast(vote)
        except Unavailable:
            raise
        except AnswerloopError:
            return None

    async def take_back(self, vote: Vote) -> bool:
        """Whether a vote of this value was in force, and is no more.

        Raises:
            Unavailable: it cannot be recorded now.
        """
        before = await self.given(vote.answer, vote.platform, vote.user)
        in_force = before is not None and before.value == vote.value
        if in_force:
            await self._assistant.vote(replace(vote, value=0, reason="", comment="", correction=""))
        return in_force


def _words(vote: Vote) -> tuple[str, str, str]:
    return vote.reason, vote.comment, vote.correction
