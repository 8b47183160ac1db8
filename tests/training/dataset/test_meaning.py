"""What is learned from each resolution."""

from __future__ import annotations

import pytest

from rag_core.records.reviews.judging import Judged, Label
from rag_core.types import Citation
from training.dataset.drops import Dropped
from training.dataset.meaning import FILES, NOTHING, Reviewed, learned, named_by
from training.dataset.rows import Example, Text

LEAVE, OFFICE, CUP = (
    Citation(n, name, f"https://x.example/{name}", f"Quote of {name}", f"docs/{name}#0")
    for n, name in enumerate(("leave", "office", "cup"), 1)
)


def judged(name: str, label: Label) -> Judged:
    return Judged(f"docs/{name}#0", label, f"docs/{name}", "docs", "public", name, f"Text of {name}")


def reviewed(resolution: str, *passages: Judged, **fields: object) -> Reviewed:
    ordinary = {
        "id": "r1", "resolution": resolution, "correction": "", "citations": (), "reviewer": "web:rita",
        "proposed_by": "slack:U7", "at": "2026-01-02T00:00:00+00:00", "route": "", "platform": "slack", "user": "U1",
        "question": "How long?", "answer": "In Porto [2]. Ten days [1].", "abstained": False, "cited": (LEAVE, OFFICE),
        "scopes": ("public", "hr"), "judged": passages,
    }  # fmt: skip
    return Reviewed(**{**ordinary, **fields})  # type: ignore[arg-type]


def of(one: Reviewed) -> Example:
    texts = {
        named: (Text(named.id, named.document, f"Header\n{named.text}", "public", "docs"),)
        for named in named_by(one)
    }
    made = learned(one, texts, "training.data.slack")
    assert isinstance(made, Example), made
    return made


def ids(texts: tuple[Text, ...]) -> list[str]:
    return [one.id for one in texts]


def test_a_good_example_approves_its_answer_with_its_passages() -> None:
    """[n] is the n-th passage; a mark of none of them goes."""
    made = of(reviewed("good_example", judged("leave", "right")))
    assert (ids(made.right), made.answer, made.rejected) == (["docs/leave#0"], "In Porto. Ten days [1].", "")
    assert made.right[0].text == "Header\nText of leave"


def test_a_good_example_decided_in_a_chat_takes_what_it_cites() -> None:
    """There nobody picks passages."""
    assert ids(of(reviewed("good_example")).right) == ["docs/leave#0", "docs/office#0"]


def test_an_abstention_that_was_good_is_to_be_learned() -> None:
    """Its sentence is the bot's own and no answer."""
    for resolution in ("good_example", "no_fault"):
        made = of(reviewed(resolution, abstained=True, cited=(), answer="I do not know."))
        assert (made.abstain, made.answer, made.right) == (True, "", ())


def test_passages_alone_say_nothing_of_the_answer() -> None:
    """Unless it was voted down."""
    made = of(reviewed("right_passage", judged("leave", "right"), judged("cup", "wrong")))
    assert (ids(made.right), ids(made.wrong)) == (["docs/leave#0"], ["docs/cup#0"])
    assert made.answer == made.rejected == ""
    down = of(reviewed("right_passage", judged("leave", "right"), judged("office", "wrong"), votes=-2))
    assert (down.rejected, down.votes) == ("In Porto [2]. Ten days [1].", -2)


def test_of_wrong_and_stale_passages_none_is_right() -> None:
    """And whether it should have abstained is not known."""
    for resolution, label in (("wrong_passage", "wrong"), ("stale_document", "stale")):
        made = of(reviewed(resolution, judged("cup", label)))  # type: ignore[arg-type]
        assert (made.right, ids(made.wrong), made.abstain) == ((), ["docs/cup#0"], False)


def test_a_correction_is_better_than_what_was_said() -> None:
    """Each with its own numbers; who proposed it is one of its people."""
    made = of(
        reviewed(
            "corrected_answer",
            judged("cup", "right"),
            judged("leave", "wrong"),
            correction="Qatar [3].",
            citations=(CUP,),
        )
    )
    assert (made.answer, made.rejected) == ("Qatar [1].", "In Porto. Ten days [2].")
    assert made.origin.people == ("slack:U1", "web:rita", "slack:U7")
    assert of(reviewed("corrected_answer", correction="Yes.", abstained=True)).rejected == ""


def test_where_a_document_is_missing_it_must_abstain() -> None:
    """What it said all the same is rejected."""
    made = of(reviewed("missing_document", judged("cup", "wrong")))
    assert (made.abstain, made.right, bool(made.rejected)) == (True, (), True)


def test_no_fault_is_learned_from_where_votes_approve_it() -> None:
    """Or where it says what kind of question it is."""
    assert learned(reviewed("no_fault"), {}, "own").reason == NOTHING  # type: ignore[union-attr]
    assert of(reviewed("no_fault", votes=2)).answer == "In Porto. Ten days."
    small = of(reviewed("no_fault", route="small-talk"))
    assert (small.route, small.answer, small.abstain) == ("small-talk", "", False)


def test_what_was_made_from_files_never_enters() -> None:
    """Nobody else has them."""
    one = reviewed("good_example", judged("leave", "right"), scopes=("public", "@f1"))
    made = learned(one, {}, "own")
    assert isinstance(made, Dropped)
    assert made.reason == FILES


@pytest.mark.parametrize(("scopes", "readers"), [(None, None), (("public", "hr"), ("hr", "public"))])
def test_an_example_knows_whose_eyes_it_was_for(scopes: object, readers: object) -> None:
    """And who asked, who vouches for it, where and when, and by what it may be used."""
    origin = of(reviewed("good_example", judged("leave", "right"), scopes=scopes)).origin
    assert (origin.scopes, origin.platform, origin.reviewer) == (readers, "slack", "web:rita")
    assert (origin.people, origin.licence) == (("slack:U1", "web:rita"), "training.data.slack")
    assert (origin.source, origin.id, origin.at) == ("review", "r1", "2026-01-02T00:00:00+00:00")
