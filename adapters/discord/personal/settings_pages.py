"""Pages of a channel's or server's settings: what they show, what is chosen on them, the modal beside them. Pure.

Each menu and switch acts at once. Its custom id says for what it is ('c': the channel, 's': the server), on which page it
stands, and which setting it changes: nothing else has to be known after a restart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from adapters.channels import LABELS, Channel
from adapters.discord.ids import Ids
from adapters.discord.received import Json
from adapters.discord.showing.components import (
    DANGER,
    OPTIONS,
    PRIMARY,
    SECONDARY,
    button,
    mentions_select,
    modal,
    row,
    select,
    text_input,
)
from adapters.discord.showing.escaping import escaped
from adapters.discord.showing.rendering import body, contents, embed
from adapters.settings_changes import LANGUAGE_NAMES, in_words, number, short_duration
from rag_core.messages import LANGUAGES, listed, say

__all__ = ["LABELLED", "TYPED", "Named", "Shown", "Target", "chosen", "form", "said", "settings_page", "typed"]
