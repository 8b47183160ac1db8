"""The local Discord's interactions, answered by discord.py: commands, menus, buttons, modals, and what is too late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from tests.adapters.discord.clients import Bot, running
from tests.servers.discord import Interaction, LocalDiscord, buttons, readable


class Reasons(discord.ui.Modal, title="What was wrong?"):
    reason: Any = discord.ui.Label(
        text="Reason",
        component=discord.ui.Select(
            options=[
                discord.SelectOption(label="Out of date", value="old"),
                discord.SelectOption(label="Wrong"),
            ]
        ),
    )
    comment: Any = discord.ui.TextInput(label="Comment", required=False, max_length=10)
    seen: Any = None

    async def on_submit(self, interaction: discord.Interaction) -> None:
        Reasons.seen = (self.reason.component.values, self.comment.value, interaction.message)
        await interaction.response.send_message("Thank you.", ephemeral=True)


class Votes(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Good", emoji="👍", custom_id="vote:up:7")
    async def up(self, interaction: discord.Interaction, _: Any) -> None:
        await interaction.response.edit_message(content="voted", view=None)

    @discord.ui.button(emoji="👎", custom_id="vote:down:7")
    async def down(self, interaction: discord.Interaction, _: Any) -> None:
        await interaction.response.send_modal(Reasons())

    @discord.ui.select(cls=discord.ui.UserSelect, placeholder="Whom?", custom_id="whom")
    async def whom(self, interaction: discord.Interaction, select: Any) -> None:
        await interaction.response.send_message(f"{select.values[0].name}", ephemeral=True)


def commands_of(bot: Bot) -> None:
    tree = bot.tree

    @tree.command()
    async def ask(interaction: discord.Interaction, question: str, private: bool = False) -> None:
        await interaction.response.defer(ephemeral=private)
        await interaction.edit_original_response(content="half")
        await interaction.followup.send("more", ephemeral=private)
        await interaction.edit_original_response(content=f"whole: {question}", view=Votes())

    @tree.command()
    @app_commands.allowed_contexts(guilds=True, dms=True)
    async def late(interaction: discord.Interaction) -> None:
        """Answers to what never was acknowledged."""

    @tree.context_menu(name="Answer this")
    async def answer_this(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"about {message.content} of {message.author.name}")

    group = app_commands.Group(
        name="answerloop",
        description="Settings",
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
    )

    @group.command()
    async def settings(
        interaction: discord.Interaction,
        channel: discord.TextChannel,
        who: discord.Member,
        role: discord.Role,
    ) -> None:
        await interaction.response.send_message(f"{channel.name} {who.name} {role.name}", ephemeral=True)

    @group.command()
    async def topic(interaction: discord.Interaction, name: str) -> None:
        await interaction.response.send_message(name)

    @topic.autocomplete("name")
    async def names(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current}!", value=current)]

    tree.add_command(group)


@pytest.fixture
async def bot(local: LocalDiscord) -> AsyncIterator[Bot]:
    local.channel("help")
    made = Bot()
    commands_of(made)
    async with running(local, made) as bot:
        yield bot


async def answered(local: LocalDiscord, interaction: Interaction) -> None:
    await local.until(lambda: interaction.acked and local.is_settled)


async def test_a_command_is_deferred_edited_and_followed_up(local: LocalDiscord, bot: Bot) -> None:
    """The answer and what follows stand in the channel, marked as whose command it was; each ack has its latency."""
    interaction = local.user("Anna", locale="de").runs("ask", "help", question="How?")
    await local.until(lambda: interaction.original and interaction.original.components)
    assert [readable(m).split("\n")[0] for m in interaction.answers] == ["whole: How?", "more"]
    assert local.answers("help") == interaction.answers
    assert (interaction.original.type, len(interaction.original.edits)) == (20, 2)
    [ack] = local.acks
    assert (ack.type, ack.latency_s > 0) == ("deferred", True)
    [arrived] = bot.of("interaction")
    assert (arrived.locale, arrived.permissions.send_messages) == (discord.Locale.german, True)
    fetched = await arrived.original_response()
    assert fetched.interaction_metadata.user.name == "anna"


async def test_an_ephemeral_answer_is_one_persons(local: LocalDiscord, bot: Bot) -> None:
    """Others do not see it, and the channel's history does not have it."""
    anna = local.user("Anna")
    interaction = anna.runs("ask", "help", question="How?", private=True)
    await local.until(lambda: interaction.original and interaction.original.components)
    assert [m.content for m in anna.ephemerals("help")] == ["whole: How?", "more"]
    assert (local.messages("help"), local.user("Ben").ephemerals()) == ([], [])
    channel = bot.get_channel(int(local.channel("help").id))
    with pytest.raises(discord.NotFound):
        await channel.fetch_message(int(interaction.original.id))


