"""Text of documents and models -> text that does nothing wherever it is shown.

Documents cannot command: an answer has no link, image, mention or markup of its own; links are made by the adapters from
citations alone. What stays is Markdown's emphasis, lists, tables and code, and citations' numbers. Constructs are turned
into their words; whatever is left of them, or comes about when they go, is taken up in further rounds until nothing
changes any more.
"""

from __future__ import annotations

import html
import re
import string

from rag_core.generation.inert.addresses import addresses, comparable, each_address, without_scheme
from rag_core.generation.inert.fences import Fence, blocks, spans

__all__ = ["REMOVED", "inert", "visible"]

REMOVED = "[…]"
"""Stands where an address was that no cited passage has."""
ROUNDS = 6
"""Text that still changes after so many has no honest reason to, and is reduced to words."""

_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?)")
_BREAK = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Control, format and private-use characters, fillers that look like nothing, tags and variation selectors by which text
# is smuggled. Joiners stay between the letters of scripts, and the emoji, that need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
    "|(?<![\u0600-\u1fff\u2600-\U0001faff])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u1fff\u2600-\U0001faff])"
)
_ENTITY = re.compile(r"&(?:#\d{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)")
_READABLE_ENTITIES = frozenset("&amp; &quot; &apos; &nbsp;".split())
_MENTION = re.compile(r"(?<![@＠])[@＠]++(?=(?:everyone|here|channel)\b)", re.IGNORECASE)

_ANGLE = re.compile(r"<([^<>]*)>")
_POWER = re.compile(r"(?<=\d)<sup>(?=\s*[-+−]?\d)", re.IGNORECASE)
"""10<sup>3</sup> is not 103."""
_LONE_ANGLE = re.compile(r"<(?=[^\s\d=<-])")
_NAMED = re.compile(r"[^|]*\|([^|]*)", re.DOTALL)
_SIGIL = re.compile(r"^(?:[@#!]|(?:https?|mailto|tel|ftp|slack|file):|//)", re.IGNORECASE)
_POWERS = re.compile(r"^(?:[@#!&]+(?:subteam\^)?|/(?=[\w -]{1,80}:\d+$)|a?:(?=\w+:\d+$))")
_ID = re.compile(r":\d+$")
_TAG = re.compile(r"^/?([A-Za-z][A-Za-z0-9]*)(?=[\s/]|$)")
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_INLINE_TAGS = frozenset(
    (
        "a abbr acronym b bdi bdo big cite code data del dfn em embed font i iframe img ins kbd label mark object q s "
        "samp script small span strike strong style sub sup svg template time tt u var wbr"
    ).split()
)
_BLOCK_TAGS = frozenset(
    (
        "address area article aside audio base blockquote body br button canvas caption center col colgroup dd details "
        "dialog dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html "
        "input legend li link main map marquee math menu meta nav noscript ol optgroup option p param picture plaintext "
        "portal pre progress section select source summary table tbody td textarea tfoot th thead title tr track ul video "
        "xmp"
    ).split()
)

_DEFINITION = re.compile(
    r"^([ \t>]*(?:[-*+][ \t]+)?)\[((?:[^\[\]\\]|\\.){1,300})\]:[ \t]*+(?:\n[ \t]*+)?(<[^<>\n]*>|\S++)[ \t]*+"
    r"(?:(?:\n[ \t]*+)?(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?[ \t]*+(?:\n|\Z)",
    re.MULTILINE,
)
_DEFINES = re.compile(r"^([ \t>]*(?:[-*+][ \t]+)?\[[^\[\]]{1,300}\]):", re.MULTILINE)
_BRACKET = re.compile(r"\\[!-/:-@\[-`{-~]|!?\[|\]")
_PARENTHESIS = re.compile(r"\\[!-/:-@\[-`{-~]|[()]")
_DESTINATION = re.compile(r"\s*+(?:<[^<>\n]*>|\S*+)\s*+(?:[\"'(].*)?", re.DOTALL)
_LONGEST_DESTINATION = 2_000
_LABEL = re.compile(r"\[([^\[\]]{0,300})\]")
_TABLE = re.compile(r"^[ \t>]*+\|?[ \t]*+:?-++:?[ \t]*+\|", re.MULTILINE)
_NUMBER = re.compile(r"\d{1,3}")
_HARMLESS = re.compile(
    r"(?:[\w ,;!?'\"“”‘’()%$€£+*|\n–—…°=-]|\[\d{1,3}\](?![:(])|:(?= )|\.(?![A-Za-z]))*", re.ASCII
)
"""Words, punctuation and citations' numbers: most answers are nothing else."""
_FIRST_CODE, _CODES = 0xF0000, 0xFFFD


