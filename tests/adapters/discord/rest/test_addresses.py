"""The API that discord.py calls is the one that the settings name."""

from __future__ import annotations

import pytest
from discord.http import Route

from adapters.discord.rest.addresses import api_address, pointed_at
from rag_core.errors import SettingsError


def test_discord_py_is_pointed_at_an_address_for_as_long_as_it_is_used() -> None:
    """All that makes routes does so for it, webhooks among them; afterwards it is as before."""
    before = api_address()
    with pointed_at("http://127.0.0.1:8080/api/v10/"):
        assert Route("GET", "/gateway").url == "http://127.0.0.1:8080/api/v10/gateway"
        with pointed_at(""):
            assert api_address() == "http://127.0.0.1:8080/api/v10"
    assert api_address() == before


@pytest.mark.parametrize(
    "address", ["discord.com/api", "ftp://x/api", "http://", "http://x:99999/a", "https://x/?a=1"]
)
def test_what_is_no_address_is_a_mistake_in_the_settings(address: str) -> None:
    """The message names the variable."""
    with pytest.raises(SettingsError, match="DISCORD_API_URL"), pointed_at(address):
        pass
