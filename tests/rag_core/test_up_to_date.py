"""Always up to date: what a page said yesterday is not what is answered today."""

from __future__ import annotations

from pathlib import Path

from rag_core.bootstrap import Core, make_assistant, open_library
from rag_core.settings import FolderSource
from rag_core.types import Principal, Question

FRANCE = """# FIFA World Cup

The last FIFA World Cup was held in Russia in 2018. France won the last FIFA World Cup, beating Croatia 4-2 in the
final in Moscow.
"""
ARGENTINA = """# FIFA World Cup

The last FIFA World Cup was held in Qatar in 2022. Argentina won the last FIFA World Cup on penalties after a 3-3 draw
in the final in Lusail.
"""
OTHER = "# Holidays\n\nEmployees have thirty days of paid leave a year.\n"
QUESTION = Question("Who won the last FIFA World Cup?", Principal("console", "me"))


async def test_who_won_the_last_world_cup(core: Core, tmp_path: Path) -> None:
    """France, says the page of 2018; once it is replaced and synchronised, the same running assistant says Argentina,
    and nothing of France, Croatia or Russia."""
    folder = tmp_path / "pages"
    folder.mkdir()
    page = folder / "world-cup.md"
    page.write_text(FRANCE)
    (folder / "holidays.md").write_text(OTHER)
    source = FolderSource(name="pages", path=folder, url="https://pages.example/")
    assistant = make_assistant(core)
    async with open_library(core) as library:
        await library.add(source)
        await library.sync(source)
        first = await assistant.ask(QUESTION)
        assert not first.abstained
        assert "France" in first.text
        assert "[1]" in first.text
        assert first.citations[0].location.startswith("https://pages.example/world-cup.md")
        assert "France" in first.citations[0].quote

        page.write_text(ARGENTINA)
        summary = await library.sync(source)
        assert (summary.changed, summary.unchanged) == (1, 1)
        second = await assistant.ask(QUESTION)
        assert not second.abstained
        assert "Argentina" in second.text
        said = second.text + "".join(c.quote for c in (*second.citations, *second.nearest))
        assert not any(word in said for word in ("France", "Croatia", "Russia", "2018"))

        page.unlink()
        assert (await library.sync(source)).removed == 1
        third = await assistant.ask(QUESTION)
        assert "Argentina" not in third.text
        assert third.abstained
