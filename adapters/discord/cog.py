"""The bot added to a discord.py bot: its commands, its listeners, and the buttons that outlive restarts."""

from __future__ import annotations

import logging
import re
from typing import Any, Self

import discord
from discord import app_commands
from discord.ext import commands

from adapters.discord import arrivals
from adapters.discord.bot import DiscordBot
from adapters.discord.catching_up import CatchingUp
from adapters.discord.connection.commands import localised
from rag_core.messages import say

__all__ = ["MENU", "AnswerloopCog"]

Interaction = discord.Interaction[Any]

MENU = "Answer this"
"""In the context menu of a message."""
_HERE = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
_SERVERS = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
_INSTALLED = app_commands.AppInstallationType(guild=True, user=False)
_VOTES = ("👍", "👎")
log = logging.getLogger(__name__)


class _Command(app_commands.Command[Any, ..., Any]):
    """In all languages also where the host has its own commands known, and ours with them."""

    def to_dict(self, tree: app_commands.CommandTree[Any]) -> dict[str, Any]:
        return localised(super().to_dict(tree))

    async def get_translated_payload(
        self, tree: app_commands.CommandTree[Any], translator: app_commands.Translator
    ) -> dict[str, Any]:
        return localised(await super().get_translated_payload(tree, translator))


class _Group(app_commands.Group, name="group"):
    def to_dict(self, tree: app_commands.CommandTree[Any]) -> dict[str, Any]:
        return localised(super().to_dict(tree))

    async def get_translated_payload(
        self, tree: app_commands.CommandTree[Any], translator: app_commands.Translator
    ) -> dict[str, Any]:
        return localised(await super().get_translated_payload(tree, translator))


class AnswerloopCog(commands.Cog, name="answerloop"):
    """What concerns the bot is handed to it; everything else is left to the host's own listeners."""

    def __init__(
        self, bot: commands.Bot | commands.AutoShardedBot, taker: DiscordBot, catching_up: CatchingUp
    ) -> None:
        self.bot = bot
        self.taker = taker
        self.catching_up = catching_up
        self._commands = _commands(taker)
        for command in self._commands:
            if bot.tree.get_command(command.name, type=_type(command)) is not None:
                command.name = f"{taker.ids.prefix.lower()}-{command.name}"
                log.warning("This bot has a command of that name already, so ours is %s", command.name)
        self._control = _control(taker)

    async def cog_load(self) -> None:
        for command in self._commands:
            self.bot.tree.add_command(command)
        self.bot.add_dynamic_items(self._control)
        if self.bot.is_ready():  # loaded, or loaded again, into a bot that is connected
            self.catching_up.began()
            self.catching_up.look()

    async def cog_unload(self) -> None:
        await self.catching_up.close()
        self.bot.remove_dynamic_items(self._control)
        for command in self._commands:
            self.bot.tree.remove_command(command.name, type=_type(command))

    @property
    def payloads(self) -> list[dict[str, Any]]:
        """The commands as Discord takes them."""
        return [command.to_dict(self.bot.tree) for command in self._commands]

    @commands.Cog.listener()
    async def on_disconnect(self) -> None:
        self.catching_up.lost()

    @commands.Cog.listener()
    async def on_connect(self) -> None:
        """Of a new session; one that goes on is resumed instead."""
        self.catching_up.began()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        self.catching_up.look()

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        if (arrival := arrivals.written(message)) is not None:
            await self.taker.take(arrival)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        if (arrival := arrivals.edited(event)) is not None:
            await self.taker.take(arrival)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        await self.taker.take(arrivals.deleted(event.message_id, event.channel_id, event.guild_id))

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        for message in event.message_ids:
            await self.taker.take(arrivals.deleted(message, event.channel_id, event.guild_id))

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        await self._reacted(event)

    @commands.Cog.listener()
    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        await self._reacted(event)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Modals: discord.py knows those alone that this process has opened."""
        if interaction.type is discord.InteractionType.modal_submit:
            await _interacted(self.taker, interaction)

    @commands.Cog.listener()
    async def on_guild_channel_update(self, before: object, after: discord.abc.GuildChannel) -> None:
        """The bot may be allowed now what it was not before; so in the next two."""
        self.taker.rest.opened(str(after.id))

    @commands.Cog.listener()
    async def on_guild_role_update(self, before: object, after: discord.Role) -> None:
        self.taker.rest.opened(str(after.guild.id))

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        self.taker.rest.opened(str(guild.id))

    async def _reacted(self, event: discord.RawReactionActionEvent) -> None:
        own = self.bot.user is not None and event.user_id == self.bot.user.id
        if not own and event.emoji.name and event.emoji.name.startswith(_VOTES):
            await self.taker.take(arrivals.reacted(event))


async def _interacted(taker: DiscordBot, interaction: Interaction) -> None:
    if (arrival := arrivals.interacted(interaction, taker.ids, taker.command)) is not None:
        await taker.interacted(arrival)


def _commands(
    taker: DiscordBot,
) -> list[app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu]:
    async def ask(
        interaction: Interaction, question: app_commands.Range[str, 1, 2000], private: bool = False
    ) -> None:
        await _interacted(taker, interaction)

    async def plain(interaction: Interaction) -> None:
        await _interacted(taker, interaction)

    async def answer_this(interaction: Interaction, message: discord.Message) -> None:
        await _interacted(taker, interaction)

    described = {name: say("en", f"command-ask-{name}") for name in ("question", "private")}
    top: list[app_commands.Command[Any, ..., Any] | app_commands.ContextMenu] = [
        app_commands.describe(**described)(
            _Command(name=taker.command, description=say("en", "command-ask"), callback=ask)
        ),
        _Command(name="review", description=say("en", "command-review"), callback=plain),
        _Command(name="mydata", description=say("en", "command-mydata"), callback=plain),
        app_commands.ContextMenu(name=MENU, callback=answer_this),
    ]
    for command in top:
        command.allowed_contexts, command.allowed_installs = _HERE, _INSTALLED
    group = _Group(
        name=taker.ids.prefix.lower(),
        description=say("en", "command-settings"),
        allowed_contexts=_SERVERS,
        allowed_installs=_INSTALLED,
        default_permissions=discord.Permissions(manage_guild=True),
    )
    group.add_command(_Command(name="settings", description=say("en", "command-settings"), callback=plain))
    return [*top, group]


def _type(command: Any) -> discord.AppCommandType:
    menu = isinstance(command, app_commands.ContextMenu)
    return command.type if menu else discord.AppCommandType.chat_input


def _control(taker: DiscordBot) -> type[discord.ui.DynamicItem[Any]]:
    """What Discord's buttons and menus of ours become when they are used: they carry all that there is to know."""

    class Control(discord.ui.DynamicItem[Any], template=taker.ids.pattern):
        @classmethod
        async def from_custom_id(
            cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
        ) -> Self:
            return cls(item)

        async def callback(self, interaction: Interaction) -> None:
            await _interacted(taker, interaction)

    return Control
