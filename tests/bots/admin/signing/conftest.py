"""A provider of OpenID Connect on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.oidc import LocalProvider


@pytest.fixture(scope="module")
def running() -> Iterator[LocalProvider]:
    with LocalProvider() as provider:
        yield provider


@pytest.fixture
def provider(running: LocalProvider) -> LocalProvider:
    """As it is at the start; started again where a test stopped it."""
    fresh = LocalProvider()
    running.person, running.fault, running.claims_in_token = fresh.person, "", True
    running.start() if running._server is None else None
    running.asked.clear()
    return running
