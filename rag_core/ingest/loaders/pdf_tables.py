"""Tables among the pieces of text on a PDF page, found by their places. Pure functions.

A piece is what stands on one line without a wide gap. Pieces come in the order of the page's content. Programs
that typeset write a table row by row and a row cell by cell, but columns of running text one after the other,
so the order tells them apart: pieces stacked in order make a cell, cells that go right make a row, and rows
whose cells stand in the same columns make a table.
"""

from __future__ import annotations

import itertools
import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import mean

__all__ = ["GAP", "Piece", "Table", "find_tables"]

GAP = 0.8
"""How wide, in sizes of the text, a gap parts two pieces. Spaces, even in justified text, are narrower."""
_CLEAR_GAP = 1.5
"""What parts the columns of a table that has only two rows."""
_LEADING = 1.6
"""How far apart at most, in sizes of the text, lines of one cell are."""
_TIGHT = 1.3
"""How far apart they are where the lines of a table's rows are farther apart."""
_AHEAD = 30
"""How many pieces, from the first on, a cell that begins higher than the one before may have."""
_ROW_GAP = 2.0
"""How much room at most, in sizes of the text, is between two rows."""
_ALIGNED = 2.0
"""Points within which edges line up."""
_MOST_PIECES = 4000
"""More on a page, as in a plan or a diagram, are not searched; a close table has half of that."""
_MOST_COLUMNS = 60
_LABEL = re.compile(r"\(?[\w.]{1,6}[.)]|\[[\w+]{1,12}\]|\W{1,2}|[oy\ue000-\uf8ff]")
"""What stands before an item of a list, a reference or a footnote."""
_EQUATION_NUMBER = re.compile(r"\([\w.]{1,8}\)")


@dataclass(frozen=True, slots=True)
class Piece:
    """Text on one line without a wide gap. Places are in points, from the lower left corner of the page."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    fixed: bool = False
    """Whether its font is a typewriter's."""


@dataclass(frozen=True, slots=True)
class Table:
    """The pieces from start to end, without end, as rows of equal length; the first one is the head."""

    start: int
    end: int
    rows: list[list[list[str]]]
    """Each cell is a list of lines."""


@dataclass(slots=True)
class _Box:
    """Pieces below each other: a cell, or a paragraph of running text."""

    pieces: list[Piece]

    @property
    def left(self) -> float:
        return min(piece.left for piece in self.pieces)

    @property
    def right(self) -> float:
        return max(piece.right for piece in self.pieces)

    @property
    def top(self) -> float:
        return max(piece.top for piece in self.pieces)

    @property
    def bottom(self) -> float:
        return min(piece.bottom for piece in self.pieces)


@dataclass(slots=True)
class _Row:
    """Cells beside each other, from left to right."""

    start: int
    cells: list[_Box] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.start + sum(len(cell.pieces) for cell in self.cells)

    @property
    def top(self) -> float:
        return max(cell.top for cell in self.cells)

    @property
    def bottom(self) -> float:
        return min(cell.bottom for cell in self.cells)


def find_tables(pieces: Sequence[Piece]) -> Iterator[Table]:
    """The tables of a page, in order. Running text in columns, lists, formulas and code are none."""
    if len(pieces) > _MOST_PIECES:
        return
    for run in _runs(_rows(pieces)):
        columns = _columns(run)
        if _is_table(run, columns):
            yield Table(run[0].start, run[-1].end, _grid(run, columns))


def _rows(pieces: Sequence[Piece]) -> list[_Row]:
    """Every piece in a row; a paragraph of running text is a row of one cell."""
    rows: list[_Row] = []
    for index, piece in enumerate(pieces):
        if rows and _goes_on_below(rows[-1], piece):
            rows[-1].cells[-1].pieces.append(piece)
            continue
        parts = _split(rows[-2:], piece) if rows else []
        if parts and _goes_on_beside(parts[-1], pieces[index : index + _AHEAD]):
            rows[-1:] = parts
            rows[-1].cells.append(_Box([piece]))
        else:
            rows.append(_Row(index, [_Box([piece])]))
    return rows


def _goes_on_below(row: _Row, piece: Piece) -> bool:
    """Whether a piece is the next line of the row's last cell."""
    cell, last = row.cells[-1], row.cells[-1].pieces[-1]
    beside = len(row.cells) > 1 and piece.left <= row.cells[-2].right
    under = piece.left < cell.right and piece.right > cell.left and not beside
    step = last.bottom - piece.bottom
    return under and 0.5 * last.size < step <= _LEADING * max(last.size, piece.size) and _alike(last, piece)


