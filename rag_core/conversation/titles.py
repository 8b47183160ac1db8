"""What a document is about, by its title: 'Roger Clemens - Wikipedia', 'deploying-beacon.md', 'FAQ | Acme'. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from rag_core.conversation.mentions import KEPT, Mention, content_stems, mentions, tokens

__all__ = ["is_person", "subject"]

LONGEST_SUBJECT = 6
"""Words of a title that are taken whole; of a longer one, its longest name or noun phrase is."""
LONGEST_PERSON = 4
"""Words of somebody's name."""
LONGEST = 200
"""Characters of a title that are looked at."""
_FILE = re.compile(
    r"(?:.*/)?([^/]+?)\.(?:md|mdx|markdown|txt|rst|adoc|html?|pdf|docx?|pptx?|xlsx?|csv|json|epub|odt)$", re.I
)
_SLUG = re.compile(r"[^\W_]+(?:[-_][^\W_]+)+$")
_PARTS = re.compile(r"\s+[|·•»›–—:-]+\s+|\s*[|»›]\s*|:\s+")
_ASIDE = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")
_STYLED = re.compile(r",\s+\d.*$")
"""', 1st Duke of Wellington'"""
_JOINS = frozenset("of the de la von van der da di bin al".split())
_GREETS = re.compile(r"(?:welcome|hello|about (?:us|this)\b)", re.I)
_OPENS = re.compile(
    r"(?:how (?:do|can) (?:i|we|you)|how to|(?:a |an |the )?(?:(?:short|quick|brief|complete|practical|beginner'?s?) )*"
    r"(?:guide|introduction|overview|reference|documentation|instructions?) (?:to|of|for|on)|introducing|about|"
    r"what (?:is|are))\s+",
    re.I,
)
_DOING = re.compile(
    r"(?:(?:deploy|install|configur|us|writ|build|runn|manag|add|creat|request|mak|updat|upgrad|test|debugg|develop|"
    r"contribut|understand|work(?=ing with)|book|order|report|apply(?=ing for)|hir|onboard|migrat|monitor|handl)ing|"
    r"setting up|getting|backing up|logging in to|signing up for)(?: with| for| to)?\s+(?=\S)",
    re.I,
)
_ARTICLE = re.compile(r"(the|a|an|your|our|my)\s+(?=\S)", re.I)
_GENERIC = content_stems(
    "handbook handbooks manual manuals guide guides guideline guidelines faq faqs question questions answer answers asked "
    "introduction intro overview welcome readme index home homepage page pages main start started getting begin quickstart "
    "documentation docs doc document documents wiki wikipedia encyclopedia knowledge base help center centre support notes "
    "note meeting meetings minutes agenda general internal external company team teams employee employees staff information "
    "info reference references policy policies process processes procedure procedures rule rules untitled unnamed new draft "
    "final copy version v1 v2 v3 update updated updates release releases changelog news blog article articles post posts "
    "chapter section part appendix annex table contents content summary glossary example examples tutorial tutorials howto "
    "how-to tips resources links list file files folder confluence notion github google drive sharepoint official website "
    "web site online portal project about license contributing frequently"
)
"""Stems of words that name a kind of document and none of its matter: of nothing but these, a title says nothing."""
_THINGS = _GENERIC | content_stems(
    "project office team department service system server platform app application product program programme plan "
    "budget contract agreement account access security network database cluster pipeline tool software hardware device "
    "room building campus city county country university college school institute museum library bank hospital church "
    "company corporation group council committee commission agency board union party club league band orchestra "
    "insurance leave holiday travel expense payroll benefit salary tax pension training onboarding interview "
    "disease syndrome disorder cancer deficiency treatment test law act court war battle treaty award prize game "
    "album song film movie series show season festival tour street road river lake mountain island park "
    "desktop mobile cloud data api sdk cli protocol command function class module task queue index key"
)
"""Stems of words that no person's name has, though it may look like one: 'Project Heron', 'Sick Leave'."""


@lru_cache(maxsize=KEPT)
def subject(title: str) -> Mention | None:
    """What a title names, as if it had been said; None where it says nothing but what kind of document it is."""
    text = _plain(title[:LONGEST].strip())
    for part in _PARTS.split(text):
        named = _STYLED.sub("", _ASIDE.sub("", part)).strip(" \"'“”.,;:!?#*_`-") if part else ""
        if _GREETS.match(named):
            return None
        named = _without_opening(named)
        if content_stems(named) - _GENERIC:
            return _named(named)
    return None


def is_person(named: Mention) -> bool:
    """Whether it may be somebody's name."""
    words = named.text.split()
    large = all(word[0].isupper() or word.lower() in _JOINS for word in words)
    joined = {"and", "&"} & set(words)
    return (
        large
        and not joined
        and len(words) <= LONGEST_PERSON
        and named.after != "the"
        and not named.stems & _THINGS
    )


def _plain(title: str) -> str:
    """A file's name as words."""
    if match := _FILE.fullmatch(title):
        title = match[1]
    elif not _SLUG.fullmatch(title) or any(c.isupper() for c in title):
        return title
    return re.sub(r"[-_.]+", " ", title)


def _without_opening(text: str) -> str:
    """'Deploying Beacon', 'How to deploy Beacon', 'Introduction to Beacon' are about Beacon."""
    shorter = _OPENS.sub("", text, count=1) if _OPENS.match(text) else text
    if shorter != text and text.lower().startswith("how"):
        shorter = shorter.split(None, 1)[-1]
    return _DOING.sub("", shorter, count=1) if _DOING.match(shorter) else shorter


def _named(text: str) -> Mention | None:
    article = _ARTICLE.match(text)
    after = "the" if article and article[1].lower() == "the" else ""
    text = text[article.end() :] if article else text
    words = [t for t in tokens(text) if t.is_word]
    stems = content_stems(text)
    if len(words) <= LONGEST_SUBJECT:
        large = [w for w in words if w.text[0].isupper() or w.text[0].isdigit()]
        mostly = len(large) * 2 > len(words)
        return Mention(text, stems, "name" if mostly else "noun", 0, after, False)
    found = [m for m in mentions(text) if m.kind != "date" and m.stems - _GENERIC]
    longest = max(found, key=lambda m: (m.kind == "name", len(m.text)), default=None)
    if longest is None:
        return None
    return Mention(longest.text, longest.stems, longest.kind, 0, after, False)
