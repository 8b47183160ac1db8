"""What an endpoint's errors mean: a sentence with the remedy, and whether asking again can help.

Read off the openai library's exceptions by their attributes, without importing it.
"""

from __future__ import annotations

import email.utils
import math
import re
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rag_core.errors import AnswerloopError, PromptTooLong, Unavailable

__all__ = ["Failure", "Where", "failure_of", "named_parameters"]

KEY = "ANSWERLOOP_GENERATOR__API_KEY"
PARAMETERS = ("stream_options", "max_completion_tokens", "max_tokens", "temperature")
"""That not every endpoint takes."""
_TOO_LONG = re.compile(
    r"context[_ ]?(?:length|window|size)[^.]{0,60}exceed|exceed[^.]{0,60}\bcontext\b|exceed_context|"
    r"(?:maximum|longer|greater|larger)[^.]{0,60}\b(?:context|model)[_ ](?:length|window|size)|"
    r"inputs?\W{1,2}tokens? \+ \W?max_new_tokens|must have less than \d+ tokens|token count[^.]{0,40}exceed|"
    r"(?:prompt|input)[^.]{0,10} too long|reduce the length of the messages",
    re.IGNORECASE,
)
"""In the words of OpenAI, vLLM, llama.cpp, Ollama, TGI, LiteLLM, Google and Anthropic."""
_FILTERED = re.compile(r"content_filter|content management policy|content_policy", re.IGNORECASE)
_PASSING = {408, 409, 425, 429}
_GATEWAY = {502, 503, 504}
"""A gateway says that what is behind it cannot be reached."""
_QUOTED = 200


@dataclass(frozen=True, slots=True)
class Where:
    """What is asked."""

    place: str
    """The endpoint's scheme, host and port; the one thing of its address that messages tell."""
    model: str
    secrets: tuple[str, ...] = ()
    """Are not told, should the endpoint repeat them."""


class Failure(Unavailable):
    """passing: another try may succeed. unreachable: nobody is there, or too slow. wait_s: what the endpoint asks for."""

    def __init__(
        self, sentence: str, *, passing: bool = False, unreachable: bool = False, wait_s: float | None = None
    ) -> None:
        super().__init__(sentence)
        self.passing = passing
        self.unreachable = unreachable
        self.wait_s = wait_s


def failure_of(error: BaseException, where: Where) -> AnswerloopError:
    """What the exception of a request says: a Failure, or PromptTooLong."""
    place = where.place
    status = getattr(error, "status_code", None)
    for one in (error, error.__cause__):  # openai 2 wraps what a hook raises
        if isinstance(one, AnswerloopError):
            return one
    if isinstance(status, int):
        return _refused(error, status, where)
    names = {type(e).__name__ for e in _chain(error)}
    if isinstance(error, TimeoutError) or "APITimeoutError" in names:
        return Failure(
            f"{place} took too long to answer; see that it is not overloaded.", passing=True, unreachable=True
        )
    if "APIConnectionError" in names or type(error).__module__.startswith(
        "httpx"
    ):  # openai 2 wraps only some
        return _unconnected(error, place)
    if "APIError" in names:  # an error that came as an event of the stream
        return _told(error, where)
    return Failure(
        f"{place} sent what is no stream of chat completions ({type(error).__name__}); see generator.base_url, which "
        "ends in /v1 as a rule."
    )


def named_parameters(error: BaseException) -> tuple[str, ...]:
    """Which of PARAMETERS the endpoint refuses: with 400 or 422, naming them."""
    if getattr(error, "status_code", None) not in (400, 422) or _TOO_LONG.search(_said(error)):
        return ()
    said = _said(error)
    return tuple(name for name in PARAMETERS if re.search(rf"\b{name}\b", said))


