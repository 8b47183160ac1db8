"""The parts of the bot with which people talk: questions, edits, the command, the shortcut, the assistant container."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from adapters.answering import Answering
from adapters.channels import Channels
from adapters.chat import Chat
from adapters.files import Reader
from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.received import Handler
from adapters.slack.showing.looks import Looks
from adapters.slack.showing.whispers import Whispers
from adapters.slack.talking.asking import Asking
from adapters.slack.talking.assistant import Container
from adapters.slack.talking.commands import Commands, Private
from adapters.slack.talking.edits import Edits, QuestionDeleted
from adapters.slack.talking.failures import Failures
from adapters.slack.talking.files import Files
from adapters.slack.talking.history import History
from adapters.slack.talking.questions import Questions, TakeReply
from adapters.slack.talking.retries import Retries
from adapters.slack.talking.sharing import Sharing
from adapters.slack.talking.shortcuts import Shortcuts
from adapters.slack.talking.threads import Silencing
from adapters.slack.talking.titles import Titles
from adapters.slack.talking.waiting import Waiting
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
    failures: Failures
    waiting: Waiting


def talking(
    *,
    settings: Callable[[], Settings],
    ids: Ids,
    answering: Answering,
    chat: Chat,
    reader: Reader,
    access: Access,
    identity: Identity,
    channels: Channels,
    feedback: Feedback,
    postings: Postings,
    threads: Threads,
    whispers: Whispers,
    take_reply: TakeReply | None = None,
    open_settings: Handler | None = None,
    question_deleted: QuestionDeleted | None = None,
) -> Talking:
    """settings: those in force. access: the same object that the assistant judges by. take_reply: see Questions.
    open_settings: see Commands. question_deleted: see Edits."""
    history = History(identity, postings, feedback, lambda: settings().conversation.turns)
    asking = Asking(
        answering,
        chat,
        identity,
        channels,
        history,
        Files(reader),
        postings,
        Looks(ids),
        lambda: settings().slack.streaming,
    )
    private = Private(asking, answering, whispers)
    titles = Titles(threads)
    questions = Questions(settings, asking, history, postings, threads, titles, whispers, take_reply)
    parts: tuple[Part, ...] = (
        questions,
        Edits(questions, postings, question_deleted),
        Commands(settings, asking, private, whispers, open_settings),
        Sharing(ids, access, feedback, postings, asking, private, whispers),
        Shortcuts(settings, asking, questions, private, history, postings, whispers),
        Retries(ids, asking, questions, private, postings, whispers),
        Silencing(ids, threads, whispers),
        Container(settings, chat, identity, threads),
    )
    return Talking(parts, Failures(ids, asking, postings, whispers), Waiting(threads))
