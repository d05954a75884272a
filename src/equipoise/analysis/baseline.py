"""Baseline characteristics by arm. No tests: any difference arose by chance (CONSORT 2025)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from equipoise.analysis.answers import number, said
from equipoise.analysis.estimators.inputs import FloatArray
from equipoise.analysis.labels import Labels, Named, with_unit
from equipoise.analysis.plan import Trial
from equipoise.analysis.summaries import mean_sd, share, spread
from equipoise.analysis.tables import Line, Table, heading, line
from equipoise.errors import say

SKEWED = 0.25
"""Mean and median further apart than this share of the SD: quartiles are shown instead."""


def baseline_table(trial: Trial, labels: Labels) -> Table:
    """Everything the plan lists under `baseline`, in all randomised participants by arm."""
    arms = [arm.id for arm in trial.dataset.arms]
    lines: list[Line] = []
    for name in trial.protocol.analysis.baseline:
        lines += _lines(trial, labels, name, arms)
    counts = [sum(row.arm == arm for row in trial.dataset.randomised) for arm in arms]
    heads = [f"{labels.arm(arm)} (n = {n})" for arm, n in zip(arms, counts, strict=True)]
    return Table(
        id="baseline",
        title="Baseline characteristics of all randomised participants",
        first="Characteristic",
        columns=(*heads, say("All (n = {n})", n=sum(counts))),
        lines=tuple(lines),
        notes=(
            "Numbers are mean (SD), or median (lower to upper quartile) where the distribution "
            "is skewed; counts are n/N (%). Values were known on or before the day of "
            "randomisation. No tests are made: both arms come from one population by design.",
        ),
    )


def _lines(trial: Trial, labels: Labels, name: str, arms: Sequence[str]) -> list[Line]:
    rows = trial.dataset.randomised
    values = [trial.baseline.value(row, name) for row in rows]
    inside = [[row.arm == arm for row in rows] for arm in arms] + [[True] * len(rows)]
    named = labels.named(name)
    if named.type in {"integer", "decimal"} and not named.codes:
        return _numbers(named, values, inside)
    return _shares(labels, name, named, values, inside)


def _numbers(
    named: Named, values: Sequence[object], inside: Sequence[Sequence[bool]]
) -> list[Line]:
    column = np.array([np.nan if (v := number(one)) is None else v for one in values])
    skewed = _skewed(column)
    tell = spread if skewed else mean_sd
    words = "{item} — median (quartiles)" if skewed else "{item} — mean (SD)"
    cells = [tell(column[np.array(mask)]) for mask in inside]
    lines = [line(say(words, item=with_unit(named)), cells)]
    if np.isnan(column).any():
        gone = [int(np.isnan(column[np.array(mask)]).sum()) for mask in inside]
        lines.append(line("Not known", [str(one) for one in gone], depth=1))
    return lines


def _skewed(column: FloatArray) -> bool:
    known = column[np.isfinite(column)]
    if known.size < 3 or known.std() == 0:
        return False
    return bool(abs(known.mean() - np.median(known)) > SKEWED * known.std(ddof=1))


def _shares(
    labels: Labels,
    name: str,
    named: Named,
    values: Sequence[object],
    inside: Sequence[Sequence[bool]],
) -> list[Line]:
    told = [None if one is None else said(one) for one in values]
    seen = set(told) - {None}
    if named.type == "boolean":
        return [line(f"{with_unit(named)} — n/N (%)", _cells(told, "yes", inside))]
    levels = [code for code, _ in named.codes if code in seen]
    levels += sorted(str(one) for one in seen - set(levels))
    lines = [heading(f"{with_unit(named)} — n/N (%)")]
    lines += [line(labels.level(name, one), _cells(told, one, inside), depth=1) for one in levels]
    if None in told:
        gone = [
            sum(1 for one, m in zip(told, mask, strict=True) if m and one is None)
            for mask in inside
        ]
        lines.append(line("Not known", [str(one) for one in gone], depth=1))
    return lines


def _cells(told: Sequence[str | None], level: str, inside: Sequence[Sequence[bool]]) -> list[str]:
    """Counts with the level among those known, per column."""
    found = []
    for mask in inside:
        known = [one for one, m in zip(told, mask, strict=True) if m and one is not None]
        found.append(share(sum(one == level for one in known), len(known)))
    return found
