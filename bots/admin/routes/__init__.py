"""The pages, a module each."""

from __future__ import annotations

from fastapi import APIRouter

from bots.admin.routes import home

__all__ = ["ROUTERS"]

ROUTERS: tuple[APIRouter, ...] = (home.router,)
