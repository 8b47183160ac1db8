"""All parts of the bot, joined."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import discord

from adapters.answering import Answering
from adapters.channels import Channels
from adapters.chat import Chat
from adapters.discord.bot import DiscordBot
from adapters.discord.identity import Identity
from adapters.discord.ids import Ids
from adapters.discord.people.notices import Notices
from adapters.discord.people.parts import people
from adapters.discord.personal.parts import personal
from adapters.discord.places import Places
from adapters.discord.rest.rest import Rest
from adapters.discord.talking.parts import talking
from adapters.discord.whispers import Whispers
from adapters.inbox import Inbox
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.channels import ChannelRecords
from rag_core.records.platforms.postings import Postings
from rag_core.records.platforms.threads import Threads
from rag_core.running.opening import Running

__all__ = ["Assembled", "assemble"]


@dataclass(frozen=True, slots=True)
class Assembled:
    bot: DiscordBot
    background: Mapping[str, Callable[[], Awaitable[None]]]
    """Work to keep going meanwhile, such as reminders, by its name in the log."""
    notices: Notices

    def use(self, inbox: Inbox) -> None:
        """Take deliveries into this inbox, and send notices through it."""
        self.bot.inbox = inbox
        self.notices.outbox = inbox


def assemble(running: Running, client: discord.Client, rest: Rest) -> Assembled:
    """The bot; what it uses is closed by the caller. client: whose servers it is in."""
    settings, database, access = running.settings, running.database, running.access
    own = settings().discord
    ids, places = Ids(own.prefix), Places()
    identity = Identity(settings, lambda: [str(guild.id) for guild in client.guilds])
    channels = Channels(lambda: settings().channels, ChannelRecords(database))
    feedback, postings = Feedback(database, settings().votes), Postings(database)
    chat = Chat(running.assistant, settings().language or "")
    whispers = Whispers(ids, places, channels, chat)
    judging = people(
        database=database,
        ids=ids,
        rest=rest,
        answerer=running.assistant,
        access=access,
        identity=identity,
        places=places,
        channels=channels,
        feedback=feedback,
        postings=postings,
        whispers=whispers,
    )
    own_parts = personal(
        settings=settings,
        ids=ids,
        database=database,
        access=access,
        identity=identity,
        places=places,
        channels=channels,
        feedback=feedback,
        postings=postings,
        reviewing=judging.reviewing,
        whispers=whispers,
    )
    asking = talking(
        settings=settings,
        ids=ids,
        answering=Answering(chat, postings, judging.propose),
        chat=chat,
        reader=running.assistant,
        access=access,
        identity=identity,
        places=places,
        channels=channels,
        feedback=feedback,
        postings=postings,
        threads=Threads(database),
        whispers=whispers,
        take_reply=judging.take_reply,
        question_deleted=judging.question_deleted,
    )
    parts = (*asking.parts, *judging.parts, *own_parts.parts)
    handlers = {kind: handler for part in parts for kind, handler in part.handlers().items()}
    firsts = {kind: first for part in parts for kind, first in getattr(part, "firsts", dict)().items()}
    bot = DiscordBot(rest, ids, own.command, handlers, firsts, asking.failures.tell, chat.language)
    return Assembled(bot, judging.background, judging.notices)
