"""Tier 1 and the product: one seed gives both the same allocations and the same statistic."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from types import SimpleNamespace

import numpy as np
import pytest

from equipoise.protocol.load import load
from equipoise.rehearsal import tables
from equipoise.rehearsal.chain import walk
from equipoise.rehearsal.kernels.vectorised import allocate
from equipoise.rehearsal.lists import automaton_of
from equipoise.rehearsal.people import people
from equipoise.rehearsal.setup import course_of
from equipoise_server.allocator import client, lists
from equipoise_server.store.models import Participant
from equipoise_server.store.study import forget_studies

N, SEED, EFFECT = 24, 23, 1.8
pytestmark = pytest.mark.once


@pytest.fixture
def conducted(instance: SimpleNamespace) -> SimpleNamespace:
    """The reference study under its pure scenario, through every service to the results."""
    from equipoise_server.commands.demo_trial import run_trial
    from equipoise_server.commands.demo_wanted import Wanted

    study = load("nct05787288")
    shutil.rmtree(instance.folder / "study")
    shutil.copytree(study.folder, instance.folder / "study")
    forget_studies()
    wanted = Wanted(participants=N, seed=SEED, scenario="era-b", effect=EFFECT)
    run_trial(study, wanted, instance.folder, lambda done, total: None)
    results = json.loads((instance.folder / "results" / "results.json").read_text("utf-8"))
    return SimpleNamespace(study=study, results=results["results"])


def test_the_product_allocates_and_finds_what_the_kernel_does(conducted):
    study = conducted.study
    scenario = study.scenarios["era-b"]
    crowd = people(scenario, N, seed=SEED, trial=0)
    arms = allocate(automaton_of(study.protocol, N), crowd.stratum, _draws(study, crowd.stratum))
    ids = [arm.id for arm in study.protocol.arms]
    given = client.released()
    order = Participant.objects.filter(randomised_at__isnull=False).order_by("randomised_at")
    assert [given[one.code] for one in order] == [ids[arm] for arm in arms]
    value, _ = tables.logrank(_table(study, scenario, crowd, arms))
    found = next(
        row for row in conducted.results if row["estimand"] == "E1" and row["method"] == "logrank"
    )
    assert found["estimate"] == pytest.approx(float(np.exp(value[0])), rel=1e-9)


def _draws(study, stratum):
    """The draw behind each participant's place: the demonstration's own, stratum by stratum."""
    seed = sha256(f"equipoise demo {SEED}".encode()).digest()
    configuration = lists.configure(study, label="demo")
    levels, used, draws = list(study.scenarios["era-b"].strata), {}, []
    for index in stratum.tolist():
        used[index] = used.get(index, 0) + 1
        name = lists.stratum_name({"severity": levels[index]})
        draws.append(lists.uniform(configuration, seed, name, used[index]))
    return np.array(draws)


def _table(study, scenario, crowd, arms):
    """Participants by stratum, arm (control, experimental) and day of recovery."""
    course = course_of(scenario)
    roles = [arm.role for arm in study.protocol.arms]
    first = np.zeros((1, len(scenario.strata), 2, course.days + 2), dtype=np.int32)
    for k in range(N):
        experimental = roles[arms[k]] == "experimental"
        effect = EFFECT if experimental else 1.0
        path = walk(course, crowd.start[k : k + 1], crowd.days[k : k + 1], effect)[0]
        reached = np.flatnonzero(path == course.states.index("R"))
        day = int(reached[0]) if reached.size else course.days + 1
        first[0, crowd.stratum[k], int(experimental), day] += 1
    return first
