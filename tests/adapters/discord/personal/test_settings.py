"""A channel's and a server's settings, changed in menus."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.channels import Channel
from rag_core.types import Question
from tests.servers.discord import Message, Person, buttons, pings, readable
from tests.servers.discord.components import every

COMMAND = "answerloop settings"
PREFIX = "answerloop:setting"


@pytest.fixture
def manager(visit: Any) -> Person:
    found: Person = visit.discord.user("Mia", permissions=["manage_guild"])
    return found


def helping(visit: Any) -> str:
    return str(visit.discord.channel("help").id)


def shown_to_all(visit: Any) -> None:
    """As the server's owner can have a command, which Discord else shows to those with Manage Server."""

    def show(world: Any) -> None:
        for command in world.state.commands[None]:
            command["default_member_permissions"] = None

    visit.discord.inside(show)


async def in_force(visit: Any, channel: str = "") -> Channel:
    guild = visit.discord.main_guild.id
    found: Channel = await visit.bench.channels.of("discord", guild, channel or helping(visit), [guild])
    return found


async def more(visit: Any, person: Person, shown: Message, times: int = 1) -> Message:
    for _ in range(times):
        await visit.clicks(person, shown, "More…")
    return shown


def menu(shown: Message, name: str) -> dict[str, Any]:
    """By the end of its custom id."""
    [found] = [one for one in every(shown.components) if str(one.get("custom_id", "")).endswith(name)]
    return found


async def test_settings_are_changed_and_in_force_with_the_next_question(visit: Any, manager: Person) -> None:
    """In this channel alone; the manager alone sees it, in one message; each change is told."""
    await visit.start()
    desk, role = visit.discord.channel("desk"), visit.discord.role("Staff")
    shown = await visit.runs(manager, COMMAND)
    await visit.clicks(manager, shown, "Follow-ups in a thread need no mention")
    assert "Follow-ups in a thread need no mention: no" in readable(shown)
    await visit.chooses(manager, shown, f"{PREFIX}:c:0:language", "de")
    await visit.chooses(manager, shown, f"{PREFIX}:c:0:auto_answer", "0.5")
    await more(visit, manager, shown)
    await visit.chooses(manager, shown, "“Ask a person” goes to a channel", [desk])
    assert "goes to: #desk" in readable(shown)
    await visit.chooses(manager, shown, f"{PREFIX}:c:1:allowed", [visit.anna, role])
    assert "Anna" in readable(shown)
    assert "@Staff" in readable(shown)
    await more(visit, manager, shown)
    await visit.chooses(manager, shown, f"{PREFIX}:c:2:scopes", ["public"])
    await more(visit, manager, shown)
    await visit.clicks(manager, shown, "A person sees each answer before it is sent")
    found = await in_force(visit)
    expected = Channel(
        scopes=frozenset({"public"}),
        auto_answer=0.5,
        follow_ups=False,
        draft=True,
        allowed=frozenset({visit.anna.id, role.id}),
        escalation=desk.id,
        language="de",
        set_here=found.set_here,
    )
    assert found == expected
    assert len(found.set_here) == 7
    assert await in_force(visit, visit.discord.channel("other").id) == Channel()
    assert len(visit.discord.ephemerals(manager)) == 1
    assert pings(shown) == []


