"""What keyword search takes for a word, where the store does not decide it."""

from __future__ import annotations

import pytest

from rag_core.index.stores.words import LONGEST, MOST, passage_words, question_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The batteries were charging.", ["batteri", "charg"]),
        ("Naïve CAFÉ in Zürich, ﬁne", ["naiv", "cafe", "zurich", "fine"]),
        ("Обновление Системы", ["обновление", "системы"]),
        ("it’s the user's max_file_mb", ["user", "max_file_mb"]),
        ("E1234-X at 10.0.0.1, or 3,5.", ["e1234", "x", "10.0.0.1", "3,5"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("東京は", ["東", "京", "は", "東京", "京は"]),
        ("Python入門", ["python", "入", "門", "入門"]),
        ("", []),
        ("?! \x00 🦆 \ud800", []),
        ("a" * LONGEST + " " + "b" * (LONGEST + 1), ["a" * LONGEST]),
    ],
)
def test_words_of_a_passage(text: str, words: list[str]) -> None:
    """Without accents, case and endings; signs of scripts without spaces alone and in pairs."""
    assert passage_words(text) == words


def test_words_of_a_question() -> None:
    """Each once, at most MOST; of scripts without spaces the pairs, or the one sign there is."""
    assert question_words("charge charging, charged!") == ["charg"]
    assert question_words("東京") == ["東京"]
    assert question_words("東 か") == ["東", "か"]
    assert question_words("What is it of the") == []
    assert len(question_words(" ".join(f"w{n}" for n in range(1_000)))) == MOST
    assert set(question_words("東京タワー")) <= set(passage_words("昨日、東京タワーに行った"))
