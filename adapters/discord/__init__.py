"""The bot for Discord, as an extension: `await bot.load_extension("adapters.discord")`.

Any discord.py bot can load it. It reads the settings as the command `answerloop` does, opens the core, and answers until
it is unloaded or the bot is closed. What has the core open already, as `answerloop serve` does, gives it along as the bot's
attribute `answerloop`, a rag_core.running.opening.Running. See docs/discord.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from discord.ext import commands

__all__ = ["setup", "teardown"]


async def setup(bot: commands.Bot) -> None:
    """What load_extension calls.

    Raises:
        SettingsError: the settings have a mistake.
        NotReady: there is nothing to answer from yet.
        Unavailable: the database does not answer.
    """
    from adapters.discord.extension import load

    await load(bot)


async def teardown(bot: commands.Bot) -> None:
    """What unload_extension calls, and the bot when it is closed: what is being answered is finished first."""
    from adapters.discord.extension import unload

    await unload(bot)
