"""Draft mode in Discord: people see an answer before it is sent."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from adapters.inbox import Inbox
from rag_core.messages import say
from rag_core.records.platforms.deliveries import Deliveries
from tests.adapters.discord.conftest import Bench
from tests.adapters.discord.people.judging import Judged, judged
from tests.fakes import an_answer
from tests.servers.discord import Message, Person, buttons, pings, readable

EXPERTS = "experts"


def drafts(bench: Bench, **values: Any) -> dict[str, Any]:
    """As the settings file has a channel."""
    return {"platform": "discord", "id": bench.discord.channel("help").id, "draft": True, **values}


@pytest.fixture
async def talk(bench: Bench) -> Judged:
    return await judged(bench, drafts(bench, escalation=bench.discord.channel(EXPERTS).id))


async def drafted(talk: Judged, place: Any = EXPERTS) -> tuple[Message, Message]:
    """The question, and what the people see who decide."""
    asked = talk.anna.asks("help", "How long do refunds take?")
    [draft] = await talk.discord.until(lambda: talk.discord.answers(place))
    await talk.bench.settled()
    return asked, draft


def sent(talk: Judged, place: Any = "help") -> list[Message]:
    found: list[Message] = talk.discord.answers(place)
    return found


def plain(message: Message) -> str:
    return readable(message).replace("**", "")


def told(person: Person) -> list[str]:
    """To this person alone, in the people's channel."""
    return [readable(one) for one in person.ephemerals(EXPERTS)]


async def test_a_draft_is_seen_by_those_who_decide_and_by_nobody_else(talk: Judged) -> None:
    """Question, answer and sources; the asker alone is told that a person looks at it."""
    asked, draft = await drafted(talk)
    shown = plain(draft)
    assert "Anna asks:" in shown
    assert "How long do refunds take?" in shown
    assert "Expenses are refunded within 30 days" in shown
    assert "Travel handbook" in shown
    assert buttons(draft) == ["Approve", "Edit", "Discard"]
    assert sent(talk) == []
    assert pings(draft) == []
    talk.ben.reacts(draft, "👍")  # among those who decide, and no vote of who asked
    assert await talk.votes() == []
    [direct] = talk.told(talk.anna)
    assert direct.startswith("A person checks my answer before I send it.")
    assert asked.id in direct


async def test_an_approved_draft_is_the_answer(talk: Judged) -> None:
    """A reply to the question, with all that goes with an answer; votes find it; the draft says who approved it."""
    asked, draft = await drafted(talk)
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    [answer] = sent(talk)
    assert "Expenses are refunded within 30 days" in readable(answer)
    assert answer.referenced is asked
    assert "Approved by Ben" in plain(draft)
    assert buttons(draft) == []
    talk.anna.clicks(answer, "👍")
    talk.ben.reacts(answer, "👍")
    assert {vote.user for vote in await talk.votes()} == {talk.anna.id, talk.ben.id}
    assert await talk.pending() == []


async def test_the_small_print_stays_with_a_draft(talk: Judged) -> None:
    """Those who decide read it, and so does who asked."""
    talk.bench.assistant.script = [an_answer(generator="openai:gpt-4o-mini")]
    talk.bench.assistant.notices = ("sentences-removed",)
    _, draft = await drafted(talk)
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    for shown in (readable(draft), readable(sent(talk)[0])):
        assert say("en", "sentences-removed") in shown
        assert "openai:gpt-4o-mini" in shown


async def test_in_a_thread_the_approved_answer_comes_there(talk: Judged) -> None:
    """Threads go by the settings of their channel."""
    thread = talk.anna.starts_thread("help", "Refunds")
    asked = talk.anna.asks(thread, "How long do refunds take?")
    [draft] = await talk.discord.until(lambda: talk.discord.answers(EXPERTS))
    await talk.bench.settled()
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    [answer] = sent(talk, thread)
    assert answer.referenced is asked
    assert sent(talk) == []
    talk.ben.reacts(answer, "👍")
    assert len(await talk.votes()) == 1


