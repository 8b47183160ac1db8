"""What came of a comparison."""

from __future__ import annotations

import csv
import io
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from bots.admin.rendering import render
from bots.admin.roles import may, services_of
from bots.admin.routes.compare import judged_by, may_close_it, read
from rag_core.records.accounts import User
from rag_core.records.evaluation.comparisons import Comparison, Comparisons, Item, Judgement
from rag_core.review.comparing.agreement import in_words
from rag_core.review.comparing.tally import RATERS, result

__all__ = ["router"]

router = APIRouter()
Reviewer = Annotated[User, Depends(may("reviewer"))]
COLUMNS = ("number", "platform", "question", "baseline", "candidate", "identical", "rater", "preference")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@router.get("/compare/{id}/result")
async def show_result(request: Request, user: Reviewer, id: str) -> HTMLResponse:
    """Not before this rater has judged everything, so that nobody judges with it in mind. The questions one by one not
    before it is closed: they tell which release is which."""
    comparison = await Comparisons(services_of(request).database).get(id)
    items, judgements = await read(request, comparison)
    _refuse_early(comparison, items, judgements, user)
    found = result(items, judgements)
    closed = comparison.state == "closed"
    by_number = {item.number: item for item in items}
    return render(
        request,
        "compare_result.html",
        comparison=comparison,
        found=found,
        closed=closed,
        words=in_words,
        raters=RATERS,
        may_close=may_close_it(comparison, user),
        disputed=[by_number[number] for number in found.disputed] if closed else [],
        said={number: _said(judgements, number) for number in found.disputed},
    )


def _said(judgements: list[Judgement], number: int) -> list[tuple[str, str]]:
    return sorted(
        (one.rater, one.preference)
        for one in judgements
        if one.number == number and one.preference != "skipped"
    )


def _refuse_early(comparison: Comparison, items: list[Item], judgements: list[Judgement], user: User) -> None:
    if comparison.state == "closed":
        return
    left = sum(not item.identical for item in items) - judged_by(judgements, user)
    if comparison.state != "open" or left > 0:
        raise HTTPException(403, "The result is shown once you have judged all questions, or it is closed.")


@router.get("/compare/{id}/result.csv")
async def as_csv(request: Request, user: Reviewer, id: str) -> Response:
    """A row for each judgement, and one for each question without any. Once it is closed: the rows tell which release is
    which."""
    comparison = await Comparisons(services_of(request).database).get(id)
    if comparison.state != "closed":
        raise HTTPException(403, "The judgements are given out once the comparison is closed.")
    items, judgements = await read(request, comparison)
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(COLUMNS)
    for item in items:
        for rater, preference in _said(judgements, item.number) or [("", "")]:
            shown = [item.baseline.text, item.candidate.text]
            cells = [item.number, item.platform, item.question, *shown, item.identical, rater, preference]
            table.writerow([_cell(str(cell)) for cell in cells])
    name = f"comparison-{comparison.id}.csv"
    return Response(
        written.getvalue().encode("utf-8-sig", "replace"),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _cell(text: str) -> str:
    """A spreadsheet takes what begins so for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
