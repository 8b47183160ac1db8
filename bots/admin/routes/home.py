"""Where one arrives, and whether the pages work."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse

from bots.admin.roles import Visitor

__all__ = ["router"]

router = APIRouter()


@router.get("/")
async def home(request: Request, user: Visitor) -> RedirectResponse:
    """The queue, for those who work on it; the figures for others."""
    return RedirectResponse("/queue" if user.may("reviewer") else "/analytics", 303)


@router.get("/healthz")
async def health() -> JSONResponse:
    return JSONResponse({"ready": True})
