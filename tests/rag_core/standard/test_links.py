"""Links in a curated answer become citations; nothing else becomes a link."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.errors import InvalidEntry
from rag_core.standard.links import check_links, cited
from rag_core.types import Citation

RECORDED = (
    Citation(1, "Handbook", "https://docs.example/handbook", "Thirty days.", "p1"),
    Citation(2, "Office", "https://docs.example/office", "Porto.", "p2"),
)


def shown(text: str, citations: tuple[Citation, ...] = ()) -> tuple[str, list[tuple[int, str, str]]]:
    rendered, listed = cited(text, citations)
    return rendered, [(c.number, c.title, c.location) for c in listed]


def test_a_link_becomes_its_words_and_a_citation() -> None:
    """The address stands in the list of sources alone; the same address is the same source."""
    text = "See [the **handbook**](https://a.example/x_(y)?q=1#z), [office](https://b.example 'Office') and [again](https://a.example/x_(y)?q=1#z)."
    assert shown(text) == (
        "See the **handbook** [1], office [2] and again [1].",
        [(1, "the handbook", "https://a.example/x_(y)?q=1#z"), (2, "office", "https://b.example")],
    )


def test_a_bare_address_becomes_a_citation() -> None:
    """Chats would make a link of it by themselves."""
    assert shown("See https://a.example/b/, or <HTTPS://c.example>.") == (
        "See [1], or [2].",
        [(1, "a.example/b", "https://a.example/b/"), (2, "c.example", "HTTPS://c.example")],
    )


def test_an_address_as_the_words_of_a_link_is_not_shown() -> None:
    """It may name another place than the link leads to."""
    assert shown(
        "[https://bank.example](https://evil.example/x) [a https://bank.example b](https://c.example)"
    ) == (
        "[1] a b [2]",
        [(1, "evil.example/x", "https://evil.example/x"), (2, "a b", "https://c.example")],
    )


def test_recorded_citations_keep_their_quotes_and_are_numbered_in_reading_order() -> None:
    """What is not cited in the text is not listed."""
    text, listed = cited("In Porto [2]. More [here](https://x.example).", RECORDED)
    assert text == "In Porto [1]. More here [2]."
    assert listed == (
        Citation(1, "Office", "https://docs.example/office", "Porto.", "p2"),
        Citation(2, "here", "https://x.example", ""),
    )
    unchanged = "Thirty days [1]. Porto [2][1]."
    assert cited(unchanged, RECORDED) == (unchanged, RECORDED)


@pytest.mark.parametrize(
    "code", ["`[a](https://x.example) b[1]`", "```\n[a](ftp://x) ![i](j) [7]\n```", "```\nhttps://x.example"]
)
def test_code_is_left_as_it_is(code: str) -> None:
    """No link is shown within code."""
    check_links(f"Type {code}")
    assert shown(f"Type {code}") == (f"Type {code}", [])


@pytest.mark.parametrize(
    "text",
    [
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](data:text/html,x)",
        "[a](mailto:a@b.example)",
        "[a](slack://open)",
        "[a](/etc/passwd)",
        "[a](page.md)",
        "[a](//host/x)",
        "[a]()",
        "[a](https://)",
        "[a](https:///x)",
        "[a](http:x)",
        "[a](https://bank.example@evil.example/)",
        "[a](https://evil.example\\@bank.example)",
        "[a](https://x.example:port/)",
        "[a](https://[::1/)",
        "[a](https://x.example/\u202e)",
        "<javascript:alert(1)>",
        "<mailto:a@b.example>",
        "https://user@evil.example/x",
        "[a [b] c](file:///x)",
    ],
)
def test_a_link_to_anything_but_a_page_is_refused(text: str) -> None:
    """When it is saved, with a message that shows the link."""
    with pytest.raises(
        InvalidEntry, match=r"^answer: the link to .* cannot be shown; links begin with https://"
    ):
        check_links(f"Good: [x](https://x.example). Bad: {text}")


def test_a_picture_is_refused() -> None:
    """It would be loaded from somewhere."""
    with pytest.raises(InvalidEntry, match=r"^answer: .*picture"):
        check_links("![x](https://x.example/x.png)")


def test_a_number_without_its_citation_is_refused() -> None:
    """A later link would take its place."""
    check_links("Thirty days [1], and array[7].", RECORDED)
    with pytest.raises(InvalidEntry, match=r"^answer: \[3\] looks like a citation"):
        check_links("Thirty days [3].", RECORDED)


PIECES = st.sampled_from(
    [
        "[",
        "]",
        "(",
        ")",
        "a",
        " ",
        "https://x.example/",
        "http://",
        "`",
        "```",
        "!",
        "<",
        ">",
        "[1]",
        "[2]",
        "\n",
        "|",
        "javascript:",
    ]
)


@given(st.lists(PIECES, max_size=24).map("".join))
def test_no_address_is_left_outside_of_code(text: str) -> None:
    """Whatever passed the check: what is rendered has no address that a chat could make a link of."""
    try:
        check_links(text, RECORDED)
    except InvalidEntry:
        return
    rendered, listed = cited(text, RECORDED)
    if "`" not in text:
        assert "https://x" not in rendered
        assert "](" not in rendered or "](http" not in rendered
    assert [c.number for c in listed] == list(range(1, len(listed) + 1))
    assert all(c.location.lower().startswith(("https://", "http://")) for c in listed)


@pytest.mark.parametrize(
    "text",
    ["[" * 8000, "[a](" * 2000, "`" * 8000, "``" * 4000 + "x", "<a:" * 2600, "[[" * 4000 + "](", "(" * 8000],
)
def test_no_text_takes_long(text: str) -> None:
    """A hostile one neither; seconds are generous."""
    started = time.monotonic()
    cited(text)
    assert time.monotonic() - started < 10