async def test_what_is_typed_is_set_by_a_modal(visit: Any, manager: Person) -> None:
    """It begins with what is in force."""
    channel = {"platform": "discord", "id": helping(visit), "tone": "of the file", "remind_after": "36h"}
    await visit.start(channel)
    shown = await visit.runs(manager, COMMAND)
    modal = await visit.opens(manager, shown, f"{PREFIX}s_type")
    assert "of the file" in readable(modal)
    assert "36h" in readable(modal)
    given = {"answerloop:auto_answer": "0,42", "answerloop:tone": "brief", "answerloop:remind_after": "90m"}
    await visit.submits(manager, given)
    found = await in_force(visit)
    assert (found.auto_answer, found.tone, found.remind_after_s) == (0.42, "brief", 5_400)
    assert "Tone of answers: brief" in readable(shown)
    assert "0.42" in readable(shown)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"answerloop:auto_answer": "1.5"}, "between 0 and 1"),
        ({"answerloop:auto_answer": "half"}, "between 0 and 1"),
        ({"answerloop:auto_answer": "nan"}, "between 0 and 1"),
        ({"answerloop:remind_after": "soon"}, "a duration"),
        ({"answerloop:remind_after": "0h"}, "a duration"),
    ],
)
async def test_what_cannot_be_is_told_and_the_rest_is_set(
    visit: Any, manager: Person, values: dict[str, str], words: str
) -> None:
    """A modal that was sent cannot be opened again with what was typed."""
    await visit.start()
    shown = await visit.runs(manager, COMMAND)
    await visit.opens(manager, shown, f"{PREFIX}s_type")
    await visit.submits(manager, values | {"answerloop:tone": "brief"})
    assert words in readable(shown)
    assert (await in_force(visit)).set_here == {"tone": "brief"}


async def test_what_needs_the_message_content_intent_says_so(visit: Any, manager: Person) -> None:
    """Where it is missing, and nowhere else."""
    await visit.start({"platform": "discord", "id": helping(visit), "auto_answer": 0.5})
    assert "message content intent" not in readable(await visit.runs(manager, COMMAND))
    visit.bench.client._connection._intents.message_content = False
    assert "message content intent" in readable(await visit.runs(manager, COMMAND))
    assert "message content intent" not in readable(await visit.runs(manager, COMMAND, "other"))


async def test_a_modal_that_is_sent_unchanged_sets_nothing(visit: Any, manager: Person) -> None:
    """The settings file goes on saying it."""
    said = {"tone": "of the file", "auto_answer": 0.123456789, "remind_after": "36h"}
    await visit.start({"platform": "discord", "id": helping(visit), **said})
    shown = await visit.runs(manager, COMMAND)
    await visit.opens(manager, shown, f"{PREFIX}s_type")
    await visit.submits(manager, {})
    assert (await in_force(visit)).set_here == {}
    assert "Nothing has changed" in readable(shown)


async def test_a_server_is_set_for_all_its_channels(visit: Any, manager: Person) -> None:
    """And a channel may differ; each page says where its values come from."""
    await visit.start({"platform": "discord", "tone": "of the file"})
    shown = await visit.runs(manager, COMMAND)
    await visit.clicks(manager, shown, "This server")
    assert "Settings of this server" in readable(shown)
    await visit.chooses(manager, shown, f"{PREFIX}:s:0:language", "fr")
    await visit.clicks(manager, shown, "Answer new forum posts")
    assert "Set here, in place of the settings file: Answer new forum posts" in readable(shown)
    await visit.clicks(manager, shown, "This channel")
    text = readable(shown)
    assert "Set for the whole server:" in text
    assert "From the settings file: Tone of answers" in text
    await visit.chooses(manager, shown, f"{PREFIX}:c:0:language", "de")
    assert "Set here, in place of the settings file: My own sentences" in readable(shown)
    assert (await in_force(visit)).language == "de"
    other = await in_force(visit, visit.discord.channel("other").id)
    assert (other.language, other.posts, other.tone) == ("fr", False, "of the file")


async def test_what_is_set_above_is_switched_off_for_a_channel(visit: Any, manager: Person) -> None:
    """Nothing chosen is another thing than nothing set."""
    guild = visit.discord.main_guild.id
    await visit.start({"platform": "discord", "auto_answer": 0.25})
    await visit.bench.channels.save("discord", guild, guild, {"language": "fr", "scopes": ["hr"]}, "1")
    shown = await visit.runs(manager, COMMAND)
    await visit.chooses(manager, shown, f"{PREFIX}:c:0:language", "any")
    await visit.chooses(manager, shown, f"{PREFIX}:c:0:auto_answer", "never")
    await more(visit, manager, shown, 2)
    await visit.chooses(manager, shown, f"{PREFIX}:c:2:scopes", [])
    found = await in_force(visit)
    assert (found.language, found.auto_answer, found.scopes) == ("", None, None)


