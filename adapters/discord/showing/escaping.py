r"""Text of documents, models and people -> text that does nothing in Discord. Pure.

Discord's clients read a dialect of Markdown: https://support.discord.com/hc/en-us/articles/210298617. What matters here:
a backslash before a sign shows the sign, but not in code and not in the words of a link, where it is shown itself
(https://github.com/discord/discord-api-docs/issues/6185); in these, emoji, mentions and addresses make the client show the
whole link as it was typed (issues 6088 and 7721 there). Addresses with a scheme become links wherever they stand but in
code. Mentions and the like, '<@1>', '</ask:1>', '<t:0>', '@here', are taken apart by a character that is not seen, which
works for every reader of a message, on top of `allowed_mentions`, which alone decides whom a message calls.
"""

from __future__ import annotations

import re

from adapters.text import linkable, shortened
from rag_core.generation.inert import visible

__all__ = ["code", "escaped", "label", "led", "length", "link", "linkable", "short", "signs", "still"]

_JOINER = "\u2060"
"""Not seen, and nothing goes on over it."""
_MENTION = re.compile(r"([@＠])(?=everyone|here)", re.IGNORECASE)
_INVITE = re.compile(r"\b(discord(?:app)?\.(?:gg|com|gift|new|me)|dis\.gd)(?=/)", re.IGNORECASE)
"""Discord shows a card for these, without a scheme as well."""
_TOKEN = re.compile(r"<(?=[^\s\d<=-])")
_SCHEME = re.compile(r"(?<=[A-Za-z]:)(?=//)")
_SIGN = re.compile(
    r"\\|`"
    r"|\*(?!(?<=\S \*)\s)"  # 'a * b' is no emphasis, and no list
    r"|_(?!(?<=[A-Za-z0-9]_)[A-Za-z0-9])"  # nor does snake_case end one
    r"|~(?=~|\Z)|(?<=~)~|\A~"
    r"|\|(?=\||\Z)|(?<=\|)\||\A\|"
    r"|:(?=[\w+-]+(?:::[\w-]+)?:)"  # the name of an emoji
)
_BRACKETS = re.compile(r"\[[^\[\]\n]*\]|[\[\]]")
_ALONE = re.compile(r"[\[\]]")
_LEADS = re.compile(r"((?:[ \t]|\*|~~)*)(?:(?=>|#{1,3}\s|-#?(?:\s|$)|\*(?:\s|$))|(\d+)(?=\.(?:\s|$)))")
_PLAIN = re.compile(
    r"(?!\d+\.\s|[#>-])[\w \-.,;!?'\"()&/+=%$€£…–—“”‘’„«»·:§°@]*\w[\w \-.,;!?'\"()&/+=%$€£…–—“”‘’„«»·:§°@]*"
)
_NOT_PLAIN = re.compile(
    r"//|:[\w-]+:|_(?![A-Za-z0-9])|(?<![A-Za-z0-9])_|@(?:everyone|here)|ℹ"
    r"|discord(?:app)?\.(?:gg|com|gift|new|me)|dis\.gd",
    re.IGNORECASE,
)


def length(text: str) -> int:
    """Characters as Discord's limits count them, those beyond Unicode's first plane as two: its servers count one
    (https://github.com/discord/discord-api-docs/issues/1315), its clients two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def short(text: str, most: int) -> str:
    """One line of at most `most` characters, as they are seen; for what shows no Markdown: buttons, names, footers."""
    return shortened(" ".join(visible(text).split()), most, length)


def still(text: str) -> str:
    """Text for where Markdown is not read, code and footers: nobody is called, and no invitation is shown."""
    return _INVITE.sub(rf"\1{_JOINER}", _MENTION.sub(rf"\1{_JOINER}", text))


def escaped(text: str) -> str:
    """Text for a message or an embed, shown as it is."""
    return "\n".join(map(led, signs(visible(text), alone=True).split("\n")))


def label(text: str, most: int) -> str:
    """A title or name within a message or an embed: one line of at most `most` characters before escaping."""
    return escaped(short(text, most))


def code(text: str) -> str:
    """One line of code within a text; '' of nothing but space."""
    line = " ".join(visible(text).split()).replace("`", "'")
    return f"`{still(line)}`" if line else ""


def link(address: str, words: str) -> str:
    """A link that shows no preview. address: from linkable(). words: one line, as it is; where Discord would not take it as
    a link's words, the link stands behind it."""
    address = _MENTION.sub("%40", address).replace("~", "%7E")
    if _PLAIN.fullmatch(words) and not _NOT_PLAIN.search(words):
        return f"[{words}](<{address}>)"
    return f"{escaped(words)} [→](<{address}>)".lstrip()


def signs(text: str, *, alone: bool = False) -> str:
    """Text for within a line, of which no sign is read as Markdown or as a token of Discord's.

    alone: of brackets, not even pairs that nothing makes a link of are left.
    """
    text = _SIGN.sub(r"\\\g<0>", text)
    text = _SCHEME.sub(_JOINER, _TOKEN.sub(rf"\\<{_JOINER}", text))
    text = (_ALONE if alone else _BRACKETS).sub(_single, text)
    return still(text.replace("](", r"]\("))


def led(line: str) -> str:
    """The line, whose beginning makes no heading, list, quotation or small print of it. line: its signs are escaped."""
    leads = _LEADS.match(line)
    if not leads:
        return line
    at = leads.end()
    return f"{line[:at]}\\{line[at:]}"


def _single(match: re.Match[str]) -> str:
    """Pairs of brackets stay, single ones might find a partner."""
    return match.group() if len(match.group()) > 1 else "\\" + match.group()
