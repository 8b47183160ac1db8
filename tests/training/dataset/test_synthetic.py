"""Questions that a language model writes for passages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from rag_core.errors import Unavailable
from rag_core.generation.protocol import Message, Usage
from rag_core.types import Passage, Place, Ranked
from training.dataset.rows import Text
from training.dataset.synthetic import DUPLICATE, NO_QUESTION, NOT_FOUND, OTHER_LANGUAGE, Written, written
from training.tasks.task import Nobody

TEXT = (
    "You have {} days of leave in a year, and you should ask your lead for them two weeks ahead of the first one. "
    * 2
)
PASSAGES = [
    Text(f"docs/{n}#0", f"docs/{n}", f"Leave\n{TEXT.replace('{}', str(n + 20))}", "public", "docs")
    for n in range(4)
]


class Scripted:
    """A LanguageModel that says what a script has for the passage."""

    name, window = "scripted", 4096

    def __init__(self, *says: str | Exception) -> None:
        self.says, self.prompts = list(says), list[str]()

    async def ready(self) -> None: ...

    async def close(self) -> None: ...

    def count(self, text: str) -> int:
        return len(text) // 4

    async def stream(self, messages: Sequence[Message], max_tokens: int) -> AsyncIterator[str | Usage]:
        self.prompts.append(messages[-1].text)
        said = self.says.pop(0)
        if isinstance(said, Exception):
            raise said
        for piece in (said[:5], said[5:]):
            yield piece
        yield Usage(10, 5)


async def asked(model: Scripted, count: int = 1, found: bool = True) -> Written:
    async def search(question: str, scopes: frozenset[str] | None) -> list[Ranked]:
        assert scopes == {"public"}
        blank = Passage("docs/9#0", "docs/9", "docs", "public", "", (), "", "", Place())
        own = [Passage(one.id, one.document, "docs", "public", "", (), "", "", Place()) for one in PASSAGES]
        return [Ranked(one, 0.5, 1.0, 0.5) for one in (own if found else [blank])]

    return await written(model, PASSAGES, search, count, 0, Nobody())


async def test_a_question_that_finds_its_passage_is_taken() -> None:
    """Its first question, without what models put around it."""
    model = Scripted('Sure!\nQuestion: "How many days of leave do I have?"\nAnother one?')
    (one,) = (await asked(model)).examples
    assert (one.question, one.part, one.origin.source) == (
        "How many days of leave do I have?",
        "train",
        "synthetic",
    )
    assert one.right[0].text in model.prompts[0]


async def test_what_fails_a_check_is_dropped_with_its_reason() -> None:
    """No question, another language, not found again."""
    for said, found, reason in (
        ("I cannot do that.", True, NO_QUESTION),
        ("Wie viele Tage haben wir im Jahr und wer muss das wissen?", True, OTHER_LANGUAGE),
        ("How many days of leave do I have?", False, NOT_FOUND),
    ):
        result = await asked(Scripted(said), found=found)
        assert [one.reason for one in result.dropped] == [reason]
        assert result.examples == ()


async def test_the_same_question_is_taken_once() -> None:
    """A passage of each document comes before a second one of any."""
    result = await asked(Scripted(*["How many days of leave do I have?"] * 2), count=2)
    assert (len(result.examples), [one.reason for one in result.dropped]) == (1, [DUPLICATE])
    again = await asked(Scripted(*["How many days of leave do I have?"] * 2), count=2)
    assert result == again


async def test_a_model_that_fails_is_not_asked_for_ever() -> None:
    """What it wrote before is kept, and why there is no more is said."""
    failing = [Unavailable("The language model does not answer.")] * 3
    result = await asked(Scripted("How many days of leave do I have?", *failing), count=4)
    assert len(result.examples) == 1
    assert "does not answer" in result.stopped