async def test_menus_people_channels_and_roles_arrive_as_themselves(local: LocalDiscord, bot: Bot) -> None:
    """A context menu's message, and the options of a subcommand, for whom may use it."""
    anna, ben = local.user("Anna"), local.user("Ben", permissions=["manage_guild"])
    asked = anna.says("help", "How?")
    menu = ben.uses_menu("Answer this", asked)
    await answered(local, menu)
    assert menu.original.content == "about How? of anna"
    options = {"channel": local.channel("help"), "who": anna, "role": local.role("Experts")}
    run = ben.runs("answerloop settings", "help", **options)
    await answered(local, run)
    assert run.original.content == "help anna Experts"
    with pytest.raises(AssertionError, match="may not use"):
        anna.runs("answerloop settings", "help", **options)
    with pytest.raises(AssertionError, match="not offered here"):
        ben.runs("answerloop settings", ben.dm, **options)
    typed = ben.autocompletes("answerloop topic", "help", name="bill")
    await answered(local, typed)
    assert typed.choices == [{"name": "bill!", "value": "bill"}]


async def test_buttons_and_menus_are_found_by_what_is_on_them(local: LocalDiscord, bot: Bot) -> None:
    """By label, emoji or the beginning of the custom id; an update changes the message that was clicked in."""
    anna = local.user("Anna")
    asked = anna.runs("ask", "help", question="How?")
    await local.until(lambda: asked.original and asked.original.components)
    assert buttons(asked.original) == ["👍 Good", "👎"]
    chosen = anna.chooses(asked.original, "Whom?", [local.user("Ben")])
    await answered(local, chosen)
    assert chosen.original.content == "ben"
    clicked = anna.clicks(asked.original, "vote:up")
    await answered(local, clicked)
    assert (readable(asked.original), local.acks[-1].type) == ("voted", "update")
    with pytest.raises(AssertionError, match="no 'Good' to click"):
        anna.clicks(asked.original, "Good")


async def test_a_modal_takes_what_its_fields_take(local: LocalDiscord, bot: Bot) -> None:
    """It opens, refuses what Discord would refuse, and closes when its submission is acknowledged."""
    anna = local.user("Anna")
    asked = anna.runs("ask", "help", question="How?")
    await local.until(lambda: asked.original and asked.original.components)
    anna.clicks(asked.original, "👎")
    await local.until(lambda: anna.modal)
    assert readable(anna.modal).startswith("What was wrong?\nReason")
    with pytest.raises(AssertionError, match="0 to 10 characters"):
        anna.submits({"Reason": "old", "Comment": "x" * 11})
    with pytest.raises(AssertionError, match="has no"):
        anna.submits({"Reason": "old", "Other": "x"})
    with pytest.raises(AssertionError, match="may be chosen"):
        anna.submits({"Comment": "x"})
    anna.submits({"Reason": ["Out of date"], "Comment": "x"})
    await local.until(lambda: anna.modal is None)
    values, comment, message = Reasons.seen
    assert (values, comment, message.id) == (["old"], "x", int(asked.original.id))
    assert [m.content for m in anna.ephemerals()] == ["Thank you."]


