"""What discord.py logs in a process of our own: nothing of what people wrote. Tokens are taken out by rest/redaction.py."""

from __future__ import annotations

import logging

__all__ = ["Discreet", "make_discreet"]

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
)
"""A logger's filters see only what is logged by that name."""


class Discreet(logging.Filter):
    """An exception's type in place of its text and traceback, which may hold what people wrote."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: the record stays, without them."""
        if record.exc_info and record.exc_info[0] is not None:
            record.msg = f"{record.getMessage()} ({record.exc_info[0].__name__})"
            record.args = record.exc_info = record.exc_text = None
        return True


def make_discreet() -> None:
    """For the rest of the process; may be called again."""
    for name in _NAMES:
        logger = logging.getLogger(name)
        if not any(isinstance(each, Discreet) for each in logger.filters):
            logger.addFilter(Discreet())
    logging.getLogger("discord").setLevel(logging.WARNING)
