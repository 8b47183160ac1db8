"""Settings and messages as they may be shown: without passwords, tokens and keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

__all__ = ["MASK", "masked", "without_credentials"]

MASK = "••••••"
_USER = re.compile(r"(?<=://)(?:[^/\s@:]*:\S*@|[^/\s@]+@)")
"""user:password@ of an address, or a token in the place of the user; a password may hold / and @."""
_PARAMETER = re.compile(
    r"([?&;][\w.-]*(?:pass|token|secret|key|signature|sig|auth|credential|code)[\w.-]*=)[^&;#\s'\"]+", re.I
)
_FREE = frozenset({"args", "load", "headers"})
"""Tables whose values may be anything, secrets too."""


def masked(value: Any, name: str = "") -> Any:
    """A setting's value as JSON knows it: a secret is MASK whatever it is, an address has no password, and of tables that
    may hold anything, texts are shown only where they name an environment variable (`env:NAME`).

    name: of the setting, without those of its tables.
    """
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, BaseModel):
        return {key: masked(getattr(value, key), key) for key in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): _hidden(each) if name in _FREE else masked(each) for key, each in value.items()}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [masked(each, name) for each in value]
    if isinstance(value, (str, Path)):
        return without_credentials(str(value))
    return value


def without_credentials(text: str) -> str:
    """A text, such as an error of a source, without what its addresses hold of users, passwords and tokens."""
    return _PARAMETER.sub(rf"\1{MASK}", _USER.sub(f"{MASK}@", text))


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _hidden(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [_hidden(each) for each in value]
    if isinstance(value, str):
        return value if re.fullmatch(r"env:\w+", value) else MASK
    return value if value is None or isinstance(value, bool) else MASK
