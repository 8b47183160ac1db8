"""What can go wrong, split by what the caller can do about it.

    AnswerloopError
    ├── SettingsError      a person must edit the settings or the environment; the message names the key
    ├── NotReady           something must be prepared first; the message names the command that does it
    ├── DocumentError      this one document cannot be read; skip it, tell its reason, go on
    ├── SourceError        this source cannot be listed now; keep what is indexed, try again later
    ├── InvalidQuestion    the asker must word the question differently; the message is fit for a chat
    ├── InvalidEntry       what a person entered cannot be kept; the message names the field and the remedy
    ├── PromptTooLong      a language model cannot read so much at once; give it fewer passages
    ├── NotFound           what was named does not exist (an answer, a release); the message names it
    └── Unavailable        a part is down or too slow; try again later
        └── Busy           another process holds it (a sync is already running)

Every message is one sentence that names the thing and the remedy. People in a chat see a sentence and a
reference; the log has the rest. So it has the `cause` of what is Unavailable, which no page shows.
"""

__all__ = [
    "AnswerloopError",
    "Busy",
    "DocumentError",
    "InvalidEntry",
    "InvalidQuestion",
    "NotFound",
    "NotReady",
    "PromptTooLong",
    "SettingsError",
    "SourceError",
    "Unavailable",
]


class AnswerloopError(Exception):
    """The base of all errors that answerloop raises on purpose."""


class SettingsError(AnswerloopError):
    """The settings file or the environment must be edited."""


class NotReady(AnswerloopError):
    """Something must be prepared first; the message names the command."""


class DocumentError(AnswerloopError):
    """One document cannot be read; the others can.

    message, values: what rag_core.messages.say takes to say so to who gave the document; '' where nobody in a chat did.
    """

    def __init__(self, reason: str, message: str = "", **values: object) -> None:
        super().__init__(reason)
        self.message = message
        self.values = values


class SourceError(AnswerloopError):
    """A source cannot be listed or reached now; what is indexed stays."""


class InvalidQuestion(AnswerloopError):
    """The question cannot be searched; the message says so to the asker.

    message, values: what rag_core.messages.say takes to say so in the asker's language; '' where the sentence is all.
    """

    def __init__(self, sentence: str, message: str = "", **values: object) -> None:
        super().__init__(sentence)
        self.message = message
        self.values = values


class InvalidEntry(AnswerloopError):
    """What a person entered cannot be kept; nothing of it was. The message names the field and the remedy."""


class PromptTooLong(AnswerloopError):
    """Prompt and answer do not fit the language model's window."""


class NotFound(AnswerloopError):
    """What was named does not exist."""


class Unavailable(AnswerloopError):
    """A part is down or too slow; the same call may succeed later.

    cause: what besides the sentence is for the eyes of who runs the bot, such as an address; '': nothing.
    """

    def __init__(self, sentence: str = "", cause: str = "") -> None:
        super().__init__(sentence)
        self.cause = cause


class Busy(Unavailable):
    """Another process holds what is needed."""
