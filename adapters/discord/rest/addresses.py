"""Where Discord's API is: Discord's own address, or the one that the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from discord.http import Route

from rag_core.errors import SettingsError

__all__ = ["api_address", "pointed_at"]


def api_address() -> str:
    """In use now, such as 'https://discord.com/api/v10'."""
    return Route.BASE


@contextmanager
def pointed_at(api_url: str = "") -> Iterator[None]:
    """Have discord.py, with its webhooks, and Rest call this API until left. It is one for the whole process.

    api_url: with the version, such as 'http://127.0.0.1:8080/api/v10'; '': the one in use stays.

    Raises:
        SettingsError: it is no address.
    """
    before = Route.BASE
    Route.BASE = _checked(api_url) if api_url else before
    try:
        yield
    finally:
        Route.BASE = before


def _checked(api_url: str) -> str:
    address = api_url.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        known = False
    if not known or parts.query or parts.fragment or "{" in address:
        raise SettingsError(
            f"DISCORD_API_URL is no address of an API: {api_url!r}; give one such as https://discord.com/api/v10"
        )
    return address
