from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from rag_core.errors import SettingsError
from rag_core.generation.models.tokens import counter, estimate

ROOT = Path(__file__).parents[4]
TEXTS = {
    "English": (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")[:20_000],
    "Python": (ROOT / "rag_core" / "configuration.py").read_text(encoding="utf-8"),
    "TOML": (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
    "Chinese": "我们的办公室位于上海，员工每年享有二十天的带薪年假。请在系统中提交申请。",
    "Japanese": "休暇の申請は人事システムから行ってください。承認には二営業日かかります。",
    "Russian": "Заявления на отпуск подаются через кадровую систему не позднее чем за две недели.",
    "emoji": "🎉🚀👩‍👩‍👧‍👦❤️👍🏽",
    "numbers": "2024-10-21 1234567 3.14159 192.168.100.200",
    "addresses": "https://example.com/a/b/c?id=8f3a9c1e-77b2&utm_source=x%20y",
}
GERMAN = "Die Versicherungsgesellschaften übernehmen die Kosten für Geschwindigkeitsüberschreitungen nicht."


@pytest.fixture(scope="module")
def tokenizer_file(model_folder: Path) -> Path:
    return model_folder / "tokenizer.json"


@pytest.fixture(scope="module")
def tokenizer(tokenizer_file: Path) -> Tokenizer:
    made = Tokenizer.from_file(str(tokenizer_file))
    made.no_truncation()
    return made


@pytest.mark.parametrize("kind", TEXTS)
def test_an_estimate_is_on_the_safe_side(kind: str, tokenizer: Tokenizer) -> None:
    """No lower than a small English vocabulary counts, and for prose and code at most a third higher."""
    real = len(tokenizer.encode(TEXTS[kind], add_special_tokens=False).ids)
    assert estimate(TEXTS[kind]) >= real
    if kind in ("English", "Python", "TOML"):
        assert estimate(TEXTS[kind]) <= real * 4 / 3


def test_compounds_cost_more_than_plain_words(tokenizer: Tokenizer) -> None:
    """A vocabulary that knows no German takes a tenth more than is estimated; those that know some take far less."""
    real = len(tokenizer.encode(GERMAN, add_special_tokens=False).ids)
    assert 0.85 * real <= estimate(GERMAN) <= 1.1 * real


def test_nothing_is_no_token() -> None:
    """And a blank is part of the word behind it."""
    assert estimate("") == 0
    assert estimate("a b") == estimate("ab cd")


def test_with_its_tokenizer_the_count_is_the_models_own(tokenizer_file: Path, tokenizer: Tokenizer) -> None:
    """To the token, whatever length the file says to cut off at."""
    count = counter(tokenizer_file)
    for text in TEXTS.values():
        assert count(text) == len(tokenizer.encode(text, add_special_tokens=False).ids)
    assert count(TEXTS["English"]) > 1000


@pytest.mark.parametrize("content", [None, "", "{}", "not json", "\x00\x01"])
def test_a_file_that_is_no_tokenizer_is_refused(tmp_path: Path, content: str | None) -> None:
    """The message names the setting and the file."""
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=r"generator\.tokenizer: .*tokenizer\.json"):
        counter(path)