async def test_of_two_who_decide_at_once_one_does(talk: Judged) -> None:
    """The answer is sent once; the other is told that it is decided."""
    _, draft = await drafted(talk)
    carla = talk.discord.user("Carla")
    before = copy.copy(draft)
    before.components = copy.deepcopy(draft.components)
    for person, button in ((talk.ben, "Approve"), (carla, "Approve"), (carla, "Discard")):
        person.clicks(before, button)
    await talk.bench.settled()
    assert [*told(carla), *told(talk.ben)] == ["Somebody has decided about this already."] * 2
    assert len(sent(talk)) == ("Approved" in readable(draft))


async def test_a_draft_can_be_changed_before_it_is_sent(talk: Judged) -> None:
    """What is sent is marked as a person's, and is a candidate example for review."""
    _, draft = await drafted(talk)
    talk.ben.clicks(draft, "Edit")
    modal = await talk.discord.until(lambda: talk.ben.modal)
    assert "Expenses are refunded within 30 days [1]." in json.dumps(modal.components)
    talk.ben.submits({"answerloop:text0": "Expenses are refunded within 20 days @everyone [1]."})
    await talk.bench.settled()
    [answer] = sent(talk)
    assert "within 20 days" in readable(answer)
    assert "Edited by Ben" in readable(answer)
    assert pings(answer) == []
    assert "Edited and sent by Ben" in plain(draft)
    [review] = await talk.pending()
    assert (review.source, review.proposed_by) == ("draft", f"discord:{talk.ben.id}")
    assert review.proposed.startswith("Expenses are refunded within 20 days")


async def test_what_is_edited_without_a_change_is_approved(talk: Judged) -> None:
    """Nothing to learn from it."""
    _, draft = await drafted(talk)
    talk.ben.clicks(draft, "Edit")
    await talk.discord.until(lambda: talk.ben.modal)
    talk.ben.submits({})
    await talk.bench.settled()
    assert "Edited" not in readable(sent(talk)[0])
    assert await talk.pending() == []


async def test_a_draft_that_was_emptied_is_still_to_be_decided(talk: Judged) -> None:
    """Discord takes blanks for words."""
    _, draft = await drafted(talk)
    talk.ben.clicks(draft, "Edit")
    await talk.discord.until(lambda: talk.ben.modal)
    talk.ben.submits({"answerloop:text0": "  "})
    await talk.bench.settled()
    assert told(talk.ben) == [say("en", "draft-empty")]
    assert sent(talk) == []
    assert buttons(draft) == ["Approve", "Edit", "Discard"]


async def test_a_long_draft_is_edited_in_parts(talk: Judged) -> None:
    """An input takes 4,000 characters; what is put together again is the same text, also where no input is left for its
    end."""
    text = "\n\n".join(f"Paragraph {n}. " + "Words that say something. " * 30 for n in range(30)).strip()
    talk.bench.assistant.script = [an_answer("long", text=text)]
    _, draft = await drafted(talk)
    assert "The answer goes on" in readable(draft)
    talk.ben.clicks(draft, "Edit")
    modal = await talk.discord.until(lambda: talk.ben.modal)
    inputs = [one["component"] for one in modal.components]
    assert len(inputs) == 5
    first = inputs[0]["value"]
    talk.ben.submits({"answerloop:text0": first.replace("Paragraph 0", "Section 0")})
    [review] = await talk.pending()
    assert review.proposed == text.replace("Paragraph 0", "Section 0")
    shown = "\n".join(map(readable, sent(talk)))
    assert "Section 0" in shown
    assert "Paragraph 29" in shown


async def test_a_discarded_draft_is_told_to_the_asker_alone(talk: Judged) -> None:
    """Nothing stands in the channel."""
    _, draft = await drafted(talk)
    talk.ben.clicks(draft, "Discard")
    await talk.bench.settled()
    assert sent(talk) == []
    assert "Discarded by Ben" in plain(draft)
    assert talk.told(talk.anna)[-1].startswith(say("en", "draft-discarded"))


async def test_who_takes_no_direct_messages_is_told_below_the_question(talk: Judged) -> None:
    """Never silence."""
    talk.discord.user("Anna", accepts_dms=False)
    asked, _ = await drafted(talk)
    [shown] = sent(talk)
    assert readable(shown) == "A person checks my answer before I send it."
    assert shown.referenced is asked
    assert pings(shown) == []


