"""The pages: over time, by platform, channel and release, by confidence, and by document."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bots.admin.rendering import render
from bots.admin.roles import Visitor, services_of
from bots.admin.routes.analytics.asking import Asked
from bots.admin.routes.analytics.drawing import Chart, chart
from bots.admin.routes.analytics.sheets import Sheet, by_confidence, by_name, cited, late, over_time, stale
from bots.admin.routes.analytics.trends import trends
from rag_core.records.analytics import (
    DAYS,
    Dimension,
    Overview,
    View,
    breakdown,
    choices,
    cited_documents,
    confidences,
    late_sources,
    overview,
)

__all__ = ["router"]

router = APIRouter()
SHOWN = 50
"""Rows of a table on a page; the file has all of them."""
DRAWN = 20
"""Bars of a chart."""
WEEKLY_FROM = 28
"""Days of a view: fewer make too few weeks."""
TABS = (
    *(("/analytics", "Over time"), ("/analytics/platform", "Platforms"), ("/analytics/channel", "Channels")),
    *(("/analytics/release", "Releases"), ("/analytics/confidence", "Confidence")),
    ("/analytics/documents", "Documents"),
)


@router.get("/analytics")
async def analytics(request: Request, user: Visitor, asked: Asked) -> Response:
    database = services_of(request).database
    found = await overview(database, asked.view)
    sheet = over_time(found, asked.view.step)
    return await _page(
        request,
        asked,
        "analytics.html",
        trends=trends(found),
        charts=_charts(sheet, _voted(found, asked.view, sheet)),
        sheet=sheet,
    )


@router.get("/analytics/confidence")
async def confidence(request: Request, user: Visitor, asked: Asked) -> Response:
    sheet = by_confidence(await confidences(services_of(request).database, asked.view))
    drawn = (
        chart(
            sheet,
            "Helpful, by confidence",
            "the share of votes that found answers helpful, by how sure these were, with 95% intervals",
            (("Helpful", "green"),),
            "bar",
        ),
        chart(
            sheet,
            "How sure answers are",
            "how many answers, and abstentions among them, there are of each confidence",
            (("Answers", "accent"), ("Abstentions", "amber")),
            "bar",
        ),
    )
    return await _page(request, asked, "analytics_confidence.html", charts=drawn, sheet=sheet)


@router.get("/analytics/documents")
async def documents(request: Request, user: Visitor, asked: Asked) -> Response:
    database = services_of(request).database
    found = await cited_documents(database, asked.view)
    sheets = {"cited": cited(found), "stale": stale(found), "late": late(await late_sources(database))}
    return await _page(request, asked, "analytics_documents.html", **sheets)


@router.get("/analytics/platform")
async def platforms(request: Request, user: Visitor, asked: Asked) -> Response:
    return await _by(request, asked, "platform")


@router.get("/analytics/channel")
async def channels(request: Request, user: Visitor, asked: Asked) -> Response:
    return await _by(request, asked, "channel")


@router.get("/analytics/release")
async def releases(request: Request, user: Visitor, asked: Asked) -> Response:
    return await _by(request, asked, "release")


async def _by(request: Request, asked: Asked, name: Dimension) -> Response:
    sheet = by_name(name, await breakdown(services_of(request).database, asked.view, name))
    busiest = Sheet(sheet.name, sheet.columns, sheet.rows[:DRAWN])
    drawn = (
        chart(
            busiest,
            f"Helpful, by {name}",
            f"the share of votes that found answers helpful, by {name}, with 95% intervals",
            (("Helpful", "green"),),
            "bar",
        ),
        chart(
            busiest,
            f"Abstained and asked a person, by {name}",
            f"the share of questions that were not answered, and that a person was asked about, by {name}",
            (("Abstained", "amber"), ("Asked a person", "blue")),
            "bar",
        ),
    )
    return await _page(request, asked, "analytics_by.html", charts=drawn, sheet=sheet, name=name)


async def _page(request: Request, asked: Asked, template: str, **values: Any) -> Response:
    filters = await choices(services_of(request).database, asked.view)
    shared: dict[str, Any] = {
        "asked": asked,
        "view": asked.view,
        "tabs": TABS,
        "filters": filters,
        "days": DAYS,
        "shown": SHOWN,
    }
    return render(request, template, **shared, **values)


def _voted(found: Overview, view: View, sheet: Sheet) -> Sheet:
    """By weeks where days have too few votes to tell one from another, and there are weeks enough."""
    if view.step == "day" and view.days >= WEEKLY_FROM and found.has_few_votes:
        return over_time(replace(found, points=found.weeks), "week")
    return sheet


def _charts(sheet: Sheet, voted: Sheet) -> tuple[Chart, ...]:
    """voted: what the helpful rate is drawn from."""
    return (
        chart(sheet, "Questions", "how many questions were asked", (("Questions", "accent"),), "bar"),
        chart(
            voted,
            "Helpful" if voted is sheet else "Helpful, by week",
            "the share of votes that found answers helpful, with 95% intervals",
            (("Helpful", "green"),),
        ),
        chart(
            sheet,
            "Abstained",
            "the share of questions that were not answered, with 95% intervals",
            (("Abstained", "amber"),),
        ),
        chart(
            sheet,
            "Asked a person",
            "the share of questions that a person was asked about, with 95% intervals",
            (("Asked a person", "blue"),),
        ),
        chart(
            sheet,
            "Time to answer",
            "within how many milliseconds half and 95% of the answers came",
            (("Median time", "accent"), ("95% within", "red")),
        ),
        chart(
            sheet,
            "From the cache",
            "the share of answers that came from the cache, with 95% intervals",
            (("From cache", "accent"),),
        ),
    )
