"""OpenAIModel at the wire: against tests/servers/language_model.py, which does whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from rag_core.errors import AnswerloopError, NotReady, PromptTooLong, SettingsError, Unavailable
from rag_core.generation.models import breaker
from rag_core.generation.models.openai import OpenAIModel
from rag_core.generation.protocol import Message, Usage
from rag_core.settings import Generator
from tests.servers.language_model import LanguageServer, Reply, refusal, until
from tests.servers.redis import Certificate, free_port

KEY = "sk-very-secret"
Open = Callable[..., OpenAIModel]


@pytest.fixture
async def server() -> AsyncIterator[LanguageServer]:
    async with LanguageServer() as running:
        yield running


@pytest.fixture
async def model_at() -> AsyncIterator[Open]:
    """Opens a model at a server or an address, with settings of one's own; closed at the end."""
    opened = []

    def open_model(place: LanguageServer | str, **settings: Any) -> OpenAIModel:
        url = place.url if isinstance(place, LanguageServer) else place
        given = {"timeout_s": 30, "first_token_timeout_s": 20, "retries": 0} | settings
        model = OpenAIModel(Generator(kind="openai", model="scripted", base_url=url, **given))
        opened.append(model)
        return model

    yield open_model
    for model in opened:
        await model.close()


async def heard(model: OpenAIModel, text: str = "hi there", max_tokens: int = 100) -> list[str | Usage]:
    async with asyncio.timeout(60):
        return [part async for part in model.stream([Message("user", text)], max_tokens)]


async def hear(model: OpenAIModel, told: Callable[[str | Usage], None]) -> None:
    async for part in model.stream([Message("user", "hi there")], 100):
        told(part)


async def answer(model: OpenAIModel, text: str = "hi there") -> str:
    return "".join(part for part in await heard(model, text) if isinstance(part, str))


async def failure(model: OpenAIModel, kind: type[AnswerloopError] = Unavailable) -> str:
    with pytest.raises(kind) as caught:
        await heard(model)
    return str(caught.value)


def data(delta: dict[str, Any], finish: str | None = None) -> str:
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta, 'finish_reason': finish}]})}"


# What is asked


async def test_a_request_says_what_the_settings_say(server: LanguageServer, model_at: Open) -> None:
    """Messages in order, the model, how long and how free; streamed, with its tokens counted."""
    model = model_at(server, temperature=0.5)
    messages = [Message("system", "Be brief."), Message("user", "Hi"), Message("assistant", "Yes?")]
    assert [part async for part in model.stream([*messages, Message("user", "So?")], 77)]
    body = server.asked[0].body
    assert [(m["role"], m["content"]) for m in body["messages"]] == [
        ("system", "Be brief."),
        ("user", "Hi"),
        ("assistant", "Yes?"),
        ("user", "So?"),
    ]
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("scripted", 77, 0.5)
    assert body["stream"]
    assert body["stream_options"] == {"include_usage": True}


async def test_the_key_is_sent_where_there_is_one(server: LanguageServer, model_at: Open) -> None:
    """Without one there is no such header: Ollama and vLLM want none."""
    server.key = KEY
    assert await answer(model_at(server, api_key=SecretStr(KEY))) == "hi there"
    server.key = None
    await heard(model_at(server))
    assert "authorization" not in server.asked[-1].headers


