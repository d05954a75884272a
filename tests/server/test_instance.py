"""Instances and the server's verbs, through the command line in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from server import conftest
from server.conftest import Source

SOURCE = Path(__file__).parents[2] / "src"
STUDY = Path(__file__).parents[1] / "studies" / "three_arms"

MAKE = """
import sys
from pathlib import Path
from datetime import datetime, UTC
from equipoise_server.commands.instance import create_instance
folder, study = Path(sys.argv[1]), Path(sys.argv[2])
create_instance(folder, study, demo=True)
from equipoise.protocol.load import load
from equipoise_server.allocator import client
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.trial.open_trial import open_trial
at = datetime(2026, 3, 1, tzinfo=UTC)
boss = open_trial(load(folder / "study"), demo=True, username="admin", full_name="A", password=None, at=at)
for name, role in (("guo", "data manager"), ("hu", "statistician")):
    appoint(username=name, full_name=name, role=role, site=None, by=boss, at=at, key=name)
"""


@pytest.fixture(scope="module")
def made(template: Source, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """An instance on this engine, which the tests below leave as it is or as they found it."""
    found = place(template, tmp_path_factory.mktemp("made"), "made")
    done = python(found.environment, MAKE, str(found.folder), str(STUDY))
    assert done.returncode == 0, done.stderr
    return found


@pytest.fixture
def spare(template: Source, made: SimpleNamespace, tmp_path: Path) -> SimpleNamespace:
    """A copy of it, to be damaged."""
    found = place(template, tmp_path, f"{made.name}_{abs(hash(str(tmp_path))) % 10**6}")
    shutil.copytree(made.folder, found.folder)
    if template.server:
        conftest._create(template.server, found.name, made.name)
    return found


def place(template: Source, under: Path, name: str) -> SimpleNamespace:
    """Where an instance is to be: `folder`, `name` of its databases, `environment`."""
    url = template.server.replace("/postgres?", f"/{name}?") if template.server else None
    environment = {
        **os.environ,
        "PYTHONPATH": str(SOURCE),
        **({"DATABASE_URL": url} if url else {}),
    }
    return SimpleNamespace(folder=under / "trial", name=name, environment=environment)


def python(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def verb(made: SimpleNamespace, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON document and standard error of one verb."""
    start = "import sys; from equipoise.cli import run; sys.exit(run(sys.argv[1:]))"
    done = python(made.environment, start, *arguments, "--dir", str(made.folder), "--json")
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def test_the_verbs_of_an_instance(made: SimpleNamespace, tmp_path: Path) -> None:
    code, found, _ = verb(made, "verify")
    assert (code, found["ledger"]["broken"], found["ledger"]["chains"]) == (0, [], 1)
    assert found["replay"] == {"participants": 0, "kits": 0, "differences": []}
    assert found["allocation"] == {"commitment": None, "matches": None}
    code, ticked, _ = verb(made, "tick")
    assert code == 0
    kept = shutil.copy(ticked["checkpoint"], tmp_path / "kept.json")
    key = (made.folder / "mfa.key").read_bytes() if (made.folder / "mfa.key").exists() else b""
    code, rotated, _ = verb(made, "rotate-factor-key")
    assert (code, rotated["key"]) == (0, str(made.folder / "mfa.key"))
    assert (made.folder / "mfa.key").read_bytes() not in (b"", key)
    code, stood, _ = verb(made, "status", "--on", "2026-01-01")
    assert (code, stood["sites"], stood["records"]) == (0, {}, [])
    both = ["--first", "guo", "--first-reason", "clean", "--second", "hu", "--second-reason", "yes"]
    assert verb(made, "lock", *both)[0] == 0
    assert verb(made, "lock", *both)[0] == 2
    assert verb(made, "unlock", *both)[0] == 0
    assert verb(made, "unblind", *both)[0] == 2
    assert verb(made, "verify", "--checkpoint", str(kept))[0] == 0


def test_a_refusal_is_one_sentence_with_a_code(made: SimpleNamespace, tmp_path: Path) -> None:
    alone = ["--first", "guo", "--first-reason", "a", "--second", "guo", "--second-reason", "b"]
    code, document, said = verb(made, "lock", *alone)
    assert (code, document["error"]["code"]) == (2, "refused.two-persons")
    assert "Traceback" not in said
    nowhere = SimpleNamespace(folder=tmp_path / "nowhere", environment=made.environment)
    for each in ("verify", "tick", "serve"):
        code, document, said = verb(nowhere, each)
        assert (code, document["error"]["code"]) == (2, "refused.unknown")
        assert not nowhere.folder.exists()


def test_keys_and_data_are_for_the_owner_alone(made: SimpleNamespace) -> None:
    for path in made.folder.rglob("*"):
        if path.is_file() and "study" not in path.parts[len(made.folder.parts)]:
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_an_instance_is_made_once(made: SimpleNamespace) -> None:
    again = python(made.environment, MAKE, str(made.folder), str(STUDY))
    assert "LiveUseRefused" in again.stderr


def test_a_database_without_its_guard_is_refused_at_start(spare: SimpleNamespace) -> None:
    file = spare.folder / "store.sqlite3"
    if not file.exists():
        _drop_on_server(spare)
    else:
        with sqlite3.connect(file) as raw:
            raw.execute("DROP TRIGGER store_ledgerentry_no_update")
    code, document, _ = verb(spare, "tick")
    assert (code, document["error"]["code"]) == (3, "integrity.unsafe-database")
    code, found, _ = verb(spare, "verify")
    assert code == 3
    assert found["ledger"]["broken"][0]["row"] == "store_ledgerentry_no_update"


def _drop_on_server(made: SimpleNamespace) -> None:
    import psycopg

    with psycopg.connect(made.environment["DATABASE_URL"]) as raw:
        raw.execute("DROP TRIGGER store_ledgerentry_no_update ON store_ledgerentry")


def test_a_file_that_is_no_database_is_named(spare: SimpleNamespace) -> None:
    file = spare.folder / "store.sqlite3"
    if not file.exists():
        spare.environment["DATABASE_URL"] += "&connect_timeout=2"
        spare.environment["DATABASE_URL"] = spare.environment["DATABASE_URL"].replace(
            "/made", "/gone"
        )
    else:
        for each in spare.folder.glob("store.sqlite3*"):
            each.unlink()
        file.write_bytes(b"not a database at all" * 400)
    code, document, said = verb(spare, "verify")
    assert (code, document["error"]["code"]) == (3, "integrity.unsafe-database")
    assert "Traceback" not in said


@pytest.mark.parametrize("flag", ["journal_mode=DELETE", "synchronous=OFF"])
def test_settings_that_could_lose_data_are_refused(instance: SimpleNamespace, flag: str) -> None:
    from django.db import connections

    from equipoise.errors import UnsafeDatabase
    from equipoise_server import databases

    connection = connections["default"]
    connections.close_all()
    if connection.vendor == "sqlite":
        connection.settings_dict["OPTIONS"]["init_command"] = f"PRAGMA {flag}"
    else:
        connection.settings_dict["OPTIONS"]["options"] = "-c synchronous_commit=off"
    with pytest.raises(UnsafeDatabase):
        databases.refuse_unsafe()
