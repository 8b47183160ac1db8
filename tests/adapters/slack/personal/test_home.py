"""The Home tab, as people look at it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from adapters.slack.bot import PLATFORM
from rag_core.records.database import transaction
from rag_core.types import Principal, Question
from tests.adapters.slack.conftest import Bench
from tests.adapters.slack.visiting import Visited, visited
from tests.fakes import an_answer
from tests.servers.slack import View, pings, readable

REVIEWERS = {"review": {"reviewers": ["slack:U0BEN"]}}


@pytest.fixture
async def visit(bench: Bench) -> Visited:
    return await visited(bench, **REVIEWERS)


def links(view: View) -> str:
    return json.dumps(view.content)


async def asked(visit: Visited, count: int, user: str = "U0ANNA", text: str = "Question") -> None:
    for number in range(count):
        question = Question(f"{text} {number}?", Principal(PLATFORM, user, "T0MAIN", "C0HELP"))
        answer = an_answer(f"{user}{number}".lower())
        await visit.bench.feedback.record_answer(
            question, answer, passages=[], scopes=frozenset({"public"}), generation=1
        )


async def test_a_home_tab_tells_how_to_ask_and_what_answers_come_from(visit: Visited) -> None:
    """And what one asked, and what of it is kept."""
    await visit.source("handbook")
    shown = readable(await visit.home(visit.anna))
    for part in ("/ask", "handbook", "last read", "You have not asked me anything yet", "Forget me"):
        assert part in shown


async def test_only_sources_that_this_person_may_read_are_told(bench: Bench) -> None:
    """Of others not even that there are any; whoever may read them alone sees them."""
    rule = {"scopes": ["hr"], "platform": "slack", "user": "U0BEN"}
    visit = await visited(bench, access={"rules": [rule]})
    await visit.source("handbook")
    await visit.source("salaries", "hr")
    seen = readable(await visit.home(visit.anna))
    assert "handbook" in seen
    assert "salaries" not in seen
    assert "salaries" in readable(await visit.home(visit.ben))


async def test_own_questions_are_linked_to_their_answers(visit: Visited) -> None:
    """The latest ten, the newest first; nobody else's; without a link those that were answered in private."""
    await asked(visit, 12)
    await asked(visit, 1, "U0BEN", "Another's")
    answer = await visit.answered("How long do refunds take?")
    home = await visit.home(visit.anna)
    shown = readable(home)
    assert shown.index("How long do refunds take?") < shown.index("Question 11?") < shown.index("Question 3?")
    assert "Question 2?" not in shown
    assert "Another's" not in shown
    assert f"p{answer.ts.replace('.', '')}" in links(home)
    calls = len(visit.slack.calls("chat.getPermalink"))
    await visit.home(visit.anna)
    assert len(visit.slack.calls("chat.getPermalink")) == calls


async def test_what_people_wrote_does_nothing_on_a_home_tab(visit: Visited) -> None:
    """Neither in questions nor in names of sources."""
    await visit.source("<!channel> *x*")
    await asked(visit, 1, text="Is <!here> <@U0BEN> <https://evil.example|this> ok" + "&" * 4_000)
    home = await visit.home(visit.anna)
    assert "<!channel>" not in links(home)
    assert "<!here>" not in links(home)
    assert "<https://evil" not in links(home)
    assert "Is <!here> <@U0BEN>" in readable(home).replace("\u2060", "")


async def test_a_part_that_cannot_be_made_costs_only_itself(visit: Visited) -> None:
    """A sentence stands in its place."""
    async with transaction(visit.bench.database) as connection:
        await connection.execute(text("ALTER TABLE sources RENAME TO elsewhere"))
    shown = readable(await visit.home(visit.anna))
    assert "cannot be shown now" in shown
    assert "Your recent questions" in shown
    assert "Forget me" in shown


async def test_links_that_slack_does_not_give_are_left_out(visit: Visited) -> None:
    """The questions are there all the same."""
    await visit.answered("How long do refunds take?")
    visit.slack.fail("chat.getPermalink", error="message_not_found", times=10)
    assert "How long do refunds take?" in readable(await visit.home(visit.anna))