async def test_one_click_removes_what_is_set_here(visit: Any, manager: Person) -> None:
    """The button is there only then."""
    await visit.start({"platform": "discord", "id": helping(visit), "tone": "of the file"})
    guild, values = visit.discord.main_guild.id, {"tone": "set here", "draft": True}
    shown = await visit.runs(manager, COMMAND)
    assert "Remove what is set here" not in buttons(shown)
    await visit.bench.channels.save("discord", guild, helping(visit), values, "1")
    await visit.clicks(manager, shown, "This channel")
    await visit.clicks(manager, shown, "Remove what is set here")
    found = await in_force(visit)
    assert (found.tone, found.draft, found.set_here) == ("of the file", False, {})
    assert "Nothing is set here any more." in readable(shown)
    assert "Remove what is set here" not in buttons(shown)


async def test_threads_show_and_change_their_channel(visit: Any, manager: Person) -> None:
    await visit.start()
    thread = manager.starts_thread("help", "A thread")
    shown = await visit.runs(manager, COMMAND, thread)
    assert "#help" in readable(shown)
    await visit.chooses(manager, shown, f"{PREFIX}:c:0:auto_answer", "0.7")
    assert (await in_force(visit)).auto_answer == 0.7


async def test_a_forum_is_set_from_one_of_its_posts(visit: Any, manager: Person) -> None:
    """With its tags, by name in the menu; channels that are none have neither tags nor posts."""
    await visit.start()
    forum = visit.discord.forum("questions", tags=["question", "idea"])
    post = manager.posts(forum, "Refunds", "How long do they take?")
    await visit.bench.settled()
    shown = await visit.runs(manager, COMMAND, post)
    await visit.clicks(manager, shown, "Answer new forum posts")
    await more(visit, manager, shown, 2)
    await visit.chooses(manager, shown, f"{PREFIX}:c:2:tags", ["question"])
    assert "Forum tags: question" in readable(shown)
    found = await in_force(visit, forum.id)
    assert (found.posts, found.tags) == (False, frozenset({forum.tag("question").id}))
    await visit.chooses(manager, shown, f"{PREFIX}:c:2:tags", [])
    assert (await in_force(visit, forum.id)).tags == frozenset()
    plain = await visit.runs(manager, COMMAND)
    assert "Answer new forum posts" not in readable(plain)
    await more(visit, manager, plain, 2)
    assert "Forum tags" not in readable(plain)


async def test_questions_go_to_a_role_a_person_or_a_channel(visit: Any, manager: Person) -> None:
    """One of them: each takes the place of the others, in the menus as well."""
    await visit.start()
    shown = await more(visit, manager, await visit.runs(manager, COMMAND))
    people, channels = f"{PREFIX}:c:1:escalation", f"{PREFIX}:c:1:escalation_channel"
    role, desk = visit.discord.role("Staff"), visit.discord.channel("desk")
    for menu_of, target, kind in (
        (people, role, "role"),
        (channels, desk, "channel"),
        (people, visit.ben, "user"),
    ):
        await visit.chooses(manager, shown, menu_of, [target])
        assert (await in_force(visit)).escalation == target.id
        chosen = [
            one
            for name in ("escalation", "escalation_channel")
            for one in menu(shown, f":{name}").get("default_values") or ()
        ]
        assert [(one["id"], one["type"]) for one in chosen] == [(target.id, kind)]
    await visit.chooses(manager, shown, people, [])
    assert (await in_force(visit)).escalation == ""


async def test_a_channel_that_the_bot_does_not_see_is_told(visit: Any, manager: Person) -> None:
    await visit.start()
    hidden = visit.discord.channel("hidden")
    visit.discord.remove_permission(hidden, "view_channel")
    shown = await more(visit, manager, await visit.runs(manager, COMMAND))
    await visit.chooses(manager, shown, f"{PREFIX}:c:1:escalation_channel", [hidden])
    assert "I cannot see that channel" in readable(shown)