async def test_headers_are_sent_with_their_variables(
    server: LanguageServer, model_at: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """'env:NAME' is the variable's value; one that is not set is a mistake that names both."""
    monkeypatch.setenv("GATEWAY_TOKEN", "t0ken")
    await heard(model_at(server, headers={"X-Team": "support", "X-Token": "env:GATEWAY_TOKEN"}))
    assert server.asked[0].headers["x-team"] == "support"
    assert server.asked[0].headers["x-token"] == "t0ken"
    monkeypatch.delenv("GATEWAY_TOKEN")
    with pytest.raises(SettingsError, match=r"GATEWAY_TOKEN.*generator\.headers\.X-Token"):
        model_at(server, headers={"X-Token": "env:GATEWAY_TOKEN"})


@pytest.mark.parametrize("settings", [{"api_key": SecretStr("sk-ä")}, {"headers": {"X-Own": "a\nHost: b"}}])
def test_what_no_header_can_hold_is_refused(settings: dict[str, Any]) -> None:
    """At once, by the name of the setting."""
    with pytest.raises(SettingsError, match=r"GENERATOR__API_KEY|generator\.headers\.X-Own"):
        OpenAIModel(Generator(kind="openai", model="m", base_url="http://127.0.0.1:1/v1", **settings))


async def test_the_environment_redirects_nothing_and_adds_nothing(
    server: LanguageServer, model_at: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables that the openai library and HTTP clients read otherwise: addresses, keys, headers, proxies."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    for name in ("OPENAI_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, nowhere)
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "from-the-environment")
    monkeypatch.setenv(
        "OPENAI_CUSTOM_HEADERS", "Authorization: Bearer from-the-environment\nX-Own: from-the-environment"
    )
    assert await answer(model_at(server)) == "hi there"
    assert not [value for value in server.asked[0].headers.values() if "environment" in value]
    assert not [name for name in server.asked[0].headers if name.startswith("x-stainless")]


async def test_azure_is_asked_by_deployment_and_version(server: LanguageServer, model_at: Open) -> None:
    """With its own header for the key; base_url is the resource."""
    server.key = KEY
    resource = server.url.removesuffix("/v1")
    model = model_at(resource, api_key=SecretStr(KEY), api_version="2024-10-21")
    assert await answer(model) == "hi there"
    assert server.asked[0].path == "/openai/deployments/scripted/chat/completions?api-version=2024-10-21"
    assert server.asked[0].headers["api-key"] == KEY
    assert "authorization" not in server.asked[0].headers


def test_openai_itself_wants_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one variable that counts is named; OPENAI_API_KEY is another program's."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(SettingsError, match="ANSWERLOOP_GENERATOR__API_KEY"):
        OpenAIModel(Generator(kind="openai", model="gpt-4o-mini"))


def test_without_the_package_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """As pip takes it."""
    monkeypatch.setitem(sys.modules, "openai", None)  # how Python marks what cannot be imported
    with pytest.raises(NotReady, match=r"pip install 'answerloop\[openai\]'"):
        OpenAIModel(Generator(kind="openai", model="m", base_url="http://127.0.0.1:1/v1"))


async def test_one_connection_serves_many_requests(server: LanguageServer, model_at: Open) -> None:
    """Also after one was refused; and one that the server has closed meanwhile is replaced."""
    model = model_at(server, retries=1)
    server.script.append(refusal(500, "oops", Retry_After="0"))
    for _ in range(3):
        await heard(model)
    assert server.connections == 1
    server.stop()
    server.start()
    assert await answer(model) == "hi there"


# What comes back


async def test_only_text_is_answer(server: LanguageServer, model_at: Open) -> None:
    """Thoughts, tool calls, refusals, keep-alives, roles and empty deltas are left out."""
    server.script.append(
        Reply(
            events=[
                ": keep-alive",
                'data: {"choices": []}',
                data({"role": "assistant", "content": ""}),
                data({"reasoning_content": "Hm.", "reasoning": "Hm."}),
                data(
                    {
                        "content": None,
                        "tool_calls": [{"index": 0, "function": {"name": "x", "arguments": "{}"}}],
                    }
                ),
                data({"refusal": "No."}),
                data({"content": "27 "}),
                "event: ping\ndata: {}",
                data({"content": "days ä你👋"}),
                data({}, "stop"),
                "data: [DONE]",
            ]
        )
    )
    *pieces, usage = await heard(model_at(server))
    assert pieces == ["27 ", "days ä你👋"]
    assert isinstance(usage, Usage)


