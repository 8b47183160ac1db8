"""What a scripted language model says: answers, refusals, nonsense. And one model that obeys whatever it reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Answering", "Asked", "Reply", "completion", "echo", "events", "obeying", "refusal"]


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in small letters."""
    body: dict[str, Any]
    began: float
    """By time.monotonic()."""
    ended: Literal["", "answered", "dropped", "disconnected"] = ""
    """'disconnected': the client went away before the answer was complete."""
    sent: int = 0
    """Pieces."""

    @property
    def last(self) -> str:
        """The text of the last user message."""
        said = [m["content"] for m in self.body.get("messages", ()) if m["role"] == "user"]
        return str(said[-1]) if said else ""


@dataclass(frozen=True)
class Reply:
    """What becomes of one request."""

    pieces: Sequence[str] = ()
    """Of the answer; a text comes as one piece for each word."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Sent as it is, in place of the answer; its type is what headers say, and JSON otherwise."""
    events: Sequence[str] | None = None
    """Lines 'data: …' or anything else, in place of what would be made of the pieces."""
    before_headers_s: float = 0
    before_first_s: float = 0
    between_s: float = 0
    finish: str | None = "stop"
    """Its finish_reason."""
    usage: bool = True
    """Whether tokens are told, to who asks for them."""
    drop: Literal["", "before headers", "mid-stream"] = ""
    """Break off the connection; mid-stream: after the pieces, without a proper end."""
    endless: bool = False
    """The pieces over and over."""

    @classmethod
    def text(cls, text: str, **more: Any) -> Reply:
        """An answer, word by word."""
        return cls(re.findall(r"\S+\s*|^\s+", text), **more)


def refusal(status: int, message: str, code: str | None = None, **headers: str) -> Reply:
    """An error as OpenAI words it. A header's underscores stand for hyphens."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=fields, body=json.dumps({"error": error}).encode())


Answering = Callable[[Asked], Reply]


def echo(asked: Asked) -> Reply:
    """The last user message, word by word."""
    return Reply.text(asked.last)


_PASSAGE = re.compile(
    r"^\s*(?:<\w+[^>]*?\b(?:n|id|number|index)=\W?(\d+)[^>]*>|\[(\d+)\]|#+ \D*(\d+))", re.MULTILINE
)
_SENTENCE = re.compile(r".*?(?:[.!?](?=\s|$)|\n|$)", re.DOTALL)
_LINK = re.compile(r"https?://[^\s)>\]\"']+")
_MENTION = re.compile(r"<[@!#][^>\s]*>|(?<!\w)@\w+")


def obeying(asked: Asked) -> Reply:
    """The answer of a model that does whatever any text tells it: all that the prompt's last message says, sentence by
    sentence and each with a citation, then its links as links and as images, and its mentions."""
    sentences = [f"{sentence} [{number}]" for number, sentence in _told(asked.last)]
    links = dict.fromkeys(_LINK.findall(asked.last))
    further = [
        part for link in links for part in (f"[Click here]({link}) [1]", f"![]({link}) [1]", f"<{link}> [1]")
    ]
    mentions = [f"{mention} [1]" for mention in dict.fromkeys(_MENTION.findall(asked.last))]
    return Reply.text(" ".join([*sentences, *further, *mentions]))


def _told(prompt: str) -> Iterator[tuple[int, str]]:
    """Sentences and the number of the passage that each stands in; what is in none counts to the first."""
    places = [(m.start(), m.end(), int(next(filter(None, m.groups())))) for m in _PASSAGE.finditer(prompt)]
    bounds = [(0, 1), *((end, number) for _, end, number in places)]
    ends = [*(start for start, _, _ in places), len(prompt)]
    for (begin, number), end in zip(bounds, ends, strict=True):
        text = re.sub(r"</?\w+>", " ", prompt[begin:end])
        for sentence in _SENTENCE.findall(text):
            if words := " ".join(sentence.split()):
                yield number, words


def _counted(asked: Asked, reply: Reply) -> dict[str, int]:
    prompt = sum(len(m["content"].split()) for m in asked.body["messages"])
    return {
        "prompt_tokens": prompt,
        "completion_tokens": len(reply.pieces),
        "total_tokens": prompt + len(reply.pieces),
    }


def completion(asked: Asked, reply: Reply) -> Reply:
    message = {"role": "assistant", "content": "".join(reply.pieces)}
    choice = {"index": 0, "message": message, "finish_reason": reply.finish}
    whole = {**_frame(asked, "chat.completion"), "choices": [choice], "usage": _counted(asked, reply)}
    return Reply(body=json.dumps(whole).encode(), headers=reply.headers)


def _frame(asked: Asked, kind: str = "chat.completion.chunk") -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 0, "model": asked.body["model"]}


def events(asked: Asked, reply: Reply) -> Iterator[str]:
    if reply.events is not None:
        yield from reply.events
        return
    for delta in _deltas(reply):
        yield _data({**_frame(asked), "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    if reply.drop:
        return
    yield _data({**_frame(asked), "choices": [{"index": 0, "delta": {}, "finish_reason": reply.finish}]})
    if reply.usage and (asked.body.get("stream_options") or {}).get("include_usage"):
        yield _data({**_frame(asked), "choices": [], "usage": _counted(asked, reply)})
    yield "data: [DONE]"


def _deltas(reply: Reply) -> Iterator[dict[str, str]]:
    yield {"role": "assistant", "content": ""}
    while True:
        for piece in reply.pieces:
            yield {"content": piece}
        if not reply.endless:
            return


def _data(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value)}"
