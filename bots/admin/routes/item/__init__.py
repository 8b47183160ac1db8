"""One answer, and what is decided about it: /item/REVIEW and /answer/ANSWER."""

from __future__ import annotations

from fastapi import APIRouter

from bots.admin.routes.item import deciding, pages, parts

__all__ = ["router"]

router = APIRouter()
for one in (pages.router, parts.router, deciding.router):
    router.include_router(one)
