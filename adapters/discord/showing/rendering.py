"""What the bot says -> bodies of Discord's messages, each within Discord's limits. Pure.

Sizes: https://discord.com/developers/docs/resources/message. A body has all of `content`, `embeds`, `components` and
`allowed_mentions`, so that what it edits keeps nothing of before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from adapters.chat import Reply, unsure, written_by
from adapters.discord.ids import Ids
from adapters.discord.showing.components import Json
from adapters.discord.showing.controls import Rendering, controls, retry
from adapters.discord.showing.escaping import escaped, label, led, length, link, linkable, short, still
from adapters.discord.showing.markup import as_discord
from adapters.growing import without_half
from adapters.splitting import split
from adapters.text import file_name, readable_place
from rag_core.generation.inert import inert
from rag_core.messages import say
from rag_core.types import Answer, Citation

__all__ = ["CONTENT", "DESCRIPTION", "answer", "body", "contents", "embed", "growing", "sentence"]

CONTENT = 2_000
"""Characters of a message's text."""
DESCRIPTION = 4_096
"""Characters of an embed's text."""
_TITLE, _FOOTER = 100, 1_500
"""Of an embed's title and its small print before escaping: with a full text they stay below 6,000 characters in all."""
_NAME, _PLACE, _LOCATION, _QUOTE, _QUESTION, _NOTICE = 150, 150, 200, 160, 300, 400
_LONGEST_INLINE_LINK = 300
"""A citation's mark may stand in a text many times; longer addresses are in the list of sources alone."""
_SHOWN_WHILE_GROWING = 12_000
_GREEN, _BLURPLE, _AMBER, _GREY = 0x23A55A, 0x5865F2, 0xF0B232, 0x80848E
_CONFIDENT = 0.7


def answer(
    reply: Reply, language: str, options: Rendering | None = None, *, ids: Ids | None = None, again: str = ""
) -> list[Json]:
    """The reply as one message or more, to be sent one after the other; sources and what is to be pressed are in the last.

    again: the argument of a button to try again below a failure; '': there is none.
    """
    ids = ids or Ids()
    found = reply.answer
    if found is None:
        return [sentence(reply.text, language, ids=ids, again=again if reply.reference else "")]
    texts = contents(_text(found, language))
    embeds = _embeds(found, language)
    if not texts and not embeds:
        texts = [say(language, "not-found")]
    *before, last = texts or [""]
    shown = [
        *map(body, before),
        body(last, embeds[0] if embeds else None),
        *(body("", one) for one in embeds[1:]),
    ]
    shown[-1]["components"] = controls(found.id, language, ids, options or Rendering())
    return shown


def sentence(text: str, language: str = "", *, ids: Ids | None = None, again: str = "") -> Json:
    """A sentence of the bot's own as a message. text: Markdown, of which the beginning is shown where it is too long.

    again: the argument of a button to try again, by the name 'retry'; '': none.
    """
    shown = body(next(iter(contents(as_discord(text))), "…"))
    if again and ids:
        shown["components"] = retry(again, language, ids)
    return shown


def growing(text: str) -> str:
    """An answer's text so far, as content that is safe to show, with an open fence closed. What stands half at its end is
    held back; of a text that is too long for one message, its beginning is shown."""
    begun = without_half(text[:_SHOWN_WHILE_GROWING])
    return next(iter(contents(as_discord(inert(begun, begun)))), "")


def contents(text: str, most: int = CONTENT) -> list[str]:
    """A text in Discord's Markdown in parts of at most so many characters; none where there is nothing but space."""
    found = []
    line = True
    for piece in split(text, most - 1, length):
        found.append(piece.text if line else led(piece.text))
        line = piece.body.endswith("\n")
    return found


def body(content: str = "", shown: Json | None = None, components: Sequence[Json] = ()) -> Json:
    """What a message is sent or edited with; nobody is called by it. content: from as_discord(), or escaped. shown: its
    embed."""
    return {
        "content": content,
        "embeds": [shown] if shown else [],
        "components": list(components),
        "allowed_mentions": {"parse": []},
    }


