"""The app's manifest: what Slack is told about the bot when the app is created. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from adapters.slack.connection.endpoint import PATH
from adapters.slack.connection.features import events_of, scopes_of
from adapters.slack.connection.installing import REDIRECT_PATH
from adapters.slack.ids import Ids
from rag_core.settings import Slack

__all__ = ["as_yaml", "manifest"]

DESCRIPTION = "Answers questions from the team's own documents, and says where it read it."


def manifest(
    slack: Slack, features: Iterable[str], http: str = "", name: str = "answerloop"
) -> dict[str, Any]:
    """As Slack's reference of app manifests has it.

    http: the public address that leads to the bot, such as 'https://bot.example.com'; '': Socket Mode.
    """
    chosen = list(features)
    address = http.rstrip("/")
    events = {"request_url": f"{address}{PATH}"} if address else {}
    oauth: dict[str, Any] = {"scopes": {"bot": scopes_of(chosen)}}
    if address:
        oauth = {"redirect_urls": [f"{address}{REDIRECT_PATH}"], **oauth}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {"name": name, "description": DESCRIPTION, "background_color": "#1f3a5f"},
        "features": _features(slack, chosen, events, name),
        "oauth_config": oauth,
        "settings": {
            "event_subscriptions": {**events, "bot_events": events_of(chosen)},
            "interactivity": {"is_enabled": True, **events},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not address,
            "token_rotation_enabled": False,
        },
    }


def _features(slack: Slack, chosen: list[str], url: Mapping[str, str], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "app_home": {
            "home_tab_enabled": "home" in chosen,
            "messages_tab_enabled": "messages" in chosen,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": name, "always_online": True},
    }
    if "commands" in chosen:
        command = {"command": slack.command, "description": "Ask; only you see the answer", **_at(url)}
        found["slash_commands"] = [{**command, "usage_hint": "your question", "should_escape": False}]
        shortcut = {"name": "Answer this", "type": "message", "callback_id": Ids(slack.prefix).of("answer")}
        found["shortcuts"] = [{**shortcut, "description": "Answers this message in its thread"}]
    if "assistant" in chosen:
        found["assistant_view"] = {"assistant_description": DESCRIPTION, **_prompts(slack)}
    return found


def _prompts(slack: Slack) -> dict[str, Any]:
    prompts = [{"title": text[:60], "message": text} for text in slack.suggestions]
    return {"suggested_prompts": prompts} if prompts else {}


def _at(url: Mapping[str, str]) -> dict[str, str]:
    return {"url": url["request_url"]} if url else {}


def as_yaml(value: Mapping[str, Any]) -> str:
    """Of mappings, lists, texts, numbers and truth values; texts are quoted as JSON, which YAML reads too."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Mapping[str, Any], indent: str = "") -> Iterable[str]:
    for key, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            yield f"{indent}{key}:"
            yield from _lines(inner, indent + "  ")
        elif isinstance(inner, list) and inner:
            yield f"{indent}{key}:"
            for item in inner:
                yield from _item(item, indent + "  ")
        else:
            yield f"{indent}{key}: {_scalar(inner)}"


def _item(item: Any, indent: str) -> Iterable[str]:
    if not isinstance(item, Mapping):
        yield f"{indent}- {_scalar(item)}"
        return
    first, *rest = _lines(item, indent + "  ")
    yield f"{indent}- {first.strip()}"
    yield from rest


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
