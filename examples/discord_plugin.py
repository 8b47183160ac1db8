"""A team's own discord.py bot, with answerloop added to it: `python examples/discord_plugin.py`.

It needs DISCORD_BOT_TOKEN. Read documents first: `answerloop ingest FOLDER`.
"""

import os

import discord
import yarl
from discord.ext import commands


class TeamBot(commands.Bot):
    """What the team had before: a command, and a word that it listens for."""

    async def setup_hook(self) -> None:
        @self.tree.command(description="Deploy a service")
        async def deploy(interaction: discord.Interaction, service: str) -> None:
            await interaction.response.send_message(f"Deploying {service}.")

        await self.load_extension("adapters.discord")  # /ask, mentions, buttons named answerloop:…
        await self.tree.sync()

    async def on_message(self, message: discord.Message) -> None:
        if message.content == "ping":
            await message.channel.send("pong")


def main() -> None:
    if api := os.environ.get("DISCORD_API_URL"):  # a proxy, or a test; and so for the gateway
        discord.http.Route.BASE = api
    if gateway := os.environ.get("DISCORD_GATEWAY_URL"):
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    intents = discord.Intents(guilds=True, messages=True, reactions=True, message_content=True)
    TeamBot(commands.when_mentioned, intents=intents).run(os.environ["DISCORD_BOT_TOKEN"])


if __name__ == "__main__":
    main()
