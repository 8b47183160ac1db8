"""The conversation in a terminal, and how an answer looks there.

What comes from documents and models is shown as text: never read as markup, never obeyed by the terminal.
"""

from __future__ import annotations

import contextlib
import getpass
import re
import secrets
import signal
from collections.abc import Awaitable, Callable
from typing import Literal

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from adapters.chat import Chat, Conversations, unsure
from adapters.text import printable, readable_location
from rag_core.types import Answer, Citation, Principal, Question, Vote

__all__ = ["converse", "read_line", "render"]

HELP = """\
/up              the last answer was good
/down [comment]  it was not; say what was wrong with it
/sources         what the last answer quotes, in full
/quit            leave (so does Ctrl-D)
Anything else is a question."""

_QUOTE_LENGTH = 240
_COMMAND = re.compile(r"/([a-z]+)(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_LINKED = ("http://", "https://", "file://")


async def converse(chat: Chat, console: Console, read: Callable[[str], Awaitable[str]]) -> None:
    """Ask and vote line by line until the person leaves.

    read: shows the prompt it is given and returns the line typed; EOFError or KeyboardInterrupt leave.
    """
    conversation = _Conversation(chat, console)
    console.print(Text("Ask a question. /help lists the commands.", style="dim"))
    while True:
        try:
            line = (await read("\n› ")).strip()
        except (EOFError, KeyboardInterrupt):
            console.print()
            return
        if line in ("/quit", "/exit"):
            return
        if line:
            await conversation.take(printable(line))


async def read_line(prompt: str) -> str:
    """A line from the terminal, with editing and history. Nothing else runs while the person types.

    Raises:
        EOFError: Ctrl-D, or the end of what was piped in.
        KeyboardInterrupt: Ctrl-C.
    """
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  what input() edits with, where it exists
    # asyncio's own handler would only cancel the task once input() had returned
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return input(prompt)  # noqa: ASYNC250  in a thread it could not be interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def render(answer: Answer, full_quotes: bool = False) -> RenderableType:
    """The answer with its numbered sources, for rich's Console.print."""
    parts: list[RenderableType] = [_text_of(answer)]
    if unsure(answer):
        parts.append(Text("Not sure: please check this against the sources.", style="yellow"))
    cited = answer.nearest if answer.abstained else answer.citations
    if cited:
        parts += [Text(), Text("Closest documents" if answer.abstained else "Sources", style="bold dim")]
        parts += [_source(citation, full_quotes) for citation in cited]
    return Group(*parts)


class _Conversation:
    """One conversation: its memory, and the answer that commands speak of."""

    def __init__(self, chat: Chat, console: Console) -> None:
        self._chat = chat
        self._console = console
        self._person = Principal(platform="console", user=_user(), direct=True)
        self._thread = secrets.token_hex(8)
        self._memory = Conversations(threads=1)
        self._last: Answer | None = None

    async def take(self, line: str) -> None:
        """Carry out one line: a command or a question."""
        command = _COMMAND.fullmatch(line)
        if command is None:
            await self._ask(line)
            return
        name, rest = command[1].lower(), command[2] or ""
        if name == "help":
            self._say(HELP)
        elif name == "up":
            await self._vote(1, rest)
        elif name == "down":
            await self._vote(-1, rest)
        elif name == "sources":
            self._show_sources()
        else:
            self._say(f"There is no /{name}. /help lists the commands.")

    async def _ask(self, text: str) -> None:
        question = Question(text, self._person, self._thread, self._memory.turns(self._thread))
        with self._console.status("Looking in the documents…"):
            reply = await self._chat.answer(question)
        if reply.answer is None:
            self._say(reply.text, style="red")
            return
        self._last = reply.answer
        self._memory.add(self._thread, text, reply.text)
        self._console.print(render(reply.answer))

    async def _vote(self, value: Literal[-1, 1], comment: str) -> None:
        if self._last is None:
            self._say("There is no answer yet to vote on.")
            return
        vote = Vote(self._last.id, self._person.platform, self._person.user, value, comment=comment)
        receipt = await self._chat.vote(vote)
        asks_back = receipt.recorded and value == -1 and not comment
        self._say(receipt.text + (" Tell me with /down and a comment." if asks_back else ""))

    def _show_sources(self) -> None:
        if self._last is None:
            self._say("There is no answer yet.")
        else:
            self._console.print(render(self._last, full_quotes=True))

    def _say(self, text: str, style: str = "dim") -> None:
        self._console.print(Text(printable(text), style=style))


def _text_of(answer: Answer) -> Text:
    text = Text(printable(answer.text).strip(), style="italic" if answer.abstained else "")
    for citation in answer.citations:
        text.highlight_regex(re.escape(f"[{citation.number}]"), "bold cyan")
    return text


def _source(citation: Citation, full_quote: bool) -> RenderableType:
    heading = Text.assemble((f"[{citation.number}] ", "bold cyan"), (printable(citation.title), "bold"))
    if citation.place:
        heading.append(f" · {printable(citation.place)}", style="dim")
    quote = " ".join(printable(citation.quote).split())
    if len(quote) > _QUOTE_LENGTH and not full_quote:
        quote = quote[: _QUOTE_LENGTH - 1].rsplit(" ", 1)[0] + "…"
    below = [_location(printable(citation.location))]
    if quote:
        below.append(Text(f"“{quote}”", style="dim"))
    return Group(heading, Padding(Group(*below), (0, 0, 0, 4), expand=False))


def _location(location: str) -> Text:
    """The address, which a terminal that can opens on a click; a long one is folded, not cut."""
    link = f" link {location}" if location.startswith(_LINKED) and " " not in location else ""
    return Text(printable(readable_location(location)), style=f"underline{link}", overflow="fold")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "console"  # a container's user may have a number and no name
