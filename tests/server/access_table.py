"""The page `docs/validation/access.md` as rows, and what fills the addresses on it.

The page is written by hand: nothing here or there is computed from the product's own tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "validation" / "access.md"
NOBODY = ""
SHORT = {
    "IN": "investigator",
    "CO": "coordinator",
    "DN": "dosing nurse",
    "AS": "assessor",
    "PH": "pharmacist",
    "MO": "monitor",
    "UM": "unblinded monitor",
    "DM": "data manager",
    "ST": "statistician",
    "SS": "safety-board statistician",
    "SB": "safety-board member",
    "SP": "sponsor",
    "AD": "administrator",
    "IR": "image reader",
    "SR": "safety reporter",
    "–": NOBODY,
}
AT_SITE = ("investigator", "coordinator", "dosing nurse", "assessor")
_UNBLINDED = "The unblinded side"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One address. `methods` of GET and POST that it takes; `closed`: by a lock.

    `narrow`: those of its roles to whom it opens for some steps only.
    """

    page: str
    path: str
    methods: tuple[str, ...]
    closed: bool
    of_site: bool
    roles: frozenset[str]
    narrow: frozenset[str]

    @property
    def open_to_everybody(self) -> bool:
        """Whether nobody has to sign in."""
        return NOBODY in self.roles

    @property
    def for_programs(self) -> bool:
        """Whether tokens open it, not sessions."""
        return self.path.startswith("/api/")


def _tables() -> Iterator[tuple[str, dict[str, str]]]:
    """Each line of a table under its heading, by the names of its columns."""
    heading, columns = "", []
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("## "):
            heading, columns = line[3:], []
        elif line.startswith("| "):
            cells = [one.strip() for one in line.strip("|").split("|")]
            if columns:
                yield heading, dict(zip(columns, cells, strict=True))
            else:
                columns = cells


def _row(cells: dict[str, str]) -> Row:
    sends = cells["Sends"]
    marks = {cells[one] for one in cells.keys() & SHORT.keys()}
    assert marks <= {"●", "○", "·"}, cells
    form = sends.split(",")[0]
    return Row(
        page=cells["Page"],
        path=cells["Address"].strip("`"),
        methods={"": ("GET",), "form": ("GET", "POST"), "form only": ("POST",)}[form],
        closed="closed by a lock" in sends,
        of_site=cells.get("Of a site") == "yes",
        roles=_marked(cells, "●○"),
        narrow=_marked(cells, "○"),
    )


def _marked(cells: dict[str, str], marks: str) -> frozenset[str]:
    return frozenset(role for name, role in SHORT.items() if cells.get(name, "-") in marks)


ROWS = {cells["Page"]: _row(cells) for heading, cells in _tables() if heading != _UNBLINDED}
UNBLINDED_ROWS = {
    cells["Page"]: _row(cells) for heading, cells in _tables() if heading == _UNBLINDED
}

FILL: dict[str, object] = {
    "form": "screening",
    "visit": "screen",
    "number": 0,
    "item": "age",
    "action": "withdraw",
    "act": "receive",
    "kind": "blank",
    "kit": "AAAA-AAAA",
    "rule": "visits",
    "name": "results.json",
    "study": "three-arms",
    "link": "x",
    "signed": "x",
    "token": "x",
    "talk": "x",
    "problem": "x",
    "scan": "SCAN-AAAA-AAAA",
    "image": "IMG-AAAA-AAAA",
    "offer": "x",
    "place": 1,
    "rest": "x",
}
"""What stands in an address where it does not matter which one is named."""


def parts(row: Row) -> set[str]:
    """The named parts of an address."""
    return set(re.findall(r"{(\w+)}", row.path))


def address(row: Row, place: dict[str, object], language: str = "en") -> str:
    """The address with its parts filled; `place` says whose."""
    given = {**FILL, **place}
    path = re.sub(r"{(\w+)}", lambda found: str(given[found[1]]), row.path)
    return path if row.for_programs else f"/{language}{path}"
