"""Office Math (OMML, ECMA-376 part 1, 22.1) as LaTeX on one line: formulas to be read and searched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["linear_formulas"]

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_SIGNS = {
    "×": r"\times ", "∞": r"\infty ", "π": r"\pi ", "±": r"\pm ", "≤": r"\leq ", "≥": r"\geq ", "≠": r"\neq ",
    "→": r"\to ", "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "α": r"\alpha ", "β": r"\beta ", "γ": r"\gamma ",
    "δ": r"\delta ", "λ": r"\lambda ", "μ": r"\mu ", "σ": r"\sigma ", "θ": r"\theta ", "Δ": r"\Delta ",
    "∂": r"\partial ", "∈": r"\in ", "⋅": r"\cdot ", "−": "-", "⁡": "",
}  # fmt: skip


def linear_formulas(document: bytes) -> bytes:
    """word/document.xml with each formula replaced by text: `$a^{2}$`, or `$$a^{2}$$` on its own line."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(document, parser)
    for block in list(root.iter(f"{_M}oMathPara")):
        inner = " ".join(_text(part) for part in block.findall(f"{_M}oMath"))
        _replace(block, f"$${inner}$$")
    for inline in list(root.iter(f"{_M}oMath")):
        _replace(inline, f"${_text(inline)}$")
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _replace(element: Any, text: str) -> None:
    run = element.makeelement(f"{_W}r")
    content = run.makeelement(f"{_W}t")
    content.text = f" {text} "
    content.set(_SPACE, "preserve")
    run.append(content)
    run.tail = element.tail
    element.getparent().replace(element, run)


def _text(element: Any) -> str:
    """The LaTeX of a formula element; one that is not known gives that of its parts in order."""
    kind = str(element.tag).removeprefix(_M)
    if kind == "t":
        return "".join(_SIGNS.get(sign, sign) for sign in element.text or "")
    if kind.endswith("Pr"):
        return ""
    if writer := _WRITERS.get(kind):
        return writer(element)
    return "".join(_text(child) for child in element if isinstance(child.tag, str))


def _part(element: Any, name: str) -> str:
    found = element.find(f"{_M}{name}")
    return "" if found is None else _text(found)


def _value(element: Any, path: str, default: str) -> str:
    found = element.find("/".join(f"{_M}{step}" for step in path.split("/")))
    return default if found is None else str(found.get(f"{_M}val", default))


def _fraction(element: Any) -> str:
    if _value(element, "fPr/type", "bar") == "noBar":
        return rf"\binom{{{_part(element, 'num')}}}{{{_part(element, 'den')}}}"
    return rf"\frac{{{_part(element, 'num')}}}{{{_part(element, 'den')}}}"


def _root(element: Any) -> str:
    degree = _part(element, "deg")
    return rf"\sqrt{f'[{degree}]' if degree else ''}{{{_part(element, 'e')}}}"


def _sum(element: Any) -> str:
    sign = _value(element, "naryPr/chr", "∫")
    below, above = _part(element, "sub"), _part(element, "sup")
    limits = (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")
    return f"{_SIGNS.get(sign, sign)}{limits}{{{_part(element, 'e')}}}"


def _brackets(element: Any) -> str:
    opening, closing = _value(element, "dPr/begChr", "("), _value(element, "dPr/endChr", ")")
    inner = ", ".join(_text(part) for part in element.findall(f"{_M}e"))
    return rf"\left{opening or '.'}{inner}\right{closing or '.'}"


def _function(element: Any) -> str:
    name = _part(element, "fName")
    return f"{chr(92) if name.isalpha() else ''}{name}({_part(element, 'e')})"


_WRITERS: dict[str, Callable[[Any], str]] = {
    "f": _fraction,
    "rad": _root,
    "nary": _sum,
    "d": _brackets,
    "func": _function,
    "sSup": lambda e: f"{_part(e, 'e')}^{{{_part(e, 'sup')}}}",
    "sSub": lambda e: f"{_part(e, 'e')}_{{{_part(e, 'sub')}}}",
    "sSubSup": lambda e: f"{_part(e, 'e')}_{{{_part(e, 'sub')}}}^{{{_part(e, 'sup')}}}",
    "limLow": lambda e: f"{_part(e, 'e')}_{{{_part(e, 'lim')}}}",
    "limUpp": lambda e: f"{_part(e, 'e')}^{{{_part(e, 'lim')}}}",
    "bar": lambda e: rf"\overline{{{_part(e, 'e')}}}",
}
