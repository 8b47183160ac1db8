"""What can be compared across languages, and in which a text is."""

from __future__ import annotations

import pytest

from rag_core.generation.writing.languages import language_of
from rag_core.generation.writing.translated import agrees, differs
from rag_core.types import Passage, Place

TEXT = "The office in London opens at 8 o'clock for 1,200 people. Restart with `systemctl restart vpn0`. Call Ann-3."
OFFICE = Passage("p", "office", "docs", "public", "Office", (), TEXT, "https://docs.example/office", Place())


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "How many days of leave do I have?"),
        ("de", "Wie viele Urlaubstage habe ich im Jahr?"),
        ("fr", "Combien de jours de congé avez-vous par an ?"),
        ("es", "¿Cuántos días de vacaciones tiene usted al año?"),
        ("han", "我每年有多少天假期？"),
        ("arabic", "كم يوم إجازة لدي في السنة؟"),
        ("cyrillic", "Сколько дней отпуска?"),
        ("", "VPN restart"),
        ("", ""),
    ],
)
def test_a_language_is_told_by_its_letters_and_commonest_words(language: str, text: str) -> None:
    """Or not at all."""
    assert language_of(text) == language


@pytest.mark.parametrize(
    "sentence",
    [
        "Das Büro in London öffnet um 8 Uhr für 1.200 Leute.",
        "Le bureau de Londres ouvre à 8 heures.",
        "伦敦办公室 (London) 8 点开门。",
        "Starten Sie das VPN mit `systemctl restart vpn0` neu.",
    ],
)
def test_a_translation_has_the_numbers_names_and_commands_of_its_passage(sentence: str) -> None:
    assert differs(sentence, [OFFICE])
    assert agrees(sentence, OFFICE)


@pytest.mark.parametrize(
    "sentence",
    [
        "Das Büro öffnet um 9 Uhr.",
        "Le bureau de Madrid ouvre à 8 heures.",
        "波尔图办公室 (Porto) 8 点开门。",
        "Starten Sie es mit `systemctl stop vpn0` neu.",
        "Fragen Sie nach Bob-7.",
    ],
)
def test_what_has_others_is_none(sentence: str) -> None:
    assert not agrees(sentence, OFFICE)


def test_the_same_language_is_held_to_its_words() -> None:
    assert not differs("The office is open at the weekend.", [OFFICE])
