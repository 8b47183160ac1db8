"""The page of a training run that has ended, as people see it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.bots.admin.browser.axe import LOOKS, faults
from tests.bots.admin.browser.conftest import HEIGHT, Site
from tests.bots.admin.browser.test_every_page import WIDER
from tests.bots.admin.test_training_page import reported

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def test_a_training_run_can_be_read(site: Site) -> None:
    """Its charts are drawn, what is folded can be opened, and it fits a phone in the dark."""
    id = await reported(site.pages)
    async with site.visitor("viewer") as visit:
        page = visit.page
        await page.goto(f"/runs/{id}")
        await expect(page.locator(".plot.drawn")).to_have_count(2)
        for summary in await page.locator("#run details > summary").all():
            await summary.click()
        await expect(page.get_by_role("table", name="Before and after")).to_be_visible()
        assert await faults(page) == []
        assert await page.evaluate(WIDER) <= 0
        await page.emulate_media(color_scheme="dark")
        await page.set_viewport_size({"width": 390, "height": HEIGHT})
        assert await faults(page, LOOKS) == []
        assert await page.evaluate(WIDER) <= 0