def inert(text: str, quoted: str = "") -> str:
    """The text without links, images, mentions, HTML and characters that are not seen; inert(inert(x)) is inert(x).

    text: a whole answer, or as much of it as there is: what begins in one piece and ends in the next is not seen in
    either. quoted: the passages it cites, and their addresses. An address that stands there is shown without its scheme
    as code, and left exact in code; any other becomes REMOVED.
    """
    if _HARMLESS.fullmatch(text):
        return text
    known = addresses(_decoded(visible(quoted)))
    for _ in range(ROUNDS):
        before, text = text, _round(text, known)
        if text == before:
            return text
    return _round("".join(c for c in text if c.isalnum() or c in " \n"), known)


def _round(text: str, known: frozenset[str]) -> str:
    return "\n".join(
        block.text(_in_code("\n".join(block.lines), known))
        if isinstance(block, Fence)
        else _prose(block, known)
        for block in blocks(visible(text))
    )


def visible(text: str) -> str:
    """The text without control characters, terminal sequences and characters that are not seen."""
    return _UNSEEN.sub("", _TERMINAL.sub("", _BREAK.sub("\n", text)))


def _in_code(code: str, known: frozenset[str]) -> str:
    return each_address(code, lambda a: a if comparable(a) in known else REMOVED, code=True)


def _prose(text: str, known: frozenset[str]) -> str:
    """Code spans are set aside, one character for each, while the words around them are dealt with."""
    aside: list[str] = []
    table = _TABLE.search(text) is not None

    def set_aside(code: str) -> str:
        if len(aside) == _CODES:
            return code.replace("`", "")
        aside.append(code)
        return chr(_FIRST_CODE + len(aside) - 1)

    def code(ticks: str, content: str) -> str:
        # In a table a bar ends the cell before a backtick ends the code; Slack knows one backtick only.
        same_everywhere = len(ticks) == 1 and not (table and "|" in content)
        if not same_everywhere and _acts(content):
            return content.replace("`", "'")
        return set_aside(ticks + _in_code(content, known) + ticks)

    def shown(address: str) -> str:
        bare = without_scheme(address)
        return set_aside(f"`{bare}`") if bare and comparable(address) in known else REMOVED

    text = "\n".join(spans(line, code) for line in text.split("\n"))
    text = _MENTION.sub("", each_address(_unlinked(_untagged(_decoded(text))), shown))
    return _put_back(text, aside)


def _acts(text: str) -> bool:
    """Whether it would do something if it were not code."""
    return _unlinked(_untagged(_decoded(text))) != text or bool(_MENTION.search(text) or addresses(text))


def _put_back(text: str, aside: list[str]) -> str:
    parts: list[str] = []
    for character in text:
        number = ord(character) - _FIRST_CODE
        if number < 0:
            parts.append(character)
            continue
        # Two spans side by side would be read as one.
        parts.append(" " if parts and parts[-1].endswith("`") else "")
        parts.append(aside[number])
    return "".join(parts)


def _decoded(text: str) -> str:
    """Letters and signs that are written as entities, as themselves."""

    def decode(match: re.Match[str]) -> str:
        entity = match.group()
        meant = html.unescape(entity)
        if entity[1] != "#" and (entity in _READABLE_ENTITIES or not _is_sign(meant)):
            return entity
        return visible(meant).replace("`", "'")

    return _ENTITY.sub(decode, text)


def _is_sign(text: str) -> bool:
    return all(c in string.punctuation or c in "\n\t" or _UNSEEN.match(c) for c in text)


