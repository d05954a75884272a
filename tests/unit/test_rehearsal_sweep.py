"""Whole rehearsals of shipped and other studies: same numbers however they are run."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from equipoise.errors import ScenarioError
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.load import load
from equipoise.protocol.scenario import OutcomeModel
from equipoise.rehearsal import rehearse
from equipoise.rehearsal.chunks import chunks_of, joined, kept_in, run_chunk, threads
from equipoise.rehearsal.grid import cells_of, sweep
from equipoise.rehearsal.looks import looks_of
from equipoise.rehearsal.report import Question, report
from equipoise.rehearsal.report.words import often
from equipoise.rehearsal.sweep import design_of

TIMES = ("seconds", "trials_per_second")


@pytest.fixture(scope="module")
def study():
    return load("nct05787288")


@pytest.fixture(scope="module")
def three_arms():
    """The invented study with a binary primary and a mean, both by outcome models."""
    found = load(str(Path(__file__).parents[1] / "studies" / "three_arms"))
    outcomes = Frozen(
        {
            "eradicated": OutcomeModel(kind="binary", p=Frozen({"any": 0.7})),
            "pain-change": OutcomeModel(
                kind="normal", mean=Frozen({"any": -2.0}), sd=2.0, per_doubling=0.5
            ),
        }
    )
    plain = replace(found.scenarios["plain"], outcomes=outcomes)
    looking = replace(plain, id="looking", conduct=replace(plain.conduct, interim=True))
    return replace(found, scenarios=Frozen({"plain": plain, "looking": looking}))


def _numbers(answer):
    return {name: value for name, value in asdict(answer).items() if name not in TIMES}


def test_workers_and_engines_do_not_change_a_number(study):
    asked = {"scenario": "era-b", "effect": 1.5, "trials": 1_100, "seed": 7, "participants": 60}
    one = _numbers(rehearse(study, **asked, estimands=("E1", "E2", "E5")))
    for more in ({"workers": 2}, {"workers": 4}, {"engine": "numpy"}):
        assert _numbers(rehearse(study, **asked, estimands=("E1", "E2", "E5"), **more)) == one


@pytest.mark.parametrize(("effect", "power"), [(1.3, 0.50), (1.5, 0.84), (1.8, 0.99)])
def test_the_reference_study_has_the_power_it_was_designed_to_show(study, effect, power):
    found = rehearse(study, scenario="era-b", effect=effect, trials=4_000, participants=240)
    ratio = {1.3: 1.34, 1.5: 1.54, 1.8: 1.89}[effect]
    assert found.results[0].power == pytest.approx(power, abs=0.03)
    assert found.results[0].median_estimate == pytest.approx(ratio, abs=0.04)


def test_without_an_effect_five_in_a_hundred_are_claimed(study):
    found = rehearse(study, scenario="era-b", effect=1.0, trials=4_000)
    assert found.results[0].power == pytest.approx(0.05, abs=0.012)


def test_conduct_costs_power(study):
    pure, real = (
        rehearse(study, scenario=name, effect=1.5, trials=1_000).results[0].power
        for name in ("era-b", "era-b-conduct")
    )
    assert 0.6 < real < pure


def test_an_interim_takes_the_first_half_and_stops_some(study):
    found = rehearse(study, scenario="era-b-conduct", effect=1.8, trials=1_000)
    first, last = found.stops
    assert (first.participants, last.participants) == (120, 240)
    total = first.efficacy + first.harm + last.efficacy + last.harm
    assert total == pytest.approx(found.results[0].power)
    assert 0.2 < first.efficacy < 0.7
    assert found.expected_participants < 240


def test_engines_agree_at_interims_and_under_conduct(study):
    design = design_of(
        study,
        study.scenarios["era-b-conduct"],
        effect=1.5,
        participants=80,
        seed=3,
        estimands=("E1", "E2", "E5"),
    )
    fast, slow = (run_chunk(design, (10, 30), engine) for engine in ("compiled", "numpy"))
    for one, other in zip(fast, slow, strict=True):
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def test_a_sequential_trial_keeps_its_level(three_arms):
    found = rehearse(three_arms, scenario="looking", effect=1.0, trials=4_000)
    assert found.results[0].power == pytest.approx(0.05, abs=0.013)


def test_a_binary_endpoint_has_the_power_of_its_formula(three_arms):
    from equipoise.design import power

    found = rehearse(three_arms, scenario="plain", effect=3.0, trials=4_000)
    odds = 0.7 / 0.3 * 3.0
    size = 320 * 3 / 4  # high dose (2 parts of 4) and placebo (1 part of 4)
    expected = power(
        "rates", total=size, alpha=0.05, sides=2, ratio=2.0, control=0.7,
        treatment=odds / (1 + odds),
    )  # fmt: skip
    assert found.results[0].power == pytest.approx(expected, abs=0.04)


def test_a_wanted_error_is_reached_with_the_same_trials_for_any_workers(study):
    asked = {"scenario": "era-b", "effect": 1.8, "trials": 0.003}
    one, two = (rehearse(study, **asked, workers=workers) for workers in (1, 2))
    assert one.trials == two.trials < 0.25 / 0.003**2
    assert one.results[0].mc_error <= 0.003


def test_an_interrupted_sweep_goes_on_where_it_was(study, tmp_path):
    design = design_of(study, study.scenarios["era-b"], effect=1.5, participants=60)
    whole = joined(list(threads(1)(design, chunks_of(2_000))))
    kept = kept_in(tmp_path, threads(1))
    begun = kept(design, chunks_of(2_000))
    next(begun), next(begun)
    begun.close()
    asked = []

    def watched(design, chunks):
        asked.extend(chunks)
        yield from threads(1)(design, chunks)

    again = joined(list(kept_in(tmp_path, watched)(design, chunks_of(2_000))))
    assert asked == [(1_000, 500), (1_500, 500)]
    for one, other in zip(whole, again, strict=True):
        assert (one == other).all()


def test_a_damaged_part_is_named(study, tmp_path):
    design = design_of(study, study.scenarios["era-b"], participants=60)
    list(kept_in(tmp_path, threads(1))(design, chunks_of(500)))
    next(tmp_path.rglob("*.npz")).write_bytes(b"nonsense")
    with pytest.raises(ScenarioError, match="Delete it"):
        list(kept_in(tmp_path, threads(1))(design, chunks_of(500)))


def test_a_sweep_summarises_what_was_done_before_an_interrupt(study):
    done = []

    def stop(count):
        done.append(count)
        if len(done) == 3:
            raise KeyboardInterrupt

    found = sweep(
        study, scenario="era-b", grid={"effect": (1.0, 1.5), "participants": (60,)},
        trials=1_000, progress=stop,
    )  # fmt: skip
    assert not found.complete
    assert [cell.trials for cell in found.cells] == [1_000]


def test_every_place_of_a_grid_is_a_cell(study):
    grid = {"drop_out": (0.0, 0.2), "effect": (1.0, 1.8), "accrual": (1.0, 2.0)}
    found = sweep(study, scenario="era-b", grid=grid, trials=500, estimands=("E1", "E2", "E5"))
    assert len(found.cells) == 8
    slow, fast = (c for c in found.cells if c.effect == 1.8 and c.drop_out == 0)
    assert slow.duration_days["median"] > fast.duration_days["median"]
    assert slow.results[0].result.power == fast.results[0].result.power
    second = slow.results[1]
    assert second.power_in_sequence <= second.result.power_benefit
    assert slow.results[2].power_in_sequence is None  # E3 and E4 come before it
    assert abs(slow.results[0].bias) < 0.03
    assert 0.9 < slow.results[0].coverage <= 1


def test_the_report_stands_alone_and_repeats_itself(study):
    grid = {"effect": (1.0, 1.5), "participants": (240.0,)}
    found = sweep(study, scenario="era-b-conduct", grid=grid, trials=500)
    question = Question(
        study="nct05787288", scenario="era-b-conduct", grid=grid, trials=500, seed=1,
        estimands=("E1",),
    )  # fmt: skip
    html = report(study, question, found)
    outside = html.replace("http://www.w3.org", "").replace("https://vega.github.io", "")
    assert "http" not in outside
    assert html.count('role="img"') >= 3
    assert "--grid effect=1,1.5 --grid participants=240 --trials 500 --seed 1" in html
    assert "With 240 participants this trial would miss a declared effect of 1.5" in html


@pytest.mark.parametrize(
    ("share", "words"), [(0.5, "about half the time"), (0.001, "hardly ever"), (1, "almost always")]
)
def test_shares_are_told_in_words(share, words):
    assert often(share) == words


def _refused(study, **wrong):
    asked = {"scenario": "era-b", "trials": 500} | wrong
    with pytest.raises(ScenarioError) as refused:
        rehearse(study, **asked)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert len(sentence) > 30
    return sentence


def test_bad_numbers_get_a_sentence_each(study):
    assert "positive" in _refused(study, effect=-1.0)
    assert "positive" in _refused(study, effect=float("nan"))
    assert "--trials" in _refused(study, trials=0)
    assert "--trials" in _refused(study, trials=1.5)
    assert "10,000,000" in _refused(study, trials=0.00001)
    assert "--participants" in _refused(study, participants=0)
    assert "--workers" in _refused(study, workers=0)
    assert "era-b" in _refused(study, scenario="era-z")
    assert "E1" in _refused(study, estimands=("E99",))
    assert "engine" in _refused(study, engine="steam")
    assert "outcomes:" in _refused(study, estimands=("S1",))


def test_memory_that_will_not_fit_is_refused_with_the_figure(study):
    names = tuple(e.id for e in study.protocol.estimands) * 20
    sentence = _refused(study, trials=10_000_000, estimands=names)
    assert "GiB" in sentence


def _with(study, **changes):
    base = replace(study.scenarios["era-b"], **changes)
    return replace(study, scenarios=Frozen({"era-b": base}))


def test_bad_scenarios_get_a_sentence_each(study):
    scenario = study.scenarios["era-b"]
    course = scenario.course
    assert "strata" in _refused(_with(study, strata=Frozen({"moderate": 0.0})))
    assert "stratum 'lost'" in _refused(_with(study, strata=Frozen({"lost": 1.0})))
    unread = replace(course, readings=Frozen())
    assert "readings" in _refused(_with(study, course=unread))
    assert "rate" in _refused(_with(study, accrual=replace(scenario.accrual, rate_per_month=0.0)))
    negative = Frozen({**course.transitions, "4": (-0.1, 0.9, 0.2, 0, 0, 0)})
    assert "none negative" in _refused(_with(study, course=replace(course, transitions=negative)))


def test_bad_outcome_models_get_a_sentence_each(three_arms):
    def refused(model):
        plain = replace(three_arms.scenarios["plain"], outcomes=Frozen({"eradicated": model}))
        changed = replace(three_arms, scenarios=Frozen({"plain": plain}))
        return _refused(changed, scenario="plain")

    assert "between 0 and 1" in refused(OutcomeModel(kind="binary", p=Frozen({"any": 1.0})))
    assert "gives no `p`" in refused(OutcomeModel(kind="binary"))
    assert "`sd`" in refused(OutcomeModel(kind="normal", mean=Frozen({"any": 1.0}), sd=0.0))
    assert "none below 0" in refused(
        OutcomeModel(kind="survival", hazards=Frozen({"any": (-0.1,)}))
    )
    assert "ascend" in refused(
        OutcomeModel(kind="survival", hazards=Frozen({"any": (0.1, 0.1)}), from_day=(0.0, 0.0))
    )
    assert "`shares`" in refused(OutcomeModel(kind="ordinal", shares=Frozen({"any": (1.0,)})))


def test_impossible_looks_and_levels_are_refused(study):
    def refused(**changes):
        plan = replace(study.protocol.analysis, **changes)
        protocol = replace(study.protocol, analysis=plan)
        with pytest.raises(ScenarioError) as wrong:
            looks_of(protocol, study.scenarios["era-b-conduct"], 240)
        return str(wrong.value)

    interim = study.protocol.analysis.interim
    assert "interim" in refused(interim=replace(interim, information=(0.5, 0.4)))
    assert "alpha" in refused(alpha=0.0)
    assert "alpha" in refused(alpha=1.0)


def test_grids_are_read_with_care():
    assert len(cells_of({"effect": (1, 2), "participants": (3, 4, 5)})) == 6
    for wrong in ({"speed": (1.0,)}, {"effect": ()}, {"effect": tuple(range(2_000))}):
        with pytest.raises(ScenarioError):
            cells_of(wrong)


def _cli(*arguments):
    from equipoise.cli.application import run

    return run(arguments)


def test_the_verb_writes_the_keys_of_the_contract(capsys):
    code = _cli(
        "rehearse", "nct05787288", "--scenario", "era-b", "--effect", "1.5", "--trials", "500",
        "--seed", "7", "--json",
    )  # fmt: skip
    document = json.loads(capsys.readouterr().out)
    assert code == 0
    wanted = [
        "scenario",
        "effect",
        "trials",
        "participants",
        "seed",
        "digest",
        "results",
        "duration_days",
    ]
    assert set(wanted + list(TIMES)) <= set(document)
    keys = [
        "estimand",
        "method",
        "rejected",
        "power",
        "power_benefit",
        "mc_error",
        "median_estimate",
    ]
    assert set(keys) <= set(document["results"][0])
    assert set(document["duration_days"]) == {"median", "p10", "p90"}
    assert isinstance(document["trials"], int)


def test_the_verb_writes_a_report_and_its_numbers(tmp_path, capsys):
    code = _cli(
        "rehearse", "nct05787288", "--scenario", "era-b", "--trials", "500", "--participants",
        "60", "--grid", "effect=1,1.5", "--report", str(tmp_path), "--json",
    )  # fmt: skip
    document = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [cell["effect"] for cell in document["cells"]] == [1.0, 1.5]
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert json.loads((tmp_path / "sweep.json").read_text())["complete"] is True