def _split(rows: list[_Row], piece: Piece) -> list[_Row]:
    """The last row, in two where a piece stands beside a later line of its only cell and the others are text."""
    row, lines = rows[-1], rows[-1].cells[0].pieces
    if len(row.cells) > 1:
        return [row]
    level = next((n for n, line in enumerate(lines) if abs(line.bottom - piece.bottom) < 0.2 * line.size), 0)
    room = rows[0].bottom - row.top if len(rows[0].cells) > 1 else math.inf
    while level and _is_wrapped(lines[level - 1], lines[level], piece, room):
        level -= 1
    if not level:
        return [row]
    return [_Row(row.start, [_Box(lines[:level])]), _Row(row.start + level, [_Box(lines[level:])])]


def _is_wrapped(above: Piece, line: Piece, beside: Piece, room: float) -> bool:
    """Whether the line above one that starts a row is of the same cell, set from the bottom, and no row itself.

    It is if the row above is farther away than the lines are from each other; room says how far that row is.
    """
    tight = above.bottom - line.bottom <= _TIGHT * line.size
    return tight and above.right < beside.left and room > above.bottom - line.top + 0.6 * line.size


def _goes_on_beside(row: _Row, pieces: Sequence[Piece]) -> bool:
    """Whether the first of the pieces begins the row's next cell: it, or one soon after it, is level with the row.

    A cell with more lines than the one before may begin higher.
    """
    if len(row.cells) >= _MOST_COLUMNS:
        return False
    right, height = row.cells[-1].right, row.top - row.bottom
    for piece in itertools.takewhile(lambda piece: piece.left > right, pieces):
        overlap = min(row.top, piece.top) - max(row.bottom, piece.bottom)
        if overlap > 0.25 * min(piece.top - piece.bottom, height):
            return _alike(row.cells[-1].pieces[-1], pieces[0])
        if piece.top < row.bottom:
            return False
    return False


def _alike(one: Piece, other: Piece) -> bool:
    return 0.75 < one.size / (other.size or 1) < 1.34


def _runs(rows: list[_Row]) -> Iterator[list[_Row]]:
    """Rows close to each other, from the first to the last of more than one cell."""
    run: list[_Row] = []
    for row in rows:
        if run and not (_is_near(run[-1], row) and _fits(run, row)):
            yield from _trimmed(run)
            run = []
        if run or len(row.cells) > 1:
            run.append(row)
    yield from _trimmed(run)


def _trimmed(run: list[_Row]) -> Iterator[list[_Row]]:
    while run and len(run[-1].cells) == 1:
        run = run[:-1]
    if len(run) > 1:
        yield run


def _is_near(last: _Row, row: _Row) -> bool:
    """Whether a row follows the last one; those beside a cell of several lines overlap it."""
    one, other = last.cells[0].pieces[-1], row.cells[0].pieces[0]
    return -2 * one.size < last.bottom - row.top <= _ROW_GAP * one.size and _alike(one, other)


def _fits(run: list[_Row], row: _Row) -> bool:
    """A row of one cell is a part of a table if it has one line and is no wider than the table."""
    if len(row.cells) > 1:
        return True
    left = min(cell.left for other in run for cell in other.cells)
    right = max(cell.right for other in run for cell in other.cells)
    cell = row.cells[0]
    return len(cell.pieces) == 1 and cell.left > left - _ALIGNED and cell.right < right + _ALIGNED


def _columns(run: list[_Row]) -> list[_Span]:
    """Where the columns are, from left to right, by the fullest rows first."""
    columns: list[_Span] = []
    for row in sorted(run, key=lambda row: -len(row.cells)):
        for cell in row.cells:
            hits = [column for column in columns if column.meets(cell)]
            if not hits:
                columns.append(_Span(cell.left, cell.right))
            elif len(hits) == 1:
                hits[0].cover(cell)
    ordered = sorted(columns, key=lambda column: column.left)
    return _merged(ordered, run) if len(columns) <= _MOST_COLUMNS else []


@dataclass(slots=True)
class _Span:
    """From where to where a column goes."""

    left: float
    right: float

    def meets(self, other: _Span | _Box) -> bool:
        return self.left < other.right and other.left < self.right

    def cover(self, other: _Span | _Box) -> None:
        self.left, self.right = min(self.left, other.left), max(self.right, other.right)


