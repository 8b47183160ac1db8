"""Golden questions: what every release must answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bots.admin.bounds import Name, Names, Text
from bots.admin.jobs import Job, jobs_of
from bots.admin.pace import SEARCHES, refuse_flood
from bots.admin.rendering import render
from bots.admin.roles import may, services_of
from rag_core.errors import InvalidEntry, InvalidQuestion, NotFound
from rag_core.records.accounts import User
from rag_core.records.audit import Audit
from rag_core.records.evaluation.golden import Expected, GoldenQuestion, GoldenQuestions, GoldenResult
from rag_core.records.index.releases import Releases
from rag_core.review.alone import alone
from rag_core.review.golden.checking import check_release
from rag_core.review.golden.picking import picked
from rag_core.types import Ranked

__all__ = ["router"]

router = APIRouter()
Reviewer = Annotated[User, Depends(may("reviewer"))]
RELEASES = 6
"""Columns of the matrix: so many releases with results, the newest first."""
FOUND = 10
CHECK = "golden"
"""The background job, and the lock."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """The form as it was filled in."""

    question: str = ""
    answer: str = ""
    scopes: str = "public"
    """Separated by commas; '': everything."""
    everything: bool = False
    """Whether all scopes are read, of whatever name."""

    @property
    def readable(self) -> frozenset[str] | None:
        if self.everything:
            return None
        return frozenset(name.strip() for name in self.scopes.split(",") if name.strip())


# --- the list ----------------------------------------------------------------------------------------------------


@router.get("/golden")
async def show_all(request: Request, user: Reviewer) -> HTMLResponse:
    services = services_of(request)
    golden = GoldenQuestions(services.database)
    entries, results = await golden.all(), await golden.all_results()
    releases = await Releases(services.database).all()
    known = [release.id for release in reversed(releases)]
    active = next((release.id for release in releases if release.active), "")
    checked = {result.release for result in results}
    columns = [id for id in known if id in checked or id == active][:RELEASES]
    return render(
        request,
        "golden.html",
        entries=entries,
        results={(result.golden_id, result.release): result for result in results},
        columns=columns,
        passed={id: _passed(entries, results, id) for id in columns},
        releases=known,
        active=active,
        job=jobs_of(request.app).get(CHECK),
    )


def _passed(entries: list[GoldenQuestion], results: list[GoldenResult], release: str) -> tuple[int, int]:
    """Of those switched on that the release was asked: passed, and all."""
    on = {entry.id for entry in entries if entry.enabled}
    of = [result for result in results if result.release == release and result.golden_id in on]
    return sum(result.passed for result in of), len(of)


@router.post("/golden/check")
async def check(request: Request, user: Reviewer, release: Name = "") -> Response:
    """Ask a release all of them, in the background."""
    services = services_of(request)
    found = {one.id: one for one in await Releases(services.database).all()}.get(release)
    if found is None:
        raise NotFound(f"There is no release {release[:32]}.")

    async def work(job: Job) -> None:
        with alone(services.settings(), CHECK):
            results = await check_release(services.settings(), found, job.progress)
        passed = sum(result.passed for result in results)
        await Audit(services.database).note(
            user.identity, "golden.check", f"release:{found.id}", passed=passed, failed=len(results) - passed
        )

    jobs_of(request.app).start(CHECK, work, found.id)
    return RedirectResponse("/golden", 303)


@router.get("/golden/progress")
async def progress(request: Request, user: Reviewer) -> Response:
    """The line that tells how far the check is; once it is over the page is loaded anew."""
    job = jobs_of(request.app).get(CHECK)
    if job is None or not job.running:
        return Response(status_code=204, headers={"hx-refresh": "true"})
    return render(request, "golden_progress.html", job=job)


# --- one of them -------------------------------------------------------------------------------------------------


@router.get("/golden/new")
async def new(request: Request, user: Reviewer) -> HTMLResponse:
    return _form(request, _Draft())


@router.get("/golden/{id}")
async def show(request: Request, user: Reviewer, id: str) -> HTMLResponse:
    golden = GoldenQuestions(services_of(request).database)
    entry = await golden.get(id)
    results = [result for result in await golden.all_results() if result.golden_id == id]
    scopes = ", ".join(sorted(entry.scopes or ()))
    draft = _Draft(entry.question, entry.answer, scopes, entry.scopes is None)
    return _form(request, draft, entry, results)


@router.post("/golden/search")
async def search(
    request: Request,
    user: Reviewer,
    question: Text = "",
    answer: Text = "",
    scopes: Text = "",
    everything: Annotated[bool, Form()] = False,
    id: Name = "",
) -> HTMLResponse:
    """What is found for the question now, to pick from."""
    refuse_flood(request, user, SEARCHES)
    draft = _Draft(question, answer, scopes, everything)
    services = services_of(request)
    partial = request.headers.get("hx-target") == "found"
    entry = await GoldenQuestions(services.database).get(id) if id else None
    try:
        ranked = await services.assistant.search(question, draft.readable, FOUND)
    except InvalidQuestion as error:
        if partial:
            return render(request, "golden_found.html", found=[], searched=False, problem=str(error))
        return _form(request, draft, entry, problem=f"question: {error}")
    if partial:
        return render(request, "golden_found.html", found=ranked, searched=True, problem="")
    return _form(request, draft, entry, found=ranked, searched=True)


@router.post("/golden")
async def save(
    request: Request,
    user: Reviewer,
    question: Text = "",
    answer: Text = "",
    scopes: Text = "",
    everything: Annotated[bool, Form()] = False,
    passage: Names = None,
    keep: Annotated[list[int] | None, Form(max_length=200)] = None,
    abstain: Annotated[bool, Form()] = False,
    id: Name = "",
) -> Response:
    """passage: ids of those picked from the index. keep: numbers, from 0, of those expected already that stay. abstain: that
    nothing is expected is meant."""
    services = services_of(request)
    golden = GoldenQuestions(services.database)
    entry = await golden.get(id) if id else None
    draft = _Draft(question, answer, scopes, everything)
    try:
        expected = await _expected(request, draft, entry, passage or [], keep or [], abstain)
        if entry is None:
            values = [{n: getattr(e, n) for n in ("document", "source", "title", "text")} for e in expected]
            await golden.add(question, draft.readable, values, answer, user.identity)
        else:
            changes = {"question": question, "answer": answer, "scopes": draft.readable, "expected": expected}
            await golden.edit(entry.id, user.identity, **changes)
    except InvalidEntry as error:
        return _form(request, draft, entry, problem=str(error), status=422)
    return RedirectResponse("/golden", 303)


async def _expected(
    request: Request,
    draft: _Draft,
    entry: GoldenQuestion | None,
    ids: list[str],
    keep: list[int],
    abstain: bool,
) -> tuple[Expected, ...]:
    kept = tuple(one for number, one in enumerate(entry.expected if entry else ()) if number in keep)
    async with services_of(request).assistant.core() as core:
        fresh = await picked(core.store, ids, draft.readable) if ids else ()
    expected = tuple(dict.fromkeys((*kept, *fresh)))
    if abstain and expected:
        raise InvalidEntry("expected: pick passages, or say that it must abstain; not both.")
    if not abstain and not expected:
        raise InvalidEntry("expected: pick a passage that answers it, or say that the bot must abstain.")
    return expected


@router.post("/golden/{id}/switch")
async def switch(request: Request, user: Reviewer, id: str) -> Response:
    golden = GoldenQuestions(services_of(request).database)
    turn = golden.disable if (await golden.get(id)).enabled else golden.enable
    await turn(id, user.identity)
    return RedirectResponse("/golden", 303)


@router.post("/golden/{id}/remove")
async def remove(request: Request, user: Reviewer, id: str) -> Response:
    await GoldenQuestions(services_of(request).database).remove(id, user.identity)
    return RedirectResponse("/golden", 303)


def _form(
    request: Request,
    draft: _Draft,
    entry: GoldenQuestion | None = None,
    results: list[GoldenResult] | None = None,
    *,
    found: list[Ranked] | None = None,
    searched: bool = False,
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    return render(
        request,
        "golden_form.html",
        status,
        draft=draft,
        entry=entry,
        results=results or [],
        found=found or [],
        searched=searched,
        problem=problem,
    )
