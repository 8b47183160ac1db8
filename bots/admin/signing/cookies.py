"""The cookies: the session's, a visitor's before signing in, and what is remembered while a provider is asked."""

from __future__ import annotations

from typing import Literal

from fastapi import Request
from fastapi.responses import Response

from rag_core.settings import Admin

__all__ = ["SESSION", "name_of", "put", "read", "take_away"]

SESSION = "answerloop_session"
Kind = Literal["session", "visit", "provider"]


def name_of(kind: Kind, admin: Admin) -> str:
    """Over TLS with the prefix that keeps other hosts of the domain from setting it."""
    return f"{'__Host-' if admin.secure else ''}answerloop_{kind}"


def read(request: Request, kind: Kind, admin: Admin) -> str:
    return request.cookies.get(name_of(kind, admin), "")


def put(response: Response, kind: Kind, value: str, admin: Admin, max_age_s: int | None = None) -> None:
    """Lax, not Strict: one arrives from a provider, or by a link in a message, and is signed in."""
    name = name_of(kind, admin)
    response.set_cookie(name, value, max_age_s, path="/", secure=admin.secure, httponly=True, samesite="lax")


def take_away(response: Response, kind: Kind, admin: Admin) -> None:
    name = name_of(kind, admin)
    response.delete_cookie(name, path="/", secure=admin.secure, httponly=True, samesite="lax")
