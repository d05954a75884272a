"""Everything the report says, gathered once from the dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from equipoise.analysis.baseline import baseline_table
from equipoise.analysis.blinding import blinding_table
from equipoise.analysis.dataset import Dataset
from equipoise.analysis.figures import Figure
from equipoise.analysis.figures.curves import incidence_figure
from equipoise.analysis.figures.estimates import forest_figure
from equipoise.analysis.figures.events import harm_figure
from equipoise.analysis.figures.flow import flow_figure
from equipoise.analysis.figures.levels import scale_figure
from equipoise.analysis.figures.shares import share_figure
from equipoise.analysis.figures.states import recruitment_figure, status_figure
from equipoise.analysis.figures.values import panel_figure, value_figure
from equipoise.analysis.final_look import Standing, standing
from equipoise.analysis.flow import Flow, flow
from equipoise.analysis.harms import (
    harms,
    overview_table,
    phase_table,
    term_table,
)
from equipoise.analysis.labels import Labels
from equipoise.analysis.panels import care_table, panel_cells, panel_table
from equipoise.analysis.plan import Trial, carry_out, trial_of
from equipoise.analysis.quality import conduct_table, missing_table, recruited, recruitment_table
from equipoise.analysis.reactions import reaction_table, special_table
from equipoise.analysis.result import Result
from equipoise.analysis.sequence import Decision, decisions
from equipoise.analysis.status import status_course
from equipoise.analysis.tables import Table
from equipoise.protocol.estimands import Estimand
from equipoise.protocol.model import Scale

CONFIRMATORY_LEVELS = frozenset({"primary", "key-secondary"})
_CURVES: Mapping[str, Callable[[Trial, Labels, Estimand], Figure]] = {
    "time": incidence_figure,
    "binary": share_figure,
    "value": value_figure,
}


@dataclass(frozen=True, kw_only=True)
class Results:
    """What one analysis found. Tables and figures by their ids, in the order of the report.

    `endpoint_figures` holds the figure of each confirmatory estimand. `looks`: the level of the
    tests after interim looks; None where none was taken.
    """

    trial: Trial
    labels: Labels
    results: tuple[Result, ...]
    decisions: tuple[Decision, ...]
    flow: Flow
    tables: Mapping[str, Table]
    figures: Mapping[str, Figure]
    endpoint_figures: Mapping[str, Figure]
    notes: tuple[str, ...] = ()
    looks: Standing | None = None

    def of(self, estimand: str, *, role: str | None = None) -> tuple[Result, ...]:
        """The rows of one estimand."""
        return tuple(
            one for one in self.results if one.estimand == estimand and role in (None, one.role)
        )


def analyse(dataset: Dataset, *, language: str = "en", draw: bool = True) -> Results:
    """Carry the plan out and describe the trial.

    Args:
        dataset: participants with their arms, records, ledger counts.
        language: of the report; English where its words or the protocol's have no other.
        draw: whether figures are drawn.

    Raises:
        MissingExtra: figures are asked for and the extra `report` is not installed.

    """
    trial, labels = trial_of(dataset), Labels(dataset.study, language)
    results = carry_out(trial)
    looks = standing(trial, dataset.looks)
    steps = decisions(trial.protocol.analysis, results, trial.contrasts, looks)
    counted = flow(dataset, trial.sets)
    return Results(
        trial=trial,
        labels=labels,
        results=results,
        decisions=steps,
        flow=counted,
        tables=_tables(trial, labels, results, counted),
        figures=_figures(trial, labels, results, steps, counted) if draw else {},
        endpoint_figures=_endpoint_figures(trial, labels) if draw else {},
        looks=looks,
    )


def _tables(
    trial: Trial, labels: Labels, results: tuple[Result, ...], counted: Flow
) -> dict[str, Table]:
    found = harms(trial)
    every: list[Table | None] = [
        baseline_table(trial, labels),
        recruitment_table(trial, labels, recruited(trial.dataset)),
        overview_table(trial, labels, found),
        term_table(trial, labels, found),
        special_table(trial, labels, found),
        reaction_table(trial, labels),
        phase_table(trial, labels, found),
        *(
            panel_table(trial, labels, one, panel_cells(trial, one))
            for one in trial.protocol.analysis.panels
        ),
        care_table(trial, labels),
        blinding_table(trial, labels),
        missing_table(trial, labels),
        conduct_table(trial, results, counted),
    ]
    return {one.id: one.told(labels.words) for one in every if one is not None}


def _figures(
    trial: Trial,
    labels: Labels,
    results: tuple[Result, ...],
    steps: tuple[Decision, ...],
    counted: Flow,
) -> dict[str, Figure]:
    sets = [(name, one.set.title.say(labels.language)) for name, one in trial.sets.items()]
    course, scale = status_course(trial, labels), _status_scale(trial)
    every: list[Figure | None] = [
        flow_figure(counted, labels, sets),
        recruitment_figure(trial, labels, recruited(trial.dataset)),
        forest_figure(trial, labels, results, steps),
        harm_figure(trial, labels, harms(trial)),
    ]
    if course is not None and scale is not None:
        every.append(status_figure(trial, labels, course, scale.death_code))
    every += [
        panel_figure(trial, labels, one, panel_cells(trial, one))
        for one in trial.protocol.analysis.panels
    ]
    return {one.id: one for one in every if one is not None}


def _endpoint_figures(trial: Trial, labels: Labels) -> dict[str, Figure]:
    return {
        one.id: _endpoint_figure(trial, labels, one)
        for one in trial.protocol.estimands
        if one.level in CONFIRMATORY_LEVELS
    }


def _endpoint_figure(trial: Trial, labels: Labels, estimand: Estimand) -> Figure:
    endpoint = trial.endpoint(estimand.endpoint)
    scale = _scale_of(trial, f"{endpoint.form}.{endpoint.item}", endpoint.item or "")
    if endpoint.kind == "value" and scale is not None and scale.levels:
        return scale_figure(trial, labels, estimand, scale)
    kind = trial.variable(estimand.endpoint).kind
    return _CURVES[kind](trial, labels, estimand)


def _scale_of(trial: Trial, *names: str) -> Scale | None:
    return next((one for one in trial.protocol.scales if one.item in names), None)


def _status_scale(trial: Trial) -> Scale | None:
    name = trial.protocol.analysis.status_item
    return None if name is None else _scale_of(trial, name, name.split(".")[-1])