async def test_drafts_need_somebody_who_sends_them(visit: Any, manager: Person) -> None:
    """Neither are they turned on before, nor is who it is taken away after."""
    await visit.start()
    shown = await visit.runs(manager, COMMAND)
    draft = "A person sees each answer before it is sent"
    await visit.clicks(manager, shown, draft)
    assert "please choose first where questions go" in readable(shown)
    assert not (await in_force(visit)).draft
    people = f"{PREFIX}:c:1:escalation"
    await more(visit, manager, shown)
    await visit.chooses(manager, shown, people, [visit.ben])
    await more(visit, manager, shown, 2)
    await visit.clicks(manager, shown, draft)
    await more(visit, manager, shown)
    await visit.chooses(manager, shown, people, [])
    assert "turn that off first" in readable(shown)
    found = await in_force(visit)
    assert (found.draft, found.escalation) == (True, visit.ben.id)


async def test_the_role_that_everybody_has_is_everybody(visit: Any, manager: Person) -> None:
    """Discord offers it in its menus, and tells it of nobody; it is called for no question."""
    await visit.start()
    everyone = visit.discord.main_guild.roles[visit.discord.main_guild.id]
    shown = await more(visit, manager, await visit.runs(manager, COMMAND))
    await visit.chooses(manager, shown, f"{PREFIX}:c:1:allowed", [visit.anna, everyone])
    assert (await in_force(visit)).allowed == frozenset()
    await visit.chooses(manager, shown, f"{PREFIX}:c:1:escalation", [everyone])
    assert (await in_force(visit)).escalation == ""
    assert "This is not possible here" in readable(shown)


async def test_people_who_are_not_in_the_menu_stay(visit: Any, manager: Person) -> None:
    """A menu shows 25; ids of other platforms stay as well."""
    everyone = [str(10**17 + number) for number in range(40)] + ["U0PERSON"]
    await visit.start({"allowed": everyone})
    shown = await more(visit, manager, await visit.runs(manager, COMMAND))
    assert len(menu(shown, ":allowed")["default_values"]) == 25
    await visit.chooses(manager, shown, f"{PREFIX}:c:1:allowed", [visit.anna])
    assert (await in_force(visit)).allowed == frozenset({visit.anna.id, *everyone[25:]})


async def test_a_menu_is_shown_though_discord_refuses_what_is_chosen_in_it(
    visit: Any, manager: Person
) -> None:
    """Such as somebody who has left."""
    await visit.start({"platform": "discord", "allowed": [visit.anna.id]})
    shown = await visit.runs(manager, COMMAND)
    visit.discord.fail("PATCH /webhooks/{id}/{token}/messages/{message}", status=400, code=50035, times=1)
    await more(visit, manager, shown)
    assert "default_values" not in menu(shown, ":allowed")
    assert "Anna" in readable(shown)


async def test_scopes_that_a_manager_may_not_read_are_not_offered(visit: Any, manager: Person) -> None:
    """Their names are not theirs to know; those in force in the channel are shown."""
    await visit.start({"platform": "discord", "id": helping(visit), "scopes": ["legal"]})
    for name, scope in (("salaries", "hr"), ("handbook", "public"), ("contracts", "legal")):
        await visit.source(name, scope)
    shown = await more(visit, manager, await visit.runs(manager, COMMAND), 2)
    options = [option["value"] for option in menu(shown, ":scopes")["options"]]
    assert options == ["legal", "public"]


async def test_only_who_manages_the_server_is_let_in(visit: Any, manager: Person) -> None:
    """With Manage Server, or named by the settings, also by a role; others learn who can."""
    leads = visit.discord.role("Leads")
    carl = visit.discord.user("Carl")
    await visit.start(discord={"managers": [carl.id, leads.id]})
    shown_to_all(visit)
    refused = await visit.runs(visit.ben, COMMAND)
    assert "Manage Server”, and Carl and @Leads, can change settings" in readable(refused)
    assert buttons(refused) == []
    for person in (
        carl,
        visit.discord.user("Dora", roles=["Leads"]),
        visit.discord.user("Admin", admin=True),
    ):
        assert "Settings of this channel" in readable(await visit.runs(person, COMMAND))


