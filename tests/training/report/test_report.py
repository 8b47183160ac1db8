"""What a report says of a run, and what it must not."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lessons import lesson
from tests.training.report.made import LOST, a_dataset, a_run, begun
from training.report import markdown, read_run, verdict_of, write_report

HOSTILE = "# Ada | <b>x</b>"


def test_a_promotion_begins_with_a_sentence_of_what_happened(tmp_path: Path) -> None:
    """The release, the one it replaces, and the gain with its bound; then the gate, a line for each check."""
    text = write_report(a_run(tmp_path), tmp_path)
    first = text.split("\n", 1)[0]
    assert first.startswith("**r2 was promoted in the place of r1: nDCG@10 rises from ")
    assert "the lower bound of the gain is +" in first
    for check in ("gain", "golden", "general", "others", "abstention", "latency"):
        assert f"| {check} | passed |" in text
    assert "refused" not in text.split("## What was learned")[0]


def test_a_refusal_names_every_reason_and_what_to_do_instead(tmp_path: Path) -> None:
    """Among them that documents are missing, with their number."""
    text = write_report(a_run(tmp_path, gain=0.0, lacking=40), tmp_path)
    assert text.startswith("**Nothing was promoted; r1 goes on answering. No significant gain")
    assert "Fix the documents instead: 40 of 100 reviewed questions" in text
    assert "| gain | **refused** |" in text


def test_measures_are_told_before_and_after_with_intervals(tmp_path: Path) -> None:
    """The interval is that of the change, around it; of what is no mean of questions there is none."""
    shown = read_run(a_run(tmp_path), tmp_path)
    figures = {one.name: one for one in shown.figures}
    assert next(iter(figures)) == "nDCG@10"
    assert {"Recall@10", "MRR@10", "ROUGE-L", "Groundedness", "nDCG@10 on questions from headings"} <= set(
        figures
    )
    assert {"Abstention precision", "Abstention recall", "BLEU / 100", "95th percentile, ms"} <= set(figures)
    for one in figures.values():
        if one.gain is not None:
            assert one.gain.low <= one.after - one.before <= one.gain.high
    gain = figures["nDCG@10"].gain
    assert gain is not None
    assert gain.low > 0
    assert figures["BLEU / 100"].gain is None
    assert f"({gain.low:+.3f} to {gain.high:+.3f})" in markdown(shown)
    assert "The interval is that of the change (95%)" in markdown(shown)


def test_each_task_is_told_with_what_it_learned_or_why_not(tmp_path: Path) -> None:
    text = write_report(a_run(tmp_path), tmp_path)
    assert "| retriever | nDCG@10 | 0.610 | 0.810 | 20 | 12 s |" in text
    assert "| router | – | – | – | – | Too few rows have a route: 3, and it takes 8. |" in text


def test_rows_are_counted_by_part_and_source_and_reason(tmp_path: Path) -> None:
    """And the notes of the data set are told."""
    text = write_report(a_run(tmp_path), tmp_path)
    assert "| Part | heading | review | all |" in text
    assert "| train | – | 20 | 20 |" in text
    assert "| general | 80 | – | 80 |" in text
    assert "| near duplicate | 2 |" in text
    assert "The validation part is small." in text


def test_documents_that_are_not_found_are_named(tmp_path: Path) -> None:
    """With the test questions that they answer, counted."""
    text = write_report(a_run(tmp_path), tmp_path)
    missed = {lesson(n).right[0].document for n in (0, 1)}
    for name in missed:
        assert f"| `{name}` | 1 |" in text


def test_nobodys_words_come_into_files_or_the_page(tmp_path: Path) -> None:
    """Neither questions, nor golden questions that would be lost, nor replies: forgetting does not reach them there."""
    run = a_run(tmp_path, lost=(LOST, "Where\ndoes Bob live?"))
    text = write_report(run, tmp_path)
    assert "Golden questions lost: 2 of 9." in text
    written = [text, *((run.path / name).read_text() for name in ("report.md", "report.json", "figures.svg"))]
    for one in written:
        for words in (LOST, "Ada", "Bob", "The answer to", lesson(3).question):
            assert words not in one


def test_the_folder_has_the_report_with_its_pictures_and_the_page_has_none(tmp_path: Path) -> None:
    """The same run gives the same files."""
    run = a_run(tmp_path)
    text = write_report(run, tmp_path)
    kept = (run.path / "report.md").read_text()
    for name in ("figures.svg", "gains.svg"):
        assert f"]({name})" in kept
        assert (run.path / name).read_text().startswith("<?xml")
    assert "![" not in text
    assert "nDCG@10" in (run.path / "figures.svg").read_text()
    assert "questions are better" in (run.path / "gains.svg").read_text()
    before = {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file()}
    write_report(run, tmp_path)
    assert {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file()} == before


def test_a_run_that_ended_early_is_reported_as_far_as_it_went(tmp_path: Path) -> None:
    """Refused for too few rows; interrupted; given up; with nothing at all."""
    nothing = begun(tmp_path)
    assert "The run has not ended; it had finished nothing. r1 answers." in write_report(nothing, tmp_path)
    few = begun(tmp_path)
    a_dataset(tmp_path, few)
    few.finish("outcome", {"state": "refused", "reason": "Too little was reviewed: 3 rows.", "release": None})
    text = write_report(few, tmp_path)
    assert text.startswith("**Nothing was promoted; r1 goes on answering. Too little was reviewed: 3 rows.**")
    assert "None was made; r1 stays." in text
    assert "## The gate" not in text
    assert not (few.path / "figures.svg").exists()
    given_up = begun(tmp_path)
    given_up.finish("retriever", {"task": "retriever", "refused": "no gain"})
    given_up.end("abandoned")
    assert "The run was abandoned; finished last: retriever." in write_report(given_up, tmp_path)


def test_a_canary_is_told_as_one(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    run.finish("outcome", {"state": "trying", "reason": "", "release": "r2"})
    assert write_report(run, tmp_path).startswith("**r2 answers a share of the conversations beside r1")


def test_another_promotion_meanwhile_is_the_reason_that_is_told(tmp_path: Path) -> None:
    """Though the gate had promoted."""
    run = a_run(tmp_path)
    run.finish("outcome", {"state": "refused", "reason": "r9 was made the active release.", "release": "r2"})
    assert "r1 goes on answering. r9 was made the active release." in write_report(run, tmp_path)


def test_the_verdict_is_read_as_it_was_given(tmp_path: Path) -> None:
    """None where there is none, or another thing lies there."""
    run = a_run(tmp_path)
    verdict = verdict_of(run.path)
    assert verdict is not None
    assert (verdict.promoted, verdict.reasons, verdict.checks[0].name) == (True, (), "gain")
    assert verdict.checks[0].interval == verdict.gain
    assert verdict_of(begun(tmp_path).path) is None
    for damaged in ("", "[]", "{}", '{"promoted": true, "checks": [1], "gain": {}}', "null"):
        (run.path / "verdict.json").write_text(damaged)
        assert verdict_of(run.path) is None


def test_damaged_files_are_left_out(tmp_path: Path) -> None:
    """What is there is told all the same."""
    run = a_run(tmp_path)
    for name in ("before.json", "latencies.json", "verdict.json"):
        (run.path / name).write_text("{")
    text = write_report(run, tmp_path)
    assert "## Before and after" not in text
    assert "| retriever |" in text


def test_facts_are_json_without_what_json_does_not_know(tmp_path: Path) -> None:
    """Infinite bounds are null, as where one group has all questions."""
    run = a_run(tmp_path)
    for name in ("before.json", "after.json"):
        values = json.loads((run.path / name).read_text())
        for row in values["scored"]:
            row["group"] = "one"
        (run.path / name).write_text(json.dumps(values))
    text = write_report(run, tmp_path)
    assert "too few groups to tell" in text
    facts = json.loads((run.path / "report.json").read_text())
    assert facts["figures"][0]["gain"]["low"] is None
    assert (facts["state"], facts["release"], facts["rows"]["train"]) == ("succeeded", "r2", 20)


def test_text_of_others_stays_in_its_cell(tmp_path: Path) -> None:
    run = begun(tmp_path)
    run.finish("router", {"task": "router", "refused": "a | b\n# c"})
    assert "| a \\| b # c |" in write_report(run, tmp_path)
