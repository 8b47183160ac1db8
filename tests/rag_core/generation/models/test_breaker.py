from __future__ import annotations

import pytest

from rag_core.errors import Unavailable
from rag_core.generation.models.breaker import FAILURES, FIRST_S, LONGEST_S, Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker("http://model", clock)
    for _ in range(FAILURES):
        breaker.failed(breaker.admit(), "it refuses connections.")
    return breaker


def test_a_few_failures_in_a_row_hold_requests_back() -> None:
    """With the reason; one that passed begins the count anew."""
    breaker = Breaker("http://model", Clock())
    for _ in range(2):
        for _ in range(FAILURES - 1):
            breaker.failed(breaker.admit(), "it refuses connections.")
        assert not breaker.is_open
        breaker.passed(breaker.admit())
    with pytest.raises(Unavailable, match=r"http://model .* it refuses connections"):
        opened(Clock()).admit()


def test_one_request_at_a_time_finds_out_whether_it_is_back() -> None:
    """After the pause; the others go on failing at once until it has."""
    clock = Clock()
    breaker = opened(clock)
    clock.now += FIRST_S
    probe = breaker.admit()
    with pytest.raises(Unavailable):
        breaker.admit()
    breaker.passed(probe)
    assert not breaker.is_open
    assert breaker.admit() is not breaker.admit()


def test_the_pause_grows_up_to_half_a_minute() -> None:
    """It doubles with each probe that fails."""
    clock = Clock()
    breaker = opened(clock)
    pause = FIRST_S
    for _ in range(12):
        clock.now += pause * 0.99
        with pytest.raises(Unavailable):
            breaker.admit()
        clock.now += pause * 0.02
        breaker.failed(breaker.admit(), "it took too long.")
        pause = min(pause * 2, LONGEST_S)
    assert pause == LONGEST_S


def test_a_probe_whose_asker_went_away_makes_room_for_another() -> None:
    """At once: nothing was learned from it."""
    clock = Clock()
    breaker = opened(clock)
    clock.now += FIRST_S
    breaker.released(breaker.admit())
    breaker.passed(breaker.admit())
    assert not breaker.is_open


def test_requests_that_were_under_way_do_not_lengthen_the_pause() -> None:
    """A hundred questions that fail together are one failure of the endpoint."""
    clock = Clock()
    breaker = Breaker("http://model", clock)
    tickets = [breaker.admit() for _ in range(100)]
    for ticket in tickets:
        breaker.failed(ticket, "it took too long.")
    clock.now += FIRST_S
    assert breaker.admit()
