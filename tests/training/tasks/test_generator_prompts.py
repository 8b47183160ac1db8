"""What the generator is trained on: prompts as serving writes them, answers with the marks of those prompts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rag_core.generation.models.frames import Load
from rag_core.generation.models.tokens import counter
from rag_core.generation.models.worker import Continuer
from rag_core.generation.writing.prompt import NOT_FOUND, write_prompt
from rag_core.settings import Settings
from rag_core.settings.training import GeneratorRecipe
from rag_core.types import Passage, Place
from tests.lessons import lesson, lessons
from tests.models import END, START, WINDOW
from training.dataset.rows import Example, Text
from training.tasks.generator import Serving
from training.tasks.generator.base import Base
from training.tasks.generator.lessons import lessons_of, stages_of
from training.tasks.generator.prompts import Prompts, cited_as
from training.tasks.task import Refused

pytestmark = pytest.mark.slow
TOKENS = 100


@pytest.fixture(scope="module")
def base(causal_model: Path) -> Base:
    return Base(str(causal_model), "cpu", None, TOKENS, whole=False)


@pytest.fixture(scope="module")
def prompts(base: Base) -> Prompts:
    return Prompts(base, Serving(max_tokens=TOKENS, top_k=3), WINDOW, seed=0)


def said(base: Base, ids: list[int]) -> str:
    return str(base.tokenizer.decode(ids))


def shown(*names: str) -> list[Passage]:
    return [Passage(name, name, "", "", "", (), f"About {name}.", "", Place()) for name in names]


def stages(
    examples: list[Example], prompts: Prompts, *, seq2seq: bool = False, **recipe: Any
) -> tuple[str, ...]:
    return stages_of(lessons_of(examples, prompts), GeneratorRecipe(**recipe), seq2seq=seq2seq)


# --- prompts -----------------------------------------------------------------------------------------------------


def test_the_prompt_is_the_one_that_serving_writes(base: Base, prompts: Prompts, causal_model: Path) -> None:
    """Token for token: its words, its window, its chat template."""
    served = Continuer(Load(str(causal_model), None, "cpu", None, TOKENS, 0.0))
    example = replace(lesson(0), wrong=(), mined=())
    passage = Passage(
        "p-invoices", "", "", "", "Handbook", ("Invoices",), "All invoices are kept for 10 days.", "", Place()
    )
    prompt = write_prompt(
        example.question,
        [passage],
        (),
        count=counter(causal_model / "tokenizer.json"),
        window=served.window,
        max_tokens=TOKENS,
    )
    written = prompts.written(example)
    assert written is not None
    assert written.prompt == served.tokens(prompt.messages)


def test_what_is_right_stands_among_what_is_not(base: Base, prompts: Prompts) -> None:
    """In an order drawn by chance, so that no place tells it; for an equal question the same one."""
    answers = set()
    for number in range(12):
        written = prompts.written(lesson(number))
        assert written == prompts.written(lesson(number))
        assert written is not None
        assert said(base, written.prompt).count("<passage number=") == 3
        answers.add(said(base, written.answer).split("[")[1][0])
    assert answers == {"1", "2", "3"}


def test_the_answer_names_the_passage_that_answers(base: Base, prompts: Prompts) -> None:
    for number in range(6):
        example = lesson(number)
        written = prompts.written(example)
        assert written is not None
        place = said(base, written.answer).split("[")[1][0]
        passage = said(base, written.prompt).split(f'<passage number="{place}"')[1].split("</passage>")[0]
        assert example.right[0].text.split("\n")[1] in passage


def test_passages_that_do_not_answer_make_room_for_the_one_that_does(base: Base) -> None:
    """It is never cut; where it does not fit itself there is no row."""
    whole = Prompts(base, Serving(max_tokens=TOKENS, top_k=3), WINDOW, seed=0).written(lesson(0))
    assert whole is not None
    long = len(whole.prompt) + max(len(whole.answer), len(whole.rejected))
    cut = Prompts(base, Serving(max_tokens=TOKENS, top_k=3), long - 1, seed=0).written(lesson(0))
    assert cut is not None
    assert said(base, cut.prompt).count("</passage>") == said(base, whole.prompt).count("</passage>") - 1
    assert "All invoices are kept for 10 days." in said(base, cut.prompt)
    assert Prompts(base, Serving(max_tokens=TOKENS, top_k=3), 100, seed=0).written(lesson(0)) is None
    huge = Text("p", "d", "Title\n" + "many words " * WINDOW)
    assert Prompts(base, Serving(), WINDOW, seed=0).written(lesson(0).moved(right=(huge,))) is None


def test_an_answer_ends_as_the_chat_template_ends_it(base: Base, prompts: Prompts) -> None:
    """Once; and no text within it does."""
    written = prompts.written(lesson(0).moved(answer=f"Ten days {END} and {START} more [1]."))
    assert written is not None
    end = base.tokenizer.convert_tokens_to_ids(END)
    assert written.answer[-1] == end
    assert written.answer.count(end) == 1
    assert base.tokenizer.convert_tokens_to_ids(START) not in written.answer


def test_where_the_documents_do_not_answer_the_model_is_to_say_so(base: Base, prompts: Prompts) -> None:
    written = prompts.written(lesson(0).moved(right=(), answer="", abstain=True))
    assert written is not None
    assert said(base, written.answer) == NOT_FOUND + END


def test_what_serving_is_set_to_is_in_the_prompt() -> None:
    settings = Settings(generator={"window": 600, "max_tokens": 50, "instructions": "Be kind."})  # type: ignore[arg-type]
    assert Serving.of(settings) == Serving(600, 50, "Be kind.", settings.retrieval.top_k)


# --- marks -------------------------------------------------------------------------------------------------------


def test_marks_follow_their_passages() -> None:
    """Those of passages that are not shown go."""
    answer = "First this [1]. Then that [2][1].\n\n- And more on b [3]."
    marked = "First this. [3] Then that. [1][3]\n\n- And more on b. [1]"
    assert cited_as(answer, ["a", "b", "gone"], shown("b", "x", "a")) == marked


def test_a_sentence_without_a_mark_is_given_one() -> None:
    """Of the passage it has most words in common with, among those that answer."""
    assert cited_as("It is about b.", ["a", "b"], shown("b", "x", "a")) == "It is about b. [1]"


def test_the_numbers_of_a_rejected_answer_mean_nothing() -> None:
    """They were another prompt's; its sentences are marked by their words."""
    assert cited_as("It is about x. [1]", None, shown("b", "x", "a")) == "It is about x. [2]"
    assert cited_as(NOT_FOUND, None, shown("b")) == NOT_FOUND