async def test_a_home_tab_speaks_its_persons_language(visit: Visited) -> None:
    visit.slack.user("U0CLAIRE", name="Claire", locale="fr-FR")
    assert "Vos dernières questions" in readable(await visit.home(visit.slack.user("U0CLAIRE")))


async def test_the_messages_tab_is_no_home_tab(visit: Visited) -> None:
    """Slack says with the same event that it was opened."""
    visit.anna.opens_home("messages")
    await visit.bench.settled()
    assert visit.slack.calls("views.publish") == []


async def test_without_a_home_tab_nothing_fails(visit: Visited) -> None:
    """It may be switched off in the app, or the person may have gone."""
    visit.slack.fail("views.publish", error="not_enabled")
    visit.anna.opens_home()
    await visit.bench.settled()
    assert visit.bench.handled == ["app_home_opened"]
    assert len(visit.slack.calls("views.publish")) == 1


async def test_everything_at_its_longest_fits_into_slacks_limits(visit: Visited) -> None:
    """As many sources, questions and reviews as can be shown."""
    for number in range(60):
        await visit.source(f"{'source & ' * 6}{number}")
    await asked(visit, 30, "U0BEN", "&<>" * 1_000)
    for number in range(25):
        await visit.reviews.propose(f"u0ben{number}", "vote", "x" * 9_000, "slack:U0ANNA")
    home = await visit.home(visit.ben)
    shown = readable(home)
    assert "more" in shown
    assert "To review: 25" in shown
    assert len(home.content["blocks"]) < 100
    assert all(call.ok for call in visit.slack.calls("views.publish"))


def review_of(view: View, action: str) -> list[Any]:
    elements = [e for block in view.content["blocks"] for e in block.get("elements", ())]
    return [e for e in elements if str(e.get("action_id", "")).startswith(action)]


async def test_reviewers_alone_see_what_waits_and_how_the_week_was(visit: Visited) -> None:
    """With a share of votes only where there are some."""
    answer = await visit.answered()
    visit.anna.clicks(answer, "answerloop_vote", "👎")
    await visit.bench.settled()
    shown = readable(await visit.home(visit.ben))
    assert "To review: 1" in shown
    assert "Questions: 1 (before: 0)" in shown
    assert "Found helpful: 0%, 95% interval 0–79%, votes: 1 (before: –%)" in shown
    seen = await visit.home(visit.anna)
    assert "To review" not in readable(seen)
    assert review_of(seen, "answerloop_review") == []


async def test_pages_of_the_queue_are_turned(visit: Visited) -> None:
    """Ten on each; what is decided on the last page leads back to the one before."""
    await asked(visit, 11)
    for number in range(11):
        await visit.reviews.propose(f"u0anna{number}", "escalation")
    home = await visit.home(visit.ben)
    assert len(review_of(home, "answerloop_review_approve")) == 10
    assert len(review_of(home, "answerloop_review_page")) == 1
    await visit.presses(visit.ben, "answerloop_review_page:after")
    assert visit.ben.home is not None
    assert "Question 10?" in readable(visit.ben.home)
    assert len(review_of(visit.ben.home, "answerloop_review_approve")) == 1
    await visit.presses(visit.ben, "answerloop_review_approve")
    assert len(review_of(visit.ben.home, "answerloop_review_approve")) == 10
    assert review_of(visit.ben.home, "answerloop_review_page") == []


async def test_home_tabs_call_nobody(visit: Visited) -> None:
    """An answer in the queue, of which a reviewer sees the beginning."""
    visit.bench.assistant.script = [replace(an_answer(), text="Ask <!channel> or @here, <@U0ANNA>.")]
    answer = await visit.answered()
    visit.anna.clicks(answer, "answerloop_vote", "👎")
    await visit.bench.settled()
    home = await visit.home(visit.ben)
    assert "Ask" in readable(home)
    assert "<!channel>" not in links(home)
    assert "<@U0ANNA>" not in links(home)
    assert pings(answer) == []
