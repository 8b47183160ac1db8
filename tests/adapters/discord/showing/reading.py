r"""What Discord's clients make of a text: a small reader of their dialect, written for tests.

It goes through a text as they do, one rule after the other at each place: an escape first, then code, links, addresses and
tokens. Emphasis is left as text. Sources: https://github.com/LyricLy/parse-discord (found by trying the desktop client),
and the limits on links' words in https://github.com/discord/discord-api-docs/issues/6088.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Part", "acting", "beginnings", "links", "read", "shown"]


@dataclass(frozen=True)
class Part:
    kind: str
    """text, code, block, link, bare, token, emoji, spoiler."""
    text: str
    """What is seen of it."""
    address: str = ""


ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
BLOCK = re.compile(r"```(?:([A-Za-z0-9_+.#-]+?)\n)?\n*([^\n].*?)\n*```", re.DOTALL)
CODE = re.compile(r"(`+)(.*?[^`])\1(?!`)", re.DOTALL)
LINK = re.compile(
    r"\[((?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*)\]"
    r"\(\s*<?((?:\([^)]*\)|[^\s\\]|\\.)*?)>?(?:\s+['\"](.*?)['\"])?\s*\)",
    re.DOTALL,
)
ANGLE = re.compile(
    r"<([^: >]+:/[^ >]+)>|<([^\s<>@]+@[^\s<>@]+\.[^\s<>@]+)>|<((?:tel:|sms:)?\+?[\d() ./-]{3,})>"
)
BARE = re.compile(r"(?:https?|steam|discord)://[^\s<]+[^<.,:;\"'\]\s]")
INVITE = re.compile(r"\b(?:discord(?:app)?\.(?:gg|com|gift|new|me)|dis\.gd)/\S+", re.IGNORECASE)
TOKEN = re.compile(
    r"<@[!&$]?\d+>|<#\d+>|@everyone|@here|</[^<>\n]{1,99}:\d+>|<t:-?\d+(?::[tTdDfFRsS])?>|<a?:\w+:\d+>"
    r"|<id:[\w-]+>|<sound:\d+:\d+>|<@time:[^>]*>"
)
EMOJI = re.compile(r":[\w+-]+(?:::skin-tone-\d)?:")
SPOILER = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)
RULES = (
    ("block", BLOCK, 2), ("code", CODE, 2), ("link", LINK, 1), ("bare", ANGLE, 0), ("bare", BARE, 0), ("bare", INVITE, 0),
    ("token", TOKEN, 0), ("emoji", EMOJI, 0), ("spoiler", SPOILER, 1),
)  # fmt: skip
NOT_IN_LINKS = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff\u2139\ufe0f]")
ARROW = "→"  # of which Discord has no emoji
BEGINS = re.compile(r"(#{1,3})\s+|(-#)\s|(>>>|>)\s|([-*]|\d+\.)\s")


def read(text: str) -> list[Part]:
    """The parts of a text, in order."""
    found: list[Part] = []
    at, plain = 0, ""
    while at < len(text):
        if escape := ESCAPE.match(text, at):
            plain, at = plain + escape[1], escape.end()
            continue
        part, end = next(_matching(text, at), (None, at + 1))
        if part is None:
            plain, at = plain + text[at], end
            continue
        found += [Part("text", plain)] if plain else []
        found.append(part)
        plain, at = "", end
    return [*found, Part("text", plain)] if plain else found


def _matching(text: str, at: int) -> Iterator[tuple[Part, int]]:
    for kind, pattern, group in RULES:
        if match := pattern.match(text, at):
            if kind == "link" and not _takes(match[1], match[2]):
                kind, group = "text", 0  # shown as it was typed
            yield Part(kind, match[group], match[2] if kind == "link" else match.group()), match.end()


def _takes(words: str, address: str) -> bool:
    """Whether the client makes a link of this."""
    if not words.strip() or not re.match(r"https?://[^/]", address, re.IGNORECASE):
        return False
    if NOT_IN_LINKS.search(words.replace(ARROW, "")):
        return False
    return not any(pattern.search(words) for pattern in (BARE, INVITE, TOKEN, EMOJI))


def shown(text: str) -> str:
    """What is seen of it, without what is not: for those who read."""
    return "".join(part.text for part in read(text)).replace("\u2060", "")


def links(text: str) -> list[str]:
    """Where its links lead."""
    return [part.address for part in read(text) if part.kind == "link"]


def acting(text: str) -> list[Part]:
    """All that does something but links with words of their own."""
    return [part for part in read(text) if part.kind in ("bare", "token", "emoji", "spoiler")]


def beginnings(text: str) -> list[str]:
    """What its lines begin with that makes more of them than lines: '#', '-#', '>', '-' or '1.'; code aside."""
    for block in BLOCK.finditer(text):
        text = text.replace(block.group(), "")
    found = (BEGINS.match(line.lstrip(" *~")) or BEGINS.match(line.lstrip(" ")) for line in text.split("\n"))
    return [next(filter(None, match.groups())) for match in found if match]
