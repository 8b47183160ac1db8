"""The chat page's API, over HTTP without a network."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager

import httpx
import pytest

from adapters.bodies import BODY_LIMIT, QUESTION_LENGTH
from adapters.chat import Chat
from adapters.guard import LOOPBACK_HOSTS
from adapters.page import PAGE
from adapters.web import web_app
from rag_core.errors import InvalidQuestion, NotReady, Unavailable
from rag_core.types import Citation, Turn
from tests.fakes import FakeAssistant, an_answer

HOST = "ask.example.com"
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><svg onload=alert(1)>",
    "javascript:alert(1)",
    "\u2028\u2029 {{7*7}} ${7*7}",
)


async def ready() -> Mapping[str, object]:
    return {"release": "r1"}


@asynccontextmanager
async def client_of(
    assistant: FakeAssistant, host: str = HOST, **options: object
) -> AsyncIterator[httpx.AsyncClient]:
    app = web_app(Chat(assistant), options.pop("ready", ready), **options)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        yield client


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture
async def client(assistant: FakeAssistant) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(assistant) as client:
        yield client


async def test_a_question_gets_its_answer_with_citations(client: httpx.AsyncClient) -> None:
    """Everything the page shows is in the reply, under the documented names."""
    response = await client.post("/api/ask", json={"question": "When?"})
    assert response.status_code == 200
    assert response.json() == {
        "answer_id": "a1",
        "text": "Expenses are refunded within 30 days [1].",
        "citations": [
            {
                "number": 1,
                "title": "Travel handbook",
                "location": "https://docs.example.com/travel#expenses",
                "quote": "Expenses are refunded within 30 days of the claim.",
                "place": "Expenses",
            }
        ],
        "confidence": 0.91,
        "unsure": False,
        "abstained": False,
        "nearest": [],
        "standalone": "",
        "generator": "extractive",
        "notices": [],
        "release": "r1",
        "timings_ms": {"search": 3.5, "total": 8.4},
    }


async def test_the_asker_is_a_random_person_in_a_private_cookie(
    client: httpx.AsyncClient, assistant: FakeAssistant
) -> None:
    """The browser is given an id that scripts cannot read; questions and votes come from that person."""
    cookie = (await client.get("/")).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    response = await client.post("/api/ask", json={"question": "When?"})
    assert "set-cookie" not in response.headers
    await client.post("/api/feedback", json={"answer_id": "a1", "value": 1})
    principal = assistant.questions[0].principal
    assert (principal.platform, principal.direct, len(principal.user)) == ("web", True, 22)
    assert assistant.votes[0].user == principal.user


async def test_an_invented_cookie_is_replaced(client: httpx.AsyncClient, assistant: FakeAssistant) -> None:
    """Only ids of our own making are taken for a person."""
    headers = {"cookie": "answerloop_person=admin"}
    response = await client.post("/api/ask", json={"question": "When?"}, headers=headers)
    assert "set-cookie" in response.headers
    assert assistant.questions[0].principal.user != "admin"


async def test_a_thread_remembers_what_was_said(client: httpx.AsyncClient, assistant: FakeAssistant) -> None:
    """A second question in a thread carries the first exchange; one without a thread carries nothing."""
    await client.get("/")
    for body in (
        {"question": "When?", "thread": "t1"},
        {"question": "And where?", "thread": "t1"},
        {"question": "Who?"},
    ):
        await client.post("/api/ask", json=body)
    assert assistant.questions[1].turns == (
        Turn("user", "When?"),
        Turn("assistant", "Expenses are refunded within 30 days [1].", answer="a1"),
    )
    assert assistant.questions[2].turns == ()


async def test_nobody_reads_another_persons_thread(
    client: httpx.AsyncClient, assistant: FakeAssistant
) -> None:
    """Knowing a thread's name opens nothing: memory belongs to the person and the thread."""
    await client.get("/")
    await client.post("/api/ask", json={"question": "A secret", "thread": "t1"})
    client.cookies.clear()
    await client.post("/api/ask", json={"question": "And then?", "thread": "t1"})
    assert assistant.questions[1].turns == ()
    assert assistant.questions[0].thread != assistant.questions[1].thread


async def test_feedback_reaches_the_assistant_in_full(
    client: httpx.AsyncClient, assistant: FakeAssistant
) -> None:
    """Value, reason, comment and correction arrive as they were sent."""
    await client.post("/api/ask", json={"question": "When?"})
    body = {
        "answer_id": "a1",
        "value": -1,
        "reason": "out_of_date",
        "comment": "old",
        "correction": "40 days",
    }
    response = await client.post("/api/feedback", json=body)
    assert response.json() == {"message": "Thank you. A person will look at this."}
    vote = assistant.votes[0]
    assert (vote.answer, vote.value, vote.reason, vote.comment, vote.correction) == tuple(body.values())


