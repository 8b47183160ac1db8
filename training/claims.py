"""Sentences with the passages that support them, and with passages that do not: what grounding is fitted and measured on.

Supported: answers of squad_dev put into a statement by rule, sentences of all sets as they stand and lightly reworded, and
the sentences of people's answers in mtrag_human. Unsupported: each of these beside another passage (of another article,
of the same one, the nearest by vector), and altered (another answer, number or name, negated, an opposite word) beside
its own. Seeded; splits are those of the sets' qrels.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rag_core.compute import Compute
from rag_core.generation.asking import asked_for
from rag_core.generation.statements import OPPOSITES, Statement
from rag_core.index.embedding import Embedder, Vectors
from rag_core.index.stores.lance import LanceStore
from rag_core.ingest.indexing import Indexer
from rag_core.ingest.sentences import sentence_spans
from rag_core.types import Passage
from training.evaluate import Beir, index_beir, normalised, read_beir

__all__ = ["Claim", "altered", "read_claims", "reworded", "stated"]

DOCUMENTS = 250
"""Of one set and split, at most."""
QUESTIONS = 700
SENTENCES = 250
"""Of one set, as they stand; as many reworded."""
_WH = r"(?:who|whom|what|which|when|where|why|how (?:many|much|long|old|far|often|large|big|high))"
_ASKED = re.compile(rf"^(?P<before>.*?)\b(?P<wh>{_WH})\b(?P<what>.*)$", re.IGNORECASE)
_AUXILIARY = re.compile(
    r"\b(?P<aux>is|are|was|were|do|does|did|can|could|will|would|has|have|had|should|may|might)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(is|are|was|were|can|could|will|would|has|have|had|should|may|might|must|do|does|did)\b"
)
_NUMBER = re.compile(r"\b\d+(?:,\d{3})*\b")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*")
_SYNONYMS = {
    "began": "started", "begin": "start", "large": "big", "near": "close to", "many": "numerous", "often": "frequently",
    "about": "around", "called": "named", "help": "assist", "helps": "assists", "usually": "normally", "however": "but",
    "important": "significant", "main": "principal", "people": "persons", "whole": "entire", "buy": "purchase",
    "children": "kids", "show": "display", "shows": "displays", "allows": "lets", "must": "has to", "several": "various",
    "although": "though", "such as": "like", "because": "since", "may": "might", "cause": "lead to", "causes": "leads to",
}  # fmt: skip
_DROPPED = re.compile(
    r"\b(?:very|also|usually|often|generally|however|currently|typically|especially|mainly|then|only|approximately|about|"
    r"around|roughly|the|a|an)\b ?|\([^()]{1,80}\) ?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence beside passages that support it, or that do not."""

    sentence: str
    passages: tuple[Passage, ...]
    supported: bool
    kind: str
    """Supported: answer, verbatim, reworded, human. Unsupported: how it was made so."""
    set: str
    vector: Vectors
    """The sentence's, (dimension,)."""
    origin: str
    """The kind of the supported sentence that it was made of."""


@dataclass(frozen=True, slots=True)
class _True:
    sentence: str
    passages: tuple[Passage, ...]
    kind: str
    article: str
    question: str = ""
    answer: str = ""
    accepted: tuple[str, ...] = ()


async def read_claims(folder: Path, split: str, embedder: Embedder) -> list[Claim]:
    """The claims of one set and split.

    Raises:
        NotFound, DocumentError: as read_beir.
    """
    rng = random.Random(0)
    data = read_beir(folder, split)
    documents, articles = _documents(data, folder, rng)
    passages, vectors = await _indexed(data, documents, embedder)
    true = list(_true(folder, data, passages, articles, rng))
    claims: list[Claim] = []
    for claim in true:
        vector = embedder.embed_query(claim.sentence)
        own = Claim(claim.sentence, claim.passages, True, claim.kind, folder.name, vector, claim.kind)
        claims.append(own)
        claims += _elsewhere(own, claim, passages, vectors, articles, rng)
        for kind, sentence in _altered(claim, true, rng):
            vector = embedder.embed_query(sentence)
            claims.append(Claim(sentence, claim.passages, False, kind, folder.name, vector, claim.kind))
    return claims


def _documents(data: Beir, folder: Path, rng: random.Random) -> tuple[set[str], dict[str, str]]:
    """Ids of the documents to take, and each one's article: its title, or in a conversation set the conversation."""
    judged = sorted({d for found in data.relevant.values() for d in found})
    titles = {d.id: d.title or d.id for d in data.documents}
    if (folder / "tasks.jsonl.gz").is_file():
        owners = {d: t["task_id"].split("<::>")[0] for t in _tasks(folder) for d in t["doc_ids"]}
        return set(judged), {d: owners.get(d, d) for d in titles}
    return set(rng.sample(judged, min(len(judged), DOCUMENTS))), titles


