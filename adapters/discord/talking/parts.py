"""The parts of the bot with which people talk: questions, edits, the command, the menu, what is pressed below answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from adapters.answering import Answering
from adapters.channels import Channels
from adapters.chat import Chat
from adapters.discord.identity import Identity
from adapters.discord.ids import Ids
from adapters.discord.places import Places
from adapters.discord.received import Handler
from adapters.discord.showing.looks import Looks
from adapters.discord.talking.asking import Asking
from adapters.discord.talking.commands import Commands
from adapters.discord.talking.edits import Edits, QuestionDeleted
from adapters.discord.talking.failures import Failures
from adapters.discord.talking.files import Files
from adapters.discord.talking.history import History
from adapters.discord.talking.menus import Menus
from adapters.discord.talking.plain_text import PlainText
from adapters.discord.talking.private import Responses
from adapters.discord.talking.questions import Questions, TakeReply
from adapters.discord.talking.retries import Retries
from adapters.discord.talking.sharing import Sharing
from adapters.discord.talking.silencing import Silencing
from adapters.discord.whispers import Whispers
from adapters.files import Reader
from rag_core.access import Access
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.postings import Postings
from rag_core.records.platforms.threads import Threads
from rag_core.settings import Settings

__all__ = ["Part", "Talking", "talking"]


class Part(Protocol):
    def handlers(self) -> Mapping[str, Handler]:
        """By the kinds of arrival that it handles."""


@dataclass(frozen=True, slots=True)
class Talking:
    parts: Sequence[Part]
    """Some have `firsts()`, too: how interactions are responded to at once (adapters/discord/bot.py)."""
    failures: Failures


def talking(
    *,
    settings: Callable[[], Settings],
    ids: Ids,
    answering: Answering,
    chat: Chat,
    reader: Reader,
    access: Access,
    identity: Identity,
    places: Places,
    channels: Channels,
    feedback: Feedback,
    postings: Postings,
    threads: Threads,
    whispers: Whispers,
    take_reply: TakeReply | None = None,
    question_deleted: QuestionDeleted | None = None,
) -> Talking:
    """settings: those in force. access: the same object that the assistant judges by. take_reply: see Questions.
    question_deleted: see Edits."""
    text = PlainText(identity, places)
    history = History(text, postings, feedback, lambda: settings().conversation.turns)
    asking = Asking(
        answering,
        chat,
        identity,
        channels,
        history,
        Files(reader),
        postings,
        Looks(ids),
        text,
        lambda: settings().discord.streaming,
    )
    responses = Responses(asking, answering, whispers)
    questions = Questions(
        settings, asking, history, identity, places, postings, threads, whispers, take_reply
    )
    parts: tuple[Part, ...] = (
        questions,
        Edits(questions, asking, feedback, postings, question_deleted),
        Commands(settings, ids, asking, places, responses, whispers),
        Menus(settings, ids, asking, questions, responses, postings, whispers),
        Retries(ids, asking, questions, history, responses, postings, whispers),
        Sharing(ids, access, feedback, postings, asking, responses, whispers),
        Silencing(ids, threads, whispers),
    )
    failures = Failures(ids, asking, questions, history, responses, postings, whispers)
    return Talking(parts, failures)
