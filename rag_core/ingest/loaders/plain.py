"""Plain text and Markdown: passed on as they are, line for line."""

from __future__ import annotations

import re
from pathlib import Path

from rag_core.errors import DocumentError
from rag_core.ingest.loaders.writing import Loaded, first_heading, heading

__all__ = ["clean_markdown", "decode", "read_markdown", "read_plain", "read_text"]

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"))
_BOMS_16 = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_GUESS_FROM = 256 * 1024

_FRONT = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?\n)?(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_TITLE = re.compile(r"^title[ \t]*[:=][ \t]*(.+?)[ \t]*$", re.M)
_CODE_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.S)
_IMAGE = re.compile(r"!\[((?:[^\[\]]|\[[^\]]*\])*)\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])")
_IMAGE_TAG = re.compile(r"<img\b[^>]*>", re.I)
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.I)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_DATA = re.compile(r"\(\s*<?data:[^)]*\)|\bdata:[\w.+-]+/[\w.+-]+(?:;[\w=-]+)*,[^\s\"')>]*", re.I)
_HEADING_TAG = re.compile(r"^[ \t]*<h([1-6])\b([^>\n]*)>(.*?)</h\1>[ \t]*$", re.I | re.M)
_IMPORT = re.compile(r"^import\s.+\sfrom\s+['\"].+['\"];?[ \t]*$", re.M)
_COMPONENT = re.compile(r"^[ \t]*</?[A-Z][\w.]*(?:\s[^>\n]*)?/?>[ \t]*$", re.M)
_ID = re.compile(r"\bid\s*=\s*[\"']?([^\s\"'>]+)", re.I)
_TAG = re.compile(
    r"</?(?:a|abbr|b|br|center|details|div|em|font|i|kbd|p|picture|small|source|span|strong|sub|summary|sup|u)"
    r"(?=[\s/>])[^>\n]*>",
    re.I,
)


def decode(raw: bytes) -> str:
    """The text of a file, in whatever encoding; line ends become \\n.

    Raises:
        DocumentError: it is not text.
    """
    for mark, encoding in (*_BOMS, *_BOMS_16):
        if raw.startswith(mark):
            return _lines(raw.removeprefix(mark) if encoding == "utf-8" else raw, encoding)
    if b"\x00" in raw:
        raise DocumentError("is not text")
    try:
        return _lines(raw, "utf-8")
    except DocumentError:
        return _lines(raw, _guess(raw))


def _lines(raw: bytes, encoding: str) -> str:
    try:
        text = raw.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise DocumentError("is not text") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _guess(raw: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(raw[:_GUESS_FROM]).best()
    if best is None or _looks_binary(raw):
        raise DocumentError("is not text")
    # A guess from the beginning may fail on a rare byte later on; the superset of Latin-1 cannot.
    try:
        raw.decode(best.encoding)
    except UnicodeDecodeError:
        return "latin-1"
    return best.encoding


def _looks_binary(raw: bytes) -> bool:
    """Text has hardly any control characters, in any of the encodings left at this point."""
    sample = raw[:_GUESS_FROM]
    controls = sum(byte < 32 and byte not in (7, 8, 9, 10, 12, 13, 27) for byte in sample)
    return controls > len(sample) / 100


def read_text(path: Path) -> str:
    """The decoded text of a file."""
    return decode(path.read_bytes())


def read_plain(path: Path) -> Loaded:
    """A text file as it is; nothing in it is markup."""
    return Loaded("", read_text(path), plain=True, lines=True)


def read_markdown(path: Path) -> Loaded:
    """A Markdown file, line for line: front matter and comments blanked, images as their alternative text."""
    title, text = _without_front_matter(read_text(path))
    text = clean_markdown(text)
    return Loaded(title or first_heading(text), text, lines=True)


def _without_front_matter(text: str) -> tuple[str, str]:
    match = _FRONT.match(text)
    if not match:
        return "", text
    found = _TITLE.search(match[2] or "")
    title = found[1].strip("\"'") if found else ""
    return title, "\n" * match[0].count("\n") + text[match.end() :]


def clean_markdown(text: str) -> str:
    """Without comments, pictures, layout tags and MDX, except in code. Every line keeps its number."""
    lines = text.split("\n")
    code = _code_lines(text)
    parts: list[str] = []
    start = 0
    for number in range(1, len(lines) + 1):
        if number == len(lines) or (number in code) != (start in code):
            part = "\n".join(lines[start:number])
            parts.append(part if start in code else _clean_prose(part))
            start = number
    return "\n".join(parts)


def _code_lines(text: str) -> set[int]:
    """The numbers of the lines inside code blocks, counted from 0."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    parser.core.ruler.enableOnly(["normalize", "block"])  # inline markup is not needed, and slow
    code = [token for token in parser.parse(text) if token.type in ("fence", "code_block")]
    return {line for token in code if token.map for line in range(*token.map)}


def _clean_prose(text: str) -> str:
    """Cleans what lies between code spans."""
    pieces: list[str] = []
    end = 0
    for span in _CODE_SPAN.finditer(text):
        pieces += [_clean(text[end : span.start()]), span[0]]
        end = span.end()
    return "".join([*pieces, _clean(text[end:])])


def _clean(text: str) -> str:
    text = _COMMENT.sub(_newlines, text)
    text = _IMAGE.sub(lambda match: match[1] + _newlines(match, match[1]), text)
    text = _IMAGE_TAG.sub(_alt, text)
    text = _HEADING_TAG.sub(_heading_line, text)
    text = _TAG.sub("", _COMPONENT.sub("", _IMPORT.sub("", text)))
    return _DATA.sub(lambda match: "()" if match[0].startswith("(") else "", text)


def _newlines(match: re.Match[str], kept: str = "") -> str:
    """As many line ends as the match loses."""
    return "\n" * (match[0].count("\n") - kept.count("\n"))


def _alt(match: re.Match[str]) -> str:
    alt = _ALT.search(match[0])
    text = (alt[1] or alt[2] or "") if alt else ""
    return text + _newlines(match, text)


def _heading_line(match: re.Match[str]) -> str:
    found = _ID.search(match[2])
    return heading(int(match[1]), match[3], found[1] if found else None)
