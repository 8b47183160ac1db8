"""A standard answer: what it answers, where it holds, who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from rag_core.standard.links import cited
from rag_core.types import Citation, Principal

__all__ = ["LEAST_COSINE", "MATCHES", "Match", "StandardAnswer"]

Match = Literal["exact", "pattern", "semantic"]
MATCHES: tuple[Match, ...] = get_args(Match)
LEAST_COSINE = 0.85
"""That of rag_core.cache.semantic.THRESHOLD, which is measured in docs/cache.md; importing it there takes 50 ms."""


@dataclass(frozen=True, slots=True)
class StandardAnswer:
    answer: str
    """Markdown. Links are written [words](https://…); the numbers of citations that came along, [1]."""
    questions: tuple[str, ...] = ()
    """Wordings. Whatever `match` says, a question worded like one of them is answered."""
    match: Match = "exact"
    pattern: str = ""
    """With match 'pattern': what the whole question looks like; see rag_core.standard.pattern."""
    threshold: float = LEAST_COSINE
    """With match 'semantic': the cosine a question needs to one of the wordings, besides being read as the same."""
    platform: str = ""
    """Where it holds; '': on all."""
    channels: tuple[str, ...] = ()
    """Where it holds, by id; none: in all channels and direct messages."""
    scopes: frozenset[str] = frozenset()
    """All of what an asker must be able to read in order to see it; none: it is for everybody."""
    enabled: bool = True
    author: str = ""
    citations: tuple[Citation, ...] = ()
    """Recorded with the answer that it was made from, by the numbers that `answer` has."""
    from_answer: str = ""
    """The id of that answer."""
    id: str = ""
    """'' before it is saved, and so are the times below None."""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    hits: int = 0
    """How often it was given. Counted a little late."""
    last_hit_at: datetime | None = None

    def rendered(self) -> tuple[str, tuple[Citation, ...]]:
        """The text without links, and what it cites: links have become citations. Numbered in reading order."""
        return cited(self.answer, self.citations)

    def holds_in(self, principal: Principal) -> bool:
        """Whether this is the platform and the channel for it."""
        return (not self.platform or self.platform == principal.platform) and (
            not self.channels or principal.channel in self.channels
        )

    def open_to(self, scopes: frozenset[str] | None) -> bool:
        """Whether somebody who may read these scopes may see it; None: everything."""
        return scopes is None or self.scopes <= scopes