def _untagged(text: str) -> str:
    """Without HTML, and without what Slack and Discord write between < and >."""
    text = _POWER.sub("^", _without_comments(text))
    return _LONE_ANGLE.sub("‹", _ANGLE.sub(_words_of_angle, text))


def _without_comments(text: str) -> str:
    parts, at = [], 0
    while (begin := text.find("<!--", at)) >= 0 and (end := text.find("-->", begin + 4)) >= 0:
        parts.append(text[at:begin])
        at = end + 3
    return "".join([*parts, text[at:]])


def _words_of_angle(match: re.Match[str]) -> str:
    inside = match[1]
    if not _LONE_ANGLE.match(match.group()):
        return match.group()  # '< 5 and >'
    if _SIGIL.match(inside) and (named := _NAMED.fullmatch(inside)):
        return named[1].lstrip("@#!")
    if powers := _POWERS.match(inside):
        return _ID.sub("", inside[powers.end() :])
    if tag := _TAG.match(inside):
        name = tag[1].lower()
        if name == "img":
            alt = _ALT.search(inside)
            return next(filter(None, alt.groups()), "") if alt else ""
        if name in _INLINE_TAGS or name in _BLOCK_TAGS:
            return "" if name in _INLINE_TAGS else " "
    return f"{inside}" if _SIGIL.match(inside) else f"‹{inside}›"


def _unlinked(text: str) -> str:
    """Without Markdown's links, images and definitions of links: their words only."""
    labels: set[str] = set()

    def defined(match: re.Match[str]) -> str:
        labels.add(_label(match[2]))
        target = match[3]
        return "" if any(sign in target for sign in "/.:#<@") or target == REMOVED else match.group()

    text = _DEFINES.sub(r"\1 :", _DEFINITION.sub(defined, text))
    closing = _closing(text)
    edits: list[tuple[int, int]] = []
    spaces: set[int] = set()
    opened: list[tuple[int, int]] = []
    at = 0
    while match := _BRACKET.search(text, at):
        at = match.end()
        if match.group().startswith("\\"):
            continue
        if match.group() != "]":
            opened.append(match.span())
            continue
        if not opened:
            continue
        opening = opened.pop()
        end, broken = _behind(
            text, at, closing, text[opening[1] : min(match.start(), opening[1] + 300)], labels
        )
        if broken:
            spaces.add(end)
        if end == at:
            continue
        if _NUMBER.fullmatch(text, opening[1], match.start()):  # a citation keeps its brackets
            edits.append((at, end))
        else:
            edits += [opening, (match.start(), end)]
        at = end
    return _edited(text, edits, spaces)


def _behind(text: str, at: int, closing: dict[int, int], words: str, labels: set[str]) -> tuple[int, bool]:
    """Where that ends which makes a link of the brackets before it, and whether a space is needed there."""
    begin = at
    while text.startswith("(", at):
        if at not in closing or closing[at] - at > _LONGEST_DESTINATION:
            return at, True
        if not _is_destination(text[at + 1 : closing[at]]):
            break
        at = closing[at] + 1
    if labels and at == begin:
        given = _LABEL.match(text, at)
        if given and _label(given[1] or words) in labels:
            return given.end(), False
        if _label(words) in labels and not _NUMBER.fullmatch(words):
            return at, False
    return at, False


def _is_destination(inside: str) -> bool:
    return _DESTINATION.fullmatch(inside) is not None and "\n\n" not in inside


def _label(words: str) -> str:
    return " ".join(words.split()).casefold()


def _closing(text: str) -> dict[int, int]:
    """Where each parenthesis that is opened is closed."""
    opened: list[int] = []
    closing: dict[int, int] = {}
    for match in _PARENTHESIS.finditer(text):
        if match.group() == "(":
            opened.append(match.start())
        elif match.group() == ")" and opened:
            closing[opened.pop()] = match.start()
    return closing


def _edited(text: str, removed: list[tuple[int, int]], spaces: set[int]) -> str:
    parts, at = [], 0
    for begin, end in sorted([*removed, *((s, s) for s in spaces)]):
        parts.append(text[at:begin] + (" " if begin == end else ""))
        at = max(at, end)
    return "".join([*parts, text[at:]])