def _refused(error: BaseException, status: int, where: Where) -> Failure | PromptTooLong:
    place, model = where.place, where.model
    said = _said(error)
    if status in (400, 413, 422, 500) and _TOO_LONG.search(said):
        return PromptTooLong(
            f"{place} says that prompt and answer do not fit the window of {model}; see generator.window."
        )
    if _FILTERED.search(said) and status == 400:
        return Failure(f"{place} refused the question for its content (content filter).")
    if status in (401, 403):
        reason = "does not accept the API key" if status == 401 else "does not let this API key use the model"
        return Failure(f"{place} {reason} ({status}); see {KEY} and generator.headers.")
    if status in (404, 405):
        return Failure(
            f"{place} knows no model {model!r}, or no chat completions at this path ({status}); see generator.model and "
            "generator.base_url."
        )
    if status == 429 and "insufficient_quota" in said:
        return Failure(
            f"{place} refuses because the account has no credit left (429); see the account's billing."
        )
    if status == 429:
        return Failure(
            f"{place} has too many requests (429); it takes fewer, or a higher limit.",
            passing=True,
            wait_s=_wait_s(error),
        )
    if 300 <= status < 400:
        return Failure(
            f"{place} points to another address ({status}), which is not followed; see generator.base_url."
        )
    return Failure(
        f"{place} answered with an error ({status}): {_quoted(error, where)}",
        passing=status in _PASSING or (status >= 500 and status != 501),
        unreachable=status in _GATEWAY,
        wait_s=_wait_s(error),
    )


def _told(error: BaseException, where: Where) -> Failure | PromptTooLong:
    place = where.place
    said = f"{_said(error)} {error}"
    if _TOO_LONG.search(said):
        return PromptTooLong(
            f"{place} says that prompt and answer do not fit the model's window; see generator.window."
        )
    if _FILTERED.search(said):
        return Failure(f"{place} stopped the answer for its content (content filter).")
    return Failure(f"{place} broke off with an error: {_quoted(error, where)}", passing=True)


def _unconnected(error: BaseException, place: str) -> Failure:
    chain = list(_chain(error))
    texts = " ".join(str(e) for e in chain).lower()
    if any(isinstance(e, ssl.SSLError) for e in chain) or "certificate" in texts or "ssl" in texts:
        reason = "cannot be trusted or speaks no TLS; see its certificate (SSL_CERT_FILE names further authorities)"
    elif any(isinstance(e, socket.gaierror) for e in chain) or "name or service" in texts:
        reason = "has a name that cannot be resolved; see generator.base_url"
    elif any(isinstance(e, ConnectionRefusedError) for e in chain) or "connection attempts failed" in texts:
        reason = "refuses connections; see that it runs, and generator.base_url"
    elif any("Connect" in type(e).__name__ and "API" not in type(e).__name__ for e in chain):
        reason = "cannot be reached; see that it runs, and generator.base_url"
    else:
        reason = "dropped the connection; see its log"
    return Failure(f"{place} {reason}.", passing=True, unreachable=True)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it came from; not what was being handled when it was asked for, which is ours."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen and not isinstance(one, AnswerloopError):
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]


def _said(error: BaseException) -> str:
    """All that the endpoint wrote."""
    response: Any = getattr(error, "response", None)
    try:
        text = str(response.text) if response is not None else ""
    except Exception:  # of a response that was not read
        text = ""
    return f"{text} {getattr(error, 'body', None) or ''} {getattr(error, 'code', None) or ''}"


def _quoted(error: BaseException, where: Where) -> str:
    """The beginning of what it says, on one line, without secrets."""
    body = getattr(error, "body", None)
    message = body.get("message") or body.get("detail") if isinstance(body, dict) else None
    text = " ".join(str(message or body or error).split())
    for secret in where.secrets:
        text = text.replace(secret, "…")
    text = "".join(c if c.isprintable() else "?" for c in text)
    return (text[:_QUOTED] + "…" if len(text) > _QUOTED else text).rstrip(".") + "."


def _wait_s(error: BaseException) -> float | None:
    """Retry-After, in seconds or as a date, or the finer retry-after-ms."""
    headers: Any = getattr(getattr(error, "response", None), "headers", {})
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            seconds = float(value) * scale
        except ValueError:
            date = email.utils.parsedate_tz(value)
            seconds = email.utils.mktime_tz(date) - time.time() if date else math.nan
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None
