"""Templates -> pages. With the header HX-Request, a page comes without what is around it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rag_core.records.accounts import Session

__all__ = ["FOLDER", "render"]

FOLDER = Path(__file__).parent
NAVIGATION = (
    ("Review", (("/queue", "Queue", "reviewer"), ("/golden", "Golden questions", "viewer"))),
    ("", (("/standard", "Standard answers", "viewer"), ("/compare", "Comparisons", "reviewer"))),
    ("Insight", (("/analytics", "Analytics", "viewer"), ("/gaps", "Content gaps", "viewer"))),
    ("", (("/votes", "Vote checks", "reviewer"),)),
    ("Operation", (("/sources", "Sources", "viewer"), ("/releases", "Releases", "viewer"))),
    ("", (("/runs", "Training runs", "viewer"), ("/settings", "Settings", "admin"))),
    ("", (("/users", "Users", "admin"), ("/audit", "Audit log", "admin"))),
)
"""Heading, and address, name and least role of each page."""


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The page. Every template knows request, user, csrf, partial, path and navigation besides the values."""
    session: Session | None = getattr(request.state, "session", None)
    user = session.user if session else None
    partial = request.headers.get("hx-request") == "true" and "hx-boosted" not in request.headers
    shared = {
        "request": request,
        "user": user,
        "csrf": session.csrf if session else "",
        "partial": partial,
        "path": request.url.path,
        "navigation": NAVIGATION,
    }
    html = _TEMPLATES.get_template(template).render(**shared, **values)
    return HTMLResponse(html, status, headers={"vary": "hx-request"})


def _day(time: datetime | None) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if time else "–"


def _ago(time: datetime | None) -> str:
    """How long ago, in the largest unit."""
    if time is None:
        return "never"
    seconds = (datetime.now(UTC) - time).total_seconds()
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit} ago"
    return "just now"


def _percent(part: float | None) -> str:
    return "–" if part is None else f"{100 * part:.0f}%"


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"ago": _ago, "day": _day, "percent": _percent}
    return made


_TEMPLATES = _environment()
