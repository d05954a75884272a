"""Files that belong to records, and masked readings of them, as `imaging.yaml` states them.

Like the cleaning plan it is no part of the protocol's identity: what is scored, and when a
third reader decides, stands in the form and its rules. Every entry of the ledger about a file
or a reading names the digest of the plan under which it was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import with_config

from equipoise.protocol.frozen import Text
from equipoise.protocol.visits import STRICT

FileKind = Literal["dicom", "png", "pdf"]
Dates = Literal["blank", "shift"]
LARGEST_MIB = 64.0
MOST_FILES = 64


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How stored values are shown as grey: `centre` and `width` in the unit of the modality."""

    id: str
    title: Text
    centre: float
    width: float

    def __post_init__(self) -> None:
        if not self.width > 0:
            raise ValueError(f"the width of window {self.id!r} is above 0")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class FileRule:
    """Which files may be attached to the records of `form`, and how they are de-identified.

    `largest_mib` bounds one file, packed or unpacked; `most` is how many one record may have.
    `modalities`: the DICOM modalities that are taken; none named means any. `recipe` names a
    file of `recipes/`; without one the packaged recipe is used. `dates`: blank them, or shift
    all dates of a participant by the same secret number of days.
    """

    id: str
    form: str
    title: Text
    kinds: tuple[FileKind, ...] = ("dicom", "png", "pdf")
    largest_mib: float = 32.0
    most: int = 20
    modalities: tuple[str, ...] = ()
    recipe: str = ""
    dates: Dates = "blank"
    windows: tuple[Window, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.largest_mib <= LARGEST_MIB:
            raise ValueError(f"`largest_mib` of {self.id!r} lies above 0 and up to {LARGEST_MIB:g}")
        if not 1 <= self.most <= MOST_FILES:
            raise ValueError(f"`most` of {self.id!r} lies between 1 and {MOST_FILES}")
        if not self.kinds:
            raise ValueError(f"{self.id!r} takes at least one kind of file")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Where one of the readers' scores go: `items` are scored, `total` is their derived sum.

    `reader` takes the code of the reader.
    """

    items: tuple[str, ...]
    total: str
    reader: str = ""


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Files are scored by two readers who know neither arm nor visit, nor each other's scores.

    `files` names the file rule; `sheets` are those of the first and of the second reader, item
    by item the same questions. Where the totals differ by more than `adjudicate_above`, a third
    reader scores and the total goes to `adjudicated`; with `shows_both` the third sees both
    sets, without a name and in no telling order. `masked` is set true when the scores are in:
    who cannot read masked says so and does not read. All three are image readers.
    `transcribed`: where no file is attached, scores may be typed from the sheets of a laboratory.
    """

    id: str
    files: str
    title: Text
    sheets: tuple[Sheet, ...]
    adjudicate_above: float
    adjudicated: str
    shows_both: bool = True
    masked: str = ""
    transcribed: bool = False

    def __post_init__(self) -> None:
        if len(self.sheets) != 2:
            raise ValueError(f"reading {self.id!r} has two sheets, one for each reader")
        if len(self.sheets[0].items) != len(self.sheets[1].items):
            raise ValueError(f"the sheets of reading {self.id!r} ask the same questions")
        if not self.adjudicate_above >= 0:
            raise ValueError(f"`adjudicate_above` of {self.id!r} is 0 or more")

    @property
    def items(self) -> frozenset[str]:
        """Every item that the readers fill, and nobody else while a file is attached."""
        found = {self.adjudicated, self.masked}
        for sheet in self.sheets:
            found |= {*sheet.items, sheet.reader}
        return frozenset(found - {""})


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Imaging:
    """The whole plan."""

    files: tuple[FileRule, ...] = ()
    readings: tuple[Reading, ...] = ()

    def files_of(self, form: str) -> tuple[FileRule, ...]:
        """The rules for files of a form."""
        return tuple(one for one in self.files if one.form == form)

    def rule(self, name: str) -> FileRule | None:
        """The rule of that name."""
        return next((one for one in self.files if one.id == name), None)

    def reading_of(self, rule: str) -> Reading | None:
        """The masked reading of a rule's files, if they are read."""
        return next((one for one in self.readings if one.files == rule), None)


NOTHING_IMAGED = Imaging()
"""The plan of a study folder that has none."""
