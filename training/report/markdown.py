"""What is reported of a run -> Markdown, for its page, its folder and the terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from training.job.job import Learned
from training.report.figures import Figure
from training.report.reading import Reported
from training.significance import Interval

__all__ = ["markdown"]


def markdown(shown: Reported, pictures: Sequence[tuple[str, str]] = ()) -> str:
    """pictures: what each shows, and its file beside the report."""
    parts = [f"**{_text(shown.sentence)}**"]
    if shown.advice:
        parts.append(_text(shown.advice))
    parts += [*_gate(shown), *_figures(shown.figures)]
    parts += [f"![{words}]({file})" for words, file in pictures]
    parts += [*_learned(shown.learned), *_data(shown), *_documents(shown), *_release(shown)]
    return "\n\n".join(parts) + "\n"


def _gate(shown: Reported) -> Iterator[str]:
    if not shown.checks:
        return
    yield "## The gate"
    rows = [(one.name, "passed" if one.passed else "**refused**", one.sentence) for one in shown.checks]
    yield _table(("Check", "Result", "What was found"), rows)


def _figures(figures: Sequence[Figure]) -> Iterator[str]:
    if not figures:
        return
    yield "## Before and after"
    sure = next((one.gain.confidence for one in figures if one.gain), None)
    if sure is not None:
        yield (
            f"On the same questions, none of which was trained on. The interval is that of the change ({2 * sure - 1:.0%}): "
            "paired bootstrap over groups of like questions."
        )
    rows = [
        (one.name, _number(one, one.before), _number(one, one.after), _change(one), _count(one.questions))
        for one in figures
    ]
    yield _table(("Measure", "Before", "After", "Change", "Questions"), rows)


def _learned(learned: Sequence[Learned]) -> Iterator[str]:
    if not learned:
        return
    yield "## What was learned"
    yield _table(
        ("Part", "Measure on the validation part", "Before", "After", "Rows", ""), map(_task, learned)
    )


def _task(one: Learned) -> tuple[str, ...]:
    measured = (one.measure, f"{one.before:.3f}", f"{one.after:.3f}", _count(one.rows))
    seconds = f"{one.figures['seconds']:,.0f} s" if "seconds" in one.figures else ""
    return (one.task, *(measured if one.measure else ("–", "–", "–", "–")), one.refused or seconds)


def _data(shown: Reported) -> Iterator[str]:
    if shown.rows is None:
        return
    yield "## What it was learned from"
    sources = sorted({name.partition(".")[2] for name in shown.rows} - {""})
    parts = [name for name in shown.rows if "." not in name]
    rows = [
        (
            part,
            *(_count(shown.rows.get(f"{part}.{source}", 0)) for source in sources),
            f"{shown.rows[part]:,}",
        )
        for part in parts
    ]
    yield _table(("Part", *sources, "all"), rows)
    if shown.dropped:
        yield "Left out, for a reason each:"
        yield _table(("Reason", "Rows"), ((reason, f"{n:,}") for reason, n in shown.dropped.items()))
    if shown.shared:
        yield f"{shown.shared:,} documents have questions in more than one part."
    if shown.notes:
        yield "\n".join(f"- {_text(note)}" for note in shown.notes)


def _documents(shown: Reported) -> Iterator[str]:
    if not shown.unfound:
        return
    yield "## Documents to look at"
    yield (
        "They answer test questions, and are not among the first ten passages for them. Say in them what people ask, in "
        "people's words: a heading, a synonym, the name of the product."
    )
    yield _table(("Document", "Questions"), ((_code(name), f"{n:,}") for name, n in shown.unfound))


def _release(shown: Reported) -> Iterator[str]:
    yield "## The release"
    made = (
        f"{shown.release} was made from {shown.base}."
        if shown.release
        else f"None was made; {shown.base} stays."
    )
    again = f" The run was gone on with {shown.attempts - 1} times." if shown.attempts > 1 else ""
    yield f"{made} Run {shown.run}, begun {shown.began_at:%Y-%m-%d %H:%M} UTC.{again}"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(
        "| " + " | ".join(_text(cell).replace("|", "\\|") for cell in row) + " |" for row in lines
    )


def _text(text: str) -> str:
    return " ".join(text.split())


def _code(name: str) -> str:
    return "`" + name.replace("`", "'") + "`"


def _number(figure: Figure, value: float) -> str:
    return f"{value:.3f}" if figure.share else f"{value:,.1f}"


def _change(figure: Figure) -> str:
    digits = 3 if figure.share else 1
    said = f"{round(figure.after - figure.before, digits) + 0.0:+.{digits}f}"  # no -0.000
    return said + _interval(figure.gain) if figure.gain else said


def _interval(gain: Interval) -> str:
    if gain.high - gain.low == float("inf"):
        return " (too few groups to tell)"
    low, high = (round(bound, 3) + 0.0 for bound in (gain.low, gain.high))
    return f" ({low:+.3f} to {high:+.3f})"


def _count(count: int) -> str:
    return f"{count:,}" if count else "–"
