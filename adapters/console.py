"""The conversation in a terminal, and how an answer looks there.

What comes from documents and models is shown as text: never read as markup, never obeyed by the terminal.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import secrets
import signal
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, TypeVar

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from adapters.chat import Chat, Conversations, unsure, written_by
from adapters.text import printable, readable_location, readable_place
from rag_core.generation.protocol import Said
from rag_core.messages import say
from rag_core.types import Answer, Citation, Principal, Question, Vote

__all__ = ["converse", "read_line", "render", "terminal_language", "while_written"]

_QUOTE_LENGTH = 240
_COMMAND = re.compile(r"/([a-z]+)(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_LINKED = ("http://", "https://", "file://")
_FRAMES_A_SECOND = 12

R = TypeVar("R")


async def converse(
    chat: Chat, console: Console, read: Callable[[str], Awaitable[str]], language: str = ""
) -> None:
    """Ask and vote line by line until the person leaves.

    read: shows the prompt it is given and returns the line typed; EOFError or KeyboardInterrupt leave.
    language: the person's, a BCP 47 tag.
    """
    conversation = _Conversation(chat, console, language)
    console.print(Text(say(chat.language(language), "console-begin"), style="dim"))
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


def terminal_language(environment: Mapping[str, str] = os.environ) -> str:
    """The language that the environment's locale names, as a BCP 47 tag: 'de-AT' for 'de_AT.UTF-8'. '' for C and none."""
    names = (environment.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    name = re.split(r"[.@]", next(filter(None, names), ""))[0]
    return "" if name in ("C", "POSIX") else name.replace("_", "-")


async def while_written(console: Console, language: str, write: Callable[[Said], Awaitable[R]]) -> R:
    """What write returns, which is told the text so far. A terminal shows it growing, and wipes it in the end."""
    if not console.is_terminal:
        return await write(lambda text: None)
    from rich.live import Live
    from rich.spinner import Spinner

    waiting = Spinner("dots", Text(say(language, "looking")))
    with Live(waiting, console=console, transient=True, refresh_per_second=_FRAMES_A_SECOND) as live:
        return await write(lambda text: live.update(_end_of(text, console)))


def render(answer: Answer, full_quotes: bool = False, language: str = "") -> RenderableType:
    """The answer with its numbered sources, for rich's Console.print."""
    parts: list[RenderableType] = [_text_of(answer)]
    if answer.standalone:
        taken = say(language, "taken-as", question=printable(answer.standalone))
        parts.insert(0, Text(taken, style="dim italic"))
    if unsure(answer):
        parts.append(Text(say(language, "not-sure"), style="yellow"))
    cited = answer.nearest if answer.abstained else answer.citations
    if cited:
        heading = say(language, "closest-documents") if answer.abstained else say(language, "sources")
        parts += [Text(), Text(heading, style="bold dim")]
        parts += [_source(citation, full_quotes, language) for citation in cited]
    below = [printable(notice) for notice in answer.notices]
    if written_by(answer):
        below.append(say(language, "written-by", generator=printable(answer.generator)))
    if below:
        parts += [Text(), *(Text(line, style="dim") for line in below)]
    return Group(*parts)


class _Conversation:
    """One conversation: its memory, and the answer that commands speak of."""

    def __init__(self, chat: Chat, console: Console, asked_in: str) -> None:
        self._chat = chat
        self._console = console
        self._asked_in = asked_in
        self._language = chat.language(asked_in)
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
            self._say("console-help")
        elif name == "up":
            await self._vote(1, rest)
        elif name == "down":
            await self._vote(-1, rest)
        elif name == "sources":
            self._show_sources()
        else:
            self._say("console-unknown", command=f"/{name}")

    async def _ask(self, text: str) -> None:
        turns = self._memory.turns(self._thread)
        question = Question(text, self._person, self._thread, turns, self._asked_in)
        reply = await while_written(
            self._console, self._language, lambda said: self._chat.answer(question, said)
        )
        if reply.answer is None:
            self._show(reply.text, style="red")
            return
        self._last = reply.answer
        self._memory.add(self._thread, text, reply.answer)
        self._console.print(render(reply.answer, language=self._language))

    async def _vote(self, value: Literal[-1, 1], comment: str) -> None:
        if self._last is None:
            self._say("console-nothing-to-vote-on")
            return
        vote = Vote(self._last.id, self._person.platform, self._person.user, value, comment=comment)
        receipt = await self._chat.vote(vote, self._asked_in)
        asks_back = receipt.recorded and value == -1 and not comment
        self._show(f"{receipt.text} {say(self._language, 'console-tell-me')}" if asks_back else receipt.text)

    def _show_sources(self) -> None:
        if self._last is None:
            self._say("console-no-answer")
        else:
            self._console.print(render(self._last, full_quotes=True, language=self._language))

    def _say(self, message: str, **values: str) -> None:
        self._show(say(self._language, message, **values))

    def _show(self, text: str, style: str = "dim") -> None:
        self._console.print(Text(printable(text), style=style))


def _end_of(text: str, console: Console) -> Text:
    """As many of the last lines as fit the terminal: what is drawn again and again must not scroll."""
    lines = Text(printable(text).strip()).wrap(console, console.width)
    return Text("\n").join(lines[-max(1, console.height - 2) :])


def _text_of(answer: Answer) -> Text:
    text = Text(printable(answer.text).strip(), style="italic" if answer.abstained else "")
    for citation in answer.citations:
        text.highlight_regex(re.escape(f"[{citation.number}]"), "bold cyan")
    return text


def _source(citation: Citation, full_quote: bool, language: str) -> RenderableType:
    heading = Text.assemble((f"[{citation.number}] ", "bold cyan"), (printable(citation.title), "bold"))
    if citation.place:
        heading.append(f" · {printable(readable_place(citation.place, language))}", style="dim")
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
