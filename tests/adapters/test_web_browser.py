"""The chat page in a real browser."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
import uvicorn
from playwright.async_api import Browser, ConsoleMessage, Error, Locator, Page, Route, expect

from adapters.chat import REASONS, Chat
from adapters.web import web_app
from rag_core.errors import InvalidQuestion, Unavailable
from rag_core.generation.protocol import Said, nothing
from rag_core.messages import say
from rag_core.types import Answer, Citation, Question
from tests.fakes import FakeAssistant, Written, an_answer

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

FILE = Citation(
    2, "Policy.pdf", "file:///srv/docs/The%20policy.pdf#page=3", "Send the receipts.", place="page 3"
)
SCRIPT = Citation(3, "Trap", "javascript:alert(document.domain)", "Click me.")
PAYLOAD = (
    "<script>window.pwned=1</script><img src=x onerror=window.pwned=1> [click](javascript:window.pwned=1) "
    "<a href='https://evil.example'>x</a> **<b>bold</b>** `<i>code</i>` [1] &amp; "
    "<style>*{display:none}</style>"
)


FREE: list[Page] = []
"""Of browser profiles without options that nobody uses now: a new one takes longer than most tests."""


@asynccontextmanager
async def page_of(
    chromium: Browser, assistant: FakeAssistant, suggestions: list[str] | None = None, **options: object
) -> AsyncIterator[Page]:
    """The page in a browser profile that is as good as fresh, on a server of its own. No script error may happen on it."""
    app = web_app(Chat(assistant), _ready, suggestions or [])
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    listening = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    problems: list[str] = []

    def broken(error: Error) -> None:
        problems.append(str(error))

    def refused(line: ConsoleMessage) -> None:
        problems.append(line.text) if "Content Security" in line.text else None

    page = FREE.pop() if FREE and not options else await _new_page(chromium, options)
    page.on("pageerror", broken)
    page.on("console", refused)
    try:
        await page.goto(f"http://127.0.0.1:{listening.getsockname()[1]}/")
        yield page
        assert problems == []
        if not options:
            page.remove_listener("pageerror", broken)
            page.remove_listener("console", refused)
            await page.unroute_all()
            await page.goto("about:blank")
            await page.context.clear_cookies()
            FREE.append(page)
    finally:
        if page not in FREE:
            await page.context.close()
        server.should_exit = True
        await serving


async def _new_page(chromium: Browser, options: Mapping[str, object]) -> Page:
    context = await chromium.new_context(**options)  # type: ignore[arg-type]
    page = await context.new_page()
    page.set_default_timeout(5_000)
    return page


class Gate(FakeAssistant):
    """Writes an answer one step at a time, when it is told to."""

    def __init__(self, texts: Sequence[str], ending: Answer) -> None:
        super().__init__([ending])
        self.texts = texts
        self._steps = asyncio.Semaphore(0)

    async def ask(self, question: Question, said: Said = nothing) -> Answer:
        for text in self.texts:
            await self._steps.acquire()
            said(text)
        await self._steps.acquire()
        return await super().ask(question, said)

    def step(self) -> None:
        self._steps.release()


async def _ready() -> Mapping[str, object]:
    return {}


async def ask(page: Page, text: str = "When are expenses refunded?") -> Locator:
    """Type the question, send it with Enter, and wait for what comes."""
    before = await page.locator(".answer, .failure").count()
    await page.get_by_label("Your question").fill(text)
    await page.get_by_label("Your question").press("Enter")
    await expect(page.locator(".answer, .failure")).to_have_count(before + 1)
    return page.locator(".answer, .failure").last


async def test_a_question_is_answered_with_citations_that_open(chromium: Browser) -> None:
    """A click on the raised number opens the quoted source below the answer and moves the focus there."""
    async with page_of(chromium, FakeAssistant()) as page:
        answer = await ask(page)
        await expect(answer.locator(".text")).to_have_text(re.compile("Expenses are refunded within 30 days"))
        await expect(answer.locator("blockquote")).to_be_hidden()
        await answer.get_by_role("button", name="Source 1: Travel handbook · Expenses").click()
        await expect(answer.locator("blockquote")).to_have_text(
            "Expenses are refunded within 30 days of the claim."
        )
        await expect(answer.locator("summary")).to_be_focused()
        link = answer.get_by_role("link")
        await expect(link).to_have_attribute("href", "https://docs.example.com/travel#expenses")
        await expect(link).to_have_attribute("rel", "noopener noreferrer")
        await expect(link).to_have_attribute("target", "_blank")
        await expect(answer.locator(".small")).to_have_text("release r1 · 8 ms")


async def test_only_web_addresses_are_links(chromium: Browser) -> None:
    """A file is named by its path; an address of any other kind is not shown at all."""
    answered = an_answer(text="Send them [2] and [3].", citations=(FILE, SCRIPT))
    async with page_of(chromium, FakeAssistant([answered])) as page:
        answer = await ask(page)
        for summary in await answer.locator("summary").all():
            await summary.click()
        await expect(answer.locator(".where").first).to_have_text("/srv/docs/The policy.pdf")
        await expect(answer.get_by_text("Click me.")).to_be_visible()
        await expect(answer.locator("a")).to_have_count(0)


async def test_markup_in_an_answer_is_inert(chromium: Browser) -> None:
    """HTML, scripts, styles and links from documents are shown as text, in every field."""
    trap = Citation(1, PAYLOAD, "https://example.com/" + PAYLOAD, PAYLOAD, place=PAYLOAD)
    traps = an_answer(
        text=f"{PAYLOAD}\n\n- {PAYLOAD}\n\n| {PAYLOAD} |\n|---|\n| {PAYLOAD} |", citations=(trap,)
    )
    async with page_of(chromium, FakeAssistant([traps]), suggestions=[PAYLOAD]) as page:
        await expect(page.get_by_role("button", name="window.pwned")).to_be_visible()
        answer = await ask(page, PAYLOAD)
        await answer.locator("summary").click()
        await page.wait_for_timeout(200)
        assert await page.evaluate("window.pwned") is None
        conversation = page.locator("#conversation, #suggestions")
        assert await conversation.locator("script, img, style, iframe, object, i, b").count() == 0
        await expect(conversation.locator("a")).to_have_count(1)
        await expect(answer.locator("a")).to_have_attribute("href", re.compile("^https://example.com/"))
        await expect(answer.locator(".text strong").first).to_have_text("<b>bold</b>")
        await expect(answer.locator(".text code").first).to_have_text("<i>code</i>")
        await expect(answer.locator(".text")).to_contain_text("[click](javascript:window.pwned=1)")


async def test_markdown_is_laid_out(chromium: Browser) -> None:
    """Paragraphs, headings, lists in lists, tables, code and emphasis; an unknown citation stays text."""
    text = (
        "## Way\nTwo\nlines, *so* 2 * 3 * 4 and \\*plain\\* snake_case_name.\n\n"
        "1. one\n   - inner **bold**\n2. two [1]\n\n"
        "| a | b |\n|---|:-:|\n| `x|y` is \\| | 2 | [1]\n\n"
        "> quoted\n\n```sh\necho '<&>' # [1]\n\n  done\n```\nNot there [9].\n\n````\nunclosed ``` fence"
    )
    async with page_of(chromium, FakeAssistant([an_answer(text=text)])) as page:
        shown = (await ask(page)).locator(".text")
        await expect(shown.locator(".heading")).to_have_text("Way")
        await expect(shown.locator("> p").nth(1)).to_have_text(
            "Two lines, so 2 * 3 * 4 and *plain* snake_case_name."
        )
        await expect(shown.locator("ol > li")).to_have_count(2)
        await expect(shown.locator("ol > li > ul > li strong")).to_have_text("bold")
        await expect(shown.locator("th")).to_have_text(["a", "b"])
        await expect(shown.locator("tbody tr")).to_have_count(1)
        await expect(shown.locator("> blockquote")).to_have_text("quoted")
        await expect(shown.locator("pre").first).to_have_text("echo '<&>' # [1]\n\n  done")
        await expect(shown.locator("pre").last).to_have_text("unclosed ``` fence")
        await expect(shown.locator("p").last).to_have_text("Not there [9].")
        await expect(shown.locator(".cite")).to_have_count(2)


async def test_a_vote_is_sent_shown_and_taken_back(chromium: Browser) -> None:
    """👍 is pressed after a click and released by a second one; both reach the assistant in order."""
    assistant = FakeAssistant()
    async with page_of(chromium, assistant) as page:
        answer = await ask(page)
        up = answer.get_by_role("button", name="Good answer")
        await up.click()
        await expect(up).to_have_attribute("aria-pressed", "true")
        await expect(answer.locator(".thanks")).to_have_text("Thank you, good to know.")
        await up.click()
        await expect(up).to_have_attribute("aria-pressed", "false")
        await expect(answer.locator(".thanks")).to_have_text("Taken back.")
    assert [vote.value for vote in assistant.votes] == [1, 0]


async def test_a_bad_answer_can_be_explained(chromium: Browser) -> None:
    """👎 counts at once and opens a form; reason, comment and correction follow it."""
    assistant = FakeAssistant()
    async with page_of(chromium, assistant) as page:
        answer = await ask(page)
        await answer.get_by_role("button", name="Bad answer").click()
        form = answer.locator(".feedback")
        await expect(form.get_by_role("radio").first).to_be_focused()
        await form.get_by_text("Out of date").click()
        await form.get_by_label("Anything to add?").fill("It changed in May.")
        await form.get_by_label("What should it have said?").fill("40 days.")
        await form.get_by_role("button", name="Send").click()
        await expect(form).to_have_count(0)
        await expect(answer.locator(".thanks")).to_have_text("Thank you. A person will look at this.")
        await expect(answer.get_by_role("button", name="Bad answer")).to_be_focused()
    first, second = assistant.votes
    assert (first.value, first.reason) == (-1, "")
    assert (second.value, second.reason, second.comment, second.correction) == (
        -1,
        "out_of_date",
        "It changed in May.",
        "40 days.",
    )


async def test_the_form_offers_every_reason(chromium: Browser) -> None:
    """The page and adapters/chat.py agree on codes and words."""
    async with page_of(chromium, FakeAssistant()) as page:
        answer = await ask(page)
        await answer.get_by_role("button", name="Bad answer").click()
        labels = answer.locator(".feedback fieldset label")
        codes = [await label.locator("input").get_attribute("value") for label in await labels.all()]
        words = {code: say("en", message) for code, message in REASONS.items()}
        assert dict(zip(codes, await labels.all_inner_texts(), strict=True)) == words


async def test_a_vote_that_fails_is_not_shown_as_given(chromium: Browser) -> None:
    """The button is released and the sentence says why."""
    assistant = FakeAssistant()
    assistant.refuse_votes = Unavailable("down")
    async with page_of(chromium, assistant) as page:
        answer = await ask(page)
        await answer.get_by_role("button", name="Good answer").click()
        await expect(answer.locator(".thanks")).to_contain_text("I could not record that (reference")
        await expect(answer.get_by_role("button", name="Good answer")).to_have_attribute(
            "aria-pressed", "false"
        )


async def test_a_failure_can_be_tried_again(chromium: Browser) -> None:
    """The sentence has a button that asks the same question again, without repeating it on the page."""
    assistant = FakeAssistant([Unavailable("down"), an_answer()])
    async with page_of(chromium, assistant) as page:
        failure = await ask(page, "When?")
        await expect(failure).to_contain_text("Something went wrong on my side")
        await failure.get_by_role("button", name="Try again").click()
        await expect(page.locator(".answer")).to_have_count(1)
        await expect(page.locator(".failure")).to_have_count(0)
        await expect(page.locator(".asked")).to_have_count(1)
    assert [question.text for question in assistant.questions] == ["When?", "When?"]


async def test_an_invalid_question_can_be_edited(chromium: Browser) -> None:
    """What must be worded differently comes back into the question box."""
    async with page_of(chromium, FakeAssistant([InvalidQuestion("Please say more.")])) as page:
        failure = await ask(page, "Hm?")
        await expect(failure).to_contain_text("Please say more.")
        await failure.get_by_role("button", name="Edit the question").click()
        await expect(page.get_by_label("Your question")).to_have_value("Hm?")
        await expect(page.get_by_label("Your question")).to_be_focused()


async def test_a_lost_connection_is_a_sentence(chromium: Browser) -> None:
    """Without a network the page says so, and asks again when told."""
    async with page_of(chromium, FakeAssistant()) as page:
        await page.context.set_offline(True)
        failure = await ask(page)
        await expect(failure).to_contain_text("The server cannot be reached.")
        await page.context.set_offline(False)
        await failure.get_by_role("button", name="Try again").click()
        await expect(page.locator(".answer")).to_have_count(1)


async def test_an_abstention_looks_different_and_points_to_documents(chromium: Browser) -> None:
    """It is no answer: its own look, a note, and the closest documents to look in by hand."""
    nothing = an_answer(
        text="I could not find that.", citations=(), nearest=(FILE,), abstained=True, confidence=0.1
    )
    async with page_of(chromium, FakeAssistant([nothing])) as page:
        answer = await ask(page)
        await expect(answer).to_have_class(re.compile("abstained"))
        await expect(answer.locator(".note")).to_have_text("Not found in the documents")
        await expect(answer.get_by_role("heading")).to_have_text("Closest documents")
        await expect(answer.locator(".title")).to_have_text("Policy.pdf")


async def test_a_doubtful_answer_says_not_sure(chromium: Browser) -> None:
    """Low confidence is a visible note; a confident answer has none."""
    assistant = FakeAssistant([an_answer("a1", confidence=0.2), an_answer("a2", confidence=0.9)])
    async with page_of(chromium, assistant) as page:
        await expect((await ask(page)).locator(".note")).to_contain_text("Not sure")
        await expect((await ask(page)).locator(".note")).to_be_hidden()


async def test_waiting_is_shown_and_spoken(chromium: Browser) -> None:
    """While the answer is looked for, the page says so, and a second question has to wait."""

    class Slow(FakeAssistant):
        async def ask(self, question: Question, said: Said = nothing) -> Answer:
            await asyncio.sleep(0.5)
            return await super().ask(question, said)

    assistant = Slow()
    async with page_of(chromium, assistant) as page:
        box = page.get_by_label("Your question")
        await box.fill("When?")
        await box.press("Enter")
        await expect(page.locator(".waiting")).to_be_visible()
        await expect(page.locator("#status")).to_have_text("Looking in the documents…")
        await box.fill("Impatient?")
        await box.press("Enter")
        await expect(page.locator("#status")).to_contain_text("Answer: Expenses are refunded")
        await expect(page.locator(".waiting")).to_have_count(0)
        await expect(box).to_have_value("Impatient?")
    assert len(assistant.questions) == 1


GROWING = ("Send the", "Send the *receipts* [2]", "Send the *receipts* [2].\n\n```sh\nls -l")
FINISHED = an_answer(
    text="Send the *receipts* [2].\n\n```sh\nls -l\n```",
    citations=(FILE,),
    standalone="Where do I send receipts?",
    generator="openai:gpt-4o-mini",
    notices=("Sentences that the documents do not support were left out.", "<b>x</b>"),
)


async def test_the_answer_is_seen_while_it_is_written(chromium: Browser) -> None:
    """The text grows in its place, laid out as far as it goes; then the answer stands there with its sources."""
    gate = Gate(GROWING, FINISHED)
    async with page_of(chromium, gate) as page:
        await page.get_by_label("Your question").fill("Where?")
        await page.get_by_label("Your question").press("Enter")
        text = page.locator(".answer .text")
        gate.step()
        await expect(text).to_have_text("Send the")
        await expect(page.locator(".waiting")).to_have_count(0)
        await expect(page.get_by_role("button", name="Good answer")).to_be_hidden()
        gate.step()
        await expect(text.locator("em")).to_have_text("receipts")
        await expect(text.locator(".pending")).to_have_text("2")
        gate.step()
        await expect(text.locator("pre")).to_have_text("ls -l")
        await expect(page.locator("#status")).to_have_text("Looking in the documents…")
        gate.step()
        await expect(page.get_by_role("button", name="Source 2: Policy.pdf · page 3")).to_be_visible()
        await expect(page.locator(".answer")).to_have_count(1)
        await expect(page.locator(".pending")).to_have_count(0)
        await expect(page.locator("#status")).to_contain_text("Answer: Send the receipts")


async def test_half_a_markup_is_inert_while_it_is_written(chromium: Browser) -> None:
    """Every beginning of a text with everything in it is laid out without an error, as text."""
    text = (
        f"{PAYLOAD}\n\n## Way\n1. **one** *two* `three`\n   - inner [1]\n\n| a | b |\n|---|:-:|\n| `x` | 2 |\n\n"
        "> quoted\n\n````sh\necho ``` 1\n````\n~~~\nopen **bold [1"
    )
    async with page_of(chromium, FakeAssistant()) as page:
        kinds, last = await page.evaluate(
            """async (text) => {
                const { render } = await import("/static/markdown.js");
                const kinds = new Set();
                let last;
                for (let end = 0; end <= text.length; end += 1) {
                    last = render(text.slice(0, end), () => null);
                    for (const node of last.querySelectorAll("*")) kinds.add(node.localName);
                }
                return [[...kinds], last.textContent];
            }""",
            text,
        )
        assert await page.evaluate("window.pwned") is None
    laid_out = {"p", "strong", "em", "code", "pre", "ol", "ul", "li", "blockquote"}
    assert set(kinds) == laid_out | {"div", "table", "thead", "tbody", "tr", "th", "td"}
    assert last.endswith("echo ``` 1open **bold [1")


async def test_how_an_answer_came_about_is_shown(chromium: Browser) -> None:
    """What a follow-up was taken as above it, notices and the language model in small print below it, as text."""
    async with page_of(chromium, FakeAssistant([FINISHED, an_answer()])) as page:
        answer = await ask(page)
        await expect(answer.locator(".taken")).to_have_text("I took this as: Where do I send receipts?")
        await expect(answer.locator(".notices p")).to_have_text(list(FINISHED.notices))
        await expect(answer.locator(".small")).to_have_text(
            "Written by openai:gpt-4o-mini · release r1 · 8 ms"
        )
        plain = await ask(page)
        await expect(plain.locator(".taken")).to_be_hidden()
        await expect(plain.locator(".notices")).to_be_hidden()
        await expect(plain.locator(".small")).to_have_text("release r1 · 8 ms")


async def test_a_failure_while_it_is_written_takes_the_text_back(chromium: Browser) -> None:
    """What was begun is no answer; the sentence in its place offers another try."""
    assistant = FakeAssistant([Written(["Expenses are"], Unavailable("down"), pause_s=0.1), an_answer()])
    async with page_of(chromium, assistant) as page:
        await page.get_by_label("Your question").fill("When?")
        await page.get_by_label("Your question").press("Enter")
        await expect(page.locator(".failure")).to_contain_text("Something went wrong on my side")
        await expect(page.locator(".answer")).to_have_count(0)
        await page.locator(".failure").get_by_role("button", name="Try again").click()
        await expect(page.locator(".answer")).to_have_count(1)


@pytest.mark.parametrize("leave", ["a new conversation", "another page"])
async def test_who_does_not_wait_takes_the_question_back(chromium: Browser, leave: str) -> None:
    """The assistant is told to stop, and the next question can be asked at once."""
    assistant = FakeAssistant([Written(["Expenses are"], an_answer(), pause_s=30), an_answer()])
    async with page_of(chromium, assistant) as page:
        await page.get_by_label("Your question").fill("When?")
        await page.get_by_label("Your question").press("Enter")
        await expect(page.locator(".waiting")).to_be_visible()
        if leave == "another page":
            await page.reload()
        else:
            await page.get_by_role("button", name="New conversation").click()
        await asyncio.wait_for(assistant.cancelled.wait(), 5)
        await expect(page.locator(".message")).to_have_count(0)
        await ask(page, "And now?")
        await expect(page.locator(".answer")).to_have_count(1)
    assert assistant.questions[1].turns == ()


@pytest.mark.parametrize(
    ("kind", "body", "shown"),
    [
        ("application/json", '{"error": "Not today."}', "Not today."),
        (
            "text/event-stream",
            'event: text\ndata: {"text": "Expen"}\n\nevent: ans',
            "The connection broke off.",
        ),
        ("text/event-stream", "event: answer\ndata: {broken\n\n", "The connection broke off."),
        ("text/html", "<h1>502</h1>", "Something went wrong."),
    ],
)
async def test_a_proxy_in_between_may_answer_as_it_likes(
    chromium: Browser, kind: str, body: str, shown: str
) -> None:
    """What is no stream is read as before; a stream that ends too early is a failure, not an answer."""
    async with page_of(chromium, FakeAssistant()) as page:
        status = 200 if kind == "text/event-stream" else 502
        await page.route(
            "**/api/ask", lambda route: route.fulfill(status=status, content_type=kind, body=body)
        )
        await expect(await ask(page)).to_contain_text(shown)
        await expect(page.locator(".answer")).to_have_count(0)


async def test_an_answer_without_streaming_is_shown_too(chromium: Browser) -> None:
    """From a server, or through a proxy, that gives it in one piece."""
    async with page_of(chromium, FakeAssistant()) as page:

        async def unstreamed(route: Route) -> None:
            await route.continue_(headers={**route.request.headers, "accept": "application/json"})

        await page.route("**/api/ask", unstreamed)
        await expect((await ask(page)).locator(".text")).to_contain_text("Expenses are refunded")


@pytest.mark.parametrize("locale", ["de-AT", "fr-FR", "es-MX"])
async def test_the_page_speaks_the_readers_language(chromium: Browser, locale: str) -> None:
    """Its own texts, what the assistant's chat says, and how numbers are written; no flash of English comes before."""
    cited = Citation(1, "Handbuch", "https://e.com", "q", place="page 3")
    doubtful = an_answer(
        citations=(cited,),
        confidence=0.2,
        standalone="Wann?",
        timings_ms={"total": 1_500},
        generator="local:m",
    )
    async with page_of(chromium, FakeAssistant([doubtful]), suggestions=["Wann?"], locale=locale) as page:
        assert await page.evaluate("document.documentElement.lang") == locale[:2]
        await expect(page.get_by_role("heading", level=2)).to_have_text(say(locale, "page-welcome"))
        await page.get_by_role("button", name="Wann?").click()
        answer = page.locator(".answer")
        await expect(answer.locator(".note")).to_have_text(say(locale, "not-sure"))
        await expect(answer.locator(".taken")).to_have_text(say(locale, "taken-as", question="Wann?"))
        await expect(answer.get_by_role("heading")).to_have_text(say(locale, "sources"))
        await expect(answer.locator(".place")).to_have_text(say(locale, "place-page", number="3"))
        await expect(answer.locator(".small")).to_have_text(
            " · ".join(
                [
                    say(locale, "written-by", generator="local:m"),
                    say(locale, "script-release", release="r1"),
                    say(locale, "script-seconds", number="1,5"),
                ]
            )
        )
        await answer.get_by_role("button", name=say(locale, "page-bad")).click()
        await expect(answer.locator(".thanks")).to_have_text(say(locale, "vote-bad"))
        await expect(answer.locator("legend")).to_have_text(say(locale, "page-wrong"))
        shown = await page.locator("body").inner_text()
        english = (say("en", message) for message in (*REASONS.values(), "page-cancel", "page-hint"))
        assert not any(words in shown for words in english)


