"""A provider of OpenID Connect on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers.oidc import LocalProvider


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[LocalProvider, dict[str, Any]]]:
    """With whom it signs in at the start."""
    with LocalProvider() as provider:
        yield provider, dict(provider.person)


@pytest.fixture
def provider(running: tuple[LocalProvider, dict[str, Any]]) -> LocalProvider:
    """As it is at the start; started again where a test stopped it."""
    provider, person = running
    provider.person, provider.fault, provider.claims_in_token = dict(person), "", True
    provider.start() if provider._server is None else None
    provider.asked.clear()
    return provider
