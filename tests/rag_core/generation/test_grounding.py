"""Does a passage support a sentence? The shipped numbers, on passages made by hand; no model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rag_core.generation.grounding import DEFAULT, FEATURES, Grounding, Weights, claims
from rag_core.generation.statements import Statement
from rag_core.types import Passage, Place

POLICY = (
    "Employees get 30 days of vacation a year. Unused days expire on 31 March. Managers do not approve sick leave. "
    "The office in Porto was opened in May 1998 by Maria Lopes. Salaries are paid on the 25th."
)


def passage(
    text: str, title: str = "Handbook", headings: tuple[str, ...] = (), vectors: bytes = b""
) -> Passage:
    return Passage(title, title, "s", "public", title, headings, text, "", Place(), (), vectors)


@pytest.fixture(scope="module")
def grounding() -> Grounding:
    return Grounding()


@pytest.mark.parametrize(
    "sentence",
    [
        "Employees get 30 days of vacation a year.",
        "- You get **30 days** of vacation [1].",
        "You get thirty days of vacation each year.",
        "Unused days of vacation expire on 31 March [2][1].",
        "The Porto office was opened by Maria Lopes in May 1998.",
        "Managers don't approve sick leave.",
        "Your salary is paid on the 25th.",
    ],
)
async def test_what_stands_there_is_supported(grounding: Grounding, sentence: str) -> None:
    """In the same words, in another order, other forms, other numerals, with Markdown and citation marks."""
    assert (await grounding.check(sentence, [passage(POLICY)])).supported


@pytest.mark.parametrize(
    "sentence",
    [
        "Employees get 25 days of vacation a year.",
        "Unused days expire on 30 April.",
        "Unused days do not expire on 31 March.",
        "Managers approve sick leave.",
        "The office in Lisbon was opened in May 1998 by Maria Lopes.",
        "The office in Porto was opened in May 1998 by Pedro Costa.",
        "The office in Porto was closed in May 1998 by Maria Lopes.",
        "Pets and their owners are welcome on the fourth floor.",
        "The lantern is reset by holding both buttons.",
    ],
)
async def test_what_does_not_stand_there_is_not(grounding: Grounding, sentence: str) -> None:
    """Another number, date, name or place; a denial put in or taken out; an opposite; another matter."""
    assert not (await grounding.check(sentence, [passage(POLICY)])).supported


@pytest.mark.parametrize(
    "sentence", ["Yes.", "Here is what I found:", "No [1].", "It is as follows:", "…", ""]
)
async def test_a_sentence_that_claims_nothing_is_neutral(grounding: Grounding, sentence: str) -> None:
    """It is neither removed nor counted, whatever was found."""
    for passages in ([], [passage(POLICY)]):
        support = await grounding.check(sentence, passages)
        assert (support.supported, support.claim) == (True, False)


async def test_a_claim_without_passages_is_not_supported(grounding: Grounding) -> None:
    """A model may cite nothing."""
    support = await grounding.check("Employees get 30 days.", [])
    assert (support.probability, support.supported, support.claim) == (0.0, False, True)


async def test_the_best_passage_and_its_units_are_told(grounding: Grounding) -> None:
    """For the quotation."""
    support = await grounding.check(
        "The Porto office was opened in 1998 [1].", [passage("Nothing of it. Nor here."), passage(POLICY)]
    )
    assert support.passage == 1
    assert POLICY[slice(*support.unit)] == "The office in Porto was opened in May 1998 by Maria Lopes."


async def test_two_neighbouring_units_may_say_it(grounding: Grounding) -> None:
    """The range covers both."""
    support = await grounding.check(
        "You get 30 days of vacation, which expire on 31 March.", [passage(POLICY)]
    )
    assert support.supported
    assert POLICY[slice(*support.unit)].startswith("Employees")
    assert POLICY[slice(*support.unit)].endswith("31 March.")


async def test_two_passages_support_it_together(grounding: Grounding) -> None:
    """Each lacks what the other has."""
    vacation, salary = (
        passage("Employees get 30 days of vacation."),
        passage("Salaries are paid on the 25th."),
    )
    sentence = "Employees get 30 days of vacation, and salaries are paid on the 25th."
    assert (await grounding.check(sentence, [vacation, salary])).supported
    assert not (await grounding.check(sentence, [salary])).supported


async def test_headings_belong_to_a_passage(grounding: Grounding) -> None:
    """What it is about often stands there alone."""
    below = passage("It was opened in 1998.", title="Offices", headings=("Porto",))
    assert (await grounding.check("The Porto office was opened in 1998.", [below])).supported


async def test_the_unit_vectors_are_asked_where_there_are_any(grounding: Grounding) -> None:
    """The sentence is embedded once, without marks; a near unit speaks for it."""
    asked: list[str] = []

    async def embed(text: str) -> NDArray[np.float32]:
        asked.append(text)
        return np.array([1, 0], np.float32)

    near, far = (np.array(v, np.int8).tobytes() for v in ([127, 0], [0, 127]))
    checked = Grounding(embed)
    sentence = "Holidays are thirty days [1]."
    close = await checked.check(sentence, [passage("Employees get 30 days.", vectors=near)])
    wide = await checked.check(sentence, [passage("Employees get 30 days.", vectors=far)])
    await checked.check(sentence, [passage("Employees get 30 days.")])
    assert asked == ["Holidays are thirty days  ."] * 2
    assert close.probability > wide.probability


async def test_any_text_is_compared(grounding: Grounding) -> None:
    """Without words, without end, in other scripts, as code, in a passage of nothing."""
    for sentence in (
        "😀",
        "5 " * 5_000,
        "你好。",
        "```sh\nmake demo\n```",
        "x" * 10_000,
        "- |",
        "\x00",
        "do n't",
        "n’t 's",
    ):
        for text in ("", POLICY, "5 a " * 200, "```sh\nmake demo\n```"):
            support = await grounding.check(sentence, [passage(text), passage(text)])
            assert 0 <= support.probability <= 1


def test_numbers_alone_are_a_claim() -> None:
    """'It is 25.' can be wrong."""
    assert claims(Statement.of("It is 25."))
    assert not claims(Statement.of("It is."))


def test_the_shipped_numbers_make_sense() -> None:
    """What is missing or contradicted speaks against; it was not fitted on a test split."""
    values = json.loads(DEFAULT.read_text(encoding="utf-8"))
    assert values["fitted_on"]
    assert "test" not in " ".join(values["fitted_on"])
    for weights in Weights.read():
        assert 0 < weights.threshold < 1
        assert weights.weights["coverage"] > 0
        for name in ("number_missing", "name_missing", "negation", "opposite"):
            assert weights.weights[name] < 0
    assert Weights.read()[0].weights.keys() <= set(FEATURES)
    assert "cosine" not in Weights.read()[1].weights


def test_a_weight_for_what_is_not_measured_is_refused(tmp_path: Path) -> None:
    """The file was made for other code."""
    values = json.loads(DEFAULT.read_text(encoding="utf-8"))
    values["words"]["weights"]["moon_phase"] = 1.0
    file = tmp_path / "grounding.json"
    file.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(ValueError, match="moon_phase"):
        Weights.read(file)