async def test_tokens_are_as_the_endpoint_counted(server: LanguageServer, model_at: Open) -> None:
    """Where it does not say, they are estimated, and marked so."""
    model = model_at(server)
    assert (await heard(model, "one two three"))[-1] == Usage(3, 3)
    server.script.append(Reply.text("one two three", usage=False))
    assert (await heard(model, "one two three"))[-1] == Usage(3, 3, estimated=True)


async def test_a_prompt_that_was_cut_is_noticed(
    server: LanguageServer, model_at: Open, caplog: pytest.LogCaptureFixture
) -> None:
    """Ollama reads the end of a prompt that is longer than its window, and says nothing; its count gives it away."""
    model = model_at(server)
    await heard(model, "word " * 2000)
    assert not caplog.records
    usage = {"choices": [], "usage": {"prompt_tokens": 600, "completion_tokens": 1}}
    events = [data({"content": "27"}, "stop"), f"data: {json.dumps(usage)}"]
    server.script.extend([Reply(events=events)] * 2)
    for _ in range(2):
        await heard(model, "word " * 2000)
    (record,) = caplog.records
    assert "generator.window" in record.getMessage()


async def test_an_answer_that_ran_into_its_limit_ends_there(server: LanguageServer, model_at: Open) -> None:
    """It is no failure; nor is one that a tool call or nothing at all ended."""
    server.script.extend([Reply(["27 "], finish="length"), Reply(["27 "], finish="tool_calls"), Reply([])])
    model = model_at(server)
    assert [await answer(model) for _ in range(3)] == ["27 ", "27 ", ""]


async def test_an_answer_without_end_is_cut(server: LanguageServer, model_at: Open) -> None:
    """By an endpoint that knows no limit; it is hung up on."""
    server.script.append(Reply(["word "], endless=True))
    *pieces, usage = await heard(model_at(server), max_tokens=50)
    assert len("".join(map(str, pieces))) == 50 * 16
    assert isinstance(usage, Usage)
    await until(lambda: server.asked[0].ended)
    assert server.asked[0].ended == "disconnected"


async def test_a_whole_answer_needs_no_goodbye(server: LanguageServer, model_at: Open) -> None:
    """After its finish_reason, what fails is the count of the tokens alone."""
    whole = [data({"content": "27"}), data({}, "stop")]
    server.script.append(Reply(events=[*whole, "data: {nonsense"]))
    server.script.append(Reply(events=whole, drop="mid-stream"))
    model = model_at(server)
    for _ in range(2):
        assert await heard(model) == ["27", Usage(2, 2, estimated=True)]


async def test_a_filtered_answer_is_no_answer(server: LanguageServer, model_at: Open) -> None:
    """Whether the answer or, as Azure does, the question was stopped; it is asked once."""
    server.script.append(Reply(["27"], finish="content_filter"))
    server.script.append(refusal(400, "The response was filtered.", "content_filter"))
    model = model_at(server, retries=3)
    for _ in range(2):
        assert "content filter" in await failure(model)
    assert len(server.asked) == 2
    filtered = [data({}), data({}), data({}, "content_filter"), data({"content": "27"})]
    server.script.append(Reply(events=filtered, between_s=0.5))
    await failure(model)
    await until(lambda: server.asked[2].ended)
    assert server.asked[2].ended == "disconnected"


# What not every endpoint takes


@pytest.mark.parametrize(
    "refused",
    [
        {"stream_options"},
        {"max_tokens"},
        {"temperature"},
        {"stream_options", "max_tokens", "temperature"},
    ],
)
async def test_what_is_refused_is_left_out_and_remembered(
    refused: set[str], server: LanguageServer, model_at: Open
) -> None:
    """max_tokens gives way to max_completion_tokens; the next question is asked once."""
    server.refuses = refused
    model = model_at(server)
    assert await answer(model) == "hi there"
    assert len(server.asked) == 1 + len(refused)
    body = server.asked[-1].body
    assert not refused & body.keys()
    assert ("max_completion_tokens" in body) == ("max_tokens" in refused)
    await heard(model)
    assert len(server.asked) == 2 + len(refused)


