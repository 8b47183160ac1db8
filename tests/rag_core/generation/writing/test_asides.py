"""What language models say besides the answer."""

from __future__ import annotations

import pytest

from rag_core.generation.writing.asides import is_courtesy, is_echo, is_reference, is_refusal, says_not_found

REFUSALS = """NOT_IN_PASSAGES
**NOT IN THE PASSAGES**
I could not find this in the provided passages.
The passages do not contain information about this.
The provided context does not specify the price.
None of the documents mentions this.
Unfortunately, the documents don't say.
Based on the provided passages, I cannot determine the price.
I'm sorry, but I don't have enough information to answer that question.
There is no information about this in the documents.
The answer to your question cannot be found in the provided passages.
No information about Mars is given in the passages.
I don't know.
No answer.
Die Passagen enthalten keine Antwort.
In den bereitgestellten Passagen gibt es keine Angaben dazu.
Ich konnte dazu keine Informationen finden.
Les passages ne contiennent pas la réponse.
Je n'ai pas trouvé de réponse.
Los pasajes no contienen la respuesta.
段落中没有提供答案。""".split("\n")
STATEMENTS = """You do not have 30 days.
The document must not contain macros.
Documents are kept for ten years.
There is no lift in the office.
I could not find my badge: what now?
The office is not open on Sundays.
Sources of errors are many.
Es gibt keinen Aufzug im Büro.""".split("\n")


@pytest.mark.parametrize("sentence", REFUSALS)
def test_a_refusal_is_one_in_whatever_words(sentence: str) -> None:
    assert is_refusal(sentence)


@pytest.mark.parametrize("sentence", STATEMENTS)
def test_a_statement_that_denies_something_is_none(sentence: str) -> None:
    assert not is_refusal(sentence)


def test_the_words_that_are_asked_for_are_known_at_the_beginning() -> None:
    assert says_not_found("NOT_IN_PASSAGES. The passages talk about leave.")
    assert not says_not_found("What is not in passages is NOT_IN_PASSAGES.")


def test_courtesies_claim_nothing() -> None:
    assert is_courtesy("Let me know if you have any further questions!")
    assert is_courtesy("I hope this helps!")
    assert not is_courtesy("I ask my lead.")
    assert not is_courtesy("Ask your lead if you need more days.")


def test_the_question_is_no_answer_to_itself() -> None:
    assert is_echo("How many days do I have?", "How many days of leave do I have?")
    assert not is_echo("You have days.", "Do I have days?")
    assert not is_echo("Is the printer switched on?", "Why does nothing come out?")


def test_titles_of_lists_of_sources_are_known() -> None:
    assert all(
        is_reference(line) for line in ("## References", "**Sources:**", "Source:", "Quellen", "来源：")
    )
    assert not is_reference("Sources of error:")
