"""What crosses borders between the parts: frozen, in the domain's words, never a platform's objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "Answer",
    "Attached",
    "Citation",
    "Passage",
    "Place",
    "Principal",
    "Question",
    "Ranked",
    "Turn",
    "Vote",
]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, and from where. What they may read is decided in rag_core.access alone."""

    platform: str
    user: str
    workspace: str = ""
    """The asker's own workspace or server, which in a shared channel may be another than the channel's."""
    channel: str = ""
    roles: frozenset[str] = frozenset()
    """Roles and user groups as the platform gives them with this very question, by id; never kept from an earlier one."""
    direct: bool = False
    """Whether this person alone sees the answer: a direct message with the bot, or a reply shown to them only. A
    conversation of several people is not direct, whatever the platform calls it."""
    workspaces: frozenset[str] = frozenset()
    """Where `workspace` is empty, as in Discord's direct messages: the asker's own, as the platform tells with this
    question."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation, oldest first where there are several."""

    role: Literal["user", "assistant"]
    text: str
    answer: str = ""
    """Of an assistant's turn: the id of the answer it shows. Without it the turn is taken as open to whoever asks next."""
    titles: tuple[str, ...] = ()
    """Of the documents that the answer cites, in order. Where the answer's id is given, they are read from its record."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in its document a passage begins. Counted from 1; None where the format has no such thing."""

    line: int | None = None
    page: int | None = None
    anchor: str | None = None

    def fragment(self) -> str:
        """The part of a link that opens the document at this place: '#page=3', '#install', or ''."""
        if self.page is not None:
            return f"#page={self.page}"
        return f"#{self.anchor}" if self.anchor else ""

    def words(self) -> str:
        """The place for a reader: 'page 3', 'line 12', or ''."""
        if self.page is not None:
            return f"page {self.page}"
        return f"line {self.line}" if self.line is not None else ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stored chunk of a document, as a search returns it."""

    id: str
    document: str
    """The document's id, unique over all sources."""
    source: str
    scope: str
    title: str
    headings: tuple[str, ...]
    text: str
    url: str
    """Where the document opens for a reader, without the place."""
    place: Place
    units: tuple[tuple[int, int], ...] = ()
    """Character ranges in text: sentences, list items, table rows, code blocks. What an answer can quote."""
    unit_vectors: bytes = field(default=b"", repr=False)
    """int8, len(units) x dimension, row-major: the mean of each unit's contextual token vectors, normalised."""

    @property
    def location(self) -> str:
        """The link that opens the document where this passage stands."""
        return self.url + self.place.fragment()


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that the asker gave with the conversation; read for it alone (rag_core/attachments.py)."""

    id: str
    """Unique: the platform's own, with the platform before it."""
    title: str
    url: str
    """Where it opens for the asker; '' where no link leads to it."""
    passages: tuple[Passage, ...] = field(repr=False)
    release: str = ""
    """Whose embedder made the vectors; they are compared with no other's."""
    vectors: bytes = field(default=b"", repr=False)
    """float32, len(passages) x dimension, row-major, rows of length one."""
    words: tuple[str, ...] = field(default=(), repr=False)
    """Of each passage, between spaces, as keyword search takes them (rag_core/index/stores/words.py)."""

    @property
    def scope(self) -> str:
        """That of its passages: a name that no rule can grant and no source can have, since those begin with a letter or
        a digit."""
        return f"@{self.id}"


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    principal: Principal
    thread: str = ""
    turns: tuple[Turn, ...] = ()
    """The turns before this question, as the platform has them now: edited ones as edited, without deleted ones."""
    language: str = ""
    """The asker's, as the platform tells it: a BCP 47 tag, 'de-AT'. '' where it does not."""
    spoken: str = ""
    """Of the bot's own sentences, before the installation's language and the asker's: a channel's setting."""
    scopes: frozenset[str] | None = None
    """Narrows what is read, below what the asker may read; None: all of that. A channel's setting."""
    tone: str = ""
    """How the answer should sound, in words for a language model; '' as the settings say."""
    attached: tuple[Attached, ...] = ()
    """Files that were given with the conversation; an answer to this question is nobody else's."""
    workspace: str = ""
    """Where the bot was asked, as it is installed there; '': in the asker's own."""

    @property
    def asked_in(self) -> str:
        """The workspace that it was asked in, which in a shared channel may be another than the asker's own."""
        return self.workspace or self.principal.workspace


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage that may answer, with why it was found."""

    passage: Passage
    cosine: float
    bm25: float
    score: float
    """Fused; comparable between questions to one index."""
    probability: float | None = None
    """The reranker's, that this passage answers; None where it did not read it."""


@dataclass(frozen=True, slots=True)
class Citation:
    number: int
    title: str
    location: str
    """A link that opens the document at the right place."""
    quote: str
    passage: str = ""
    """The id of the passage that was quoted."""
    place: str = ""
    """The place for a reader: 'page 3', 'line 12', or ''."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot says. Sentences end in their citations' numbers: '… within 30 days [1].'"""

    id: str
    text: str
    citations: tuple[Citation, ...]
    confidence: float
    """Estimated probability, 0 to 1, that the answer stands in the cited passages and answers the question."""
    abstained: bool
    release: str
    timings_ms: dict[str, float]
    """By stage: understand; embed, search, fetch, refine, rerank, generate, or cache instead of these; record, total."""
    nearest: tuple[Citation, ...] = ()
    """With an abstention: the documents that came nearest, to look in by hand."""
    cached: bool = False
    """Whether it was made for an earlier question that was the same. Its id is its own all the same."""
    standalone: str = ""
    """What a follow-up was understood to ask; '' where the question was taken as it was worded."""
    generator: str = "extractive"
    """What wrote it: 'extractive', 'openai:MODEL', 'local:MODEL', 'standard:ID'."""
    notices: tuple[str, ...] = ()
    """Sentences, in the asker's language, on how it came about: for small print below it."""


@dataclass(frozen=True, slots=True)
class Vote:
    """A person's opinion of an answer; the last one per person and answer counts, 0 takes it back."""

    answer: str
    platform: str
    user: str
    value: Literal[-1, 0, 1]
    reason: str = ""
    comment: str = ""
    correction: str = ""
