"""The plan for cleaning the data, as a study folder states it in `cleaning.yaml`.

It is no part of the protocol's identity: what is verified and which cross-checks run may be
made sharper while a trial runs, without an amendment. The plan has its own digest, which
stands in the ledger of the study from the night on which it is first used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import with_config

from equipoise.protocol.frozen import Frozen, Text
from equipoise.protocol.visits import STRICT

Per = Literal["participant", "record", "item"]
DeviationKind = Literal["window", "dose-gap", "eligibility", "medication", "other"]
Severity = Literal["minor", "major"]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """Which items of a form are compared with their source.

    `items`: none named means all that are typed. `share`: 1 is everything, 0 nothing; in
    between, that share of `per` is drawn with the plan's seed.
    """

    form: str
    items: tuple[str, ...] = ()
    share: float = 1.0
    per: Per = "record"

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"the share of {self.form!r} lies between 0 and 1")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CrossCheck:
    """A rule over several forms or visits. False opens a query on a record of `form`.

    Names: own items bare; `form.item` of the same visit, else the most recent value;
    `visit.form.item` of that visit. `visits`: none named means every visit.
    """

    id: str
    form: str
    rule: str
    message: Text
    item: str = ""
    visits: tuple[str, ...] = ()


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviationRule:
    """A departure from the protocol that the data show.

    window: a visit's record is dated outside the visit's window (`form` narrows to one form).
    dose-gap: two doses lie closer or further apart than the protocol allows. eligibility:
    somebody randomised does not pass every criterion as the data stand now. The others need
    `form` and `rule`: a record of the form for which the rule is true.
    """

    id: str
    kind: DeviationKind
    text: Text
    form: str = ""
    rule: str = ""
    severity: Severity = "minor"

    def __post_init__(self) -> None:
        if bool(self.rule) is (self.kind in ("window", "dose-gap", "eligibility")):
            raise ValueError(f"deviation {self.id!r}: kind {self.kind} and `rule` do not fit")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A free text that is coded by a dictionary (its name without version)."""

    form: str
    item: str
    dictionary: str


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Normal:
    """The reference range of an item, in its unit, for who `when` is true of (all, if none).

    `high_item`: the item of the same form in which the laboratory's own upper limit stands; it
    comes before `high`. Of several ranges of an item the first that fits is taken. A range is
    shown beside the values; no rule of the trial reads it.
    """

    form: str
    item: str
    low: float | None = None
    high: float | None = None
    high_item: str = ""
    when: str = ""

    def __post_init__(self) -> None:
        if self.low is None and self.high is None and not self.high_item:
            raise ValueError(f"the range of {self.item!r} needs a limit")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"the range of {self.item!r} ends before it begins")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """Where one test of a laboratory file goes. `grams_per_mole` bridges mass and amount."""

    item: str
    grams_per_mole: float | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """How files of one laboratory are read: one result per line, tests by their code.

    `columns` names the file's columns for `participant`, `visit`, `on`, `test`, `value` and
    `unit`. `visits` and `units` translate the laboratory's words; what is not in them must
    be a visit of the protocol or a UCUM unit. `number` is that of the record.
    """

    id: str
    title: Text
    form: str
    columns: Frozen[str]
    tests: Frozen[Test]
    visits: Frozen[str] = Frozen()
    units: Frozen[str] = Frozen()
    number: int = 0


NEEDED = ("participant", "visit", "on", "test", "value", "unit")
"""The columns that every transfer names."""


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaning:
    """The whole plan. `seed` decides what a sampled verification draws."""

    version: str = "0"
    seed: str = ""
    verification: tuple[Verify, ...] = ()
    cross_checks: tuple[CrossCheck, ...] = ()
    deviations: tuple[DeviationRule, ...] = ()
    coding: tuple[Coded, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    normals: tuple[Normal, ...] = ()

    def __post_init__(self) -> None:
        sampled = any(0 < one.share < 1 for one in self.verification)
        if sampled and not self.seed:
            raise ValueError("a sampled verification needs a `seed`, so that it can be repeated")


NOTHING_PLANNED = Cleaning()
"""The plan of a study folder that has none."""
