"""How the bot does: pages of figures with charts, and each of them as a file.

asking.py reads which figures are asked for; sheets.py makes rows and columns of them; drawing.py makes charts of these.
"""

from __future__ import annotations

from fastapi import APIRouter

from bots.admin.routes.analytics import files, pages

__all__ = ["router"]

router = APIRouter()
router.include_router(pages.router)
router.include_router(files.router)
