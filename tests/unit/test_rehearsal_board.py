"""Trials that the safety board ends: when, with whom, at which boundary, and said plainly."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from equipoise.errors import ScenarioError
from equipoise.protocol.conduct_rules import Trigger
from equipoise.protocol.frozen import Frozen, Text
from equipoise.protocol.load import load
from equipoise.protocol.scenario import EventRate
from equipoise.rehearsal import rehearse
from equipoise.rehearsal.accrual import arrival_days
from equipoise.rehearsal.board import halts, rules_of, stops_trials
from equipoise.rehearsal.board_events import course_plan, fired
from equipoise.rehearsal.chain import walk
from equipoise.rehearsal.chunks import joined, kept_in, run_chunk, threads
from equipoise.rehearsal.grid import sweep
from equipoise.rehearsal.kernels import entries, entries_compiled
from equipoise.rehearsal.lists import automaton_of
from equipoise.rehearsal.looks import Looks, judged_early
from equipoise.rehearsal.people import people
from equipoise.rehearsal.report import Question, report
from equipoise.rehearsal.safety_stops import safety_stops
from equipoise.rehearsal.setup import stratum_edges
from equipoise.rehearsal.sweep import design_of
from equipoise.rehearsal.trial import looks_for, people_of, simulate

SEQUENCE = ("E1", "E2", "E3", "E4", "E5")
WORDS = Text({"en": "Collapse"})
COLLAPSE = EventRate(
    id="collapse", term=WORDS, p=Frozen({"any": 0.06}), grades=Frozen({"3": 1.0}),
    related=1.0, experimental_extra=0.1,
)  # fmt: skip


@pytest.fixture(scope="module")
def study():
    return load("nct05787288")


def _stopping(study, *events, board="stops", interim=True):
    """The reference study under conduct in which the board stops, with these events."""
    base = study.scenarios["era-b-conduct"]
    conduct = replace(base.conduct, board=board, interim=interim)
    stopping = replace(base, id="stopping", events=events, conduct=conduct)
    return replace(study, scenarios=Frozen({"stopping": stopping}))


def _design(study, **more):
    asked = {"participants": 80, "seed": 3, "effect": 1.3} | more
    return design_of(study, study.scenarios["stopping"], **asked)


def _arrived(design, trials):
    return arrival_days(
        design.scenario.accrual, design.participants, seed=design.seed,
        scenario=design.scenario.id, first=0, trials=trials,
    )  # fmt: skip


def test_engines_agree_on_trials_that_the_board_ends(study):
    ventilated = replace(
        next(e for e in study.scenarios["era-b-conduct"].events if e.id == "ventilated"),
        related=0.5,
    )
    design = _design(_stopping(study, COLLAPSE, ventilated), estimands=SEQUENCE, effect=0.8)
    fast, slow = (run_chunk(design, (7, 25), engine) for engine in ("compiled", "numpy"))
    assert (fast.halted >= 0).any()
    assert (fast.halted < 0).any()
    for one, other in zip(fast, slow, strict=True):
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def test_workers_and_kept_parts_do_not_change_a_trial_that_ends(study, tmp_path):
    design = _design(_stopping(study, COLLAPSE))
    chunks = [(0, 500), (500, 500), (1_000, 100)]
    once = joined(list(threads(1)(design, chunks)))
    for runner in (threads(3), kept_in(tmp_path, threads(1)), kept_in(tmp_path, threads(2))):
        for one, other in zip(once, joined(list(runner(design, chunks))), strict=True):
            assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def test_a_trial_that_ends_is_the_trial_of_the_people_it_had(study):
    design = _design(_stopping(study, COLLAPSE, interim=False), estimands=SEQUENCE)
    part = run_chunk(design, (0, 40))
    for trial in np.flatnonzero(part.halted >= 0)[:6]:
        size = int(part.people[trial])
        small = replace(design, participants=size)
        for row, outcome in enumerate(simulate(small, first=int(trial), trials=1)):
            assert part.z[row, trial] == outcome.z[0, -1]
            assert np.array_equal(
                part.estimate[row, trial], outcome.estimate[0, -1], equal_nan=True
            )


def test_a_rule_closes_randomisation_on_the_day_of_the_event_that_fills_its_count(study):
    rule = Trigger(id="third", text=WORDS, rule="grade == 3", count=3, among=30)
    board = replace(study.protocol.safety_board, triggers=(rule,), reviews_after=())
    study = replace(study, protocol=replace(study.protocol, safety_board=board))
    sure = replace(COLLAPSE, p=Frozen({"any": 1.0}), after_dose=True, delay=(1.0, 1.0))
    design = _design(_stopping(study, sure))
    arrived = _arrived(design, 20)
    day = fired(design, (rule,), arrived, first=0, engine="numpy")[:, 0]
    dosing = study.protocol.dosing
    ninth = (dosing.doses - 1) * dosing.interval_hours / 24
    assert (day >= arrived[:, 0] + 1 / 24).all()
    assert (day <= arrived[:, 2] + ninth + 1 / 24 + 1e-9).all()
    part = run_chunk(design, (0, 20))
    ended = part.halted == 0
    expected = (arrived <= day[:, None]).sum(axis=1)
    assert ended.any()
    assert (part.people[ended] == expected[ended]).all()
    never = fired(design, (replace(rule, count=31),), arrived, first=0, engine="numpy")
    assert np.isinf(never).all()  # more than the people that count


def test_events_come_as_often_as_the_scenario_says(study):
    rule = Trigger(id="two", text=WORDS, rule="grade == 3", count=2, among=20)
    design = _design(_stopping(study, COLLAPSE))
    for engine in ("compiled", "numpy"):
        found = fired(design, (rule,), _arrived(design, 600), first=0, engine=engine)
        expected = stats.binom.sf(1, 20, 0.06 + 0.1 / 2)
        assert np.isfinite(found).mean() == pytest.approx(expected, abs=0.04)


def test_states_are_entered_on_the_day_of_the_path(study):
    design = design_of(study, study.scenarios["era-b"], participants=50, seed=5)
    streams = people_of(design, first=2, trials=3, engine="compiled")
    states = np.array([4, 5])
    fast = entries_compiled.entered(course_plan(design), streams, states)
    slow = entries.entered(course_plan(design), streams, states)
    assert (fast == slow).all()
    automaton = automaton_of(study.protocol, 50)
    both = [
        kernel.placed(50, stratum_edges(design.scenario), automaton, streams)
        for kernel in (entries, entries_compiled)
    ]
    assert all((one == other).all() for one, other in zip(*both, strict=True))
    here = people(design.scenario, 50, seed=5, trial=3)
    assert (both[0][0][1] == here.stratum).all()
    path = walk(design.scenario.course, here.start, here.days, 1.0)
    for person in range(50):
        days = np.flatnonzero(path[person] == 5)
        assert fast[1, person, 1] == (days[0] if days.size else -1)


def test_a_large_trial_is_followed_in_blocks_that_change_nothing(study, monkeypatch):
    design = _design(_stopping(study, COLLAPSE))
    whole = run_chunk(design, (0, 60))
    monkeypatch.setattr("equipoise.rehearsal.board.AT_ONCE", 7 * 80)
    monkeypatch.setattr("equipoise.rehearsal.board_events.AT_ONCE", 3 * 80)
    for one, other in zip(whole, run_chunk(design, (0, 60)), strict=True):
        assert np.array_equal(one, other)


def test_a_board_that_advises_ends_nothing_and_the_numbers_are_those_without_one(study):
    advised = run_chunk(_design(_stopping(study, COLLAPSE, board="as-protocol")), (0, 200))
    silent = run_chunk(_design(_stopping(study, COLLAPSE, board="advises")), (0, 200))
    stopped = run_chunk(_design(_stopping(study, COLLAPSE)), (0, 200))
    assert (advised.halted == -1).all()
    for one, other in zip(advised, silent, strict=True):
        assert np.array_equal(one, other)
    went_on = stopped.halted < 0
    assert 0 < went_on.sum() < 200
    assert (stopped.z[:, went_on] == advised.z[:, went_on]).all()


def test_the_protocol_decides_where_the_scenario_does_not(study):
    board = study.protocol.safety_board
    binding = replace(study.protocol, safety_board=replace(board, kind="binding"))
    scenario = study.scenarios["era-b-conduct"]
    assert not stops_trials(study.protocol, scenario)
    assert stops_trials(binding, scenario)
    advises = replace(scenario, conduct=replace(scenario.conduct, board="advises"))
    assert not stops_trials(binding, advises)
    stops = replace(scenario, conduct=replace(scenario.conduct, board="stops"))
    without = replace(study.protocol, safety_board=None)
    with pytest.raises(ScenarioError, match=r"`conduct: board: stops` needs .* Add"):
        stops_trials(without, stops)


def test_a_trial_that_has_stopped_for_efficacy_is_not_ended_again(study):
    design = _design(_stopping(study, COLLAPSE))
    looks = looks_for(design)
    last = np.full(200, 1)
    late = halts(design, looks, last, first=0, engine=None)
    early = halts(design, looks, np.zeros(200, dtype=np.int64), first=0, engine=None)
    assert set(np.flatnonzero(early.rule >= 0)) < set(np.flatnonzero(late.rule >= 0))
    arrived = _arrived(design, 200)
    look = arrived[:, looks.ranks[0] - 1] + looks.minimum_day
    after = arrived[np.arange(200), np.minimum(late.people, 79) - 1] > look
    assert (late.looks[(late.rule >= 0) & after] == 1).all()
    assert (early.looks[early.rule >= 0] == 0).all()


def test_the_boundary_of_an_early_end_is_the_planned_last_one_once_a_look_was_taken():
    looks = Looks(
        ranks=(50, 100), efficacy_z=(2.96, 1.969), final_z=1.96, sides=2, estimand="E1",
        minimum_day=28,
    )  # fmt: skip
    z, taken = np.array([1.965, 1.965, -1.97]), np.array([0, 1, 1])
    rejected, benefit = judged_early(looks, z, taken, True)
    assert rejected.tolist() == [True, False, True]
    assert benefit.tolist() == [True, False, False]
    assert judged_early(looks, z, taken, False)[0].tolist() == [True, True, True]


def test_deaths_end_a_trial_of_a_harmful_product_at_a_review(study):
    design = _design(_stopping(study), effect=0.4, participants=200)
    part = run_chunk(design, (0, 150))
    rules = rules_of(design)
    assert rules[-1] == "deaths"
    ended = part.halted == rules.index("deaths")
    assert ended.mean() > 0.2
    arrived = _arrived(design, 150)
    for trial in np.flatnonzero(ended):
        size = part.people[trial]
        reviews = [arrived[trial, n - 1] + 7 for n in (20, 60, 120, 180)]
        assert size in {(arrived[trial] <= day).sum() for day in reviews}
    harmless = run_chunk(_design(_stopping(study), effect=1.8, participants=200), (0, 150))
    assert (harmless.halted >= 0).mean() < ended.mean()


def test_a_sequential_trial_that_a_board_may_end_keeps_its_level(study):
    harmless = replace(COLLAPSE, p=Frozen({"any": 0.15}), experimental_extra=0.0)
    found = rehearse(
        _stopping(study, harmless), scenario="stopping", effect=1.0, trials=3_000, participants=120
    )
    assert sum(one.share for one in found.safety) > 0.3
    assert found.results[0].power == pytest.approx(0.05, abs=0.014)
    assert found.expected_participants < 100


def test_what_ends_trials_is_reported_with_the_assumption_behind_it(study):
    stopping = _stopping(study, COLLAPSE)
    grid = {"effect": (1.0, 1.5), "participants": (80.0,)}
    found = sweep(stopping, scenario="stopping", grid=grid, trials=300)
    cell = found.cells[0]
    ends = {one.rule: one for one in cell.safety}
    assert ends["grade-3"].ended > 0.02
    assert ends["grade-3"].ended_mc_error > 0
    assert ends["grade-3"].ended <= ends["grade-3"].share + 4 * ends["grade-3"].ended_mc_error
    assert sum(one.efficacy + one.harm for one in cell.stops) <= cell.results[0].result.power
    question = Question(
        study="x", scenario="stopping", grid=grid, trials=300, seed=1, estimands=("E1",)
    )
    page = report(stopping, question, found)
    assert "closes randomisation on that day" in page
    assert "The safety board would close randomisation early in" in page
    assert "assumed by `conduct: board: stops` of scenario stopping" in page
    advising = _stopping(study, COLLAPSE, board="as-protocol")
    told = report(advising, question, sweep(advising, scenario="stopping", grid=grid, trials=300))
    assert "would close randomisation" not in told
    assert "no simulated trial stops for it (the protocol calls its rules advisory)" in told


def test_rules_on_what_the_course_brings_are_followed_in_simulated_trials(study):
    base = study.scenarios["era-b-conduct"]
    ventilated = next(e for e in base.events if e.id == "ventilated")
    design = _design(_stopping(study, replace(ventilated, related=0.3)))
    spoken = {one.rule: one for one in safety_stops(design, trials=200)}
    assert 0.15 < spoken["fatal-or-grade-4"].share < 0.5
    assert spoken["fatal-or-grade-4"].mc_error > 0
    assert spoken["device"] == replace(spoken["device"], share=0.0, mc_error=0.0)
