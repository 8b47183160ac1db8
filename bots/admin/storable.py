"""What may stand in a request: text that can be kept. Databases refuse some characters, and pages cannot show others."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import HTTPException, Request

__all__ = ["refuse_unstorable"]


async def refuse_unstorable(request: Request) -> None:
    """A dependency of every route: neither its address nor its form holds what is not text.

    Raises:
        HTTPException: 422, one of them does.
    """
    _check("the address", (request.scope["path"],))
    for name, value in request.query_params.multi_items():
        _check(name, (name, value))
    if request.method in ("POST", "PUT", "PATCH", "DELETE") and "form" in request.headers.get(
        "content-type", ""
    ):
        for name, given in (await request.form()).multi_items():
            _check(name, (name, given) if isinstance(given, str) else (name,))


def _check(name: str, texts: Iterable[str]) -> None:
    if not all(map(_is_storable, texts)):
        shown = name if name.isascii() and name.isprintable() else "a field"
        raise HTTPException(422, f"{shown[:100]}: it holds a character that is not text; remove it.")


def _is_storable(text: str) -> bool:
    """Neither NUL, which PostgreSQL does not take, nor half a character of UTF-16, which is none in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
