"""Where a request comes from: which page had it sent, and from which address."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from rag_core.settings import Admin

__all__ = ["address_of", "base_of", "own_path", "refuse_foreign"]

_PATH = re.compile(r"/(?:[\w.~-]+(?:/[\w.~-]+)*)?", re.ASCII)


def refuse_foreign(request: Request, admin: Admin) -> None:
    """A request that changes something must come from a page of ours, as far as the browser says. Beside the token.

    Raises:
        HTTPException: 403, it comes from elsewhere.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    ours = {request.headers.get("host", "").lower(), urlsplit(admin.url or "").netloc.lower()}
    if site not in (None, "same-origin", "none") or (
        origin not in (None, "null") and urlsplit(origin or "").netloc.lower() not in ours
    ):
        raise HTTPException(403, "This was sent from another site; do it from the page itself.")
    if origin == "null" and site != "same-origin":  # a sandbox, or a page that hides what it is
        raise HTTPException(403, "This was sent from a page that hides its address; open the page itself.")


def own_path(text: str) -> str:
    """A path of ours to go on to; '/' for anything that might be another."""
    return text if _PATH.fullmatch(text) and len(text) <= 500 and not text.startswith("/sign-") else "/"


def base_of(request: Request, admin: Admin) -> str:
    """The address that people open the pages by, without a slash at its end."""
    return (admin.url or f"{request.url.scheme}://{request.headers.get('host', '')}").rstrip("/")


def address_of(request: Request, proxies: Sequence[str]) -> str:
    """Of whoever sends it. Proxies are believed about whom they serve, others are not."""
    address = request.client.host if request.client else ""
    trusted = [ipaddress.ip_network(one, strict=False) for one in proxies]
    said = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while said and _is_within(address, trusted):
        before = said.pop().strip()
        if not _is_address(before):
            break
        address = before
    return address


def _is_within(address: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return _is_address(address) and any(ipaddress.ip_address(address) in one for one in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