async def test_a_draft_outlives_the_process(talk: Judged) -> None:
    """A bot that was started anew knows from its records what is to be sent where."""
    _, draft = await drafted(talk)
    bench = talk.bench
    await bench.inbox.close(1)
    bench.inbox = bench.bot.inbox = Inbox(Deliveries(bench.database), bench._handle, failed=bench.bot.failed)
    bench.assistant.script = [RuntimeError("nothing is asked anew")]
    talk.ben.clicks(draft, "Approve")
    await talk.discord.until(lambda: sent(talk))
    assert "Expenses are refunded within 30 days" in readable(sent(talk)[0])


async def test_a_draft_whose_sending_failed_is_sent_by_the_next_attempt(talk: Judged) -> None:
    """Which knows that it was this person who decided; once in all."""
    _, draft = await drafted(talk)
    talk.discord.fail("POST /channels/{id}/messages", 500, times=8)
    talk.ben.clicks(draft, "Approve")
    await talk.discord.until(lambda: "Approved by Ben" in plain(draft), within_s=30)
    await talk.bench.settled()
    assert talk.bench.failures == []
    assert len(sent(talk)) == 1
    assert told(talk.ben) == []


async def test_a_draft_that_discord_did_not_take_can_be_sent_later(talk: Judged) -> None:
    """Who clicked is told; the draft is not lost."""
    _, draft = await drafted(talk)
    talk.discord.remove_permission("help", "send_messages")
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    assert told(talk.ben)
    assert sent(talk) == []
    talk.discord.give_permission("help", "send_messages")
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    assert len(sent(talk)) == 1


async def test_a_draft_that_cannot_show_its_end_is_sent_all_the_same(talk: Judged) -> None:
    """Who clicks its buttons again is told that it is decided."""
    _, draft = await drafted(talk)
    talk.discord.fail("PATCH /channels/{id}/messages/{id}", 403, 50013, times=5)
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    assert len(sent(talk)) == 1
    talk.ben.clicks(draft, "Discard")
    await talk.bench.settled()
    assert told(talk.ben) == ["Somebody has decided about this already."]


async def test_an_edited_question_changes_its_draft(talk: Judged) -> None:
    """There is one draft for one question."""
    asked, draft = await drafted(talk)
    talk.bench.assistant.script = [an_answer("other", text="It takes a week [1].")]
    talk.anna.edits(asked, f"{talk.discord.mention} How long do transfers take?")
    await talk.discord.until(lambda: "It takes a week" in readable(draft))
    await talk.bench.settled()
    assert len(talk.discord.answers(EXPERTS)) == 1
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    [answer] = sent(talk)
    assert "It takes a week" in readable(answer)


async def test_the_draft_for_a_deleted_question_goes_with_it(talk: Judged) -> None:
    """There is nothing left to decide."""
    asked, _ = await drafted(talk)
    talk.anna.deletes(asked)
    await talk.bench.settled()
    assert talk.discord.answers(EXPERTS) == []


async def test_a_single_person_sees_drafts_in_direct_messages(bench: Bench) -> None:
    """And decides there."""
    ben = bench.discord.user("Ben")
    talk = await judged(bench, drafts(bench, escalation=ben.id))
    _, draft = await drafted(talk, ben.dm)
    ben.clicks(draft, "Approve")
    await bench.settled()
    assert len(sent(talk)) == 1
    assert "Approved by Ben" in plain(draft)


async def test_a_role_sees_drafts_in_a_private_thread_to_which_it_is_called(bench: Bench) -> None:
    """Who has a role cannot be listed without a privileged intent; the asker does not see the thread."""
    role = bench.discord.role("Experts", mentionable=True)
    bench.discord.user("Ben", roles=["Experts"])
    bench.discord.give_permission("help", "create_private_threads")
    talk = await judged(bench, drafts(bench, escalation=role.id))
    talk.anna.asks("help", "How long do refunds take?")
    [thread] = await bench.discord.until(lambda: bench.discord.threads("help"))
    await bench.settled()
    assert thread.kind == "private_thread"
    assert talk.anna.id not in thread.members
    [draft] = talk.discord.answers(thread)
    assert pings(draft) == [role.mention]
    talk.ben.clicks(draft, "Approve")
    await bench.settled()
    assert len(sent(talk)) == 1
    assert "Approved by Ben" in plain(draft)


