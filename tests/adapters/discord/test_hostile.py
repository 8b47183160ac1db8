"""Hostile words from the wire to the wire: as questions, names, comments, replies and answers; nothing of them acts."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.discord.personal.conftest import Visited
from tests.adapters.discord.showing.reading import acting, links
from tests.fakes import an_answer
from tests.servers.discord import Message, buttons, pings, readable

PROMPTS = Path(__file__).parents[4] / "shared" / "data" / "injection_deepset" / "prompts.jsonl.gz"
HOSTILE = [
    "@everyone @here <@&1> <@2> <#3> </ask:4> <t:5:R> <id:customize> @\u200beveryone",
    "[click](https://evil.example) <https://evil.example> https://evil.example discord.gg/evil ](https://evil.example)",
    "```\n@everyone\n``` ` ||spoiler|| # Heading\n>>> quoted\n-# small\n- list\n**bold** __u__ ~~s~~ :skull: <a:x:1>",
    "\u202egnirts\u202c \u2066x\u2069 a\u0300"
    + "\u0301" * 200
    + " \u200b\u200c\u200d\ufeff \x00\x07 \U000e0041\U000e007f",
    "ﷺ" * 300 + " 👩‍👩‍👧‍👦" * 50,
    "{$user} { question } %s {0} \\u0000 \\N{DIGIT ONE} '; DROP TABLE answers; --",
]
NAME = "**@everyone** [x](https://evil.example) <@&1> `\u202e"


def texts(message: Message) -> list[str]:
    """All of it that Discord's clients read as markup."""
    found = [message.content]
    for one in message.embeds:
        found += [one.get("title") or "", one.get("description") or ""]
        found += [text for field in one.get("fields") or () for text in (field["name"], field["value"])]
    return [text for text in found if text]


def all_of(visit: Visited) -> list[Message]:
    """All that the bot ever showed anybody, drafts and notices among it."""

    def find(world: Any) -> list[Message]:
        channels = world.state.channels.values()
        shown = [m for c in channels for m in (*c.messages.values(), *c.ephemerals.values())]
        return [m for m in shown if m.author == world.state.bot.id]

    found: list[Message] = visit.discord.inside(find)
    return found


def harmless(visit: Visited) -> None:
    mentioned = {f"<@{person.id}>" for person in (visit.anna, visit.ben, visit.discord.user("Mallory"))}
    for message in all_of(visit):
        assert pings(message) == [], readable(message)
        for text in texts(message):
            assert {part.text for part in acting(text)} <= mentioned, text
            foreign = [
                a
                for a in links(text)
                if not a.startswith(("https://docs.example.com", "https://discord.com/channels"))
            ]
            assert foreign == [], text
            assert "\u202e" not in text


async def test_injections_are_asked_answered_and_passed_on_without_effect(bench: Any) -> None:
    """In a channel, by command, below answers, as drafts, to people and back from them, with a name that is one, too."""
    visit = Visited(bench)
    local = bench.discord
    experts = local.channel("experts").id
    await visit.start(
        {"platform": "discord", "id": local.channel("help").id, "escalation": experts},
        {"platform": "discord", "id": local.channel("drafts").id, "escalation": experts, "draft": True},
    )
    mallory = local.user("Mallory", nick=NAME, global_name=NAME)
    for n, text in enumerate(HOSTILE):
        bench.assistant.script = [
            an_answer(f"h{n}", text=f"{text}\n\n{text}", standalone=text, notices=(text,))
        ]
        mallory.asks("help", text)
        mallory.runs("ask", "talk", question=text)
        alone = mallory.runs("ask", "talk", question=text, private=True)
        mallory.asks("drafts", text)
        await bench.settled()
        assert alone.original is not None
        mallory.clicks([alone.original, *alone.followups][-1], "Share with the channel")
        mallory.clicks(local.answers("help")[-1], "Ask a person")
        await bench.settled()
        called = [one for one in local.answers("experts") if "Resolve" in buttons(one)][-1]
        visit.ben.replies(called, text)
        drafts = [one for one in local.answers("experts") if "Approve" in buttons(one)]
        for draft in drafts:
            visit.ben.clicks(draft, "Approve")
        await bench.settled()
    bench.assistant.script = [RuntimeError(HOSTILE[0])]
    for text in HOSTILE:
        mallory.runs("ask", "talk", question=text)
    await bench.settled()
    assert len(local.answers("help")) >= len(HOSTILE)
    assert [one.name for one in local.interactions if not one.acked] == []
    harmless(visit)


async def test_known_injections_call_nobody(bench: Any) -> None:
    """From the wire to the wire, each echoed by its answer."""
    lines = gzip.decompress(PROMPTS.read_bytes()).decode().splitlines()
    prompts = [one["text"] for one in map(json.loads, lines) if one["label"] == 1][::8][:40]
    visit = await Visited(bench).start()
    for n, text in enumerate(prompts):
        bench.assistant.script = [an_answer(f"p{n}", text=text)]
        visit.anna.asks("help", text[:1900])
        await bench.settled()
    assert len(prompts) > 10
    assert (
        len({one.reference["message_id"] for one in visit.discord.answers("help") if one.reference})
        >= len(prompts) - 1
    )
    harmless(visit)


@pytest.mark.parametrize("text", ["x" * 25_000, "\u200b" * 25_000, "👩‍👩‍👧‍👦" * 3_000])
async def test_a_modal_of_any_size_is_taken(bench: Any, text: str) -> None:
    """More than Discord lets anybody enter."""
    visit = await Visited(bench).start()
    answer = await visit.answered()
    visit.ben.clicks(answer, "👎")
    modal = await visit.discord.until(lambda: visit.ben.modal)
    field = {"type": 4, "custom_id": "answerloop:comment", "value": text, "id": 9}

    def submit(world: Any) -> Any:
        from tests.servers.discord.interactions import SUBMIT, begin

        data = {"custom_id": modal.custom_id, "components": [{"type": 18, "id": 8, "component": field}]}
        channel = world.state.channels[answer.channel]
        return begin(world, SUBMIT, visit.ben.user, channel, data, modal.interaction.message, modal)

    sent = visit.discord.inside(submit)
    await bench.settled()
    assert sent.acked
    assert bench.assistant.votes[-1].value == -1
