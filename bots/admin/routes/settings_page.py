"""Every setting in effect."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from bots.admin.rendering import render
from bots.admin.roles import may, services_of
from rag_core.configuration import platform_variables
from rag_core.records.accounts import User
from rag_core.running.live import LIVE, READ_AT_START
from rag_core.settings.effective import Group, Shown, effective

__all__ = ["router"]

router = APIRouter()


@router.get("/settings")
async def settings(
    request: Request,
    user: Annotated[User, Depends(may("admin"))],
    find: Annotated[str, Query(max_length=100)] = "",
    changed: bool = False,
) -> Response:
    """find: what must stand in a setting's name, value or meaning. changed: those only that are not the default."""
    services = services_of(request)
    async with (
        services.assistant.core() as core
    ):  # those of the start, and of them the live ones as they are now
        now = services.settings()
        in_force = core.settings.model_copy(update={name: getattr(now, name) for name in LIVE})
    groups = effective(in_force, LIVE, READ_AT_START, platform_variables())
    words = find.casefold().split()
    kept = [
        Group(group.title, group.meaning, rows)
        for group in groups
        if (rows := tuple(row for row in group.settings if _fits(group, row, words, changed)))
    ]
    total = sum(len(group.settings) for group in groups)
    shown = sum(len(group.settings) for group in kept)
    return render(request, "settings.html", groups=kept, find=find, changed=changed, shown=shown, total=total)


def _fits(group: Group, row: Shown, words: list[str], changed: bool) -> bool:
    text = f"{group.title} {row.key} {row.value} {row.meaning}".casefold()
    return all(word in text for word in words) and (row.changed or not changed)
