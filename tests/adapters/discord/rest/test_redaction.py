"""Tokens do not reach the log."""

from __future__ import annotations

import logging

import pytest

from adapters.discord.rest.redaction import redacted, redaction_installed

TOKEN = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5MDEyMzQ1Njc4OnNlY3JldHNlY3JldHNlY3JldA"
BOT_TOKEN = ".".join(("MTIzNDU2Nzg5MDEyMzQ1Njc4OQ", "GabcDE", "abcdefghijklmnopqrstuvwxyz-_0123456789AB"))


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (f"https://discord.com/api/v10/interactions/12/{TOKEN}/callback", "interactions/12/…/callback"),
        (f"https://x.y/webhooks/12/{TOKEN}?wait=true", "webhooks/12/…?wait=true"),
        (f"/webhooks/12/{TOKEN}/messages/@original", "webhooks/12/…/messages/@original"),
        (f"Authorization: Bot {BOT_TOKEN}", "Authorization: Bot …"),
        (f"token {BOT_TOKEN} given", "token … given"),
    ],
)
def test_tokens_are_taken_out(said: str, left: str) -> None:
    """Of interactions, webhooks and the bot; what surrounds them stays."""
    assert left in redacted(said)
    assert TOKEN not in redacted(said)
    assert BOT_TOKEN not in redacted(said)


def test_ordinary_lines_stay_as_they_are() -> None:
    """Ids, addresses and sentences are needed to understand a log."""
    line = "PATCH https://discord.com/api/v10/channels/123/messages/456 responded with 429. Retrying in 2.00 seconds."
    assert redacted(line) == line


def test_discord_pys_own_loggers_are_redacted_while_it_is_installed(caplog: pytest.LogCaptureFixture) -> None:
    """Its warnings of rate limits hold addresses, its tracebacks may, and what it logs at DEBUG is what people wrote."""
    http = logging.getLogger("discord.http")
    url = f"https://discord.com/api/v10/webhooks/12/{TOKEN}"
    with caplog.at_level(logging.DEBUG, logger="discord"), redaction_installed():
        http.warning("We are being rate limited. %s %s responded with 429.", "POST", url)
        logging.getLogger("discord.gateway").debug("WebSocket Event: %s", "what Anna wrote")
        http.warning("%d is no number", "x")
        try:
            raise ValueError(url)
        except ValueError:
            http.exception("Ignoring exception in %s", "on_message")

    assert TOKEN not in caplog.text
    assert "what Anna wrote" not in caplog.text
    assert "webhooks/12/… responded with 429." in caplog.text
    assert "Ignoring exception in on_message" in caplog.text
    assert "ValueError" in caplog.text
    assert not http.filters
