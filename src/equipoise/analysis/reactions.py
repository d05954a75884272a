"""Events of special interest and reactions to a dose, with exact intervals and differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from equipoise.analysis.estimators import exact, risk_difference
from equipoise.analysis.harms import Harms, heads, treated_set, until
from equipoise.analysis.labels import Labels
from equipoise.analysis.plan import Trial
from equipoise.analysis.summaries import share, spanned
from equipoise.analysis.tables import Line, Table, line
from equipoise.errors import NotEstimable, say


def special_table(trial: Trial, labels: Labels, found: Harms) -> Table:
    """Events of special interest, secondary allergic reactions among them, with intervals."""
    lines = []
    for rule in trial.protocol.safety.special_interest:
        counts = {arm: len(found.of_interest(rule.id) & found.inside(arm)) for arm in found.people}
        cells = [exact_cell(n, len(found.people[arm])) for arm, n in counts.items()]
        cells += difference_cells(trial, found.people, counts)
        lines.append(line(rule.text.say(labels.language), cells))
    return Table(
        id="special-interest",
        title="Adverse events of special interest",
        first="Participants with",
        columns=(*heads(found, labels), *_differences(trial, labels)),
        lines=tuple(lines),
        notes=(
            until(trial, labels),
            "n/N (%) with exact (Clopper-Pearson) 95 % interval; difference with Newcombe's 95 % "
            "interval, in percentage points. No event in an arm does not mean no risk: the upper "
            "limit says how much is compatible with the data.",
        ),
    )


def exact_cell(events: int, n: int) -> str:
    """A share with its exact 95 % interval."""
    if n == 0:
        return "0/0"
    found = exact(events, n)
    low, high = f"{100 * found.ci_low:.1f}", f"{100 * found.ci_high:.1f}"
    return say("{share}; {low} to {high})", share=share(events, n)[:-1], low=low, high=high)


def _differences(trial: Trial, labels: Labels) -> list[str]:
    return [
        say("{contrast}, points", contrast=labels.contrast(one.name)) for one in trial.contrasts
    ]


def difference_cells(
    trial: Trial, people: Mapping[str, Sequence[str]], counts: Mapping[str, int]
) -> list[str]:
    """Risk differences in percentage points with Newcombe's limits."""
    cells = []
    for contrast in trial.contrasts:
        pair = (contrast.experimental, contrast.control)
        sizes = [len(people[arm]) for arm in pair]
        event = np.concatenate(
            [np.arange(n) < counts[arm] for n, arm in zip(sizes, pair, strict=True)]
        )
        side = np.repeat([True, False], sizes)
        try:
            found = risk_difference(event, side)
        except (NotEstimable, ValueError):
            cells.append("–")
            continue
        value, low, high = (signed(100 * one) for one in (found.value, found.ci_low, found.ci_high))
        cells.append(spanned(value, low, high))
    return cells


def signed(value: float) -> str:
    """One decimal with its sign; a zero has none."""
    words = f"{value:+.1f}"
    return "0.0" if words in {"+0.0", "-0.0"} else words.replace("-", "−")


def reaction_table(trial: Trial, labels: Labels) -> Table | None:
    """The checklist after each dose: participants, and doses, with each reaction."""
    dosing = trial.protocol.dosing
    if dosing is None or dosing.reaction_form is None or not dosing.reaction_items:
        return None
    people = harms_people(trial)
    columns = [f"{labels.arm(arm)} (n = {len(who)})" for arm, who in people.items()]
    columns += [say("{arm}, doses", arm=labels.arm(arm)) for arm in people]
    lines: list[Line] = []
    for item in ("", *dosing.reaction_items):
        kept = dosing.reaction_items if item == "" else (item,)
        words = "Any of these" if item == "" else labels.item(dosing.reaction_form, item).text
        lines.append(line(words, _reactions(trial, people, dosing.reaction_form, kept)))
    return Table(
        id="reactions",
        title=say("Reactions within {n} hours of a dose", n=f"{dosing.reaction_hours:g}"),
        first="Reaction",
        columns=tuple(columns),
        lines=tuple(lines),
        notes=(
            "Participants n/N (%), with exact 95 % interval; then doses with it of checklists filled.",
        ),
    )


def harms_people(trial: Trial) -> dict[str, tuple[str, ...]]:
    """Codes of the treated set by arm."""
    members = treated_set(trial)
    codes = [row.code for row in trial.dataset.randomised]
    return {
        arm.id: tuple(np.array(codes, dtype=object)[members.in_arm(arm.id)])
        for arm in trial.dataset.arms
    }


def _reactions(
    trial: Trial, people: Mapping[str, Sequence[str]], form: str, items: Sequence[str]
) -> list[str]:
    by_person, by_dose = [], []
    for who in people.values():
        lists = [trial.dataset.records_of(code, form) for code in who]
        hits = [[any(one.values.get(i) is True for i in items) for one in rows] for rows in lists]
        by_person.append(exact_cell(sum(any(one) for one in hits), len(who)))
        by_dose.append(f"{sum(map(sum, hits))}/{sum(map(len, hits))}")
    return by_person + by_dose