async def test_shift_enter_begins_a_new_line(chromium: Browser) -> None:
    """Enter sends; with Shift it does not. A blank question is never sent."""
    assistant = FakeAssistant()
    async with page_of(chromium, assistant) as page:
        box = page.get_by_label("Your question")
        await box.press("Enter")
        await box.fill("one")
        await box.press("Shift+Enter")
        await box.press_sequentially("two")
        await expect(box).to_have_value("one\ntwo")
        await box.press("Enter")
        await expect(page.locator(".answer")).to_have_count(1)
    assert [question.text for question in assistant.questions] == ["one\ntwo"]


async def test_before_its_script_has_come_the_page_sends_nothing(chromium: Browser) -> None:
    """A browser would put the question into the address, where logs and histories keep it."""
    async with page_of(chromium, FakeAssistant()) as page:
        await page.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
        await page.reload()
        box = page.get_by_label("Your question")
        await box.fill("When?")
        await box.press("Enter")
        await expect(page.get_by_role("button", name="Send")).to_be_disabled()
        await expect(box).to_have_value("When?\n")
        assert "When" not in page.url


async def test_the_conversation_is_one_thread_until_a_new_one_begins(chromium: Browser) -> None:
    """Follow-ups carry the turns before; "New conversation" empties the page and begins without them."""
    assistant = FakeAssistant()
    async with page_of(chromium, assistant, suggestions=["When?"]) as page:
        await page.get_by_role("button", name="When?").click()
        await expect(page.locator(".answer")).to_have_count(1)
        await ask(page, "And where?")
        await page.get_by_role("button", name="New conversation").click()
        await expect(page.locator(".message")).to_have_count(0)
        await expect(page.get_by_role("button", name="When?")).to_be_visible()
        await ask(page, "Who?")
    assert [len(question.turns) for question in assistant.questions] == [0, 2, 0]