@pytest.mark.parametrize(
    "name", ["Follow-ups in a thread need no mention", "Remove what is set here", "More…"]
)
async def test_who_manages_the_server_no_more_changes_nothing(visit: Any, name: str) -> None:
    """Though the page was open."""
    await visit.start(discord={"managers": [visit.ben.id]})
    shown_to_all(visit)
    guild = visit.discord.main_guild.id
    await visit.bench.channels.save("discord", guild, helping(visit), {"tone": "set here"}, "1")
    shown = await visit.runs(visit.ben, COMMAND)
    visit.bench.configure()
    await visit.clicks(visit.ben, shown, name)
    assert (await in_force(visit)).set_here == {"tone": "set here"}
    assert "Manage Server" in readable(shown)
    assert (shown.embeds, buttons(shown)) == ([], [])


async def test_who_manages_the_server_no_more_sends_no_modal(visit: Any) -> None:
    await visit.start(discord={"managers": [visit.ben.id]})
    shown_to_all(visit)
    shown = await visit.runs(visit.ben, COMMAND)
    await visit.opens(visit.ben, shown, f"{PREFIX}s_type")
    visit.bench.configure()
    await visit.submits(visit.ben, {"answerloop:tone": "mine"})
    assert (await in_force(visit)).set_here == {}
    assert "Manage Server" in readable(shown)


async def test_a_click_that_counts_twice_changes_once(visit: Any, manager: Person) -> None:
    """The page could not be shown at first: what changed is told all the same."""
    await visit.start()
    shown = await visit.runs(manager, COMMAND)
    visit.bench.rest._calling._trying_s = 0.1
    visit.discord.fail("PATCH /webhooks/{id}/{token}/messages/{message}", times=2)
    await visit.clicks(manager, shown, "Follow-ups in a thread need no mention")
    assert (await in_force(visit)).set_here == {"follow_ups": False}
    assert "Follow-ups in a thread need no mention: no" in readable(shown)


async def test_settings_speak_their_managers_language(visit: Any) -> None:
    await visit.start()
    mia = visit.discord.user("Mia", permissions=["manage_guild"], locale="de")
    shown = await visit.runs(mia, COMMAND)
    assert "Für diesen Kanal ist nichts festgelegt" in readable(shown)
    assert "Mehr…" in buttons(shown)


@pytest.mark.parametrize("locale", ["en-US", "de", "fr", "es-ES"])
async def test_every_page_at_its_longest_fits_into_discords_limits(
    visit: Any, manager: Person, locale: str
) -> None:
    values = {
        "scopes": [f"scope-{number:02}-" + "x" * 50 for number in range(60)],
        "auto_answer": 0.123456789,
        "draft": True,
        "allowed": [str(10**17 + number) for number in range(300)],
        "escalation": str(10**17),
        "tone": "😀*_" * 100,
        "remind_after": "36h",
        "language": "es",
    }
    await visit.start({"platform": "discord", **values})
    mia = visit.discord.user("Mia", locale=locale)
    shown = await visit.runs(mia, COMMAND)
    for target in ("answerloop:settings_page:s", "answerloop:settings_page:c"):
        await visit.clicks(mia, shown, target)
        for number in (1, 2, 3):
            further = [one for one in every(shown.components) if one.get("type") == 2][-1]
            assert f"{number} " in shown.embeds[0]["footer"]["text"]
            await visit.clicks(mia, shown, further["custom_id"])
    await visit.opens(mia, shown, f"{PREFIX}s_type")


async def test_what_is_set_here_narrows_what_the_next_question_reads(visit: Any, manager: Person) -> None:
    """From the menu to the question as it is asked."""
    await visit.start()
    shown = await more(visit, manager, await visit.runs(manager, COMMAND), 2)
    await visit.chooses(manager, shown, f"{PREFIX}:c:2:scopes", ["public"])
    await visit.answered()
    question = visit.bench.assistant.questions[-1]
    assert isinstance(question, Question)
    assert question.scopes == frozenset({"public"})
