"""Code and everything else, told apart as every renderer does."""

from __future__ import annotations

from rag_core.generation.inert.fences import Fence, blocks, spans


def kinds(text: str) -> list[str]:
    return [type(block).__name__ for block in blocks(text)]


def rewritten(text: str) -> str:
    return "\n".join(b.text("\n".join(b.lines)) if isinstance(b, Fence) else b for b in blocks(text))


def marked(line: str) -> str:
    return spans(line, lambda ticks, content: f"<{content}>")


def test_what_is_written_well_is_written_again_as_it_is() -> None:
    """Language, indentation, lists, empty blocks."""
    for text in (
        "a\n```sh\nb\n```\nc",
        "```\n```",
        "- a\n  ```py\n  b\n\n  c\n  ```\n- d",
        "1. ```\n   x\n   ```",
    ):
        assert rewritten(text) == text


def test_a_fence_that_is_not_closed_is_closed() -> None:
    """What is written below must not become code, nor the reverse."""
    assert rewritten("```\na") == "```\na\n```"


def test_a_fence_ends_with_its_list() -> None:
    """As CommonMark has it."""
    assert rewritten("- ```\n  a\nb") == "- ```\n  a\n  ```\nb"


def test_tildes_become_backticks() -> None:
    """Slack and Discord know no others."""
    assert rewritten("~~~py\na\n```\n~~~\nb") == "```py\na\n'''\n```\nb"


def test_nothing_but_a_language_stands_behind_a_fence() -> None:
    """Slack would show it."""
    assert rewritten("```sh http://a.example\nx\n```") == "```sh\nx\n```"


def test_spans_begin_and_end_on_one_line() -> None:
    """A backtick without another goes; an escaped one is a sign like any other."""
    assert marked("a `b` c ``d`e`` f") == "a <b> c <d`e> f"
    assert marked("a ` b") == "a  b"
    assert marked(r"a \` b `c`") == r"a \' b <c>"


def test_blocks_are_put_together_with_line_breaks() -> None:
    """An empty text is one empty block."""
    assert kinds("") == ["str"]
    assert kinds("a\n```\nb\n```\nc") == ["str", "Fence", "str"]
