"""The queue: /queue."""

from __future__ import annotations

from bots.admin.routes.queue.pages import router

__all__ = ["router"]
