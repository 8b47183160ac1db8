"""What is wrong with an installation is logged once in a while."""

from __future__ import annotations

import logging

import pytest

from adapters.complaints import Complaints


def test_each_cause_is_complained_about_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    """However often it happens."""
    complaints = Complaints(logging.getLogger("adapters.test"))
    for _ in range(3):
        complaints.about("scope", "A scope is missing.")
        complaints.about("token", "The token was revoked.")
    assert caplog.messages == ["A scope is missing.", "The token was revoked."]


def test_a_cause_that_lasts_is_complained_about_again(caplog: pytest.LogCaptureFixture) -> None:
    complaints = Complaints(logging.getLogger("adapters.test"), repeat_s=0)
    complaints.about("scope", "A scope is missing.")
    complaints.about("scope", "A scope is missing.")
    assert len(caplog.messages) == 2
