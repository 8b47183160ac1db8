"""How the admin pages are served."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from adapters.guard import LOOPBACK_HOSTS
from bots.admin_serving import served_hosts, settled
from rag_core.settings import Admin, Settings


@pytest.mark.parametrize(
    ("admin", "loopback", "hosts"),
    [
        ({}, True, LOOPBACK_HOSTS),
        ({"url": "https://a.example:8443/"}, True, (*LOOPBACK_HOSTS, "a.example")),
        (
            {"url": "https://a.example", "hosts": ("b.example",)},
            False,
            (*LOOPBACK_HOSTS, "b.example", "a.example"),
        ),
        ({}, False, ()),
    ],
)
def test_the_pages_are_asked_for_by_names_that_the_settings_know(
    tmp_path: Path, admin: dict[str, object], loopback: bool, hosts: tuple[str, ...]
) -> None:
    """That of admin.url among them; by any where they listen to other machines and nothing is named."""
    assert served_hosts(Settings(home=tmp_path, admin=Admin(**admin)), loopback) == hosts  # type: ignore[arg-type]


def test_what_is_there_before_pages_are_served_is_not_looked_through_again() -> None:
    """By the search for cycles in memory; when they are served no more it is."""
    before: list[list[object]] = [[] for _ in range(1000)]
    with settled():
        later: list[object] = []
        searched = {id(one) for one in gc.get_objects()}
        assert id(later) in searched
        assert not any(id(one) in searched for one in before)
    assert gc.get_freeze_count() == 0
    assert all(gc.is_tracked(one) for one in before)
