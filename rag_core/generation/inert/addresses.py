"""What a platform, or a browser, would make an address of: raw links, bare domains, mail addresses. Pure, linear time."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

__all__ = ["addresses", "comparable", "each_address", "without_scheme"]

_CHARACTER = r"[^\s<>‹›\"'`|\\^\[\]\U000F0000-\U0010FFFF]"
_WITHOUT_SLASHES = (
    "mailto|tel|sms|callto|sip|sips|xmpp|magnet|skype|facetime|steam|javascript|vbscript|view-source|blob"
)
_SCHEME = re.compile(rf"^(?:[a-z0-9+.-]{{1,31}}:(?=[/\\])|(?:{_WITHOUT_SLASHES}):)?[/\\]*", re.IGNORECASE)
_SCRIPT = re.compile(r"(?:javascript|vbscript|data|blob|view-source|[a-z0-9+.-]{2,30}%3a)", re.IGNORECASE)
"""Nothing of these is an address that a person could use."""
# Ends of bare domains. Those that are words, file extensions or attributes of programs ('it', 'md', 'info') count only
# with a path behind them.
_ENDS = (
    "com org net edu gov io ai dev xyz ru cn de uk eu fr nl pl ch se jp kr br au ca biz site online shop club tk ml "
    "ga cf gq gl gg ly tv example onion"
)
_DOT = r"[.\u3002\uff0e\uff61]"
_LABELS = rf"(?<![\w-])(?:[\w-]{{1,63}}{_DOT}){{1,8}}"
_END = rf"(?:{'|'.join(_ENDS.split())})(?![\w-]|{_DOT}\w)"
_PATH = rf"(?::\d{{2,5}})?[/?#]{_CHARACTER}*"
_NOT_DOMAINS = r"(?!(?:asp|ado|vb|ml)\.net\b)"
_LINKS = (
    rf"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{{0,30}}:[/\\]{{2,}}(?=[\w%@]){_CHARACTER}+"
    rf"|(?<!\w)(?:https?:[/\\]*(?=[\w%@]){_CHARACTER}+"
    rf"|(?:{_WITHOUT_SLASHES}):(?=[\w+(/%]){_CHARACTER}+"
    rf"|file:/{_CHARACTER}+"
    rf"|data:[\w.+-]+/[\w.+-]+[;,]{_CHARACTER}*"
    rf"|[a-z][a-z0-9+.-]{{1,30}}%3a(?:%2f|/){{2}}{_CHARACTER}+)"
    rf"|(?<!\w)www\d?{_DOT}\w{_CHARACTER}*"
    rf"|[a-z0-9+-]{{1,30}}://(?=\w){_CHARACTER}+"
    rf"|(?<![\w:/.])//[\w-]+(?:{_DOT}[\w-]+)+{_CHARACTER}*"
)
_MAIL = r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}\b(?:@[\w.-]*)*"
_IN_PROSE = re.compile(
    rf"{_LINKS}|{_MAIL}|{_NOT_DOMAINS}{_LABELS}{_END}(?:{_PATH})?|(?<![/.]){_LABELS}[a-z]{{2,24}}{_PATH}",
    re.IGNORECASE,
)
_IN_CODE = re.compile(rf"{_LINKS}|{_LABELS}{_END}{_PATH}", re.IGNORECASE)
_CLOSING = ".,;:!?*_~)}…。，、）"


def each_address(text: str, replace: Callable[[str], str], *, code: bool = False) -> str:
    """The text with each address in the place of which `replace` has put something else.

    Punctuation that ends a sentence is no part of an address. code: in code, where platforms make no links of bare
    domains and `logger.info` is none.
    """

    def put(match: re.Match[str]) -> str:
        address = _trimmed(match.group())
        return replace(address) + match.group()[len(address) :]

    return (_IN_CODE if code else _IN_PROSE).sub(put, text)


def _trimmed(address: str) -> str:
    """Without the punctuation behind it; a bracket that was opened in it stays."""
    bare = address.rstrip(_CLOSING)
    if "(" in bare and bare.count("(") > bare.count(")") and address[len(bare) :].startswith(")"):
        return bare + ")"
    return bare


def without_scheme(address: str) -> str:
    """'example.com/path': what a person can copy and no platform makes a link of in code. '' for scripts and data."""
    return "" if _SCRIPT.match(address) else _SCHEME.sub("", address)


@lru_cache(maxsize=16)
def addresses(text: str) -> frozenset[str]:
    """The addresses in a text, without scheme, for comparison with those of another."""
    found: set[str] = set()

    def collect(address: str) -> str:
        found.add(comparable(address))
        return ""

    for code in (False, True):
        each_address(text, collect, code=code)
    return frozenset(found - {""})


def comparable(address: str) -> str:
    """Without scheme, case and closing slash."""
    return without_scheme(address).casefold().rstrip("/")