async def test_what_is_too_late_is_refused(local: LocalDiscord, bot: Bot) -> None:
    """10062 after three seconds, 40060 the second time, 10015 before the first, 50027 after fifteen minutes."""
    anna = local.user("Anna")

    async def refusal(path: str, body: dict[str, Any], method: str = "POST") -> tuple[int, int]:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, local.api_url + path, json=body) as a,
        ):
            return a.status, (await a.json()).get("code") if a.status != 204 else 0

    deferral = {"type": 5}
    slow = anna.runs("late", "help")
    hook = f"/webhooks/{local.bot.id}/{slow.token}"
    assert await refusal(hook, {"content": "x"}) == (404, 10015)
    local.world.clock.advance(3.1)
    assert await refusal(f"/interactions/{slow.id}/{slow.token}/callback", deferral) == (404, 10062)

    quick = anna.runs("late", anna.dm)
    callback, hook = (
        f"/interactions/{quick.id}/{quick.token}/callback",
        f"/webhooks/{local.bot.id}/{quick.token}",
    )
    assert await refusal(callback, {"type": 7, "data": {"content": "x"}}) == (400, 50035)
    assert await refusal(callback, deferral) == (204, 0)
    assert quick.original.is_loading
    assert await refusal(callback, deferral) == (400, 40060)
    assert await refusal(hook + "/messages/@original", {"content": "done"}, "PATCH") == (200, None)
    assert (quick.original.content, quick.original.is_loading) == ("done", False)
    assert await refusal(f"/webhooks/{local.bot.id}/other", {"content": "x"}) == (404, 10015)
    local.world.clock.advance(901)
    assert await refusal(hook + "/messages/@original", {"content": "x"}, "PATCH") == (401, 50027)
    assert 401 in local.invalid_requests


@pytest.mark.parametrize(
    "change",
    [
        {"title": "x" * 46},
        {"custom_id": ""},
        {"components": []},
        {"components": [{"type": 10, "content": "x"}] * 6},
        {
            "components": [
                {"type": 18, "label": "x" * 46, "component": {"type": 4, "custom_id": "a", "style": 1}}
            ]
        },
        {"components": [{"type": 18, "label": "x", "component": {"type": 2, "custom_id": "a", "style": 1}}]},
        {"components": [{"type": 1, "components": [{"type": 4, "custom_id": "a", "style": 1}]}]},
        {
            "components": [
                {
                    "type": 18,
                    "label": "x",
                    "component": {"type": 4, "custom_id": "a", "style": 1, "max_length": 4001},
                }
            ]
        },
        {
            "components": [
                {"type": 18, "label": "x", "component": {"type": 3, "custom_id": "a", "options": []}}
            ]
        },
    ],
)
async def test_a_modal_over_a_limit_is_refused(local: LocalDiscord, bot: Bot, change: dict[str, Any]) -> None:
    """Each of the documented limits brings 50035, and nothing opens."""
    anna = local.user("Anna")
    run = anna.runs("late", "help")
    field = {"type": 18, "label": "x", "component": {"type": 4, "custom_id": "a", "style": 1}}
    data = {"title": "x", "custom_id": "m", "components": [field]} | change
    url = f"{local.api_url}/interactions/{run.id}/{run.token}/callback"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json={"type": 9, "data": data}) as answer,
    ):
        assert (answer.status, (await answer.json())["code"]) == (400, 50035)
    assert anna.modal is None


async def test_commands_keep_their_ids_while_they_stay(local: LocalDiscord, bot: Bot) -> None:
    """Replaced by the same they are the same; names that are taken, too long or not lower case are refused."""
    before = {c["name"]: (c["id"], c["version"]) for c in local.commands}
    await bot.tree.sync()
    assert {c["name"]: (c["id"], c["version"]) for c in local.commands} == before
    bot.tree.remove_command("late")
    await bot.tree.sync()
    assert "late" in before
    assert "late" not in {c["name"] for c in local.commands}
    [fetched] = [c for c in await bot.tree.fetch_commands() if c.name == "ask"]
    assert [option.name for option in fetched.options] == ["question", "private"]
    for name in ("Ask", "x" * 33, "a b"):
        payload = [{"name": name, "description": "x", "type": 1}]
        with pytest.raises(discord.HTTPException) as caught:
            await bot.http.bulk_upsert_global_commands(bot.application_id or 0, payload)
        assert caught.value.code == 50035


async def test_many_interactions_at_once_are_served(local: LocalDiscord, bot: Bot) -> None:
    """Two hundred commands, each answered with its own."""
    anna = local.user("Anna")
    runs = [anna.runs("ask", "help", question=f"{number}") for number in range(200)]
    await local.until(lambda: all(r.original and r.original.components for r in runs), within_s=60)
    assert [r.original.content for r in runs] == [f"whole: {number}" for number in range(200)]
