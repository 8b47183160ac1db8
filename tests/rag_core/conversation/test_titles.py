"""What a document is about by its title, and follow-ups that lean on what earlier answers cite."""

from __future__ import annotations

import pytest

from rag_core.conversation import stand_alone
from rag_core.conversation.titles import is_person, subject
from rag_core.types import Turn


def after(question: str, answer: str, *titles: str) -> tuple[Turn, ...]:
    return Turn("user", question), Turn("assistant", answer, titles=titles)


PITCHER = after("Tell me about the pitcher.", "He threw 4,672 strikeouts.", "Roger Clemens")


@pytest.mark.parametrize(
    ("title", "about"),
    [
        ("Roger Clemens", "Roger Clemens"),
        ("Roger Clemens - Wikipedia", "Roger Clemens"),
        ("Juan González (baseball)", "Juan González"),
        ("Arthur Wellesley, 1st Duke of Wellington", "Arthur Wellesley"),
        ("deploying-beacon.md", "beacon"),
        ("docs/guides/Parental leave.pdf", "Parental leave"),
        ("Beacon | Docs", "Beacon"),
        ("Docs | Beacon", "Beacon"),
        ("Introduction to Beacon", "Beacon"),
        ("How do I request parental leave?", "parental leave"),
        ("The Smashing Pumpkins", "Smashing Pumpkins"),
        ("Talking Heads", "Talking Heads"),
    ],
)
def test_a_title_is_about_what_is_left_without_site_file_and_kind(title: str, about: str) -> None:
    """Names of sites, endings of files, 'Introduction to' and asides are no part of it."""
    found = subject(title)
    assert found is not None
    assert found.text == about


@pytest.mark.parametrize(
    "title",
    [
        *(
            "",
            "Handbook",
            "Employee Handbook",
            "FAQ",
            "docs/faq.html",
            "Introduction",
            "README.md",
            "Getting started",
        ),
        *(
            "Welcome to Acme",
            "Frequently Asked Questions | Documentation",
            "???",
            "-",
            "Policies & procedures",
        ),
    ],
)
def test_a_title_of_generic_words_is_about_nothing(title: str) -> None:
    """Many documents have it, and what they are about it does not say."""
    assert subject(title) is None


@pytest.mark.parametrize(
    ("title", "person"),
    [("Grace Hopper", True), ("Queen Rania of Jordan", True)]
    + [(t, False) for t in ("Project Heron", "Sick Leave", "The Kinks", "parental leave", "Hall & Oates")],
)
def test_a_name_with_a_word_for_a_thing_is_nobodys(title: str, person: bool) -> None:
    """It may look like one all the same."""
    found = subject(title)
    assert found is not None
    assert is_person(found) is person


def test_he_is_whom_the_cited_document_is_about() -> None:
    """Though nobody has named him; without the title nothing is put in."""
    assert stand_alone("Did he win any awards?", PITCHER).text == "Did Roger Clemens win any awards?"
    untitled = tuple(Turn(turn.role, turn.text) for turn in PITCHER)
    assert "Clemens" not in stand_alone("Did he win any awards?", untitled).text


def test_she_is_who_was_named_where_the_document_is_about_a_thing() -> None:
    """'Project Heron' is nobody's name."""
    turns = after("Who leads the project?", "Grace Hopper.", "Project Heron")
    assert stand_alone("When did she start?", turns).text == "When did Grace Hopper start?"


def test_a_further_document_is_passed_over_for_the_one_that_agrees() -> None:
    """An answer may cite several."""
    turns = after(
        "Who won the award most often?", "He won it seven times.", "Cy Young Award", "Roger Clemens"
    )
    assert stand_alone("When did he retire?", turns).text == "When did Roger Clemens retire?"


@pytest.mark.parametrize(
    "title", ["Handbook", "FAQ", "Introduction", "Welcome to Acme", "README.md", "", "Docs | Wiki"]
)
@pytest.mark.parametrize(
    "question", ["Who approves it?", "Did he win any awards?", "And in Portugal?", "Why?"]
)
def test_a_generic_title_changes_nothing(title: str, question: str) -> None:
    """The question is what it would be without any."""
    said = ("How many days of leave do I have?", "30 days a year, as your lead says.")
    assert stand_alone(question, after(*said, title)) == stand_alone(question, after(*said))


@pytest.mark.parametrize(
    "question",
    [
        "Did Roger Clemens win any awards?",
        "How many strikeouts did Clemens throw for the Boston Red Sox?",
        "Where is the office in Porto?",
        "How do I reset my password?",
        "How many days of parental leave do I have?",
        "thanks!",
    ],
)
def test_what_stands_alone_or_names_the_subject_is_left_alone(question: str) -> None:
    """After a change of topic the old title is not dragged along."""
    assert stand_alone(question, PITCHER).text == question


def test_a_title_cited_long_ago_is_no_longer_meant() -> None:
    """The latest answers count, as with what they say."""
    later = [turn for n in range(3) for turn in after(f"Where is office {n}?", "It is in the north.", "FAQ")]
    assert "Clemens" not in stand_alone("Did he win any awards?", (*PITCHER, *later)).text
    assert "Clemens" in stand_alone("Did he win any awards?", (*PITCHER, *later[:2])).text