async def test_feedback_on_an_unknown_answer_is_404(client: httpx.AsyncClient) -> None:
    """The page learns that nothing was recorded."""
    response = await client.post("/api/feedback", json={"answer_id": "gone", "value": 1})
    assert response.status_code == 404
    assert "do not know this answer" in response.json()["error"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(InvalidQuestion("Say more."), 422), (Unavailable("down"), 503), (KeyError("bug"), 503)],
)
async def test_errors_are_sentences_with_a_fitting_status(error: Exception, status: int) -> None:
    """422: word it differently; 503: try again. Details stay in the log."""
    async with client_of(FakeAssistant([error])) as client:
        response = await client.post("/api/ask", json={"question": "When?"})
    assert response.status_code == status
    assert list(response.json()) == ["error"]
    assert "bug" not in response.text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "question is missing."),
        ({"question": 5}, "question: input should be a valid string."),
        ({"question": "  \n"}, "question: is empty."),
        ({"question": "x" * (QUESTION_LENGTH + 1)}, "question: string should have at most 4000 characters."),
        ({"question": "a\x00b"}, "question: holds a character that is not text."),
        ({"question": "a", "thread": "../../etc"}, "thread: string should match"),
        ({"question": "a", "top_k": 5}, "top_k is not expected."),
        ([], "The body: "),
        ("When?", "The body: "),
    ],
)
async def test_a_wrong_question_is_refused_by_field(
    client: httpx.AsyncClient, body: object, words: str
) -> None:
    """422 with a sentence that names the field and what is wrong with it."""
    response = await client.post("/api/ask", json=body)
    assert response.status_code == 422
    assert response.json()["error"].startswith(words)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"answer_id": ""}, "answer_id"),
        ({"value": 2}, "value"),
        ({"value": "1"}, "value"),
        ({"reason": "bored"}, "reason"),
        ({"comment": "x" * 4001}, "comment"),
        ({"correction": None}, "correction"),
    ],
)
async def test_wrong_feedback_is_refused_by_field(
    client: httpx.AsyncClient, assistant: FakeAssistant, change: dict[str, object], field: str
) -> None:
    """Votes are -1, 0 or 1, and reasons are those of the form; nothing else is recorded."""
    response = await client.post("/api/feedback", json={"answer_id": "a1", "value": 1} | change)
    assert response.status_code == 422
    assert response.json()["error"].startswith(f"{field}: ")
    assert assistant.votes == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 60_000, b'{"question": "\\ud800"}', b"1" * 5000, b'{"question": NaN}'],
)
async def test_a_body_that_is_not_json_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    """Broken, deeply nested or oddly encoded bodies are the sender's mistake, never a failure of ours."""
    response = await client.post("/api/ask", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert response.json()["error"]


async def test_a_body_over_the_limit_is_refused_without_reading_it_all(client: httpx.AsyncClient) -> None:
    """413 as soon as the limit is passed, also without a Content-Length."""
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 1
            yield b" " * 4096

    whole = await client.post("/api/ask", json={"question": "x" * BODY_LIMIT})
    streamed = await client.post("/api/ask", content=endless(), headers={"content-type": "application/json"})
    assert (whole.status_code, streamed.status_code) == (413, 413)
    assert whole.json()["error"] == "The request is larger than 64 kB."


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": ""},
        {"origin": f"http://{HOST}.evil.example"},
        {"origin": f"http://{HOST}:8081"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/api/ask", "/api/feedback"])
async def test_other_sites_cannot_ask_or_vote(
    client: httpx.AsyncClient, assistant: FakeAssistant, path: str, headers: dict[str, str]
) -> None:
    """A POST that a browser sends for another site's page is refused before it is read."""
    response = await client.post(path, json={"question": "When?"}, headers=headers)
    assert response.status_code == 403
    assert assistant.questions == []


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_our_own_page_may_ask(client: httpx.AsyncClient, scheme: str) -> None:
    """The page's own origin passes, also behind a proxy that ends TLS."""
    response = await client.post(
        "/api/ask", json={"question": "When?"}, headers={"origin": f"{scheme}://{HOST}"}
    )
    assert response.status_code == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_forms_cannot_ask(client: httpx.AsyncClient, kind: str) -> None:
    """Only JSON is taken, which no HTML form of another site can send."""
    response = await client.post("/api/ask", content=b'{"question": "When?"}', headers={"content-type": kind})
    assert response.status_code == 415


def _responses() -> Iterator[tuple[str, str]]:
    yield from (
        ("GET", path) for path in ("/", "/static/style.css", "/api/suggestions", "/healthz", "/missing")
    )
    yield from (("POST", "/api/ask"), ("GET", "/api/ask"), ("GET", "/static/../web.py"))


@pytest.mark.parametrize(("method", "path"), list(_responses()))
async def test_every_response_carries_the_security_headers(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    """No inline script or style runs, nothing can frame the page, and nothing is sniffed: on errors too."""
    headers = (await client.request(method, path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] in ("no-cache", "no-store")


async def test_the_page_keeps_its_own_policy() -> None:
    """The page has no inline script, style or handler, and loads from its own server only."""
    page = (PAGE / "index.html").read_text()
    assert "<style" not in page
    assert " style=" not in page
    assert " on" + "click" not in page
    assert "http" not in page
    assert page.count("<script") == 1
    for script in PAGE.glob("*.js"):
        code = script.read_text()
        assert not any(
            word in code
            for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "document.write")
        )


@pytest.mark.parametrize("path", ["/static/..%2fweb.py", "/static/%2e%2e/web.py", "/static//etc/passwd"])
async def test_only_the_pages_own_files_are_served(client: httpx.AsyncClient, path: str) -> None:
    """No path leads out of the page's folder."""
    assert (await client.get(path)).status_code == 404


async def test_an_unknown_address_is_a_json_sentence(client: httpx.AsyncClient) -> None:
    """Also the wrong method; both name no internals."""
    missing = await client.get("/api/nothing")
    wrong = await client.get("/api/ask")
    assert (missing.status_code, wrong.status_code) == (404, 405)
    assert "error" in missing.json()
    assert wrong.headers["allow"] == "POST"


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_markup_in_documents_comes_back_as_inert_json(payload: str) -> None:
    """Text from documents, titles and releases is data: unchanged, typed as JSON, not sniffable as HTML."""
    cited = Citation(1, payload, payload, payload, "p", payload)
    answer = an_answer(text=payload, citations=(cited,), nearest=(cited,), release=payload)
    async with client_of(FakeAssistant([answer])) as client:
        response = await client.post("/api/ask", json={"question": payload})
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-content-type-options"] == "nosniff"
    body = json.loads(response.content)
    assert body["text"] == body["release"] == body["citations"][0]["title"] == payload


async def test_suggestions_are_what_the_application_was_given(assistant: FakeAssistant) -> None:
    """An empty page offers these questions, or none."""
    async with client_of(assistant, suggestions=["When?"]) as client:
        assert (await client.get("/api/suggestions")).json() == {"questions": ["When?"]}
    async with client_of(assistant) as client:
        assert (await client.get("/api/suggestions")).json() == {"questions": []}


async def test_health_tells_whether_questions_can_be_answered(assistant: FakeAssistant) -> None:
    """200 with the details, or 503 with the kind of problem and no internals."""

    async def not_ready() -> Mapping[str, object]:
        raise NotReady("/srv/secret is empty; run answerloop ingest.")

    async with client_of(assistant) as client:
        well = await client.get("/healthz")
    async with client_of(assistant, ready=not_ready) as client:
        ill = await client.get("/healthz")
    assert (well.status_code, well.json()) == (200, {"ready": True, "release": "r1"})
    assert (ill.status_code, ill.json()) == (503, {"ready": False, "reason": "NotReady"})


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("LOCALHOST", 200),
        ("[::1]:8080", 200),
        ("rebound.evil.example:8080", 421),
        ("[", 421),
    ],
)
async def test_a_page_on_loopback_answers_to_loopback_names_only(
    assistant: FakeAssistant, host: str, status: int
) -> None:
    """A foreign name that was made to point at this machine reaches nothing (DNS rebinding)."""
    async with client_of(assistant, hosts=LOOPBACK_HOSTS) as client:
        response = await client.get("/", headers={"host": host})
    assert response.status_code == status
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_how_an_answer_came_about_is_told() -> None:
    """What a follow-up was taken as, what wrote the answer, and its notices."""
    answer = an_answer(
        standalone="When are claims refunded?", generator="openai:m", notices=("It was hard.",)
    )
    async with client_of(FakeAssistant([answer])) as client:
        body = (await client.post("/api/ask", json={"question": "And claims?"})).json()
    assert (body["standalone"], body["generator"], body["notices"]) == (
        "When are claims refunded?",
        "openai:m",
        ["It was hard."],
    )


async def test_of_an_abstention_only_the_question_is_remembered() -> None:
    """The next question carries what was asked, not that nothing was found."""
    assistant = FakeAssistant([an_answer(text="I could not find that.", abstained=True), an_answer()])
    async with client_of(assistant) as client:
        await client.get("/")
        for question in ("Where is the spa?", "And its hours?"):
            await client.post("/api/ask", json={"question": question, "thread": "t1"})
    assert assistant.questions[1].turns == (Turn("user", "Where is the spa?"),)
