"""What the browser sends to the chat page's API, and that it comes from the page itself."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from adapters.chat import REASONS

__all__ = ["BODY_LIMIT", "QUESTION_LENGTH", "AskBody", "FeedbackBody", "body_of"]

BODY_LIMIT = 64 * 1024
QUESTION_LENGTH = 4000


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds a character that is not text")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _reason(code: str) -> str:
    if code and code not in REASONS:
        raise ValueError(f"is none of {', '.join(REASONS)}")
    return code


Storable = AfterValidator(_storable)  # behind the length in each field, or pydantic words the length oddly


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class AskBody(_Body):
    """The body of POST /api/ask. Questions of one thread follow up on each other."""

    question: Annotated[str, Field(max_length=QUESTION_LENGTH), Storable, AfterValidator(_not_blank)]
    thread: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,64}$")
    language: str = Field(default="", max_length=35, pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$")
    """A BCP 47 tag, before that of the header Accept-Language."""


class FeedbackBody(_Body):
    """The body of POST /api/feedback. Replaces what the same person sent for the same answer before."""

    answer_id: Annotated[str, Field(min_length=1, max_length=100), Storable]
    value: Literal[-1, 0, 1]
    reason: Annotated[str, AfterValidator(_reason)] = ""
    comment: Annotated[str, Field(max_length=4000), Storable] = ""
    correction: Annotated[str, Field(max_length=8000), Storable] = ""


B = TypeVar("B", bound=_Body)


async def body_of(request: Request, kind: type[B]) -> B:
    """The request's body, once it is certain that our own page (or no browser at all) sent it.

    Raises:
        HTTPException: 403 another site sent it, 415 not JSON, 413 too large, 422 not what is expected.
    """
    _refuse_other_sites(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Send JSON, with the header Content-Type: application/json.")
    try:
        return kind.model_validate_json(await _bytes(request))
    except ValidationError as error:
        raise HTTPException(422, _sentence(error)) from None


def _refuse_other_sites(request: Request) -> None:
    """Browsers say which site a POST comes from; what does not say so is no browser, and no danger."""
    origin = request.headers.get("origin")
    if origin is None:
        same = request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    else:
        # the scheme may differ: a proxy that ends TLS
        same = origin.partition("://")[2].lower() == request.headers.get("host", "").lower()
    if not same:
        raise HTTPException(403, "This request comes from another site.")


async def _bytes(request: Request) -> bytes:
    """The raw body, read no further than the limit."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_LIMIT:
            raise HTTPException(413, f"The request is larger than {BODY_LIMIT // 1024} kB.")
    return bytes(body)


def _sentence(error: ValidationError) -> str:
    """The first mistake, naming its field."""
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return "The body is not valid JSON."
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"{field} is missing."
    if first["type"] == "extra_forbidden":
        return f"{field[:100]} is not expected."
    reason = first["msg"].removeprefix("Value error, ")
    return f"{field}: {reason[0].lower() + reason[1:]}." if field else f"The body: {reason}."
