"""Text of documents, models and people -> text that does nothing in Slack. Pure.

Slack has two markups. In mrkdwn (text objects, and a message's text) `&`, `<` and `>` are written as entities, code
included: https://docs.slack.dev/messaging/formatting-message-text. A markdown block is CommonMark, but Slack reads its own
tokens, `<!channel>`, `<@U1>` and `<https://…|label>`, there as well, and shows entities as the characters they stand for
without reading these as tokens (measured in https://github.com/PostHog/posthog/pull/95054). So entities make text inert in
both. CommonMark shows entities in code as they are written; there only what Slack would obey is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.text import shortened
from rag_core.generation.inert import inert, visible
from rag_core.generation.inert.fences import Fence, blocks

__all__ = ["MENTION", "escaped", "label", "link", "still", "still_markdown"]

MENTION = re.compile(r"([@＠]+)(?=(?:everyone|here|channel|group)\b)", re.IGNORECASE)
_APART = "\\1\u2060"
"""A word joiner: not seen, and no word goes on over it."""
_TOKEN = re.compile(
    r"<(?=[@#]\w|!(?:channel|here|everyone|group|subteam|date)\b|(?:https?|mailto|tel|ftps?|slack|file|sms):|//)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[ \t]*(?:>[ \t]?)+")
_IN_LINE = re.compile(
    r"(?P<code>(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))|\[(?P<number>\d{1,3})\](?!\()|(?P<sign>[<>]|&(?!(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});))"
)
_SIGNS = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_INFO = 30
"""Characters of the language that a fence names."""


def still(text: str) -> str:
    """The text without controls and characters that are not seen; @here and the like call nobody."""
    return MENTION.sub(_APART, visible(text))


def escaped(text: str) -> str:
    """Text for mrkdwn, shown as it is."""
    return still(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def label(text: str, most: int) -> str:
    """A title or name for mrkdwn, or for a link's words in it: one line of at most `most` characters before escaping."""
    line = " ".join(visible(text).split()).replace("`", "'").replace("|", "∣")
    return escaped(shortened(line, most))


def link(address: str, words: str) -> str:
    """A link for mrkdwn. address: from linkable(). words: escaped."""
    return f"<{address.replace('&', '&amp;')}|{words}>"


def still_markdown(text: str, links: Mapping[int, str] | None = None) -> str:
    """Markdown for a markdown block, in which nothing acts but the links of citations' marks, '[1]'.

    links: addresses, from linkable(), by the citations' numbers. What inert() has gone over keeps its words.
    """
    # What the core gives is inert; that nothing else reaches a reader does not depend on it.
    return "\n".join(
        _fence(block)
        if isinstance(block, Fence)
        else "\n".join(_line(line, links or {}) for line in block.split("\n"))
        for block in blocks(inert(text, text))
    )


def _fence(fence: Fence) -> str:
    if len(fence.info) > _INFO:
        fence.info = ""
    return fence.text(_still_code("\n".join(fence.lines)))


def _still_code(code: str) -> str:
    return MENTION.sub(_APART, _TOKEN.sub("&lt;", code))


def _line(line: str, links: Mapping[int, str]) -> str:
    def put(match: re.Match[str]) -> str:
        if match["code"]:
            return _still_code(match["code"])
        if match["sign"]:
            return _SIGNS[match["sign"]]
        address = links.get(int(match["number"]))
        return f"[{match.group()}]({address})" if address else match.group()

    quoted = _QUOTED.match(line)
    begin = quoted.end() if quoted else 0
    return line[:begin] + MENTION.sub(_APART, _IN_LINE.sub(put, line[begin:]))
