"""All parts of the bot, joined."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.answering import Answering
from adapters.channels import Channels
from adapters.chat import Answerer, Chat
from adapters.files import Reader
from adapters.inbox import Inbox
from adapters.slack.bot import Departed, SlackBot
from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.people.notices import Notices
from adapters.slack.people.parts import people
from adapters.slack.personal.parts import personal
from adapters.slack.showing.whispers import Whispers
from adapters.slack.talking.parts import talking
from adapters.slack.web_api.api import Apis
from rag_core.access import Access
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.channels import ChannelRecords
from rag_core.records.platforms.postings import Postings
from rag_core.records.platforms.threads import Threads
from rag_core.settings import Settings

__all__ = ["Assembled", "Assistant", "assemble"]


class Assistant(Answerer, Reader, Protocol):
    """What answers, and reads files; rag_core.running.active.ActiveRelease is the real one."""


@dataclass(frozen=True, slots=True)
class Assembled:
    bot: SlackBot
    background: Mapping[str, Callable[[], Awaitable[None]]]
    """Work to keep going meanwhile, such as reminders, by its name in the log."""
    notices: Notices

    def use(self, inbox: Inbox) -> None:
        """Take deliveries into this inbox, and send notices through it."""
        self.bot.inbox = inbox
        self.notices.outbox = inbox


def assemble(
    *,
    settings: Callable[[], Settings],
    assistant: Assistant,
    access: Access,
    database: AsyncEngine,
    apis: Apis,
    departed: Mapping[str, Departed],
) -> Assembled:
    """The bot; what it uses is closed by the caller. settings: those in force. access: the same object that the assistant
    judges by. departed: as SlackBot takes it."""
    slack = settings().slack
    ids, identity = Ids(slack.prefix), Identity(settings)
    channels = Channels(lambda: settings().channels, ChannelRecords(database))
    feedback, postings = Feedback(database, settings().votes), Postings(database)
    chat = Chat(assistant, settings().language or "")
    whispers = Whispers(identity, channels, chat)
    judging = people(
        database=database,
        ids=ids,
        apis=apis,
        answerer=assistant,
        access=access,
        identity=identity,
        channels=channels,
        feedback=feedback,
        postings=postings,
        whispers=whispers,
    )
    own = personal(
        settings=settings,
        ids=ids,
        database=database,
        access=access,
        identity=identity,
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
        reader=assistant,
        access=access,
        identity=identity,
        channels=channels,
        feedback=feedback,
        postings=postings,
        threads=Threads(database),
        whispers=whispers,
        take_reply=judging.take_reply,
        question_deleted=judging.question_deleted,
        open_settings=own.open_settings,
    )
    parts = (*asking.parts, *judging.parts, *own.parts)
    handlers = {kind: handler for part in parts for kind, handler in part.handlers().items()}
    refusals = {
        kind: refusal for part in parts for kind, refusal in getattr(part, "refusals", dict)().items()
    }
    bot = SlackBot(
        apis,
        ids,
        slack.command,
        handlers,
        refusals,
        asking.failures.tell,
        departed,
        asking.waiting.sign_of,
    )
    return Assembled(bot, judging.background, judging.notices)
