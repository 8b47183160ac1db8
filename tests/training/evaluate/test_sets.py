"""Judged sets, in order and not."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from rag_core.errors import DocumentError, NotFound
from tests.training.evaluate.conftest import write
from training.evaluate import read_beir, read_questions


def test_a_set_is_its_documents_judged_questions_and_grades(folder: Path) -> None:
    """A grade of 0 is no judgement in favour; a question without one is left out; a title may be missing."""
    data = read_beir(folder, "test")
    assert [(d.id, d.title) for d in data.documents] == [("d1", "Pay"), ("d2", ""), ("d3", "")]
    assert [d.whole.split()[0] for d in data.documents] == ["Pay", "The", "Whisk"]
    assert list(data.queries) == ["q1", "q2"]
    assert data.relevant == {"q1": {"d1": 1}, "q2": {"d2": 2}}
    assert (data.answers, data.unanswerable) == ({}, [])


def test_a_set_may_be_compressed(folder: Path) -> None:
    """Any of its files; the plain one wins where both are there."""
    before = read_beir(folder, "test")
    for name in ("corpus", "queries"):
        plain = folder / f"{name}.jsonl"
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
    assert read_beir(folder, "test") == before


def test_answers_and_unanswerable_questions_are_read_where_there_are_any(folder: Path) -> None:
    """Those of the split."""
    write(folder / "answers.jsonl", [{"query_id": q, "answers": ["25th"]} for q in ("q1", "q3")])
    declined: list[dict[str, object]] = [
        {"text": "A?", "split": "test"},
        {"text": "B?", "split": "train"},
        {"text": "C?"},
    ]
    write(folder / "unanswerable.jsonl", declined)
    data = read_beir(folder, "test")
    assert data.answers == {"q1": ["25th"]}
    assert data.unanswerable == ["A?", "C?"]


def test_a_limit_keeps_the_first_questions_and_the_whole_corpus(folder: Path) -> None:
    """So that a quick look searches the same index."""
    data = read_beir(folder, "test", limit=1)
    assert (list(data.queries), list(data.relevant), len(data.documents)) == (["q1"], ["q1"], 3)


@pytest.mark.parametrize("name", ["corpus", "queries"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    """With what a set needs."""
    (folder / f"{name}.jsonl").unlink()
    with pytest.raises(NotFound, match=rf"has no {name}\.jsonl or {name}\.jsonl\.gz"):
        read_beir(folder, "test")


def test_a_missing_split_is_named_with_those_there_are(folder: Path, tmp_path: Path) -> None:
    """Or that there are none."""
    with pytest.raises(NotFound, match=r"dev\.tsv; splits: test\.$"):
        read_beir(folder, "dev")
    with pytest.raises(NotFound, match=r"qrels/\*\.tsv are needed\.$"):
        read_beir(tmp_path / "nowhere", "dev")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"not json", "expected a JSON object"),
        (b'["a list"]', "expected a JSON object"),
        (b'{"_id": "\xff"}', "expected a JSON object"),
        (b'{"_id": "d4"}', "text is missing"),
        (b'{"id": "d4", "text": "x"}', "_id is missing"),
    ],
)
def test_a_bad_line_is_named_with_its_file(folder: Path, line: bytes, said: str) -> None:
    """Counted from 1; empty lines count, and are no mistake."""
    path = folder / "corpus.jsonl"
    path.write_bytes(path.read_bytes() + b"\n" + line + b"\n")
    with pytest.raises(DocumentError, match=rf"corpus\.jsonl, line 5: {said}\.$"):
        read_beir(folder, "test")


@pytest.mark.parametrize("line", ["q1\td1", "q1\td1\tyes", "q1 d1 1", "q1\td1\t0.5"])
def test_a_bad_judgement_is_named_with_its_file(folder: Path, line: str) -> None:
    """Three cells between tabs, the last a whole number."""
    path = folder / "qrels" / "test.tsv"
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DocumentError, match=r"test\.tsv, line 5: expected query-id, corpus-id and score"):
        read_beir(folder, "test")


@pytest.mark.parametrize(
    "content", [b"plain text", gzip.compress(b'{"_id": "a", "text": "b"}\n' * 9_999)[:-20]]
)
def test_a_damaged_archive_is_named(folder: Path, content: bytes) -> None:
    """Not compressed at all, or cut short."""
    (folder / "corpus.jsonl").unlink()
    (folder / "corpus.jsonl.gz").write_bytes(content)
    with pytest.raises(DocumentError, match=r"corpus\.jsonl\.gz cannot be read after line \d+: "):
        read_beir(folder, "test")


def test_a_set_without_a_judged_question_is_refused(folder: Path) -> None:
    """Queries and judgements whose ids never meet measure nothing; the message says which file to look in."""
    (folder / "qrels" / "test.tsv").write_text("q9\td1\t1\n")
    with pytest.raises(DocumentError, match=r"qrels/test\.tsv"):
        read_beir(folder, "test")


# --- sets to answer from -----------------------------------------------------------------------------------------


@pytest.fixture
def answered(folder: Path) -> Path:
    """The set with an answer to each judged question, and two questions to decline."""
    write(
        folder / "answers.jsonl",
        [{"query_id": "q1", "answers": ["25th"]}, {"query_id": "q2", "answers": ["a"]}],
    )
    write(folder / "unanswerable.jsonl", [{"text": "Who pays?", "split": "test"}, {"text": "Who cooks?"}])
    return folder


def test_questions_are_read_as_judged_sets_are(answered: Path) -> None:
    """With qrels there is no difference."""
    assert read_questions(answered, "test", 1) == read_beir(answered, "test", 1)
    assert len(read_questions(answered, "test").unanswerable) == 2


@pytest.mark.parametrize("packed", [False, True])
def test_a_set_of_unanswerable_questions_alone_needs_no_queries(answered: Path, packed: bool) -> None:
    """Nor judgements."""
    for name in ("answers.jsonl", "queries.jsonl", "qrels/test.tsv"):
        (answered / name).unlink()
    (answered / "qrels").rmdir()
    if packed:
        plain = answered / "unanswerable.jsonl"
        (answered / "unanswerable.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
    data = read_questions(answered, "test")
    assert (data.queries, data.unanswerable) == ({}, ["Who pays?", "Who cooks?"])
    write(answered / "unanswerable.jsonl", [{"text": "Who pays?", "split": "test"}])
    with pytest.raises(DocumentError, match="no question in the split x;"):
        read_questions(answered, "x")


def test_a_set_with_answers_alone_asks_what_has_an_answer(answered: Path) -> None:
    """Of the split where rows name one; rows of one question count together, and rows without an answer for nothing."""
    rows: list[dict[str, object]] = [
        {"query_id": "q2", "answers": ["Porto"]},
        {"query_id": "q2", "answers": ["in Porto"]},
        {"query_id": "q1", "answers": ["25th"], "split": "train"},
        {"query_id": "q3", "answers": []},
    ]
    write(answered / "answers.jsonl", rows)
    (answered / "unanswerable.jsonl").unlink()
    (answered / "qrels" / "test.tsv").unlink()
    (answered / "qrels").rmdir()
    data = read_questions(answered, "test")
    assert data.queries == {"q2": "Where is the office?"}
    assert data.answers == {"q2": ["Porto", "in Porto"]}
    assert (data.relevant, data.unanswerable) == ({}, [])


def test_a_judged_split_that_is_not_there_is_not_replaced_by_all_answers(answered: Path) -> None:
    """A misspelt split would otherwise measure on train."""
    with pytest.raises(NotFound, match=r"dev\.tsv; splits: test\.$"):
        read_questions(answered, "dev")


def test_a_set_to_answer_from_names_the_files_it_wants(folder: Path, tmp_path: Path) -> None:
    """One of two."""
    for place in (folder, tmp_path / "nowhere"):
        with pytest.raises(
            NotFound, match=r"neither answers\.jsonl nor unanswerable\.jsonl, plain or as \.gz"
        ):
            read_questions(place, "test")


@pytest.mark.parametrize("given", ["25th", [25], None])
def test_answers_that_are_no_list_of_texts_are_named(folder: Path, given: object) -> None:
    """With file and row: a lone text would be taken for its letters."""
    write(folder / "answers.jsonl", [{"query_id": "q1", "answers": given}])
    with pytest.raises(DocumentError, match=r"answers\.jsonl, row 1: answers must be a list of texts\."):
        read_questions(folder, "test")
