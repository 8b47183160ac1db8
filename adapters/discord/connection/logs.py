"""What discord.py logs, without secrets and without what people wrote."""

from __future__ import annotations

import logging
import re

__all__ = ["Discreet", "Redacting", "quiet", "redact"]

_NAMES = (
    "discord.app_commands.tree",
    "discord.client",
    "discord.ext.commands.bot",
    "discord.ext.tasks",
    "discord.gateway",
    "discord.http",
    "discord.shard",
    "discord.state",
    "discord.ui.modal",
    "discord.ui.view",
    "discord.webhook.async_",
    "discord.webhook.sync",
)
"""A logger's filters see only what is logged by that name."""
_IN_PATHS = re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s?\"']+")
_BOT_TOKEN = re.compile(r"[\w-]{18,}\.[\w-]{6}\.[\w-]{20,}")
_SESSION = re.compile(r"(?i)(session(?: id)?:? )[0-9a-f]{16,}")


def _without_secrets(text: str) -> str:
    text = _IN_PATHS.sub(r"\1…", text)
    text = _SESSION.sub(r"\1…", text)
    return _BOT_TOKEN.sub("…", text)


class Redacting(logging.Filter):
    """Takes the tokens of interactions and webhooks out of addresses; they stand in discord.py's warnings."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            said = record.getMessage()
        except (TypeError, ValueError):
            return True  # logging itself says what is wrong with it
        record.msg, record.args = _without_secrets(said), None
        return True


class Discreet(logging.Filter):
    """An exception's type in place of its text and traceback, which may hold what people wrote."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0] is not None:
            record.msg = f"{record.getMessage()} ({record.exc_info[0].__name__})"
            record.args = record.exc_info = record.exc_text = None
        return True


def redact() -> None:
    """Have discord.py log no tokens, in whosever bot. May be called again."""
    _filtered(Redacting)


def quiet() -> None:
    """In a process of our own: neither tokens nor words, and no events, which are all that people write."""
    redact()
    _filtered(Discreet)
    logging.getLogger("discord").setLevel(logging.WARNING)


def _filtered(kind: type[logging.Filter]) -> None:
    for name in _NAMES:
        logger = logging.getLogger(name)
        if not any(type(each) is kind for each in logger.filters):
            logger.addFilter(kind())
