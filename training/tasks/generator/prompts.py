"""An example -> the very prompt that serving writes for it, and what is to be answered, with its marks."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag_core.errors import PromptTooLong
from rag_core.generation.models.tokens import counter
from rag_core.generation.writing.pieces import Piece, Pieces
from rag_core.generation.writing.prompt import NOT_FOUND, Prompt, quoted, write_prompt
from rag_core.settings import Settings
from rag_core.types import Passage, Place
from training.dataset.rows import Example, Text
from training.tasks.generator.base import Base

__all__ = ["Prompts", "Serving", "Written", "cited_as", "passage_of"]

_MARKED = ("sentence", "row", "code")
"""Pieces of an answer that say where they are taken from."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Serving:
    """What the prompt depends on besides question and passages."""

    window: int | None = None
    """generator.window; None: the model's own."""
    max_tokens: int = 700
    """generator.max_tokens"""
    instructions: str = ""
    """generator.instructions"""
    top_k: int = 8
    """retrieval.top_k: passages shown, at most."""

    @classmethod
    def of(cls, settings: Settings) -> Serving:
        own = settings.generator
        return cls(own.window, own.max_tokens, own.instructions, settings.retrieval.top_k)


@dataclass(frozen=True, slots=True)
class Written:
    """An example as the model sees it, in tokens."""

    prompt: list[int]
    answer: list[int]
    """Approved; [] where there is none."""
    rejected: list[int]
    """[] where there is none."""


class Prompts:
    """Writes prompts as serving would."""

    def __init__(self, base: Base, serving: Serving, longest: int, seed: int) -> None:
        """longest: tokens of prompt and answer together."""
        self._base = base
        self._serving = serving
        self._longest = min(longest, base.window)
        self._seed = seed
        self._count: Callable[[str], int] = counter(
            Path(base.tokenizer_file) if base.tokenizer_file else None
        )

    def written(self, example: Example) -> Written | None:
        """What is right stands among what is not, in an order drawn by chance, equal for equal questions.

        Passages that do not answer are left out until the rest fits; None where what answers does not fit either, or where
        there are no passages at all.
        """
        chance = random.Random(f"{self._seed} {example.question}")
        right = example.right[: self._serving.top_k]
        others = _unlike(right, (*example.wrong, *example.mined))[: self._serving.top_k - len(right)]
        order = chance.sample([*right, *others], len(right) + len(others))
        needed = {text.id for text in right}
        while order:
            if found := self._fitting(example, right, order):
                return found
            spare = next((text for text in reversed(order) if text.id not in needed), None)
            if spare is None:
                return None
            order.remove(spare)
        return None

    def _fitting(self, example: Example, right: Sequence[Text], order: Sequence[Text]) -> Written | None:
        try:
            prompt = self._prompt(example.question, order)
        except PromptTooLong:
            return None
        if not all(quoted(passage_of(text).text) in prompt.messages[-1].text for text in order):
            return None
        answer, rejected = self._answers(example, right, prompt)
        ids = self._base.tokens(prompt.messages)
        if len(ids) + max(len(answer), len(rejected)) > self._longest or not self._base.reads(
            prompt.messages
        ):
            return None
        return Written(ids, answer, rejected)

    def _prompt(self, question: str, order: Sequence[Text]) -> Prompt:
        return write_prompt(
            question,
            [passage_of(text) for text in order],
            (),
            count=self._count,
            window=self._base.window,
            max_tokens=self._serving.max_tokens,
            instructions=self._serving.instructions,
        )

    def _answers(
        self, example: Example, right: Sequence[Text], prompt: Prompt
    ) -> tuple[list[int], list[int]]:
        shown = prompt.passages
        said = NOT_FOUND if example.abstain else cited_as(example.answer, [t.id for t in right], shown)
        # Whose passages a rejected answer's numbers meant is not known any more: what they say must not be what is learned.
        rejected = cited_as(example.rejected, None, shown)
        return tuple(self._base.answer(text) if text else [] for text in (said, rejected))  # type: ignore[return-value]


def passage_of(text: Text) -> Passage:
    """As a search returns it, as far as a prompt needs it. Its first line has title and headings."""
    header, broken, body = text.text.partition("\n")
    title, *headings = header.split(" > ") if broken else [""]
    return Passage(
        text.id,
        text.document,
        text.source,
        text.scope,
        title,
        tuple(headings),
        body if broken else header,
        "",
        Place(),
    )


def cited_as(answer: str, right: Sequence[str] | None, shown: Sequence[Passage]) -> str:
    """An answer whose sentences end with the numbers of the passages as they are shown.

    Its own number n means the n-th of `right`. A sentence without one, or all of an answer whose numbers mean nothing
    (right is None), is given the number of the passage with which it has most words in common.
    """
    places = {passage.id: n for n, passage in enumerate(shown, start=1)}
    of_right = {n: places[name] for n, name in enumerate(right or (), start=1) if name in places}
    chosen = [p for p in shown if right is None or p.id in right]
    if answer.strip() == NOT_FOUND:
        return NOT_FOUND
    taking = Pieces()
    pieces = [*taking.feed(answer.strip()), *taking.end()]
    return "".join(
        _marked(piece, of_right, chosen, places) for piece in pieces if piece.kind != "note"
    ).strip()


def _marked(piece: Piece, of_right: dict[int, int], chosen: Sequence[Passage], places: dict[str, int]) -> str:
    if piece.kind not in _MARKED:
        return piece.before + piece.text
    numbers = [of_right[n] for n in piece.cited if n in of_right]
    if not numbers and chosen:
        numbers = [places[_nearest(piece.text, chosen).id]]
    return piece.before + piece.marked(piece.text, "".join(f"[{n}]" for n in dict.fromkeys(numbers)))


def _nearest(text: str, passages: Sequence[Passage]) -> Passage:
    """Of equals the first."""
    words = _words(text)
    return max(passages, key=lambda p: len(words & _words(" ".join((p.title, *p.headings, p.text)))))


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _unlike(right: Sequence[Text], others: Sequence[Text]) -> list[Text]:
    """Each once, by its id and by its words."""
    seen = {text.id for text in right} | {text.text for text in right}
    kept = []
    for text in others:
        if not {text.id, text.text} & seen:
            kept.append(text)
            seen |= {text.id, text.text}
    return kept