async def test_without_private_threads_the_asker_and_the_log_are_told(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """The link asks for that permission only where somebody wants it."""
    bench.discord.remove_permission("help", "create_private_threads")
    talk = await judged(bench, drafts(bench, escalation=bench.discord.role("Experts", mentionable=True).id))
    talk.anna.asks("help", "How long do refunds take?")
    [told] = await talk.discord.until(lambda: talk.told(talk.anna))
    assert "could not reach the people" in told
    assert "answerloop init discord --role-drafts" in caplog.text
    assert sent(talk) == []


async def test_where_nobody_decides_the_asker_is_told(bench: Bench) -> None:
    """Never silence."""
    talk = await judged(bench, drafts(bench))
    talk.anna.asks("help", "How long do refunds take?")
    [told] = await talk.discord.until(lambda: talk.told(talk.anna))
    assert "nobody is named for that" in told
    assert sent(talk) == []


async def test_what_nobody_asked_the_bot_is_drafted_without_a_word_to_the_asker(bench: Bench) -> None:
    """And sent, once approved; a discarded one leaves no trace."""
    experts = bench.discord.channel(EXPERTS).id
    talk = await judged(bench, drafts(bench, escalation=experts, auto_answer=0.5))
    talk.anna.says("help", "How long do refunds take?")
    [draft] = await talk.discord.until(lambda: talk.discord.answers(EXPERTS))
    await bench.settled()
    talk.ben.clicks(draft, "Discard")
    await bench.settled()
    assert talk.told(talk.anna) == []
    assert sent(talk) == []
    talk.anna.says("help", "How long do transfers take?")
    [_, draft] = await talk.discord.until(
        lambda: len(talk.discord.answers(EXPERTS)) == 2 and talk.discord.answers(EXPERTS)
    )
    await bench.settled()
    talk.ben.clicks(draft, "Approve")
    await bench.settled()
    assert len(sent(talk)) == 1
    assert talk.told(talk.anna) == []


async def test_a_draft_of_an_attempt_that_broke_off_shows_what_is_decided_about(talk: Judged) -> None:
    """It was sent, and the bot fell before it could remember that; then it answered once more."""
    asked, draft = await drafted(talk)
    [row] = await talk.bench.postings.drafts_for("discord", asked.id)
    await talk.bench.postings.remove("discord", row.channel, row.message)
    talk.bench.assistant.script = [an_answer("other", text="It takes a week [1].")]
    talk.anna.edits(asked, f"{talk.discord.mention} How long do transfers take?")
    await talk.discord.until(lambda: "It takes a week" in readable(draft))
    await talk.bench.settled()
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    assert "It takes a week" in readable(sent(talk)[0])


async def test_a_draft_that_somebody_deleted_is_shown_anew_with_an_edited_question(talk: Judged) -> None:
    asked, draft = await drafted(talk)
    talk.ben.deletes(draft)
    await talk.bench.settled()
    talk.anna.edits(asked, f"{talk.discord.mention} How long do transfers take?")
    [again] = await talk.discord.until(lambda: talk.discord.answers(EXPERTS))
    await talk.bench.settled()
    talk.ben.clicks(again, "Approve")
    await talk.bench.settled()
    assert len(sent(talk)) == 1


@pytest.mark.parametrize(
    "sign", ["*_`[", "😀", "x\n", "<@1>", "- a\n", "| a | b |\n|---|---|\n| 1 | 2 |\n\n"]
)
async def test_a_draft_keeps_to_discords_limits_whatever_stands_in_it(talk: Judged, sign: str) -> None:
    """However long question and answer are; the local Discord refuses what is beyond one."""
    long = sign * (6_600 // len(sign))
    talk.bench.assistant.script = [an_answer("long", text=long)]
    talk.anna.asks("help", f"Why? {sign * (1_900 // len(sign))}")
    [draft] = await talk.discord.until(lambda: talk.discord.answers(EXPERTS))
    await talk.bench.settled()
    talk.ben.clicks(draft, "Edit")
    await talk.discord.until(lambda: talk.ben.modal)
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    assert talk.bench.failures == []
    assert "Approved by Ben" in plain(draft)