async def test_the_words_of_other_servers_are_understood(server: LanguageServer, model_at: Open) -> None:
    """FastAPI's 422, and OpenAI's sentence that names what it refuses and what it wants."""
    detail = [
        {
            "type": "extra_forbidden",
            "loc": ["body", "stream_options"],
            "msg": "Extra inputs are not permitted",
        }
    ]
    server.script.append(Reply(status=422, body=json.dumps({"detail": detail}).encode()))
    server.script.append(
        refusal(
            400, "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
        )
    )
    assert await answer(model_at(server)) == "hi there"
    assert "stream_options" not in server.asked[1].body
    assert "max_completion_tokens" in server.asked[2].body


async def test_an_endpoint_that_refuses_everything_is_not_asked_for_ever(
    server: LanguageServer, model_at: Open
) -> None:
    """Neither name of the limit is taken: that is said."""
    server.refuses = {"max_tokens", "max_completion_tokens"}
    assert "max_completion_tokens" in await failure(model_at(server))
    assert len(server.asked) == 2


# What is refused for good


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (refusal(401, "no"), r"API key \(401\); see ANSWERLOOP_GENERATOR__API_KEY"),
        (refusal(403, "no"), r"\(403\); see ANSWERLOOP_GENERATOR__API_KEY"),
        (refusal(404, "no"), r"no model 'scripted'.*\(404\); see generator\.model and generator\.base_url"),
        (refusal(400, "Roles must alternate."), r"\(400\): Roles must alternate\."),
        (refusal(429, "You exceeded your current quota.", "insufficient_quota"), "no credit left"),
        (
            Reply(status=307, headers={"Location": "http://127.0.0.1:1/"}, body=b""),
            r"another address \(307\)",
        ),
        (Reply(body=b"<html>Welcome</html>", headers={"Content-Type": "text/html"}), r"generator\.base_url"),
        (Reply(body=b'{"answer": 27}'), r"generator\.base_url"),
        (Reply(events=['data: {"choices": [']), "no stream of chat completions"),
        (Reply(events=["data: " + "[" * 100_000]), "no stream of chat completions"),
        (
            Reply(events=['data: {"answer": 27}', "data: [1, 2]", 'data: {"choices": 3}']),
            "no chat completion",
        ),
        (Reply(events=["data: " + "x" * 20_000_000]), "without an end"),
        (Reply(status=400, body=b"x" * 20_000_000), "without an end"),
        (Reply(body=b"\x1f\x8b" + bytes(50), headers={"Content-Encoding": "gzip"}), "compresses"),
    ],
)
async def test_what_will_not_pass_is_asked_once(
    reply: Reply, told: str, server: LanguageServer, model_at: Open
) -> None:
    """And told with its remedy, and with the place, but never the path or the key."""
    server.script.append(reply)
    model = model_at(server, retries=3, api_key=SecretStr(KEY))
    with pytest.raises(Unavailable, match=told) as caught:
        await heard(model)
    assert len(server.asked) == 1
    assert f"http://127.0.0.1:{server.port} " in str(caught.value)
    assert KEY not in str(caught.value)
    assert await answer(model) == "hi there"


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "This model's maximum context length is 4097 tokens.", "context_length_exceeded"),
        (400, "'max_tokens' is too large: 700. This model's maximum context length is 512 tokens", None),
        (400, "the request exceeds the available context size. try increasing it", None),
        (
            400,
            "request (5000 tokens) exceeds the available context size (4096 tokens)",
            "exceed_context_size_error",
        ),
        (
            422,
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000",
            None,
        ),
        (422, "Input validation error: `inputs` must have less than 4095 tokens. Given: 5000", None),
        (400, "The decoder prompt (length 8357) is longer than the maximum model length of 8192.", None),
        (400, "input length exceeds the context length", None),
        (400, "The input token count (40000) exceeds the maximum number of tokens allowed (32768).", None),
        (413, "prompt is too long: 210000 tokens > 200000 maximum", None),
        (400, "litellm.ContextWindowExceededError: input length exceeds the context length", None),
    ],
)
async def test_a_prompt_that_is_too_long_for_the_endpoint_is_told_as_such(
    status: int, message: str, code: str | None, server: LanguageServer, model_at: Open
) -> None:
    """In the words of each server; nothing is asked twice."""
    server.script.append(refusal(status, message, code))
    assert "generator.window" in await failure(model_at(server, retries=3), PromptTooLong)
    assert len(server.asked) == 1