def _merged(columns: list[_Span], run: list[_Row]) -> list[_Span]:
    """Neighbours that no row fills both, or that more cells reach across than keep apart, are one column."""
    for n, (one, other) in enumerate(itertools.pairwise(columns)):
        across = sum(one.meets(cell) and other.meets(cell) for row in run for cell in row.cells)
        apart = sum(_fills(row, one, other) and _fills(row, other, one) for row in run)
        if across >= apart:
            one.cover(other)
            return _merged(columns[: n + 1] + columns[n + 2 :], run)
    return columns


def _fills(row: _Row, column: _Span, other: _Span) -> bool:
    return any(column.meets(cell) and not other.meets(cell) for cell in row.cells)


def _is_table(run: list[_Row], columns: list[_Span]) -> bool:
    """Whether at least two rows line up in at least two columns, and it is nothing else that does."""
    grid = _places(run, columns) if columns else []
    full = sum(sum(map(bool, row)) > 1 for row in grid)
    if len(columns) < 2 or full < max(2, len(grid) / 2):
        return False
    narrowest = min(other.left - one.right for one, other in itertools.pairwise(columns))
    if full == 2 and narrowest < _CLEAR_GAP * run[0].cells[0].pieces[0].size:
        return False
    return _lines_up(grid) and not any(test(grid) for test in (_is_code, _is_list, _is_formula, _is_prose))


_Grid = list[list[list[Piece]]]
"""Rows of cells of pieces."""


def _places(run: list[_Row], columns: list[_Span]) -> _Grid:
    """The pieces of each row by column; one that reaches across several stands in the first of them."""
    grid: _Grid = []
    for row in run:
        if len(grid) != 1 or not _is_second_line(row, run[0]):
            grid.append([[] for _ in columns])
        for cell in row.cells:
            column = next(n for n, column in enumerate(columns) if column.meets(cell))
            grid[-1][column] += cell.pieces
    return grid


def _is_second_line(row: _Row, head: _Row) -> bool:
    """Whether a row stands beside the last line of a cell of the head, as parts of a column with one name do."""
    cells = [cell for cell in head.cells if len(cell.pieces) > 1 and cell.top > head.top - _ALIGNED]
    return row is not head and any(row.bottom > cell.bottom - _ALIGNED for cell in cells)


def _grid(run: list[_Row], columns: list[_Span]) -> list[list[list[str]]]:
    return [[[piece.text for piece in cell] for cell in row] for row in _places(run, columns)]


_EDGES: tuple[Callable[[Piece], float], ...] = (
    lambda piece: piece.left,
    lambda piece: piece.right,
    lambda piece: (piece.left + piece.right) / 2,
)


def _lines_up(grid: _Grid) -> bool:
    """Whether, behind the first column, most cells share an edge or their middle with another of theirs."""
    columns = [[row[n][0] for row in grid if row[n]] for n in range(1, len(grid[0]))]
    aligned = sum(max(_aligned([edge(piece) for piece in column]) for edge in _EDGES) for column in columns)
    return aligned >= 0.6 * sum(map(len, columns))


def _aligned(places: list[float]) -> int:
    """How many of the places are the same as the one that most share."""
    ordered = sorted(places)
    most = max(bisect_right(ordered, place + _ALIGNED) - n for n, place in enumerate(ordered))
    return most if most > 1 else 0


def _is_code(grid: _Grid) -> bool:
    """Set in a typewriter's font, but for numbers of lines."""
    pieces = [piece for row in grid for cell in row for piece in cell if not piece.text.strip().isdigit()]
    return sum(piece.fixed for piece in pieces) > 0.8 * len(pieces)


def _is_list(grid: _Grid) -> bool:
    """Signs or numbers, and behind them text."""
    return len(grid[0]) == 2 and all(_LABEL.fullmatch(row[0][0].text.strip()) for row in grid if row[0])


def _is_formula(grid: _Grid) -> bool:
    """Lines with a number in brackets at their end."""
    numbers = [row[-1][0].text.strip() for row in grid if row[-1]]
    return sum(bool(_EQUATION_NUMBER.fullmatch(number)) for number in numbers) > 0.8 * len(numbers)


def _is_prose(grid: _Grid) -> bool:
    """Two columns of running text written line by line: long lines that nearly all end at the same edge."""
    rows = [row for row in grid if row[0] and row[1]]
    if len(grid[0]) != 2 or any(len(cell) > 1 for row in rows for cell in row):
        return False
    lengths = [len(cell[0].text) for row in rows for cell in row]
    width = max(row[0][0].right - row[0][0].left for row in rows)
    filled = sum(row[0][0].right - row[0][0].left > 0.85 * width for row in rows)
    return mean(lengths) > 30 and filled > 0.6 * len(rows)
