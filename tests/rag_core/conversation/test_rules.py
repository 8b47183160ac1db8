"""Follow-up questions and what they stand for, without a language model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.conversation import stand_alone
from rag_core.conversation.rules import clearly_stands_alone
from rag_core.types import Turn

LEAVE = ["How many days of leave do I have?", "You have 30 days of leave a year."]
AGENT = ["How do I install the agent on Linux?", "Run apt-get install agent."]
PARENTAL = ["How do I request parental leave?", "Fill in the form. Your lead approves it."]
ALLOWANCE = ["What is the travel allowance in Lisbon?", "It is 60 euros [1]."]
LEAD = ["Who is the head of the design team?", "Ada Lovelace leads the design team since 2019."]
LAPTOPS = ["Which laptops can I order?", "You can order the ThinkPad X1 or the MacBook Air."]
WATER = ["What is ground water contamination?"]


def turns(texts: list[str]) -> tuple[Turn, ...]:
    """Question, answer, question, …"""
    return tuple(Turn("assistant" if n % 2 else "user", text) for n, text in enumerate(texts))


@pytest.mark.parametrize(
    ("before", "question", "alone"),
    [
        (LEAVE, "And in Portugal?", "How many days of leave do I have in Portugal?"),
        (AGENT, "and on Windows?", "How do I install the agent on Windows?"),
        (AGENT, "What about on a Mac?", "How do I install the agent on a Mac?"),
        (ALLOWANCE, "What about London?", "What is the travel allowance in London?"),
        (["How much was spent in 2019?", "5 euros."], "And 2021?", "How much was spent in 2021?"),
        (LEAVE, "Why?", "How many days of leave do I have? Why?"),
        (LEAVE, "Can you explain that?", "How many days of leave do I have? Can you explain that?"),
        (LAPTOPS, "How heavy is the second one?", "How heavy is MacBook Air?"),
        (LAPTOPS, "Which is cheaper?", "Which is cheaper (ThinkPad X1, MacBook Air)?"),
        (LEAD, "How can I reach her?", "How can I reach Ada Lovelace?"),
        (WATER, "Can it be cleaned up?", "Can ground water contamination be cleaned up?"),
        (ALLOWANCE, "Who approves it?", "Who approves the travel allowance?"),
    ],
)
def test_a_follow_up_becomes_a_question_of_its_own(before: list[str], question: str, alone: str) -> None:
    """What is new takes the place of what is of its kind; a pronoun gives way to what it most likely means."""
    result = stand_alone(question, turns(before))
    assert (result.text, result.follows_up) == (alone, True)


def test_that_may_stand_for_all_that_was_asked() -> None:
    """The words of the question before it go behind it, in parentheses; where it was about doing something."""
    result = stand_alone("How long does that take?", turns(PARENTAL))
    assert result.text == "How long does that take (request parental leave)?"
    assert not stand_alone("What happened after that?", turns(["Was it successful?"])).follows_up


@pytest.mark.parametrize(
    ("before", "question", "asked"),
    [
        (LEAD, "How can I reach her?", True),
        (LAPTOPS, "Which is cheaper?", True),
        (PARENTAL, "How long does that take?", True),
        (LEAVE, "And in Portugal?", False),
        (LEAVE, "Why?", False),
        (LEAVE, "Where is the office in Porto?", False),
    ],
)
def test_a_follow_up_is_also_kept_as_it_was_asked(before: list[str], question: str, asked: bool) -> None:
    """Unless it asks nothing by itself, or was not changed: there is nothing else to search then."""
    assert stand_alone(question, turns(before)).asked == (question if asked else "")


def test_what_is_compared_must_have_been_listed() -> None:
    """A question's subject is no choice to compare, and a pronoun says itself what is compared."""
    assert not stand_alone("What is the biggest risk?", turns(["When did Kidd join the Suns?"])).follows_up
    result = stand_alone(
        "What was her best idea?", turns([*LEAD, "And London?", "London, Paris, Rome or Bern."])
    )
    assert "Paris" not in result.text


def test_what_was_resolved_is_remembered_over_several_turns() -> None:
    """A follow-up on a follow-up leans on the rewritten one."""
    said = [*AGENT, "and on Windows?", "Run the installer.", "and with a proxy?"]
    assert (
        stand_alone(said[-1], turns(said[:-1])).text == "How do I install the agent on Windows with a proxy?"
    )


def test_small_talk_in_between_is_passed_over() -> None:
    """'thanks!' is not what 'And in Portugal?' follows up on."""
    said = [*LEAVE, "thanks!", "You are welcome."]
    assert (
        stand_alone("And in Portugal?", turns(said)).text == "How many days of leave do I have in Portugal?"
    )


