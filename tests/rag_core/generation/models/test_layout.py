from __future__ import annotations

from rag_core.generation.models.layout import as_dialogue, as_text, inert, without_system
from rag_core.generation.protocol import Message

SYSTEM, USER = Message("system", "Be brief.\n"), Message("user", "Why?")
ASSISTANT, AGAIN = Message("assistant", "So."), Message("user", "And then?")


def test_a_dialogue_names_its_speakers() -> None:
    """And begins the assistant's turn."""
    assert as_dialogue([SYSTEM, USER]) == "System: Be brief.\n\nUser: Why?\n\nAssistant:"


def test_one_text_has_no_speakers() -> None:
    """A seq2seq model reads instruction and question as it was trained to."""
    assert as_text([SYSTEM, USER]) == "Be brief.\n\nWhy?"


def test_where_the_assistant_spoke_a_text_names_its_speakers() -> None:
    assert (
        as_text([USER, ASSISTANT, AGAIN]) == "User: Why?\n\nAssistant: So.\n\nUser: And then?\n\nAssistant:"
    )


def test_without_a_system_message_the_first_of_the_user_says_it() -> None:
    first, *others = without_system([SYSTEM, USER, ASSISTANT, AGAIN])
    assert first == Message("user", "Be brief.\n\n\nWhy?")
    assert others == [ASSISTANT, AGAIN]


def test_a_system_message_alone_is_said_by_the_user() -> None:
    assert without_system([SYSTEM]) == (Message("user", SYSTEM.text),)


def test_control_tokens_are_broken_up() -> None:
    """Nothing of the text is lost but that they control."""
    text = inert("a<|end|>b [/INST] c", ["<|end|>", "<|start|>"])
    assert "<|end|>" not in text
    assert "[/INST]" not in text
    assert text.replace("\u200b", "") == "a<|end|>b [/INST] c"


def test_words_and_markup_stay_as_they_are() -> None:
    """A vocabulary's entries that are plain text, and tags of the document."""
    assert inert("end of <b>line</b>", ["end", "<|end|>"]) == "end of <b>line</b>"
