"""Where sentences begin and end. Pure, for scripts that end sentences with . ! ? … or their CJK and Arabic kin."""

from __future__ import annotations

import re

__all__ = ["Span", "sentence_spans"]

Span = tuple[int, int]

# Words whose full stop does not end a sentence. Lower case, without the stop.
_ABBREVIATIONS = frozenset(
    (
        "mr mrs ms dr prof rev gen col maj capt lt sgt st sr jr hon gov sen rep no nos vs etc al cf approx dept "
        "est fig figs eq ref refs sec ch vol ed eds pp inc ltd co corp e.g i.e eg ie u.s u.k u.n a.m p.m ph.d b.c "
        "a.d ca c jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun z.b bzw usw ggf ca "
        "mio nr art abs p.ej mme mlle"
    ).split()
)
_END = re.compile(r"[.!?…]+[\"'”’)\]»]*(?=\s)|[。！？]+[」』”）]*|[؟۔।]+(?=\s|$)")
_LAST_WORD = re.compile(r"([^\s(\[\"'“‘«]+)$")
_LOOK_BACK = 40
"""Characters; longer than any abbreviation. Without it a long paragraph would be read again for each full stop."""
_SPACE = re.compile(r"\s*")


def sentence_spans(text: str) -> list[Span]:
    """The sentences of a paragraph as character ranges without the white space around them."""
    spans: list[Span] = []
    begin = 0
    for match in _END.finditer(text):
        if _ends(text, match):
            _add(spans, text, begin, match.end())
            begin = match.end()
    _add(spans, text, begin, len(text))
    return spans


def _add(spans: list[Span], text: str, begin: int, end: int) -> None:
    stripped = text[begin:end].strip()
    if stripped:
        start = text.index(stripped[0], begin)
        spans.append((start, start + len(stripped)))


def _ends(text: str, match: re.Match[str]) -> bool:
    mark = match.group()
    if mark[0] != "." or len(mark.rstrip("\"'”’)]»")) > 1:
        return True
    following = _after_space(text, match.end())
    if text[following : following + 1].islower():
        return False
    word = _LAST_WORD.search(text[max(0, match.start() - _LOOK_BACK) : match.start()])
    if word is None:
        return True
    last = word[1]
    if last.lower() in _ABBREVIATIONS:
        return False
    # Initials ('J. R. R. Tolkien') and numbering ('1. Open the box') are not ends.
    return not (len(last) == 1 and last.isalpha() and last.isupper()) and not (
        last.isdigit() and match.start() == len(last)
    )


def _after_space(text: str, begin: int) -> int:
    match = _SPACE.match(text, begin)
    return match.end() if match else begin
