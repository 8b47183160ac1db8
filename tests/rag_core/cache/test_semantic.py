"""The semantic cache: what counts as the same question, what does not, and whose answers are found."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rag_core.assistant import Assistant
from rag_core.bootstrap import Core, make_assistant
from rag_core.cache.paraphrase import LONGEST, read, same
from rag_core.cache.semantic import ALIKE, THRESHOLD, SemanticCache
from rag_core.index.embedding import Embedder
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.settings import Access, AccessRule, Cache, Settings
from rag_core.types import Answer, Principal, Question, Turn

Vector = NDArray[np.float32]
BY_HAND = Path(__file__).parents[3] / "examples" / "paraphrases.jsonl"

SAME = [
    ("How do I reset my password?", "how to reset my password"),
    ("How do I reset my password?", "Could you please tell me how I can reset my password? Thanks!"),
    ("What is the capital of France?", "What's the capital of France"),
    ("What is the capital of France?", "can you tell me what the capital of france is?"),
    ("In Python, how do I sort a list?", "How do I sort a list in Python?"),
    ("Why does X not work on Linux?", "Why doesn’t X work on Linux?"),
    ("In what country is Normandy located?", "What country is Normandy in?"),
    ("What's the difference between ACK and NACK?", "what is the difference between NACK and ACK"),
    ("Is it possible to nest folders?", "Can I nest folders?"),
    ("Does Celery support Windows?", "I'd like to know if Celery supports Windows"),
    ("What are the symptoms of gout?", "What is the symptom of gout?"),
    ("When did the war begin?", "when did the war start"),
    ("What type of role is it?", "What kind of role is it?"),
    ("How do I log in to Slack?", "How can I sign in to Slack?"),
    ('How do I set the "Playing" status?', "Hi all, how do I set the “Playing” status?"),
    ("Wie viele Urlaubstage habe ich?", "wie viele Urlaubstage habe ich"),
]
DIFFERENT = {
    "negation": ("Is encryption enabled?", "Is encryption not enabled?"),
    "contracted negation": ("Which parts does it check?", "Which parts doesn't it check?"),
    "number": ("Who signs up to 500 euros?", "Who signs up to 5,000 euros?"),
    "date": ("What happened in 1914?", "What happened in 1915?"),
    "version": ("How do I install Python 3?", "How do I install Python 3.1?"),
    "release": ("What is new in v2.1?", "What is new in v2.10?"),
    "unit": ("What is the limit in MB?", "What is the limit in Mb?"),
    "unit after a number": ("Is 5 M allowed?", "Is 5 m allowed?"),
    "name": ("Who founded Slack?", "Who founded Discord?"),
    "case of a name": ("How do I get US data?", "How do I get us data?"),
    "letter that is a name": ("What does vitamin A do?", "What does a vitamin do?"),
    "name with its ending": ("How do I close Windows?", "How do I close a window?"),
    "option": ("What does -v do?", "What does -V do?"),
    "path": ("What is in .env?", "What is in env?"),
    "language": ("How do I learn C?", "How do I learn C++?"),
    "quoted text": ('What does "to be" mean?', 'What does "not to be" mean?'),
    "direction": ("How do I move from Slack to Discord?", "How do I move from Discord to Slack?"),
    "roles": ("Does Redis depend on Postgres?", "Does Postgres depend on Redis?"),
    "subject and object": ("Who did Ada hire?", "Who hired Ada?"),
    "comparison": ("Is Go faster than Rust?", "Is Rust faster than Go?"),
    "opposite": ("How do I enable sync?", "How do I disable sync?"),
    "order in time": ("What is done before a merge?", "What is done after a merge?"),
    "without": ("Can I merge with review?", "Can I merge without review?"),
    "quantifier": ("Are all users told?", "Are some users told?"),
    "scope of a negation": ("Do all users not pay?", "Do not all users pay?"),
    "tense": ("What does it cost?", "What did it cost?"),
    "future": ("Is FTP supported?", "Will FTP be supported?"),
    "modal verb": ("Can I restart?", "Must I restart?"),
    "question word": ("When is lunch?", "Where is lunch?"),
    "whether and how": ("Can I delete it?", "How can I delete it?"),
    "whose": ("Can I delete my account?", "Can I delete a user's account?"),
    "active and passive": ("Are logs deleted?", "Do logs delete?"),
    "almost a synonym": ("How do I delete a user?", "How do I remove a user?"),
    "politeness that is the subject": ("How do I say please in Spanish?", "How do I say in Spanish?"),
    "another language": (
        "Comment installer le logiciel sans Docker ?",
        "Comment installer le logiciel avec Docker ?",
    ),
    "another script": ("如何重置密码？", "如何不重置密码？"),
}


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_paraphrase_is_the_same_question(one: str, other: str) -> None:
    """Harmless words, known synonyms and a phrase moved to the front make no difference."""
    assert same(read(one), read(other))
    assert same(read(other), read(one))


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_changes_the_answer_makes_another_question(one: str, other: str) -> None:
    """However near their vectors are."""
    assert not same(read(one), read(other))
    assert not same(read(other), read(one))


def test_questions_written_by_hand_are_told_apart() -> None:
    """All those in examples/ that ask different things, but for one pair that is known; docs/cache.md has it."""
    rows = map(json.loads, BY_HAND.read_text(encoding="utf-8").splitlines())
    alike = [
        pair
        for row in rows
        if not row["same"]
        for pair in itertools.combinations(row["questions"], 2)
        if same(*map(read, pair))
    ]
    assert alike == [("Where do I set home?", "Where do I set a home?")]


@pytest.mark.parametrize(
    "question",
    ["?", "please", "so, ", "not", "' ' \" `", "n't", "\ue0000\ue000", "\ue000", "in", "😀", "(a", "what"],
)
def test_anything_can_be_read(question: str) -> None:
    """And is the same as itself."""
    assert same(read(question), read(question))


def test_a_long_question_has_to_be_written_the_same() -> None:
    """It would take long to read, and nobody asks it twice in other words."""
    long = "How do I sort " + "a very long " * (LONGEST // 12) + "list"
    assert same(read(long), read(long + "?"))
    assert not same(read(long), read("Please, " + long))


# --- the cache -------------------------------------------------------------------------------------------------------


class Embedding:
    """Gives everything the same vector, and counts."""

    def __init__(self, cosine: float = 1.0) -> None:
        self.vector = np.array([cosine, np.sqrt(1 - cosine**2)], np.float32)
        self.calls = 0

    async def __call__(self, question: str) -> Vector:
        self.calls += 1
        return self.vector


NEAR = np.array([1, 0], np.float32)
ASKED = "How do I reset my password?"
AGAIN = "how can I reset my password, please"


async def test_a_paraphrase_finds_the_earlier_answer() -> None:
    """By its key."""
    cache = SemanticCache()
    cache.add("p", ASKED, NEAR, "key")
    assert await cache.find("p", AGAIN, Embedding()) == "key"


async def test_the_real_model_finds_a_paraphrase(embedder: Embedder) -> None:
    """At the shipped threshold, and not a question that differs in one word."""
    cache = SemanticCache()
    cache.add("p", ASKED, embedder.embed_query(ASKED), "key")

    async def embed(question: str) -> Vector:
        return embedder.embed_query(question)

    assert await cache.find("p", AGAIN, embed) == "key"
    assert await cache.find("p", "How do I reset your password?", embed) is None


async def test_partitions_never_mix() -> None:
    """What was asked under other scopes, another release or an older index is not found."""
    cache = SemanticCache()
    cache.add("public, generation 1", ASKED, NEAR, "key")
    assert await cache.find("public, generation 2", AGAIN, Embedding()) is None
    assert await cache.find("hr, generation 1", ASKED, Embedding()) is None
    cache.add("hr, generation 1", ASKED, NEAR, "of hr")
    assert await cache.find("public, generation 1", AGAIN, Embedding()) == "key"


async def test_vectors_that_are_not_near_are_no_hit() -> None:
    """The reading alone does not decide."""
    cache = SemanticCache(threshold=0.9)
    cache.add("p", ASKED, NEAR, "key")
    assert await cache.find("p", AGAIN, Embedding(0.89)) is None
    assert await cache.find("p", AGAIN, Embedding(0.91)) == "key"


async def test_a_question_that_none_may_equal_is_not_embedded() -> None:
    """A miss costs the reading only."""
    cache, embedding = SemanticCache(), Embedding()
    cache.add("p", ASKED, NEAR, "key")
    assert await cache.find("p", "How do I reset my phone?", embedding) is None
    assert embedding.calls == 0


async def test_the_least_recently_needed_is_forgotten() -> None:
    """So that no more than the given number is kept, over all partitions."""
    cache = SemanticCache(remembered=3)
    for i in range(3):
        cache.add(f"p{i}", f"What is item {i}?", NEAR, str(i))
    assert await cache.find("p0", "what's item 0", Embedding()) == "0"
    cache.add("p3", "What is item 3?", NEAR, "3")
    assert cache.size == 3
    assert await cache.find("p1", "what's item 1", Embedding()) is None
    assert await cache.find("p0", "what's item 0", Embedding()) == "0"


async def test_questions_with_one_key_are_bounded() -> None:
    """Also where many differ in capitals only."""
    cache = SemanticCache()
    word = "abcdefghijkl"
    spellings = [f"How do I open {word[:i]}{word[i].upper()}{word[i + 1 :]}?" for i in range(12)]
    for i, spelling in enumerate(spellings):
        cache.add("p", spelling, NEAR, str(i))
    assert cache.size == ALIKE
    assert await cache.find("p", spellings[-1], Embedding()) == "11"
    assert await cache.find("p", spellings[0], Embedding()) is None


async def test_a_question_asked_again_takes_the_place_of_the_first() -> None:
    """With its newer answer; and nothing is kept twice."""
    cache = SemanticCache()
    cache.add("p", ASKED, NEAR, "old")
    cache.add("p", AGAIN, NEAR, "new")
    assert cache.size == 1
    assert await cache.find("p", ASKED, Embedding()) == "new"


async def test_what_was_cleared_is_not_found() -> None:
    """Nothing is remembered after."""
    cache = SemanticCache()
    cache.add("p", ASKED, NEAR, "key")
    cache.clear()
    assert cache.size == 0
    assert await cache.find("p", ASKED, Embedding()) is None


# --- in the assistant ------------------------------------------------------------------------------------------------

LEAVE = "How many days of leave do I have?"
LEAVE_AGAIN = "Hi, can you tell me how many days of leave I have?"
GUEST = Principal("slack", "guest", workspace="T1", direct=True)
HR = Principal("slack", "ada", workspace="T1", roles=frozenset({"hr"}), direct=True)
CONSOLE = Principal("console", "root")


@pytest.fixture
def settings(home: Path) -> Settings:
    rule = AccessRule(scopes=("hr",), platform="slack", role="hr", workspace="T1")
    return Settings(home=home, access=Access(rules=(rule,)), cache=Cache(semantic=True))


@pytest.fixture
async def assistant(core: Core) -> Assistant:
    await keep(core, "You have 30 days of leave a year. Ask your lead two weeks ahead.")
    return make_assistant(core)


async def keep(core: Core, text: str) -> None:
    indexer = Indexer(core.embedder, core.store, core.compute)
    await indexer.write([await indexer.divide(Parsed("docs/leave", "docs", "public", "Leave", "", text))])


async def ask(assistant: Assistant, text: str, principal: Principal = CONSOLE, *turns: Turn) -> Answer:
    answer = await assistant.ask(Question(text, principal, thread="t", turns=turns))
    await asyncio.sleep(0.01)  # what is kept is written in the background
    return answer


def test_it_is_off_unless_it_is_asked_for() -> None:
    """And its threshold is the one that was measured."""
    assert Settings().cache.semantic is False
    assert Settings().cache.semantic_threshold == THRESHOLD


async def test_off_a_paraphrase_is_answered_anew(core: Core, settings: Settings) -> None:
    """By default."""
    await keep(core, "You have 30 days of leave a year.")
    off = settings.model_copy(update={"cache": Cache()})
    assistant = make_assistant(replace(core, settings=off))
    await ask(assistant, LEAVE)
    assert not (await ask(assistant, LEAVE_AGAIN)).cached


async def test_on_a_paraphrase_gets_the_answer_that_was_given(assistant: Assistant) -> None:
    """With an id of its own."""
    first = await ask(assistant, LEAVE)
    second = await ask(assistant, LEAVE_AGAIN)
    assert (first.cached, second.cached) == (False, True)
    assert (second.text, second.citations) == (first.text, first.citations)
    assert second.id != first.id


async def test_another_number_is_another_question_to_the_assistant(assistant: Assistant) -> None:
    """However near."""
    await ask(assistant, "Do I have 30 days of leave?")
    assert not (await ask(assistant, "Do I have 31 days of leave?")).cached


async def test_people_with_other_scopes_share_no_paraphrases(assistant: Assistant) -> None:
    """What was found for one reader is no other reader's."""
    await ask(assistant, LEAVE, HR)
    assert not (await ask(assistant, LEAVE_AGAIN, GUEST)).cached
    assert (await ask(assistant, "please, " + LEAVE_AGAIN, HR)).cached


