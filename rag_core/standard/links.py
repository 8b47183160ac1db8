"""Links in a curated answer -> citations, so that what is shown as a link is always a listed source. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from rag_core.errors import InvalidEntry
from rag_core.types import Citation

__all__ = ["check_links", "cited"]

_CODE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|``[^\n]*?(?:``|$)|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_BARE = r"[hH][tT][tT][pP][sS]?://[^\s<>\"'`|\]()]+(?:\([^\s<>\"'`|\]()]*\)[^\s<>\"'`|\]()]*)*"
_DESTINATION = r"<?(?P<url>[^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)>?(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?"
_LINK = re.compile(
    rf"(?P<image>!)?\[(?P<words>[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)?)\]\(\s*{_DESTINATION}\s*\)"
    rf"|<(?P<auto>[a-zA-Z][a-zA-Z0-9+.\-]{{1,20}}:[^\s<>]*)>"
    rf"|(?P<bare>{_BARE})"
    r"|(?<!\w)\[(?P<number>\d{1,3})\]"
)
_ADDRESS = re.compile(_BARE)
_ENDS = ".,;:!?*_"
"""What follows an address in a sentence, and is none of it."""
_SPACES = re.compile(r"[ \t]{2,}")


def cited(text: str, citations: Sequence[Citation] = ()) -> tuple[str, tuple[Citation, ...]]:
    """Each link [words](address) as 'words [1]', each bare address as '[1]', numbers of the citations given as numbers
    of the same; and what the numbers stand for, in reading order. Code is left as it is."""
    given = {citation.number: citation for citation in citations}
    numbers: dict[object, int] = {}
    listed: list[Citation] = []

    def number_of(key: object, citation: Citation) -> str:
        if key not in numbers:
            numbers[key] = len(numbers) + 1
            listed.append(replace(citation, number=numbers[key]))
        return f"[{numbers[key]}]"

    def shown(match: re.Match[str]) -> str:
        if number := match["number"]:
            known = given.get(int(number))
            return number_of(int(number), known) if known else match[0]
        words, url, after = _parts(match)
        title = " ".join(re.sub(r"[*_`]", "", words).split()) or _short(url)
        mark = number_of(url, Citation(0, title, url, ""))
        return f"{words} {mark}{after}" if words else f"{mark}{after}"

    pieces = [piece if code else _LINK.sub(shown, piece) for code, piece in _divided(text)]
    return "".join(pieces), tuple(listed)


def check_links(text: str, citations: Sequence[Citation] = ()) -> None:
    """
    Raises:
        InvalidEntry: a link leads elsewhere than to a page of the web, a picture, a number without its citation.
    """
    given = {citation.number for citation in citations}
    for code, piece in _divided(text):
        for match in () if code else _LINK.finditer(piece):
            if match["image"]:
                raise InvalidEntry(
                    f"answer: {match[0][:80]} is a picture, which no chat shows; write a link to it."
                )
            if number := match["number"]:
                if int(number) not in given:
                    raise InvalidEntry(
                        f"answer: [{number}] looks like a citation, and there is none of this number; "
                        "write a link, [words](https://…), or put it in `code`."
                    )
                continue
            _check_address(_parts(match)[1])


def _divided(text: str) -> Iterator[tuple[bool, str]]:
    """The text in pieces, each with whether it is code."""
    at = 0
    for code in _CODE.finditer(text):
        yield False, text[at : code.start()]
        yield True, code[0]
        at = code.end()
    yield False, text[at:]


def _parts(match: re.Match[str]) -> tuple[str, str, str]:
    """Words, address, and what stood behind the address and is none of it."""
    if match["bare"]:
        url = match["bare"].rstrip(_ENDS)
        return "", url, match["bare"][len(url) :]
    if match["auto"]:
        return "", match["auto"], ""
    # An address as the words of a link may name another place than the link leads to.
    words = _SPACES.sub(" ", _ADDRESS.sub("", match["words"])).strip()
    return words, match["url"], ""


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.username is None
        _ = parts.port
    except ValueError:
        good = False
    if not good or not url.isprintable() or "\\" in url:
        raise InvalidEntry(
            f"answer: the link to {url[:80] or 'nothing'} cannot be shown; links begin with https:// or http:// and a host, "
            "without a user name."
        )


def _short(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}{parts.path.rstrip('/')}"
