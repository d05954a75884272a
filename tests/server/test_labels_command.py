"""`equipoise labels`: one PDF for each kit, for those who account for units, and nothing half-done."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.db import connections

from equipoise_server.store.models import Kit
from server.allocator_process import SOURCE, START
from server.cast import Cast

pytestmark = pytest.mark.once


def run(trial: Cast, *words: str) -> tuple[int, dict[str, object]]:
    connections.close_all()
    done = subprocess.run(
        [sys.executable, "-c", START, "labels", "--dir", str(trial.instance.folder), "--json", *words],
        env={**os.environ, **trial.instance.environment, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout)


def test_labels_of_kits_are_written_as_pdf_and_a_strange_kit_stops_all(trial: Cast, tmp_path):
    mine, other = list(
        Kit.objects.filter(site="s01").order_by("pk").values_list("pk", flat=True)[:2]
    )
    strange = Kit.objects.filter(site="s02").earliest("pk").pk
    (trial.instance.folder / "secret.key").write_text("s" * 50)
    out = tmp_path / "labels"
    by = ("--by", "bo", "--site", "s01", "--out", str(out))
    code, said = run(trial, *by, "--kit", mine, "--kit", strange)
    assert (code, said["error"]["code"]) == (2, "refused.unknown")
    assert not out.exists()
    code, said = run(trial, *by, "--kit", mine, "--kit", other, "--language", "zh-Hans")
    assert (code, said.get("kits")) == (0, [mine, other]), said
    assert all((out / f"{one}.pdf").read_bytes().startswith(b"%PDF") for one in (mine, other))
    code, said = run(trial, *by[2:], "--by", "hu", "--kit", mine)
    assert (code, said["error"]["code"]) == (2, "refused.not-permitted")
