"""The conversation in a terminal."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import pytest
from rich.console import Console

from adapters.chat import Chat
from adapters.console import converse, render, terminal_language, while_written
from adapters.text import printable, readable_location, readable_place
from rag_core.errors import Unavailable
from rag_core.generation.protocol import Said
from rag_core.types import Answer, Citation
from tests.fakes import FakeAssistant, Written, an_answer


def a_console(width: int = 80) -> tuple[Console, io.StringIO]:
    screen = io.StringIO()
    return Console(file=screen, width=width, force_terminal=False), screen


def typed(*lines: str | BaseException) -> Callable[[str], Awaitable[str]]:
    """A reader that types these lines and then ends."""
    script = iter(lines)

    async def read(prompt: str) -> str:
        line = next(script, None)
        if isinstance(line, BaseException):
            raise line
        if line is None:
            raise EOFError
        return line

    return read


async def conversation(assistant: FakeAssistant, *lines: str | BaseException) -> str:
    console, screen = a_console()
    await converse(Chat(assistant), console, typed(*lines))
    return screen.getvalue()


def shown(answer: Answer, width: int = 80) -> str:
    console, screen = a_console(width)
    console.print(render(answer))
    return screen.getvalue()


async def test_a_question_is_answered_with_its_sources() -> None:
    """Answer, then number, title, place, location and quote of each source."""
    screen = await conversation(FakeAssistant(), "When are expenses refunded?")
    assert "Expenses are refunded within 30 days [1]." in screen
    assert "[1] Travel handbook · Expenses" in screen
    assert "https://docs.example.com/travel#expenses" in screen
    assert "“Expenses are refunded within 30 days of the claim.”" in screen


async def test_follow_ups_carry_the_conversation() -> None:
    """The second question is asked with the first exchange, in the same thread."""
    assistant = FakeAssistant()
    await conversation(assistant, "When?", "And where?")
    first, second = assistant.questions
    assert [turn.text for turn in second.turns] == ["When?", "Expenses are refunded within 30 days [1]."]
    assert first.thread == second.thread
    assert (first.principal.platform, first.principal.direct) == ("console", True)


async def test_up_and_down_vote_on_the_last_answer() -> None:
    """/down takes a comment, and asks for one where there is none."""
    assistant = FakeAssistant()
    screen = await conversation(assistant, "When?", "/up", "/down", "/down It is 40 days now.")
    assert [(vote.answer, vote.value, vote.comment) for vote in assistant.votes] == [
        ("a1", 1, ""),
        ("a1", -1, ""),
        ("a1", -1, "It is 40 days now."),
    ]
    assert "Tell me with /down and a comment." in screen


async def test_a_vote_without_an_answer_is_explained() -> None:
    """Nothing is sent before there is something to vote on."""
    assistant = FakeAssistant()
    screen = await conversation(assistant, "/up", "/sources")
    assert "There is no answer yet to vote on." in screen
    assert assistant.votes == []


async def test_long_quotes_are_cut_and_sources_shows_them_whole() -> None:
    """An answer stays short; /sources shows what it quotes in full."""
    cited = Citation(1, "Book", "https://example.com", "word " * 100 + "end")
    screen = await conversation(FakeAssistant([an_answer(citations=(cited,))]), "When?")
    assert "word…”" in screen
    assert "end”" not in screen
    assert "end”" in await conversation(FakeAssistant([an_answer(citations=(cited,))]), "When?", "/sources")


@pytest.mark.parametrize("ending", [EOFError(), KeyboardInterrupt(), "/quit", "/exit"])
async def test_leaving_is_clean(ending: str | BaseException) -> None:
    """The end of input, Ctrl-C and /quit all just return."""
    assistant = FakeAssistant()
    await conversation(assistant, ending, "never asked")
    assert assistant.questions == []


async def test_commands_are_not_questions() -> None:
    """/help lists the commands, an unknown one says so, and an empty line does nothing."""
    assistant = FakeAssistant()
    screen = await conversation(assistant, "/help", "/frobnicate", "   ")
    assert "/down [comment]" in screen
    assert "There is no /frobnicate. /help lists the commands." in screen
    assert assistant.questions == []


async def test_a_path_at_the_start_is_a_question() -> None:
    """Only a slash and a word make a command."""
    assistant = FakeAssistant()
    await conversation(assistant, "/etc/hosts: what is it for?")
    assert assistant.questions[0].text == "/etc/hosts: what is it for?"


async def test_a_failure_is_a_sentence_and_the_conversation_goes_on() -> None:
    """The next question is asked as if nothing had happened, and the failure is not remembered."""
    assistant = FakeAssistant([Unavailable("down"), an_answer()])
    screen = await conversation(assistant, "When?", "And now?")
    assert "Something went wrong on my side (reference" in screen
    assert "Expenses are refunded" in screen
    assert assistant.questions[1].turns == ()


async def test_of_an_abstention_only_the_question_is_remembered() -> None:
    """The next question carries what was asked, not that nothing was found."""
    assistant = FakeAssistant([an_answer(text="I could not find that.", abstained=True), an_answer()])
    await conversation(assistant, "Where is the spa?", "And its hours?")
    assert [turn.text for turn in assistant.questions[1].turns] == ["Where is the spa?"]


async def test_a_conversation_in_the_persons_language() -> None:
    """Everything that the bot says itself; what is typed and quoted stays as it is."""
    assistant = FakeAssistant([an_answer(confidence=0.2), Unavailable("down")])
    console, screen = a_console()
    lines = typed("/help", "/up", "Wann?", "/down", "/nein", "Und wo?")
    await converse(Chat(assistant), console, lines, "de-AT")
    for words in (
        "Stell eine Frage. /help zeigt die Befehle.",
        "/down [Kommentar]",
        "Es gibt noch keine Antwort, die du bewerten könntest.",
        "Nicht sicher: Bitte prüfe das anhand der Quellen.",
        "\nQuellen\n",
        "Danke. Was war daran falsch? Sag es mir mit /down und einem Kommentar.",
        "/nein gibt es nicht.",
        "Bei mir ist etwas schiefgegangen",
    ):
        assert words in screen.getvalue()
    assert [question.language for question in assistant.questions] == ["de-AT", "de-AT"]


async def test_an_installations_language_wins_over_the_terminals() -> None:
    """As it does on every platform."""
    console, screen = a_console()
    await converse(Chat(FakeAssistant(), "es"), console, typed("/up"), "de")
    assert "Haz una pregunta." in screen.getvalue()
    assert "Todavía no hay ninguna respuesta que valorar." in screen.getvalue()


@pytest.mark.parametrize(
    ("environment", "tag"),
    [
        ({"LANG": "de_AT.UTF-8"}, "de-AT"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "fr_FR", "LC_ALL": ""}, "fr-FR"),
        ({"LANG": "de_DE", "LC_ALL": "es_ES@euro"}, "es-ES"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8"}, ""),
        ({"LANG": "POSIX"}, ""),
        ({}, ""),
    ],
)
def test_the_terminals_language_is_its_locales(environment: dict[str, str], tag: str) -> None:
    """LC_ALL before LC_MESSAGES before LANG, as everywhere."""
    assert terminal_language(environment) == tag


def a_terminal(height: int = 10) -> tuple[Console, io.StringIO]:
    screen = io.StringIO()
    return Console(file=screen, width=40, height=height, force_terminal=True, color_system=None), screen


async def test_a_terminal_shows_the_text_while_it_is_written() -> None:
    """It grows, and is wiped before the answer is printed; what it says is shown as text."""
    console, screen = a_terminal()
    texts = ("Expenses are", "Expenses are \x1b[2Jrefunded [red]")
    assistant = FakeAssistant([Written(texts, an_answer(), pause_s=0.15)])
    await converse(Chat(assistant), console, typed("When?"))
    shown = screen.getvalue()
    looking, first, second, final = (
        shown.index(words)
        for words in (
            "Looking in the documents…",
            "Expenses are\r",
            "Expenses are refunded [red]",
            "within 30 days",
        )
    )
    assert looking < first < second < final
    assert "\x1b[1A\x1b[2KExpenses are refunded within" in shown  # up a line, emptied, written anew
    assert "\x1b[2J" not in shown


async def test_a_long_text_shows_its_end_while_it_is_written() -> None:
    """A text that is longer than the terminal does not scroll it on every step."""
    console, screen = a_terminal(height=6)

    async def write(said: Said) -> int:
        said("\n".join(f"line {number}" for number in range(50)))
        return 1

    assert await while_written(console, "", write) == 1
    assert "line 49" in screen.getvalue()
    assert "line 45" not in screen.getvalue()


async def test_output_that_is_no_terminal_gets_the_answer_once() -> None:
    """A file or a pipe has no use for what is replaced."""
    texts = ("Expenses are", "Expenses are refunded")
    screen = await conversation(FakeAssistant([Written(texts, an_answer())]), "When?")
    assert screen.count("Expenses are refunded within 30 days [1]") == 1
    assert "Looking in" not in screen
    assert "\x1b" not in screen


async def test_a_failure_while_it_is_written_leaves_the_terminal_in_order() -> None:
    """What was written is wiped, the cursor is back, and the failure is told."""
    console, screen = a_terminal()
    assistant = FakeAssistant([Written(["Expenses"], Unavailable("down"), pause_s=0.15)])
    await converse(Chat(assistant), console, typed("When?"))
    shown = screen.getvalue()
    assert (
        shown.index("Expenses") < shown.rindex("\x1b[?25h") < shown.index("Something went wrong on my side")
    )


def test_how_an_answer_came_about_is_shown() -> None:
    """What a follow-up was taken as stands above it; notices and the language model below it."""
    notices = ("Sentences were left out.", "evil \x1b[2J[red]notice")
    answer = an_answer(standalone="When are claims\x1b[2J refunded?", generator="openai:m", notices=notices)
    lines = [line.strip() for line in shown(answer).splitlines()]
    assert lines[0] == "I took this as: When are claims refunded?"
    assert lines[-3:] == ["Sentences were left out.", "evil [red]notice", "Written by openai:m"]
    assert not {"Written by extractive", "Written by standard:4"} & {
        line.strip()
        for given in ("extractive", "standard:4")
        for line in shown(an_answer(generator=given)).splitlines()
    }


@pytest.mark.parametrize(
    ("place", "language", "words"),
    [
        ("Claims › Late, page 3", "de", "Claims › Late, Seite 3"),
        ("line 1234", "fr-FR", "ligne 1234"),
        ("page 3", "es", "página 3"),
        ("page 3", "ja", "page 3"),
        ("Appendix, page 3 of 4", "de", "Appendix, page 3 of 4"),
        ("Pipeline 3", "de", "Pipeline 3"),
        ("", "de", ""),
    ],
)
def test_a_place_is_told_in_the_readers_language(place: str, language: str, words: str) -> None:
    """Headings are the document's own; page and line are the bot's words."""
    assert readable_place(place, language) == words


def test_an_abstention_lists_the_closest_documents() -> None:
    """What could not be answered says where to look by hand."""
    near = Citation(1, "Parking", "file:///srv/docs/Parking%20rules.md", "Level 2.", place="line 3")
    screen = shown(an_answer(text="I could not find that.", citations=(), nearest=(near,), abstained=True))
    assert "Closest documents" in screen
    assert "/srv/docs/Parking rules.md" in screen


def test_a_doubtful_answer_says_so() -> None:
    """Low confidence is visible."""
    assert "Not sure" in shown(an_answer(confidence=0.2))
    assert "Not sure" not in shown(an_answer(confidence=0.9))


def test_markup_in_documents_is_shown_as_text() -> None:
    """Square brackets that rich would obey are printed as they are."""
    cited = Citation(1, "[red]T[/red]", "https://e.com/[link=x]", "[bold]q[/bold] [/]", place="[i]")
    screen = shown(an_answer(text="[blink]a[/blink] [1] [/nothing]", citations=(cited,)))
    for text in (
        "[blink]a[/blink] [1] [/nothing]",
        "[red]T[/red]",
        "[bold]q[/bold] [/]",
        "[i]",
        "https://e.com/[link=x]",
    ):
        assert text in screen


def test_terminal_controls_in_documents_are_gone() -> None:
    """No escape sequence, control or reordering character reaches the terminal, from any field."""
    evil = "a\x1b[2Jb\x1b]0;owned\x07c\x1b]8;;http://evil\x1b\\d\x9b31me\x07\x08\r\u202ef\x1bg\ud800"
    cited = Citation(1, evil, evil, evil, place=evil)
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    console.print(render(an_answer(text=evil, citations=(cited,))))
    screen = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b" not in screen.replace("\x1b[0m", "")
    assert not any(mark in screen for mark in "\x07\x08\r\x9b\u202e\ud800")
    assert "owned" not in screen


def test_only_the_printable_is_kept() -> None:
    """Line breaks, tabs and letters of all scripts stay."""
    assert printable("Größe\t日本\n\x1b[31mrot\x1b[0m 👍") == "Größe\t日本\nrot 👍"


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("file:///srv/a%20b.pdf#page=3", "/srv/a b.pdf"),
        ("https://e.com/a%20b", "https://e.com/a%20b"),
        ("", ""),
        ("http://[broken", "http://[broken"),
    ],
)
def test_a_file_is_named_by_its_path(location: str, words: str) -> None:
    """Files read as paths, everything else stays as it is."""
    assert readable_location(location) == words


def test_long_addresses_are_folded_not_cut() -> None:
    """A narrow terminal still shows every character of a location."""
    location = "https://docs.example.com/" + "a" * 100
    cited = Citation(1, "T", location, "")
    assert location in shown(an_answer(citations=(cited,)), width=40).replace("\n", "").replace(" ", "")


@pytest.mark.slow
def test_ctrl_c_at_the_prompt_leaves_a_real_terminal_cleanly() -> None:
    """In a terminal, Ctrl-C while typing ends the conversation with success and no traceback."""
    program = (
        "import asyncio; from rich.console import Console; from adapters.chat import Chat;"
        "from adapters.console import converse, read_line; from tests.fakes import FakeAssistant;"
        "asyncio.run(converse(Chat(FakeAssistant()), Console(), read_line)); print('left cleanly')"
    )
    master, terminal = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    seen = _read_until(master, "›")
    os.write(master, b"half a quest")
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    seen += _read_until(master, "left cleanly")
    assert child.wait(10) == 0
    os.close(master)
    assert "Traceback" not in seen


def _read_until(terminal: int, words: str) -> str:
    seen = b""
    while words.encode() not in seen:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            part = b""
        if not part:
            raise AssertionError(f"{words!r} never came: {seen.decode(errors='replace')}")
        seen += part
    return seen.decode(errors="replace")
