"""What a site's robots.txt allows, by RFC 9309: the most specific rule wins, '*' and '$' are wildcards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag_core.errors import DocumentError
from rag_core.ingest.sources.addresses import PrivateAddress
from rag_core.ingest.sources.fetching import Client, Download

__all__ = ["Robots", "fetch_robots"]

AGENT = "answerloop"
_READ = 512 * 1024
"""The RFC asks that at least 500 KiB be read."""


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules that a site has for us: (allowed, pattern)."""

    rules: tuple[tuple[bool, str], ...] = ()
    delay_s: float = 0
    """How long to wait between two requests."""

    @classmethod
    def parse(cls, text: str) -> Robots:
        """Read the groups that name us, or else those for everyone."""
        groups = list(_groups(text))
        ours = [lines for agents, lines in groups if AGENT in agents]
        everyones = [lines for agents, lines in groups if "*" in agents]
        lines = [line for group in ours or everyones for line in group]
        rules = tuple((name == "allow", value) for name, value in lines if name != "crawl-delay" and value)
        delays = [float(value) for name, value in lines if name == "crawl-delay" and _is_number(value)]
        return cls(rules, max(delays, default=0))

    def allows(self, path: str) -> bool:
        """Whether a path with its query may be read. Of rules equally long, the allowing one holds."""
        matching = [(len(pattern), allowed) for allowed, pattern in self.rules if _matches(pattern, path)]
        return max(matching, default=(0, True))[1]


async def fetch_robots(client: Client, origin: str) -> Robots:
    """The rules of a site such as 'https://example.org'; a site without robots.txt allows everything.

    Raises:
        PrivateAddress: the site may not be reached.
        SourceError: the site is in trouble, and then nothing of it may be read.
    """
    try:
        download = await client.get(origin + "/robots.txt")
    except PrivateAddress:
        raise
    except DocumentError:
        return Robots()
    return Robots() if download is None else _read(download)


def _read(download: Download) -> Robots:
    try:
        with download.path.open("rb") as file:
            return Robots.parse(file.read(_READ).decode("utf-8-sig", "replace"))
    finally:
        download.discard()


def _groups(text: str) -> Iterator[tuple[set[str], list[tuple[str, str]]]]:
    """(user agents, lines) of each group; consecutive user-agent lines share the lines after them."""
    agents: set[str] = set()
    lines: list[tuple[str, str]] = []
    open_to_agents = True
    for name, value in _fields(text):
        if name == "user-agent":
            if not open_to_agents:
                yield agents, lines
                agents, lines = set(), []
            agents.add(re.split(r"[/\s]", value.lower(), maxsplit=1)[0])
            open_to_agents = True
        elif name in ("allow", "disallow", "crawl-delay"):
            lines.append((name, value))
            open_to_agents = False
    yield agents, lines


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text) is not None


def _matches(pattern: str, path: str) -> bool:
    """Whether the path begins with the pattern.

    By search, not by regular expression: a pattern is untrusted, and this takes time in proportion to the
    product of the two lengths at most.
    """
    anchored = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for number, part in enumerate(others):
        if anchored and number == len(others) - 1:
            return path.endswith(part) and len(path) - len(part) >= at
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return not anchored or at == len(path)
