"""Whether an answer that one person was given may be shown to all who are there."""

from __future__ import annotations

from adapters.channels import Channel
from rag_core.access import Access, narrowed
from rag_core.records.feedback.recording import Feedback
from rag_core.types import Principal

__all__ = ["all_may_read"]


async def all_may_read(
    answer: str, who: Principal, channel: Channel, access: Access, feedback: Feedback
) -> bool:
    """Whether all that the answer of this id was made from would be given to who asks there, for all to read, now. who: not
    direct. channel: what is in force there.

    Raises:
        Unavailable: the database does not answer.
    """
    return answer in await feedback.readable({answer}, narrowed(access.scopes_of(who), channel.scopes))