async def _indexed(data: Beir, documents: set[str], embedder: Embedder) -> tuple[list[Passage], Vectors]:
    compute = Compute()
    with tempfile.TemporaryDirectory() as scratch:
        store = await LanceStore.open(Path(scratch), "passages", embedder.card.dimension)
        await index_beir((d for d in data.documents if d.id in documents), Indexer(embedder, store, compute))
        rows = [row async for page in store.scan() for row in page.rows]
        await store.close()
    compute.close()
    return [row.passage for row in rows], np.array([row.vector for row in rows])


def _tasks(folder: Path) -> list[dict[str, Any]]:
    with gzip.open(folder / "tasks.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


# --- what is supported -------------------------------------------------------------------------------------------


def _true(
    folder: Path, data: Beir, passages: Sequence[Passage], articles: Mapping[str, str], rng: random.Random
) -> Iterator[_True]:
    by_document: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        by_document[passage.document].append(passage)
    for query in rng.sample(sorted(data.answers), min(len(data.answers), QUESTIONS)):
        question, accepted = data.queries[query], tuple(data.answers[query])
        holding = (p for d in data.relevant[query] for p in by_document[d] if accepted[0] in p.text)
        for passage in list(holding)[:1]:
            sentence, article = stated(question, accepted[0]), articles[passage.document]
            yield _True(sentence, (passage,), "answer", article, question, accepted[0], accepted)
    sentences = [(p, s) for p in passages for s in _sentences(p)]
    for passage, sentence in rng.sample(sentences, min(len(sentences), SENTENCES)):
        yield _True(sentence, (passage,), "verbatim", articles[passage.document])
    for passage, sentence in rng.sample(sentences, min(len(sentences), SENTENCES)):
        yield _True(reworded(sentence, rng), (passage,), "reworded", articles[passage.document])
    if (folder / "tasks.jsonl.gz").is_file():
        yield from _human(folder, data, by_document, articles)


def _sentences(passage: Passage) -> list[str]:
    """The sentences of its prose that could stand alone."""
    units = (passage.text[a:b].strip() for a, b in passage.units)
    return [
        u for u in units if 6 <= u.count(" ") <= 40 and u[:1].isupper() and u.endswith(".") and "\n" not in u
    ]


def _human(
    folder: Path, data: Beir, by_document: Mapping[str, Sequence[Passage]], articles: Mapping[str, str]
) -> Iterator[_True]:
    for task in _tasks(folder):
        read = tuple(p for d in task["doc_ids"] for p in by_document.get(d, ()))
        if task["task_id"] not in data.queries or task["answerability"] != ["ANSWERABLE"] or not read:
            continue
        for answer in task["answers"][:1]:
            for a, b in sentence_spans(answer):
                if answer[a:b].count(" ") >= 4 and not answer[a:b].endswith("?"):
                    yield _True(answer[a:b], read, "human", articles[read[0].document])


def stated(question: str, answer: str) -> str:
    """A question and its answer as a statement: 'Who led the Norse?' and 'Rollo' as 'Rollo led the Norse.'"""
    text = question.strip().rstrip("?. ")
    match = _ASKED.match(text)
    if not match:
        return f"{text}: {answer}."
    before, what = match["before"].strip(), match["what"].strip()
    if auxiliary := _AUXILIARY.search(what):
        noun, rest = what[: auxiliary.start()].strip(), what[auxiliary.end() :].strip()
        verb = "" if auxiliary["aux"].lower() in ("do", "does", "did") else auxiliary["aux"]
        if not before and match["wh"].lower() in ("who", "what", "which") and verb:
            said = f"{answer} {verb} {rest}"
        else:
            said = " ".join(
                filter(None, [rest, verb, before.lower(), answer, noun if answer[:1].isdigit() else ""])
            )
    else:
        said = " ".join(filter(None, [before, answer, what]))
    return f"{said[:1].upper()}{said[1:]}."


def reworded(sentence: str, rng: random.Random) -> str:
    """The same said a little differently: small words dropped, synonyms, the clause behind a comma first."""
    text = " ".join(_SYNONYMS.get(word, word) for word in sentence.rstrip(".").split(" "))
    text = _DROPPED.sub(lambda m: "" if rng.random() < 0.6 else m.group(), text)
    first, comma, second = text.partition(", ")
    if comma and "," not in second and second.count(" ") >= 3 and rng.random() < 0.7:
        text = f"{second}, {first}"
    return f"{text[:1].upper()}{text[1:]}."


# --- what is not -------------------------------------------------------------------------------------------------


def _elsewhere(
    own: Claim,
    claim: _True,
    passages: Sequence[Passage],
    vectors: Vectors,
    articles: Mapping[str, str],
    rng: random.Random,
) -> Iterator[Claim]:
    """The sentence beside passages that are not its own."""
    mine = {p.document for p in claim.passages}
    count = len(claim.passages)

    def others(same: bool) -> list[Passage]:
        found = [
            p for p in passages if p.document not in mine and (articles[p.document] == claim.article) == same
        ]
        return rng.sample(found, min(len(found), count))

    kinds = {"another article": others(False)}
    if claim.kind != "human":  # what else a conversation was about may well support it
        kinds["same article"] = others(True)
    order = np.argsort(-(vectors @ own.vector), kind="stable")
    candidates = (passages[i] for i in order)
    near = [
        p
        for p in candidates
        if p.document not in mine
        and not (claim.kind == "human" and articles[p.document] == claim.article)
        and not (claim.answer and normalised(claim.answer) in normalised(p.text))
        and claim.sentence not in p.text
    ][:count]
    kinds["nearest other"] = near
    for kind, beside in kinds.items():
        if beside:
            yield replace(own, passages=tuple(beside), supported=False, kind=kind)


def _altered(claim: _True, true: Sequence[_True], rng: random.Random) -> Iterator[tuple[str, str]]:
    """The sentence so changed that its own passages do not support it any more."""
    if claim.answer:
        known = {normalised(a) for a in claim.accepted}
        wanted = asked_for(claim.question)
        rivals = [
            other.answer
            for other in true
            if other.answer
            and other.article == claim.article
            and asked_for(other.question) == wanted
            and not any(normalised(other.answer) in k or k in normalised(other.answer) for k in known)
        ]
        here = [r for r in rivals if r in claim.passages[0].text]
        if here:
            yield "another answer of the passage", stated(claim.question, rng.choice(here))
        if away := [r for r in rivals if r not in here]:
            yield "another answer of the article", stated(claim.question, rng.choice(away))
    if claim.kind == "human":
        return
    yield from _taken_from_elsewhere(claim, rng)
    yield from altered(claim.sentence, [t.sentence for t in rng.sample(true, min(len(true), 20))], rng)


def _taken_from_elsewhere(claim: _True, rng: random.Random) -> Iterator[tuple[str, str]]:
    """With a number, or a name, that stands in another sentence of its passage."""
    here, text = Statement.of(claim.sentence), claim.passages[0].text
    units = [text[a:b] for a, b in claim.passages[0].units]
    # What shares most of its words with the claim is where the claim comes from.
    source = max(
        units, key=lambda unit: len(set(Statement.of(unit).stems).intersection(here.stems)), default=""
    )
    others = [unit for unit in units if unit != source]
    numbers = [
        n for unit in others for n in _NUMBER.findall(unit) if not Statement.of(n).numbers & here.numbers
    ]
    own = list(_NUMBER.finditer(claim.sentence))
    if own and numbers:
        yield "number of the passage", _put(claim.sentence, rng.choice(own).span(), rng.choice(numbers))
    names = [n for unit in others for n in _NAME.findall(unit) if _is_another(n, here)]
    mine = [m for m in _NAME.finditer(claim.sentence) if Statement.of(f"a {m.group()}").names]
    if mine and names:
        yield "name of the passage", _put(claim.sentence, rng.choice(mine).span(), rng.choice(names))


def altered(sentence: str, others: Sequence[str], rng: random.Random) -> Iterator[tuple[str, str]]:
    """(how, sentence) for each alteration that the sentence allows: number, negated, opposite, name (one of the others')."""
    if numbers := list(_NUMBER.finditer(sentence)):
        chosen = rng.choice(numbers)
        yield "number changed", _put(sentence, chosen.span(), _another(chosen.group(), rng))
    if not Statement.of(sentence).denied and (verb := _DENIED.search(sentence)):
        yield "negated", _put(sentence, (verb.end(), verb.end()), " not")
    opposites = [m for m in re.finditer(r"\b[a-z]+\b(?!['’])", sentence) if m.group() in OPPOSITES]
    if opposites:
        chosen = rng.choice(opposites)
        yield "opposite word", _put(sentence, chosen.span(), rng.choice(sorted(OPPOSITES[chosen.group()])))
    here = Statement.of(sentence)
    names = [
        m for m in _NAME.finditer(sentence) if here.names.intersection(Statement.of(f"a {m.group()}").names)
    ]
    found = [n for other in others for n in _NAME.findall(other)]
    strange = [n for n in found if _is_another(n, here)]
    if names and strange:
        yield "name changed", _put(sentence, rng.choice(names).span(), rng.choice(strange))


def _is_another(name: str, statement: Statement) -> bool:
    stems = Statement.of(f"a {name}").names
    return bool(stems) and not stems.intersection(statement.stems)


def _another(number: str, rng: random.Random) -> str:
    value = int(number.replace(",", ""))
    step = rng.choice((1, 2, 3, 5, 10))
    changed = value + step if value < step or rng.random() < 0.5 else value - step
    return f"{changed:,}" if "," in number else str(changed)


def _put(text: str, span: tuple[int, int], new: str) -> str:
    return text[: span[0]] + new + text[span[1] :]