async def test_what_cannot_fit_is_not_sent(server: LanguageServer, model_at: Open) -> None:
    """By the count of our own."""
    with pytest.raises(PromptTooLong, match=r"window of 600"):
        await heard(model_at(server, window=600), "word " * 550)
    assert not server.asked


async def test_a_secret_that_the_endpoint_repeats_is_not_told(
    server: LanguageServer, model_at: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the key nor a header's variable."""
    monkeypatch.setenv("GATEWAY_TOKEN", "t0ken")
    server.script.append(refusal(418, f"What are {KEY} and t0ken to me?\x1b[31m\nNothing."))
    headers = {"X-Token": "env:GATEWAY_TOKEN"}
    told = await failure(model_at(server, api_key=SecretStr(KEY), headers=headers))
    assert "What are … and … to me?" in told
    assert told.isprintable()


async def test_a_redirect_is_not_followed(server: LanguageServer, model_at: Open) -> None:
    """Question and key go nowhere but to the address of the settings."""
    async with LanguageServer() as other:
        server.script.append(
            Reply(status=308, headers={"Location": f"{other.url}/chat/completions"}, body=b"")
        )
        await failure(model_at(server, api_key=SecretStr(KEY)))
        assert other.connections == 0


# What passes


@pytest.mark.parametrize(
    "reply",
    [
        refusal(408, "slow", Retry_After="0"),
        refusal(409, "locked", Retry_After="0"),
        refusal(429, "slow down", Retry_After="0"),
        refusal(500, "oops", Retry_After="0"),
        refusal(503, "loading", Retry_After="0"),
        Reply(drop="before headers"),
        Reply(events=[data({"role": "assistant"})], drop="mid-stream"),
        Reply(events=['data: {"error": {"message": "overloaded", "code": 503}}']),
        Reply(events=['data: {"error": "overloaded"}']),
        Reply.text("late", before_headers_s=30),
        Reply.text("late", before_first_s=30),
    ],
)
async def test_what_may_pass_is_asked_again(reply: Reply, server: LanguageServer, model_at: Open) -> None:
    """Until the first word has come."""
    server.script.append(reply)
    late = reply.before_headers_s or reply.before_first_s
    model = model_at(server, retries=1, first_token_timeout_s=3 if late else 20)
    assert await answer(model) == "hi there"
    assert len(server.asked) == 2


async def test_retries_are_bounded(server: LanguageServer, model_at: Open) -> None:
    """By their number; what was said last is told."""
    server.answering = lambda asked: refusal(500, f"oops {len(server.asked)}", Retry_After="0")
    assert "(500): oops 3." in await failure(model_at(server, retries=2))
    assert len(server.asked) == 3


@pytest.mark.parametrize("header", [{"Retry_After": "1"}, {"retry_after_ms": "1000", "Retry_After": "600"}])
async def test_an_endpoint_is_left_alone_as_long_as_it_asks_for(
    header: dict[str, str], server: LanguageServer, model_at: Open
) -> None:
    """In seconds, or finer in milliseconds."""
    server.script.append(refusal(429, "slow down", **header))
    assert await answer(model_at(server, retries=1)) == "hi there"
    first, second = (asked.began for asked in server.asked)
    assert second - first >= 0.99


@pytest.mark.parametrize("wait", ["600", "Fri, 31 Dec 2100 23:59:59 GMT"])
async def test_it_is_not_waited_for_beyond_the_time(
    wait: str, server: LanguageServer, model_at: Open
) -> None:
    """The documents are quoted at once instead."""
    server.script.append(refusal(429, "slow down", Retry_After=wait))
    assert "too many requests (429)" in await failure(model_at(server, retries=5))
    assert len(server.asked) == 1


@pytest.mark.parametrize("wait", ["soon", "-5", "nan", "Fri, 31 Dec 1999 23:59:59 GMT"])
async def test_a_wait_that_makes_no_sense_is_none(wait: str, server: LanguageServer, model_at: Open) -> None:
    """What remains is a pause of our own, or none."""
    server.script.append(refusal(429, "slow down", Retry_After=wait))
    assert await answer(model_at(server, retries=1)) == "hi there"


async def test_pauses_of_our_own_grow(server: LanguageServer, model_at: Open) -> None:
    """At least 1/4, 1/2 and 1 second."""
    server.answering = lambda asked: refusal(500, "oops")
    await failure(model_at(server, retries=3))
    began = [asked.began for asked in server.asked]
    assert all(b - a >= least for (a, b), least in zip(pairwise(began), (0.24, 0.49, 0.99), strict=True))


async def test_an_answer_that_broke_off_is_not_asked_for_again(
    server: LanguageServer, model_at: Open
) -> None:
    """Its reader has seen the beginning of it."""
    broken = [
        Reply(["27 ", "days"], drop="mid-stream"),
        Reply(["27 ", "days"], finish=None),
        Reply(["27 ", "days"], between_s=30),
        Reply(
            events=[
                data({"content": "27 "}),
                data({"content": "days"}),
                'data: {"error": {"message": "boom"}}',
            ]
        ),
    ]
    server.script.extend(broken)
    model = model_at(server, retries=3, first_token_timeout_s=1)
    for reply in broken:
        pieces: list[str | Usage] = []
        with pytest.raises(Unavailable):
            await hear(model, pieces.append)
        assert pieces[:1] == ["27 "], reply
        assert not isinstance(pieces[-1], Usage)
    assert len(server.asked) == len(broken)


async def test_the_whole_answer_has_its_time_too(server: LanguageServer, model_at: Open) -> None:
    """However steadily it comes."""
    server.script.append(Reply(["word "], endless=True, between_s=0.05))
    assert "too long" in await failure(model_at(server, timeout_s=1))


# Who cannot be reached


async def test_nobody_there(model_at: Open) -> None:
    """A port where nothing listens, and a name that is none; the path of the address is not told."""
    port = free_port()
    told = await failure(model_at(f"http://127.0.0.1:{port}/v1"))
    assert told == f"http://127.0.0.1:{port} refuses connections; see that it runs, and generator.base_url."
    told = await failure(model_at("http://nobody.invalid/v1"))
    assert told == "http://nobody.invalid has a name that cannot be resolved; see generator.base_url."


async def test_tls_is_checked(tmp_path: Path, model_at: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that nobody vouches for, and a server without TLS; SSL_CERT_FILE names who else may vouch."""
    made = Certificate.make(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    async with LanguageServer(tls=context) as server, LanguageServer() as plain:
        assert "see its certificate" in await failure(model_at(server))
        assert "no TLS" in await failure(model_at(plain.url.replace("http", "https")))
        monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
        assert await answer(model_at(server)) == "hi there"


async def test_a_dead_endpoint_costs_little(server: LanguageServer, model_at: Open) -> None:
    """After a few failures it is left alone; when it is back, one request finds out and all are served."""
    model = model_at(server, first_token_timeout_s=0.5)
    server.answering = lambda asked: Reply.text("late", before_headers_s=30)
    for _ in range(breaker.FAILURES):
        assert "too long" in await failure(model)
    for _ in range(50):
        assert "left alone" in await failure(model)
    assert len(server.asked) == breaker.FAILURES
    server.answering = lambda asked: Reply.text("back")

    async def is_back() -> bool:
        try:
            return await answer(model) == "back"
        except Unavailable:
            return False

    async with asyncio.timeout(30):
        while not await is_back():  # noqa: ASYNC110 - it is asked
            await asyncio.sleep(0.05)
    assert await asyncio.gather(*(answer(model) for _ in range(20))) == ["back"] * 20


async def test_refusals_do_not_count_as_dead(server: LanguageServer, model_at: Open) -> None:
    """Whoever answers, with whatever, is there."""
    model = model_at(server)
    for status in [401, 404, 429] + [500] * (breaker.FAILURES + 1):
        server.script.append(refusal(status, "no"))
        assert f"({status})" in await failure(model)
    assert await answer(model) == "hi there"


# Who stops reading


async def test_no_more_requests_run_at_a_time_than_the_settings_say(
    server: LanguageServer, model_at: Open
) -> None:
    """The others wait for their turn, within their time; who goes away gives up his."""
    model = model_at(server, concurrency=2)
    server.script.extend([Reply.text("hi there", before_first_s=30)] * 2)
    first = [asyncio.create_task(heard(model)) for _ in range(2)]
    await until(lambda: len(server.asked) == 2)
    waiting = [asyncio.create_task(answer(model)) for _ in range(5)]
    await asyncio.sleep(0.2)
    assert len(server.asked) == 2
    for task in first:
        task.cancel()
    assert await asyncio.gather(*waiting) == ["hi there"] * 5


async def test_who_waits_too_long_for_his_turn_is_told(server: LanguageServer, model_at: Open) -> None:
    """It is no failure of the endpoint, which is asked again by the next one."""
    patient, hasty = model_at(server, concurrency=1), model_at(server, concurrency=1, timeout_s=0.2)
    hasty._turns = patient._turns
    server.script.append(Reply.text("hi there", before_first_s=30))
    first = asyncio.create_task(heard(patient))
    await until(lambda: server.asked)
    for _ in range(breaker.FAILURES + 1):
        assert "generator.concurrency" in await failure(hasty)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert await answer(hasty) == "hi there"


async def test_closing_the_stream_reaches_the_endpoint(server: LanguageServer, model_at: Open) -> None:
    """It sees the connection go while it writes, and the others stay."""
    model = model_at(server)
    server.script.append(Reply(["word "], endless=True, between_s=0.05))
    async with aclosing(model.stream([Message("user", "hi")], 1000)) as stream:  # type: ignore[type-var]
        assert await anext(stream) == "word "
        assert await answer(model) == "hi there"
    await until(lambda: server.asked[0].ended)
    assert server.asked[0].ended == "disconnected"


@pytest.mark.parametrize(
    "reply",
    [
        Reply.text("late", before_headers_s=60),
        Reply.text("late", before_first_s=60),
        Reply(["word "], endless=True, between_s=0.05),
    ],
)
@pytest.mark.parametrize("how", ["cancel", "timeout"])
async def test_cancelling_the_reader_reaches_the_endpoint(
    how: str, reply: Reply, server: LanguageServer, model_at: Open
) -> None:
    """Wherever it waits, and whether it is its end or a time limit of its own."""
    model = model_at(server)
    server.script.append(reply)
    limit_s = 0.5 if how == "timeout" else None
    reading = asyncio.create_task(asyncio.wait_for(heard(model, max_tokens=10_000 // 16), limit_s))
    await until(lambda: server.asked)
    if how == "cancel":
        await asyncio.sleep(0.1)
        reading.cancel()
    with pytest.raises(asyncio.CancelledError if how == "cancel" else TimeoutError):
        await reading
    await until(lambda: server.asked[0].ended)
    assert server.asked[0].ended == "disconnected"
    assert await answer(model) == "hi there"


async def test_after_closing_nothing_is_asked(server: LanguageServer, model_at: Open) -> None:
    """It says so."""
    model = model_at(server)
    await model.close()
    assert "closed" in await failure(model)
    assert not server.connections
