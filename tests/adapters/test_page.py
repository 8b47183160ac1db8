"""The chat page's own texts."""

from __future__ import annotations

import html
import json
import re

import httpx
import pytest

from adapters.chat import Chat
from adapters.page import PAGE, page, preferred
from adapters.web import web_app
from rag_core.errors import Unavailable
from rag_core.messages import LANGUAGES, say
from rag_core.types import Citation
from tests.fakes import FakeAssistant, an_answer


def texts(source: str) -> dict[str, str]:
    """What the scripts find in the page."""
    found = re.search(r'<template id="texts">(.*?)</template>', source, re.S)
    assert found
    return json.loads(html.unescape(found[1]))  # type: ignore[no-any-return]


def words(source: str) -> set[str]:
    """What stands in the page's elements and attributes."""
    source = re.sub(r'<template id="texts">.*?</template>', "", source)
    found = re.findall(r'>([^<>]+)<|(?:title|placeholder|aria-label|content)="([^"]+)"', source)
    return {"".join(pair).strip() for pair in found} - {""}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slot_of_the_page_is_filled_in(language: str) -> None:
    """And the page says what language it is in."""
    source = page(language)
    assert "{{" not in source
    assert f'<html lang="{language}">' in source
    assert say(language, "page-welcome") in words(source)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_no_english_is_left_in_another_language(language: str) -> None:
    """What both pages share is no sentence."""
    names = {"answerloop", "width=device-width, initial-scale=1", "light dark", "Conversation", "Error"}
    assert words(page(language)) & words(page("en")) <= names


def test_the_scripts_find_all_that_they_say() -> None:
    """With names in braces where values go."""
    code = "".join(path.read_text(encoding="utf-8") for path in PAGE.glob("*.js"))
    found = texts(page("de"))
    assert set(found) == set(re.findall(r'\bsay\("([^"]+)"', code))
    assert found["script-source"] == "Quelle {number}: {title}"


def test_an_unknown_language_is_english() -> None:
    assert page("ja") == page("") == page("en")


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de-AT"),
        ("en;q=0.5, fr;q=0.9", "fr"),
        ("ja, es;q=0.1", "es"),
        ("ja,*;q=0.5", ""),
        ("de;q=0, en", "en"),
        ("fr;q=nonsense, en;q=0.3", "en"),
        ("es , en", "es"),
        ("en, es", "en"),
        ("", ""),
        (",;,=;q=,", ""),
        ("de;q=nan,en;q=0.1", "en"),
        ("de;" * 5_000, "de"),
    ],
)
def test_the_reader_is_spoken_to_in_the_language_they_like_best(header: str, tag: str) -> None:
    """Of those that the bot speaks; by the weights of the header, then by its order."""
    assert preferred(header) == tag


def client_of(assistant: FakeAssistant, language: str = "") -> httpx.AsyncClient:
    async def ready() -> dict[str, object]:
        return {}

    app = web_app(Chat(assistant, language), ready)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://ask.example.com")


async def test_the_page_comes_in_the_readers_language() -> None:
    """Caches are told that it depends on the header."""
    async with client_of(FakeAssistant()) as client:
        response = await client.get("/", headers={"accept-language": "de-CH"})
    assert "Was möchtest du wissen?" in response.text
    assert response.headers["content-language"] == "de"
    assert "accept-language" in response.headers["vary"]


async def test_the_question_carries_the_language() -> None:
    """The header's best, or what the body names."""
    assistant = FakeAssistant()
    async with client_of(assistant) as client:
        client.headers["accept-language"] = "ja, de-AT;q=0.8"
        await client.post("/api/ask", json={"question": "When?"})
        await client.post("/api/ask", json={"question": "When?", "language": "fr-CA"})
        refused = await client.post("/api/ask", json={"question": "When?", "language": "../fr"})
    assert [question.language for question in assistant.questions] == ["de-AT", "fr-CA"]
    assert refused.status_code == 422


async def test_what_the_api_says_is_in_the_readers_language() -> None:
    """Failures, thanks, and where a source has what was quoted."""
    cited = Citation(1, "Policy", "https://e.com", "q", place="Claims, page 3")
    assistant = FakeAssistant([an_answer(citations=(cited,)), Unavailable("down")])
    async with client_of(assistant) as client:
        client.headers["accept-language"] = "de"
        answer = (await client.post("/api/ask", json={"question": "When?"})).json()
        thanks = (await client.post("/api/feedback", json={"answer_id": "a1", "value": 1})).json()
        failure = (await client.post("/api/ask", json={"question": "When?"})).json()
    assert answer["citations"][0]["place"] == "Claims, Seite 3"
    assert thanks == {"message": "Danke, gut zu wissen."}
    assert failure["error"].startswith("Bei mir ist etwas schiefgegangen (Referenz ")


async def test_an_installation_may_have_one_language_for_all() -> None:
    """The setting `language` wins over every browser."""
    async with client_of(FakeAssistant([Unavailable("down")]), language="es") as client:
        client.headers["accept-language"] = "de"
        assert '<html lang="es">' in (await client.get("/")).text
        failure = (await client.post("/api/ask", json={"question": "When?"})).json()
    assert failure["error"].startswith("Algo ha fallado por mi parte")
