"""What is not text is refused at the door, with a sentence that names where it stands."""

from __future__ import annotations

from tests.bots.admin.conftest import Pages


async def test_what_is_not_text_is_refused(pages: Pages) -> None:
    """In a form, in what follows an address and in the address itself; the sentence says which field holds it."""
    admin = await pages.signed_in("admin")
    form = {"content-type": "application/x-www-form-urlencoded"}
    for answer, where in (
        (await admin.post("/queue", content="text=a%00b", headers=form), "text"),
        (await admin.get("/queue?platform=a%00b"), "platform"),
        (await admin.get("/item/a%00b"), "the address"),
    ):
        assert answer.status_code == 422
        assert f"{where}: it holds a character that is not text; remove it." in answer.text
