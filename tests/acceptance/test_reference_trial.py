"""The reference study through the command line, as a user would run it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EQUIPOISE = [sys.executable, "-c", "from equipoise.cli import main; main()"]
PARTICIPANTS = "16"
UNUSED_KIT = "SELECT 'kit/' || code FROM store_kit WHERE participant = '' ORDER BY code LIMIT 1"
VOLATILE = {"seconds", "results_path", "url", "trials_per_second"}


def run(*arguments: str, expect: int | None = 0) -> dict:
    """One verb with --json; its document."""
    done = subprocess.run(
        [*EQUIPOISE, *arguments, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert "Traceback" not in done.stderr
    if expect is not None:
        assert done.returncode == expect, done.stderr[-2000:]
    return json.loads(done.stdout)


def prove(statement):
    """A case for the long run: others of its kind are tried every time."""
    return pytest.param(statement, marks=pytest.mark.prove)


def lasting(document: dict) -> dict:
    """The document without what may differ between runs."""
    return {name: value for name, value in document.items() if name not in VOLATILE}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "instance"
    document = run(
        "demo", "--participants", PARTICIPANTS, "--seed", "7", "--no-serve", "--dir", str(folder)
    )
    return folder, document


@pytest.fixture
def copy(demo, tmp_path):
    """A copy of the finished instance, free to be spoilt."""
    folder = tmp_path / "spoilt"
    shutil.copytree(demo[0], folder)
    return folder


def spoil(folder: Path, *statements: str) -> None:
    """Change the store behind the product's back, and put its guards back afterwards."""
    connection = sqlite3.connect(folder / "store.sqlite3")
    guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = guards.fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        assert connection.execute(statement).rowcount != 0, statement
    for _, statement in triggers:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_the_shipped_study_has_no_error():
    document = run("check", "nct05787288", expect=None)
    assert [f for f in document["findings"] if f["severity"] == "error"] == []


def test_the_whole_trial_runs_through_the_services(demo):
    _, document = demo
    assert document["randomised"] == int(PARTICIPANTS)
    assert document["doses"] > 100
    assert document["records"] > 1_000
    results = json.loads(Path(document["results_path"]).read_text(encoding="utf-8"))
    assert {row["estimand"] for row in results["results"]} >= {"E1", "E2", "E3", "E4", "E5"}


def _count(folder: Path, database: str, table: str, where: str = "1 = 1") -> int:
    connection = sqlite3.connect(folder / f"{database}.sqlite3")
    found = connection.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}").fetchone()
    connection.close()
    return int(found[0])


def test_no_page_of_the_public_side_is_empty(demo):
    folder, _ = demo
    signed = _count(folder, "store", "store_consentgiven")
    assert 0 < signed == _count(folder, "identity", "identity_consentcopy")
    assert _count(folder, "store", "store_consenttalk", "outcome = 'signed'") == signed
    assert _count(folder, "identity", "identity_participantdoor") > 0
    for table, where in (
        ("store_enquiry", "closed_at IS NULL AND answered_at IS NULL"),
        ("store_enquiry", "outcome <> ''"),
        ("store_problemreport", "answered_at IS NULL"),
        ("store_resultsdelivery", "opened_at IS NOT NULL"),
        ("store_publiccount", "source <> ''"),
    ):
        assert _count(folder, "store", table, where) > 0, (table, where)
    for table, where in (
        ("identity_volunteer", "confirmed_at IS NOT NULL"),
        ("identity_alerted", "sent_at IS NOT NULL"),
        ("identity_annotation", "state = 'shared'"),
        ("identity_annotation", "state = 'answered'"),
    ):
        assert _count(folder, "identity", table, where) > 0, (table, where)


@pytest.mark.prove
def test_the_same_seed_gives_the_same_trial(demo, tmp_path):
    folder, document = demo
    again = run(
        "demo",
        "--participants",
        PARTICIPANTS,
        "--seed",
        "7",
        "--no-serve",
        "--dir",
        str(tmp_path / "again"),
    )
    assert lasting(again) == lasting(document)
    first, second = (
        (place / "results" / "results.json").read_bytes() for place in (folder, tmp_path / "again")
    )
    assert first == second


def test_an_untouched_trial_verifies(demo):
    kept = sorted((demo[0] / "checkpoints").iterdir())[-1]
    document = run("verify", "--dir", str(demo[0]), "--checkpoint", str(kept))
    assert document["ledger"]["broken"] == []
    assert document["replay"]["differences"] == []
    assert document["allocation"]["matches"] is True


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE store_ledgerentry SET "by" = 1 WHERE rowid = 50',
        prove("UPDATE store_ledgerentry SET what = 'dose-lost' WHERE rowid = 60"),
        prove("UPDATE store_recordversion SET reason = 'x' WHERE rowid = 70"),
        prove("UPDATE store_recordpayload SET data = replace(data, ':', ': ') WHERE rowid = 80"),
        prove("DELETE FROM store_recordversion WHERE rowid = 90"),
        "UPDATE store_participant SET doses = doses + 1 WHERE doses = 10",
    ],
)
def test_what_is_changed_behind_the_product_is_found_and_named(copy, statement):
    spoil(copy, statement)
    document = run("verify", "--dir", str(copy), expect=None)
    assert document["ledger"]["broken"] or document["replay"]["differences"]


REMOVED_CHAIN = (
    "DELETE FROM store_ledgerpayload WHERE entry_id IN "
    f"(SELECT digest FROM store_ledgerentry WHERE chain IN ({UNUSED_KIT}))",
    f"DELETE FROM store_ledgerentry WHERE chain IN ({UNUSED_KIT})",
    "DELETE FROM store_kit WHERE 'kit/' || code NOT IN (SELECT chain FROM store_ledgerentry)",
)
LAST = "SELECT digest FROM store_ledgerentry WHERE chain = 'study' AND sequence >= {length}"
REMOVED_TAIL = (
    f"DELETE FROM store_ledgerpayload WHERE entry_id IN ({LAST})",
    f"DELETE FROM store_ledgerentry WHERE digest IN ({LAST})",
)


@pytest.mark.parametrize("statements", [REMOVED_CHAIN, REMOVED_TAIL], ids=["chain", "tail"])
def test_a_checkpoint_shows_what_a_chain_alone_cannot(copy, statements):
    kept = copy.parent / "kept.json"
    shutil.copy(sorted((copy / "checkpoints").iterdir())[-1], kept)
    length, _ = json.loads(kept.read_text(encoding="utf-8"))["checkpoint"]["chains"]["study"]
    spoil(copy, *(one.format(length=length) for one in statements))
    assert run("verify", "--dir", str(copy), expect=None)["ledger"]["broken"] == []
    document = run("verify", "--dir", str(copy), "--checkpoint", str(kept), expect=None)
    assert document["ledger"]["broken"]


@pytest.mark.prove
def test_the_whole_reference_trial_is_repeatable(tmp_path):
    """240 participants twice: identical apart from seconds, within the stated counts."""
    one, two = (
        run(
            "demo", "--participants", "240", "--seed", "7", "--no-serve", "--dir", str(tmp_path / n)
        )
        for n in ("one", "two")
    )
    assert lasting(one) == lasting(two)
    assert one["randomised"] == 240
    assert 2_000 <= one["doses"] <= 2_400
    assert 20_000 <= one["records"] <= 30_000