@pytest.mark.parametrize(
    "question",
    [
        "Where is the office in Porto?",
        "How do I reset my VPN password?",
        "Is it possible to work from home?",
        "Who is responsible for covering my expenses?",
        "What are the treatments for Colorectal Cancer?",
        "Is herpes a lethal disease and how is it transmitted?",
        "That is too bad.",
        "Does IT support Linux?",
    ],
)
@pytest.mark.parametrize("before", [LEAVE, AGENT, ALLOWANCE, LEAD, LAPTOPS])
def test_a_question_of_its_own_is_left_alone(before: list[str], question: str) -> None:
    """A change of topic drags nothing along."""
    result = stand_alone(question, turns(before))
    assert (result.text, result.follows_up) == (question, False)


@pytest.mark.parametrize(
    "message",
    [
        "thanks!",
        "Thank you so much",
        "ok",
        "OK great, thanks",
        "hello",
        "Hi there!",
        "danke",
        "Merci beaucoup",
        "¡hola!",
    ],
)
def test_small_talk_is_left_alone(message: str) -> None:
    """It asks nothing, whatever was said before."""
    assert stand_alone(message, turns(LEAVE)).text == message
    assert not stand_alone(message, turns(LEAVE)).follows_up


@pytest.mark.parametrize("question", ["And in Portugal?", "Why?", "How long does it take?", "the second one"])
def test_without_a_question_before_it_nothing_is_changed(question: str) -> None:
    """Nor after small talk alone, nor after a message of the bot's alone."""
    for before in ((), turns(["hello"]), (Turn("assistant", "The agent runs on Linux."),)):
        assert stand_alone(question, before).text == question


@pytest.mark.parametrize(
    ("before", "question", "alone"),
    [
        (
            "Wie viele Tage Urlaub habe ich?",
            "Und in Portugal?",
            "Wie viele Tage Urlaub habe ich in Portugal?",
        ),
        ("Wie beantrage ich Elternzeit?", "Wie lange dauert das?", "Wie lange dauert das (Elternzeit)?"),
        ("Wie beantrage ich Elternzeit?", "Warum?", "Wie beantrage ich Elternzeit? Warum?"),
        (
            "Combien de jours de congé ai-je ?",
            "Et au Portugal ?",
            "Combien de jours de congé ai-je au Portugal?",
        ),
        (
            "¿Cuántos días de vacaciones tengo?",
            "¿Y en Portugal?",
            "¿Cuántos días de vacaciones tengo en Portugal?",
        ),
    ],
)
def test_follow_ups_in_other_languages(before: str, question: str, alone: str) -> None:
    """By simple rules: 'und', 'et', 'y', and pronouns with their topic behind the question."""
    assert stand_alone(question, turns([before])).text == alone


def test_a_question_in_another_language_is_left_alone_where_it_needs_nothing() -> None:
    """No pronoun, no 'und'."""
    question = "Wo finde ich das Büro in Porto?"
    assert not stand_alone(
        "Welche Laptops kann ich bestellen?", turns(["Wie beantrage ich Elternzeit?"])
    ).follows_up
    assert stand_alone(question, turns(["Who leads the design team?"])).text == question


def test_a_very_long_question_says_all_it_needs() -> None:
    """And is not searched for pronouns."""
    question = "Does it help " + "if I read the manual " * 60 + "?"
    assert stand_alone(question, turns(LEAVE)).text == question


def test_citation_marks_are_no_part_of_what_was_said() -> None:
    """'[1]' of an answer enters no question."""
    assert "[" not in stand_alone("How much is it?", turns(ALLOWANCE)).text


def test_only_what_was_said_is_added() -> None:
    """Every content word of a rewritten question is one of the question's or the turns'."""
    said = turns(LEAD)
    words = set(" ".join([t.text for t in said]).lower().replace("?", " ").replace(".", " ").split())
    added = set(stand_alone("When did she start?", said).text.lower().rstrip("?").split()) - {
        "when",
        "did",
        "start",
    }
    assert added <= words
    assert added


@given(st.text(max_size=200), st.lists(st.text(max_size=200), max_size=6))
def test_no_text_breaks_it(question: str, texts: list[str]) -> None:
    """Whatever people write: a result, and the question itself where nothing was said before."""
    result = stand_alone(question, turns(texts))
    assert question == result.text or result.follows_up


@pytest.mark.parametrize(
    ("question", "clear"),
    [
        ("What are the opening hours of the warehouse in Rotterdam?", True),
        ("And in Portugal?", False),
        ("How long does it take?", False),
        ("thanks", True),
        ("parking", False),
    ],
)
def test_a_language_model_is_spared_what_clearly_stands_alone(question: str, clear: bool) -> None:
    """Questions with content of their own and nothing that points back."""
    assert clearly_stands_alone(question, turns(LEAVE)) == clear