# --- rows --------------------------------------------------------------------------------------------------------


def test_the_test_part_is_not_looked_at(prompts: Prompts) -> None:
    found = lessons_of([lesson(n, "test") for n in range(5)], prompts)
    assert not any(rows.train or rows.validation for rows in found.of.values())


def test_rows_are_counted(prompts: Prompts) -> None:
    """And what is left out, with the reason."""
    examples = [
        *lessons(3, 1),
        lesson(5, pair=False, votes=2),
        lesson(6, pair=False),
        lesson(7).moved(answer="", votes=-1),
        lesson(8).moved(right=(), answer="", rejected="", abstain=True),
        lesson(9, pair=False).moved(right=()),
        lesson(10, pair=False).moved(
            right=(Text("p", "d", "T\n" + "many words " * WINDOW),), wrong=(), mined=()
        ),
    ]
    found = lessons_of(examples, prompts)
    figures = found.figures()
    assert {name: figures[name] for name in ("sft rows", "dpo rows", "kto rows", "sft validation rows")} == {
        "sft rows": 6,
        "dpo rows": 3,
        "kto rows": 8,
        "sft validation rows": 1,
    }
    assert figures["abstentions"] == 1
    assert figures["left out: no passage"] == 1
    assert figures["left out: too long"] == 1


def test_too_few_rows_are_refused_with_their_number(prompts: Prompts) -> None:
    with pytest.raises(
        Refused, match=r"12 approved answers to learn from; it takes 20 \(.*generator.min_rows\)"
    ):
        stages(lessons(12, 3), prompts, method="sft")
    with pytest.raises(Refused, match="2 approved answers to validate on; it takes 3"):
        stages(lessons(20, 2), prompts, method="sft", min_pairs=30)
    with pytest.raises(Refused, match=r"approved answers.*pairs of a better and a worse answer.*votes"):
        stages(lessons(3, 1), prompts)
    with pytest.raises(Refused, match="not trained"):
        stages(lessons(20, 3), prompts, method="off")


def test_there_is_a_stage_for_what_there_are_rows_for(prompts: Prompts) -> None:
    """Pairs say more than votes; a method that is asked for is not replaced by another."""
    pairs = lessons(20, 3)
    votes = [lesson(n, pair=False, votes=1) for n in range(20)] + [
        lesson(n).moved(answer="") for n in range(20)
    ]
    votes += [one.moved(part="validation") for one in (*votes[:3], *votes[20:23])]
    assert stages(pairs, prompts) == ("sft", "dpo")
    assert stages(votes, prompts) == ("sft", "kto")
    assert stages(pairs, prompts, min_pairs=30) == ("sft",)
    assert stages(pairs, prompts, method="sft+kto") == ("sft", "kto")
    assert stages(votes, prompts, seq2seq=True) == ("sft",)
    with pytest.raises(Refused, match="batch_size to 2"):
        stages(votes, prompts, method="kto", batch_size=1)
    with pytest.raises(Refused, match="seq2seq"):
        stages(votes, prompts, seq2seq=True, method="kto")
