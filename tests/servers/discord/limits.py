"""What Discord takes as a message, and what it says of the rest.

https://docs.discord.com/developers/resources/message#embed-object-embed-limits
"""

from __future__ import annotations

from typing import Any

from tests.servers.discord import mentions
from tests.servers.discord.components import message_components
from tests.servers.discord.errors import Form, Refused
from tests.servers.discord.messages import V2

__all__ = ["check_embeds", "check_message", "is_empty"]

Json = dict[str, Any]
CONTENT = 2000
NONCE = 25


def check_message(body: Json, flags: int = 0, *, has_nonce: bool = True) -> None:
    """Raises 50035 with all that is wrong. flags: those that the message has already."""
    form = Form()
    content = body.get("content")
    if content is not None:
        form.length("content", str(content) if isinstance(content, int) else content, 0, CONTENT)
    check_embeds(form, body.get("embeds"))
    v2 = bool((int(body.get("flags") or 0) | flags) & V2)
    message_components(form, body.get("components"), v2)
    if v2 and (content or body.get("embeds")):
        name = "content" if content else "embeds"
        text = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
        form.wrong(name, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)
    mentions.check(form, body.get("allowed_mentions"))
    if has_nonce and body.get("nonce") is not None:
        form.length("nonce", str(body["nonce"]), 0, NONCE)
    form.check()


def is_empty(body: Json, attachments: int) -> bool:
    content = body.get("content")
    has_text = bool(content and str(content).strip())
    return not (
        has_text or body.get("embeds") or body.get("components") or attachments or body.get("sticker_ids")
    )


def check_embeds(form: Form, embeds: Any) -> None:
    whole = 0
    for number, embed in enumerate(form.count("embeds", embeds, 0, 10)):
        whole += _embed(form, f"embeds.{number}", embed)
    if whole > 6000:
        form.wrong("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")


def _embed(form: Form, path: str, embed: Any) -> int:
    """Gives the characters that count."""
    if not isinstance(embed, dict):
        form.wrong(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return 0
    texts = [
        (f"{path}.title", embed.get("title"), 256),
        (f"{path}.description", embed.get("description"), 4096),
        (f"{path}.footer.text", (embed.get("footer") or {}).get("text"), 2048),
        (f"{path}.author.name", (embed.get("author") or {}).get("name"), 256),
    ]
    for place, value, most in texts:
        form.length(place, value, 0, most)
    whole = sum(len(value) for _, value, _ in texts if isinstance(value, str))
    for number, field in enumerate(form.count(f"{path}.fields", embed.get("fields"), 0, 25)):
        for name, most in (("name", 256), ("value", 1024)):
            if field.get(name) is None:
                form.missing(f"{path}.fields.{number}.{name}")
            form.length(f"{path}.fields.{number}.{name}", field.get(name), 1, most)
            whole += len(str(field.get(name) or ""))
    for place in ("url", "image.url", "thumbnail.url", "author.url", "author.icon_url", "footer.icon_url"):
        _url(form, f"{path}.{place}", _at(embed, place))
    return whole


def _at(embed: Json, place: str) -> Any:
    value: Any = embed
    for step in place.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _url(form: Form, path: str, url: Any) -> None:
    if url is None or str(url).startswith("attachment://"):
        return
    if not str(url).lower().startswith(("http://", "https://")):
        schemes = (
            "('http', 'https', 'attachment')" if "icon" in path or "image" in path else "('http', 'https')"
        )
        text = f'Scheme "{str(url).partition(":")[0]}" is not supported. Scheme must be one of {schemes}.'
        form.wrong(path, "URL_TYPE_INVALID_SCHEME", text)
    elif len(str(url)) > 2048:
        form.wrong(path, "BASE_TYPE_MAX_LENGTH", "Must be 2048 or fewer in length.")


def need_content(body: Json, attachments: int) -> None:
    """Raises 50006."""
    if is_empty(body, attachments):
        raise Refused(50006)