async def test_an_answer_can_be_copied_with_its_sources(chromium: Browser) -> None:
    """The clipboard gets the text and a line for each source."""
    async with page_of(chromium, FakeAssistant(), permissions=["clipboard-read", "clipboard-write"]) as page:
        answer = await ask(page)
        await answer.get_by_role("button", name="Copy the answer").click()
        await expect(answer.locator(".thanks")).to_have_text("Copied.")
        copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == (
        "Expenses are refunded within 30 days [1].\n\n"
        "[1] Travel handbook · Expenses · https://docs.example.com/travel#expenses"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_colours_follow_the_system(chromium: Browser, scheme: str) -> None:
    """Light and dark by the reader's preference, both readable."""
    async with page_of(chromium, FakeAssistant(), color_scheme=scheme) as page:
        colours = await page.evaluate(
            "[getComputedStyle(document.documentElement).backgroundColor,"
            " getComputedStyle(document.documentElement).color]"
        )
    back, front = (sum(int(part) for part in re.findall(r"\d+", colour)) for colour in colours)
    assert (back > front) is (scheme == "light")
    assert abs(back - front) > 500


async def test_the_page_fits_a_phone(chromium: Browser) -> None:
    """At 390 pixels nothing makes the page scroll sideways: wide code and tables scroll by themselves."""
    wide = (
        "| "
        + " | ".join(["column"] * 12)
        + " |\n"
        + "|---" * 12
        + "|\n| "
        + " | ".join(["value"] * 12)
        + " |"
    )
    long = an_answer(text=f"{'w' * 200} [1]\n\n```\n{'c' * 300}\n```\n\n{wide}")
    async with page_of(chromium, FakeAssistant([long]), viewport={"width": 390, "height": 844}) as page:
        answer = await ask(page, "q" * 300)
        await answer.locator("summary").click()
        await answer.get_by_role("button", name="Bad answer").click()
        await expect(answer.locator(".feedback")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        assert await answer.locator(".table").evaluate("box => box.scrollWidth > box.clientWidth")


async def test_the_page_works_with_the_keyboard_alone(chromium: Browser) -> None:
    """From the question box, Tab backwards reaches the buttons of the last answer; Space presses them."""
    assistant = FakeAssistant()
    async with page_of(chromium, assistant) as page:
        answer = await ask(page)
        for name in ("Copy the answer", "Bad answer", "Good answer"):
            await page.keyboard.press("Shift+Tab")
            await expect(answer.get_by_role("button", name=name)).to_be_focused()
        await page.keyboard.press("Space")
        await expect(answer.locator(".thanks")).to_have_text("Thank you, good to know.")
    assert assistant.votes[0].value == 1