def embed(
    text: str,
    *,
    title: str = "",
    footer: str = "",
    colour: int | None = None,
    fields: Mapping[str, str] | None = None,
) -> Json:
    """text: up to DESCRIPTION characters, escaped. title, footer, and the names of fields: as they are; what is too long is
    shortened. fields: name -> text, escaped, each up to 1,024 characters, 25 of them, 6,000 in all."""
    found: Json = {"description": text} if text else {}
    if title:
        found["title"] = escaped(short(title, _TITLE))
    if colour is not None:
        found["color"] = colour
    if footer:
        found["footer"] = {"text": still(footer)}
    if fields:
        found["fields"] = [
            {"name": escaped(short(name, _TITLE)) or "…", "value": value} for name, value in fields.items()
        ]
    return found


def _text(found: Answer, language: str) -> str:
    """What goes before the text, and the text with its citations' marks as links: all of them where one message holds
    that, or else the first of each."""
    links = {one.number: linkable(one.location) for one in found.citations}
    links = {number: address for number, address in links.items() if 0 < len(address) <= _LONGEST_INLINE_LINK}
    markdown = inert(found.text, found.text)
    text = as_discord(markdown, links)
    if length(text) > CONTENT:
        text = as_discord(markdown, _Once(links))
    if not found.standalone:
        return text
    question = label(found.standalone, _QUESTION)
    return f"-# {say(language, 'taken-as', question=question)}\n{text}"


class _Once(dict[int, str]):
    """Gives each address once."""

    def get(self, number: int, default: str = "") -> str:  # type: ignore[override]
        return self.pop(number, default)


def _embeds(found: Answer, language: str) -> list[Json]:
    cited = found.nearest if found.abstained else found.citations
    title = say(language, "closest-documents" if found.abstained else "sources") if cited else ""
    doubt = [f"⚠️ {escaped(say(language, 'not-sure'))}"] if unsure(found) else []
    texts = _filled([*doubt, *(_source(one, language) for one in cited)])
    footer = _small_print(found, language)
    if footer and not texts:
        texts = [""]
    colour = _colour(found)
    return [
        embed(
            text,
            title=title if number == 1 else "",
            footer=footer if number == len(texts) else "",
            colour=colour,
        )
        for number, text in enumerate(texts, 1)
    ]


def _colour(found: Answer) -> int:
    if found.abstained:
        return _GREY
    if unsure(found):
        return _AMBER
    return _GREEN if found.confidence >= _CONFIDENT else _BLURPLE


def _source(citation: Citation, language: str) -> str:
    title = short(citation.title, _NAME) or say(language, "script-untitled")
    address = linkable(citation.location)
    place = label(readable_place(citation.place, language), _PLACE)
    location = "" if address else label(file_name(citation.location), _LOCATION)
    shown = link(address, title) if address else escaped(title)
    line = " · ".join(filter(None, (f"[{citation.number}] {shown}", place, location)))
    quote = label(citation.quote, _QUOTE)
    return f"{line}\n> {quote}" if quote else line


def _small_print(found: Answer, language: str) -> str:
    """The lines that fit a footer, which shows no Markdown."""
    lines = list(found.notices)
    if generator := written_by(found):
        lines.append(say(language, "written-by", generator=generator))
    if found.release:
        lines.append(say(language, "small-release", release=found.release))
    return next(iter(_filled(filter(None, (short(line, _NOTICE) for line in lines)), _FOOTER)), "")


def _filled(lines: Iterable[str], most: int = DESCRIPTION) -> list[str]:
    """The lines in as few texts as hold them."""
    texts: list[str] = []
    for line in lines:
        if texts and length(texts[-1]) + length(line) < most:
            texts[-1] += "\n" + line
        else:
            texts.append(line)
    return texts
