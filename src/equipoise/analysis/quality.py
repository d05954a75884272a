"""What is missing, carried forward, different from the plan, and how recruitment went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from equipoise.analysis.dataset import Dataset
from equipoise.analysis.flow import Flow
from equipoise.analysis.labels import Labels
from equipoise.analysis.plan import Trial
from equipoise.analysis.result import Result
from equipoise.analysis.tables import Table, heading, line
from equipoise.errors import say


def missing_table(trial: Trial, labels: Labels) -> Table:
    """Per endpoint of an estimand and arm of all randomised: where the values come from."""
    arms = [arm.id for arm in trial.dataset.arms]
    lines = []
    for name in dict.fromkeys(one.endpoint for one in trial.protocol.estimands):
        variable = trial.variable(name)
        lines.append(heading(labels.endpoint(name)))
        for source, words in (
            ("observed", "Observed"),
            ("carried", "Last status carried forward"),
            ("death", "Settled by death"),
            ("missing", "Missing"),
            ("excluded", "Does not apply (requirement of the endpoint)"),
        ):
            hit = variable.source == source
            cells = [
                str(
                    sum(
                        h and row.arm == arm
                        for h, row in zip(hit, trial.dataset.randomised, strict=True)
                    )
                )
                for arm in arms
            ]
            if any(cell != "0" for cell in cells):
                lines.append(line(words, cells, depth=1))
    return Table(
        id="missing",
        title="Where the values of each endpoint come from",
        first="Endpoint",
        columns=tuple(labels.arm(arm) for arm in arms),
        lines=tuple(lines),
        notes=("All randomised participants, as allocated.",),
    )


def conduct_table(trial: Trial, results: Sequence[Result], counted: Flow) -> Table:
    """Counts that say how well the data hold together."""
    dataset = trial.dataset
    filled = max((one.filled_covariates for one in results), default=0)
    lines = [
        line("Records analysed (newest versions)", [str(len(dataset.records))]),
        line("Participants with a stratum that was wrong at randomisation", [str(misfits(trial))]),
        line(
            "Baseline covariate values filled in with the mean (most in one model)", [str(filled)]
        ),
    ]
    for name, ours, ledger in counted.checks:
        words = say("Ledger entries {name}: {n}; counted here", name=name, n=ledger)
        lines.append(line(words, [str(ours) if ours == ledger else say("{n} — DIFFERENT", n=ours)]))
    lines += [line(name, [str(count)]) for name, count in sorted(dataset.history.items())]
    return Table(
        id="data-quality",
        title="Data quality",
        first="What",
        columns=("Count",),
        lines=tuple(lines),
        notes=("A wrong stratum keeps its allocation; the analysis uses the true stratum.",),
    )


def misfits(trial: Trial) -> int:
    """Participants whose true stratum differs from the one used at randomisation."""
    found = 0
    for row in trial.dataset.randomised:
        for factor in trial.protocol.randomisation.strata:
            true, used = trial.baseline.value(row, factor), row.stratum.get(factor)
            told = str(true).lower() if isinstance(true, bool) else str(true)
            found += true is not None and used is not None and told != str(used).lower()
    return found


@dataclass(frozen=True, kw_only=True)
class Recruited:
    """Cumulative numbers randomised, of all sites and of each, by site date."""

    days: tuple[date, ...]
    total: tuple[int, ...]
    by_site: dict[str, tuple[int, ...]]


def recruited(dataset: Dataset) -> Recruited:
    """The recruitment curve from the day before the first randomisation to the last."""
    dates = [(row.randomised_on, row.site) for row in dataset.randomised if row.randomised_on]
    if not dates:
        return Recruited(days=(), total=(), by_site={})
    first, last = min(dates)[0], max(dates)[0]
    days = tuple(first + timedelta(days=one) for one in range(-1, (last - first).days + 1))
    sites = sorted({site for _, site in dates})
    return Recruited(
        days=days,
        total=_cumulative(days, Counter(on for on, _ in dates)),
        by_site={
            site: _cumulative(days, Counter(on for on, where in dates if where == site))
            for site in sites
        },
    )


def _cumulative(days: Sequence[date], counts: Counter[date]) -> tuple[int, ...]:
    found, total = [], 0
    for day in days:
        total += counts[day]
        found.append(total)
    return tuple(found)


def recruitment_table(trial: Trial, labels: Labels, curve: Recruited) -> Table:
    """Randomised by site and arm."""
    arms = [arm.id for arm in trial.dataset.arms]
    lines = []
    for site in curve.by_site:
        rows = [row for row in trial.dataset.randomised if row.site == site]
        screened = sum(row.site == site for row in trial.dataset.participants)
        cells = [str(sum(row.arm == arm for row in rows)) for arm in arms]
        lines.append(line(labels.site(site), [str(screened), str(len(rows)), *cells]))
    return Table(
        id="recruitment",
        title="Recruitment by site",
        first="Site",
        columns=("Screened", "Randomised", *(labels.arm(arm) for arm in arms)),
        lines=tuple(lines),
    )
