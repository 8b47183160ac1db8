"""The pages, a module each."""

from __future__ import annotations

from fastapi import APIRouter

from bots.admin.routes import (
    account,
    analytics,
    audit,
    compare,
    compare_result,
    gaps,
    golden,
    home,
    item,
    people,
    queue,
    releases,
    runs,
    settings_page,
    signing,
    sources,
    standard,
    undo,
    users,
    votes,
)

__all__ = ["ROUTERS"]

ROUTERS: tuple[APIRouter, ...] = (
    home.router,
    analytics.router,
    gaps.router,
    queue.router,
    undo.router,
    audit.router,
    signing.router,
    account.router,
    users.router,
    votes.router,
    people.router,
    compare.router,
    compare_result.router,
    golden.router,
    item.router,
    standard.router,
    sources.router,
    releases.router,
    runs.router,
    settings_page.router,
)
