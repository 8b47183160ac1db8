"""What a message is by its words alone, and what is in it besides words."""

from __future__ import annotations

import pytest

from adapters.slack.talking.addressing import message_of, named_users, readable
from adapters.wording import (
    asks,
    goes_on,
    is_help,
    is_settings,
    only_thanks,
    wants_quiet,
    wants_voice,
)
from rag_core.messages import LANGUAGES, say


@pytest.mark.parametrize(
    "text",
    [
        "How long do refunds take",
        "refunds: how long?",
        "Hi all, does anyone know the wifi password",
        "Good morning. Where can I park my bike",
        "Wie lange dauert eine Erstattung",
        "Weiß jemand das Passwort",
        "Quelle est la durée d'un remboursement",
        "¿Cuánto tarda?",
        "alguien sabe la clave",
        "Please explain the travel policy",
    ],
)
def test_questions_and_requests_are_told_from_remarks(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "Lunch was good today.",
        "What a nice day for leave.",
        "See https://example.com/a?b=1",
        "I have changed the page.",
        "Is fine",
        "Danke, hat geklappt!",
        "???",
        "",
    ],
)
def test_remarks_are_no_questions(text: str) -> None:
    assert not asks(text)


@pytest.mark.parametrize(
    "text",
    ["thanks!", "Ok, got it.", "👍", ":+1:", "Vielen Dank!", "merci", "¡Gracias!", "Sí, gracias", "..."],
)
def test_thanks_say_nothing_else(text: str) -> None:
    assert only_thanks(text)


@pytest.mark.parametrize("text", ["Thanks, and for Vienna?", "ok?", "Ok, how long", "no"])
def test_who_thanks_and_asks_on_asks(text: str) -> None:
    assert not only_thanks(text)


def test_short_words_take_up_what_was_said() -> None:
    assert goes_on("And for contractors")
    assert goes_on("und in Wien")
    assert goes_on("et pour les stagiaires")
    assert not goes_on("And")
    assert not goes_on("And then we went home and had a very long sleep")
    assert not goes_on("Fine by me")


def test_the_bot_is_told_to_be_quiet_in_its_languages() -> None:
    """And by the very word that it names itself to be heard again."""
    assert all(map(wants_quiet, ("Stop.", "be quiet", "Sei still!", "tais-toi", "¡Cállate!")))
    assert not wants_quiet("How do I stop the machine?")
    for language in LANGUAGES:
        sentence = say(language, "thread-silenced")
        quoted = sentence.translate(str.maketrans("„“”«»", '"""""')).split('"')[1]
        assert wants_voice(quoted.strip()), sentence


def test_help_and_settings_are_words_of_their_own() -> None:
    assert all(is_help(say(language, "ask-what")) for language in LANGUAGES)
    assert is_settings(" Settings ")
    assert is_settings("Einstellungen")
    assert not is_settings("settings of the printer")


def test_markup_becomes_what_is_seen() -> None:
    text = "<@U0BOT>, ask <@U0BEN> or <@U0EVE|eve> in <#C1|ops> <!subteam^S1|@leads> <!here> &lt;now&gt; "
    text += "<mailto:a@b.example|a@b.example>"
    assert (
        readable(text, "U0BOT", {"U0BEN": "Ben"}) == "ask @Ben or @eve in #ops @leads @here <now> a@b.example"
    )
    assert (
        readable("<!date^1700000000^{date}|yesterday> <https://a.example/x>", "", {})
        == "yesterday https://a.example/x"
    )
    assert named_users(text, "U0BOT") == ["U0BEN", "U0EVE"]


def test_whom_a_message_calls_is_told() -> None:
    event = {"type": "message", "channel": "C1", "user": "U1", "ts": "1.1", "thread_ts": "1.1"}
    bot = message_of({**event, "text": "<@U0BOT> hi"}, "U0BOT")
    assert (bot.mentions_bot, bot.mentions_others, bot.thread, bot.root) == (True, False, "", "1.1")
    both = message_of({**event, "text": "<@U0BOT> <!channel>"}, "U0BOT")
    assert both.mentions_others
    assert message_of({**event, "type": "app_mention", "text": "x"}, "").mentions_bot
    assert message_of({"channel": "D1", "ts": "1.1"}, "U0BOT").direct


def test_what_is_passed_on_is_read() -> None:
    passed_on = {"text": "", "attachments": [{"text": "How long?"}, {"fallback": "x"}, "odd"]}
    assert message_of(passed_on, "U0BOT").text == "How long?"
