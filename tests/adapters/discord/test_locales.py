"""Which languages people have set."""

from __future__ import annotations

from adapters.discord.locales import Locales


def test_the_latest_that_was_heard_of_a_person_counts_until_it_is_forgotten() -> None:
    """What says nothing changes nothing."""
    locales = Locales()
    for locale in ("de", "fr", ""):
        locales.hear("1", locale)
    assert (locales.of("1"), locales.of("2")) == ("fr", "")
    locales.forget("1")
    locales.forget("2")
    assert locales.of("1") == ""


def test_the_latest_people_are_kept() -> None:
    locales = Locales()
    for number in range(10_001):
        locales.hear(str(number), "de")
    assert (locales.of("0"), locales.of("1"), locales.of("10000")) == ("", "de", "de")
