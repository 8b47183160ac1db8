"""The chat page within pages of other sites: one script tag opens it in a frame, on sites that the settings name.

    <script src="https://ask.example.com/embed.js" async></script>

What the frame holds is the chat page itself, from our own address: the site around it cannot read it, and it cannot read
the site. Browsers refuse the frame on any site that is not named (Content-Security-Policy: frame-ancestors).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from adapters.page import PAGE
from rag_core.messages import say

__all__ = ["Embedding"]

_TEXTS = "/* texts */ {}"
_OPTIONS = {"open": "page-open", "close": "page-close", "name": "page-frame"}


class Embedding:
    def __init__(self, origins: Sequence[str] = ()) -> None:
        """origins: of the sites that may show the page, such as https://docs.example.com; none: none may."""
        self._origins = tuple(origins)

    @property
    def ancestors(self) -> str:
        """The directive frame-ancestors of a Content-Security-Policy."""
        return "frame-ancestors " + (" ".join(self._origins) or "'none'")

    def script(self, language: str) -> Response:
        """What a site runs; it may run it whether or not it may show the page, and then is told so in its console."""
        headers = {
            "cache-control": "public, max-age=3600",
            "cross-origin-resource-policy": "cross-origin",
            "vary": "accept-language",
        }
        return Response(_script(language), media_type="text/javascript; charset=utf-8", headers=headers)

    def remember(self, response: Response, request: Request, name: str, value: str, max_age_s: int) -> None:
        """Give the browser a cookie that it also sends from within a frame.

        There it counts as a third party's: it needs SameSite=None and TLS, and with Partitioned (CHIPS) it is another one on
        each site. That nobody else's page can use it is seen to by the check of Origin (bodies.py), not by SameSite.
        """
        secure = request.url.scheme == "https"
        rules = "; SameSite=None; Partitioned" if self._origins and secure else "; SameSite=lax"
        cookie = f"{name}={value}; HttpOnly; Max-Age={max_age_s}; Path=/{rules}{'; Secure' if secure else ''}"
        response.headers.append("set-cookie", cookie)


@lru_cache
def _script(language: str) -> str:
    """With its texts in the reader's language."""
    texts = {name: say(language, message) for name, message in _OPTIONS.items()}
    return (PAGE / "embed.js").read_text(encoding="utf-8").replace(_TEXTS, json.dumps(texts))