async def test_a_document_that_changed_is_read_again_for_a_paraphrase(
    core: Core, assistant: Assistant
) -> None:
    """Nothing from before the change is served after."""
    await ask(assistant, LEAVE)
    await keep(core, "You have 31 days of leave a year.")
    answer = await ask(assistant, LEAVE_AGAIN)
    assert not answer.cached
    assert "31 days" in answer.text


async def test_a_question_that_leans_on_others_has_no_paraphrases(assistant: Assistant) -> None:
    """What it asks depends on the turns before; it neither finds nor is found. One that stands alone is as any other."""
    bonus, leave = Turn("user", "How high is the yearly bonus?"), Turn("user", LEAVE)
    await ask(assistant, LEAVE)
    assert (await ask(assistant, LEAVE_AGAIN, CONSOLE, bonus)).cached
    assert (await ask(assistant, "And in Porto?", CONSOLE, leave)).standalone
    assert not (await ask(assistant, "How many days of leave do I have in Porto?", CONSOLE)).cached


async def test_an_abstention_is_not_given_to_a_paraphrase(assistant: Assistant) -> None:
    """Other words may find what these did not."""
    first = await ask(assistant, "Who won the chess tournament in Riga?")
    assert first.abstained
    assert not (await ask(assistant, "Do you know who won the chess tournament in Riga?")).cached
