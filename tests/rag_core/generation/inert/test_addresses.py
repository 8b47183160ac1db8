"""What a platform would make an address of."""

from __future__ import annotations

import pytest

from rag_core.generation.inert.addresses import addresses, each_address, without_scheme


def found(text: str, *, code: bool = False) -> list[str]:
    seen: list[str] = []
    each_address(text, lambda address: seen.append(address) or "", code=code)  # type: ignore[func-returns-value]
    return seen


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("See https://a.example/x.", "https://a.example/x"),
        ("(see https://a.example/x_(y))", "https://a.example/x_(y)"),
        ("at a.example, or", "a.example"),
        ("docs.rs/serde is", "docs.rs/serde"),
        ("mail me@a.example!", "me@a.example"),
        ("**www.a.org**", "www.a.org"),
        ("//a.example/x", "//a.example/x"),
        ("slack://open?x=1", "slack://open?x=1"),
    ],
)
def test_an_address_ends_before_the_punctuation(text: str, address: str) -> None:
    """Of the sentence around it; a bracket that was opened in it stays."""
    assert found(text) == [address]


@pytest.mark.parametrize(
    "text",
    [
        "Node.js and ASP.NET",
        "src/app/main.py",
        "1.2.3",
        "e.g. this",
        "end.It",
        "a/b and/or c",
        "10:30",
        "note:this",
        "a@b",
    ],
)
def test_what_is_no_address(text: str) -> None:
    """Files, versions, abbreviations, times."""
    assert found(text) == []


def test_in_code_a_name_with_dots_is_no_address() -> None:
    """`logger.info` is an attribute; what has a scheme is an address anywhere."""
    assert found("client.com.send(logger.info)", code=True) == []
    assert found("curl https://a.example/x", code=True) == ["https://a.example/x"]


def test_addresses_are_compared_without_scheme_and_case() -> None:
    """A closing slash says nothing either."""
    assert addresses("HTTPS://A.example/X/ and a.example/x") == {"a.example/x"}


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html;x", "http%3A%2F%2Fa.example"])
def test_a_script_is_nothing_to_copy(address: str) -> None:
    """It has no form without its scheme."""
    assert without_scheme(address) == ""
