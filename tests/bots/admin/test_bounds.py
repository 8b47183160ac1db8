"""How much the fields of the admin pages take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.datastructures import FormData

from bots.admin.routes.item.deciding import decision_of
from rag_core.errors import InvalidEntry
from rag_core.records.evaluation.golden import GoldenQuestions
from tests.bots.admin.conftest import Pages

HUGE = "x" * 1_000_000


async def test_every_text_field_of_every_form_has_a_longest(pages: Pages) -> None:
    """And every field that may stand many times a greatest number."""
    spec = pages.app.openapi()
    open_ended = [
        f"{method} {path}: {field}"
        for path, operations in spec["paths"].items()
        for method, operation in operations.items()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        for field in _unbounded(spec, content["schema"])
    ]
    assert open_ended == []


def _unbounded(spec: dict[str, Any], schema: dict[str, Any], name: str = "") -> Iterator[str]:
    while "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for one in (*schema.get("allOf", ()), *schema.get("anyOf", ())):
        yield from _unbounded(spec, one, name)
    for field, value in schema.get("properties", {}).items():
        yield from _unbounded(spec, value, field)
    if schema.get("type") == "array":
        yield from _unbounded(spec, schema["items"], name)
        if "maxItems" not in schema:
            yield f"{name} (many)"
    if schema.get("type") == "string" and not {"maxLength", "enum", "const"} & set(schema):
        yield name


@pytest.mark.parametrize(
    ("address", "field"),
    [
        *(("/golden", field) for field in ("question", "answer", "scopes", "passage", "id")),
        *(("/golden/search", field) for field in ("question", "answer", "scopes", "id")),
    ],
)
async def test_a_golden_question_of_a_megabyte_is_refused_in_a_sentence(
    pages: Pages, address: str, field: str
) -> None:
    """Which names the field; the megabyte does not come back."""
    fields = {"question": "How long do refunds take?", "abstain": "true", field: HUGE}
    answer = await (await pages.signed_in("reviewer")).post(address, data=fields)
    assert answer.status_code == 422
    assert f"{field}" in answer.text
    assert "at most" in answer.text
    assert len(answer.text) < 20_000
    assert await GoldenQuestions(pages.database).all() == []


def test_what_is_no_id_of_a_passage_is_looked_for_nowhere() -> None:
    """A decision names passages by their ids, and those are short."""
    with pytest.raises(InvalidEntry, match=r"^right: that"):
        decision_of(FormData([("resolution", "right_passage"), ("right", HUGE)]), {})
