"""What is said of an answer while it is written, to all who wait for it."""

from __future__ import annotations

from rag_core.speech import Speeches


def test_everybody_hears_the_same() -> None:
    speeches, one, other = Speeches(), list[str](), list[str]()
    with speeches.heard("k", one.append) as say, speeches.heard("k", other.append):
        say("It")
        say("It is.")
    assert one == other == ["It", "It is."]


def test_who_comes_later_hears_what_was_said_so_far() -> None:
    """And who has gone hears nothing more."""
    speeches, one, other = Speeches(), list[str](), list[str]()
    with speeches.heard("k", one.append) as say:
        say("It")
        with speeches.heard("k", other.append):
            pass
        say("It is.")
    assert (one, other) == (["It", "It is."], ["It"])


def test_another_question_is_another_speech() -> None:
    """And so is the same one, once nobody listened any more."""
    speeches, heard = Speeches(), list[str]()
    with speeches.heard("k", heard.append) as say, speeches.heard("other", heard.append):
        say("It")
    with speeches.heard("k", heard.append):
        pass
    assert heard == ["It"]
