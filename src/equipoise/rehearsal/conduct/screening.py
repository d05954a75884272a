"""From the first contact to randomisation, or to a screen failure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from equipoise.eligibility import assess, is_eligible, unmet
from equipoise.errors import ScenarioError
from equipoise.forms import prepare
from equipoise.protocol.derive import with_derived
from equipoise.protocol.model import Study
from equipoise.protocol.scenario import ScreenFailure
from equipoise.protocol.visits import Visit
from equipoise.rehearsal.conduct.filling import NOTHING
from equipoise.rehearsal.conduct.staff import Staff
from equipoise.rules import parse

ATTEMPTS = 300
BETWEEN_FORMS = timedelta(minutes=4)
WRITES_ITSELF = frozenset({"randomised_at", "kit"})
"""Items of the form that randomisation fills in, never a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One baseline form as filled in."""

    form: str
    visit: str
    values: dict[str, object]
    at: datetime
    on: date


def baseline_visits(study: Study) -> tuple[Visit, ...]:
    """The visits up to randomisation, in order of time."""
    return tuple(sorted((v for v in study.protocol.visits if v.day <= 0), key=lambda v: v.day))


def first_day(study: Study, chance: float) -> int:
    """The day of the first baseline visit, counted from randomisation (0 or negative)."""
    visits = baseline_visits(study)
    if not visits:
        return 0
    first = visits[0]
    low, high = first.day - first.early, min(0, first.day + first.late)
    return high - int(chance**2 * (high - low + 1)) if low < high else high


def consent_version(study: Study) -> str:
    """The newest version of the consent document, else that of the protocol."""
    versions = [one.version for one in study.consents]
    return max(versions, default=study.protocol.version)


def filled(
    staff: Staff,
    *,
    level: str,
    randomised_at: datetime,
    zone_date: date,
    earliest: int,
    fixed: Mapping[str, object] = NOTHING,
    wants: bool = True,
) -> list[Sheet]:
    """Baseline forms of a person whose first stratification factor has this level.

    Drawn again until every criterion passes: those who do not fit never come this far.

    Raises:
        ScenarioError: no such person can be drawn.

    """
    last: tuple[str, ...] = ()
    before = dict(staff.file.known)
    for _ in range(ATTEMPTS):
        staff.file.known.clear()
        staff.file.known.update(before)
        staff.person.steady.clear()
        sheets = _draft(staff, randomised_at, zone_date, earliest, fixed)
        if not wants:
            return sheets
        findings = assess(staff.study.protocol, staff.file.known)
        found = _level(staff)
        if is_eligible(findings) and found in (level, None):
            return sheets
        last = unmet(findings) or (f"stratum {found} instead of {level}",)
    raise ScenarioError(
        "",
        f"scenario {staff.scenario.id}: nobody eligible could be drawn for stratum {level!r} in "
        f"{ATTEMPTS} attempts; last not met: {', '.join(last)}. Correct `items:`.",
    )


def _level(staff: Staff) -> str | None:
    """The level of the first stratification factor, None where there is no factor."""
    factors = staff.study.protocol.randomisation.strata
    if not factors:
        return None
    value = with_derived(staff.study.protocol, staff.file.known).get(factors[0])
    return str(value).lower() if isinstance(value, bool) else str(value)


def _draft(
    staff: Staff,
    randomised_at: datetime,
    zone_date: date,
    earliest: int,
    fixed: Mapping[str, object],
) -> list[Sheet]:
    sheets: list[Sheet] = []
    consented_at = staff.file.known["sim.consented_at"]
    assert isinstance(consented_at, datetime)
    for visit in baseline_visits(staff.study):
        low, high = visit.day - visit.early, visit.day + visit.late
        day = min(max(earliest, low), high)
        start = consented_at if day == earliest else randomised_at - timedelta(hours=2)
        if day not in (earliest, 0):
            start = consented_at + timedelta(days=day - earliest)
        at = start + timedelta(minutes=10)
        on = zone_date + timedelta(days=day)
        for form in _forms(staff, visit):
            at += BETWEEN_FORMS
            values = staff.answers(
                form, at=at, on=on, day=0, visit=visit.id, number=0, fresh=True, fixed=fixed
            )
            sheets.append(Sheet(form=form, visit=visit.id, values=values, at=at, on=on))
            done = prepare(staff.study.protocol, staff.study.forms[form], values, staff.file.known)
            _learn(staff, form, visit.id, dict(done.values))
    return sheets


def _learn(staff: Staff, form: str, visit: str, values: Mapping[str, object]) -> None:
    known = staff.file.known
    for name, value in values.items():
        known[f"{form}.{name}"] = known[f"{visit}.{form}.{name}"] = value


def _forms(staff: Staff, visit: Visit) -> Iterator[str]:
    """Forms due at a baseline visit; conditions are judged as the answers come in."""
    study = staff.study
    for activity in study.protocol.schedule:
        if visit.id not in activity.at:
            continue
        if activity.condition is not None:
            known = with_derived(study.protocol, staff.file.known)
            if parse(activity.condition).run(known) is not True:
                continue
        for form in activity.forms:
            definition = study.forms[form]
            names = {item.id for item in definition.items()}
            if definition.audience == "blinded" and not names >= WRITES_ITSELF:
                yield form


def enter(staff: Staff, *, site: str, at: datetime, on: date) -> None:
    """Put the person on the screening log."""
    staff.file.code = staff.desk.screen(
        site=site, on=on, at=at, key=staff.key(), role="coordinator"
    )
    staff.file.known["sim.participant"] = staff.file.code
    staff.counts.screened += 1


def consent(staff: Staff, *, signed_at: datetime, at: datetime, on: date) -> None:
    """Have the consent signed, by the participant or who may decide for them."""
    said = staff.file.known.get(staff.scenario.happenings.get("signatory", ""))
    signatory: Literal["participant", "representative"] = (
        "representative" if said == "representative" else "participant"
    )
    staff.desk.consent(
        participant=staff.file.code,
        version=consent_version(staff.study),
        signatory=signatory,
        signed_at=signed_at,
        at=at,
        key=staff.key(),
        role="investigator",
    )
    staff.file.consented_on = on


def submit(staff: Staff, sheets: Iterable[Sheet]) -> None:
    """Save baseline forms."""
    for sheet in sheets:
        staff.save(sheet.form, sheet.visit, 0, sheet.values, at=sheet.at, on=sheet.on)


def give_up(staff: Staff, failure: ScreenFailure, *, at: datetime, on: date) -> None:
    """Close the screening of somebody who is not randomised."""
    staff.desk.fail_screening(
        participant=staff.file.code,
        reason=str(failure.reason),
        on=on,
        at=at,
        key=staff.key(),
        role="investigator",
    )
    staff.counts.failed += 1
