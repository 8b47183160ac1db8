"""What must not stand in a log: the tokens of the bot, of interactions and of webhooks, which Discord has in its addresses.

discord.py logs addresses with its warnings of rate limits, and at DEBUG whatever people wrote.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import discord  # noqa: F401 - makes the loggers that are looked for

__all__ = ["Redaction", "redacted", "redaction_installed"]

_ADDRESS = re.compile(r"(/(?:interactions|webhooks)/\d+/)[^/\s?\"'<>]+")
_CDN = re.compile(r"([?&](?:ex|is|hm)=)[0-9a-fA-F]+")
_BOT_TOKEN = re.compile(r"\b[\w-]{18,40}\.[\w-]{5,8}\.[\w-]{20,}")
_AUTHORIZATION = re.compile(r"\b(Bot|Bearer) [\w.-]{20,}")
_MORE = ("discord.ext.commands.bot", "discord.ext.commands.cog", "discord.ext.tasks")
"""Loggers that are made when a bot is, rather than with discord.py."""


def redacted(text: str) -> str:
    """The same without tokens."""
    text = _ADDRESS.sub(r"\1…", text)
    text = _AUTHORIZATION.sub(r"\1 …", text)
    return _BOT_TOKEN.sub("…", _CDN.sub(r"\1…", text))


class Redaction(logging.Filter):
    """Takes tokens out of what is logged, and drops what discord.py logs at DEBUG: it repeats what people wrote."""

    def filter(self, record: logging.LogRecord) -> bool:
        """False: the record is dropped."""
        if record.levelno < logging.INFO and record.name.startswith("discord"):
            return False
        try:
            said = record.getMessage()
        except Exception:  # logging itself would complain of the same, with the arguments
            record.msg, record.args = "A log line could not be formed", ()
            return True
        if (clean := redacted(said)) != said:
            record.msg, record.args = clean, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = redacted(logging.Formatter().formatException(record.exc_info))
        return True


@contextmanager
def redaction_installed() -> Iterator[None]:
    """Redact what discord.py's loggers log, until left. A filter counts for one logger, not for those below: hence each."""
    found = {name for name in logging.root.manager.loggerDict if name.split(".")[0] == "discord"}
    loggers = [logging.getLogger(name) for name in {*_MORE, *found}]
    redaction = Redaction()
    for logger in loggers:
        logger.addFilter(redaction)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(redaction)
