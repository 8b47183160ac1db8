"""Templates -> pages. With the header HX-Request, a page comes without what is around it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bots.admin.markdown import is_link, markdown
from bots.admin.roles import WAITING_MOST, is_whole
from rag_core.records.accounts import Role, Session, User

__all__ = ["FOLDER", "NAVIGATION", "Page", "render"]

FOLDER = Path(__file__).parent


class Page(NamedTuple):
    """One in the navigation."""

    address: str
    name: str
    role: Role
    """The least that sees it."""
    icon: str
    """Of static/icons.svg."""
    holds: tuple[str, ...] = ()
    """Addresses below which it is the current page, besides its own."""


NAVIGATION: tuple[tuple[str, tuple[Page, ...]], ...] = (
    (
        "Review",
        (
            Page("/queue", "Queue", "reviewer", "inbox", ("/item", "/answer")),
            Page("/golden", "Golden questions", "reviewer", "target"),
            Page("/standard", "Standard answers", "reviewer", "bookmark"),
            Page("/compare", "Comparisons", "reviewer", "scales"),
            Page("/votes", "Vote checks", "reviewer", "shield"),
        ),
    ),
    (
        "Insight",
        (
            Page("/analytics", "Analytics", "viewer", "chart"),
            Page("/gaps", "Content gaps", "viewer", "puzzle"),
        ),
    ),
    (
        "Operation",
        (
            Page("/sources", "Sources", "viewer", "folder"),
            Page("/releases", "Releases", "viewer", "box"),
            Page("/runs", "Training runs", "viewer", "pulse"),
        ),
    ),
    (
        "Administration",
        (
            Page("/settings", "Settings", "admin", "sliders"),
            Page("/users", "Users", "admin", "users"),
            Page("/people", "People", "admin", "person"),
            Page("/audit", "Audit log", "admin", "clock"),
        ),
    ),
)
"""Heading, and the pages below it."""


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The page. Every template knows request, user, csrf, partial, path, navigation, current_page and to_review besides the
    values. current_page: the address of the page in the navigation that this one belongs to. to_review: how many reviews are
    pending, for those who may decide them; '': none."""
    session: Session | None = getattr(request.state, "session", None)
    user = session.user if session else None
    waiting: int = getattr(request.state, "waiting", 0)
    shared = {
        "request": request,
        "user": user,
        "csrf": session.csrf if session else "",
        "partial": not is_whole(request),
        "path": request.url.path,
        "navigation": _navigation(user),
        "current_page": _current(request.url.path),
        "to_review": f"{WAITING_MOST - 1}+" if waiting >= WAITING_MOST else str(waiting or ""),
    }
    html = _TEMPLATES.get_template(template).render(**shared, **values)
    return HTMLResponse(html, status, headers={"vary": "hx-request"})


def _navigation(user: User | None) -> list[tuple[str, list[Page]]]:
    """What that user may see."""
    if user is None:
        return []
    seen = [(heading, [page for page in pages if user.may(page.role)]) for heading, pages in NAVIGATION]
    return [(heading, pages) for heading, pages in seen if pages]


def _current(path: str) -> str:
    """The address of the page in the navigation that this path belongs to; none: ""."""
    for _, pages in NAVIGATION:
        for page in pages:
            if any(path == one or path.startswith(one + "/") for one in (page.address, *page.holds)):
                return page.address
    return ""


def _aware(time: datetime) -> datetime:
    """All times are UTC; SQLite gives them back without saying so."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _iso(time: datetime) -> str:
    return _aware(time).astimezone(UTC).isoformat(timespec="seconds")


def _day(time: datetime | None) -> str:
    return _aware(time).astimezone(UTC).strftime("%Y-%m-%d %H:%M") if time else "–"


def _ago(time: datetime | None) -> str:
    """How long ago, in the largest unit."""
    if time is None:
        return "never"
    seconds = (datetime.now(UTC) - _aware(time)).total_seconds()
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
    made.filters |= {"ago": _ago, "day": _day, "iso": _iso, "percent": _percent, "markdown": markdown}
    made.tests["link"] = is_link
    return made


_TEMPLATES = _environment()
