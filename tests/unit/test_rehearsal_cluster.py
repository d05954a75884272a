"""A Dask cluster of separate processes gives the same numbers, also when it loses a worker."""

import os
import signal
import threading
from dataclasses import replace

import pytest

from equipoise.errors import ScenarioError
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.load import load
from equipoise.rehearsal import rehearse
from equipoise.rehearsal.chunks import chunks_of, joined, threads
from equipoise.rehearsal.cluster import cluster
from equipoise.rehearsal.sweep import design_of


@pytest.fixture(scope="module")
def scheduler():
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as running:
        yield running


@pytest.fixture(scope="module")
def study():
    return load("nct05787288")


def test_the_cluster_and_the_loss_of_a_worker_do_not_change_a_number(study, scheduler):
    design = design_of(study, study.scenarios["era-b"], effect=1.5, participants=240, seed=7)
    chunks = chunks_of(6_000)
    here = joined(list(threads(1)(design, chunks)))
    there, killed = [], threading.Event()
    victims = [worker.pid for worker in scheduler.workers.values()]
    for part in cluster(scheduler.scheduler_address, "numpy", group=1)(design, chunks):
        there.append(part)
        if not killed.is_set():
            os.kill(victims[0], signal.SIGKILL)
            killed.set()
    assert killed.is_set()
    for one, other in zip(here, joined(there), strict=True):
        assert (one == other).all()


def test_the_verb_gives_the_same_results_on_a_cluster(study, scheduler):
    asked = {"scenario": "era-b", "effect": 1.5, "trials": 1_000, "participants": 60, "seed": 7}
    here = rehearse(study, **asked)
    there = rehearse(study, **asked, dask=scheduler.scheduler_address)
    assert here.results == there.results
    assert here.duration_days == there.duration_days


def test_trials_that_the_board_ends_are_the_same_on_a_cluster(study, scheduler):
    scenario = study.scenarios["era-b-conduct"]
    stops = replace(scenario, conduct=replace(scenario.conduct, board="stops"))
    stopping = replace(study, scenarios=Frozen({"stops": stops}))
    asked = {"scenario": "stops", "effect": 0.6, "trials": 600, "participants": 90}
    here = rehearse(stopping, **asked, estimands=("E1", "E2"))
    there = rehearse(stopping, **asked, estimands=("E1", "E2"), dask=scheduler.scheduler_address)
    assert sum(one.share for one in here.safety) > 0
    assert (here.results, here.safety) == (there.results, there.safety)


@pytest.mark.prove
def test_an_address_where_nobody_listens_is_refused(study):
    with pytest.raises(ScenarioError, match="scheduler"):
        rehearse(study, scenario="era-b", trials=500, dask="tcp://127.0.0.1:9")
