"""The benchmark's workloads have the names of the contract and answer in its shape."""

import sys
from dataclasses import asdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROMISED = {
    "survival-3-looks", "survival-strata", "reference-trial", "means-3-looks", "rates-3-looks",
    "ordinal", "minimisation", "two-workers", "saves-1", "saves-4", "saves-8", "floor",
    "export-csv", "form-page", "matrix-page", "listing-search", "randomise",
}  # fmt: skip
OURS = (
    "survival_3_looks survival_strata reference_trial means_3_looks rates_3_looks ordinal "
    "minimisation two_workers"
)


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.delitem(sys.modules, "tests", raising=False)
    import importlib

    return importlib.import_module


def test_every_workload_of_the_rehearsal_has_its_promised_name(benchmark):
    names = {benchmark(f"tests.benchmark.{one}").NAME for one in OURS.split()}
    assert len(names) == 8
    assert names <= PROMISED


def test_an_answer_has_the_keys_of_the_contract(benchmark):
    measuring = benchmark("tests.benchmark.measuring")
    peer = measuring.Peer(name="other", run=lambda: (10, 1.0))
    rows = measuring.compared("ordinal", lambda: sum(range(50_000)) and 10, peers=(peer,))
    keys = "workload metric value unit mc_error peer peer_value ratio load_average"
    assert [" ".join(asdict(row)) for row in rows] == [keys]
    assert rows[0].peer_value == 10
