"""What everybody's models learn from is what everybody may read."""

from __future__ import annotations

from training.dataset.rows import Example, Origin, Text
from training.dataset.scoping import PRIVATE, within


def text(id: str, scope: str) -> Text:
    return Text(id, "d", f"text {id}", scope)


def test_a_row_that_is_answered_from_elsewhere_teaches_nothing() -> None:
    """And what does not answer a row is left out of it, where it is from elsewhere."""
    origin = Origin("review", "1")
    open_ = Example(
        "q", origin, (text("a", "public"),), (text("b", "hr"), text("c", "public")), (text("d", "hr"),)
    )
    private = Example("p", origin, (text("a", "public"), text("e", "hr")))
    unknown = Example("u", origin, (text("f", ""),))
    abstains = Example("n", origin, abstain=True)
    kept, dropped = within([open_, private, unknown, abstains], ("public",))
    assert kept == [open_.moved(wrong=(text("c", "public"),), mined=()), abstains]
    assert [(one.reason, one.example.question) for one in dropped] == [(PRIVATE, "p"), (PRIVATE, "u")]
    assert within([private], ("public", "hr"))[0] == [private]
