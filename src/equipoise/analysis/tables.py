"""Tables as values: made once, printed as CSV and in the report."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: a label and its cells. `depth` 1 is indented, `heading` stands for a group."""

    label: str
    cells: tuple[str, ...] = ()
    depth: int = 0
    heading: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with its title; `columns` heads the cells, `first` the labels."""

    id: str
    title: str
    first: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether the table has no line with anything in it."""
        return not any(line.cells for line in self.lines)

    def told(self, words: Callable[[str], str]) -> Table:
        """The same table with everything it says put into other words."""
        return replace(
            self,
            title=words(self.title),
            first=words(self.first),
            columns=tuple(words(one) for one in self.columns),
            lines=tuple(
                replace(one, label=words(one.label), cells=tuple(words(two) for two in one.cells))
                for one in self.lines
            ),
            notes=tuple(words(one) for one in self.notes),
        )


def line(label: str, cells: Sequence[str], depth: int = 0) -> Line:
    """A line with cells."""
    return Line(label=label, cells=tuple(cells), depth=depth)


def heading(label: str) -> Line:
    """A line that names the group below it."""
    return Line(label=label, heading=True)


def to_csv(table: Table) -> str:
    """The table as CSV: a header, one row per line, the heading repeated in its own column."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["group", table.first, *table.columns])
    group = ""
    for one in table.lines:
        if one.heading:
            group = one.label
            continue
        if one.depth == 0:
            group = ""
        writer.writerow([group, one.label, *one.cells])
    return out.getvalue()
