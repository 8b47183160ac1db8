"""What the bot says -> Slack messages, each within Slack's limits. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from adapters.chat import unsure, written_by
from adapters.growing import in_fence, without_half
from adapters.slack.ids import Ids
from adapters.slack.showing.blocks import Json, context, markdown, section, size
from adapters.slack.showing.controls import Rendering, controls, retry
from adapters.slack.showing.escaping import escaped, label, link, still_markdown
from adapters.slack.showing.mrkdwn import SECTION, clipped, plain, sections
from adapters.splitting import split
from adapters.text import file_name, linkable, readable_place, shortened
from rag_core.messages import say
from rag_core.types import Answer, Citation

__all__ = ["answer_messages", "message", "sentence_message", "streaming_text"]

MESSAGE = 13_000
"""As size() counts: of a message's text and blocks together; Slack refuses somewhat more."""
MARKDOWN = 11_000
"""The same of its Markdown, which Slack refuses above 12,000 characters."""
_BLOCKS = 45
"""Of the 50 that Slack takes."""
_ROOM_FOR_TEXT = 1_000
_ROWS = 100
"""Of a table, which Slack makes a table block of, and refuses longer ones."""
_TITLE, _PLACE, _LOCATION, _QUESTION, _NOTICE = 150, 150, 200, 500, 500
_LONGEST_INLINE_LINK = 500
"""A citation's mark may stand in a text many times; longer addresses are in the list of sources alone."""
_LINK = re.compile(r"<https?:[^|>]*\|([^>]*)>")


def answer_messages(
    answer: Answer, language: str, *, ids: Ids, options: Rendering | None = None
) -> list[Json]:
    """The answer as one message or more, to be posted one after the other in one thread; what is to be pressed is in the
    last. Each has `text`, for notifications, and `blocks`."""
    options = options or Rendering()
    groups: list[list[Json]] = []
    if answer.standalone:
        question = escaped(shortened(" ".join(answer.standalone.split()), _QUESTION))
        groups.append([context(say(language, "taken-as", question=question))])
    groups += [[block] for text in _pieces(answer) for block in _blocks_of(text, answer, options)]
    if unsure(answer):
        groups.append([context("⚠️ " + escaped(say(language, "not-sure")))])
    groups += [[context(text)] for text in _sources(answer, language)]
    *print_, last = [[context(text)] for text in _small_print(answer, language)] or [[]]
    groups += [*print_, last + controls(answer.id, language, ids, options)]
    return [message(blocks) for blocks in _packed(groups)] or [sentence_message(say(language, "not-found"))]


def sentence_message(text: str, language: str = "", *, ids: Ids | None = None, again: str = "") -> Json:
    """A sentence of the bot's own as a message. text: Markdown, of which 12,000 characters are shown. again: the value of a
    button to try again, by the name 'retry'; '': none."""
    blocks = [section(part) for part in sections(text)[: MESSAGE // SECTION]]
    if again and ids:
        blocks.append(retry(again, language, ids))
    return message(blocks)


def message(blocks: Sequence[Json]) -> Json:
    """A message of these blocks: with a text for notifications, and without previews of what it links to."""
    room = max(_ROOM_FOR_TEXT, min(SECTION, MESSAGE - size(list(blocks))))
    return {
        "text": _fallback(blocks, room) or "…",
        "blocks": list(blocks),
        "unfurl_links": False,
        "unfurl_media": False,
        "parse": "none",
    }


def streaming_text(text: str, *, open_ended: bool = False) -> str:
    """An answer's text so far, as Markdown that is safe to show, with an open fence closed. What stands half at its end is
    held back; of a text that is too long for one message, its beginning is shown.

    open_ended: a fence stays open, for a stream to which more is appended: what is shown of a longer text then begins with
    what is shown of this one, as long as nothing is taken back.
    """
    pieces = split(still_markdown(without_half(text)), MARKDOWN, size)
    if not pieces:
        return ""
    shown = pieces[0].text
    return shown.rpartition("\n")[0] if open_ended and len(pieces) == 1 and in_fence(text) else shown


def _pieces(answer: Answer) -> list[str]:
    """The text, with its citations' marks as links."""
    links = {citation.number: linkable(citation.location) for citation in answer.citations}
    short = {number: link for number, link in links.items() if len(link) <= _LONGEST_INLINE_LINK}
    return [piece.text for piece in split(still_markdown(answer.text, short), MARKDOWN, size, rows=_ROWS)]


def _blocks_of(text: str, answer: Answer, options: Rendering) -> list[Json]:
    if options.markdown_blocks:
        return [markdown(text)]
    return [section(part) for part in sections(text, [citation.location for citation in answer.citations])]


def _sources(answer: Answer, language: str) -> list[str]:
    """The list of what is cited, or of what came nearest."""
    cited = answer.nearest if answer.abstained else answer.citations
    heading = say(language, "closest-documents" if answer.abstained else "sources")
    return _filled([f"*{escaped(heading)}*", *(_source(one, language) for one in cited)]) if cited else []


def _source(citation: Citation, language: str) -> str:
    title = label(citation.title, _TITLE) or escaped(say(language, "script-untitled"))
    address = linkable(citation.location)
    place = label(readable_place(citation.place, language), _PLACE)
    behind = f" · {place}" if place else ""
    linked = f"[{citation.number}] {link(address, title)}{behind}"
    if address and len(linked) <= SECTION:
        return linked
    location = label(file_name(citation.location), _LOCATION)
    return f"[{citation.number}] {title}{behind}" + (f" · {location}" if location else "")


def _small_print(answer: Answer, language: str) -> list[str]:
    lines = list(answer.notices)
    if generator := written_by(answer):
        lines.append(say(language, "written-by", generator=generator))
    if answer.release:
        lines.append(say(language, "small-release", release=answer.release))
    return _filled(filter(None, (label(line, _NOTICE) for line in lines)))


def _filled(lines: Iterable[str]) -> list[str]:
    """The lines in as few texts as hold them."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + len(line) < SECTION:
            texts[-1] += "\n" + line
        else:
            texts.append(line)
    return texts


def _packed(groups: Iterable[Sequence[Json]]) -> list[list[Json]]:
    """The groups in as few messages as take them, in order; in each no more than one block of Markdown."""
    messages: list[list[Json]] = []
    for group in groups:
        if messages and _fits([*messages[-1], *group]):
            messages[-1] += group
        elif group:
            messages.append(list(group))
    return messages


def _fits(blocks: Sequence[Json]) -> bool:
    texts = sum(block["type"] == "markdown" for block in blocks)
    return texts <= 1 and len(blocks) <= _BLOCKS and size(list(blocks)) <= MESSAGE - _ROOM_FOR_TEXT


def _fallback(blocks: Sequence[Json], most: int) -> str:
    """The words of the Markdown, or of what there is else."""
    for block in blocks:
        if block["type"] == "markdown":
            return plain(block["text"], most, size)
    texts = [one["text"] for block in blocks for one in [block, *block.get("elements", ())] if "text" in one]
    words = [text["text"] if isinstance(text, dict) else text for text in texts]
    return clipped(html.unescape(_LINK.sub(r"\1", "\n".join(words[:1]))), most, size)
